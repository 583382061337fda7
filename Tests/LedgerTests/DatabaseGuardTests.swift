import Kernel
import Postgres
import TestKit
import Testing

@testable import Ledger

/// What the database itself refuses, whoever asks.
@Suite struct DatabaseGuardTests {
    private func sqlState(_ bank: Bank, _ sql: SQL) async -> String {
        do {
            try await bank.database.pool.transaction { _ = try $0.execute(sql) }
            return "allowed"
        } catch {
            return (error as? PostgresError).map { $0.sqlState.isEmpty ? $0.message : $0.sqlState } ?? "\(error)"
        }
    }

    @Test func theApplicationCannotRewriteHistory() async throws {
        try await Bank.open { bank in
            let accounts = try await bank.openAccounts(2, balance: 100)
            try await bank.post([.journal(bank.transfer(accounts[0], accounts[1], 10))], key: "k")
            let tables = [
                ("ledger.journal", "narration = 'x'"), ("ledger.entry", "journal_id = account_id"), ("audit.record", "action = 'x'"),
                ("ledger.client_transaction", "caller = journal_id"), ("ledger.reversal", "reversal_id = journal_id"),
                ("ledger.business_day", "opened_at = now()"), ("ledger.hold_change", "amount = 0"),
            ]
            for (table, change) in tables {
                for sql in ["UPDATE \(table) SET \(change)", "DELETE FROM \(table)", "TRUNCATE \(table)"] {
                    #expect(await sqlState(bank, SQL(sql)) == "42501", "\(sql)")
                }
            }
            for sql in ["DROP TABLE ledger.entry", "ALTER TABLE ledger.journal DISABLE TRIGGER ALL", "DELETE FROM ledger.account"] {
                #expect(await sqlState(bank, SQL(sql)) == "42501", "\(sql)")
            }
            try await BookInvariants.check(bank)
        }
    }

    @Test func aJournalThatDoesNotBalanceIsNotStored() async throws {
        try await Bank.open { bank in
            func insert(_ currencies: String, _ amounts: [Int64], types: Int? = nil) async -> String {
                let count = Int32(amounts.count)
                return await sqlState(
                    bank,
                    """
                    INSERT INTO ledger.journal (id, kind, type, reference_prefix, business_date, value_date, source_type, channel, lane,
                        position, hash, currencies, line_types, line_ordinals, line_accounts, line_gl_codes, line_amounts, line_balances)
                    SELECT '019b8cbd-0000-7000-8000-000000000000', 1, 1, 'TST', '2026-01-05', '2026-01-05', 'test', 'api', 0, 1,
                        decode(repeat('00', 32), 'hex'), \(currencies), array_fill(1::smallint, ARRAY[\(types.map(Int32.init) ?? count)]),
                        array_fill(1::smallint, ARRAY[\(count)]),
                        array_fill('00000000-0000-0000-0000-000000000000'::uuid, ARRAY[\(count)]), array_fill(1001, ARRAY[\(count)]),
                        \(amounts), array_fill(0::bigint, ARRAY[\(count)])
                    """)
            }
            #expect(await insert("KES", [100]) == "23514", "a line alone")
            #expect(await insert("KES", []) == "23514", "no line at all")
            #expect(await insert("KES", [100, -99]) == "23514", "a cent is missing")
            #expect(await insert("KES,USD", [100, -100]) == "23514", "a shilling is not a dollar")
            #expect(await insert("KES,KES,USD,USD", [100, -100, 70, -71]) == "23514", "each currency by itself")
            #expect(await insert("KES", [100, -100, 0]) == "23514", "a line that moves nothing")
            #expect(await insert("KES", [100, -100], types: 1) == "23514", "a line without its type")
            #expect(await insert("KES,USD,KES,USD", [100, -70, -100, 70]) == "allowed")
        }
    }

    @Test func anAccountKeepsItsRulesInEveryRow() async throws {
        try await Bank.open { bank in
            let account = try await bank.openAccounts(1, balance: 100)[0]
            func change(_ assignment: String) async -> String {
                await sqlState(bank, "UPDATE ledger.account SET \(raw: assignment) WHERE id = \(account)")
            }
            for assignment in [
                "balance = -1", "hold_amount = 101", "hold_amount = -1", "minimum_balance = 101", "overdraft_limit = -1", "status = 4",
                "status = 5", "status = 2", "freeze_scope = 1", "status = 9", "freeze_scope = 3", "transaction_limit = 0",
                "maximum_balance = -1", "outgoing_amount = -1",
            ] {
                #expect(await change(assignment) == "23514", "\(assignment)")
            }
            for assignment in [
                "balance = -1, is_overdrawn_by_bank = true", "balance = -10, overdraft_limit = 10", "status = 2, freeze_scope = 1",
            ] {
                #expect(await change(assignment) == "allowed", "\(assignment)")
            }
        }
    }
}

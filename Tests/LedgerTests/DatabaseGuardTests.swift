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
                ("ledger.journal", "narration = 'x'"), ("ledger.posting", "amount = amount + 1"), ("audit.record", "action = 'x'"),
                ("ledger.client_transaction", "caller = journal_id"), ("ledger.reversal", "reversal_id = journal_id"),
                ("ledger.business_day", "opened_at = now()"), ("ledger.hold_change", "amount = 0"),
            ]
            for (table, change) in tables {
                for sql in ["UPDATE \(table) SET \(change)", "DELETE FROM \(table)", "TRUNCATE \(table)"] {
                    #expect(await sqlState(bank, SQL(sql)) == "42501", "\(sql)")
                }
            }
            for sql in ["DROP TABLE ledger.posting", "ALTER TABLE ledger.posting DISABLE TRIGGER ALL", "DELETE FROM ledger.account"] {
                #expect(await sqlState(bank, SQL(sql)) == "42501", "\(sql)")
            }
            try await BookInvariants.check(bank)
        }
    }

    @Test func aJournalThatDoesNotBalanceIsNotStored() async throws {
        try await Bank.open { bank in
            func insert(_ lines: String) async -> String {
                await sqlState(
                    bank,
                    """
                    INSERT INTO ledger.posting (journal_id, line_number, ordinal, type, account_id, gl_code, currency, amount,
                        balance_after)
                    VALUES \(raw: lines)
                    """)
            }
            let id = "'019b8cbd-0000-7000-8000-000000000000'"
            let alone = await insert("(\(id), 1, 1, 1, NULL, 1001, 'KES', 100, NULL)")
            #expect(alone == "23514")
            #expect(
                await insert("(\(id), 1, 1, 1, NULL, 1001, 'KES', 100, NULL), (\(id), 2, 1, 1, NULL, 1001, 'USD', -100, NULL)") == "23514")
            #expect(await insert("(\(id), 1, 1, 1, NULL, 1001, 'KES', 0, NULL)") == "23514")
            #expect(
                await insert("(\(id), 1, 1, 1, NULL, 1001, 'KES', 100, 5), (\(id), 2, 1, 1, NULL, 1001, 'KES', -100, NULL)") == "23514")
            #expect(
                await insert("(\(id), 1, 1, 1, NULL, 1001, 'KES', 100, NULL), (\(id), 2, 1, 1, NULL, 1001, 'KES', -100, NULL)")
                    == "allowed")
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

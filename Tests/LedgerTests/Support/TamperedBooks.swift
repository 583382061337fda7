import Kernel
import Postgres
import TestKit

@testable import Ledger

/// Books with some of everything in them, a superuser who changes things, and a way back.
struct TamperedBooks: Sendable {
    let bank: Bank
    let verifier: LedgerVerifier

    private static let tables = [
        "ledger.journal", "ledger.entry", "audit.record", "ledger.account", "ledger.hold", "ledger.gl_balance", "ledger.gl_movement",
        "platform.chain_lane", "ledger.reversal", "ledger.client_transaction", "ledger.hold_change", "ledger.business_day",
        "ledger.account_change", "platform.idempotency", "ledger.gl_account",
    ]

    /// Fills the books and keeps a copy of them aside.
    init(_ bank: Bank) async throws {
        self.bank = bank
        verifier = LedgerVerifier(clock: bank.clock)
        try await Self.fill(bank)
        try await bank.database.superuserPool.transaction { transaction in
            // A superuser takes away the rules first that are in his way.
            try transaction.executeScript("ALTER TABLE ledger.journal DROP CONSTRAINT journal_lines")
            try transaction.executeScript("CREATE SCHEMA kept")
            for table in Self.tables {
                let copy = table.replacing(".", with: "_")
                try transaction.executeScript("CREATE TABLE kept.\(copy) AS SELECT * FROM \(table)")
            }
        }
    }

    func verify() async throws -> VerificationReport { try await verifier.verify(in: bank.database.superuserPool) }

    /// Changes something as superuser, asks for a proof, and puts everything back.
    func verify(after tampering: String) async throws -> VerificationReport {
        try await bank.database.superuserPool.transaction { transaction in
            // Neither triggers nor foreign keys stop a superuser.
            try transaction.executeScript("SET LOCAL session_replication_role = replica")
            try transaction.executeScript(tampering)
        }
        let report = try await verify()
        try await bank.database.superuserPool.transaction { transaction in
            try transaction.executeScript("SET LOCAL session_replication_role = replica")
            for table in Self.tables {
                let copy = "kept." + table.replacing(".", with: "_")
                try transaction.executeScript("DELETE FROM \(table); INSERT INTO \(table) SELECT * FROM \(copy)")
            }
        }
        return report
    }

    /// The keys of the first, a middle and the last row in an order.
    func places(_ table: String, order: String, key: String) async throws -> [String] {
        try await bank.database.superuserPool.read { transaction in
            let rows = try transaction.query("SELECT \(raw: key) FROM \(raw: table) ORDER BY \(raw: order)")
            return [try rows[0].text(0), try rows[rows.count / 2].text(0), try rows[rows.count - 1].text(0)]
        }
    }

    struct Column: Sendable {
        let name: String
        let type: String
        let isNullable: Bool
    }

    /// Every column of a table, so that one that is added later is tampered with as well.
    func columns(_ table: String) async throws -> [Column] {
        let parts = table.split(separator: ".").map(String.init)
        return try await bank.database.superuserPool.read { transaction in
            try transaction.query(
                """
                SELECT column_name::text, data_type::text, is_nullable = 'YES' FROM information_schema.columns
                WHERE table_schema = \(parts[0]) AND table_name = \(parts[1]) ORDER BY ordinal_position
                """
            ).map { Column(name: try $0.text(0), type: try $0.text(1), isNullable: try $0.bool(2)) }
        }
    }

    // MARK: Filling

    private static func fill(_ bank: Bank) async throws {
        let accounts = try await bank.openAccounts(6, balance: 10_000)
        let dollars = try await bank.openAccounts(2, balance: 500, currency: .usd)
        for index in 0..<12 {
            var draft = bank.transfer(accounts[index % 6], accounts[(index + 1) % 6], 100 + Int64(index), fee: 5, narration: "No \(index)")
            draft.sourceID = UInt128(index + 1)
            if index % 3 == 0 { draft.clientTransactionID = bank.ids.next() }
            if index % 4 == 0 { draft.beneficiaryName = "Juma \(index)" }
            try await bank.post([.journal(draft)], key: "k\(index)", on: index % bank.engines.count)
        }
        try await bank.post([.journal(bank.transfer(dollars[0], dollars[1], 77, currency: .usd))])
        let clock = bank.clock
        try await bank.database.pool.transaction { try GeneralLedger(clock: clock).foldMovements(in: $0) }
        _ = try await bank.openDay(Bank.openingDay.adding(days: 1))
        let journal = try await bank.post([.journal(bank.transfer(accounts[0], accounts[1], 50, narration: "wrong"))]).journals.first
        var reversal = bank.transfer(accounts[1], accounts[0], 50)
        reversal.kind = .reversal
        reversal.reversalOf = journal?.id
        try await bank.post([.journal(reversal)])
        for number in 0..<3 {
            let hold = bank.ids.next(Hold.self)
            try await bank.post([
                .placeHold(HoldDraft(id: hold, account: accounts[number], amount: 90, currency: .kes, reason: "card", expiresAt: nil))
            ])
            if number == 1 {
                try await bank.post([
                    .captureHold(hold, amount: 30, isFinal: false, bank.transfer(accounts[number], accounts[5], 30))
                ])
            }
            if number == 2 { try await bank.post([.releaseHold(hold)]) }
        }
        try await bank.database.pool.transaction { transaction in
            let ledger = LedgerAccounts(clock: clock)
            _ = try ledger.freeze(accounts[4], scope: .debits, in: transaction)
            _ = try ledger.setOverdraftLimit(500, of: accounts[3], in: transaction)
        }
    }
}

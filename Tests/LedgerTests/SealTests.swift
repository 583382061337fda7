import Application
import Kernel
import Postgres
import TestKit
import Testing

@testable import Ledger

/// Every column of the tables that stand beside the journal: whoever changes one, adds or removes a row is found out.
@Suite struct SealTests {
    private static let constraints = """
        DO $$ DECLARE c record; BEGIN
            FOR c IN SELECT conrelid::regclass AS t, conname FROM pg_constraint
                WHERE contype = 'c' AND conrelid IN ('ledger.hold'::regclass, 'ledger.hold_change'::regclass, 'ledger.gl_movement'::regclass,
                    'platform.idempotency'::regclass)
            LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname); END LOOP;
        END $$
        """

    @Test(
        arguments: [
            ("ledger.hold", "id::text", "holdsMatchAvailable"), ("ledger.hold_change", "id::text", "holdsMatchAvailable"),
            ("platform.idempotency", "key_digest::text", "externalReferencesUnique"),
            ("ledger.client_transaction", "transaction_id::text", "externalReferencesUnique"),
            ("ledger.reversal", "journal_id::text", "externalReferencesUnique"),
            ("ledger.gl_balance", "gl_code || ' ' || currency || ' ' || business_date", "subledgerMatchesControl"),
            ("ledger.gl_movement", "ctid::text", "subledgerMatchesControl"), ("ledger.entry", "ctid::text", "balancesMatchEntries"),
        ])
    func everyColumnAndRowIsWatched(table: String, key: String, check: String) async throws {
        try await Bank.open { bank in
            let books = try await TamperedBooks(bank)
            try await bank.database.superuserPool.transaction { try $0.executeScript(Self.constraints) }
            let columns = try await books.columns(table)
            #expect(columns.count > 1)
            // Rows are put back after each attempt and may then stand elsewhere, so a place is looked up anew.
            for place in 0..<3 {
                for column in columns {
                    for value in Self.otherValues(column) {
                        let row = try await books.places(table, order: key, key: key)[place]
                        let change = "UPDATE \(table) SET \(column.name) = \(value) WHERE (\(key)) = '\(row)'"
                        try await expect(books, change, check)
                    }
                }
                let row = try await books.places(table, order: key, key: key)[place]
                try await expect(books, "DELETE FROM \(table) WHERE (\(key)) = '\(row)'", check)
            }
            try await expect(books, "DELETE FROM \(table)", check)
            #expect(try await books.verify().isSound == true, "everything is back in its place")
        }
    }

    private func expect(_ books: TamperedBooks, _ tampering: String, _ check: String) async throws {
        let report = try await books.verify(after: tampering)
        let failure = report.checks.first { $0.name == check }?.firstFailure
        #expect(failure != nil, "not found: \(tampering)")
        #expect(failure?.isEmpty == false)
    }

    /// Values that no row of the column has.
    private static func otherValues(_ column: TamperedBooks.Column) -> [String] {
        let name = column.name
        var values: [String]
        switch column.type {
        case "uuid": values = ["'01900000-0000-7000-8000-0000000001ff'"]
        case "smallint" where name == "status": values = ["\(name) % 4 + 1"]
        case "smallint", "integer", "bigint", "numeric": values = ["coalesce(\(name), 0) + 1"]
        case "date": values = ["\(name) + 1"]
        case "bytea": values = ["coalesce(\(name), ''::bytea) || '\\x00'::bytea"]
        case "timestamp with time zone": values = ["coalesce(\(name), now()) + interval '1 microsecond'"]
        case "character": values = ["'GBP'", "'QQQ'"]
        default: values = ["coalesce(\(name), '') || 'x'"]
        }
        if name == "gl_code" { values = ["CASE gl_code WHEN 1001 THEN 1100 ELSE 1001 END"] }
        return values
    }

    /// An old step that nobody sealed cannot be slipped in once sealing has begun.
    @Test func whatNobodySealedIsFound() async throws {
        try await Bank.open { bank in
            let books = try await TamperedBooks(bank)
            let tampering: [(String, String)] = [
                (
                    """
                    INSERT INTO platform.idempotency SELECT '01900000-0000-7000-8000-0000000001ff', body_digest, status, effect_id, body, location,
                        created_at FROM platform.idempotency WHERE effect_id IS NOT NULL LIMIT 1
                    """, "externalReferencesUnique"
                ),
                (
                    // A whole released hold: it changes nothing that is held now.
                    """
                    INSERT INTO ledger.hold SELECT '01ff0000-0000-7000-8000-000000000100', account_id, 0, 0, 5, currency, 'forged', 2, placed_at,
                        NULL, placed_at FROM ledger.hold LIMIT 1;
                    INSERT INTO ledger.hold_change SELECT '01ff0000-0000-7000-8000-000000000200', id, account_id, 5, 0, 1 FROM ledger.hold
                        WHERE reason = 'forged';
                    INSERT INTO ledger.hold_change SELECT '01ff0000-0000-7000-8000-000000000300', id, account_id, 0, 0, 2 FROM ledger.hold
                        WHERE reason = 'forged'
                    """, "holdsMatchAvailable"
                ),
                ("UPDATE platform.chain_lane SET last_id = '01900000-0000-7000-8000-000000000100' WHERE chain = 'journal'", "hashChain"),
                (
                    "DELETE FROM ledger.gl_account WHERE gl_code = 4001",
                    "subledgerMatchesControl"
                ),
            ]
            for (change, check) in tampering { try await expect(books, change, check) }
            #expect(try await books.verify().isSound == true)
        }
    }

    @Test func sealsAreReadAsTheyWereWritten() {
        let hold = HoldState(
            id: Identifier(bits: 7), account: Identifier(bits: 8), amount: 5, currency: .kes, reason: "card \" {\"sealed\":\"",
            placedAt: .startOfTests, expiresAt: nil)
        let key = IdempotencyKey(digest: 1, bodyDigest: 2)
        let receipt = StoredReceipt(journals: [3], holdChanges: [])
        let text = BatchSeal.text(
            keys: [(key, receipt), (key, receipt)], holdChanges: [PostingBook.HoldChange(id: 0x900, state: hold)], at: .startOfTests)
        let seal = SealedRows.seal(in: "{\"sealed\":\"\(text ?? "")\",\"reason\":\"x\"}")
        let digest = BatchSeal.digest(
            key: 1, body: 2, status: 201, effect: 3, receipt: nil, location: nil, at: .startOfTests)
        #expect(seal?.keys?.sum == digest &+ digest)
        #expect(seal?.keys?.at == .startOfTests)
        #expect(seal?.holds.map(\.step) == [0x900])
        #expect(seal?.holds.first?.digest == BatchSeal.digest(of: 0x900, hold, endedAt: nil))
        #expect(SealedRows.seal(in: "{\"reason\":\"\\\"sealed\\\":\\\"keys=1:2\"}") == nil)
        #expect(BatchSeal.text(keys: [], holdChanges: [], at: .startOfTests) == nil)
    }
}

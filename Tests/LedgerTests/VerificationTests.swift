import Kernel
import Postgres
import TestKit
import Testing

@testable import Ledger

/// Whoever changes the books behind the engine's back is found out, and the first break is named.
@Suite struct VerificationTests {
    @Test func soundBooksPass() async throws {
        try await Bank.open(.init(engines: 2)) { bank in
            let books = try await TamperedBooks(bank)
            let report = try await books.verify()
            #expect(report.isSound, "\(report.firstFailure ?? "")")
            #expect(report.firstFailure == nil)
            #expect(report.journalsChecked == (try await bank.count("ledger.journal")))
            #expect(report.entriesChecked == (try await bank.count("ledger.posting")))
            #expect(report.accountsChecked == (try await bank.count("ledger.account")))
            #expect(report.auditRecordsChecked == (try await bank.count("audit.record")))
            #expect(report.chainHead.wholeMatch(of: /[0-9a-f]{64}/) != nil)
            #expect(
                report.checks.map(\.name) == [
                    "journalsBalanced", "trialBalanceZero", "balancesMatchEntries", "subledgerMatchesControl", "holdsMatchAvailable",
                    "noForbiddenNegative", "externalReferencesUnique", "hashChain", "auditChain",
                ])
            // The application's own role may prove the books too.
            #expect(try await books.verifier.verify(in: bank.database.pool).isSound == true)
            #expect(try await books.verify().chainHead == report.chainHead)
        }
    }

    @Test func emptyBooksPass() async throws {
        try await Bank.open { bank in
            let report = try await LedgerVerifier(clock: bank.clock).verify(in: bank.database.pool)
            #expect(report.isSound)
            #expect(report.journalsChecked == 0)
        }
    }

    /// Every column of a journal, in the first, a middle and the last one.
    @Test func anyEditOfAJournalIsFound() async throws {
        try await expectEditsAreFound(table: "ledger.journal", key: "id::text", order: "id") { id, column in
            // A changed place in the chain shows at the place that is missing.
            ["id", "lane", "position"].contains(column) ? "journal" : "journal \(id)"
        }
    }

    /// Every element of every array of lines, in the first, a middle and the last journal.
    @Test func anyEditOfALineIsFound() async throws {
        try await Bank.open(.init(engines: 2)) { bank in
            let books = try await TamperedBooks(bank)
            for id in try await books.places("ledger.journal", order: "id", key: "id::text") {
                for column in try await books.columns("ledger.journal") where column.type == "ARRAY" {
                    let count = try await bank.count("ledger.posting", where: "journal_id::text = \(id)")
                    for line in 1...Int(count) {
                        let value =
                            column.name == "line_accounts" ? "'01900000-0000-7000-8000-000000000100'" : "\(column.name)[\(line)] + 1"
                        let report = try await books.verify(
                            after: "UPDATE ledger.journal SET \(column.name)[\(line)] = \(value) WHERE id = '\(id)'")
                        let found = report.checks.first { $0.name == "hashChain" }
                        #expect(found?.passed == false && found?.firstFailure?.contains("journal \(id)") == true, "\(column.name)[\(line)]")
                    }
                }
            }
            #expect(try await books.verify().isSound == true, "everything is back in its place")
        }
    }

    @Test func anyEditOfAnAuditRecordIsFound() async throws {
        try await expectEditsAreFound(table: "audit.record", key: "id::text", order: "id", check: "auditChain") { id, column in
            ["id", "lane", "position"].contains(column) ? "audit" : "audit record \(id)"
        }
    }

    private func expectEditsAreFound(
        table: String, key: String, order: String, check: String = "hashChain", place: @escaping (String, String) -> String
    ) async throws {
        try await Bank.open(.init(engines: 2)) { bank in
            let books = try await TamperedBooks(bank)
            for row in try await books.places(table, order: order, key: key) {
                for column in try await books.columns(table) {
                    for value in Self.otherValues(column) {
                        let report = try await books.verify(
                            after:
                                "UPDATE \(table) SET \(column.name) = \(value) WHERE \(key) = '\(row)' AND \(column.name) IS DISTINCT FROM \(value)"
                        )
                        let found = report.checks.first { $0.name == check }
                        let failure = found?.firstFailure
                        if report.isSound, try await Self.isAlready(value, column, table, key, row, bank) { continue }
                        #expect(found?.passed == false, "\(column.name) = \(value) in \(row) was not found")
                        #expect(failure?.contains(place(row, column.name)) == true, "\(column.name) = \(value) in \(row): \(failure ?? "")")
                    }
                }
            }
            #expect(try await books.verify().isSound == true, "everything is back in its place")
        }
    }

    private static func isAlready(
        _ value: String, _ column: TamperedBooks.Column, _ table: String, _ key: String, _ row: String, _ bank: Bank
    ) async throws -> Bool {
        try await bank.count(table, where: "\(raw: key) = \(row) AND \(raw: column.name) IS NOT DISTINCT FROM \(raw: value)") == 1
    }

    /// Values that a column does not have now: plausible ones, impossible ones, and none.
    private static func otherValues(_ column: TamperedBooks.Column) -> [String] {
        let name = column.name
        var values: [String]
        switch column.type {
        case "uuid": values = ["'01900000-0000-7000-8000-000000000100'"]
        case "smallint": values = ["coalesce(\(name), 0) + 1", "99"]
        case "integer", "bigint": values = ["coalesce(\(name), 0) + 1"]
        case "date": values = ["\(name) + 1"]
        case "bytea": values = ["set_byte(\(name), 31, (get_byte(\(name), 31) + 1) % 256)"]
        case "character": values = name == "currency" ? ["CASE \(name) WHEN 'USD' THEN 'EUR' ELSE 'USD' END", "'QQQ'"] : ["'QQQ'"]
        case "ARRAY":
            values = [
                "\(name) || \(name)[1]", "trim_array(\(name), 1)", "'{}'", "\(name)[2:] || \(name)[1]",
                "array_fill(\(name)[1], ARRAY[2, 2])",
                "array_fill(\(name)[2], ARRAY[cardinality(\(name))], ARRAY[2])",
            ]
        default: values = ["coalesce(\(name), '') || 'x'", "''"]
        }
        if name == "currencies" {
            values = ["'USD' || substr(currencies, 4) || 'x'", "'EUR'", "'EUR,EUR'", "currencies || ',' || currencies", "''", "'KES,USD'"]
        }
        if name == "outcome" { values = ["outcome % 3 + 1"] }
        if column.isNullable { values.append("NULL") }
        return values
    }

    @Test func whatIsMissingOrAddedIsFound() async throws {
        try await Bank.open(.init(engines: 2)) { bank in
            let books = try await TamperedBooks(bank)
            let journals = try await books.places("ledger.journal", order: "id", key: "id::text")
            let records = try await books.places("audit.record", order: "id", key: "id::text")
            let other = "01980000-0000-7000-8000-000000000100"
            let newest = "01ff0000-0000-7000-8000-000000000100"
            var cases: [(tampering: String, check: String)] = []
            for id in journals {
                cases.append(
                    ("DELETE FROM ledger.journal WHERE id = '\(id)'; DELETE FROM ledger.entry WHERE journal_id = '\(id)'", "hashChain"))
                cases.append(("DELETE FROM ledger.journal WHERE id = '\(id)'", "hashChain"))
                cases.append(("DELETE FROM ledger.entry WHERE journal_id = '\(id)'", "balancesMatchEntries"))
                cases.append(("UPDATE ledger.entry SET account_id = '\(other)' WHERE journal_id = '\(id)'", "balancesMatchEntries"))
                cases.append(("UPDATE ledger.entry SET journal_id = '\(other)' WHERE journal_id = '\(id)'", "balancesMatchEntries"))
                cases.append(
                    ("INSERT INTO ledger.entry SELECT * FROM ledger.entry WHERE journal_id = '\(id)' LIMIT 1", "balancesMatchEntries"))
                for copy in [other, newest] {
                    cases.append((Self.copyJournal(id, as: copy, position: "position"), "hashChain"))
                    cases.append((Self.copyJournal(id, as: copy, position: "position + 1"), "hashChain"))
                }
                // Debit and credit change sides; the journal still balances.
                cases.append(
                    (
                        """
                        UPDATE ledger.journal SET line_amounts = ARRAY(SELECT -m FROM unnest(line_amounts) WITH ORDINALITY AS l (m, n) ORDER BY n)
                        WHERE id = '\(id)'
                        """, "hashChain"
                    ))
                cases.append(
                    (
                        "UPDATE ledger.journal SET line_amounts = ARRAY[line_amounts[2], line_amounts[1]] || line_amounts[3:] WHERE id = '\(id)'",
                        "hashChain"
                    ))
            }
            // Two transfers between the same kind of accounts exchange their amounts.
            cases.append(
                (
                    """
                    UPDATE ledger.journal p SET line_amounts = q.line_amounts FROM ledger.journal q
                    WHERE (p.id, q.id) IN (('\(journals[1])', '\(journals[2])'), ('\(journals[2])', '\(journals[1])'))
                    """, "hashChain"
                ))
            for id in records {
                cases.append(("DELETE FROM audit.record WHERE id = '\(id)'", "auditChain"))
                cases.append(
                    (
                        """
                        INSERT INTO audit.record SELECT '\(other)', action, outcome, actor, subject_type, subject_id, channel, ip_address,
                            user_agent, trace_id, detail, lane, position, hash FROM audit.record WHERE id = '\(id)'
                        """, "auditChain"
                    ))
            }
            for (chain, check) in [("journal", "hashChain"), ("audit", "auditChain")] {
                let lane = "chain = '\(chain)' AND position > 0"
                cases.append(("UPDATE platform.chain_lane SET position = position - 1 WHERE \(lane)", check))
                cases.append(
                    ("UPDATE platform.chain_lane SET hash = set_byte(hash, 0, (get_byte(hash, 0) + 1) % 256) WHERE \(lane)", check))
                cases.append(("DELETE FROM platform.chain_lane WHERE \(lane)", check))
            }
            for (tampering, check) in cases {
                let report = try await books.verify(after: tampering)
                let failure = report.checks.first { $0.name == check && !$0.passed }?.firstFailure
                #expect(failure != nil, "not found: \(tampering)")
            }
            #expect(try await books.verify().isSound == true)
        }
    }

    private static func copyJournal(_ id: String, as copy: String, position: String) -> String {
        """
        INSERT INTO ledger.journal SELECT '\(copy)', kind, type, reference_prefix, business_date, value_date, source_type, source_id, channel,
            initiated_by, narration, beneficiary_name, NULL, NULL, lane, \(position), hash, currencies, line_types, line_ordinals,
            line_accounts, line_gl_codes, line_amounts, line_balances FROM ledger.journal WHERE id = '\(id)';
        INSERT INTO ledger.entry SELECT account_id, '\(copy)' FROM ledger.entry WHERE journal_id = '\(id)'
        """
    }

    /// Figures that are kept for speed and must be what the journal says.
    @Test func anyChangeOfAKeptFigureIsFound() async throws {
        try await Bank.open(.init(engines: 2)) { bank in
            let books = try await TamperedBooks(bank)
            let account = "(SELECT id FROM ledger.account WHERE hold_amount > 0 ORDER BY id LIMIT 1)"
            let hold = "(SELECT id FROM ledger.hold WHERE status = 1 ORDER BY id LIMIT 1)"
            let other = "01980000-0000-7000-8000-000000000100"
            let cases: [(tampering: String, check: String)] = [
                ("UPDATE ledger.account SET balance = balance + 1 WHERE id = \(account)", "balancesMatchEntries"),
                ("UPDATE ledger.account SET balance = -5000000, is_overdrawn_by_bank = true WHERE id = \(account)", "balancesMatchEntries"),
                ("UPDATE ledger.account SET hold_amount = hold_amount - 1 WHERE id = \(account)", "holdsMatchAvailable"),
                ("UPDATE ledger.account SET hold_amount = 0 WHERE id = \(account)", "holdsMatchAvailable"),
                ("UPDATE ledger.account SET gl_code = 2002 WHERE id = \(account)", "subledgerMatchesControl"),
                ("UPDATE ledger.account SET currency = 'EUR' WHERE id = \(account)", "subledgerMatchesControl"),
                ("UPDATE ledger.account SET currency = 'QQQ' WHERE id = \(account)", "balancesMatchEntries"),
                ("DELETE FROM ledger.account WHERE id = \(account)", "balancesMatchEntries"),
                (
                    """
                    ALTER TABLE ledger.account DROP CONSTRAINT account_floor;
                    UPDATE ledger.account SET minimum_balance = balance + 1 WHERE id = \(account)
                    """, "noForbiddenNegative"
                ),
                ("UPDATE ledger.hold SET amount = amount - 1 WHERE id = \(hold)", "holdsMatchAvailable"),
                ("UPDATE ledger.hold SET status = 2, amount = 0, ended_at = now() WHERE id = \(hold)", "holdsMatchAvailable"),
                ("DELETE FROM ledger.hold WHERE id = \(hold)", "holdsMatchAvailable"),
                (
                    """
                    INSERT INTO ledger.hold (id, account_id, amount, captured_amount, original_amount, currency, reason, status, placed_at)
                    SELECT '01980000-0000-7000-8000-000000000100', account_id, 1, 0, 1, currency, reason, 1, placed_at
                    FROM ledger.hold WHERE id = \(hold)
                    """, "holdsMatchAvailable"
                ),
                ("UPDATE ledger.gl_balance SET debit = debit + 1 WHERE gl_code = 2001 AND currency = 'KES'", "subledgerMatchesControl"),
                ("UPDATE ledger.gl_balance SET credit = credit + 1 WHERE gl_code = 4001", "trialBalanceZero"),
                ("UPDATE ledger.gl_balance SET business_date = business_date - 1 WHERE gl_code = 4001", "subledgerMatchesControl"),
                ("UPDATE ledger.gl_balance SET currency = 'QQQ' WHERE gl_code = 4001", "subledgerMatchesControl"),
                ("DELETE FROM ledger.gl_balance WHERE gl_code = 3001 AND currency = 'USD'", "trialBalanceZero"),
                ("INSERT INTO ledger.gl_balance VALUES (1001, 'KES', '2026-01-05', 7, 7)", "subledgerMatchesControl"),
                ("UPDATE ledger.gl_movement SET credit = credit + 1 WHERE gl_code = 2001", "subledgerMatchesControl"),
                ("DELETE FROM ledger.gl_movement", "subledgerMatchesControl"),
                ("INSERT INTO ledger.gl_movement VALUES (1001, 'KES', '2026-01-06', 7, 0)", "trialBalanceZero"),
                ("DELETE FROM ledger.reversal", "externalReferencesUnique"),
                ("UPDATE ledger.reversal SET reversal_id = '\(other)'", "externalReferencesUnique"),
                ("UPDATE ledger.reversal SET journal_id = '\(other)'", "externalReferencesUnique"),
                ("INSERT INTO ledger.reversal VALUES ('\(other)', '\(other)')", "externalReferencesUnique"),
                ("DELETE FROM ledger.client_transaction", "externalReferencesUnique"),
                ("UPDATE ledger.client_transaction SET caller = '\(other)'", "externalReferencesUnique"),
                ("UPDATE ledger.client_transaction SET journal_id = '\(other)'", "externalReferencesUnique"),
                ("UPDATE ledger.client_transaction SET body_digest = '\(other)'", "externalReferencesUnique"),
                (
                    "INSERT INTO ledger.client_transaction VALUES ('\(other)', '\(other)', '\(other)', '\(other)')",
                    "externalReferencesUnique"
                ),
                ("DELETE FROM ledger.hold_change", "holdsMatchAvailable"),
                ("DELETE FROM ledger.hold_change WHERE status = 1", "holdsMatchAvailable"),
                ("DELETE FROM ledger.hold_change WHERE status <> 1", "holdsMatchAvailable"),
                ("UPDATE ledger.hold_change SET amount = amount + 1 WHERE hold_id = \(hold)", "holdsMatchAvailable"),
                ("UPDATE ledger.hold_change SET captured_amount = 1 WHERE hold_id = \(hold)", "holdsMatchAvailable"),
                ("UPDATE ledger.hold_change SET status = 2 WHERE hold_id = \(hold)", "holdsMatchAvailable"),
                ("UPDATE ledger.hold_change SET account_id = '\(other)' WHERE hold_id = \(hold)", "holdsMatchAvailable"),
                ("UPDATE ledger.hold_change SET hold_id = '\(other)' WHERE hold_id = \(hold)", "holdsMatchAvailable"),
                ("DELETE FROM ledger.account_change WHERE version = 1", "noForbiddenNegative"),
                ("DELETE FROM ledger.account_change WHERE version > 1", "noForbiddenNegative"),
                ("UPDATE ledger.account_change SET status = 3 WHERE version = 2", "noForbiddenNegative"),
                ("UPDATE ledger.account_change SET overdraft_limit = overdraft_limit + 1", "noForbiddenNegative"),
                ("UPDATE ledger.account_change SET version = version + 1 WHERE version = 2", "noForbiddenNegative"),
                ("UPDATE ledger.account_change SET business_date = business_date - 9 WHERE version = 2", "noForbiddenNegative"),
                ("UPDATE ledger.account_change SET account_id = '\(other)' WHERE status = 2", "noForbiddenNegative"),
                ("DELETE FROM ledger.business_day", "subledgerMatchesControl"),
                ("DELETE FROM ledger.business_day WHERE business_date > '\(Bank.openingDay)'", "subledgerMatchesControl"),
                ("UPDATE ledger.business_day SET business_date = business_date + 10", "subledgerMatchesControl"),
                (
                    "UPDATE ledger.business_day SET first_journal = 'ff000000-0000-7000-8000-000000000000' WHERE business_date > '\(Bank.openingDay)'",
                    "subledgerMatchesControl"
                ),
            ]
            for (tampering, check) in cases {
                let report = try await books.verify(after: tampering)
                let failure = report.checks.first { $0.name == check && !$0.passed }?.firstFailure
                #expect(failure != nil, "not found: \(tampering)")
                #expect(report.checks.first { $0.name == "hashChain" }?.passed == true, "the journal itself is untouched: \(tampering)")
            }
            #expect(try await books.verify().isSound == true)
        }
    }

    /// A forger who knows the way journals are hashed, and forgets nothing but the head of the lane, or the head and the figures.
    @Test func aForgerWhoHashesAnewIsFoundByTheFigures() async throws {
        try await Bank.open(.init(writers: 1)) { bank in
            let books = try await TamperedBooks(bank)
            let reader = bank.reader
            let last = try #require(try await books.places("ledger.journal", order: "id", key: "id::text").last)
            let id = try #require(Identifier<Journal>(last))
            let journal = try #require(try await bank.database.pool.read { try reader.journal(id, in: $0) })
            let clock = bank.clock
            let previous = try await bank.database.pool.read { try GeneralLedger(clock: clock).previousHash(of: journal, in: $0) }
            #expect(JournalEncoding.hash(of: journal, after: previous) == journal.hash)
            let lines = journal.lines.map { line in
                PostedJournal.Line(
                    lineNumber: line.lineNumber, ordinal: line.ordinal, type: line.type, account: line.account, glCode: line.glCode,
                    currency: line.currency, amount: line.amount * 2, balanceAfter: line.balanceAfter.map { $0 + line.amount })
            }
            let forged = PostedJournal(
                id: journal.id, kind: journal.kind, type: journal.type, referencePrefix: journal.referencePrefix,
                businessDate: journal.businessDate, valueDate: journal.valueDate, sourceType: journal.sourceType,
                sourceID: journal.sourceID,
                channel: journal.channel, initiatedBy: journal.initiatedBy, narration: journal.narration,
                beneficiaryName: journal.beneficiaryName, clientTransactionID: journal.clientTransactionID, reversalOf: journal.reversalOf,
                lines: lines, lane: journal.lane, position: journal.position, hash: [])
            let hash = JournalEncoding.hash(of: forged, after: previous).map { byte in
                let digits = String(byte, radix: 16)
                return byte < 16 ? "0" + digits : digits
            }.joined()
            let rewrite = """
                UPDATE ledger.journal SET hash = decode('\(hash)', 'hex'),
                    line_balances = ARRAY(
                        SELECT CASE WHEN a = '00000000-0000-0000-0000-000000000000' THEN 0 ELSE b + m END
                        FROM unnest(line_accounts, line_balances, line_amounts) WITH ORDINALITY AS l (a, b, m, n) ORDER BY n),
                    line_amounts = ARRAY(SELECT 2 * m FROM unnest(line_amounts) WITH ORDINALITY AS l (m, n) ORDER BY n)
                WHERE id = '\(last)'
                """
            let first = try await books.verify(after: rewrite)
            #expect(first.firstFailure != nil)
            #expect(first.checks.first { $0.name == "hashChain" }?.passed == false, "the head knows the old hash")
            let second = try await books.verify(
                after: rewrite
                    + "; UPDATE platform.chain_lane SET hash = decode('\(hash)', 'hex') WHERE chain = 'journal' AND lane = \(journal.lane)")
            #expect(second.checks.first { $0.name == "hashChain" }?.passed == true, "now the chain holds")
            #expect(second.checks.first { $0.name == "balancesMatchEntries" }?.passed == false)
            #expect(second.checks.first { $0.name == "subledgerMatchesControl" }?.passed == false)
            let before = try await books.verify().chainHead
            #expect(second.chainHead != before, "and who kept the head elsewhere sees it too")
        }
    }

    /// More journals than a page of the walk, proved again and again while they are being posted.
    @Test func booksCanBeProvedUnderLoad() async throws {
        try await Bank.open(.init(engines: 2, clock: SystemClock())) { bank in
            let accounts = try await bank.openAccounts(20, balance: 1_000_000)
            let verifier = LedgerVerifier(clock: bank.clock)
            let clock = bank.clock
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<32 {
                    group.addTask {
                        for index in 0..<72 {
                            let (from, to) = ((client + index) % 20, (client + index * 3 + 1) % 20)
                            let draft = bank.transfer(accounts[from], accounts[to == from ? (to + 1) % 20 : to], 1)
                            try await bank.post([.journal(draft)], on: client % 2)
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<4 {
                        let report = try await verifier.verify(in: bank.database.pool)
                        #expect(report.isSound, "\(report.firstFailure ?? "")")
                        try await bank.database.pool.transaction { try GeneralLedger(clock: clock).foldMovements(in: $0) }
                    }
                }
                try await group.waitForAll()
            }
            let report = try await verifier.verify(in: bank.database.pool)
            #expect(report.isSound, "\(report.firstFailure ?? "")")
            #expect(report.journalsChecked == 1 + 32 * 72)
            try await BookInvariants.check(bank)
        }
    }
}

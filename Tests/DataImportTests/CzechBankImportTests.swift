import Accounts
import Application
import Audit
import Kernel
import Ledger
import Parties
import Postgres
import Synchronization
import TestKit
import Testing

@testable import DataImport

@Suite struct CzechBankImportTests {
    @Test func takesOverABank() async throws {
        try await ImportingBank.withBank { bank in
            let report = try await bank.run(CzechBankFixture())
            #expect(report.refusals == [])
            #expect(report.files.map(\.taken) == [3, 2, 3, 7])
            #expect(report.isBalanced && report.sums.differences.isEmpty && report.sums.accountsCompared == 2)
            #expect(report.balanceRows == 7 && report.balanceExceptions == [])
            #expect(report.trialBalance.map(\.currency) == [.czk])
            #expect(try await bank.balance(1) == 68_790)
            #expect(try await bank.balance(2) == -10_325)
            #expect(try await bank.isSound())
        }
    }

    @Test func postsByDateWithTheRowsValueDateAndContra() async throws {
        try await ImportingBank.withBank { bank in
            _ = try await bank.run(CzechBankFixture())
            let entries = try await bank.entries(2)
            #expect(entries.map(\.amount) == [110_000, -30_025, -90_000, -300])
            #expect(entries.map(\.valueDate.description) == ["1993-02-26", "1993-03-01", "1993-03-02", "1993-03-31"])
            #expect(entries.allSatisfy { $0.businessDate == BusinessDate(of: bank.clock.now()) && $0.channel == .import })
            #expect(entries.map(\.type) == [.externalPayment, .externalPayment, .withdrawal, .interest])
            #expect(entries[1].narration == "Household payment (SIPO), transfer to bank YZ account 87144583")
            // The bank's own entry may overdraw.
            #expect(entries[2].balanceAfter == -10_025)

            let ledger = GeneralLedger(clock: bank.clock)
            let (_, lines) = try await bank.database.pool.read { try ledger.trialBalance(in: $0) }
            let net = Dictionary(uniqueKeysWithValues: lines.map { ($0.code.number, Int64($0.credit - $0.debit)) })
            // Deposit less withdrawal; transfers in less out; interest paid; fee; penalty interest; what customers hold.
            #expect(net[1010] == 20_000)
            #expect(net[1140] == -79_975)
            #expect(net[5001] == -250 && net[4001] == 1_460 && net[4101] == 300)
            #expect(net[2001] == 58_465)
        }
    }

    @Test func aDisponentBecomesAJointHolder() async throws {
        try await ImportingBank.withBank { bank in
            _ = try await bank.run(CzechBankFixture())
            let id = try #require(try await bank.account(2))
            let holdings = try await bank.database.pool.read { try AccountHoldings().holdings(of: [id], in: $0) }[id] ?? []
            #expect(holdings.map(\.isPrimary) == [true, false])
            #expect(holdings.map(\.basisPoints) == [10_000, 0])
            #expect(holdings.last?.relationship == "disponent" && holdings.last?.canTransact == true)
            let people = try await bank.database.pool.read { try PartyDirectory().customers(holdings.map(\.customer), in: $0) }
            #expect(holdings.map { people[$0.customer]?.fullName } == ["Client 2", "Client 3"])
        }
    }

    @Test func toleratesByteOrderMarksAndCarriageReturns() async throws {
        try await ImportingBank.withBank { bank in
            var fixture = CzechBankFixture()
            fixture.lineBreak = "\r\n"
            fixture.headers = fixture.headers.mapValues { "\u{FEFF}" + $0 }
            let report = try await bank.run(fixture)
            #expect(report.refusals == [] && report.tally(.transactions).taken == 7)
        }
    }

    @Test func refusesBadRowsOneByOne() async throws {
        try await ImportingBank.withBank { bank in
            var fixture = CzechBankFixture()
            fixture.clients.append("4;\"999999\";1")
            fixture.accounts += [
                "3;1;\"POPLATEK MESICNE\";930101", "4;1;\"POPLATEK MESICNE\";930101", "5;1;\"DENNE\";930101",
                "6;1;\"POPLATEK MESICNE\";490101",
            ]
            fixture.dispositions += [
                "4;4;3;\"OWNER\"", "5;1;2;\"OWNER\"", "6;3;2;\"DISPONENT\"", "7;1;9;\"OWNER\"", "8;1;1;\"HEIR\"", "9;1;6;\"OWNER\"",
            ]
            fixture.transactions += [
                "20;99;930401;\"PRIJEM\";\"VKLAD\";1.00;1.00;\"\";;",  // row 9: no such account
                "21;1;930431;\"PRIJEM\";\"VKLAD\";1.00;1.00;\"\";;",  // no such day
                "22;1;930401;\"PRIJEM\";\"VKLAD\";1,00;1.00;\"\";;",
                "23;1;930401;\"PRIJEM\";\"VKLAD\";-1.00;1.00;\"\";;",
                "24;1;930401;\"VRATKA\";\"VKLAD\";1.00;1.00;\"\";;",
                "25;1;930401;\"PRIJEM\";\"POSTA\";1.00;1.00;\"\";;",
                "26;1;930401;\"PRIJEM\";\"VKLAD;1.00;1.00;\"\";;",  // row 15: quotes
                "27;1;930401;\"PRIJEM\";\"VKLAD\";1.00",
                "10;2;930401;\"PRIJEM\";\"VKLAD\";1.00;1.00;\"\";;",  // row 17: trans_id of row 2
                "28;1;490401;\"PRIJEM\";\"VKLAD\";1.00;1.00;\"\";;",
                "29;3;930401;\"PRIJEM\";\"VKLAD\";1.00;1.00;\"\";;",  // account 3 was refused
                "30;1;930401;\"PRIJEM\";\"VYBER\";1.00;1.00;\"\";;",
            ]
            let report = try await bank.run(fixture)
            #expect(
                report.refusals.map { "\($0.file) \($0.row) \($0.code)" } == [
                    "clients 5 invalid_format",
                    "accounts 4 customer_not_found", "accounts 5 customer_not_found", "accounts 6 unknown_value", "accounts 7 in_future",
                    "dispositions 5 customer_not_found", "dispositions 6 duplicate", "dispositions 7 duplicate",
                    "dispositions 8 account_not_found", "dispositions 9 unknown_value", "dispositions 10 account_not_found",
                    "transactions 9 account_not_found", "transactions 10 invalid_format", "transactions 11 invalid_format",
                    "transactions 12 not_positive", "transactions 13 unknown_value", "transactions 14 unknown_value",
                    "transactions 15 invalid_format", "transactions 16 invalid_format", "transactions 17 duplicate",
                    "transactions 18 in_future", "transactions 19 account_not_found", "transactions 20 not_allowed",
                ])
            #expect(report.files.map(\.rowsRead) == [4, 6, 9, 19])
            #expect(report.files.map(\.taken) == [3, 2, 3, 7])
            #expect(report.isBalanced)
            #expect(try await bank.balance(1) == 68_790)
        }
    }

    @Test func twicePostsNothingTwice() async throws {
        try await ImportingBank.withBank { bank in
            _ = try await bank.run(CzechBankFixture())
            let journals = try await bank.journalCount()
            let again = try await bank.run(CzechBankFixture())
            #expect(again.files.map(\.taken) == [0, 0, 0, 0])
            #expect(again.files.map(\.takenBefore) == [3, 2, 3, 7])
            #expect(again.refusals == [] && again.isBalanced && again.sums.differences.isEmpty)
            #expect(try await bank.journalCount() == journals)
        }
    }

    @Test func twoAtOncePostNothingTwice() async throws {
        try await ImportingBank.withBank { bank in
            let fixture = CzechBankFixture.large(accounts: 150, rows: 600)
            try await fixture.withFolder { folder in
                let importer = bank.importer()
                async let one = importer.run(folder: folder)
                async let other = importer.run(folder: folder)
                let reports = try await [one, other]
                #expect(reports.allSatisfy { $0.refusals == [] })
                for file in CzechBankFile.allCases where file != .dispositions {
                    let rows = reports[0].tally(file).rowsRead
                    #expect(reports.reduce(0) { $0 + $1.tally(file).taken } == rows)
                }
            }
            #expect(try await bank.journalCount() == 600)
            #expect(try await bank.run(fixture).isBalanced)
            #expect(try await bank.isSound())
        }
    }

    @Test func aChangedRowIsRefused() async throws {
        try await ImportingBank.withBank { bank in
            _ = try await bank.run(CzechBankFixture())
            var changed = CzechBankFixture()
            changed.clients[0] = "1;\"706214\";18"
            changed.accounts[0] = "1;19;\"POPLATEK MESICNE\";930101"
            changed.dispositions[2] = "3;1;2;\"DISPONENT\""
            changed.transactions[0] = "10;1;930101;\"PRIJEM\";\"VKLAD\";800.00;800.00;\"\";;"
            let report = try await bank.run(changed)
            #expect(
                report.refusals.map { "\($0.file) \($0.row) \($0.code)" } == [
                    "clients 2 idempotency_key_reused", "accounts 2 idempotency_key_reused", "dispositions 4 idempotency_key_reused",
                    "transactions 2 idempotency_key_reused",
                ])
            #expect(try await bank.balance(1) == 68_790)
            // The amount of the first version is in the books and not in this file: a difference with a reason.
            #expect(report.sums.differences.map(\.account) == [1])
            #expect(report.sums.differences.map(\.broughtForward) == [70_000])
            #expect(report.isBalanced)
        }
    }

    @Test func goesOnWhereItWasInterrupted() async throws {
        try await ImportingBank.withBank { bank in
            let fixture = CzechBankFixture.large(accounts: 40, rows: 3_000)
            try await fixture.withFolder { folder in
                let importer = bank.importer()
                let work = Mutex<Task<ImportReport, any Error>?>(nil)
                let task = Task {
                    try await importer.run(folder: folder) { progress in
                        if progress.phase == .transactions, progress.done > 0 { work.withLock { $0?.cancel() } }
                    }
                }
                work.withLock { $0 = task }
                let failure = await #expect(throws: ImportFailure.self) { try await task.value }
                guard case .interrupted(let done, 3_000) = failure else {
                    Issue.record("ended with \(String(describing: failure))")
                    return
                }
                #expect(done > 0 && done < 3_000)
                #expect(try await bank.journalCount() == Int64(done))

                let report = try await importer.run(folder: folder)
                #expect(report.tally(.transactions).takenBefore == done)
                #expect(report.tally(.transactions).taken == 3_000 - done)
                #expect(report.isBalanced && report.sums.differences.isEmpty && report.refusals == [])
                #expect(report.balanceExceptions == [])
            }
            // The history of an account is in the order of its rows, interruption or not.
            let entries = try await bank.entries(7)
            #expect(entries.count == 75)
            #expect(entries.map(\.valueDate) == entries.map(\.valueDate).sorted())
            #expect(try await bank.isSound())
        }
    }

    /// What a power cut between claiming an identifier and making the thing leaves behind.
    @Test func claimsWithoutThingsAreMadeGood() async throws {
        try await ImportingBank.withBank { bank in
            let store = ReferenceStore(pool: bank.database.pool, dataset: "pkdd99")
            let claim = bank.services.identifiers.nextBits()
            _ = try await store.claim(.client, [.init(externalID: 2, freshID: claim, rowDigest: 5)], at: bank.clock.now())
            _ = try await store.claim(.account, [.init(externalID: 2, freshID: claim + 256, rowDigest: 6)], at: bank.clock.now())
            let report = try await bank.run(CzechBankFixture())
            #expect(report.refusals == [] && report.files.map(\.taken) == [3, 2, 3, 7])
            #expect(try await bank.account(2) == Identifier(bits: claim + 256))
            #expect(try await bank.run(CzechBankFixture()).refusals == [])
        }
    }

    @Test func laterFilesGoOnFromEarlierOnes() async throws {
        try await ImportingBank.withBank { bank in
            _ = try await bank.run(CzechBankFixture())
            var next = CzechBankFixture()
            next.transactions = [
                "40;1;940101;\"PRIJEM\";\"VKLAD\";12.10;700.00;\"\";;", "41;2;940101;\"PRIJEM\";\"VKLAD\";200.00;500.00;\"\";;",
            ]
            let report = try await bank.run(next)
            #expect(report.tally(.transactions).taken == 2 && report.isBalanced)
            #expect(report.sums.differences.map(\.broughtForward) == [68_790, -10_325])
            // 687.90 and 12.10 are 700.00; -103.25 and 200.00 are not 500.00.
            #expect(report.balanceExceptions.map(\.step.row) == [3])
            #expect(try await bank.balance(1) == 70_000)
        }
    }

    @Test func movementsOfThisBankAreNoDifference() async throws {
        try await ImportingBank.withBank { bank in
            _ = try await bank.run(CzechBankFixture())
            let account = try #require(try await bank.account(1))
            let context = RequestContext.system(at: bank.clock.now(), idempotencyKey: "fee")
            let draft = JournalDraft(
                type: .fee, referencePrefix: "FEE", sourceType: "test",
                legs: [
                    Leg(.account(account), amount: -500, currency: .czk, type: .fee),
                    Leg(.generalLedger(GLCode(4001)), amount: 500, currency: .czk, type: .fee),
                ])
            _ = try await bank.engine.post(
                PostingUnit(
                    commands: [.journal(draft)], context: context, idempotency: nil,
                    audit: AuditRecord(
                        action: "test.fee", outcome: .success, actor: nil, subjectType: "account", subjectID: account.description,
                        context: context)))
            let report = try await bank.run(CzechBankFixture())
            #expect(report.sums.differences.map(\.otherMovements) == [-500])
            #expect(report.isBalanced)
        }
    }

    @Test func tamperedBooksAreNotBalanced() async throws {
        try await ImportingBank.withBank { bank in
            _ = try await bank.run(CzechBankFixture())
            let account = try #require(try await bank.account(1))
            _ = try await bank.database.superuserPool.transaction {
                try $0.execute("UPDATE ledger.account SET balance = balance + 1 WHERE id = \(account)")
            }
            let report = try await bank.run(CzechBankFixture())
            #expect(report.sums.unexplained.map(\.unexplained) == [1])
            #expect(!report.isBalanced)
        }
    }

    @Test func unusableInputIsOneClearLine() async throws {
        try await ImportingBank.withBank { bank in
            await #expect(throws: ImportFailure.noFolder("nowhere")) { try await bank.importer().run(folder: "nowhere") }
            var fixture = CzechBankFixture()
            fixture.missing = [.dispositions]
            let missing = await #expect(throws: ImportFailure.self) { try await bank.run(fixture) }
            #expect(missing?.description.hasPrefix("dispositions.csv is missing in ") == true)
            fixture = CzechBankFixture()
            fixture.headers[.transactions] = "\"trans_id\";\"account\""
            let header = await #expect(throws: ImportFailure.self) { try await bank.run(fixture) }
            #expect(header == .wrongHeader(.transactions))
            let journals = try await bank.journalCount()
            #expect(journals == 0)
        }
    }

    @Test func aProductThatCannotBeUsedStopsTheImport() async throws {
        try await ImportingBank.withBank { bank in
            let failure = await #expect(throws: ImportFailure.self) {
                try await bank.run(CzechBankFixture(), .init(productCode: "NONE"))
            }
            #expect(failure == .productNotUsable("NONE", reason: "There is no such product"))
            let currency = await #expect(throws: ImportFailure.self) {
                try await bank.run(CzechBankFixture(), .init(productCode: "CUR01"))
            }
            #expect(currency == .productNotUsable("CUR01", reason: "Current Account is not offered in CZK"))
            let report = try await bank.run(CzechBankFixture())
            #expect(report.refusals == [])
        }
    }

    @Test func anotherDatasetIsAnotherBank() async throws {
        try await ImportingBank.withBank { bank in
            _ = try await bank.run(CzechBankFixture())
            let other = try await bank.run(CzechBankFixture(), .init(dataset: "other"))
            #expect(other.files.map(\.taken) == [3, 2, 3, 7])
            #expect(try await bank.account(1, dataset: "other") != bank.account(1))
            #expect(try await bank.balance(1) == 68_790)
        }
    }
}

import Kernel
import Postgres
import TestKit
import Testing

@testable import Ledger

/// The engine remembers accounts between batches. What it remembers may be wrong, what it answers may not.
@Suite struct EngineMemoryTests {
    /// Another process moved money, and a person froze and thawed the account: each answer is about the account as it is.
    @Test func whatOthersDidIsSeenThoughTheAccountIsRemembered() async throws {
        try await Bank.open(.init(engines: 2, writers: 1)) { bank in
            let accounts = try await bank.openAccounts(2, balance: 100)
            func transfer(_ amount: Int64, on engine: Int) async -> String {
                await bank.outcome(of: bank.unit([.journal(bank.transfer(accounts[0], accounts[1], amount))]), on: engine).word
            }
            #expect(await transfer(10, on: 0) == "posted")
            #expect(await transfer(80, on: 1) == "posted")
            #expect(await transfer(20, on: 0) == "insufficient_funds", "the first engine remembers 90")
            #expect(await transfer(10, on: 0) == "posted")
            let ledger = LedgerAccounts(clock: bank.clock)
            try await bank.database.pool.transaction { _ = try ledger.setOverdraftLimit(50, of: accounts[0], in: $0) }
            #expect(await transfer(20, on: 0) == "posted", "a refusal is not given on what is remembered")
            try await bank.database.pool.transaction { _ = try ledger.freeze(accounts[0], scope: .debits, in: $0) }
            #expect(await transfer(5, on: 0) == "account_frozen", "neither is a posting")
            try await bank.database.pool.transaction { _ = try ledger.unfreeze(accounts[0], in: $0) }
            #expect(await transfer(5, on: 0) == "posted")
            #expect(await transfer(5, on: 1) == "posted")
            #expect(try await bank.state(accounts[0]).balance == -30)
            try await BookInvariants.check(bank)
        }
    }

    /// A key that another engine used, after both engines have long had everything in memory.
    @Test func aKeyOfAnotherEngineIsAReplay() async throws {
        try await Bank.open(.init(engines: 2, writers: 1)) { bank in
            let accounts = try await bank.openAccounts(4, balance: 1_000)
            for engine in [0, 1, 0, 1] { try await bank.post([.journal(bank.transfer(accounts[0], accounts[1], 1))], on: engine) }
            for number in 0..<4 {
                let unit = bank.unit([.journal(bank.transfer(accounts[2], accounts[3], 10))], key: "k\(number)")
                #expect(await bank.outcome(of: unit, on: number % 2).word == "posted")
                #expect(await bank.outcome(of: unit, on: (number + 1) % 2).word == "replayed")
                #expect(await bank.outcome(of: unit, on: number % 2).word == "replayed")
            }
            #expect(try await bank.state(accounts[2]).balance == 960)
            try await BookInvariants.check(bank)
        }
    }

    /// The day is remembered too, and is another one by the time of the write.
    @Test func aRememberedDayThatIsOverIsNotBookedOn() async throws {
        try await Bank.open(.init(writers: 1)) { bank in
            let accounts = try await bank.openAccounts(2, balance: 100)
            try await bank.post([.journal(bank.transfer(accounts[0], accounts[1], 1))])
            for day: Int32 in 1...3 {
                let date = Bank.openingDay.adding(days: day)
                #expect(try await bank.openDay(date) == true)
                let receipt = try await bank.post([.journal(bank.transfer(accounts[0], accounts[1], 1))])
                #expect(receipt.journals.first?.businessDate == date)
            }
            try await BookInvariants.check(bank)
        }
    }

    /// A line of an account that the general ledger does not have is refused by its name, and so is one on a heading.
    @Test func aLineNamesAnAccountOfTheChart() async throws {
        try await Bank.open { bank in
            func entry(_ code: Int32) -> LedgerCommand {
                .journal(
                    JournalDraft(
                        type: .adjustment, referencePrefix: "ADJ", sourceType: "test",
                        legs: [
                            Leg(.generalLedger(GLCode(code)), amount: -5, currency: .kes, type: .adjustment),
                            Leg(.generalLedger(ChartOfAccounts.suspense), amount: 5, currency: .kes, type: .adjustment),
                        ]))
            }
            for code: Int32 in [4_242, 2_000] {
                #expect(await bank.outcome(of: bank.unit([entry(code)])).word == "gl_account_not_found")
            }
            #expect(await bank.outcome(of: bank.unit([entry(5_901)])).word == "posted")
            try await BookInvariants.check(bank)
        }
    }

    /// What a capture takes out of its hold is what its journal takes from the account.
    @Test func aCaptureAndItsJournalAreAboutTheSameAmount() async throws {
        try await Bank.open { bank in
            let accounts = try await bank.openAccounts(3, balance: 100)
            let id = bank.ids.next(Hold.self)
            try await bank.post([
                .placeHold(HoldDraft(id: id, account: accounts[0], amount: 60, currency: .kes, reason: "card", expiresAt: nil))
            ])
            for draft in [bank.transfer(accounts[0], accounts[1], 39), bank.transfer(accounts[2], accounts[1], 40)] {
                let unit = bank.unit([.captureHold(id, amount: 40, isFinal: true, draft)])
                #expect(await bank.outcome(of: unit).word == "journal_not_balanced")
            }
            let unit = bank.unit([.captureHold(id, amount: 40, isFinal: true, bank.transfer(accounts[0], accounts[1], 40, fee: 3))])
            #expect(await bank.outcome(of: unit).word == "posted")
            #expect(try await bank.state(accounts[0]).balance == 57)
            try await BookInvariants.check(bank)
        }
    }
}

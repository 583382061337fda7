import Kernel
import Postgres
import Synchronization
import TestKit
import Testing

@testable import Ledger

/// Several engines on one database, as several processes of one bank are.
@Suite struct EngineConcurrencyTests {
    /// The account changes after the batch has read it: the batch notices, locks, reads again, and decides on what is.
    @Test func aChangeBehindTheBatchIsSeen() async throws {
        try await Bank.open(.init(writers: 1)) { bank in
            let accounts = try await bank.openAccounts(4, balance: 100)
            let submissions = Submissions(bank)
            try await Stall.during(bank) { stall in
                await submissions.post(bank.unit([.journal(bank.transfer(accounts[0], accounts[1], 60))]))
                try await stall.writersStand(1)
                try await bank.database.pool.transaction { _ = try LedgerAccounts().freeze(accounts[0], scope: .debits, in: $0) }
            }
            #expect(await submissions.outcomes().map(\.word) == ["account_frozen"])
            #expect(try await bank.state(accounts[0]).balance == 100)
            try await BookInvariants.check(bank)
        }
    }

    /// As before, and after the conflict somebody holds the account's row for a while: the batch waits for it and loses nothing.
    @Test func theSecondAttemptWaitsForTheRow() async throws {
        try await Bank.open(.init(writers: 1)) { bank in
            let accounts = try await bank.openAccounts(2, balance: 100)
            let submissions = Submissions(bank)
            let holder = DedicatedConnection(configuration: bank.database.superuserConfiguration)
            defer { holder.close() }
            try await Stall.during(bank) { stall in
                await submissions.post(bank.unit([.journal(bank.transfer(accounts[0], accounts[1], 60))]))
                try await stall.writersStand(1)
                try await holder.run { connection in
                    try connection.begin()
                    _ = try connection.execute(
                        "UPDATE ledger.account SET overdraft_limit = 7, revision = revision + 1 WHERE id = \(accounts[0])")
                }
            }
            // The lanes are free; now the writer stands before the row.
            try await Stall.until("the writer waits for the row") {
                try await bank.count("pg_stat_activity", where: "application_name = 'wekeza-posting' AND wait_event_type = 'Lock'") == 1
            }
            try await holder.run { try $0.commit() }
            #expect(await submissions.outcomes().map(\.word) == ["posted"])
            let state = try await bank.state(accounts[0])
            #expect(state.balance == 40)
            #expect(state.overdraftLimit == 7)
            try await BookInvariants.check(bank)
        }
    }

    /// Both engines have looked for the key and found nothing.
    @Test func twinsOnTwoEnginesHaveOneEffect() async throws {
        try await Bank.open(.init(engines: 2, writers: 1)) { bank in
            let accounts = try await bank.openAccounts(4, balance: 100)
            let unit = bank.unit([.journal(bank.transfer(accounts[0], accounts[1], 60, fee: 1))], key: "k")
            // A caller whose twin names other accounts: only the index of keys stands between the two.
            let elsewhere = bank.unit([.journal(bank.transfer(accounts[2], accounts[3], 20))], key: "k2")
            let otherBody = bank.unit([.journal(bank.transfer(accounts[0], accounts[1], 20))], key: "k2", body: "other")
            for (first, second, words) in [
                (unit, unit, ["posted", "replayed"]), (elsewhere, otherBody, ["idempotency_key_reused", "posted"]),
            ] {
                let submissions = Submissions(bank)
                try await Stall.during(bank) { stall in
                    await submissions.post(first, on: 0)
                    await submissions.post(second, on: 1)
                    try await stall.writersStand(2)
                }
                let outcomes = await submissions.outcomes()
                #expect(outcomes.map(\.word).sorted() == words)
                let receipts = outcomes.compactMap { try? $0.get() }
                #expect(receipts.allSatisfy { $0.journals == receipts[0].journals })
            }
            #expect(try await bank.count("platform.idempotency") == 2)
            try await BookInvariants.check(bank)
        }
    }

    @Test func oneTransactionIdentifierOnTwoEnginesIsUsedOnce() async throws {
        try await Bank.open(.init(engines: 2, writers: 1)) { bank in
            let accounts = try await bank.openAccounts(4, balance: 100)
            let own = bank.ids.next(TransactionRecord.self)
            let submissions = Submissions(bank)
            try await Stall.during(bank) { stall in
                for engine in 0...1 {
                    var draft = bank.transfer(accounts[engine * 2], accounts[engine * 2 + 1], 10)
                    draft.clientTransactionID = own
                    await submissions.post(bank.unit([.journal(draft)], key: "k\(engine)", body: "body \(engine)"), on: engine)
                }
                try await stall.writersStand(2)
            }
            #expect(await submissions.outcomes().map(\.word).sorted() == ["id_in_use", "posted"])
            try await BookInvariants.check(bank)
        }
    }

    @Test func oneHoldIdentifierOnTwoEnginesIsUsedOnce() async throws {
        try await Bank.open(.init(engines: 2, writers: 1)) { bank in
            let accounts = try await bank.openAccounts(2, balance: 100)
            let id = bank.ids.next(Hold.self)
            let submissions = Submissions(bank)
            try await Stall.during(bank) { stall in
                for engine in 0...1 {
                    let draft = HoldDraft(
                        id: id, account: accounts[engine], amount: 10 + Int64(engine), currency: .kes, reason: "twin", expiresAt: nil)
                    await submissions.post(bank.unit([.placeHold(draft)]), on: engine)
                }
                try await stall.writersStand(2)
            }
            #expect(await submissions.outcomes().map(\.word).sorted() == ["id_in_use", "posted"])
            try await BookInvariants.check(bank)
        }
    }

    @Test func oneReversalOnTwoEnginesHappensOnce() async throws {
        try await Bank.open(.init(engines: 2, writers: 1)) { bank in
            // A journal of the general ledger alone: no account stands between the two.
            func entry(_ amount: Int64, reversing journal: Identifier<Journal>? = nil) -> LedgerCommand {
                .journal(
                    JournalDraft(
                        kind: journal == nil ? .standard : .reversal, type: .adjustment, referencePrefix: "ADJ", sourceType: "test",
                        legs: [
                            Leg(.generalLedger(ChartOfAccounts.suspense), amount: amount, currency: .kes, type: .adjustment),
                            Leg(.generalLedger(ChartOfAccounts.feeIncome), amount: -amount, currency: .kes, type: .adjustment),
                        ], reversalOf: journal))
            }
            let journal = try #require(try await bank.post([entry(10)]).journals.first)
            let submissions = Submissions(bank)
            try await Stall.during(bank) { stall in
                for engine in 0...1 { await submissions.post(bank.unit([entry(-10, reversing: journal.id)]), on: engine) }
                try await stall.writersStand(2)
            }
            #expect(await submissions.outcomes().map(\.word).sorted() == ["already_reversed", "posted"])
            try await BookInvariants.check(bank)
        }
    }

    /// One hold, captured by two engines at the same time: there is money for one of them.
    @Test func aHoldIsCapturedOnce() async throws {
        try await Bank.open(.init(engines: 2, writers: 1)) { bank in
            let accounts = try await bank.openAccounts(3, balance: 100)
            let id = bank.ids.next(Hold.self)
            let draft = HoldDraft(id: id, account: accounts[0], amount: 100, currency: .kes, reason: "card", expiresAt: nil)
            try await bank.post([.placeHold(draft)])
            let submissions = Submissions(bank)
            try await Stall.during(bank) { stall in
                for engine in 0...1 {
                    let capture = bank.transfer(accounts[0], accounts[1 + engine], 100)
                    await submissions.post(bank.unit([.captureHold(id, amount: 100, isFinal: true, capture)]), on: engine)
                }
                // One stands before a lane, the other one before the hold.
                try await stall.writersStand(2)
            }
            #expect(await submissions.outcomes().map(\.word).sorted() == ["invalid_state", "posted"])
            #expect(try await bank.state(accounts[0]).balance == 0)
            try await BookInvariants.check(bank)
        }
    }

    /// Everybody moves the same few cents around on two engines with two writers each. Nothing is lost, nothing refused without need.
    @Test func enginesThatHammerTheSameAccountsLoseNothing() async throws {
        try await Bank.open(.init(engines: 2, sharedBatch: 8, loneBatch: 8, clock: SystemClock())) { bank in
            let accounts = try await bank.openAccounts(4, balance: 1_000)
            let count = 400
            let outcomes = await withTaskGroup(of: (Int, Result<PostingReceipt, Refusal>).self) { group in
                for index in 0..<count {
                    let (from, to) = (index % 4, (index + 1 + index / 4 % 3) % 4)
                    let unit = bank.unit([.journal(bank.transfer(accounts[from], accounts[to], 1))], key: "k\(index)")
                    group.addTask { (index, await bank.outcome(of: unit, on: index % 2)) }
                }
                return await group.reduce(into: [Int: Result<PostingReceipt, Refusal>]()) { $0[$1.0] = $1.1 }
            }
            #expect(outcomes.values.allSatisfy { $0.word == "posted" }, "\(Set(outcomes.values.map(\.word)))")
            var expected = [Int64](repeating: 1_000, count: 4)
            for index in 0..<count {
                expected[index % 4] -= 1
                expected[(index + 1 + index / 4 % 3) % 4] += 1
            }
            for (account, balance) in zip(accounts, expected) { #expect(try await bank.state(account).balance == balance) }
            #expect(try await bank.count("ledger.journal", where: "type = 1") == Int64(count))
            try await BookInvariants.check(bank)
        }
    }

    /// Accounts with very little on them: refusals and postings race, and no account ever goes below zero.
    @Test func nobodySpendsTheSameMoneyTwice() async throws {
        try await Bank.open(.init(engines: 3, clock: SystemClock())) { bank in
            let poor = try await bank.openAccounts(2, balance: 50)
            let shops = try await bank.openAccounts(6)
            let words = await withTaskGroup(of: String.self) { group in
                for index in 0..<180 {
                    let unit = bank.unit([.journal(bank.transfer(poor[index % 2], shops[index % 6], 10))])
                    group.addTask { await bank.outcome(of: unit, on: index % 3).word }
                }
                return await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(words == ["posted": 10, "insufficient_funds": 170])
            for account in poor { #expect(try await bank.state(account).balance == 0) }
            try await BookInvariants.check(bank)
        }
    }
}

import Kernel
import Postgres
import TestKit
import Testing

@testable import Ledger

/// Units that meet in one batch, and batches that meet each other.
@Suite struct EngineBatchTests {
    /// Occupies the only writer with one unit and queues the others behind it: they are one batch.
    private func asOneBatch(_ bank: Bank, _ units: [PostingUnit]) async throws -> [Result<PostingReceipt, Refusal>] {
        let submissions = Submissions(bank)
        let plug = try await bank.openAccounts(2, balance: 1)
        try await Stall.during(bank) { stall in
            await submissions.post(bank.unit([.journal(bank.transfer(plug[0], plug[1], 1))]))
            try await stall.writersStand(1)
            for (index, unit) in units.enumerated() {
                await submissions.post(unit)
                try await stall.backlog(index + 1)
            }
        }
        return Array(await submissions.outcomes().dropFirst())
    }

    private func oneWriter(_ observer: any PostingObserver = NoPostingObserver()) -> Bank.Setup {
        Bank.Setup(writers: 1, sharedBatch: 1_000, loneBatch: 1_000, observer: observer)
    }

    @Test func goodAndRefusedUnitsShareABatch() async throws {
        let counter = CommitCounter()
        try await Bank.open(oneWriter(counter)) { bank in
            let accounts = try await bank.openAccounts(3, balance: 100)
            let (amina, juma, wafula) = (accounts[0], accounts[1], accounts[2])
            func transfer(_ from: Identifier<Account>, _ to: Identifier<Account>, _ amount: Int64) -> PostingUnit {
                bank.unit([.journal(bank.transfer(from, to, amount))])
            }
            let outcomes = try await asOneBatch(
                bank,
                [
                    transfer(amina, juma, 80), transfer(amina, juma, 30), transfer(juma, wafula, 180), transfer(juma, amina, 1),
                    transfer(amina, Identifier(bits: 42), 1), transfer(wafula, amina, 280), transfer(amina, amina, 1),
                    bank.unit([.journal(bank.transfer(amina, juma, 50)), .journal(bank.transfer(juma, wafula, 51))]),
                    transfer(amina, juma, 300),
                ])
            #expect(
                outcomes.map(\.word) == [
                    "posted", "insufficient_funds", "posted", "insufficient_funds", "destination_not_found", "posted", "same_account",
                    "insufficient_funds", "posted",
                ])
            #expect(counter.committed.last == 4, "the four good ones are one commit")
            #expect(try await bank.state(juma).balance == 300)
            try await BookInvariants.check(bank)
        }
    }

    @Test func twinsInOneBatchAreJoined() async throws {
        let counter = CommitCounter()
        try await Bank.open(oneWriter(counter)) { bank in
            let accounts = try await bank.openAccounts(2, balance: 100)
            let draft = bank.transfer(accounts[0], accounts[1], 60, fee: 5)
            let hold = HoldDraft(
                id: bank.ids.next(), account: accounts[1], amount: 10, currency: .kes, reason: "twin", expiresAt: nil)
            let twin = bank.unit([.journal(draft), .placeHold(hold)], key: "k")
            let outcomes = try await asOneBatch(
                bank,
                [
                    twin, twin, bank.unit([.journal(draft)], key: "k", body: "other"), twin,
                    bank.unit([.journal(draft)], key: "refused"), bank.unit([.journal(draft)], key: "refused"),
                ])
            #expect(
                outcomes.map(\.word) == [
                    "posted", "replayed", "idempotency_key_reused", "replayed", "insufficient_funds", "insufficient_funds",
                ])
            let receipts = outcomes.compactMap { try? $0.get() }
            #expect(receipts.allSatisfy { $0.journals == receipts[0].journals && $0.holds == receipts[0].holds })
            #expect(counter.committed.last == 1)
            #expect(try await bank.state(accounts[0]).balance == 35)
            try await BookInvariants.check(bank)
        }
    }

    @Test func oneTransactionIdentifierOfACallerIsUsedOnceInABatch() async throws {
        try await Bank.open(oneWriter()) { bank in
            let accounts = try await bank.openAccounts(2, balance: 100)
            var draft = bank.transfer(accounts[0], accounts[1], 10)
            draft.clientTransactionID = bank.ids.next()
            let outcomes = try await asOneBatch(
                bank,
                [
                    bank.unit([.journal(draft)], key: "k1"), bank.unit([.journal(draft)], key: "k2"),
                    bank.unit([.journal(draft)], key: "k3", body: "other"),
                    bank.unit([.journal(draft)], key: "k4", user: Identifier(bits: 99)),
                ])
            #expect(outcomes.map(\.word) == ["posted", "replayed", "id_in_use", "id_in_use"])
            #expect(try await bank.state(accounts[0]).balance == 90)
        }
    }

    @Test func aJournalIsReversedOnceInABatch() async throws {
        try await Bank.open(oneWriter()) { bank in
            let accounts = try await bank.openAccounts(2, balance: 100)
            let journal = try #require(try await bank.post([.journal(bank.transfer(accounts[0], accounts[1], 10))]).journals.first)
            var reversal = bank.transfer(accounts[1], accounts[0], 10)
            reversal.kind = .reversal
            reversal.reversalOf = journal.id
            let unit = bank.unit([.journal(reversal)])
            #expect(try await asOneBatch(bank, [unit, unit, unit]).map(\.word) == ["posted", "already_reversed", "already_reversed"])
            #expect(try await bank.state(accounts[0]).balance == 100)
            try await BookInvariants.check(bank)
        }
    }

    /// A text that PostgreSQL cannot store, and a floor that somebody moved past the engine's back: both are found by the database only.
    @Test func aPoisonedUnitHarmsOnlyItself() async throws {
        let counter = CommitCounter()
        try await Bank.open(oneWriter(counter)) { bank in
            let accounts = try await bank.openAccounts(20, balance: 100)
            var units: [PostingUnit] = []
            for pair in 0..<10 {
                let narration = pair == 3 || pair == 7 ? "rotten\0text" : "fine"
                units.append(
                    bank.unit(
                        [.journal(bank.transfer(accounts[pair * 2], accounts[pair * 2 + 1], 10, narration: narration))], key: "k\(pair)"))
            }
            let outcomes = try await asOneBatch(bank, units)
            let expected = (0..<10).map { $0 == 3 || $0 == 7 ? "temporarily_unavailable" : "posted" }
            #expect(outcomes.map(\.word) == expected)
            #expect(counter.committed.dropFirst().reduce(0, +) >= 8)
            for pair in 0..<10 {
                let isPoisoned = pair == 3 || pair == 7
                #expect(try await bank.state(accounts[pair * 2]).balance == (isPoisoned ? 100 : 90))
            }
            // The keys of the poisoned ones are free.
            let again = await bank.outcome(of: bank.unit([.journal(bank.transfer(accounts[6], accounts[7], 10))], key: "k3"))
            #expect(again.word == "posted")
            try await BookInvariants.check(bank)
        }
    }

    @Test func theFloorIsTheDatabasesToo() async throws {
        try await Bank.open(oneWriter()) { bank in
            let accounts = try await bank.openAccounts(4, balance: 100)
            let submissions = Submissions(bank)
            try await Stall.during(bank) { stall in
                // One unit alone goes first; the two others are a batch behind it, read by the time the floor moves.
                await submissions.post(bank.unit([.journal(bank.transfer(accounts[0], accounts[1], 60))]))
                try await stall.writersStand(1)
                // Without a new revision, and yet the row has moved: the batch is decided again.
                try await bank.asSuperuser("UPDATE ledger.account SET minimum_balance = 50 WHERE id = \(accounts[0])")
            }
            #expect(await submissions.outcomes().map(\.word) == ["insufficient_funds"])
            #expect(try await bank.state(accounts[0]).balance == 100)
            let later = await bank.outcome(of: bank.unit([.journal(bank.transfer(accounts[0], accounts[1], 60))]))
            #expect(later.word == "insufficient_funds")
            await #expect(throws: PostgresError.self) {
                try await bank.asSuperuser("UPDATE ledger.account SET balance = 49 WHERE id = \(accounts[0])")
            }
            try await BookInvariants.check(bank)
        }
    }

    @Test func aFullQueueRefusesAndNothingHappens() async throws {
        try await Bank.open(.init(writers: 1, queueCapacity: 3)) { bank in
            let accounts = try await bank.openAccounts(2, balance: 100)
            let unit = { (key: String) in bank.unit([.journal(bank.transfer(accounts[0], accounts[1], 10))], key: key) }
            let submissions = Submissions(bank)
            try await Stall.during(bank) { stall in
                await submissions.post(unit("k0"))
                try await stall.writersStand(1)
                for index in 1...3 {
                    await submissions.post(unit("k\(index)"))
                    try await stall.backlog(index)
                }
                for key in ["k4", "k5", "k0"] {
                    guard case .failure(let refusal) = await bank.outcome(of: unit(key)) else {
                        Issue.record("\(key) was taken")
                        continue
                    }
                    #expect(refusal.status == 503)
                    #expect(refusal.code == "temporarily_unavailable")
                    #expect(refusal.retryAfterSeconds == 1)
                }
            }
            #expect(await submissions.outcomes().map(\.word) == ["posted", "posted", "posted", "posted"])
            #expect(try await bank.state(accounts[0]).balance == 60)
            #expect(await bank.outcome(of: unit("k4")).word == "posted", "the key is as good as new")
            try await BookInvariants.check(bank)
        }
    }

    @Test func nobodyIsServedAfterTheDeadline() async throws {
        let clock = ManualClock(.startOfTests)
        try await Bank.open(.init(writers: 1, clock: clock)) { bank in
            let accounts = try await bank.openAccounts(2, balance: 100)
            let draft = bank.transfer(accounts[0], accounts[1], 10)
            let late = await bank.outcome(of: bank.unit([.journal(draft)], deadline: clock.now().adding(seconds: -1)))
            #expect(late.word == "temporarily_unavailable")
            let submissions = Submissions(bank)
            try await Stall.during(bank) { stall in
                await submissions.post(bank.unit([.journal(draft)]))
                try await stall.writersStand(1)
                await submissions.post(bank.unit([.journal(draft)], key: "patient", deadline: clock.now().adding(seconds: 60)))
                try await stall.backlog(1)
                await submissions.post(bank.unit([.journal(draft)], key: "hasty", deadline: clock.now().adding(seconds: 10)))
                try await stall.backlog(2)
                clock.advance(seconds: 30)
            }
            #expect(await submissions.outcomes().map(\.word) == ["posted", "posted", "temporarily_unavailable"])
            #expect(try await bank.state(accounts[0]).balance == 80)
            #expect(try await bank.count("platform.idempotency") == 1, "the key of the late one is not used")
        }
    }

    @Test func aRefusedUnitWritesNothingAndAPostedOneItsAuditAndEvents() async throws {
        try await Bank.open { bank in
            let accounts = try await bank.openAccounts(2, balance: 100)
            let before = (
                audit: try await bank.count("audit.record"), outbox: try await bank.count("platform.outbox"),
                journals: try await bank.count("ledger.journal")
            )
            let event = DomainEvent(name: "tests.happened", subject: 1, occurredAt: bank.clock.now(), payload: Array("{}".utf8))
            func unit(_ amount: Int64) -> PostingUnit {
                let plain = bank.unit([.journal(bank.transfer(accounts[0], accounts[1], amount))], key: "k\(amount)")
                return PostingUnit(
                    commands: plain.commands, context: plain.context, idempotency: plain.idempotency, audit: plain.audit, events: [event])
            }
            #expect(await bank.outcome(of: unit(101)).word == "insufficient_funds")
            #expect(try await bank.count("audit.record") == before.audit)
            #expect(try await bank.count("platform.outbox") == before.outbox)
            #expect(try await bank.count("platform.idempotency") == 0)
            let receipt = try await bank.engine.post(unit(100))
            #expect(try await bank.count("ledger.journal") == before.journals + 1)
            #expect(try await bank.count("audit.record") == before.audit + 1)
            #expect(try await bank.count("audit.record", where: "subject_id = 'k100' AND outcome = 1") == 1)
            #expect(try await bank.count("platform.outbox", where: "name = 'tests.happened'") == 1)
            let journal = try #require(receipt.journals.first)
            let names = "%\(journal.id)%"
            #expect(
                try await bank.count(
                    "platform.outbox", where: "name = 'ledger.journalsPosted' AND convert_from(payload, 'UTF8') LIKE \(names)") == 1)
            _ = try await bank.engine.post(unit(100))
            #expect(try await bank.count("audit.record") == before.audit + 1, "a replay is no second event")
            #expect(try await bank.count("platform.outbox", where: "name = 'tests.happened'") == 1)
        }
    }

    @Test func anEngineThatIsShutDownFinishesItsWorkAndTakesNoMore() async throws {
        try await Bank.open(.init(engines: 2, writers: 1)) { bank in
            let accounts = try await bank.openAccounts(2, balance: 100)
            let unit = bank.unit([.journal(bank.transfer(accounts[0], accounts[1], 10))])
            let submissions = Submissions(bank)
            let end = try await Stall.during(bank) { stall in
                await submissions.post(unit, on: 1)
                try await stall.writersStand(1)
                await submissions.post(unit, on: 1)
                try await stall.backlog(1, engine: 1)
                return Task { await bank.engines[1].shutdown() }
            }
            await end.value
            #expect(await submissions.outcomes().map(\.word) == ["posted", "posted"])
            #expect(await bank.outcome(of: unit, on: 1).word == "temporarily_unavailable")
            #expect(await bank.outcome(of: unit, on: 0).word == "posted")
            #expect(try await bank.state(accounts[0]).balance == 70)
        }
    }
}

import Kernel
import Postgres
import Synchronization
import TestKit
import Testing

@testable import Ledger

/// Connections that die under the engine: what was acknowledged is there, what was not is found out by repeating the key.
@Suite struct EngineConnectionTests {
    private static let killAll: SQL = """
        SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'wekeza-posting'
        """

    @Test func everyAcknowledgedUnitIsThereExactlyOnce() async throws {
        try await Bank.open(.init(engines: 2, sharedBatch: 16, loneBatch: 32, clock: SystemClock())) { bank in
            let accounts = try await bank.openAccounts(40, balance: 1_000_000)
            let load = Load()
            let count = 1_200
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    // Every time some more units are through, so that the load and not the clock decides how often.
                    while !load.isOver.load(ordering: .relaxed) {
                        let kills = load.kills.load(ordering: .relaxed)
                        if load.answers.withLock({ $0.count }) >= kills * 50 {
                            try await bank.database.superuserPool.read { _ = try $0.query(Self.killAll) }
                            load.kills.add(1, ordering: .relaxed)
                        }
                        try await Task.sleep(for: .milliseconds(1))
                    }
                }
                group.addTask {
                    defer { load.isOver.store(true, ordering: .relaxed) }
                    try await Self.run(load, units: count, on: accounts, bank)
                }
                try await group.waitForAll()
            }
            let all = load.answers.withLock { $0 }
            #expect(all.count == count)
            #expect(load.kills.load(ordering: .relaxed) > 1)
            #expect(try await bank.count("ledger.journal", where: "type = 1") == Int64(count))
            #expect(try await bank.count("platform.idempotency") == Int64(count))
            #expect(try await bank.count("audit.record", where: "subject_id LIKE 'k%'") == Int64(count))
            for (index, answer) in all {
                // Asking once more changes nothing and says the same.
                guard index % 10 == 0 else { continue }
                let again = try await Self.postUntilAnswered(index, accounts, bank).receipt
                #expect(again.isReplay)
                #expect(again.journals == answer.receipt.journals)
            }
            #expect(try await bank.count("ledger.journal", where: "type = 1") == Int64(count))
            try await BookInvariants.check(bank)
        }
    }

    /// What goes on while connections die.
    private final class Load: Sendable {
        let isOver = Atomic<Bool>(false)
        let kills = Atomic<Int>(0)
        let answers = Mutex<[Int: (receipt: PostingReceipt, attempts: Int)]>([:])
    }

    private static func run(_ load: Load, units: Int, on accounts: [Identifier<Account>], _ bank: Bank) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<24 {
                group.addTask {
                    for index in stride(from: client, to: units, by: 24) {
                        let answer = try await postUntilAnswered(index, accounts, bank)
                        load.answers.withLock { $0[index] = answer }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private static func postUntilAnswered(
        _ index: Int, _ accounts: [Identifier<Account>], _ bank: Bank
    ) async throws -> (receipt: PostingReceipt, attempts: Int) {
        let (from, to) = (index % accounts.count, (index * 7 + 1) % accounts.count)
        let target = from == to ? (to + 1) % accounts.count : to
        for attempt in 1...2_000 {
            let unit = bank.unit([.journal(bank.transfer(accounts[from], accounts[target], 3, fee: 1))], key: "k\(index)")
            switch await bank.outcome(of: unit, on: index % 2) {
            case .success(let receipt): return (receipt, attempt)
            case .failure(let refusal):
                guard refusal.code == "temporarily_unavailable" else { throw refusal }
                try await Task.sleep(for: .milliseconds(2))
            }
        }
        throw BankError("unit \(index) was never answered")
    }

    /// The session that looks up holds was idle when it died; nobody notices.
    @Test func aHoldIsFoundOnANewSession() async throws {
        try await Bank.open { bank in
            let accounts = try await bank.openAccounts(1, balance: 100)
            func place() async throws -> Identifier<Hold> {
                let id = bank.ids.next(Hold.self)
                try await bank.post([
                    .placeHold(HoldDraft(id: id, account: accounts[0], amount: 10, currency: .kes, reason: "t", expiresAt: nil))
                ])
                return id
            }
            let first = try await place()
            let second = try await place()
            try await bank.post([.releaseHold(first)])
            try await bank.database.superuserPool.read { _ = try $0.query(Self.killAll) }
            var word = ""
            for _ in 0..<10 where word != "posted" {
                word = await bank.outcome(of: bank.unit([.releaseHold(second)], key: "release")).word
                #expect(["posted", "temporarily_unavailable"].contains(word))
            }
            #expect(word == "posted")
            #expect(try await bank.state(accounts[0]).holdAmount == 0)
        }
    }

    /// The sessions were idle when they died, and nobody noticed: the next unit is posted all the same, at the first try.
    @Test func aUnitIsPostedOnANewSession() async throws {
        try await Bank.open(.init(writers: 1)) { bank in
            let accounts = try await bank.openAccounts(2, balance: 100)
            for number in 0..<3 {
                try await bank.database.superuserPool.read { _ = try $0.query(Self.killAll) }
                let unit = bank.unit([.journal(bank.transfer(accounts[0], accounts[1], 10))], key: number == 1 ? nil : "k\(number)")
                #expect(await bank.outcome(of: unit).word == "posted")
            }
            #expect(try await bank.state(accounts[0]).balance == 70)
            try await BookInvariants.check(bank)
        }
    }

    /// The session dies in the middle of the write. Nothing of it happened, the writer finds that out, and writes again on a new one.
    @Test func aSessionThatDiesInTheWriteIsReplaced() async throws {
        try await Bank.open(.init(writers: 1)) { bank in
            let accounts = try await bank.openAccounts(2, balance: 100)
            let unit = bank.unit([.journal(bank.transfer(accounts[0], accounts[1], 60))], key: "k")
            let submissions = Submissions(bank)
            try await Stall.during(bank) { stall in
                await submissions.post(unit)
                try await stall.writersStand(1)
                try await bank.database.superuserPool.read { _ = try $0.query(Self.killAll) }
                // It may ask what became of the batch only when nobody holds its lane any more.
                try await stall.writersStand(1)
                #expect(try await bank.count("platform.idempotency") == 0)
            }
            #expect(await submissions.outcomes().map(\.word) == ["posted"])
            #expect(await bank.outcome(of: unit).word == "replayed")
            #expect(try await bank.state(accounts[0]).balance == 40)
            try await BookInvariants.check(bank)
        }
    }
}

import Kernel
import Postgres
import Synchronization
import TestKit
import Testing

@testable import Ledger

@Suite struct BusinessDayTests {
    @Test func opensEachDayOnceAndOnlyForwards() async throws {
        try await Bank.open { bank in
            let monday = Bank.openingDay
            #expect(try await bank.openDay(monday) == false)
            #expect(try await bank.openDay(monday.adding(days: -1)) == false)
            #expect(try await bank.openDay(monday.adding(days: 1)) == true)
            #expect(try await bank.openDay(monday.adding(days: 4)) == true)
            #expect(try await bank.openDay(monday.adding(days: 2)) == false)
            #expect(try await bank.count("ledger.business_day") == 3)
            let reader = bank.reader
            let open = try await bank.database.pool.read { try reader.businessDate(in: $0) }
            #expect(open == monday.adding(days: 4))
        }
    }

    @Test func twoThatOpenTheSameDayOpenItOnce() async throws {
        try await Bank.open { bank in
            let day = Bank.openingDay.adding(days: 1)
            let opened = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<4 { group.addTask { try await bank.openDay(day) } }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(opened == 1)
        }
    }

    /// The batch has read yesterday's date when the day is opened, and waits for a lane.
    @Test func aBatchThatWaitedForALaneIsBookedOnTheNewDay() async throws {
        try await Bank.open(.init(writers: 1)) { bank in
            let accounts = try await bank.openAccounts(2, balance: 100)
            let tomorrow = Bank.openingDay.adding(days: 1)
            let opener = DedicatedConnection(configuration: bank.database.configuration.with(applicationName: "opener"))
            defer { opener.close() }
            let pricedToday: PostingUnit = {
                var draft = bank.transfer(accounts[0], accounts[1], 10)
                draft.pricedOn = Bank.openingDay
                return bank.unit([.journal(draft)])
            }()
            let submissions = Submissions(bank)
            // As `BusinessDays.open` does it, with a pause before its commit.
            try await opener.run { connection in
                try connection.begin()
                _ = try connection.query("SELECT lane FROM platform.chain_lane WHERE chain = 'journal' ORDER BY lane FOR NO KEY UPDATE")
                let first = TimeOrderedIdentifiers.version7(at: Timestamp.startOfTests.adding(seconds: 60), random: 0)
                _ = try connection.execute(
                    """
                    INSERT INTO ledger.business_day (business_date, first_journal, opened_at)
                    VALUES (\(tomorrow), \(first), \(Timestamp.startOfTests))
                    """)
            }
            await submissions.post(bank.unit([.journal(bank.transfer(accounts[0], accounts[1], 10))]))
            try await Stall.until("the writer stands before a lane") {
                try await bank.count("pg_stat_activity", where: "application_name = 'wekeza-posting' AND wait_event_type = 'Lock'") == 1
            }
            await submissions.post(pricedToday)
            try await Stall.until("the other unit waits") { bank.engine.backlog == 1 }
            try await opener.run { try $0.commit() }
            let outcomes = await submissions.outcomes()
            #expect(outcomes.map(\.word) == ["posted", "temporarily_unavailable"])
            let journal = try #require(try outcomes[0].get().journals.first)
            #expect(journal.businessDate == tomorrow)
            #expect(journal.valueDate == tomorrow)
            if case .failure(let refusal) = outcomes[1] { #expect(refusal == .businessDateChanged) }
            try await BookInvariants.check(bank)
        }
    }

    /// Two engines post without a pause while one day after the other is opened: every journal lies wholly on one side of each line.
    @Test func daysRollUnderLoad() async throws {
        try await Bank.open(.init(engines: 2, sharedBatch: 8, loneBatch: 8, clock: SystemClock())) { bank in
            let accounts = try await bank.openAccounts(8, balance: 100_000)
            let monday = Bank.openingDay
            let days: Int32 = 12
            let isOver = Flag()
            let posted = try await withThrowingTaskGroup(of: Int.self) { group in
                for client in 0..<8 {
                    group.addTask {
                        var count = 0
                        while !isOver.value {
                            let unit = bank.unit([.journal(bank.transfer(accounts[client], accounts[(client + 1) % 8], 1))])
                            let outcome = await bank.outcome(of: unit, on: client % 2)
                            guard case .success = outcome else { throw BankError("\(outcome)") }
                            count += 1
                        }
                        return count
                    }
                }
                group.addTask {
                    defer { isOver.set() }
                    for day in 1...days {
                        _ = try await bank.openDay(monday.adding(days: day))
                        let date = monday.adding(days: day)
                        try await Stall.until("something was posted on \(date)") {
                            try await bank.count("ledger.journal", where: "business_date = \(date)") > 10
                        }
                    }
                    return 0
                }
                return try await group.reduce(0, +)
            }
            #expect(try await bank.count("ledger.journal", where: "type = 1") == Int64(posted))
            try await BookInvariants.check(bank)
            // Day by day: what was there at its close is what was booked up to it.
            let reader = bank.reader
            let now = bank.clock.now()
            for day in 0...days {
                let date = monday.adding(days: day)
                let closed = try await bank.database.pool.snapshot { transaction -> (Int64, Int64) in
                    let view = try reader.balance(of: accounts[0], asOf: .closeOf(date), now: now, in: transaction)
                    let booked = try transaction.query(
                        """
                        SELECT coalesce(sum(p.amount), 0)::bigint FROM ledger.posting p JOIN ledger.journal j ON j.id = p.journal_id
                        WHERE p.account_id = \(accounts[0]) AND j.business_date <= \(date)
                        """
                    ).first?.int64(0)
                    return (view?.balance ?? -1, booked ?? -2)
                }
                #expect(closed.0 == closed.1)
            }
        }
    }

    @Test func theCacheKnowsTheDayAndForgetsItWhenTold() async throws {
        let clock = ManualClock(.startOfTests)
        try await Bank.open(.init(clock: clock)) { bank in
            let cache = BusinessDayCache(pool: bank.database.pool, clock: clock, maximumAgeSeconds: 2)
            #expect(try await cache.current() == Bank.openingDay)
            #expect(try await bank.openDay(Bank.openingDay.adding(days: 1)) == true)
            #expect(try await cache.current() == Bank.openingDay, "it may lag for two seconds")
            cache.invalidate()
            #expect(try await cache.current() == Bank.openingDay.adding(days: 1))
            #expect(try await bank.openDay(Bank.openingDay.adding(days: 2)) == true)
            clock.advance(seconds: 2)
            let later = try await cache.current()
            #expect(later == Bank.openingDay.adding(days: 2))
        }
    }
}

private final class Flag: Sendable {
    private let state = Mutex(false)

    var value: Bool { state.withLock { $0 } }
    func set() { state.withLock { $0 = true } }
}

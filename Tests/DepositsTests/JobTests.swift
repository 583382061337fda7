import HTTPEdge
import Jobs
import Kernel
import Logging
import Postgres
import TestKit
import Testing

@Suite struct CronTests {
    private func instant(_ text: String) -> Timestamp { Timestamp(rfc3339: text + "+03:00") ?? Timestamp(microseconds: 0) }

    @Test(arguments: [
        ("5 0 * * *", "2026-01-05T00:04:59", "2026-01-05T00:05:00"), ("5 0 * * *", "2026-01-05T00:05:00", "2026-01-06T00:05:00"),
        ("*/15 9-17 * * 1-5", "2026-01-09T17:45:00", "2026-01-12T09:00:00"), ("0 0 29 2 *", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
        ("0 12 1,15 * 0", "2026-01-01T12:00:00", "2026-01-04T12:00:00"), ("30 23 31 * *", "2026-04-01T00:00:00", "2026-05-31T23:30:00"),
        ("0 6 * * 7", "2026-01-05T00:00:00", "2026-01-11T06:00:00"),
    ])
    func next(schedule: String, after: String, expected: String) throws {
        #expect(try #require(CronSchedule(schedule)).next(after: instant(after)) == instant(expected))
    }

    @Test(arguments: ["", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "5-1 * * * *", "*/0 * * * *", "a * * * *", "* * * 13 *"])
    func refused(schedule: String) { #expect(CronSchedule(schedule) == nil) }

    @Test func neverIsNil() { #expect(CronSchedule("0 0 30 2 *")?.next(after: instant("2026-01-01T00:00:00")) == nil) }
}

@Suite struct JobQueueTests {
    private func withQueue(_ body: (JobQueue, ManualClock, ConnectionPool) async throws -> Void) async throws {
        try await TestDatabase.withDatabase(migrations: DayBank.migrations) { database in
            let clock = ManualClock(.startOfTests)
            try await body(
                JobQueue(pool: database.pool, clock: clock, identifiers: TimeOrderedIdentifiers(clock: clock)), clock, database.pool)
        }
    }

    @Test func eachJobGoesToOneWorker() async throws {
        try await withQueue { queue, _, _ in
            for index in 0..<40 { #expect(try await queue.enqueue("work", key: "\(index)")) }
            #expect(try await queue.enqueue("work", key: "7") == false)
            let taken = try await withThrowingTaskGroup(of: [String].self) { group in
                for worker in 0..<4 {
                    group.addTask {
                        var mine: [String] = []
                        while let job = try await queue.claim(["work"], worker: "\(worker)", leaseSeconds: 30) {
                            mine.append("\(job.id)")
                            try await queue.complete(job)
                        }
                        return mine
                    }
                }
                return try await group.reduce(into: [String]()) { $0 += $1 }
            }
            #expect(taken.count == 40 && Set(taken).count == 40)
            #expect(try await queue.enqueue("work", key: "7"))
        }
    }

    @Test func failuresComeBackLaterAndAreBuriedInTheEnd() async throws {
        try await withQueue { queue, clock, _ in
            try await queue.enqueue("work", key: "a", group: "g", maximumAttempts: 3)
            for attempt in 1...3 {
                let job = try #require(try await queue.claim(["work"], worker: "w", leaseSeconds: 30))
                #expect(job.attempt == Int32(attempt))
                try await queue.fail(job, error: "no luck")
                #expect(try await queue.claim(["work"], worker: "w", leaseSeconds: 30) == nil, "it rests first")
                clock.advance(seconds: 10)
            }
            #expect(try await queue.claim(["work"], worker: "w", leaseSeconds: 30) == nil)
            #expect(try await queue.state(ofGroup: "g") == JobGroupState(unfinished: 0, dead: 1, error: "no luck"))
        }
    }

    @Test func schedulesRunPauseAndResume() async throws {
        try await withQueue { queue, clock, pool in
            let runs = Shared(0)
            let definition = JobDefinition("tick", schedule: .every(seconds: 60)) { _ in _ = runs.withLock { $0 += 1 } }
            let schedules = JobSchedules(pool: pool, queue: queue, clock: clock, schedules: ["tick": .every(seconds: 60)])
            let workers = JobWorkers(definitions: [definition], queue: queue, schedules: schedules, worker: "w", logger: .silent)
            try await schedules.register()
            func turn() async throws {
                try await schedules.enqueueDue()
                while try await workers.workOnce() {}
            }
            try await turn()
            #expect(runs.value == 0)
            clock.advance(seconds: 61)
            try await turn()
            try await turn()
            #expect(runs.value == 1)
            #expect(try await schedules.all().first?.lastOutcome == "succeeded")
            #expect(try await schedules.setPaused("tick", true).isPaused)
            clock.advance(seconds: 600)
            try await turn()
            #expect(runs.value == 1)
            _ = try await schedules.runNow("tick")
            try await turn()
            #expect(runs.value == 2, "asked for by hand it runs, paused or not")
            _ = try await schedules.setPaused("tick", false)
            clock.advance(seconds: 61)
            try await turn()
            #expect(runs.value == 3)
            await #expect(throws: Refusal.self) { try await schedules.runNow("nothing") }
        }
    }
}

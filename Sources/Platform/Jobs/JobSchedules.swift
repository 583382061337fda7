import Kernel
import Postgres

/// A job as its administrator sees it.
public struct JobState: Sendable, Equatable {
    public let name: String
    public let schedule: String
    public let isPaused: Bool
    public let isRunning: Bool
    public let nextRunAt: Timestamp?
    public let lastStartedAt: Timestamp?
    public let lastFinishedAt: Timestamp?
    public let lastOutcome: String?
    public let lastError: String?
    public let deadJobs: Int64
}

/// The schedules that all processes share: each run is enqueued once, by whichever process looks first.
public struct JobSchedules: Sendable {
    private let pool: ConnectionPool
    private let queue: JobQueue
    private let clock: any WallClock
    private let schedules: [String: JobSchedule]

    public init(pool: ConnectionPool, queue: JobQueue, clock: any WallClock, schedules: [String: JobSchedule]) {
        self.pool = pool
        self.queue = queue
        self.clock = clock
        self.schedules = schedules
    }

    /// Makes the schedules known; one that has changed begins anew, a pause stays.
    public func register() async throws {
        let now = clock.now()
        let known = schedules
        try await pool.transaction { transaction in
            for (name, schedule) in known.sorted(by: { $0.key < $1.key }) {
                _ = try transaction.execute(
                    """
                    INSERT INTO platform.job_schedule AS s (name, schedule, next_run_at)
                    VALUES (\(name), \(schedule.description), \(schedule.next(after: now)))
                    ON CONFLICT (name) DO UPDATE SET schedule = excluded.schedule, next_run_at = excluded.next_run_at
                    WHERE s.schedule <> excluded.schedule
                    """)
            }
        }
    }

    /// Enqueues what is due. A run whose predecessor is still under way is left out.
    public func enqueueDue() async throws {
        let (now, known, queue) = (clock.now(), schedules, queue)
        try await pool.transaction { transaction in
            let due = try transaction.query(
                """
                SELECT name FROM platform.job_schedule WHERE NOT is_paused AND next_run_at <= \(now) AND name = ANY(\(Array(known.keys))::text[])
                ORDER BY name FOR UPDATE SKIP LOCKED
                """
            ).map { try $0.text(0) }
            for name in due {
                try queue.enqueue(name, key: name, maximumAttempts: 1, in: transaction)
                _ = try transaction.execute(
                    "UPDATE platform.job_schedule SET next_run_at = \(known[name]?.next(after: now)) WHERE name = \(name)")
            }
        }
    }

    /// Enqueues a run now, paused or not.
    /// - Throws: 404 `not_found`
    public func runNow(_ name: String) async throws -> JobState {
        let state = try await state(of: name)
        try await queue.enqueue(name, key: name, maximumAttempts: 1)
        return state
    }

    /// - Throws: 404 `not_found`
    public func setPaused(_ name: String, _ isPaused: Bool) async throws -> JobState {
        // A process that does not know the schedule lets the job run once; whoever runs it sets the next time.
        let next = isPaused ? nil : schedules[name]?.next(after: clock.now()) ?? clock.now()
        let changed = try await pool.transaction {
            try $0.execute(
                "UPDATE platform.job_schedule SET is_paused = \(isPaused), next_run_at = \(next) WHERE name = \(name)")
        }
        guard changed == 1 else { throw Refusal.notFound("not_found", "There is no such job") }
        return try await state(of: name)
    }

    func started(_ name: String) async throws {
        let now = clock.now()
        _ = try await pool.transaction {
            try $0.execute("UPDATE platform.job_schedule SET last_started_at = \(now) WHERE name = \(name)")
        }
    }

    func finished(_ name: String, error: String?) async throws {
        let now = clock.now()
        _ = try await pool.transaction {
            try $0.execute(
                """
                UPDATE platform.job_schedule SET last_finished_at = \(now), last_outcome = \(error == nil ? "succeeded" : "failed"),
                    last_error = \(error.map { String($0.prefix(500)) })
                WHERE name = \(name)
                """)
        }
    }

    /// - Throws: 404 `not_found`
    public func state(of name: String) async throws -> JobState {
        guard let state = try await all().first(where: { $0.name == name }) else {
            throw Refusal.notFound("not_found", "There is no such job")
        }
        return state
    }

    /// Every job, by name.
    public func all() async throws -> [JobState] {
        try await pool.read { transaction in
            try transaction.query(
                """
                SELECT s.name, s.schedule, s.is_paused, EXISTS (
                        SELECT FROM platform.job j WHERE j.key = s.name AND j.status = 'running'), s.next_run_at, s.last_started_at,
                    s.last_finished_at, s.last_outcome, s.last_error,
                    (SELECT count(*) FROM platform.job j WHERE j.name = s.name AND j.status = 'dead')
                FROM platform.job_schedule s ORDER BY s.name
                """
            ).map { row in
                JobState(
                    name: try row.text(0), schedule: try row.text(1), isPaused: try row.bool(2), isRunning: try row.bool(3),
                    nextRunAt: try row.timestampOrNil(4), lastStartedAt: try row.timestampOrNil(5),
                    lastFinishedAt: try row.timestampOrNil(6), lastOutcome: try row.textOrNil(7), lastError: try row.textOrNil(8),
                    deadJobs: try row.int64(9))
            }
        }
    }
}

import Kernel
import Postgres

public enum Job {}

/// A job that a worker holds.
public struct ClaimedJob: Sendable {
    public let id: Identifier<Job>
    public let name: String
    public let payload: String
    /// Counts from 1. Together with the identifier it names this lease: a worker that lost it cannot finish the job.
    public let attempt: Int32
    public let maximumAttempts: Int32
}

/// How far a group of jobs is.
public struct JobGroupState: Sendable, Equatable {
    public let unfinished: Int64
    public let dead: Int64
    public let error: String?

    public init(unfinished: Int64, dead: Int64, error: String?) {
        self.unfinished = unfinished
        self.dead = dead
        self.error = error
    }
}

/// The queue in PostgreSQL: claimed with SKIP LOCKED, held by a lease that is renewed, tried again with growing pauses, buried in the end.
/// Everything is decided by the clock that is injected; nothing depends on sessions, so it works through a pooler.
public struct JobQueue: Sendable {
    private let pool: ConnectionPool
    private let clock: any WallClock
    private let identifiers: any IdentifierSource

    public init(pool: ConnectionPool, clock: any WallClock, identifiers: any IdentifierSource) {
        self.pool = pool
        self.clock = clock
        self.identifiers = identifiers
    }

    /// Puts a job into the queue, inside the caller's transaction.
    /// - Returns: false when an unfinished job has this key already
    @discardableResult
    public func enqueue(
        _ name: String, key: String, group: String? = nil, payload: String = "", runAt: Timestamp? = nil, maximumAttempts: Int32 = 5,
        in transaction: Transaction
    ) throws -> Bool {
        let now = clock.now()
        return try transaction.execute(
            """
            INSERT INTO platform.job (id, name, key, group_key, payload, status, run_at, maximum_attempts, created_at)
            VALUES (\(identifiers.nextBits()), \(name), \(key), \(group), \(payload), 'ready', \(runAt ?? now), \(maximumAttempts), \(now))
            ON CONFLICT (key) WHERE status IN ('ready', 'running') DO NOTHING
            """) == 1
    }

    @discardableResult
    public func enqueue(
        _ name: String, key: String, group: String? = nil, payload: String = "", runAt: Timestamp? = nil, maximumAttempts: Int32 = 5
    ) async throws -> Bool {
        try await pool.transaction {
            try enqueue(name, key: key, group: group, payload: payload, runAt: runAt, maximumAttempts: maximumAttempts, in: $0)
        }
    }

    /// The job that is due longest and that nobody holds.
    /// - Parameter group: only jobs of this group
    public func claim(
        _ names: [String], group: String? = nil, worker: String, leaseSeconds: Int64
    ) async throws -> ClaimedJob? {
        let now = clock.now()
        return try await pool.transaction { transaction in
            // A worker that died at the last attempt leaves a job that nobody will finish.
            _ = try transaction.execute(
                """
                UPDATE platform.job SET status = 'dead', lease_until = NULL, finished_at = \(now),
                    error = coalesce(error, 'the worker disappeared')
                WHERE id IN (
                    SELECT id FROM platform.job WHERE status = 'running' AND lease_until < \(now) AND attempts >= maximum_attempts
                    AND name = ANY(\(names)::text[]) LIMIT 100 FOR UPDATE SKIP LOCKED)
                """)
            let row = try transaction.query(
                """
                UPDATE platform.job SET status = 'running', attempts = attempts + 1, lease_until = \(now.adding(seconds: leaseSeconds)),
                    worker = \(worker)
                WHERE id = (
                    SELECT id FROM platform.job
                    WHERE ((status = 'ready' AND run_at <= \(now)) OR (status = 'running' AND lease_until < \(now)))
                        AND name = ANY(\(names)::text[]) AND (\(group)::text IS NULL OR group_key = \(group))
                    ORDER BY run_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
                RETURNING id, name, payload, attempts, maximum_attempts
                """
            ).first
            return try row.map {
                ClaimedJob(
                    id: try $0.identifier(0), name: try $0.text(1), payload: try $0.text(2), attempt: try $0.int32(3),
                    maximumAttempts: try $0.int32(4))
            }
        }
    }

    /// - Returns: false when the lease was lost meanwhile
    public func renew(_ job: ClaimedJob, leaseSeconds: Int64) async throws -> Bool {
        let until = clock.now().adding(seconds: leaseSeconds)
        return try await pool.transaction {
            try $0.execute(
                "UPDATE platform.job SET lease_until = \(until) WHERE id = \(job.id) AND attempts = \(job.attempt) AND status = 'running'")
        } == 1
    }

    /// - Returns: false when the lease was lost meanwhile
    @discardableResult
    public func complete(_ job: ClaimedJob) async throws -> Bool {
        let now = clock.now()
        return try await pool.transaction {
            try $0.execute(
                """
                UPDATE platform.job SET status = 'done', lease_until = NULL, finished_at = \(now), error = NULL
                WHERE id = \(job.id) AND attempts = \(job.attempt) AND status = 'running'
                """)
        } == 1
    }

    /// Gives a job back after a failure: again after 2, 4, 8 … seconds, at most ten minutes; after the last attempt it is dead.
    public func fail(_ job: ClaimedJob, error: String) async throws {
        let now = clock.now()
        let isLast = job.attempt >= job.maximumAttempts
        let pauseSeconds = min(600, Int64(1) << Int64(min(job.attempt, 10)))
        try await pool.transaction { transaction in
            _ = try transaction.execute(
                """
                UPDATE platform.job SET status = \(isLast ? "dead" : "ready"), lease_until = NULL, error = \(String(error.prefix(500))),
                    run_at = \(now.adding(seconds: pauseSeconds)), finished_at = \(isLast ? now : nil)
                WHERE id = \(job.id) AND attempts = \(job.attempt) AND status = 'running'
                """)
        }
    }

    /// How far the jobs of a group are.
    public func state(ofGroup group: String) async throws -> JobGroupState {
        try await pool.read { transaction in
            let row = try transaction.query(
                """
                SELECT count(*) FILTER (WHERE status IN ('ready', 'running')), count(*) FILTER (WHERE status = 'dead'), max(error)
                FROM platform.job WHERE group_key = \(group)
                """
            ).first
            return JobGroupState(unfinished: try row?.int64(0) ?? 0, dead: try row?.int64(1) ?? 0, error: try row?.textOrNil(2))
        }
    }

    /// Forgets the jobs of a group, whatever became of them.
    public func clear(group: String) async throws {
        _ = try await pool.transaction { try $0.execute("DELETE FROM platform.job WHERE group_key = \(group)") }
    }

    /// Forgets jobs that ended well before an instant, and dead ones a month later.
    public func purge(finishedBefore instant: Timestamp) async throws {
        _ = try await pool.transaction { transaction in
            try transaction.execute(
                """
                DELETE FROM platform.job WHERE (status = 'done' AND finished_at < \(instant))
                    OR (status = 'dead' AND finished_at < \(instant.adding(seconds: -30 * 86_400)))
                """)
        }
    }
}

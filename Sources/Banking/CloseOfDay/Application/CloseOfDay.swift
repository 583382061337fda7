import Application
import Jobs
import Kernel
import Ledger
import Logging
import Postgres
import Products

/// Closes business days: the rooms' steps in the contract's order, then the next day is opened. Customers keep working meanwhile.
///
/// A run is a job of the queue, its parts are jobs too; any worker of any process takes them. Whoever dies is replaced when its lease is
/// over, and goes on where it stopped: completed steps are marked, and a step that is begun again finds done what is done.
public struct CloseOfDay: Sendable {
    public static let runJob = "close-of-day"
    public static let partJob = "close-of-day-part"
    public static let catchUpJob = "close-of-day-catch-up"
    /// Deaths of workers count as attempts, so there are many; what fails by itself ends the run long before.
    private static let attempts: Int32 = 50
    private static let failuresAllowed: Int32 = 6
    private static let partLeaseSeconds: Int64 = 30

    private let pool: ConnectionPool
    private let queue: JobQueue
    private let steps: [any DayStep]
    private let clock: any WallClock
    private let identifiers: any IdentifierSource
    private let pipeline: CommandPipeline
    private let days: BusinessDays
    private let mayRunAhead: Bool
    private let onNewDay: @Sendable () async throws -> Void
    private let beforeRun: @Sendable () async throws -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - steps: in their order; the roll of the date comes after them by itself
    ///   - mayRunAhead: whether the business date may be ahead of the calendar, in demo mode
    ///   - beforeRun: what has to be settled first, such as events on their way to other rooms
    ///   - onNewDay: forgets what was remembered about the old day
    public init(
        pool: ConnectionPool, queue: JobQueue, steps: [any DayStep], clock: any WallClock, identifiers: any IdentifierSource,
        pipeline: CommandPipeline, mayRunAhead: Bool, logger: Logger, beforeRun: @escaping @Sendable () async throws -> Void = {},
        onNewDay: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.pool = pool
        self.queue = queue
        self.steps = steps + [DateRoll(pool: pool, clock: clock)]
        self.clock = clock
        self.identifiers = identifiers
        self.pipeline = pipeline
        self.mayRunAhead = mayRunAhead
        self.logger = logger
        self.beforeRun = beforeRun
        self.onNewDay = onNewDay
        days = BusinessDays(clock: clock)
    }

    /// The workers' side: what this room does in the queue.
    public var jobs: [JobDefinition] {
        [
            JobDefinition(Self.runJob) { job in try await perform(job) },
            JobDefinition(Self.partJob) { job in try await performPart(job) },
            JobDefinition(Self.catchUpJob, schedule: .every(seconds: 30)) { _ in try await catchUp() },
        ]
    }

    // MARK: Starting

    /// Begins a run.
    /// - Parameter through: nil closes the open date alone
    /// - Throws: 409 `run_in_progress`; 422 `out_of_range`, `date_in_future`
    public func start(through: BusinessDate?, context: RequestContext) async throws -> DayRun {
        let (now, id) = (clock.now(), identifiers.next(ClosingRun.self))
        let (days, queue, mayRunAhead) = (days, queue, mayRunAhead)
        do {
            _ = try await pipeline.run(context, isIdempotent: false) { transaction in
                guard try RunStore.find("status = 'running'", in: transaction).isEmpty else { throw Self.inProgress }
                let open = try days.require(in: transaction)
                let last = through ?? open
                try DayPolicy.check(through: last, open: open, calendar: BusinessDate(of: now), mayRunAhead: mayRunAhead)
                _ = try transaction.execute(
                    RunStore.insert(id, from: open, through: last, by: context.principal?.userID, at: now))
                try queue.enqueue(Self.runJob, key: Self.runJob, payload: id.description, maximumAttempts: Self.attempts, in: transaction)
                return CommandResult(audit: [Self.audit("start", id, context, [("through", last.description)])])
            }
        } catch let error as PostgresError where error.isUniqueViolation {
            throw Self.inProgress
        }
        return try await run(id)
    }

    /// Goes on with a failed run where it stopped.
    /// - Throws: 404 `not_found`; 409 `invalid_state`, `run_in_progress`
    public func resume(_ id: Identifier<ClosingRun>, context: RequestContext) async throws -> DayRun {
        let queue = queue
        do {
            _ = try await pipeline.run(context, isIdempotent: false) { transaction in
                guard let run = try RunStore.find("id = \(id)", in: transaction).first else {
                    throw Refusal.notFound("not_found", "There is no such run")
                }
                guard run.status == .failed else { throw Refusal.invalidState(run.status.rawValue, "Only a failed run is resumed") }
                _ = try transaction.execute(RunStore.resume(id))
                try queue.enqueue(Self.runJob, key: Self.runJob, payload: id.description, maximumAttempts: Self.attempts, in: transaction)
                return CommandResult(audit: [Self.audit("resume", id, context)])
            }
        } catch let error as PostgresError where error.isUniqueViolation {
            throw Self.inProgress
        }
        return try await run(id)
    }

    /// Closes the days that the calendar has left behind, when there are any and nobody is at it.
    func catchUp() async throws {
        try await revive()
        let (days, now) = (days, clock.now())
        let yesterday = BusinessDate(of: now).adding(days: -1)
        let open = try await pool.read { try days.current(in: $0) }
        guard let open, open <= yesterday else { return }
        guard yesterday.days(since: open) < DayPolicy.greatestCatchUp else {
            logger.error(
                "the business date is far behind the calendar; close the days by hand if the clock is right",
                metadata: ["businessDate": "\(open)", "calendarDate": "\(yesterday.adding(days: 1))"])
            return
        }
        do {
            _ = try await start(through: yesterday, context: .system(.batch, at: now, idempotencyKey: "close-of-day/\(yesterday)"))
        } catch let refusal as Refusal where refusal.code == "run_in_progress" {
            // Somebody is at it.
        }
    }

    // MARK: Reading

    public func run(_ id: Identifier<ClosingRun>) async throws -> DayRun {
        guard let run = try await pool.snapshot({ try RunStore.find("id = \(id)", in: $0).first }) else {
            throw Refusal.notFound("not_found", "There is no such run")
        }
        return run
    }

    public func runs(limit: Int, before place: Identifier<ClosingRun>?) async throws -> [DayRun] {
        try await pool.snapshot {
            try RunStore.find("(\(place)::uuid IS NULL OR id < \(place)) ORDER BY id DESC LIMIT \(Int64(limit))", in: $0)
        }
    }

    public func isRunning() async throws -> Bool {
        try await pool.read { try !$0.query("SELECT FROM closeofday.run WHERE status = 'running'").isEmpty }
    }

    /// What closing the open day would post.
    public func preview() async throws -> (date: BusinessDate, lines: [(step: String, preview: DayPreview)]) {
        let days = days
        let date = try await pool.read { try days.require(in: $0) }
        var lines: [(String, DayPreview)] = []
        for step in steps { lines += try await step.preview(on: date).map { (step.name, $0) } }
        return (date, lines)
    }

    // MARK: Working

    /// Works in the queue until a run has ended, for the command line: other workers may take part.
    public func work(on id: Identifier<ClosingRun>, worker: String) async throws -> DayRun {
        let workers = JobWorkers(
            definitions: jobs.filter { $0.schedule == nil }, queue: queue,
            schedules: JobSchedules(pool: pool, queue: queue, clock: clock, schedules: [:]), worker: worker, logger: logger)
        while true {
            let run = try await run(id)
            if run.status != .running { return run }
            if try await !workers.workOnce() {
                try await revive()
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    private func perform(_ job: ClaimedJob) async throws {
        guard let id = Identifier<ClosingRun>(job.payload) else { return }
        do {
            try await close(id)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // What may pass by itself is tried again; the rest is for somebody to mend and resume.
            if job.attempt < Self.failuresAllowed, Self.mayPass(error) { throw error }
            let text = (error as? Refusal)?.detail ?? "\(error)"
            logger.error("closing the day failed", metadata: ["run": "\(id)", "error": "\(text)"])
            try await execute([RunStore.finish(id, as: .failed, error: text, at: clock.now())])
        }
    }

    private static func mayPass(_ error: any Error) -> Bool {
        if let refusal = error as? Refusal { return refusal.kind == .unavailable }
        return (error as? PostgresError)?.isTransient ?? true
    }

    /// Puts a run back into the queue whose job was buried with its workers.
    private func revive() async throws {
        let queue = queue
        try await pool.transaction { transaction in
            guard let run = try RunStore.find("status = 'running'", in: transaction).first else { return }
            try queue.enqueue(
                Self.runJob, key: Self.runJob, payload: run.id.description, maximumAttempts: Self.attempts, in: transaction)
        }
    }

    private func close(_ id: Identifier<ClosingRun>) async throws {
        try await beforeRun()
        while true {
            let run = try await run(id)
            guard run.status == .running else { return }
            let days = days
            let open = try await pool.read { try days.require(in: $0) }
            guard open <= run.throughDate else {
                try await execute([RunStore.finish(id, as: .completed, error: nil, at: clock.now())])
                return
            }
            try await execute([RunStore.setDate(open, of: id)])
            for (ordinal, step) in steps.enumerated() { try await perform(step, ordinal: Int16(ordinal), on: open, run: id) }
            try await onNewDay()
        }
    }

    private func perform(_ step: any DayStep, ordinal: Int16, on date: BusinessDate, run id: Identifier<ClosingRun>) async throws {
        if try await pool.read({ try RunStore.isCompleted(step.name, on: date, in: $0) }) { return }
        try await execute([RunStore.begin(step.name, ordinal: ordinal, on: date, run: id, at: clock.now())])
        do {
            let parts = try await step.parts(on: date)
            if parts.count == 1 {
                // Nothing to share: no detour through the queue.
                let outcome = try await step.run(parts[0], on: date)
                try await execute(RunStore.record(outcome, step: step.name, on: date, run: id))
            } else if !parts.isEmpty {
                try await share(parts, of: step, on: date, run: id)
            }
            try await step.finish(on: date)
        } catch {
            if !(error is CancellationError) {
                try? await execute([RunStore.end(step.name, on: date, as: .failed, at: clock.now())])
            }
            throw error
        }
        try await execute([RunStore.end(step.name, on: date, as: .completed, at: clock.now())])
    }

    /// Puts the parts into the queue, works on them beside everybody else, and waits for the last.
    private func share(_ parts: [String], of step: any DayStep, on date: BusinessDate, run id: Identifier<ClosingRun>) async throws {
        let group = "\(Self.runJob)/\(date)/\(step.name)"
        try await queue.clear(group: group)
        let queue = queue
        try await pool.transaction { transaction in
            for part in parts {
                try queue.enqueue(
                    Self.partJob, key: "\(group)/\(part)", group: group, payload: "\(id)|\(date)|\(step.name)|\(part)",
                    maximumAttempts: Self.failuresAllowed,
                    in: transaction)
            }
        }
        while true {
            try Task.checkCancellation()
            if let job = try await queue.claim([Self.partJob], group: group, worker: "close-of-day", leaseSeconds: Self.partLeaseSeconds) {
                do {
                    try await queue.holding(job, leaseSeconds: Self.partLeaseSeconds) { try await performPart(job) }
                    try await queue.complete(job)
                } catch {
                    try await queue.fail(job, error: "\(error)")
                    throw error
                }
                continue
            }
            let state = try await queue.state(ofGroup: group)
            if state.dead > 0 {
                throw Refusal.unavailable("A part of \(step.name) failed: \(state.error ?? "no reason was given")")
            }
            if state.unfinished == 0 { return }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func performPart(_ job: ClaimedJob) async throws {
        let fields = job.payload.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 4, let id = Identifier<ClosingRun>(fields[0]), let date = BusinessDate(iso: fields[1]),
            let step = steps.first(where: { $0.name == fields[2] })
        else { return }
        let outcome = try await step.run(fields[3], on: date)
        try await execute(RunStore.record(outcome, step: step.name, on: date, run: id))
    }

    private func execute(_ statements: [SQL]) async throws {
        try await pool.transaction { transaction in
            for statement in statements { _ = try transaction.execute(statement) }
        }
    }

    private static let inProgress = Refusal(.conflict, "run_in_progress", "The bank is closing a day at this moment")

    private static func audit(
        _ action: String, _ id: Identifier<ClosingRun>, _ context: RequestContext, _ detail: [(String, String)] = []
    ) -> AuditRecord {
        AuditRecord(
            action: "closeOfDay.\(action)", outcome: .success, actor: context.principal?.userID, subjectType: "run",
            subjectID: id.description, context: context, detail: detail)
    }
}

import Accounts
import Application
import CloseOfDay
import Deposits
import HTTPEdge
import Identity
import Jobs
import Kernel
import Ledger
import Logging
import Payments
import Postgres
import Products
import Statements

/// The queue of jobs and the close of business, put together from the rooms' steps.
struct Days: Sendable {
    let queue: JobQueue
    let closing: CloseOfDay
    private let holds: HoldExpiry
    private let pool: ConnectionPool

    init(
        settings: Settings, pool: ConnectionPool, clock: any WallClock, identifiers: any IdentifierSource, pipeline: CommandPipeline,
        deposits: DepositsWorkshop, dormancy: Dormancy, holds: HoldExpiry, standingOrders: RunStandingOrders,
        statements: MonthlyStatements, outbox: OutboxDispatcher, businessDay: BusinessDayCache, logger: Logger
    ) {
        self.holds = holds
        self.pool = pool
        queue = JobQueue(pool: pool, clock: clock, identifiers: identifiers)
        // The contract's order (section 15); the date rolls after the last.
        let steps: [any DayStep] = [
            SimpleStep("standingOrders") { date in
                let run = try await standingOrders.runDueStandingOrders(on: date)
                return DayOutcome(
                    processed: Int64(run.total),
                    exceptions: run.failures.map {
                        DayException(entityType: "standingOrder", entityID: $0.order.description, code: "failed", message: $0.reason)
                    })
            }, SavingsAccrual(deposits), InterestPosting(deposits), DepositMaturity(deposits),
            SimpleStep("holdExpiry") { _ in DayOutcome(processed: try await holds.expireAll()) }, dormancy,
            CombinedStep("reports", [DailyReports(pool: pool, clock: clock), statements]),
        ]
        closing = CloseOfDay(
            pool: pool, queue: queue, steps: steps, clock: clock, identifiers: identifiers, pipeline: pipeline,
            mayRunAhead: settings.mode == .demo, logger: logger,
            beforeRun: { while try await outbox.dispatch() > 0 {} }, onNewDay: { businessDay.invalidate() })
    }

    /// Everything in the queue, with its schedule (Africa/Nairobi).
    func definitions(of bank: Bank) -> [JobDefinition] {
        let (clock, pool, identity, holds, queue) = (bank.clock, bank.commandPool, bank.identity, holds, queue)
        return closing.jobs + [
            JobDefinition("hold-expiry", schedule: .every(seconds: 5)) { _ in _ = try await holds.expireAll() },
            JobDefinition("fold-movements", schedule: .every(seconds: 10)) { _ in
                let generalLedger = GeneralLedger(clock: clock)
                try await pool.transaction { try generalLedger.foldMovements(in: $0) }
            },
            JobDefinition("identity-purge", schedule: .every(seconds: 600)) { _ in while try await identity.purge() >= 1_000 {} },
            JobDefinition("partition-maintenance", schedule: .every(seconds: 3_600)) { _ in try await bank.createPartitions() },
            JobDefinition("job-purge", schedule: CronSchedule("15 3 * * *").map { .cron($0) }) { _ in
                try await queue.purge(finishedBefore: clock.now().adding(seconds: -86_400))
            },
        ]
    }

    func schedules(of definitions: [JobDefinition], pool: ConnectionPool, clock: any WallClock) -> JobSchedules {
        let scheduled = definitions.compactMap { definition in definition.schedule.map { (definition.name, $0) } }
        return JobSchedules(
            pool: pool, queue: queue, clock: clock, schedules: Dictionary(scheduled, uniquingKeysWith: { first, _ in first }))
    }

    /// The workers of this process.
    func workers(of bank: Bank) -> JobWorkers {
        let definitions = definitions(of: bank)
        return JobWorkers(
            definitions: definitions, queue: queue,
            schedules: schedules(of: definitions, pool: bank.commandPool, clock: bank.clock),
            worker: "\(bank.identifiers.next(JobWorkers.self))", logger: bank.logger)
    }

    func endpoints(
        catalogue: CatalogueCommands, tariffs: TariffBookCache, readers: ConnectionPool, clock: any WallClock
    ) -> [Endpoint] {
        CloseOfDayEndpoints(closing: closing, catalogue: catalogue, tariffs: tariffs, pool: readers, clock: clock).all
            + JobEndpoints(schedules: JobSchedules(pool: pool, queue: queue, clock: clock, schedules: [:])).all
    }
}

/// Ends holds whose time is over, through the engine like everything that changes what is available.
struct HoldExpiry: Sendable {
    let engine: PostingEngine
    let readers: ConnectionPool
    let clock: any WallClock

    /// - Returns: how many were ended
    func expireAll() async throws -> Int64 {
        let limit = 200
        var ended: Int64 = 0
        while true {
            let (reader, now) = (LedgerReader(clock: clock), clock.now())
            let overdue = try await readers.read { try reader.overdueHolds(at: now, limit: limit, in: $0) }
            for hold in overdue {
                let context = RequestContext.system(at: now, idempotencyKey: "hold-expiry/\(hold)")
                let audit = AuditRecord(
                    action: "ledger.expireHold", outcome: .success, actor: nil, subjectType: "hold", subjectID: hold.description,
                    context: context)
                do {
                    _ = try await engine.post(PostingUnit(commands: [.expireHold(hold)], context: context, idempotency: nil, audit: audit))
                    ended += 1
                } catch let refusal as Refusal where refusal.kind == .conflict || refusal.kind == .notFound {
                    // Captured or released in the meantime.
                }
            }
            if overdue.count < limit { return ended }
        }
    }
}

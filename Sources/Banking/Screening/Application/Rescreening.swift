import Application
import Kernel
import Parties
import Postgres

enum RescreenStore {
    static func insert(_ id: UInt128, by principal: Principal?, at instant: Timestamp) -> SQL {
        """
        INSERT INTO screening.rescreen_job (id, requested_at, requested_by, status)
        VALUES (\(id), \(instant), \(principal?.userID), 'queued')
        """
    }
}

/// Screens the whole base again, a chunk of customers in a commit, so that it can stop anywhere and several processes can take turns.
public struct Rescreening: Sendable {
    private let pool: ConnectionPool
    private let pipeline: CommandPipeline
    private let clock: any WallClock
    private let identifiers: any IdentifierSource
    private let service: ScreeningService
    private let parties: PartiesForScreening
    private let effects: PartyScreeningEffects
    private let audit: any AuditSink
    private let chunk: Int64

    public init(
        pool: ConnectionPool, pipeline: CommandPipeline, clock: any WallClock, identifiers: any IdentifierSource,
        service: ScreeningService, parties: PartiesForScreening, effects: PartyScreeningEffects, audit: any AuditSink, chunk: Int64 = 100
    ) {
        self.pool = pool
        self.pipeline = pipeline
        self.clock = clock
        self.identifiers = identifiers
        self.service = service
        self.parties = parties
        self.effects = effects
        self.audit = audit
        self.chunk = chunk
    }

    /// - Returns: the job that will do it
    func request(context: RequestContext) async throws -> (job: Identifier<RescreenJob>, isReplay: Bool) {
        let (id, now) = (identifiers.next(RescreenJob.self), clock.now())
        let reply = try await pipeline.run(context) { transaction in
            _ = try transaction.execute(RescreenStore.insert(id.bits, by: context.principal, at: now))
            return CommandResult(
                status: 202, body: Array(id.description.utf8),
                audit: [
                    AuditRecord(
                        action: "screening.rescreen", outcome: .success, actor: context.principal?.userID, subjectType: "job",
                        subjectID: id.description, context: context)
                ])
        }
        guard let job = Identifier<RescreenJob>(String(decoding: reply.body, as: UTF8.self)) else { throw Refusal.unavailable() }
        return (job, reply.isReplay)
    }

    /// Works on one chunk of the oldest open job.
    /// - Returns: whether there is more to do
    public func work() async throws -> Bool {
        let context = RequestContext.system(.batch, at: clock.now(), idempotencyKey: "rescreen")
        return try await pool.transaction { transaction in
            let jobs = try transaction.query(
                """
                SELECT id, last_customer FROM screening.rescreen_job WHERE status <> 'completed' ORDER BY id LIMIT 1
                FOR UPDATE SKIP LOCKED
                """)
            guard let job = jobs.first else { return false }
            let id = try job.uuid(0)
            let last: Identifier<Customer>? = try job.identifierOrNil(1)
            let next = try parties.next(after: last, limit: chunk, in: transaction)
            var matched: Int64 = 0
            for party in next {
                let outcome = try service.outcome(of: party, keepsClear: false, context: context, in: transaction)
                guard outcome != .clear else { continue }
                matched += 1
                try effects.apply(.matched(outcome), to: party.id, context: context, in: transaction)
            }
            let isDone = next.count < Int(chunk)
            let finishedAt: Timestamp? = isDone ? clock.now() : nil
            _ = try transaction.execute(
                """
                UPDATE screening.rescreen_job SET status = \(isDone ? "completed" : "running"),
                    last_customer = \(next.last?.id ?? last), screened = screened + \(Int64(next.count)), matched = matched + \(matched),
                    finished_at = \(finishedAt)
                WHERE id = \(id)
                """)
            if isDone {
                try audit.append(
                    [
                        AuditRecord(
                            action: "screening.rescreened", outcome: .success, actor: nil, subjectType: "job",
                            subjectID: Identifier<RescreenJob>(bits: id).description, context: context)
                    ], in: transaction)
            }
            return true
        }
    }
}

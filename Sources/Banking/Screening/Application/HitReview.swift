import Application
import Kernel
import Parties
import Postgres

/// Hits wait for a person; the decision releases the party or keeps it where it is.
public struct HitReview: Sendable {
    private let pool: ConnectionPool
    private let pipeline: CommandPipeline
    private let clock: any WallClock
    private let effects: PartyScreeningEffects

    public init(pool: ConnectionPool, pipeline: CommandPipeline, clock: any WallClock, effects: PartyScreeningEffects) {
        self.pool = pool
        self.pipeline = pipeline
        self.clock = clock
        self.effects = effects
    }

    public func list(
        status: HitStatus?, after: Identifier<ScreeningHit>?, limit: Int, context: RequestContext
    ) async throws -> [HitRecord] {
        try await pool.read(deadline: context.deadline) { try HitStore.list(status: status, after: after, limit: limit, in: $0) }
    }

    /// - Throws: 404 `not_found`; 409 `invalid_state` for a hit that was decided
    public func review(
        _ id: Identifier<ScreeningHit>, _ decision: HitStatus, notes: String, context: RequestContext
    ) async throws -> HitRecord {
        precondition(decision != .open, "a review decides")
        let (clock, effects) = (clock, effects)
        _ = try await pipeline.run(context) { transaction in
            guard let hit = try HitStore.lock(id, in: transaction) else { throw Refusal.notFound() }
            guard hit.status == .open || (hit.status == .escalated && decision != .escalated) else {
                throw Refusal.invalidState(hit.status.rawValue, "This hit was decided already")
            }
            let reviewed = try HitStore.review(
                id, status: decision, notes: notes, by: context.principal, at: clock.now(), in: transaction)
            if reviewed.subjectKind == .customer {
                let customer = Identifier<Customer>(bits: reviewed.subjectID)
                let standing = try HitStore.standing(of: reviewed.subjectID, in: transaction)
                // An exposed person is a customer like others, only watched more closely.
                let isPEP = reviewed.list == .pep && decision == .truePositive
                if standing.isConfirmed {
                    try effects.apply(.confirmed, to: customer, isPEP: isPEP, context: context, in: transaction)
                } else if standing.decision == .clear {
                    try effects.apply(.cleared, to: customer, isPEP: isPEP, context: context, in: transaction)
                } else if isPEP {
                    try effects.apply(.matched(.review), to: customer, isPEP: true, context: context, in: transaction)
                }
            }
            return CommandResult(
                body: Array(id.description.utf8),
                audit: [
                    AuditRecord(
                        action: "screening.review", outcome: .success, actor: context.principal?.userID, subjectType: "screeningHit",
                        subjectID: id.description, context: context,
                        detail: [("decision", decision.rawValue), ("list", reviewed.list.rawValue), ("entry", reviewed.entryID)])
                ])
        }
        guard let hit = try await pool.read({ try HitStore.find(id, in: $0) }) else { throw Refusal.notFound() }
        return hit
    }

    /// What still stands against an applicant: onboarding goes on when nothing does.
    public func standing(
        of subject: ScreeningSubject, in transaction: Transaction
    ) throws -> (decision: ScreeningDecision, isConfirmed: Bool) {
        try HitStore.standing(of: subject.id, in: transaction)
    }
}

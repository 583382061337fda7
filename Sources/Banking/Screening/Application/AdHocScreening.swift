import Application
import Kernel
import Parties
import Postgres

/// What somebody at the bank wants compared with the lists.
public enum ScreeningOrder: Sendable {
    case customer(cifNumber: String)
    case name(ScreeningQuery)
}

/// Screens a customer or a name because somebody asks for it.
public struct AdHocScreening: Sendable {
    private let pipeline: CommandPipeline
    private let identifiers: any IdentifierSource
    private let service: ScreeningService
    private let parties: PartiesForScreening
    private let effects: PartyScreeningEffects

    public init(
        pipeline: CommandPipeline, identifiers: any IdentifierSource, service: ScreeningService, parties: PartiesForScreening,
        effects: PartyScreeningEffects
    ) {
        self.pipeline = pipeline
        self.identifiers = identifiers
        self.service = service
        self.parties = parties
        self.effects = effects
    }

    /// - Parameter render: the answer to keep under the caller's key
    /// - Throws: 404 `customer_not_found`
    public func screen(
        _ order: ScreeningOrder, lists: Set<WatchlistCode>?, context: RequestContext,
        render: @escaping @Sendable (ScreeningResult) -> [UInt8]
    ) async throws -> CommandReply {
        let (service, parties, effects) = (service, parties, effects)
        let unnamed = identifiers.nextBits()
        return try await pipeline.run(context) { transaction in
            let result: ScreeningResult
            switch order {
            case .customer(let reference):
                let party = try parties.party(reference, in: transaction)
                result = try service.screen(
                    ScreeningService.queries(for: party), subject: ScreeningSubject(kind: .customer, id: party.id.bits), lists: lists,
                    context: context, in: transaction)
                if result.decision != .clear {
                    let outcome: PartyScreeningOutcome = result.decision == .block ? .block : .review
                    try effects.apply(.matched(outcome), to: party.id, context: context, in: transaction)
                }
            case .name(let query):
                result = try service.screen(
                    [query], subject: ScreeningSubject(kind: .name, id: unnamed), lists: lists, context: context, in: transaction)
            }
            return CommandResult(
                status: 201, body: render(result),
                audit: [
                    AuditRecord(
                        action: "screening.screen", outcome: .success, actor: context.principal?.userID, subjectType: "screening",
                        subjectID: result.id.description, context: context,
                        detail: [("decision", result.decision.rawValue), ("matches", String(result.matches.count))])
                ])
        }
    }
}

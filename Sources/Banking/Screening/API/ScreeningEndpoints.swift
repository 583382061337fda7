import Application
import HTTPEdge
import Kernel
import Parties
import Postgres

/// The room Screening, put together: lists, comparisons, hits and their review (contract, sections 26 and 30).
public struct ScreeningModule: Sendable {
    /// Screens parties in the commit that makes them; Parties and Onboarding are given it.
    public let service: ScreeningService
    public let watchlists: Watchlists
    public let review: HitReview
    /// For a job that runs every few seconds.
    public let rescreening: Rescreening
    private let adHoc: AdHocScreening

    private static let tag = "Compliance"
    private static let compliance = Access.roles(RoleSet(.complianceOfficer))

    /// - Parameter service: made before, because Parties needs it
    public init(
        service: ScreeningService, pool: ConnectionPool, pipeline: CommandPipeline, clock: any WallClock,
        identifiers: any IdentifierSource, parties: PartiesForScreening, effects: PartyScreeningEffects, audit: any AuditSink
    ) {
        self.service = service
        watchlists = Watchlists(pool: pool, pipeline: pipeline, clock: clock, identifiers: identifiers)
        review = HitReview(pool: pool, pipeline: pipeline, clock: clock, effects: effects)
        rescreening = Rescreening(
            pool: pool, pipeline: pipeline, clock: clock, identifiers: identifiers, service: service, parties: parties, effects: effects,
            audit: audit)
        adHoc = AdHocScreening(pipeline: pipeline, identifiers: identifiers, service: service, parties: parties, effects: effects)
    }

    public var endpoints: [Endpoint] { comparing + hits + lists }

    private var comparing: [Endpoint] {
        [
            Endpoint(
                .post, "/api/compliance/screening/compare", summary: "Compare two names", tag: Self.tag,
                access: Self.compliance, body: CompareRequest.self, reply: CompareView.self, options: EndpointOptions(isIdempotent: false)
            ) { Reply(CompareView(comparison: $0.body.comparison)) },
            Endpoint(
                .post, "/api/calculators/screening/compare", summary: "Compare two names", tag: "Calculators", access: .everyone,
                body: CompareRequest.self, reply: CompareView.self, options: EndpointOptions(isIdempotent: false)
            ) { Reply(CompareView(comparison: $0.body.comparison)) },
            Endpoint(
                .post, "/api/compliance/screening/parties", summary: "Compare a customer or a name with the lists", tag: Self.tag,
                access: .roles(RoleSet.branch.union(RoleSet([.complianceOfficer, .riskOfficer]))), body: ScreeningRequest.self,
                reply: ScreeningView.self, status: 201, errors: ["customer_not_found"]
            ) { call in
                let reply = try await adHoc.screen(call.body.order, lists: call.body.lists, context: call.context) {
                    ScreeningView(result: $0).json()
                }
                return Reply(
                    stored: EncodedReply(status: Int(reply.status), contentType: MediaType.json, body: reply.body),
                    isReplay: reply.isReplay)
            },
            Endpoint(
                .post, "/api/cif/{cif}/aml-screening", summary: "Compare a party with the lists", tag: "CIF",
                access: .roles(RoleSet([.complianceOfficer, .riskOfficer])), reply: ScreeningView.self, status: 201,
                errors: ["customer_not_found"]
            ) { call in
                let reply = try await adHoc.screen(.customer(cifNumber: call.path("cif")), lists: nil, context: call.context) {
                    ScreeningView(result: $0).json()
                }
                return Reply(
                    stored: EncodedReply(status: Int(reply.status), contentType: MediaType.json, body: reply.body),
                    isReplay: reply.isReplay)
            },
            Endpoint(
                .post, "/api/compliance/screening/rescreen", summary: "Screen the whole base again", tag: Self.tag,
                access: Self.compliance, reply: JobView.self, status: 202
            ) { call in
                let job = try await rescreening.request(context: call.context)
                return Reply(JobView(id: job.job), isReplay: job.isReplay)
            },
        ]
    }

    private var hits: [Endpoint] {
        [
            Endpoint(
                .get, "/api/compliance/screening/hits", summary: "Hits that wait, and those that were decided", tag: Self.tag,
                access: Self.compliance, query: HitQuery.self, reply: Page<HitView>.self
            ) { call in
                var place = call.query.page.cursor?.reader
                let after: Identifier<ScreeningHit>? = try place?.identifier()
                let found = try await review.list(
                    status: call.query.status, after: after, limit: call.query.page.fetchCount, context: call.context)
                return Reply(call.page(found.map { HitView(hit: $0) }) { Cursor().adding($0.hit.id) })
            },
            Endpoint(
                .post, "/api/compliance/screening/hits/{hitId}/review", summary: "Decide about a hit", tag: Self.tag,
                access: Self.compliance, body: HitReviewRequest.self, reply: HitView.self, errors: ["not_found", "invalid_state"]
            ) { call in
                Reply(
                    HitView(
                        hit: try await review.review(
                            try call.pathIdentifier("hitId"), call.body.decision, notes: call.body.notes, context: call.context)))
            },
        ]
    }

    private var lists: [Endpoint] {
        [
            Endpoint(
                .get, "/api/compliance/watchlists", summary: "Lists in force", tag: Self.tag, access: Self.compliance,
                query: NoQuery.self, reply: Page<ListVersionView>.self
            ) { call in
                let found = try await watchlists.current(context: call.context)
                return Reply(Page(items: found.map { ListVersionView(list: $0) }, nextCursor: nil))
            },
            Endpoint(
                .post, "/api/compliance/watchlists/{listCode}/import", summary: "Replace a list as a whole", tag: Self.tag,
                access: Self.compliance, body: WatchlistForm.self, reply: WatchlistImportView.self, status: 201,
                errors: ["not_found", "unsupported_file"], options: EndpointOptions(timeLimitSeconds: 120)
            ) { call in
                guard let code = WatchlistCode(rawValue: call.path("listCode")) else { throw Refusal.notFound() }
                let (done, isReplay) = try await watchlists.load(call.body.file.bytes, code: code, context: call.context)
                var reply = Reply.created(WatchlistImportView(done: done), location: "/api/compliance/watchlists")
                reply.isReplay = isReplay
                return reply
            },
        ]
    }
}

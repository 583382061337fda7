import HTTPEdge
import Kernel
import Postgres

/// The customer file over HTTP (contract, section 9).
public struct CIFEndpoints: Sendable {
    private let registry: PartyRegistry
    private let queries: PartyQueries
    private let file: PartyFile
    private let access: PortalAccess
    private let clock: any WallClock
    private let hasOpenBusiness: @Sendable (Identifier<Customer>, Transaction) throws -> Bool

    private static let tag = "CIF"
    private static let editors = Access.roles(RoleSet.branch.union(RoleSet(.complianceOfficer)))
    private static let staff = Access.roles(.staff)
    private static let compliance = Access.roles(RoleSet(.complianceOfficer))

    /// - Parameter hasOpenBusiness: whether a customer holds accounts or contracts that are not closed, for merging
    public init(
        registry: PartyRegistry, queries: PartyQueries, file: PartyFile, access: PortalAccess, clock: any WallClock,
        hasOpenBusiness: @escaping @Sendable (Identifier<Customer>, Transaction) throws -> Bool
    ) {
        self.registry = registry
        self.queries = queries
        self.file = file
        self.access = access
        self.clock = clock
        self.hasOpenBusiness = hasOpenBusiness
    }

    public var all: [Endpoint] { registering + reading + workLists + standing + documents + relationships }

    private func reply(_ state: PartyVersion, _ context: RequestContext) async throws -> Reply<PartyView> {
        Reply(PartyView(try await queries.party(state), for: context.principal), isReplay: state.isReplay)
    }

    private func created(_ state: PartyVersion, _ context: RequestContext) async throws -> Reply<PartyView> {
        let party = try await queries.party(state)
        var reply = Reply.created(PartyView(party, for: context.principal), location: "/api/cif/\(party.customer.cifNumber)")
        reply.isReplay = state.isReplay
        return reply
    }

    private var registering: [Endpoint] {
        [
            Endpoint(
                .post, "/api/cif/individual", summary: "Register a person", tag: Self.tag, access: Self.editors,
                body: IndividualRequest.self, reply: PartyView.self, status: 201, errors: ["duplicate_customer"]
            ) { call in
                try call.body.check(today: BusinessDate(of: clock.now()))
                return try await created(try await registry.register(call.body.draft, context: call.context), call.context)
            },
            Endpoint(
                .post, "/api/cif/corporate", summary: "Register an organisation", tag: Self.tag, access: Self.editors,
                body: CorporateRequest.self, reply: PartyView.self, status: 201, errors: ["duplicate_customer"]
            ) { call in
                try call.body.check(today: BusinessDate(of: clock.now()))
                return try await created(try await registry.register(call.body.draft, context: call.context), call.context)
            },
            Endpoint(
                .put, "/api/cif/{cif}", summary: "Change data; what is not sent stays", tag: Self.tag, access: Self.editors,
                body: PartyUpdateRequest.self, reply: PartyView.self,
                errors: ["customer_not_found", "version_conflict", "duplicate_customer"]
            ) { call in
                try call.body.check(today: BusinessDate(of: clock.now()))
                let body = call.body
                if body.riskRating != nil || body.isPEP != nil,
                    !(call.context.principal?.roles.intersects(RoleSet(.complianceOfficer)) ?? false)
                {
                    let field = body.riskRating != nil ? "riskRating" : "isPep"
                    throw Refusal.validation([.init(field, "not_allowed", "Only a compliance officer rates risk")])
                }
                let state = try await registry.update(call.path("cif"), version: Int64(body.version), context: call.context) {
                    try body.apply(to: &$0)
                }
                return try await reply(state, call.context)
            },
            Endpoint(
                .post, "/api/cif/{cif}/merge", summary: "Put two records of one party together", tag: Self.tag,
                access: .roles(RoleSet([.branchManager, .complianceOfficer])), body: MergeRequest.self, reply: PartyView.self,
                errors: ["customer_not_found", "invalid_state", "not_eligible"]
            ) { call in
                let state = try await registry.merge(
                    call.body.duplicateCIFNumber, into: call.path("cif"), reason: call.body.reason, context: call.context,
                    hasOpenBusiness: hasOpenBusiness)
                return try await reply(state, call.context)
            },
            Endpoint(
                .post, "/api/cif/{cif}/portal-access", summary: "Give access to the channels", tag: Self.tag,
                access: .roles(.branch), body: PortalAccessRequest.self, reply: PortalUserView.self, status: 201,
                errors: ["customer_not_found", "username_taken", "email_taken", "invalid_state"]
            ) { call in
                let granted = try await access.grant(
                    call.path("cif"), username: call.body.username, email: call.body.email, role: call.body.role, context: call.context)
                var reply = Reply(PortalUserView(userID: granted.userID), status: 201)
                reply.isReplay = granted.isReplay
                return reply.adding("Location", "/api/cif/\(call.path("cif"))/portal-access")
            },
        ]
    }

    private var reading: [Endpoint] {
        [
            Endpoint(
                .get, "/api/cif/search", summary: "Find parties by name, number, phone or e-mail", tag: Self.tag, access: Self.staff,
                query: PartySearchQuery.self, reply: Page<PartyView>.self
            ) { call in
                var place = call.query.page.cursor?.reader
                let after: Identifier<Customer>? = try place?.identifier()
                let found = try await queries.search(
                    call.query.search, after: after, limit: call.query.page.fetchCount, context: call.context)
                return Reply(call.page(found.map { PartyView($0, for: call.context.principal) }) { Cursor().adding($0.party.customer.id) })
            },
            Endpoint(
                .get, "/api/cif/{cif}", summary: "A party", tag: Self.tag, access: Self.staff, reply: PartyView.self,
                errors: ["customer_not_found"]
            ) { call in
                Reply(PartyView(try await queries.party(call.path("cif"), context: call.context), for: call.context.principal))
            },
            Endpoint(
                .get, "/api/cif/{cif}/360-view", summary: "Everything about a customer", tag: Self.tag, access: Self.staff,
                reply: PartyOverviewView.self, errors: ["customer_not_found"]
            ) { call in
                let overview = try await queries.overview(call.path("cif"), context: call.context)
                return Reply(PartyOverviewView(overview: overview, view: PartyView(overview.party, for: call.context.principal)))
            },
            Endpoint(
                .get, "/api/cif/{cif}/history", summary: "The record as it stood, and every change", tag: Self.tag, access: Self.staff,
                query: HistoryQuery.self, reply: HistoryView.self, errors: ["customer_not_found"]
            ) { call in
                let history = try await queries.history(call.path("cif"), asOf: call.query.asOf, context: call.context)
                return Reply(
                    HistoryView(
                        asOf: call.query.asOf ?? clock.now(), party: PartyView(history.party, for: call.context.principal),
                        changes: history.changes.map { ChangeView(change: $0) }))
            },
        ]
    }

    private var workLists: [Endpoint] {
        [
            Endpoint(
                .get, "/api/cif/pending-kyc", summary: "Parties that wait for verification, longest first", tag: Self.tag,
                access: Self.staff, query: PageQuery.self, reply: Page<PartyView>.self
            ) { call in
                var place = call.query.page.cursor?.reader
                var after: (Timestamp, Identifier<Customer>)?
                if place != nil, let since = try place?.timestamp(), let id: Identifier<Customer> = try place?.identifier() {
                    after = (since, id)
                }
                let now = clock.now()
                let found = try await queries.pendingKYC(after: after, limit: call.query.page.fetchCount, context: call.context)
                let views = found.map { party in
                    var view = PartyView(party, for: call.context.principal)
                    view.daysPending = Int(max(0, now.seconds(since: party.kycSince) / 86_400))
                    return view
                }
                return Reply(call.page(views) { Cursor().adding($0.party.kycSince).adding($0.party.customer.id) })
            },
            Endpoint(
                .get, "/api/cif/high-risk", summary: "Parties that need a closer look", tag: Self.tag, access: Self.staff,
                query: PageQuery.self, reply: Page<PartyView>.self
            ) { call in
                var place = call.query.page.cursor?.reader
                let after: Identifier<Customer>? = try place?.identifier()
                let found = try await queries.highRisk(after: after, limit: call.query.page.fetchCount, context: call.context)
                let views = found.map { party in
                    var view = PartyView(party, for: call.context.principal)
                    view.showsRiskFlags = true
                    return view
                }
                return Reply(call.page(views) { Cursor().adding($0.party.customer.id) })
            },
        ]
    }

    private var standing: [Endpoint] {
        [
            Endpoint(
                .put, "/api/cif/{cif}/kyc-status", summary: "Decide how far a party is verified", tag: Self.tag, access: Self.compliance,
                body: KYCStatusRequest.self, reply: PartyView.self, errors: ["customer_not_found", "invalid_state", "conditions_not_met"]
            ) { call in
                try await reply(
                    try await registry.decideKYC(call.path("cif"), call.body.decision, context: call.context), call.context)
            },
            Endpoint(
                .post, "/api/cif/{cif}/block", summary: "Block a customer: accounts refuse debits", tag: Self.tag, access: Self.compliance,
                body: PartyReasonRequest.self, reply: PartyView.self, errors: ["customer_not_found", "invalid_state"]
            ) { call in
                try await reply(try await registry.block(call.path("cif"), reason: call.body.reason, context: call.context), call.context)
            },
            Endpoint(
                .post, "/api/cif/{cif}/unblock", summary: "Release a customer", tag: Self.tag, access: Self.compliance,
                body: PartyReasonRequest.self, reply: PartyView.self, errors: ["customer_not_found", "invalid_state"]
            ) { call in
                try await reply(try await registry.unblock(call.path("cif"), reason: call.body.reason, context: call.context), call.context)
            },
        ]
    }

    private var documents: [Endpoint] {
        [
            Endpoint(
                .get, "/api/cif/{cif}/documents", summary: "Documents of a party", tag: Self.tag, access: Self.staff,
                query: PageQuery.self, reply: Page<DocumentView>.self, errors: ["customer_not_found"]
            ) { call in
                var place = call.query.page.cursor?.reader
                let found = try await file.documents(
                    of: call.path("cif"), after: try place?.identifier(), limit: call.query.page.fetchCount, context: call.context)
                return Reply(call.page(found.map { DocumentView(document: $0) }) { Cursor().adding($0.document.id) })
            },
            Endpoint(
                .post, "/api/cif/{cif}/documents", summary: "Keep a document: PDF, JPEG or PNG, at most 10 MiB", tag: Self.tag,
                access: Self.editors, body: DocumentForm.self, reply: DocumentView.self, status: 201,
                errors: ["customer_not_found", "unsupported_file"], options: EndpointOptions(timeLimitSeconds: 60)
            ) { call in
                let upload = DocumentUpload(
                    documentType: call.body.documentType, fileName: call.body.file.fileName, bytes: call.body.file.bytes,
                    documentNumber: call.body.documentNumber, expiryDate: call.body.expiryDate)
                let stored = try await file.add(upload, to: call.path("cif"), context: call.context)
                var reply = Reply.created(
                    DocumentView(document: stored.document),
                    location: "/api/cif/\(call.path("cif"))/documents/\(stored.document.id)/content")
                reply.isReplay = stored.isReplay
                return reply
            },
            Endpoint(
                .get, "/api/cif/{cif}/documents/{documentId}/content", summary: "The file; each view is audited", tag: Self.tag,
                access: Self.staff, errors: ["customer_not_found"], options: EndpointOptions(contentType: "application/octet-stream")
            ) { call in
                let found = try await file.content(
                    try call.pathIdentifier("documentId"), of: call.path("cif"), context: call.context)
                let kind = FileKind(rawValue: found.document.contentType)
                // Never shown inside a page of ours, whatever a file pretends to be.
                return .raw(found.bytes, contentType: found.document.contentType, status: 200)
                    .adding("Content-Disposition", "attachment; filename=\"\(found.document.id).\(kind?.fileExtension ?? "bin")\"")
                    .adding("Content-Security-Policy", "default-src 'none'; sandbox")
            },
        ]
    }

    private var relationships: [Endpoint] {
        [
            Endpoint(
                .get, "/api/cif/{cif}/relationships", summary: "Who belongs together with a party", tag: Self.tag, access: Self.staff,
                query: PageQuery.self, reply: Page<RelationshipView>.self, errors: ["customer_not_found"]
            ) { call in
                var place = call.query.page.cursor?.reader
                let found = try await file.relationships(
                    of: call.path("cif"), after: try place?.identifier(), limit: call.query.page.fetchCount, context: call.context)
                return Reply(call.page(found.map { RelationshipView(relationship: $0) }) { Cursor().adding($0.relationship.id) })
            },
            Endpoint(
                .post, "/api/cif/{cif}/relationships", summary: "Note a relationship", tag: Self.tag, access: Self.editors,
                body: RelationshipRequest.self, reply: RelationshipView.self, status: 201, errors: ["customer_not_found"]
            ) { call in
                let made = try await file.relate(
                    call.path("cif"), to: call.body.relatedCIFNumber, type: call.body.type, ownership: call.body.ownership,
                    context: call.context)
                var reply = Reply.created(
                    RelationshipView(relationship: made.relationship),
                    location: "/api/cif/\(call.path("cif"))/relationships/\(made.relationship.id)")
                reply.isReplay = made.isReplay
                return reply
            },
            Endpoint(
                .delete, "/api/cif/{cif}/relationships/{relationshipId}", summary: "Forget a relationship", tag: Self.tag,
                access: Self.editors, errors: ["customer_not_found"]
            ) { call in
                try await file.unrelate(call.path("cif"), try call.pathIdentifier("relationshipId"), context: call.context)
                return .noContent
            },
        ]
    }
}

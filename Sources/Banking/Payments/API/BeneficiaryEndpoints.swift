import Application
import HTTPEdge
import Kernel

/// Saved payees of the customer portal.
struct BeneficiaryEndpoints: Sendable {
    private static let path = "/api/customer-portal/beneficiaries"
    private static let tag = "Customer portal"

    private static let render: Beneficiaries.Render = { BeneficiaryView(beneficiary: $0).json() }

    let beneficiaries: Beneficiaries

    var all: [Endpoint] { [list, add, change, remove] }

    private var list: Endpoint {
        Endpoint(
            .get, Self.path, summary: "Saved payees, newest first", tag: Self.tag, access: .roles(.owner), query: PageQuery.self,
            reply: Page<BeneficiaryView>.self
        ) { call in
            var place = call.query.page.cursor?.reader
            let found = try await beneficiaries.list(
                before: try place?.identifier(as: Beneficiary.self), limit: call.query.page.fetchCount, context: call.context)
            return Reply(call.page(found.map(BeneficiaryView.init)) { Cursor().adding($0.beneficiary.id) })
        }
    }

    private var add: Endpoint {
        Endpoint(
            .post, Self.path, summary: "Save a payee", tag: Self.tag, access: .roles(.initiator), body: BeneficiaryRequest.self,
            reply: BeneficiaryView.self, status: 201, errors: ["account_not_found", "duplicate_beneficiary", "step_up_required"]
        ) { call in
            Reply(try await beneficiaries.add(call.body.details, context: call.context, render: Self.render))
        }
    }

    private var change: Endpoint {
        Endpoint(
            .put, "\(Self.path)/{beneficiaryId}", summary: "Change a saved payee", tag: Self.tag, access: .roles(.initiator),
            body: BeneficiaryChangeRequest.self, reply: BeneficiaryView.self,
            errors: ["not_found", "account_not_found", "version_conflict", "duplicate_beneficiary", "step_up_required"]
        ) { call in
            Reply(
                try await beneficiaries.change(
                    try call.pathIdentifier("beneficiaryId"), to: call.body.details, version: call.body.version, context: call.context,
                    render: Self.render))
        }
    }

    private var remove: Endpoint {
        Endpoint(
            .delete, "\(Self.path)/{beneficiaryId}", summary: "Forget a saved payee", tag: Self.tag, access: .roles(.initiator),
            errors: ["not_found"]
        ) { call in
            Reply(try await beneficiaries.remove(try call.pathIdentifier("beneficiaryId"), context: call.context))
        }
    }
}

extension Reply {
    /// The answer of a command, new or repeated.
    init(_ reply: CommandReply) {
        let headers = reply.location.map { [ReplyHeader("Location", $0)] } ?? []
        self.init(
            stored: EncodedReply(
                status: Int(reply.status), contentType: reply.body.isEmpty ? "" : MediaType.json, body: reply.body, headers: headers),
            isReplay: reply.isReplay)
    }
}

import Application
import HTTPEdge
import Kernel
import Postgres

/// Branches and parameters (contract, sections 10 and 16).
public struct OrganisationEndpoints: Sendable {
    private let branches: Branches
    private let parameters: Parameters

    private static let tag = "Administration"
    private static let access = Access.roles(RoleSet(.administrator))

    public init(pool: ConnectionPool, pipeline: CommandPipeline, clock: any WallClock, parameters: Parameters) {
        branches = Branches(pool: pool, pipeline: pipeline, clock: clock)
        self.parameters = parameters
    }

    public var all: [Endpoint] {
        [publicBranches, listBranches, createBranch, getBranch, changeBranch, listParameters, getParameter, changeParameter]
    }

    private var publicBranches: Endpoint {
        Endpoint(
            .get, "/api/contact/branches", summary: "Branches, the nearest first when a place is given", tag: "Contact",
            access: .everyone, query: BranchSearch.self, reply: Page<BranchView>.self, options: EndpointOptions(cacheSeconds: 300)
        ) { call in
            let found = try await branches.find(text: call.query.text, near: call.query.near, context: call.context)
            return Reply(try call.page(ofAll: found.map { BranchView(branch: $0) }) { $0.branch.code })
        }
    }

    private var listBranches: Endpoint {
        Endpoint(
            .get, "/api/administrator/branches", summary: "Branches by code", tag: Self.tag, access: Self.access,
            query: PageQuery.self, reply: Page<BranchView>.self
        ) { call in
            var place = call.query.page.cursor?.reader
            let after = try place?.text()
            let found = try await branches.list(after: after, limit: call.query.page.fetchCount, context: call.context)
            return Reply(call.page(found.map { BranchView(branch: $0) }) { Cursor().adding($0.branch.code) })
        }
    }

    private var createBranch: Endpoint {
        Endpoint(
            .post, "/api/administrator/branches", summary: "Open a branch", tag: Self.tag, access: Self.access,
            body: CreateBranchRequest.self, reply: BranchView.self, status: 201
        ) { call in
            let reply = try await branches.create(call.body.branch, context: call.context) { branch in
                CommandResult(
                    status: 201, body: BranchView(branch: branch).json(), location: "/api/administrator/branches/\(branch.code)", audit: [])
            }
            return Self.reply(reply)
        }
    }

    private var getBranch: Endpoint {
        Endpoint(
            .get, "/api/administrator/branches/{branchCode}", summary: "One branch", tag: Self.tag, access: Self.access,
            reply: BranchView.self, errors: ["branch_not_found"]
        ) { call in
            Reply(BranchView(branch: try await branches.branch(call.path("branchCode"), context: call.context)))
        }
    }

    private var changeBranch: Endpoint {
        Endpoint(
            .put, "/api/administrator/branches/{branchCode}", summary: "Replace what is known of a branch", tag: Self.tag,
            access: Self.access, body: ChangeBranchRequest.self, reply: BranchView.self, errors: ["branch_not_found", "version_conflict"]
        ) { call in
            let new = call.body.branch
            let code = call.path("branchCode")
            guard code.utf8.count == 3 else { throw Branches.notFound }
            let branch = Branch(
                code: code, name: new.name, address: new.address, city: new.city, phone: new.phone, email: new.email,
                location: new.location, openingHours: new.openingHours, status: new.status, version: new.version)
            let reply = try await branches.update(branch, context: call.context) {
                CommandResult(body: BranchView(branch: $0).json(), audit: [])
            }
            return Self.reply(reply)
        }
    }

    private var listParameters: Endpoint {
        Endpoint(
            .get, "/api/administrator/parameters", summary: "Figures that steer the bank", tag: Self.tag, access: Self.access,
            query: PageQuery.self, reply: Page<ParameterView>.self
        ) { call in
            let found = try await parameters.list(context: call.context)
            return Reply(try call.page(ofAll: found.map { ParameterView(parameter: $0) }) { $0.parameter.definition.key })
        }
    }

    private var getParameter: Endpoint {
        Endpoint(
            .get, "/api/administrator/parameters/{key}", summary: "One parameter", tag: Self.tag, access: Self.access,
            reply: ParameterView.self
        ) { call in
            Reply(ParameterView(parameter: try await parameters.parameter(call.path("key"), context: call.context)))
        }
    }

    private var changeParameter: Endpoint {
        Endpoint(
            .put, "/api/administrator/parameters/{key}", summary: "Set a parameter from a day on", tag: Self.tag, access: Self.access,
            body: ChangeParameterRequest.self, reply: ParameterView.self, errors: ["version_conflict"]
        ) { call in
            let reply = try await parameters.change(call.path("key"), call.body.change, context: call.context) {
                CommandResult(body: ParameterView(parameter: $0).json(), audit: [])
            }
            return Self.reply(reply)
        }
    }

    private static func reply<Value: Representation>(_ reply: CommandReply) -> Reply<Value> {
        let headers = reply.location.map { [ReplyHeader("Location", $0)] } ?? []
        return Reply(
            stored: EncodedReply(status: Int(reply.status), contentType: MediaType.json, body: reply.body, headers: headers),
            isReplay: reply.isReplay)
    }
}

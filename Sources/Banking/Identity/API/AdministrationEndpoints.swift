import Application
import HTTPEdge
import Kernel

/// Users and roles as administrators manage them (contract, section 16).
struct AdministrationEndpoints: Sendable {
    let users: UserAdministration
    let roles: RoleAdministration

    private static let tag = "Administration"
    private static let access = Access.roles(RoleSet(.administrator))

    var all: [Endpoint] {
        [
            list, create, get, change, setRoles, endSessions, listRoles, createRole, getRole, changeRole,
            step("deactivate", "Take a user's access away, at once", users.deactivate, errors: ["self_change_forbidden", "invalid_state"]),
            step("activate", "Give a disabled user access again", users.activate, errors: ["invalid_state"]),
            step("unlock", "End a lockout", users.unlock),
            step(
                "reset-password", "Send a new first password", users.resetPassword, errors: ["self_change_forbidden", "invalid_state"]),
            step("reset-mfa", "Take a lost second factor away", users.resetSecondFactor, errors: ["self_change_forbidden"]),
        ]
    }

    // MARK: Users

    private var list: Endpoint {
        Endpoint(
            .get, "/api/administrator/users", summary: "Users, newest first", tag: Self.tag, access: Self.access,
            query: UserFilter.self, reply: Page<ManagedUserView>.self
        ) { call in
            var place = call.query.page.cursor?.reader
            let before: Identifier<User>? = try place?.identifier()
            let found = try await users.list(call.query.filter, before: before, limit: call.query.page.fetchCount, context: call.context)
            return Reply(call.page(found.map { ManagedUserView(user: $0) }) { Cursor().adding($0.user.id) })
        }
    }

    private var create: Endpoint {
        Endpoint(
            .post, "/api/administrator/users", summary: "Make a user; the first password goes to the user alone", tag: Self.tag,
            access: Self.access, body: CreateUserRequest.self, reply: ManagedUserView.self, status: 201,
            errors: ["username_taken", "email_taken", "role_not_found", "branch_not_found", "customer_not_found", "role_conflict"]
        ) { call in
            let reply = try await users.create(call.body.user, context: call.context) { user in
                CommandResult(
                    status: 201, body: ManagedUserView(user: user).json(), location: "/api/administrator/users/\(user.id)", audit: [])
            }
            return Self.reply(reply)
        }
    }

    private var get: Endpoint {
        Endpoint(
            .get, "/api/administrator/users/{userId}", summary: "One user", tag: Self.tag, access: Self.access,
            reply: ManagedUserView.self
        ) { call in
            let id = try call.pathIdentifier("userId", as: User.self)
            return Reply(ManagedUserView(user: try await users.user(id, context: call.context)))
        }
    }

    private var change: Endpoint {
        Endpoint(
            .put, "/api/administrator/users/{userId}", summary: "Change a user; what is left out stays", tag: Self.tag,
            access: Self.access, body: ChangeUserRequest.self, reply: ManagedUserView.self,
            errors: ["branch_not_found", "version_conflict", "email_taken"]
        ) { call in
            let id = try call.pathIdentifier("userId", as: User.self)
            return Self.reply(try await users.update(id, call.body.change, context: call.context, render: Self.render))
        }
    }

    private var setRoles: Endpoint {
        Endpoint(
            .put, "/api/administrator/users/{userId}/roles", summary: "Give a user other roles", tag: Self.tag, access: Self.access,
            body: UserRolesRequest.self, reply: ManagedUserView.self,
            errors: ["role_not_found", "version_conflict", "role_conflict", "self_change_forbidden"]
        ) { call in
            let id = try call.pathIdentifier("userId", as: User.self)
            let reply = try await users.setRoles(
                id, call.body.roles, version: call.body.version, context: call.context, render: Self.render)
            return Self.reply(reply)
        }
    }

    private typealias Step =
        @Sendable (Identifier<User>, String, RequestContext, @escaping UserAdministration.Render) async throws -> CommandReply

    /// One of the steps that take a reason and answer with the user.
    private func step(_ name: String, _ summary: String, _ perform: @escaping Step, errors: [String] = []) -> Endpoint {
        Endpoint(
            .post, "/api/administrator/users/{userId}/\(name)", summary: summary, tag: Self.tag, access: Self.access,
            body: UserReasonRequest.self, reply: ManagedUserView.self, errors: errors
        ) { call in
            let id = try call.pathIdentifier("userId", as: User.self)
            return Self.reply(try await perform(id, call.body.reason, call.context, Self.render))
        }
    }

    private var endSessions: Endpoint {
        Endpoint(
            .post, "/api/administrator/users/{userId}/end-sessions", summary: "Sign a user out everywhere", tag: Self.tag,
            access: Self.access, body: UserReasonRequest.self
        ) { call in
            let id = try call.pathIdentifier("userId", as: User.self)
            try await users.endSessions(id, reason: call.body.reason, context: call.context)
            return .noContent
        }
    }

    // MARK: Roles

    private var listRoles: Endpoint {
        Endpoint(
            .get, "/api/administrator/roles", summary: "Roles: built-in ones, then the bank's own", tag: Self.tag, access: Self.access,
            query: PageQuery.self, reply: Page<RoleView>.self
        ) { call in
            var place = call.query.page.cursor?.reader
            let skipped = Int(clamping: try place?.integer() ?? 0)
            let all = try await roles.list(context: call.context).enumerated().dropFirst(skipped)
            // There are never many roles, so the place is simply how many were shown.
            let views = all.prefix(call.query.page.fetchCount).map { (offset: $0.offset, view: RoleView(role: $0.element)) }
            let shown = views.prefix(call.query.page.limit)
            let next = views.count > shown.count ? shown.last.map { call.cursor(Cursor().adding(Int64($0.offset + 1))) } : nil
            return Reply(Page(items: shown.map(\.view), nextCursor: next))
        }
    }

    private var createRole: Endpoint {
        Endpoint(
            .post, "/api/administrator/roles", summary: "Make an own role from permissions", tag: Self.tag, access: Self.access,
            body: CreateRoleRequest.self, reply: RoleView.self, status: 201, errors: ["role_conflict"]
        ) { call in
            let body = call.body
            let reply = try await roles.create(
                body.name, description: body.description, permissions: body.permissions, context: call.context
            ) { role in
                CommandResult(
                    status: 201, body: RoleView(role: role).json(), location: "/api/administrator/roles/\(role.name)", audit: [])
            }
            return Self.reply(reply)
        }
    }

    private var getRole: Endpoint {
        Endpoint(
            .get, "/api/administrator/roles/{roleName}", summary: "One role", tag: Self.tag, access: Self.access, reply: RoleView.self,
            errors: ["role_not_found"]
        ) { call in
            Reply(RoleView(role: try await roles.role(call.path("roleName"), context: call.context)))
        }
    }

    private var changeRole: Endpoint {
        Endpoint(
            .put, "/api/administrator/roles/{roleName}", summary: "Change an own role, and the rights of all who have it", tag: Self.tag,
            access: Self.access, body: ChangeRoleRequest.self, reply: RoleView.self,
            errors: ["role_not_found", "version_conflict", "invalid_state", "role_conflict", "self_change_forbidden"]
        ) { call in
            let body = call.body
            let reply = try await roles.update(
                call.path("roleName"), description: body.description, permissions: body.permissions, version: body.version,
                context: call.context
            ) { CommandResult(body: RoleView(role: $0).json(), audit: []) }
            return Self.reply(reply)
        }
    }

    // MARK: Replies

    private static let render: UserAdministration.Render = { CommandResult(body: ManagedUserView(user: $0).json(), audit: []) }

    private static func reply<Value: Representation>(_ reply: CommandReply) -> Reply<Value> {
        let headers = reply.location.map { [ReplyHeader("Location", $0)] } ?? []
        return Reply(
            stored: EncodedReply(status: Int(reply.status), contentType: MediaType.json, body: reply.body, headers: headers),
            isReplay: reply.isReplay)
    }
}

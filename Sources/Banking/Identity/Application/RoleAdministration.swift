import Application
import Kernel
import Postgres

/// The roles there are, and the bank's own among them.
struct RoleAdministration: Sendable {
    typealias Render = @Sendable (RoleDefinition) -> CommandResult

    let services: IdentityServices
    let pipeline: CommandPipeline

    static let notFound = Refusal.notFound("role_not_found")

    /// Built-in roles first, then the bank's own by name.
    func list(context: RequestContext) async throws -> [RoleDefinition] {
        let own = try await services.pool.read(deadline: context.deadline) { try RoleStore.all(in: $0) }
        return Role.allCases.map { RoleDefinition($0) } + own
    }

    /// - Throws: 404 `role_not_found`
    func role(_ name: String, context: RequestContext) async throws -> RoleDefinition {
        if let role = Role(rawValue: name) { return RoleDefinition(role) }
        guard let role = try await services.pool.read(deadline: context.deadline, { try RoleStore.find(name, in: $0) }) else {
            throw Self.notFound
        }
        return role
    }

    /// - Throws: 422 with the fault of `roleName` or `permissions`; 422 `role_conflict`
    func create(
        _ name: String, description: String, permissions: [String], context: RequestContext, render: @escaping Render
    ) async throws -> CommandReply {
        let taken = Refusal.validation([.init("roleName", "duplicate", "There is a role of this name")])
        guard !Role.allCases.contains(where: { $0.rawValue.lowercased() == name.lowercased() }) else { throw taken }
        let role = RoleDefinition(name: name, description: description, permissions: try Self.checked(permissions), version: 1)
        let services = services
        do {
            return try await pipeline.run(context) { transaction in
                try RoleStore.insert(role, at: services.clock.now(), in: transaction)
                var result = render(role)
                result.audit = [Self.record("roleCreate", role, context: context)]
                return result
            }
        } catch let error as PostgresError
            where error.isUniqueViolation(constraint: "role_pkey") || error.isUniqueViolation(constraint: "role_name_unique")
        {
            throw taken
        }
    }

    /// Changes a role, and with it the rights of everybody who has it.
    /// - Throws: 404 `role_not_found`; 409 `version_conflict`, `invalid_state` for a built-in one; 403 `self_change_forbidden`
    func update(
        _ name: String, description: String?, permissions: [String]?, version: Int32, context: RequestContext,
        render: @escaping Render
    ) async throws -> CommandReply {
        guard !RoleRules.isBuiltIn(name) else { throw Refusal.invalidState("builtIn", "Built-in roles are fixed") }
        let permissions = try permissions.map(Self.checked)
        let services = services
        return try await pipeline.run(context, isIdempotent: false) { transaction in
            let now = services.clock.now()
            guard let old = try RoleStore.find(name, isForUpdate: true, in: transaction) else { throw Self.notFound }
            guard old.version == version else {
                throw Refusal(.conflict, "version_conflict", "Somebody has changed this role in the meantime; please look again")
            }
            let role = RoleDefinition(
                name: name, description: description ?? old.description, permissions: permissions ?? old.permissions,
                version: old.version + 1)
            try RoleStore.update(role, at: now, in: transaction)
            let holders = try ManagedUserStore.lockHolders(of: name, at: now, in: transaction)
            guard !holders.contains(where: { $0.id == context.principal?.userID }) else {
                throw Refusal(.forbidden, "self_change_forbidden", "Another administrator has to change a role of yours")
            }
            for holder in holders {
                try ManagedUserStore.setRoles(services.grant(holder.roles, in: transaction), of: holder.id, at: now, in: transaction)
            }
            var result = render(role)
            result.audit = [
                Self.record(
                    "roleChange", role, context: context,
                    detail: [("from", old.permissions.joined(separator: ",")), ("holders", String(holders.count))])
            ]
            return result
        }
    }

    /// - Throws: 422 `unknown_value`, `not_allowed` at the permission; 422 `role_conflict`
    private static func checked(_ permissions: [String]) throws -> [String] {
        var seen: Set<String> = []
        let permissions = permissions.filter { seen.insert($0).inserted }
        let faults = permissions.enumerated().compactMap { index, permission -> Refusal.Field? in
            if RoleRules.grantablePermissions.contains(permission) { return nil }
            let isKnown = RoleRules.knownPermissions.contains(permission)
            return .init(
                "permissions[\(index)]", isKnown ? "not_allowed" : "unknown_value",
                isKnown ? "Only roles of customers have this permission" : "There is no such permission")
        }
        guard faults.isEmpty else { throw Refusal.validation(faults) }
        if let reason = RoleRules.conflict(among: RoleRules.worth(of: permissions)) { throw RoleRules.conflictRefusal(reason) }
        return permissions
    }

    private static func record(
        _ action: String, _ role: RoleDefinition, context: RequestContext, detail: [(String, String)] = []
    ) -> AuditRecord {
        AuditRecord(
            action: "identity.\(action)", outcome: .success, actor: context.principal?.userID, subjectType: "role", subjectID: role.name,
            context: context, detail: detail + [("permissions", role.permissions.joined(separator: ","))])
    }
}

import Application
import Kernel
import Postgres

/// A user's own sessions: to see them and to end them. Another user's session does not exist here.
struct OwnSessions: Sendable {
    let services: IdentityServices

    func list(before: Identifier<Session>?, limit: Int, context: RequestContext) async throws -> [SessionRecord] {
        let services = services
        let principal = try context.requirePrincipal()
        let now = services.clock.now()
        return try await services.pool.read(deadline: context.deadline) { transaction in
            try SessionStore.list(
                of: principal.userID, before: before, limit: limit, seenAfter: now.adding(seconds: -services.policy.idleSeconds),
                at: now, in: transaction)
        }
    }

    /// - Throws: 404 `not_found` for a session that is over or somebody else's
    func end(_ sessionID: Identifier<Session>, context: RequestContext) async throws {
        let services = services
        let principal = try context.requirePrincipal()
        let wasAlive = try await services.pool.transaction(deadline: context.deadline) { transaction in
            let wasAlive = try SessionStore.end(
                sessionID, of: principal.userID, because: .revoked, at: services.clock.now(), in: transaction)
            if wasAlive {
                try services.audit.append(
                    [
                        services.record(
                            "sessionEnd", .success, user: principal.userID, context: context,
                            detail: [("session", sessionID.description)])
                    ], in: transaction)
            }
            return wasAlive
        }
        guard wasAlive else { throw Refusal.notFound() }
    }

    /// Ends all but the current one.
    func endOthers(context: RequestContext) async throws {
        let services = services
        let principal = try context.requirePrincipal()
        try await services.pool.transaction(deadline: context.deadline) { transaction in
            let ended = try SessionStore.endOthers(
                of: principal.userID, keeping: principal.sessionID, because: .revoked, at: services.clock.now(), in: transaction)
            guard ended > 0 else { return }
            try services.audit.append(
                [
                    services.record(
                        "sessionEnd", .success, user: principal.userID, context: context, detail: [("sessionsEnded", String(ended))])
                ], in: transaction)
        }
    }

    /// - Throws: 401 `invalid_token` when the user is gone
    func user(context: RequestContext) async throws -> UserAccount {
        let principal = try context.requirePrincipal()
        let user = try await services.pool.read(deadline: context.deadline) { try UserStore.find(principal.userID, in: $0) }
        guard let user else { throw Refusal(.unauthenticated, "invalid_token", "Please sign in again") }
        return user
    }
}

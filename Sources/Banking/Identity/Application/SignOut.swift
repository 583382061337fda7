import Application
import Kernel
import Postgres
import Safeguards

/// Ending a session by whatever proves that it is one's own. Says nothing about whether there was one.
struct SignOut: Sendable {
    let services: IdentityServices

    /// - Parameters:
    ///   - accessToken: may have expired: somebody who comes back late still wants to be signed out
    ///   - refreshTokens: from the body, from the cookie
    func callAsFunction(accessToken: String?, refreshTokens: [String], context: RequestContext) async throws {
        let services = services
        let bearer = accessToken.flatMap { try? services.verifier.verifyIgnoringTime($0) }
        let hashes = refreshTokens.map { Digests.sha256($0) }
        guard bearer != nil || !hashes.isEmpty else { return }
        try await services.pool.transaction(deadline: context.deadline) { transaction in
            var sessions = Set(try hashes.compactMap { try RefreshTokenStore.session(of: $0, in: transaction) })
            if let bearer { sessions.insert(bearer.sessionID) }
            let now = services.clock.now()
            for sessionID in sessions.sorted() {
                guard let session = try SessionStore.lock(sessionID, in: transaction),
                    try SessionStore.end(sessionID, because: .logout, at: now, in: transaction)
                else { continue }
                try services.audit.append(
                    [
                        services.record(
                            "logout", .success, user: session.userID, context: context, detail: [("session", sessionID.description)])
                    ], in: transaction)
            }
        }
    }
}

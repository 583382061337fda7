import Application
import Kernel
import Postgres
import Safeguards

/// Trading a refresh token for its successor and a new access token.
struct RefreshSession: Sendable {
    let services: IdentityServices

    /// How the token came: the way decides which sessions it may belong to.
    enum Source: Sendable {
        case body
        case cookie(Channel)

        func fits(_ channel: String) -> Bool {
            switch self {
            // A browser's token never leaves its cookie, and a cookie never serves another channel.
            case .body: ![Channel.personal, .corporate, .sme, .staff].contains { $0.rawValue == channel }
            case .cookie(let expected): expected.rawValue == channel
            }
        }
    }

    private enum Outcome: Sendable {
        case renewed(UserAccount, Identifier<Session>, absoluteExpiry: Timestamp)
        case reuse
        case invalid
    }

    static let invalid = Refusal(.unauthenticated, "invalid_refresh_token", "Please sign in again")

    /// - Throws: 401 `invalid_refresh_token`, `refresh_token_reused`
    func callAsFunction(_ token: String, from source: Source, context: RequestContext) async throws -> SignedIn {
        let services = services
        let hash = Digests.sha256(token)
        let successor = services.random.token()
        let outcome = try await services.pool.transaction(deadline: context.deadline) { transaction in
            try renew(hash, successor: Digests.sha256(successor), from: source, context: context, in: transaction)
        }
        switch outcome {
        case .renewed(let user, let sessionID, let absoluteExpiry):
            return try services.signedIn(user, sessionID: sessionID, refreshToken: successor, absoluteExpiry: absoluteExpiry)
        case .reuse:
            throw Refusal(
                .unauthenticated, "refresh_token_reused", "This session was ended for your safety; please sign in again")
        case .invalid: throw Self.invalid
        }
    }

    private func renew(
        _ hash: [UInt8], successor: [UInt8], from source: Source, context: RequestContext, in transaction: Transaction
    ) throws -> Outcome {
        // The token names its session, the session's lock makes refreshes of one family take turns, and only then is the token read.
        guard let sessionID = try RefreshTokenStore.session(of: hash, in: transaction),
            let session = try SessionStore.lock(sessionID, in: transaction), source.fits(session.channel),
            let (token, unusedSuccessor) = try RefreshTokenStore.find(hash, in: transaction),
            let user = try UserStore.find(session.userID, in: transaction)
        else { return .invalid }
        let now = services.clock.now()
        let lastSeenAt = services.activity.lastSeen(sessionID, stored: session.lastSeenAt)
        let isAlive =
            !session.isEnded && !user.isDisabled
            && services.policy.isAlive(lastSeenAt: lastSeenAt, absoluteExpiry: session.absoluteExpiry, at: now)
        let decision = RefreshDecision.decide(
            token, isSessionAlive: isAlive, at: now, graceSeconds: services.policy.refreshGraceSeconds)
        switch decision {
        case .invalid: return .invalid
        case .reuse:
            if try SessionStore.end(sessionID, because: .refreshReuse, at: now, in: transaction) {
                try services.audit.append(
                    [
                        services.record(
                            "refreshReuse", .failure, user: user.id, context: context, detail: [("session", sessionID.description)])
                    ], in: transaction)
            }
            return .reuse
        case .rotate, .rotateAgain:
            if decision == .rotateAgain, let unusedSuccessor {
                try RefreshTokenStore.revoke(unusedSuccessor, at: now, in: transaction)
            }
            try RefreshTokenStore.insert(
                successor, sessionID: sessionID, at: now, expiresAt: session.absoluteExpiry, in: transaction)
            try RefreshTokenStore.spend(hash, successor: successor, at: now, in: transaction)
            try SessionStore.touch([(sessionID, now)], in: transaction)
            return .renewed(user, sessionID, absoluteExpiry: session.absoluteExpiry)
        }
    }
}

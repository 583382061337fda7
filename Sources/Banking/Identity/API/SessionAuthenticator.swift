import HTTPEdge
import Kernel
import Postgres
import Safeguards

/// Turns a bearer token into the person behind it as the tables know them at this moment.
///
/// The token is verified (or recognised from the cache), and then the database is asked, on every request, whether anything has
/// changed about sessions or users: an ended session, a disabled user, another role act at once. Requests that come together share
/// one question, and what has not changed is known already (`SessionMemory`).
public final class SessionAuthenticator: Authenticator {
    private let verifier: TokenVerifier
    private let clock: any WallClock
    private let policy: @Sendable () -> SessionPolicy
    private let activity: SessionActivity
    private let sessions: Coalescer<Identifier<Session>, SessionStore.Live>

    init(services: IdentityServices, database: PostgresConfiguration) {
        verifier = services.verifier
        clock = services.clock
        policy = services.policySource
        activity = services.activity
        var database = database.with(applicationName: "wekeza-sessions")
        // A few statements are all this connection ever runs, and their way through the keys is right however full the tables are; so
        // they are planned once and for all.
        for (setting, value) in [
            "plan_cache_mode": "force_generic_plan", "jit": "off", "enable_seqscan": "off", "enable_hashjoin": "off",
            "enable_mergejoin": "off",
        ] { database.settings[setting] = value }
        let memory = SessionMemory()
        sessions = Coalescer(configuration: database, connections: 1) { transaction, identifiers in
            try memory.live(identifiers, in: transaction)
        }
    }

    /// - Throws: 401 `invalid_token`
    public func authenticate(bearerToken: String, context: RequestContext) async throws -> Principal {
        let token = try verifier.verify(bearerToken)
        guard let live = try await sessions.load(token.sessionID), live.userID == token.userID else { throw Self.refusal }
        let now = clock.now()
        guard now < live.absoluteExpiry,
            activity.touch(token.sessionID, stored: live.lastSeenAt, at: now, idleSeconds: policy().idleSeconds)
        else { throw Self.refusal }
        return live.principal
    }

    /// Writes down when sessions were last seen, and ends the threads.
    func shutdown() async {
        await activity.flush()
        sessions.shutdown()
    }

    private static let refusal = Refusal(
        .unauthenticated, "invalid_token", "Your session is not valid any more; please sign in again")
}

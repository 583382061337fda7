import Application
import HTTPEdge
import Kernel
import Notifications
import Postgres
import Safeguards

/// The room Identity, put together: who people are, and what they have proved.
public struct IdentityModule: Sendable {
    /// Everything this room answers to over HTTP.
    public let endpoints: [Endpoint]
    /// Asks the database on every request.
    public let authenticator: SessionAuthenticator
    /// Creating users and seeding the demonstration's.
    public let users: UserCreation
    /// Confirmation of sensitive actions with a second factor, for the rooms that have such actions.
    public let stepUp: StepUp
    /// What this room does about events in the outbox.
    public let eventHandlers: [String: [OutboxDispatcher.Handler]]

    let services: IdentityServices

    /// - Parameters:
    ///   - pool: connections as the application's role
    ///   - database: the same database, for the authenticator's own connections
    ///   - keys: sign and verify access tokens
    ///   - masterSecret: at least 32 random bytes that live outside of the database and never change (see `SecretFile`); the keys of
    ///     digests are derived from it
    ///   - hasher: with the same pepper in every process; see `PasswordHasher`
    ///   - policy: asked at every use, so that a changed parameter acts at once
    ///   - dataKeys: seal the secrets of authenticator apps
    ///   - passwordResetLink: the page on which somebody with these roles chooses a new password, with the token in it
    ///   - references: tell which branches and customers exist
    public init(
        pool: ConnectionPool, database: PostgresConfiguration, keys: SigningKeys, masterSecret: [UInt8], hasher: PasswordHasher,
        audit: any AuditSink, messages: MessageOutbox, mode: IdentityMode, clock: any WallClock, identifiers: any IdentifierSource,
        policy: @escaping @Sendable () -> SessionPolicy = { SessionPolicy() }, scope: TokenScope = TokenScope(),
        random: any RandomSource = SystemRandom(),
        breached: BreachedPasswords = BreachedPasswords(), dataKeys: DataKeys,
        passwordResetLink: @escaping @Sendable (RoleSet, String) -> String? = { _, _ in nil },
        references: UserReferences = .unchecked
    ) {
        precondition(masterSecret.count >= 32, "a master secret has at least 256 bits")
        let services = IdentityServices(
            pool: pool, clock: clock, identifiers: identifiers, random: random, hasher: hasher,
            signer: TokenSigner(keys: keys, scope: scope), verifier: TokenVerifier(keys: keys, scope: scope, clock: clock),
            breached: breached, audit: audit, messages: messages, mode: mode, policySource: policy, activity: SessionActivity(pool: pool),
            digestKey: Digests.derivedKey(from: masterSecret, purpose: "wekeza identity digests"), dataKeys: dataKeys,
            passwordResetLink: passwordResetLink)
        self.services = services
        let creation = UserCreation(services: services)
        let pipeline = CommandPipeline(pool: pool, clock: clock, audit: audit)
        let administration = AdministrationEndpoints(
            users: UserAdministration(services: services, creation: creation, pipeline: pipeline, references: references),
            roles: RoleAdministration(services: services, pipeline: pipeline))
        endpoints = IdentityEndpoints(services: services, keys: keys).all + administration.all
        authenticator = SessionAuthenticator(services: services, database: database)
        users = creation
        stepUp = StepUp(services: services)
        eventHandlers = [ForgottenPassword.event: [ForgottenPassword(services: services).handler]]
    }

    /// Forgets what is over: sessions that ended 30 days ago, counters nobody adds to, challenges, resets, devices unseen for half a year.
    /// For a job; bounded work a call.
    /// - Returns: rows removed
    @discardableResult
    public func purge() async throws -> Int {
        let services = services
        return try await services.pool.transaction { transaction in
            let now = services.clock.now()
            let (hourAgo, dayAgo) = (now.adding(seconds: -3_600), now.adding(seconds: -86_400))
            return try SessionStore.purge(expiredBefore: now.adding(seconds: -30 * 86_400), limit: 1_000, in: transaction)
                + LoginFailureStore.purge(olderThan: dayAgo, limit: 1_000, in: transaction)
                + SignInChallengeStore.purge(expiredBefore: hourAgo, limit: 1_000, in: transaction)
                + PasswordResetStore.purge(expiredBefore: hourAgo, limit: 1_000, in: transaction)
                + KnownDeviceStore.purge(unseenSince: now.adding(seconds: -180 * 86_400), limit: 1_000, in: transaction)
                + SessionStore.purgeChanges(
                    olderThan: now.adding(seconds: -SessionStore.changesKeptSeconds), limit: 10_000, in: transaction)
        }
    }

    /// Writes down what is in memory only and ends the authenticator's threads.
    public func shutdown() async { await authenticator.shutdown() }
}

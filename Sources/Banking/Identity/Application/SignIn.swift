import Application
import Kernel
import Notifications
import Postgres
import Safeguards

/// How far a right password leads.
enum SignInStep: Sendable {
    case done(SignedIn)
    /// A second factor is enrolled: no token before it is given.
    case secondFactorNeeded(Identifier<SignInChallenge>, expiresInSeconds: Int64)
}

/// Signing in with name and password.
///
/// The answer to a wrong password and to an unknown name is the same, in body, in work and in the counters it moves. Guesses beyond
/// the fifth teach nothing, however many are sent at once: the counter decides after the hash, under a lock, what may be told.
struct SignIn: Sendable {
    let services: IdentityServices

    static let invalidCredentials = Refusal(
        .unauthenticated, "invalid_credentials", "The user name or the password is not right")
    static let userDisabled = Refusal(.locked, "user_disabled", "This user is disabled; please talk to the bank")

    private enum Outcome: Sendable {
        case session(OpenedSession)
        case secondFactorNeeded(Identifier<SignInChallenge>)
        case invalid
        case locked(until: Timestamp)
        case disabled
        case channelNotAllowed
    }

    /// - Throws: 401 `invalid_credentials`; 429 `too_many_attempts`; 423 `user_disabled`; 403 `channel_not_allowed`; 503
    func callAsFunction(username: String, password: String, context: RequestContext) async throws -> SignInStep {
        let services = services
        let nameDigest = services.nameDigest(username)
        let lockedUntil = try await services.pool.read(deadline: context.deadline) { transaction in
            try LoginFailureStore.lockedUntil(nameDigest, at: services.clock.now(), in: transaction)
        }
        if let lockedUntil { throw services.tooManyAttempts(until: lockedUntil) }

        let user = try await services.user(named: username, deadline: context.deadline)
        let matches = try await services.hasher.verify(password, against: user?.passwordHash)
        guard matches, let user, !services.isPublic(password) else {
            throw try await refuse(nameDigest, user: user, context: context)
        }
        let renewedHash = services.hasher.needsRehash(user.passwordHash) ? try await services.hasher.hash(password) : nil
        let refreshToken = services.random.token()
        let outcome = try await services.pool.transaction(deadline: context.deadline) { transaction in
            try open(
                user, nameDigest: nameDigest, refreshToken: refreshToken, renewedHash: renewedHash, context: context, in: transaction)
        }
        switch outcome {
        case .session(let opened): return .done(try services.signedIn(opened, refreshToken: refreshToken))
        case .secondFactorNeeded(let challengeID):
            return .secondFactorNeeded(challengeID, expiresInSeconds: services.policy.signInChallengeSeconds)
        case .invalid: throw Self.invalidCredentials
        case .locked(let until): throw services.tooManyAttempts(until: until)
        case .disabled: throw Self.userDisabled
        case .channelNotAllowed: throw Refusal(.forbidden, "channel_not_allowed", "This user cannot sign in here")
        }
    }

    /// The password was right: everything else that stands between the user and a session, decided on the user as of now.
    private func open(
        _ verified: UserAccount, nameDigest: [UInt8], refreshToken: String, renewedHash: String?, context: RequestContext,
        in transaction: Transaction
    ) throws -> Outcome {
        let now = services.clock.now()
        // From the sixth attempt on a right password is refused as well, even when the five failures happened during its hashing.
        if let until = try LoginFailureStore.lockedUntil(nameDigest, at: now, isForUpdate: true, in: transaction) {
            return .locked(until: until)
        }
        guard let user = try UserStore.lock(verified.id, in: transaction), user.passwordHash == verified.passwordHash else {
            return .invalid
        }
        // A first password that was never used lies in a mailbox for anybody to find.
        if let expiresAt = user.passwordExpiresAt, now >= expiresAt {
            try services.audit.append(
                [services.record("login", .refused, user: user.id, context: context, detail: [("reason", "passwordExpired")])],
                in: transaction)
            return .invalid
        }
        try LoginFailureStore.clear(nameDigest, in: transaction)
        let refusal: Outcome? =
            user.isDisabled ? .disabled : ChannelRule.admits(user.roles, to: context.channel) ? nil : .channelNotAllowed
        if let refusal {
            let reason = user.isDisabled ? "userDisabled" : "channelNotAllowed"
            try services.audit.append(
                [services.record("login", .refused, user: user.id, context: context, detail: [("reason", reason)])], in: transaction)
            return refusal
        }
        if let renewedHash { try UserStore.renewHash(renewedHash, of: user.id, in: transaction) }
        guard user.isSecondFactorEnrolled else {
            return .session(
                try services.openSession(
                    for: user, refreshToken: refreshToken, factors: "password", context: context, in: transaction))
        }
        let challengeID = services.identifiers.next(SignInChallenge.self)
        try SignInChallengeStore.insert(
            challengeID, userID: user.id, channel: context.channel, at: now,
            expiresAt: now.adding(seconds: services.policy.signInChallengeSeconds), in: transaction)
        try services.audit.append(
            [
                services.record(
                    "loginChallenge", .success, user: user.id, context: context, detail: [("challenge", challengeID.description)])
            ], in: transaction)
        return .secondFactorNeeded(challengeID)
    }

    /// Counts the failure and finds the answer to it.
    private func refuse(_ nameDigest: [UInt8], user: UserAccount?, context: RequestContext) async throws -> Refusal {
        let services = services
        let counted = try await services.pool.transaction(deadline: context.deadline) { transaction in
            try services.countFailure(nameDigest, user: user, action: "login", context: context, in: transaction)
        }
        switch counted {
        case .failures: return Self.invalidCredentials
        case .alreadyLocked(let until): return services.tooManyAttempts(until: until)
        }
    }
}

extension IdentityServices {
    /// Counts a wrong password, writes it down, and tells the user when it locked the name.
    func countFailure(
        _ nameDigest: [UInt8], user: UserAccount?, action: String, context: RequestContext, in transaction: Transaction
    ) throws -> LoginFailureStore.Counted {
        let counted = try LoginFailureStore.count(nameDigest, policy: policy, at: clock.now(), in: transaction)
        var records = [record(action, .failure, user: user?.id, nameDigest: nameDigest, context: context)]
        if case .failures(let count, isLockedNow: true) = counted {
            records.append(
                record(
                    "lockout", .success, user: user?.id, nameDigest: nameDigest, context: context, detail: [("failures", String(count))]))
            if let user {
                try UserStore.setLocked(until: clock.now().adding(seconds: policy.lockoutSeconds), user.id, in: transaction)
                try notify(
                    user, template: "identity.lockout", subject: "Your sign-in is paused",
                    body: "Somebody entered a wrong password for \(user.username) \(count) times. Sign-in is paused for a while.",
                    in: transaction)
            }
        }
        try audit.append(records, in: transaction)
        return counted
    }
}

import Application
import Kernel
import Notifications
import Postgres
import Safeguards

/// What a sign-in or a refresh hands out.
struct SignedIn: Sendable {
    let user: UserAccount
    let sessionID: Identifier<Session>
    let accessToken: String
    let expiresInSeconds: Int64
    let refreshToken: String
    /// How long the refresh token can be of use.
    let refreshSeconds: Int64
}

/// Signing in with name and password.
///
/// The answer to a wrong password and to an unknown name is the same, in body, in work and in the counters it moves. Guesses beyond
/// the fifth teach nothing, however many are sent at once: the counter decides after the hash, under a lock, what may be told.
struct SignIn: Sendable {
    let services: IdentityServices

    static let invalidCredentials = Refusal(
        .unauthenticated, "invalid_credentials", "The user name or the password is not right")

    private enum Outcome: Sendable {
        case session(Identifier<Session>, UserAccount)
        case invalid
        case locked(until: Timestamp)
        case disabled
        case channelNotAllowed
    }

    /// - Throws: 401 `invalid_credentials`; 429 `too_many_attempts`; 423 `user_disabled`; 403 `channel_not_allowed`; 503
    func callAsFunction(username: String, password: String, context: RequestContext) async throws -> SignedIn {
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
        case .session(let sessionID, let current):
            return try services.signedIn(
                current, sessionID: sessionID, refreshToken: refreshToken,
                absoluteExpiry: services.clock.now().adding(seconds: services.policy.absoluteSeconds))
        case .invalid: throw Self.invalidCredentials
        case .locked(let until): throw services.tooManyAttempts(until: until)
        case .disabled: throw Refusal(.locked, "user_disabled", "This user is disabled; please talk to the bank")
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
        try LoginFailureStore.clear(nameDigest, in: transaction)
        let refusal: Outcome? =
            user.isDisabled ? .disabled : ChannelRule.admits(user.roles, to: context.channel) ? nil : .channelNotAllowed
        if let refusal {
            let reason = user.isDisabled ? "userDisabled" : "channelNotAllowed"
            try services.audit.append(
                [services.record("login", .refused, user: user.id, context: context, detail: [("reason", reason)])], in: transaction)
            return refusal
        }
        let session = SessionRecord(
            id: services.identifiers.next(), channel: context.channel, ipAddress: context.ipAddress,
            userAgent: String(context.userAgent.prefix(200)), createdAt: now, lastSeenAt: now)
        let absoluteExpiry = now.adding(seconds: services.policy.absoluteSeconds)
        try UserStore.noteLogin(user.id, renewedHash: renewedHash, at: now, in: transaction)
        try SessionStore.insert(session, userID: user.id, absoluteExpiry: absoluteExpiry, in: transaction)
        try RefreshTokenStore.insert(
            Digests.sha256(refreshToken), sessionID: session.id, at: now, expiresAt: absoluteExpiry, in: transaction)
        try services.audit.append(
            [services.record("login", .success, user: user.id, context: context, detail: [("session", session.id.description)])],
            in: transaction)
        return .session(session.id, user)
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
                try notify(
                    user, template: "identity.lockout", subject: "Your sign-in is paused",
                    body: "Somebody entered a wrong password for \(user.username) \(count) times. Sign-in is paused for a while.",
                    in: transaction)
            }
        }
        try audit.append(records, in: transaction)
        return counted
    }

    func notify(
        _ user: UserAccount, template: String, subject: String, body: MessageBody, in transaction: Transaction
    ) throws {
        try messages.enqueue(
            OutgoingMessage(
                channel: .email, recipient: user.email, username: user.username, template: template, subject: subject, body: body),
            in: transaction)
    }

    func signedIn(
        _ user: UserAccount, sessionID: Identifier<Session>, refreshToken: String, absoluteExpiry: Timestamp
    ) throws -> SignedIn {
        let now = clock.now()
        let (token, expiresInSeconds) = try signer.sign(
            userID: user.id, sessionID: sessionID, tokenID: Base64URL.encode(random.bytes(12)), roles: user.roles,
            customerID: user.customerID, at: now, notAfter: absoluteExpiry)
        return SignedIn(
            user: user, sessionID: sessionID, accessToken: token, expiresInSeconds: expiresInSeconds, refreshToken: refreshToken,
            refreshSeconds: absoluteExpiry.seconds(since: now))
    }
}

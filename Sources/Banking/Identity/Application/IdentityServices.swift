import Application
import Kernel
import Notifications
import Postgres
import Safeguards

/// Whether the bank is a demonstration. Production refuses the demonstration's passwords.
public enum IdentityMode: Sendable {
    case demo, production
}

/// What the use cases of this room stand on.
struct IdentityServices: Sendable {
    let pool: ConnectionPool
    let clock: any WallClock
    let identifiers: any IdentifierSource
    let random: any RandomSource
    let hasher: PasswordHasher
    let signer: TokenSigner
    let verifier: TokenVerifier
    let breached: BreachedPasswords
    let audit: any AuditSink
    let messages: MessageOutbox
    let mode: IdentityMode
    /// Asked at every use: parameters change while the program runs.
    let policySource: @Sendable () -> SessionPolicy
    let activity: SessionActivity
    /// Keys the digests of names and of codes: neither can be guessed from a stolen table.
    let digestKey: [UInt8]
    /// Seal what must be readable again: the secrets of authenticator apps.
    let dataKeys: DataKeys
    /// The page on which somebody with these roles chooses a new password, with the token in it; nil when there is none.
    let passwordResetLink: @Sendable (RoleSet, String) -> String?

    var policy: SessionPolicy { policySource() }

    func nameDigest(_ name: String) -> [UInt8] {
        Digests.hmacSHA256(key: digestKey, Array("name:".utf8) + Username.key(name).utf8)
    }

    func codeDigest(_ code: String, of challenge: Identifier<StepUpChallenge>) -> [UInt8] {
        Digests.hmacSHA256(key: digestKey, Array("code:\(challenge):".utf8) + code.utf8)
    }

    /// Counts wrong second factors of a user, apart from wrong passwords.
    func secondFactorDigest(_ user: Identifier<User>) -> [UInt8] {
        Digests.hmacSHA256(key: digestKey, Array("second factor:\(user)".utf8))
    }

    func recoveryCodeDigest(_ code: String, of user: Identifier<User>) -> [UInt8] {
        Digests.hmacSHA256(key: digestKey, Array("recovery:\(user):".utf8) + RecoveryCode.normal(code).utf8)
    }

    /// Whether a password may be used at all in this mode.
    func isPublic(_ password: String) -> Bool { mode == .production && DemoUsers.passwords.contains(password) }

    /// The user a name belongs to; nil for names nobody has, and for texts that cannot be names.
    func user(named name: String, deadline: Timestamp) async throws -> UserAccount? {
        guard Username.isPossible(name) else { return nil }
        return try await pool.read(deadline: deadline) { try UserStore.find(usernameKey: Username.key(name), in: $0) }
    }

    func tooManyAttempts(until: Timestamp) -> Refusal {
        let seconds = max(1, (until.microseconds - clock.now().microseconds + 999_999) / 1_000_000)
        return Refusal(
            .tooMany, "too_many_attempts", "Too many attempts; please try again later", retryAfterSeconds: Int(seconds))
    }

    /// An audit record about a user or, when nobody has the name, about the digest of the name.
    func record(
        _ action: String, _ outcome: AuditRecord.Outcome, user: Identifier<User>?, nameDigest: [UInt8]? = nil, context: RequestContext,
        detail: [(String, String)] = []
    ) -> AuditRecord {
        // Half of the digest tells attempts on one name from those on another; nobody needs more of it.
        let subject = user?.description ?? nameDigest.map { "name:" + Base64URL.encode($0.prefix(16)) } ?? ""
        return AuditRecord(
            action: "identity." + action, outcome: outcome, actor: context.principal?.userID ?? user, subjectType: "user",
            subjectID: subject, context: context, detail: detail)
    }
}

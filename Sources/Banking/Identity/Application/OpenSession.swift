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

/// A session just opened, before its access token is signed.
struct OpenedSession: Sendable {
    let user: UserAccount
    let id: Identifier<Session>
    let absoluteExpiry: Timestamp
}

extension IdentityServices {
    /// Opens a session for a user who has proved everything that is asked for, and tells them when the device is a new one.
    /// - Parameter factors: what was proved, for the audit trail
    func openSession(
        for user: UserAccount, refreshToken: String, factors: String, context: RequestContext, in transaction: Transaction
    ) throws -> OpenedSession {
        let now = clock.now()
        let policy = policy
        let session = SessionRecord(
            id: identifiers.next(), channel: context.channel, ipAddress: context.ipAddress,
            userAgent: String(context.userAgent.prefix(200)), createdAt: now, lastSeenAt: now)
        let absoluteExpiry = now.adding(seconds: policy.absoluteSeconds)
        try UserStore.noteLogin(user.id, at: now, in: transaction)
        try SessionStore.insert(session, userID: user.id, absoluteExpiry: absoluteExpiry, in: transaction)
        try RefreshTokenStore.insert(
            Digests.sha256(refreshToken), sessionID: session.id, at: now, expiresAt: absoluteExpiry, in: transaction)
        var records = [
            record(
                "login", .success, user: user.id, context: context, detail: [("session", session.id.description), ("factors", factors)])
        ]
        if try KnownDeviceStore.note(deviceDigest(of: session, user: user.id), of: user.id, at: now, in: transaction) {
            let device = session.userAgent.isEmpty ? "an unknown program" : String(session.userAgent.prefix(120))
            try notify(
                user, template: "identity.newDevice", subject: "A new device signed in",
                body: """
                    \(user.username) signed in from a device we have not seen before: \(device), address \(session.ipAddress), \
                    \(now.inNairobi). If that was not you, end the session under Security and change your password.
                    """, in: transaction)
            records.append(
                record("newDevice", .success, user: user.id, context: context, detail: [("session", session.id.description)]))
        }
        try audit.append(records, in: transaction)
        return OpenedSession(user: user, id: session.id, absoluteExpiry: absoluteExpiry)
    }

    /// What a device is known by: who uses which program through which channel. Addresses change by the hour and tell nothing.
    private func deviceDigest(of session: SessionRecord, user: Identifier<User>) -> [UInt8] {
        Digests.hmacSHA256(key: digestKey, Array("device:\(user):\(session.channel.rawValue):\(session.userAgent)".utf8))
    }

    func signedIn(_ opened: OpenedSession, refreshToken: String) throws -> SignedIn {
        try signedIn(opened.user, sessionID: opened.id, refreshToken: refreshToken, absoluteExpiry: opened.absoluteExpiry)
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

    func notify(
        _ user: UserAccount, template: String, subject: String, body: MessageBody, in transaction: Transaction
    ) throws {
        try messages.enqueue(
            OutgoingMessage(
                channel: .email, recipient: user.email, username: user.username, template: template, subject: subject, body: body),
            in: transaction)
    }
}

extension Timestamp {
    /// `2026-11-23 06:15, Nairobi time`: how people in Kenya read a time.
    var inNairobi: String {
        let local = adding(seconds: 3 * 3_600).description
        return "\(local.prefix(10)) \(local.dropFirst(11).prefix(5)), Nairobi time"
    }
}

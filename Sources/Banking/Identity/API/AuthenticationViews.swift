import Documents
import HTTPEdge
import Kernel
import Safeguards

/// The `user` object of the contract, section 4.
struct UserView: Representation {
    let user: UserAccount

    static let schemaName = "SignedInUser"
    static let example = UserView(
        user: UserAccount(
            id: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0001), username: "customer1", fullName: "Amina Wanjiru",
            email: "amina@example.com", phone: "+254711000001", roles: RoleSet(.customer),
            customerID: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0002), branchCode: "001", mustChangePassword: false,
            isDisabled: false, isSecondFactorEnrolled: false, passwordHash: "", roleNames: ["Customer"]))

    func write(to object: inout ObjectWriter) {
        object.identifier("id", user.id)
        object.text("username", user.username)
        object.text("fullName", user.fullName)
        object.text("email", user.email)
        object.texts("roles", user.roleNames)
        object.texts("permissions", user.permissions)
        object.optionalIdentifier("customerId", user.customerID)
        object.optionalText("branchCode", user.branchCode)
        object.boolean("mustChangePassword", user.mustChangePassword)
        object.boolean("mfaEnabled", user.isSecondFactorEnrolled)
    }
}

/// The answer to a sign-in and to a refresh. The refresh token of a browser channel is in its cookie and not here.
struct SignedInView: Representation {
    let token: String
    let expiresInSeconds: Int64
    let refreshToken: String?
    let user: UserView

    static let schemaName = "LoginAnswer"
    static let example = SignedInView(token: "eyJ…", expiresInSeconds: 600, refreshToken: "…", user: .example)

    func write(to object: inout ObjectWriter) {
        object.text("token", token)
        object.text("tokenType", "Bearer")
        object.integer("expiresIn", expiresInSeconds)
        object.optionalText("refreshToken", refreshToken)
        object.object("user", user)
    }
}

/// The answer to a right password when a second factor is enrolled: no token yet.
struct SecondFactorNeededView: Representation {
    let challengeID: Identifier<SignInChallenge>
    let expiresInSeconds: Int64

    static let schemaName = "SecondFactorNeeded"
    static let example = SecondFactorNeededView(
        challengeID: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0005), expiresInSeconds: 300)

    func write(to object: inout ObjectWriter) {
        object.boolean("mfaRequired", true)
        object.identifier("challengeId", challengeID)
        object.texts("methods", SecondFactorMethod.allCases.map(\.rawValue))
        object.integer("expiresIn", expiresInSeconds)
    }
}

struct SecondFactorView: Representation {
    let isEnrolled: Bool
    let recoveryCodesLeft: Int64

    static let schemaName = "SecondFactor"
    static let example = SecondFactorView(isEnrolled: true, recoveryCodesLeft: 10)

    func write(to object: inout ObjectWriter) {
        object.boolean("mfaEnabled", isEnrolled)
        object.texts("methods", isEnrolled ? SecondFactorMethod.allCases.map(\.rawValue) : [])
        object.integer("recoveryCodesLeft", recoveryCodesLeft)
    }
}

struct EnrolmentView: Representation {
    let enrolment: OwnSecondFactor.Enrolment

    static let schemaName = "SecondFactorEnrolment"
    static let example = EnrolmentView(
        enrolment: .init(
            secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
            uri: AuthenticatorLink.uri(secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", username: "customer1"),
            expiresAt: Timestamp(microseconds: 1_790_000_600_000_000)))

    func write(to object: inout ObjectWriter) {
        object.text("secret", enrolment.secret)
        object.text("otpauthUri", enrolment.uri)
        // A link that is too long for a QR code can still be typed in: the picture is a help, not the way.
        object.optionalText("qrSvg", (try? QRCode(enrolment.uri))?.svg)
        object.timestamp("expiresAt", enrolment.expiresAt)
    }
}

struct RecoveryCodesView: Representation {
    let codes: [String]

    static let schemaName = "RecoveryCodes"
    static let example = RecoveryCodesView(codes: ["0a1b2-c3d4e"])

    func write(to object: inout ObjectWriter) {
        object.boolean("mfaEnabled", true)
        object.texts("recoveryCodes", codes)
    }
}

struct MessageView: Representation {
    let message: String

    static let schemaName = "Message"
    static let example = MessageView(message: "…")

    func write(to object: inout ObjectWriter) { object.text("message", message) }
}

struct SessionView: Representation {
    let session: SessionRecord
    let isCurrent: Bool

    static let schemaName = "Session"
    static let example = SessionView(
        session: SessionRecord(
            id: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0003), channel: .personal, ipAddress: "127.0.0.1",
            userAgent: "curl/7.88.1", createdAt: Timestamp(microseconds: 1_790_000_000_000_000),
            lastSeenAt: Timestamp(microseconds: 1_790_000_060_000_000)), isCurrent: true)

    func write(to object: inout ObjectWriter) {
        object.identifier("sessionId", session.id)
        object.timestamp("createdAt", session.createdAt)
        object.timestamp("lastSeenAt", session.lastSeenAt)
        object.text("ipAddress", session.ipAddress)
        object.text("userAgent", session.userAgent)
        object.optionalText("channel", session.channel == .api ? nil : session.channel.rawValue)
        object.boolean("current", isCurrent)
    }
}

struct StepUpTokenView: Representation {
    let token: String
    let expiresInSeconds: Int64

    static let schemaName = "StepUpToken"
    static let example = StepUpTokenView(token: "…", expiresInSeconds: 300)

    func write(to object: inout ObjectWriter) {
        object.text("stepUpToken", token)
        object.integer("expiresIn", expiresInSeconds)
    }
}

struct StepUpResentView: Representation {
    let challengeID: Identifier<StepUpChallenge>
    let expiresAt: Timestamp
    let resendsLeft: Int16

    static let schemaName = "StepUpResent"
    static let example = StepUpResentView(
        challengeID: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0004),
        expiresAt: Timestamp(microseconds: 1_790_000_300_000_000), resendsLeft: 2)

    func write(to object: inout ObjectWriter) {
        object.identifier("challengeId", challengeID)
        object.timestamp("expiresAt", expiresAt)
        object.integer("resendsLeft", resendsLeft)
    }
}

/// The public keys of the bank as RFC 7517 writes them.
struct KeySetView: Representation {
    let keys: [KeyView]

    static let schemaName = "JSONWebKeySet"
    static let example = KeySetView(keys: [.example])

    init(keys: [KeyView]) {
        self.keys = keys
    }

    init(_ keys: SigningKeys) {
        self.keys = JSONWebKeySet(keys).keys.map { KeyView(key: $0) }
    }

    func write(to object: inout ObjectWriter) { object.array("keys", keys) }
}

struct KeyView: Representation {
    let keyID: String
    let x: String
    let y: String

    static let schemaName = "JSONWebKey"
    static let example = KeyView(keyID: "kid", x: "x", y: "y")

    init(keyID: String, x: String, y: String) {
        self.keyID = keyID
        self.x = x
        self.y = y
    }

    init(key: JSONWebKeySet.Key) {
        self.init(keyID: key.keyID, x: key.x, y: key.y)
    }

    func write(to object: inout ObjectWriter) {
        object.text("kty", "EC")
        object.text("crv", "P-256")
        object.text("alg", "ES256")
        object.text("use", "sig")
        object.text("kid", keyID)
        object.text("x", x)
        object.text("y", y)
    }
}

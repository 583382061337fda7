import Kernel

/// What an access token says. Rights are never taken from it: the session table decides on every request.
public struct AccessToken: Sendable, Equatable {
    public let userID: Identifier<User>
    public let sessionID: Identifier<Session>
    public let tokenID: String
    public let roles: [String]
    public let customerID: Identifier<Customer>?
    public let issuedAt: Timestamp
    public let notBefore: Timestamp
    public let expiresAt: Timestamp

    public init(
        userID: Identifier<User>, sessionID: Identifier<Session>, tokenID: String, roles: [String], customerID: Identifier<Customer>?,
        issuedAt: Timestamp, notBefore: Timestamp, expiresAt: Timestamp
    ) {
        self.userID = userID
        self.sessionID = sessionID
        self.tokenID = tokenID
        self.roles = roles
        self.customerID = customerID
        self.issuedAt = issuedAt
        self.notBefore = notBefore
        self.expiresAt = expiresAt
    }
}

/// Who issues tokens and for whom.
public struct TokenScope: Sendable {
    public let issuer: String
    public let audience: String

    public init(issuer: String = "wekeza", audience: String = "wekeza-api") {
        self.issuer = issuer
        self.audience = audience
    }
}

/// The protected header (RFC 9068: `typ` is `at+jwt`).
struct TokenHeader: Codable, Equatable {
    let alg: String
    let kid: String
    let typ: String
}

/// The claims as they stand in the token; every one is typed, and a missing or mistyped one refuses the token.
struct TokenClaims: Codable {
    let aud: String
    let cid: String?
    let exp: Int64
    let iat: Int64
    let iss: String
    let jti: String
    let nbf: Int64
    let roles: [String]
    let sid: String
    let sub: String
}

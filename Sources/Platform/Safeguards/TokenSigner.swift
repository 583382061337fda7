import Crypto
import Foundation
import Kernel

/// Signs access tokens: JWT in compact form, ES256 only.
public struct TokenSigner: Sendable {
    private let key: P256.Signing.PrivateKey
    private let scope: TokenScope
    private let encodedHeader: String
    public let lifetimeSeconds: Int64

    public init(keys: SigningKeys, scope: TokenScope = TokenScope(), lifetimeSeconds: Int64 = 600) {
        precondition(lifetimeSeconds > 0, "a token lives for a while")
        key = keys.signing
        self.scope = scope
        self.lifetimeSeconds = lifetimeSeconds
        encodedHeader = Base64URL.encode(Array(#"{"alg":"ES256","kid":"\#(keys.keyID)","typ":"at+jwt"}"#.utf8))
    }

    /// A token for one session, good from now for `lifetimeSeconds`, but never longer than `notAfter`.
    public func sign(
        userID: Identifier<User>, sessionID: Identifier<Session>, tokenID: String, roles: RoleSet, customerID: Identifier<Customer>?,
        at instant: Timestamp, notAfter: Timestamp? = nil
    ) throws -> (token: String, expiresInSeconds: Int64) {
        let now = instant.microseconds / 1_000_000
        let expiry = min(now + lifetimeSeconds, (notAfter?.microseconds ?? .max) / 1_000_000)
        let claims = TokenClaims(
            aud: scope.audience, cid: customerID?.description, exp: expiry, iat: now, iss: scope.issuer, jti: tokenID, nbf: now,
            roles: roles.roles.map(\.rawValue), sid: sessionID.description, sub: userID.description)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let signed = encodedHeader + "." + Base64URL.encode(Array(try encoder.encode(claims)))
        let signature = try key.signature(for: Array(signed.utf8))
        return (signed + "." + Base64URL.encode(Array(signature.rawRepresentation)), expiry - now)
    }
}

import Crypto
import Foundation
import Kernel

@testable import Safeguards

/// Makes tokens of every kind, good and bad, from raw JSON.
struct TokenForge {
    let key = P256.Signing.PrivateKey()
    let clock = ManualClock(Timestamp(microseconds: 1_790_000_000_000_000))
    let keys: SigningKeys
    let verifier: TokenVerifier

    init() {
        keys = SigningKeys(signing: key)
        verifier = TokenVerifier(keys: keys, clock: clock)
    }

    var now: Int64 { clock.now().microseconds / 1_000_000 }

    var header: [String: Any] { ["alg": "ES256", "typ": "at+jwt", "kid": keys.keyID] }

    var claims: [String: Any] {
        [
            "iss": "wekeza", "aud": "wekeza-api", "sub": "0190b3d2-7c1a-7000-8000-000000000001",
            "sid": "0190b3d2-7c1a-7000-8000-000000000002", "jti": "one", "iat": now, "nbf": now, "exp": now + 600, "roles": ["Customer"],
            "cid": "0190b3d2-7c1a-7000-8000-000000000003",
        ]
    }

    func with(_ changes: [String: Any], in object: [String: Any]) -> [String: Any] {
        var object = object
        for (name, value) in changes { object[name] = value }
        return object
    }

    func encode(_ object: [String: Any]) throws -> String {
        Base64URL.encode(Array(try JSONSerialization.data(withJSONObject: object)))
    }

    func token(header: [String: Any]? = nil, claims: [String: Any]? = nil, signedBy other: P256.Signing.PrivateKey? = nil) throws -> String
    {
        let signed = try encode(header ?? self.header) + "." + encode(claims ?? self.claims)
        let signature = try (other ?? key).signature(for: Array(signed.utf8))
        return signed + "." + Base64URL.encode(Array(signature.rawRepresentation))
    }

    func token(headerChanges: [String: Any]) throws -> String { try token(header: with(headerChanges, in: header)) }
    func token(claimChanges: [String: Any]) throws -> String { try token(claims: with(claimChanges, in: claims)) }

    func token(headerWithout name: String) throws -> String { try token(header: header.filter { $0.key != name }) }
    func token(claimsWithout name: String) throws -> String { try token(claims: claims.filter { $0.key != name }) }

    func refuses(_ token: String) -> Bool {
        do {
            _ = try verifier.verify(token)
            return false
        } catch {
            return error.kind == .unauthenticated && error.code == "invalid_token"
        }
    }
}

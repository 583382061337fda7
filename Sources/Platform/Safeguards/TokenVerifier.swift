import Crypto
import Foundation
import Kernel
import Synchronization

/// Verifies access tokens, and remembers which ones were good.
///
/// The reading is strict on purpose: exactly three parts of canonical base64url, at most 8 KB, a header with exactly `alg`, `kid` and
/// `typ`. A header that names another algorithm, brings its own key (`jwk`, `jku`, `x5u`, `x5c`) or claims an extension (`crit`) has a
/// member too many and is refused before any cryptography. One parser reads what is verified and what is used.
public final class TokenVerifier: Sendable {
    public static let maximumTokenBytes = 8_192

    private let keys: [String: P256.Signing.PublicKey]
    private let scope: TokenScope
    private let clock: any WallClock
    private let leewaySeconds: Int64
    private let cache: Mutex<VerifiedTokens>

    /// - Parameters:
    ///   - leewaySeconds: how far the clock of another process may run ahead; it is granted to `nbf` and `iat`, never to `exp`
    ///   - cacheCapacity: verified tokens remembered
    public init(
        keys: SigningKeys, scope: TokenScope = TokenScope(), clock: any WallClock, leewaySeconds: Int64 = 5, cacheCapacity: Int = 50_000
    ) {
        self.keys = Dictionary(uniqueKeysWithValues: keys.verification.map { ($0.keyID, $0.verification) })
        self.scope = scope
        self.clock = clock
        self.leewaySeconds = leewaySeconds
        cache = Mutex(VerifiedTokens(capacity: cacheCapacity))
    }

    /// The content of a good token.
    /// - Throws: 401 `invalid_token`, with the same text whatever is wrong
    public func verify(_ token: String) throws(Refusal) -> AccessToken {
        var token = token
        guard token.utf8.count <= Self.maximumTokenBytes else { throw Self.refusal }
        let fingerprint = token.withUTF8 { TokenFingerprint(SHA256.hash(data: UnsafeRawBufferPointer($0))) }
        let now = clock.now()
        if let known = cache.withLock({ $0.find(fingerprint) }) {
            guard isCurrent(known, at: now) else { throw Self.refusal }
            return known
        }
        guard let verified = verified(token), isCurrent(verified, at: now) else { throw Self.refusal }
        cache.withLock { $0.insert(verified, under: fingerprint) }
        return verified
    }

    /// The content of a token that was good once: for signing out, which an expired token must still be able to do.
    /// - Throws: 401 `invalid_token`
    public func verifyIgnoringTime(_ token: String) throws(Refusal) -> AccessToken {
        guard token.utf8.count <= Self.maximumTokenBytes, let verified = verified(token) else { throw Self.refusal }
        return verified
    }

    /// Tokens remembered now.
    public var cachedTokenCount: Int { cache.withLock { $0.count } }

    static let refusal = Refusal(.unauthenticated, "invalid_token", "Your session is not valid any more; please sign in again")

    private func isCurrent(_ token: AccessToken, at now: Timestamp) -> Bool {
        let latestStart = now.adding(seconds: leewaySeconds)
        return token.notBefore <= latestStart && token.issuedAt <= latestStart && now < token.expiresAt
    }

    /// Signature, form and claims; not the time.
    private func verified(_ token: String) -> AccessToken? {
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let headerBytes = Base64URL.decode(parts[0]), let claimBytes = Base64URL.decode(parts[1]),
            let signatureBytes = Base64URL.decode(parts[2])
        else { return nil }
        guard let header = Self.header(headerBytes), header.alg == "ES256", header.typ == "at+jwt", let key = keys[header.kid],
            signatureBytes.count == 64, Self.isPossible(signatureBytes),
            let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signatureBytes)
        else { return nil }
        let signed = Array(token.utf8.prefix(parts[0].count + 1 + parts[1].count))
        guard key.isValidSignature(signature, for: signed) else { return nil }
        guard let claims = try? JSONDecoder().decode(TokenClaims.self, from: Data(claimBytes)) else { return nil }
        return accessToken(claims)
    }

    /// Exactly three members, all of them texts: anything else in a header is an instruction this bank does not take.
    private static func header(_ bytes: [UInt8]) -> TokenHeader? {
        guard let members = try? JSONDecoder().decode([String: String].self, from: Data(bytes)), members.count == 3,
            let algorithm = members["alg"], let keyID = members["kid"], let type = members["typ"]
        else { return nil }
        return TokenHeader(alg: algorithm, kid: keyID, typ: type)
    }

    /// Neither half of a signature is zero. The library refuses zeros as well; the rule is cheap and worth saying twice.
    private static func isPossible(_ signature: [UInt8]) -> Bool {
        signature[0..<32].contains { $0 != 0 } && signature[32..<64].contains { $0 != 0 }
    }

    private func accessToken(_ claims: TokenClaims) -> AccessToken? {
        let seconds: ClosedRange<Int64> = 0...253_402_300_799
        guard claims.iss == scope.issuer, claims.aud == scope.audience, let userID = Identifier<User>(claims.sub),
            let sessionID = Identifier<Session>(claims.sid), !claims.jti.isEmpty, seconds.contains(claims.exp),
            seconds.contains(claims.nbf),
            seconds.contains(claims.iat), claims.nbf < claims.exp
        else { return nil }
        var customerID: Identifier<Customer>?
        if let text = claims.cid {
            guard let identifier = Identifier<Customer>(text) else { return nil }
            customerID = identifier
        }
        return AccessToken(
            userID: userID, sessionID: sessionID, tokenID: claims.jti, roles: claims.roles, customerID: customerID,
            issuedAt: Timestamp(microseconds: claims.iat * 1_000_000), notBefore: Timestamp(microseconds: claims.nbf * 1_000_000),
            expiresAt: Timestamp(microseconds: claims.exp * 1_000_000))
    }
}

/// SHA-256 of a token: the cache never holds a token that could be stolen from a memory dump and used.
struct TokenFingerprint: Hashable {
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    init(_ digest: SHA256Digest) {
        (first, second, third, fourth) = digest.withUnsafeBytes {
            (
                $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self), $0.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
            )
        }
    }
}

/// Two generations: when the young one is full it becomes the old one, and what was in the old one is forgotten. What is in use moves
/// back to the young one. Expired tokens disappear by themselves, memory is bounded, and every step costs the same.
struct VerifiedTokens {
    private var young: [TokenFingerprint: AccessToken] = [:]
    private var old: [TokenFingerprint: AccessToken] = [:]
    private let generationCapacity: Int

    init(capacity: Int) {
        generationCapacity = max(1, capacity / 2)
    }

    var count: Int { young.count + old.count }

    mutating func find(_ fingerprint: TokenFingerprint) -> AccessToken? {
        if let found = young[fingerprint] { return found }
        guard let found = old.removeValue(forKey: fingerprint) else { return nil }
        insert(found, under: fingerprint)
        return found
    }

    mutating func insert(_ token: AccessToken, under fingerprint: TokenFingerprint) {
        if young.count >= generationCapacity {
            old = young
            young = [:]
        }
        young[fingerprint] = token
    }
}

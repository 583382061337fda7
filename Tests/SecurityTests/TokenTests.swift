import Crypto
import Foundation
import JWTKit
import Kernel
import Testing

@testable import Safeguards

@Suite struct TokenTests {
    let clock = ManualClock(Timestamp(microseconds: 1_790_000_000_123_456))
    let userID = Identifier<User>(bits: 0x0190_b3d2_7c1a_7000_8000_0000_0000_0001)
    let sessionID = Identifier<Session>(bits: 0x0190_b3d2_7c1a_7000_8000_0000_0000_0002)
    let customerID = Identifier<Customer>(bits: 0x0190_b3d2_7c1a_7000_8000_0000_0000_0003)

    private func sign(_ keys: SigningKeys, notAfter: Timestamp? = nil) throws -> (token: String, expiresInSeconds: Int64) {
        try TokenSigner(keys: keys).sign(
            userID: userID, sessionID: sessionID, tokenID: "one", roles: [RoleSet(.customer), RoleSet(.teller)], customerID: customerID,
            at: clock.now(), notAfter: notAfter)
    }

    @Test func readsWhatItSigns() throws {
        let keys = SigningKeys.ephemeral()
        let (token, expiresInSeconds) = try sign(keys)
        let read = try TokenVerifier(keys: keys, clock: clock).verify(token)
        #expect(expiresInSeconds == 600)
        #expect(read.userID == userID && read.sessionID == sessionID && read.customerID == customerID)
        #expect(read.roles == ["Customer", "Teller"])
        #expect(read.expiresAt.microseconds == 1_790_000_600_000_000)
    }

    @Test func neverOutlivesTheSession() throws {
        let (token, expiresInSeconds) = try sign(.ephemeral(), notAfter: clock.now().adding(seconds: 90))
        #expect(expiresInSeconds == 90)
        #expect(!token.isEmpty)
    }

    struct Payload: JWTPayload {
        let iss: IssuerClaim
        let aud: AudienceClaim
        let sub: SubjectClaim
        let exp: ExpirationClaim
        let nbf: NotBeforeClaim
        let sid: String
        let roles: [String]

        func verify(using _: some JWTAlgorithm) async throws {}
    }

    /// An independent library reads our key set and verifies our token with it.
    @Test func anotherLibraryVerifiesOurTokens() async throws {
        let keys = SigningKeys.ephemeral()
        let collection = JWTKeyCollection()
        try await collection.add(jwksJSON: JSONWebKeySet(keys).json)
        let payload = try await collection.verify(sign(keys).token, as: Payload.self)
        #expect(payload.sub.value == userID.description)
        #expect(payload.aud.value == ["wekeza-api"])
        #expect(payload.sid == sessionID.description)
        let stranger = JWTKeyCollection()
        try await stranger.add(jwksJSON: JSONWebKeySet(.ephemeral()).json)
        await #expect(throws: (any Error).self) { try await stranger.verify(self.sign(keys).token, as: Payload.self) }
    }

    /// RFC 7638 defines the thumbprint over the members in this order without blanks.
    @Test func namesKeysByTheirThumbprint() throws {
        let keys = SigningKeys.ephemeral()
        let set = JSONWebKeySet(keys)
        let key = try #require(set.keys.first)
        let canonical = #"{"crv":"P-256","kty":"EC","x":"\#(key.x)","y":"\#(key.y)"}"#
        #expect(key.keyID == Base64URL.encode(Array(SHA256.hash(data: Array(canonical.utf8)))))
        #expect(Base64URL.decode(key.x)?.count == 32 && Base64URL.decode(key.y)?.count == 32)
    }

    @Test func acceptsTokensOfEarlierKeysUntilTheyAreForgotten() throws {
        let directory = NSTemporaryDirectory() + "wekeza-keys-\(UInt64.random(in: 0...UInt64.max))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let first = try SigningKeys.load(configuredPEM: nil, directory: directory)
        let again = try SigningKeys.load(configuredPEM: nil, directory: directory)
        #expect(first.keyID == again.keyID)
        let token = try sign(first).token

        let second = try SigningKeys.rotate(directory: directory)
        #expect(second.keyID != first.keyID)
        #expect(second.verification.map(\.keyID) == [second.keyID, first.keyID])
        #expect(try TokenVerifier(keys: second, clock: clock).verify(token).userID == userID)
        let third = try SigningKeys.rotate(directory: directory)
        #expect(third.verification.map(\.keyID) == [third.keyID, second.keyID, first.keyID])

        let other = TokenVerifier(keys: .ephemeral(), clock: clock)
        #expect(throws: Refusal.self) { try other.verify(token) }
    }

    @Test func keepsTheKeyFileToItsOwner() throws {
        let directory = NSTemporaryDirectory() + "wekeza-keys-\(UInt64.random(in: 0...UInt64.max))"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        _ = try SigningKeys.load(configuredPEM: nil, directory: directory)
        let path = directory + "/signing-key.pem"
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["signing-key.pem"])
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        #expect(throws: SecretFile.Failure.self) { try SigningKeys.load(configuredPEM: nil, directory: directory) }
    }

    @Test func takesTheKeyFromConfiguration() throws {
        let directory = NSTemporaryDirectory() + "wekeza-keys-\(UInt64.random(in: 0...UInt64.max))"
        let key = P256.Signing.PrivateKey()
        let expected = SigningKeys(signing: key).keyID
        #expect(try SigningKeys.load(configuredPEM: key.pemRepresentation, directory: directory).keyID == expected)
        let oneLine = key.pemRepresentation.replacingOccurrences(of: "\n", with: #"\n"#)
        #expect(try SigningKeys.load(configuredPEM: oneLine, directory: directory).keyID == expected)
        #expect(throws: SecretFile.Failure.self) { try SigningKeys.load(configuredPEM: "nonsense", directory: directory) }
        let larger = P384.Signing.PrivateKey().pemRepresentation
        #expect(throws: SecretFile.Failure.self) { try SigningKeys.load(configuredPEM: larger, directory: directory) }
        #expect(!FileManager.default.fileExists(atPath: directory))
    }

    @Test func boundsTheCache() throws {
        let forge = TokenForge()
        let verifier = TokenVerifier(keys: forge.keys, clock: forge.clock, cacheCapacity: 10)
        for index in 0..<40 { _ = try verifier.verify(forge.token(claimChanges: ["jti": "token \(index)"])) }
        #expect(verifier.cachedTokenCount <= 10)
        #expect(verifier.cachedTokenCount > 0)
    }

    @Test func doesNotRememberBadTokens() throws {
        let forge = TokenForge()
        for _ in 0..<5 { #expect(forge.refuses(try forge.token(headerChanges: ["alg": "none"]))) }
        #expect(forge.verifier.cachedTokenCount == 0)
    }
}

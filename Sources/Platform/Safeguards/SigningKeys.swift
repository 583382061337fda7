import Crypto
import Kernel

/// The keys that sign and verify access tokens: one that signs, and earlier ones whose tokens are still good.
public struct SigningKeys: Sendable {
    /// Public half of a key under its name.
    public struct PublicKey: Sendable {
        /// Thumbprint of the key (RFC 7638): the name follows from the key, so two processes always agree on it.
        public let keyID: String
        /// Affine coordinates on P-256, 32 bytes each.
        public let x: [UInt8]
        public let y: [UInt8]
        let verification: P256.Signing.PublicKey

        init(_ key: P256.Signing.PublicKey) {
            let raw = Array(key.rawRepresentation)
            assert(raw.count == 64, "a P-256 point has two coordinates of 32 bytes")
            x = Array(raw[0..<32])
            y = Array(raw[32..<64])
            let canonical = #"{"crv":"P-256","kty":"EC","x":"\#(Base64URL.encode(x))","y":"\#(Base64URL.encode(y))"}"#
            keyID = Base64URL.encode(Digests.sha256(canonical))
            verification = key
        }
    }

    let signing: P256.Signing.PrivateKey
    /// The current key first.
    public let verification: [PublicKey]

    public var keyID: String { verification[0].keyID }

    /// - Parameter earlier: public keys whose tokens are still accepted
    public init(signing: P256.Signing.PrivateKey, earlier: [P256.Signing.PublicKey] = []) {
        self.signing = signing
        let current = PublicKey(signing.publicKey)
        var seen: Set = [current.keyID]
        verification = [current] + earlier.map { PublicKey($0) }.filter { seen.insert($0.keyID).inserted }
    }

    /// A key nobody else has, for tests and for programs that live for a moment.
    public static func ephemeral() -> SigningKeys { SigningKeys(signing: P256.Signing.PrivateKey()) }

    /// The signing key from configuration, or else from `DIRECTORY/signing-key.pem`, created on first start (mode 0600).
    ///
    /// - Parameters:
    ///   - configuredPEM: `WEKEZA_SIGNING_KEY`, a P-256 private key (PKCS #8 or SEC 1); nil or empty uses the file
    ///   - directory: where `signing-key.pem` and `earlier-keys.pem` (public keys, one after the other) live
    /// - Throws: `SecretFile.Failure` with one clear line
    public static func load(configuredPEM: String?, directory: String) throws(SecretFile.Failure) -> SigningKeys {
        let earlier = try earlierKeys(directory: directory)
        if let configuredPEM, !configuredPEM.isEmpty {
            // A variable in a .env file cannot hold line breaks, so `\n` written out is accepted.
            let text = configuredPEM.split(separator: #"\n"#, omittingEmptySubsequences: false).joined(separator: "\n")
            guard let key = try? P256.Signing.PrivateKey(pemRepresentation: text) else {
                throw SecretFile.Failure(description: "WEKEZA_SIGNING_KEY is not a P-256 private key in PEM form")
            }
            return SigningKeys(signing: key, earlier: earlier)
        }
        let path = "\(directory)/signing-key.pem"
        let pem = try SecretFile.loadOrCreate(path) { Array(P256.Signing.PrivateKey().pemRepresentation.utf8) }
        guard let key = try? P256.Signing.PrivateKey(pemRepresentation: String(decoding: pem, as: UTF8.self)) else {
            throw SecretFile.Failure(description: "\(path) is not a P-256 private key in PEM form")
        }
        return SigningKeys(signing: key, earlier: earlier)
    }

    /// Replaces the signing key in the directory; tokens of the old one stay good until they expire. Takes effect when the keys are
    /// loaded again.
    public static func rotate(directory: String) throws(SecretFile.Failure) -> SigningKeys {
        let current = try load(configuredPEM: nil, directory: directory)
        // The retiring key is written first: a crash in between leaves a key listed twice, never a token nobody can verify.
        let retired = current.verification.prefix(8).map { $0.verification.pemRepresentation }.joined(separator: "\n")
        try SecretFile.replace("\(directory)/earlier-keys.pem", with: Array(retired.utf8))
        try SecretFile.replace("\(directory)/signing-key.pem", with: Array(P256.Signing.PrivateKey().pemRepresentation.utf8))
        return try load(configuredPEM: nil, directory: directory)
    }

    private static func earlierKeys(directory: String) throws(SecretFile.Failure) -> [P256.Signing.PublicKey] {
        let path = "\(directory)/earlier-keys.pem"
        guard let bytes = try SecretFile.load(path) else { return [] }
        let end = "-----END PUBLIC KEY-----"
        var keys: [P256.Signing.PublicKey] = []
        var block: [Substring] = []
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            block.append(line)
            guard line == end else { continue }
            guard let key = try? P256.Signing.PublicKey(pemRepresentation: block.joined(separator: "\n")) else {
                throw SecretFile.Failure(description: "\(path) holds something that is not a P-256 public key in PEM form")
            }
            keys.append(key)
            block.removeAll()
        }
        return keys
    }
}

import Crypto
import Kernel

/// Keys that keep single fields unreadable at rest (AES-256-GCM): one that seals, and earlier ones that still open what they sealed.
///
/// What is sealed carries the name of its key, so a key is changed by putting a new one in front; rows sealed under an earlier one stay
/// readable as long as that one is listed. Every value is bound to its place: a sealed secret copied into another row does not open.
public struct DataKeys: Sendable {
    /// A sealed field as it is stored: the name of the key, and nonce, ciphertext and tag in one.
    public struct Sealed: Sendable, Equatable {
        public let keyID: String
        public let bytes: [UInt8]

        public init(keyID: String, bytes: [UInt8]) {
            self.keyID = keyID
            self.bytes = bytes
        }
    }

    /// The field was sealed under a key nobody has any more, or it was changed or moved.
    public struct Unreadable: Error, Sendable {}

    private let keys: [String: SymmetricKey]
    /// Name of the key that seals. It follows from the key, so two processes always agree on it.
    public let currentKeyID: String

    /// - Parameters:
    ///   - current: 32 bytes
    ///   - earlier: keys that only open, 32 bytes each
    public init(current: [UInt8], earlier: [[UInt8]] = []) {
        precondition(([current] + earlier).allSatisfy { $0.count == 32 }, "AES-256 takes keys of 32 bytes")
        currentKeyID = Self.keyID(of: current)
        keys = Dictionary(
            ([current] + earlier).map { (Self.keyID(of: $0), SymmetricKey(data: $0)) }, uniquingKeysWith: { first, _ in first })
    }

    /// - Parameter place: what the value belongs to, such as `identity.totp/USER`; the same must be given to open it
    public func seal(_ plain: [UInt8], place: String) throws -> Sealed {
        guard let key = keys[currentKeyID] else { throw Unreadable() }
        let box = try AES.GCM.seal(plain, using: key, authenticating: Array(place.utf8))
        guard let combined = box.combined else { throw Unreadable() }
        return Sealed(keyID: currentKeyID, bytes: Array(combined))
    }

    /// - Throws: `Unreadable`
    public func open(_ sealed: Sealed, place: String) throws -> [UInt8] {
        guard let key = keys[sealed.keyID], let box = try? AES.GCM.SealedBox(combined: sealed.bytes),
            let plain = try? AES.GCM.open(box, using: key, authenticating: Array(place.utf8))
        else { throw Unreadable() }
        return Array(plain)
    }

    // MARK: Where they come from

    /// The keys from configuration, or else from `DIRECTORY/data-keys`, created on first start (mode 0600).
    /// - Parameter configured: `WEKEZA_DATA_KEYS`, keys of 32 bytes in base64url separated by commas, the sealing one first
    /// - Throws: `SecretFile.Failure` with one clear line
    public static func load(configured: String?, directory: String) throws(SecretFile.Failure) -> DataKeys {
        if let configured {
            guard let keys = DataKeys(text: configured) else { throw SecretFile.Failure(description: "WEKEZA_DATA_KEYS \(requirement)") }
            return keys
        }
        let path = "\(directory)/data-keys"
        let bytes = try SecretFile.loadOrCreate(path) { Array(newKey().utf8) }
        guard let keys = DataKeys(text: String(decoding: bytes, as: UTF8.self)) else {
            throw SecretFile.Failure(description: "\(path) \(requirement)")
        }
        return keys
    }

    public static let requirement = "must be keys of 32 bytes in base64url, separated by commas"

    /// A fresh key as the setting and the file write it.
    public static func newKey() -> String { Base64URL.encode(SystemRandom().bytes(32)) }

    /// Nil when the text holds anything but keys.
    public init?(text: String) {
        var keys: [[UInt8]] = []
        for part in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            guard let key = Base64URL.decode(String(part)), key.count == 32 else { return nil }
            keys.append(key)
        }
        guard let current = keys.first else { return nil }
        self.init(current: current, earlier: Array(keys.dropFirst()))
    }

    private static func keyID(of key: [UInt8]) -> String {
        Base64URL.encode(Digests.sha256(Array("wekeza data key:".utf8) + key).prefix(9))
    }
}

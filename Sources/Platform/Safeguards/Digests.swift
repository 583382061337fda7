import Crypto

/// SHA-256 and HMAC-SHA-256 over byte arrays: 32 bytes each.
public enum Digests {
    public static func sha256(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        Array(SHA256.hash(data: Array(bytes)))
    }

    public static func sha256(_ text: String) -> [UInt8] { sha256(text.utf8) }

    public static func hmacSHA256(key: [UInt8], _ message: some Sequence<UInt8>) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(message), using: SymmetricKey(data: key)))
    }

    /// Key derived from a master secret for one purpose, so that no key serves two (HKDF, RFC 5869).
    public static func derivedKey(from secret: [UInt8], purpose: String) -> [UInt8] {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: SymmetricKey(data: secret), info: Array(purpose.utf8), outputByteCount: 32)
            .withUnsafeBytes { Array($0) }
    }
}

/// Comparison whose time depends on the length only, never on the content.
public enum ConstantTime {
    public static func equal(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for (one, other) in zip(left, right) { difference |= one ^ other }
        return difference == 0
    }

    public static func equal(_ left: String, _ right: String) -> Bool { equal(left.utf8, right.utf8) }
}

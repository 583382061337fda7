import Crypto

/// A keyed digest of what a document says: tells a paper of this bank from one that somebody wrote. Every process of the bank has the
/// key; nobody else can make a code.
public struct VerificationCode {
    /// Crockford's base 32: no letter is taken for a digit.
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    private var hash: HMAC<SHA256>

    public init(key: [UInt8]) {
        hash = HMAC<SHA256>(key: SymmetricKey(data: key))
    }

    /// Adds one thing that the document says.
    public mutating func add(_ text: String) { hash.update(data: Array((text + "|").utf8)) }

    /// Twelve characters, 60 bits, in three groups.
    public var text: String {
        var bits = hash.finalize().prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        var code = ""
        for position in 0..<12 {
            if position > 0, position.isMultiple(of: 4) { code.append("-") }
            code.append(Self.alphabet[Int(bits & 31)])
            bits >>= 5
        }
        return code
    }

    /// What a document's QR code holds: its facts, and the code over them. Whoever scans it can have the bank check it.
    public static func signed(_ facts: [String], key: [UInt8]) -> (content: String, code: String) {
        var code = VerificationCode(key: key)
        // A separator inside of a fact would make two readings of one content.
        let facts = facts.map { $0.replacing("|", with: "/") }
        for fact in facts { code.add(fact) }
        let text = code.text
        return ((facts + [text]).joined(separator: "|"), text)
    }

    /// The facts of a content that this bank has signed; nil when it has not, or when something in it was changed.
    public static func facts(of content: String, key: [UInt8]) -> [String]? {
        let parts = content.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        guard parts.count > 1, let given = parts.last else { return nil }
        let facts = Array(parts.dropLast())
        let expected = signed(facts, key: key).code
        // Every character is looked at, so that the time taken tells nothing about where the first difference is.
        guard given.utf8.count == expected.utf8.count else { return nil }
        let difference = zip(given.utf8, expected.utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
        return difference == 0 ? facts : nil
    }
}

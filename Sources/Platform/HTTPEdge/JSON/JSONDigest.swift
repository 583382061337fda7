import Crypto

extension JSONValue {
    /// SHA-256 over the value's canonical form, 32 bytes: the same for every way to write the same JSON value.
    ///
    /// Order of names, blanks, escapes and the notation of numbers (`1.50`, `15e-1`) make no difference; everything else does.
    /// Idempotency compares requests by this digest (contract, 1.5).
    public func digest() -> [UInt8] {
        var canonical: [UInt8] = []
        canonical.reserveCapacity(512)
        writeCanonical(to: &canonical)
        return Array(SHA256.hash(data: canonical))
    }

    /// The digest of a request without a body.
    public static let emptyDigest: [UInt8] = JSONValue.object([:]).digest()

    /// A tagged, length-prefixed form rather than canonical JSON text: cheaper to write, and no two values share one.
    func writeCanonical(to output: inout [UInt8]) {
        switch self {
        case .null: output.append(UInt8(ascii: "z"))
        case .boolean(let flag): output.append(flag ? UInt8(ascii: "t") : UInt8(ascii: "f"))
        case .number(let text):
            output.append(UInt8(ascii: "n"))
            Self.appendText(Self.canonicalNumber(text), to: &output)
        case .text(let text):
            output.append(UInt8(ascii: "s"))
            Self.appendText(text, to: &output)
        case .array(let items):
            output.append(UInt8(ascii: "["))
            Self.appendCount(items.count, to: &output)
            for item in items { item.writeCanonical(to: &output) }
        case .object(let object):
            output.append(UInt8(ascii: "{"))
            Self.appendCount(object.members.count, to: &output)
            let ordered = object.members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            for member in ordered {
                Self.appendText(member.name, to: &output)
                member.value.writeCanonical(to: &output)
            }
        }
    }

    private static func appendText(_ text: String, to output: inout [UInt8]) {
        appendCount(text.utf8.count, to: &output)
        output.append(contentsOf: text.utf8)
    }

    private static func appendCount(_ count: Int, to output: inout [UInt8]) {
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: count).bigEndian) { output.append(contentsOf: $0) }
    }

    /// Sign, significant digits without zeros at either end, and the power of ten: `-15e-1`. Zero is `0`, whatever its sign.
    static func canonicalNumber(_ text: String) -> String {
        var digits: [UInt8] = []
        var isNegative = false
        var decimals = 0
        var seenPoint = false
        var bytes = text.utf8[...]
        if bytes.first == UInt8(ascii: "-") {
            isNegative = true
            bytes = bytes.dropFirst()
        }
        while let byte = bytes.first, byte | 0x20 != UInt8(ascii: "e") {
            bytes = bytes.dropFirst()
            if byte == UInt8(ascii: ".") {
                seenPoint = true
                continue
            }
            if seenPoint { decimals += 1 }
            if digits.isEmpty, byte == UInt8(ascii: "0") { continue }
            digits.append(byte)
        }
        if digits.isEmpty { return "0" }
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            decimals -= 1
        }
        var exponent = 0
        if !bytes.isEmpty {
            // An exponent past Int is no number that any field accepts; its text stands for itself.
            guard let written = Int(Substring(bytes.dropFirst())),
                case (let sum, let overflow) = written.subtractingReportingOverflow(decimals),
                !overflow
            else { return text }
            exponent = sum
        } else {
            exponent = -decimals
        }
        return (isNegative ? "-" : "") + String(decoding: digits, as: UTF8.self) + "e" + String(exponent)
    }
}

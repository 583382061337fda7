import Kernel

/// An account number of this bank: branch 3 digits, class 2, serial 7, and a Luhn check digit over those twelve (contract, 1.2).
public struct AccountNumber: Hashable, Sendable, CustomStringConvertible {
    public static let greatestSerial: Int64 = 9_999_999

    /// Thirteen digits.
    public let text: String

    /// Reads a number with its right check digit. Nil for anything else, which is simply an account that does not exist.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 13, bytes.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            Self.checkDigit(bytes[..<12]) == bytes[12] - UInt8(ascii: "0")
        else { return nil }
        self.text = String(text)
    }

    /// - Precondition: a branch of three digits, a class of 1 to 99, a serial of 1 to `greatestSerial`
    public init(branchCode: String, numberClass: Int64, serial: Int64) {
        precondition(branchCode.utf8.count == 3 && (1...99).contains(numberClass) && (1...Self.greatestSerial).contains(serial))
        let body = branchCode + Self.padded(numberClass, 2) + Self.padded(serial, 7)
        text = body + String(Self.checkDigit(Array(body.utf8)[...]))
    }

    public var branchCode: String { String(text.prefix(3)) }
    public var description: String { text }
    /// What the other side of a transfer sees: the last four digits.
    public var masked: String { Self.masked(text) }

    public static func masked(_ number: String) -> String {
        String(repeating: "*", count: max(0, number.utf8.count - 4)) + number.suffix(4)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: width - digits.utf8.count) + digits
    }

    /// Luhn (ISO/IEC 7812-1, annex B): every second digit from the right is doubled, the rightmost of the body first.
    static func checkDigit(_ digits: ArraySlice<UInt8>) -> UInt8 {
        var sum = 0
        for (offset, byte) in digits.reversed().enumerated() {
            let digit = Int(byte - UInt8(ascii: "0"))
            let weighted = offset.isMultiple(of: 2) ? digit * 2 : digit
            sum += weighted > 9 ? weighted - 9 : weighted
        }
        return UInt8((10 - sum % 10) % 10)
    }
}

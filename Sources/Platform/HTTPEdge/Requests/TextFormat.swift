import Kernel

/// A form that a text must have, with the spelling in which the bank keeps it (contract, 1.2).
public struct TextFormat: Sendable {
    /// Completes the sentence "This is not …".
    public let description: String
    /// Regular expression for the documentation; the check itself is `normalize`.
    public let pattern: String?
    public let maximumLength: Int
    /// The kept spelling, or nil when the text does not have the form.
    public let normalize: @Sendable (String) -> String?

    public init(
        _ description: String, pattern: String? = nil, maximumLength: Int = 255, normalize: @escaping @Sendable (String) -> String?
    ) {
        self.description = description
        self.pattern = pattern
        self.maximumLength = maximumLength
        self.normalize = normalize
    }

    var schema: Schema {
        var schema = Schema(type: "string", description: description)
        schema.pattern = pattern
        schema.maximumLength = maximumLength
        return schema
    }

    /// 13 digits. A wrong check digit is an account that does not exist, which is not this format's business.
    public static let accountNumber = digits("an account number of 13 digits", 13...13)
    public static let nationalId = digits("a national identity number of 6 to 9 digits", 6...9)
    public static let bankCode = digits("a bank code of 2 digits", 2...2)
    public static let bankBranchCode = digits("a bank branch code of 3 digits", 3...3)
    public static let branchCode = digits("a branch code of 3 digits", 3...3)

    public static let cifNumber = TextFormat("a CIF number", pattern: "^CIF\\d{9}$", maximumLength: 12) { text in
        text.utf8.count == 12 && text.hasPrefix("CIF") && isDigits(text.dropFirst(3)) ? text : nil
    }

    public static let productCode = TextFormat("a product code", pattern: "^[A-Z0-9]{2,20}$", maximumLength: 20) { text in
        (2...20).contains(text.utf8.count) && text.utf8.allSatisfy { isCapital($0) || isDigit($0) } ? text : nil
    }

    /// Three capitals, then 12 to 20 capitals or digits.
    public static let reference = TextFormat("a reference", pattern: "^[A-Z]{3}[A-Z0-9]{12,20}$", maximumLength: 23) { text in
        (15...23).contains(text.utf8.count) && text.utf8.prefix(3).allSatisfy { isCapital($0) }
            && text.utf8.allSatisfy { isCapital($0) || isDigit($0) } ? text : nil
    }

    public static let kraPin = TextFormat("a KRA PIN", pattern: "^[AP]\\d{9}[A-Z]$", maximumLength: 11) { text in
        let bytes = Array(text.utf8)
        guard bytes.count == 11, bytes[0] == UInt8(ascii: "A") || bytes[0] == UInt8(ascii: "P"), isCapital(bytes[10]),
            bytes[1...9].allSatisfy({ isDigit($0) })
        else { return nil }
        return text
    }

    /// ISO 9362: bank, country, location, and a branch or nothing.
    public static let bic = TextFormat(
        "a BIC", pattern: "^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$", maximumLength: 11
    ) { text in
        let bytes = Array(text.utf8)
        guard bytes.count == 8 || bytes.count == 11, bytes.allSatisfy({ isCapital($0) || isDigit($0) }) else { return nil }
        // Kosovo has no assigned code and uses XK in banking.
        let country = String(decoding: bytes[4..<6], as: UTF8.self)
        return CountryCode.isAssigned(country) || country == "XK" ? text : nil
    }

    /// ISO 3166 alpha-2, as far as it is assigned.
    public static let country = TextFormat("a country code of ISO 3166", pattern: "^[A-Z]{2}$", maximumLength: 2) { text in
        CountryCode.isAssigned(text) ? text : nil
    }

    public static let username = TextFormat("a user name", pattern: "^[A-Za-z0-9._-]{3,64}$", maximumLength: 64) { text in
        let isFine = text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D }
        return (3...64).contains(text.utf8.count) && isFine ? text : nil
    }

    /// One `@`, something before it, a dotted domain after it, no blanks. Whether it receives mail only mail can tell.
    public static let email = TextFormat("an e-mail address", pattern: "^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", maximumLength: 254) { text in
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.count <= 64, !text.contains(where: \.isWhitespace) else { return nil }
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        let isDomain = labels.count >= 2 && labels.allSatisfy { !$0.isEmpty && !$0.hasPrefix("-") && !$0.hasSuffix("-") }
        return isDomain ? text : nil
    }

    /// Kenyan spellings become `+254` and 9 digits; other countries are kept in E.164.
    public static let phone = TextFormat("a phone number", pattern: "^\\+?[0-9]{8,15}$", maximumLength: 20) { text in
        if let kenyan = kenyanPhone(text) { return kenyan }
        guard text.hasPrefix("+"), !text.hasPrefix("+254"), !text.hasPrefix("+0"), isDigits(text.dropFirst()),
            (8...15).contains(text.utf8.count - 1)
        else { return nil }
        return text
    }

    /// A Kenyan mobile number, as mobile money needs it.
    public static let kenyanMobile = TextFormat("a Kenyan phone number", pattern: "^(\\+?254|0)[17]\\d{8}$", maximumLength: 13) {
        kenyanPhone($0)
    }

    private static func kenyanPhone(_ text: String) -> String? {
        let subscriber: Substring
        if text.hasPrefix("+254") {
            subscriber = text.dropFirst(4)
        } else if text.hasPrefix("254") {
            subscriber = text.dropFirst(3)
        } else if text.hasPrefix("0") {
            subscriber = text.dropFirst(1)
        } else {
            return nil
        }
        guard subscriber.utf8.count == 9, isDigits(subscriber), subscriber.hasPrefix("7") || subscriber.hasPrefix("1") else { return nil }
        return "+254" + subscriber
    }

    private static func digits(_ description: String, _ count: ClosedRange<Int>) -> TextFormat {
        let repetition = count.lowerBound == count.upperBound ? "\(count.lowerBound)" : "\(count.lowerBound),\(count.upperBound)"
        return TextFormat(description, pattern: "^\\d{\(repetition)}$", maximumLength: count.upperBound) { text in
            count.contains(text.utf8.count) && isDigits(text[...]) ? text : nil
        }
    }

    private static func isDigits(_ text: Substring) -> Bool { !text.isEmpty && text.utf8.allSatisfy { isDigit($0) } }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isCapital(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }
}

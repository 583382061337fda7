import Kernel

/// A figure that steers the bank and that an administrator may change (contract, section 16).
public struct ParameterDefinition: Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        /// Shillings with two decimals.
        case money
        case integer
        /// From 0 to 1.
        case ratio
        case text
    }

    public let key: String
    public let kind: Kind
    public let description: String
    public let defaultValue: String
    /// Of an integer.
    let range: ClosedRange<Int64>
    /// Of a text.
    let choices: [String]

    static func money(_ key: String, _ description: String, _ value: String) -> ParameterDefinition {
        .init(key: key, kind: .money, description: description, defaultValue: value, range: 0...0, choices: [])
    }

    static func integer(_ key: String, _ description: String, _ value: Int64, _ range: ClosedRange<Int64>) -> ParameterDefinition {
        .init(key: key, kind: .integer, description: description, defaultValue: String(value), range: range, choices: [])
    }

    static func ratio(_ key: String, _ description: String, _ value: String) -> ParameterDefinition {
        .init(key: key, kind: .ratio, description: description, defaultValue: value, range: 0...0, choices: [])
    }

    public static let all: [ParameterDefinition] = [
        .integer("auth.idleMinutes", "Minutes without a request after which a session ends", 30, 1...720),
        .integer("auth.lockoutMinutes", "Minutes for which a name is locked out after five wrong passwords", 15, 1...1_440),
        .integer("fxQuote.lifetimeSeconds", "Seconds for which a currency quote is good", 60, 5...3_600),
        .money("limits.customerDaily", "What one customer may send a day", "1000000.00"),
        .money("limits.customerPerTransfer", "What one customer may send at once", "500000.00"),
        .init(
            key: "nexus.mode", kind: .text, description: "What the fraud engine does with its findings", defaultValue: "shadow",
            range: 0...0,
            choices: ["shadow", "enforce", "off"]),
        .integer("rateLimits.perAddress", "Requests a minute of an address without a token", 300, 1...1_000_000),
        .integer("rateLimits.perUser", "Requests a minute of a user", 1_200, 1...1_000_000),
        .integer("rateLimits.recipientLookups", "Look-ups of recipients a minute of a user", 20, 1...1_000_000),
        .integer("rateLimits.signIn", "Sign-in attempts a minute of an address", 20, 1...1_000_000),
        .ratio("screening.blockThreshold", "Score from which a name stops a payment", "0.95"),
        .ratio("screening.reviewThreshold", "Score from which somebody looks at a name", "0.85"),
        .money("stepUp.transferThreshold", "Amount above which a transfer is confirmed with a second factor", "50000.00"),
    ]

    public static func named(_ key: String) -> ParameterDefinition? { all.first { $0.key == key } }

    /// The value in the spelling in which it is kept; nil when it is none of this kind.
    public func normal(_ text: String) -> String? {
        switch kind {
        case .money:
            guard let amount = try? DecimalText.amount(text, exponent: 2), amount >= 0 else { return nil }
            return Money(minorUnits: amount, currency: .kes).decimalString
        case .integer:
            guard let number = Int64(text), String(number) == text, range.contains(number) else { return nil }
            return text
        case .ratio:
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard (1...2).contains(parts.count), ["0", "1"].contains(parts[0]), parts.count == 1 || (1...6).contains(parts[1].utf8.count),
                parts.dropFirst().allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
                parts[0] == "0" || parts.dropFirst().allSatisfy({ $0.allSatisfy { $0 == "0" } })
            else { return nil }
            return text
        case .text: return choices.contains(text) ? text : nil
        }
    }
}

/// A parameter as it stands.
public struct Parameter: Sendable {
    public let definition: ParameterDefinition
    public let value: String
    /// The day on which the bank was set up, for the value that it began with.
    public let effectiveDate: BusinessDate
    /// Of the newest entry, in force or not yet.
    public let version: Int32
    public let upcoming: Upcoming?

    /// A value that is entered and waits for its first day.
    public struct Upcoming: Sendable {
        public let value: String
        public let effectiveDate: BusinessDate
    }
}

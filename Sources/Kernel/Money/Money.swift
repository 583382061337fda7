/// An exact amount in minor units of one currency. Arithmetic never rounds, never wraps and never mixes currencies.
public struct Money: Hashable, Sendable, CustomStringConvertible {
    public let minorUnits: Int64
    public let currency: Currency

    public init(minorUnits: Int64, currency: Currency) {
        self.minorUnits = minorUnits
        self.currency = currency
    }

    public static func zero(_ currency: Currency) -> Money { Money(minorUnits: 0, currency: currency) }

    public var isZero: Bool { minorUnits == 0 }
    public var isPositive: Bool { minorUnits > 0 }
    public var isNegative: Bool { minorUnits < 0 }

    /// The decimal text with exactly the currency's decimals: `1500.00`, `-0.05`, `7` for JPY.
    public var decimalString: String { Self.decimalString(minorUnits: minorUnits, exponent: currency.exponent) }

    public var description: String { "\(currency.code) \(decimalString)" }

    /// Sum of two amounts of one currency.
    /// - Throws: `MoneyError.currencyMismatch`, `MoneyError.overflow`
    public func adding(_ other: Money) throws(MoneyError) -> Money {
        guard currency == other.currency else { throw .currencyMismatch(currency, other.currency) }
        let (sum, overflow) = minorUnits.addingReportingOverflow(other.minorUnits)
        guard !overflow else { throw .overflow }
        return Money(minorUnits: sum, currency: currency)
    }

    /// Difference of two amounts of one currency.
    /// - Throws: `MoneyError.currencyMismatch`, `MoneyError.overflow`
    public func subtracting(_ other: Money) throws(MoneyError) -> Money {
        try adding(other.negated())
    }

    /// - Throws: `MoneyError.overflow` for the one value that has no opposite
    public func negated() throws(MoneyError) -> Money {
        guard minorUnits != .min else { throw .overflow }
        return Money(minorUnits: -minorUnits, currency: currency)
    }

    /// Splits the amount in proportion to `weights` by the method of the largest remainder: parts differ from their exact share
    /// by less than one minor unit and always sum to the whole. Equal remainders go to the earlier part.
    /// - Parameter weights: at least one, none negative, not all zero
    /// - Throws: `MoneyError.invalidWeights`, `MoneyError.overflow`
    public func allocated(over weights: [Int64]) throws(MoneyError) -> [Money] {
        guard !weights.isEmpty, weights.allSatisfy({ $0 >= 0 }) else { throw .invalidWeights }
        let total = weights.reduce(Int128(0)) { $0 + Int128($1) }
        guard total > 0 else { throw .invalidWeights }

        let magnitude = Int128(minorUnits).magnitude
        var parts: [Int128] = []
        var remainders: [(remainder: Int128, index: Int)] = []
        for (index, weight) in weights.enumerated() {
            let (share, remainder) = (Int128(magnitude) * Int128(weight)).quotientAndRemainder(dividingBy: total)
            parts.append(share)
            remainders.append((remainder, index))
        }
        var left = Int128(magnitude) - parts.reduce(0, +)
        assert(left >= 0 && left < Int128(weights.count), "largest remainder leaves less than one unit a part")
        remainders.sort { ($0.remainder, $1.index) > ($1.remainder, $0.index) }
        for (_, index) in remainders where left > 0 {
            parts[index] += 1
            left -= 1
        }
        assert(parts.reduce(0, +) == Int128(magnitude), "parts sum to the whole")
        let sign: Int128 = minorUnits < 0 ? -1 : 1
        let currency = currency
        return parts.map { Money(minorUnits: Int64(sign * $0), currency: currency) }
    }

    static func decimalString(minorUnits: Int64, exponent: Int) -> String {
        var digits = String(minorUnits.magnitude)
        if exponent > 0 {
            if digits.utf8.count <= exponent {
                digits = String(repeating: "0", count: exponent + 1 - digits.utf8.count) + digits
            }
            digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -exponent))
        }
        return minorUnits < 0 ? "-" + digits : digits
    }
}

/// What arithmetic with money refuses.
public enum MoneyError: Error, Equatable, Sendable {
    case currencyMismatch(Currency, Currency)
    case overflow
    case invalidWeights
}

import Kernel

/// The bank's mean rate of a currency against the shilling: shillings for one unit, with at most 8 decimals.
public struct MidRate: Hashable, Sendable, CustomStringConvertible {
    /// The rate in units of 10^-8.
    public let hundredMillionths: Int64

    public init(hundredMillionths: Int64) {
        precondition(hundredMillionths > 0, "a currency is worth something")
        self.hundredMillionths = hundredMillionths
    }

    /// Reads `digits[.digits]`, at most 8 decimals, greater than zero and less than ten million.
    public init?(_ text: String) {
        guard let value = try? DecimalText.amount(text, exponent: 8), value > 0, value < 1_000_000_000_000_000 else { return nil }
        hundredMillionths = value
    }

    private static let scale: Int128 = 100_000_000

    /// An amount of `money.currency` in shilling cents.
    func shillings(_ money: Money, rounding: Rounding) throws(MoneyError) -> Money {
        let numerator = Int128(money.minorUnits) * Int128(hundredMillionths) * Int128(Currency.kes.minorUnitsPerUnit)
        let cents = rounding.divide(numerator, by: Self.scale * Int128(money.currency.minorUnitsPerUnit))
        guard let minorUnits = Int64(exactly: cents) else { throw .overflow }
        return Money(minorUnits: minorUnits, currency: .kes)
    }

    /// An amount of shillings in another currency.
    func foreign(_ shillings: Money, in currency: Currency, rounding: Rounding) throws(MoneyError) -> Money {
        let numerator = Int128(shillings.minorUnits) * Self.scale * Int128(currency.minorUnitsPerUnit)
        let units = rounding.divide(numerator, by: Int128(hundredMillionths) * Int128(Currency.kes.minorUnitsPerUnit))
        guard let minorUnits = Int64(exactly: units) else { throw .overflow }
        return Money(minorUnits: minorUnits, currency: currency)
    }

    public var description: String {
        let (units, fraction) = hundredMillionths.quotientAndRemainder(dividingBy: 100_000_000)
        var decimals = String(fraction)
        decimals = String(repeating: "0", count: 8 - decimals.utf8.count) + decimals
        while decimals.hasSuffix("0") { decimals.removeLast() }
        return decimals.isEmpty ? "\(units)" : "\(units).\(decimals)"
    }
}

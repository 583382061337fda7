/// A rate as a fixed-scale integer: a percentage with at most 6 decimals, kept in millionths of one percent.
///
/// `Rate(percent: "13.5")` is 13_500_000 millionths of a percent. Contract, 1.2: rates are percent per year or plain percent.
public struct Rate: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let millionthsOfPercent: Int64

    public init(millionthsOfPercent: Int64) {
        self.millionthsOfPercent = millionthsOfPercent
    }

    /// Reads `digits[.digits]` percent with at most 6 decimals.
    public init?(percent: String) {
        guard let value = try? DecimalText.amount(percent, exponent: 6) else { return nil }
        millionthsOfPercent = value
    }

    public static func < (left: Rate, right: Rate) -> Bool { left.millionthsOfPercent < right.millionthsOfPercent }

    /// This percentage of an amount, rounded once.
    /// - Throws: `MoneyError.overflow`
    public func of(_ money: Money, rounding: Rounding) throws(MoneyError) -> Money {
        let product = Int128(money.minorUnits) * Int128(millionthsOfPercent)
        let rounded = rounding.divide(product, by: 100_000_000)
        guard let minorUnits = Int64(exactly: rounded) else { throw .overflow }
        return Money(minorUnits: minorUnits, currency: money.currency)
    }

    /// Percent without trailing zeros: `13.5`, `15`.
    public var description: String {
        var text = Money.decimalString(minorUnits: millionthsOfPercent, exponent: 6)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }
}

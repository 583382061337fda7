import Kernel

extension Fields {
    /// An amount greater than zero with its currency in a sibling field (contract, 1.2). Both fields are judged, whichever is at fault.
    public mutating func money(_ name: String = "amount", currency currencyName: String = "currency", allowsZero: Bool = false) -> Money {
        let currency = self.currency(currencyName, placeholder: nil, isRequired: true)
        let amount = value(name, schema: Self.amountSchema, isRequired: true) {
            $0.checkedAmount(name, $1, currency: currency, allowsZero: allowsZero)
        }
        return Money(minorUnits: amount ?? 0, currency: currency ?? .kes)
    }

    /// An amount that may be left out. Its currency is required only when the amount is there.
    public mutating func optionalMoney(
        _ name: String, currency currencyName: String = "currency", allowsZero: Bool = false
    ) -> Money? {
        let isSent = isPresent(name)
        let currency = self.currency(currencyName, placeholder: nil, isRequired: isSent)
        let amount = value(name, schema: Self.amountSchema, isRequired: false) {
            $0.checkedAmount(name, $1, currency: currency, allowsZero: allowsZero)
        }
        guard let amount, let currency else { return nil }
        return Money(minorUnits: amount, currency: currency)
    }

    /// A further amount in a currency that is already known, such as `monthlyIncome` beside the currency of a loan.
    public mutating func amount(_ name: String, in currency: Currency, allowsZero: Bool = false) -> Money {
        let amount = value(name, schema: Self.amountSchema, isRequired: true) {
            $0.checkedAmount(name, $1, currency: currency, allowsZero: allowsZero)
        }
        return Money(minorUnits: amount ?? 0, currency: currency)
    }

    public mutating func optionalAmount(_ name: String, in currency: Currency, allowsZero: Bool = false) -> Money? {
        value(name, schema: Self.amountSchema, isRequired: false) {
            $0.checkedAmount(name, $1, currency: currency, allowsZero: allowsZero)
        }.map { Money(minorUnits: $0, currency: currency) }
    }

    /// An amount without a currency, as filters have it (`minAmount`): compared in the currency of what is filtered.
    public mutating func optionalBareAmount(_ name: String) -> BareAmount? {
        value(name, schema: Self.amountSchema, isRequired: false) { fields, sent in
            let thousandths = fields.checkedAmount(name, sent, exponent: 3, allowsZero: true, currencyCode: nil)
            return thousandths.map { BareAmount(thousandths: $0) }
        }
    }

    /// A currency of the table.
    public mutating func currency(_ name: String = "currency") -> Currency {
        currency(name, placeholder: .kes, isRequired: true) ?? .kes
    }

    public mutating func optionalCurrency(_ name: String = "currency") -> Currency? {
        currency(name, placeholder: nil, isRequired: false)
    }

    /// A percentage with at most 6 decimals, as text or number.
    public mutating func rate(_ name: String, _ range: ClosedRange<Int> = 0...1_000) -> Rate {
        value(name, schema: Self.decimalSchema("percent, at most 6 decimals"), isRequired: true) { $0.checkedRate(name, $1, range) }
            ?? Rate(millionthsOfPercent: 0)
    }

    public mutating func optionalRate(_ name: String, _ range: ClosedRange<Int> = 0...1_000) -> Rate? {
        value(name, schema: Self.decimalSchema("percent, at most 6 decimals"), isRequired: false) { $0.checkedRate(name, $1, range) }
    }

    // MARK: Rules

    static var amountSchema: Schema {
        var schema = decimalSchema("decimal amount with at most the currency's decimals")
        schema.type = "string"
        schema.pattern = "^\\d{1,13}(\\.\\d{1,3})?$"
        return schema
    }

    static func decimalSchema(_ description: String) -> Schema {
        var schema = Schema(type: "string", description: description)
        schema.pattern = "^\\d+(\\.\\d+)?$"
        return schema
    }

    private mutating func currency(_ name: String, placeholder: Currency?, isRequired: Bool) -> Currency? {
        var schema = Schema(type: "string", description: "ISO 4217 code")
        schema.pattern = "^[A-Z]{3}$"
        // A money field may read its currency a second time; the first fault stands and nothing is noted twice.
        return value(name, schema: schema, isRequired: isRequired) { fields, sent in
            guard case .text(let code) = sent else {
                fields.wrongType(name, "a currency code")
                return nil
            }
            guard let currency = Currency(code: code) else {
                fields.fail(name, "unknown_currency", "This currency is not known here")
                return nil
            }
            return currency
        } ?? placeholder
    }

    private mutating func checkedAmount(_ name: String, _ sent: Sent, currency: Currency?, allowsZero: Bool) -> Int64? {
        // An unknown currency has no decimals to count, but the rest of the amount can still be judged.
        let amount = checkedAmount(
            name, sent, exponent: currency?.exponent ?? 3, allowsZero: allowsZero, currencyCode: currency?.code)
        return currency == nil ? nil : amount
    }

    private mutating func checkedAmount(
        _ name: String, _ sent: Sent, exponent: Int, allowsZero: Bool, currencyCode: String?
    ) -> Int64? {
        let amount: Int64
        do throws(DecimalText.Failure) {
            switch sent {
            case .text(let text):
                if text.utf8.first == UInt8(ascii: "-"), Self.isDecimal(text.dropFirst()) {
                    fail(name, "not_positive", "The amount must be greater than zero")
                    return nil
                }
                amount = try DecimalText.amount(text, exponent: exponent)
            case .number(let text):
                if text.utf8.first == UInt8(ascii: "-"), JSONValue.canonicalNumber(text) != "0" {
                    fail(name, "not_positive", "The amount must be greater than zero")
                    return nil
                }
                amount = try DecimalText.jsonNumber(text, exponent: exponent)
            case .boolean, .array, .object:
                wrongType(name, "a decimal amount")
                return nil
            }
        } catch {
            failDecimal(name, error, decimals: exponent, what: currencyCode.map { "\($0) amounts" } ?? "Amounts")
            return nil
        }
        guard amount > 0 || (allowsZero && amount == 0) else {
            fail(name, "not_positive", "The amount must be greater than zero")
            return nil
        }
        return amount
    }

    /// `digits[.digits]` of any length.
    private static func isDecimal(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
    }

    private mutating func checkedRate(_ name: String, _ sent: Sent, _ range: ClosedRange<Int>) -> Rate? {
        let millionths: Int64
        do throws(DecimalText.Failure) {
            switch sent {
            case .text(let text): millionths = try DecimalText.amount(text, exponent: 6)
            case .number(let text): millionths = try DecimalText.jsonNumber(text, exponent: 6)
            case .boolean, .array, .object:
                wrongType(name, "a percentage")
                return nil
            }
        } catch {
            failDecimal(name, error, decimals: 6, what: "Rates")
            return nil
        }
        guard millionths >= Int64(range.lowerBound) * 1_000_000, millionths <= Int64(range.upperBound) * 1_000_000 else {
            fail(name, "out_of_range", "This must be between \(range.lowerBound) and \(range.upperBound) percent")
            return nil
        }
        return Rate(millionthsOfPercent: millionths)
    }

    private mutating func failDecimal(_ name: String, _ failure: DecimalText.Failure, decimals: Int, what: String) {
        switch failure {
        case .malformed: fail(name, "invalid_format", "This is not a decimal number of the form digits[.digits]")
        case .tooManyDecimals: fail(name, "too_many_decimals", "\(what) have at most \(decimals) decimals")
        case .tooLarge: fail(name, "out_of_range", "\(what) have at most \(DecimalText.maximumIntegerDigits) digits before the point")
        }
    }
}

/// An amount whose currency is that of whatever it is compared with.
public struct BareAmount: Sendable, Hashable {
    /// Three decimals, the most that any currency of the table has.
    public let thousandths: Int64

    /// The least number of minor units that is not below this amount: for a lower bound.
    public func minorUnitsRoundedUp(in currency: Currency) -> Int64 {
        let divisor = Self.divisor(currency)
        return thousandths / divisor + (thousandths % divisor > 0 ? 1 : 0)
    }

    /// The greatest number of minor units that is not above this amount: for an upper bound.
    public func minorUnitsRoundedDown(in currency: Currency) -> Int64 {
        thousandths / Self.divisor(currency)
    }

    private static func divisor(_ currency: Currency) -> Int64 {
        1_000 / currency.minorUnitsPerUnit
    }
}

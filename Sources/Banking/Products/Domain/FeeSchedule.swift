import Kernel

/// What a customer does that may cost a fee.
public enum FeeEvent: String, Sendable, CaseIterable {
    case internalTransfer
}

/// How a fee follows from an amount. Amounts in minor units of the tariff's currency.
public enum FeeCalculation: Sendable, Equatable {
    case flat(Int64)
    /// A share of the amount, rounded HALF_UP once, then kept within the bounds.
    case percentage(Rate, minimum: Int64?, maximum: Int64?)
    /// The first tier whose upper end is not below the amount; the last tier has no upper end. Tiers cannot have gaps or overlap,
    /// because only their upper ends are stored.
    case tiered([FeeTier])

    /// The name in the contract, section 11.
    public var name: String {
        switch self {
        case .flat: "flat"
        case .percentage: "percentage"
        case .tiered: "tiered"
        }
    }
}

public struct FeeTier: Sendable, Equatable {
    /// The greatest amount of the tier; nil for the last one.
    public let upTo: Int64?
    public let fee: Int64

    public init(upTo: Int64?, fee: Int64) {
        self.upTo = upTo
        self.fee = fee
    }
}

/// One price of the fee guide, in one currency.
public struct Tariff: Sendable, Equatable {
    public let feeCode: String
    public let name: String
    public let event: FeeEvent
    public let currency: Currency
    public let calculation: FeeCalculation
    /// Excise duty comes on top.
    public let isExcisable: Bool

    public init(
        feeCode: String, name: String, event: FeeEvent, currency: Currency, calculation: FeeCalculation, isExcisable: Bool = true
    ) {
        self.feeCode = feeCode
        self.name = name
        self.event = event
        self.currency = currency
        self.calculation = calculation
        self.isExcisable = isExcisable
    }

    /// The fee for an amount of the tariff's currency.
    func fee(for amount: Money) throws(MoneyError) -> Money {
        guard amount.currency == currency else { throw .currencyMismatch(amount.currency, currency) }
        switch calculation {
        case .flat(let fee):
            return Money(minorUnits: fee, currency: currency)
        case .percentage(let rate, let minimum, let maximum):
            var fee = try rate.of(amount, rounding: .halfUp).minorUnits
            if let minimum { fee = max(fee, minimum) }
            if let maximum { fee = min(fee, maximum) }
            return Money(minorUnits: fee, currency: currency)
        case .tiered(let tiers):
            let tier = tiers.first { $0.upTo.map { amount.minorUnits <= $0 } ?? true }
            // Above a last tier that has an end nothing is priced, so nothing is charged.
            return Money(minorUnits: tier?.fee ?? 0, currency: currency)
        }
    }
}

/// Taxes that the bank collects.
public enum Tax: String, Sendable, CaseIterable {
    /// Excise duty on fees (Excise Duty Act 2015, first schedule).
    case excise
    /// Withholding tax on interest of residents (Income Tax Act).
    case withholdingOnInterest
}

/// What an order costs besides its amount. Both are in the order's currency and never negative.
public struct FeeQuote: Sendable, Equatable {
    public let fee: Money
    public let excise: Money

    public init(fee: Money, excise: Money) {
        self.fee = fee
        self.excise = excise
    }
}

/// Prices and taxes with their history.
public struct FeeSchedule: Sendable {
    struct Key: Hashable, Sendable {
        let event: FeeEvent
        let currency: Currency
    }

    private let tariffs: EffectiveRows<Key, Tariff>
    private let taxes: EffectiveRows<Tax, Rate>

    public init(tariffs: [(period: EffectivePeriod, tariff: Tariff)], taxes: [(period: EffectivePeriod, tax: Tax, rate: Rate)]) {
        self.tariffs = EffectiveRows(
            tariffs.map { (key: Key(event: $0.tariff.event, currency: $0.tariff.currency), period: $0.period, value: $0.tariff) })
        self.taxes = EffectiveRows(taxes.map { (key: $0.tax, period: $0.period, value: $0.rate) })
    }

    /// Fee and excise of an order on a business date, each rounded HALF_UP once (contract, 1.9). Without a tariff in force for the
    /// event and the currency there is no fee.
    /// - Parameter betweenOwnAccounts: transfers between accounts of one customer are free
    /// - Throws: 422 `amount_out_of_range` for amounts whose fee no book can hold
    public func quote(
        _ event: FeeEvent, amount: Money, betweenOwnAccounts: Bool = false, on date: BusinessDate
    ) throws(Refusal) -> FeeQuote {
        let free = FeeQuote(fee: .zero(amount.currency), excise: .zero(amount.currency))
        guard !betweenOwnAccounts, let tariff = tariffs.value(Key(event: event, currency: amount.currency), on: date) else { return free }
        do throws(MoneyError) {
            let fee = try tariff.fee(for: amount)
            guard tariff.isExcisable, let rate = taxes.value(.excise, on: date) else { return FeeQuote(fee: fee, excise: free.excise) }
            let excise = try rate.of(fee, rounding: .halfUp)
            assert(!fee.isNegative && !excise.isNegative, "nobody is paid for a transfer")
            return FeeQuote(fee: fee, excise: excise)
        } catch {
            throw .rule("amount_out_of_range", "The amount is too large to be priced", field: "amount")
        }
    }

    public func tariff(_ event: FeeEvent, _ currency: Currency, on date: BusinessDate) -> Tariff? {
        tariffs.value(Key(event: event, currency: currency), on: date)
    }

    /// Every price in force on a day, by event and currency.
    public func tariffs(on date: BusinessDate) -> [Tariff] {
        tariffs.keys.compactMap { tariffs.value($0, on: date) }
            .sorted { ($0.feeCode, $0.event.rawValue, $0.currency.code) < ($1.feeCode, $1.event.rawValue, $1.currency.code) }
    }

    /// Nil when the tax did not exist on that day.
    public func rate(of tax: Tax, on date: BusinessDate) -> Rate? { taxes.value(tax, on: date) }
}

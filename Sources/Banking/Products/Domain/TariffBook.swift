import Interest
import Kernel

/// Amounts in shillings that bound what customers may do. The raw value is the parameter's key (contract, sections 5 and 16).
public enum LimitParameter: String, Sendable, CaseIterable {
    case customerPerTransfer = "limits.customerPerTransfer"
    case customerDaily = "limits.customerDaily"
    case stepUpTransferThreshold = "stepUp.transferThreshold"
    case kycTier1PerTransaction = "limits.kycTier1PerTransaction"
    case kycTier1Balance = "limits.kycTier1Balance"
}

/// Everything effective-dated that a transfer or an opening needs, as one immutable value: products, prices, taxes, limits, rates.
///
/// It holds every row with its period, so what it answers for a date is right on both sides of a change of the business date.
public struct TariffBook: Sendable {
    public let fees: FeeSchedule
    public let calendar: HolidayCalendar
    private let limits: EffectiveRows<LimitParameter, Money>
    private let rates: EffectiveRows<Currency, MidRate>
    private let productVersions: EffectiveRows<String, Product>
    private let allVersions: [String: [Product]]
    private let referenceRates: EffectiveRows<String, Rate>

    /// - Parameter products: every version, drafts too
    public init(
        fees: FeeSchedule, limits: [(period: EffectivePeriod, parameter: LimitParameter, amount: Money)],
        rates: [(period: EffectivePeriod, currency: Currency, rate: MidRate)], products: [Product], calendar: HolidayCalendar,
        referenceRates: [(code: String, rate: Rate, from: BusinessDate)] = []
    ) {
        self.fees = fees
        self.limits = EffectiveRows(limits.map { (key: $0.parameter, period: $0.period, value: $0.amount) })
        self.rates = EffectiveRows(rates.map { (key: $0.currency, period: $0.period, value: $0.rate) })
        productVersions = EffectiveRows(
            products.compactMap { product in product.inForce.map { (key: product.code, period: $0, value: product) } })
        allVersions = Dictionary(grouping: products, by: \.code).mapValues { $0.sorted { $0.version > $1.version } }
        self.referenceRates = EffectiveRows(
            referenceRates.map { (key: $0.code, period: EffectivePeriod(from: $0.from), value: $0.rate) })
        self.calendar = calendar
    }

    // MARK: Fees

    /// See `FeeSchedule.quote`.
    public func quote(
        _ event: FeeEvent, amount: Money, betweenOwnAccounts: Bool = false, on date: BusinessDate
    ) throws(Refusal) -> FeeQuote {
        try fees.quote(event, amount: amount, betweenOwnAccounts: betweenOwnAccounts, on: date)
    }

    // MARK: Limits

    /// A limit in shillings.
    /// - Throws: 503 when the parameter has no row for that day: money does not move without its limits
    public func limit(_ parameter: LimitParameter, on date: BusinessDate) throws(Refusal) -> Money {
        guard let limit = limits.value(parameter, on: date) else {
            throw .unavailable("The parameter \(parameter.rawValue) has no value for \(date)")
        }
        return limit
    }

    // MARK: Rates

    public func midRate(of currency: Currency, on date: BusinessDate) -> MidRate? { rates.value(currency, on: date) }

    /// The value of an amount in shillings at the day's mid rate, rounded HALF_UP.
    /// - Throws: 422 `currency_not_offered` when the currency has no rate that day
    public func shillings(_ money: Money, on date: BusinessDate) throws(Refusal) -> Money {
        guard money.currency != .kes else { return money }
        let rate = try requireRate(money.currency, date)
        do throws(MoneyError) {
            return try rate.shillings(money, rounding: .halfUp)
        } catch {
            throw .rule("amount_out_of_range", "The amount is too large to be valued", field: "amount")
        }
    }

    /// What an amount of shillings is in another currency at the day's mid rate, rounded down: for limits.
    /// - Throws: 422 `currency_not_offered` when the currency has no rate that day
    public func foreign(_ shillings: Money, in currency: Currency, on date: BusinessDate) throws(Refusal) -> Money {
        guard currency != .kes else { return shillings }
        let rate = try requireRate(currency, date)
        do throws(MoneyError) {
            return try rate.foreign(shillings, in: currency, rounding: .down)
        } catch {
            throw .rule("amount_out_of_range", "The amount is too large to be valued", field: "amount")
        }
    }

    private func requireRate(_ currency: Currency, _ date: BusinessDate) throws(Refusal) -> MidRate {
        guard let rate = midRate(of: currency, on: date) else {
            throw .rule("currency_not_offered", "There is no rate for \(currency.code) on \(date)", field: "currency")
        }
        return rate
    }

    // MARK: Products

    /// The version of a product in force on a day, whatever its status.
    public func product(_ code: String, on date: BusinessDate) -> Product? { productVersions.value(code, on: date) }

    /// The newest version, in force or not.
    public func newestProduct(_ code: String) -> Product? { productVersions.history(code).first?.value }

    /// One version, for the contracts that were made under it.
    public func product(_ code: String, version: Int32) -> Product? { allVersions[code]?.first { $0.version == version } }

    /// Every version of a product, newest first, drafts too.
    public func versions(of code: String) -> [Product] { allVersions[code] ?? [] }

    /// Every product by code: the version in force, else the newest.
    public func everyProduct(on date: BusinessDate) -> [Product] {
        allVersions.keys.sorted().compactMap { product($0, on: date) ?? allVersions[$0]?.first }
    }

    // MARK: Reference rates

    /// The reference rate in force on a day.
    public func referenceRate(_ code: String, on date: BusinessDate) -> Rate? { referenceRates.value(code, on: date) }

    /// Every reference rate's history, by code and newest first.
    public var referenceRateHistory: [(code: String, rate: Rate, from: BusinessDate)] {
        referenceRates.keys.sorted().flatMap { code in
            referenceRates.history(code).map { (code, $0.value, $0.period.validFrom) }
        }
    }

    /// The rate of every band of a product's version in a currency on a day; nil when it bears no interest.
    public func tieredRate(_ product: Product, in currency: Currency, on date: BusinessDate) -> TieredRate? {
        product.terms.interest?.tieredRate(in: currency) { referenceRate($0, on: date) }
    }

    /// What a product is called, for documents about existing contracts.
    public func productName(_ code: String) -> String { newestProduct(code)?.name ?? code }

    /// Every product's version in force on a day, by code.
    public func products(on date: BusinessDate) -> [Product] {
        productVersions.keys.sorted().compactMap { product($0, on: date) }
    }
}

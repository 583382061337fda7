import Interest
import Kernel

/// An amount of a product's terms in thousandths of a unit. A product may be offered in several currencies, and its terms name units of
/// whichever it is: a limit of 10,000 is ten thousand shillings or ten thousand dollars.
public struct TermAmount: Hashable, Comparable, Sendable, Codable {
    public let thousandths: Int64

    public init(thousandths: Int64) {
        self.thousandths = thousandths
    }

    public init(units: Int64) {
        thousandths = units * 1_000
    }

    public init(from decoder: any Decoder) throws {
        thousandths = try decoder.singleValueContainer().decode(Int64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(thousandths)
    }

    /// In minor units; decimals that the currency lacks are dropped.
    public func minorUnits(in currency: Currency) -> Int64 {
        let (product, overflow) = thousandths.multipliedReportingOverflow(by: currency.minorUnitsPerUnit)
        return overflow ? Int64.max : product / 1_000
    }

    public func money(in currency: Currency) -> Money { Money(minorUnits: minorUnits(in: currency), currency: currency) }

    public static func < (left: TermAmount, right: TermAmount) -> Bool { left.thousandths < right.thousandths }
}

/// What a version of a product promises (contract, section 11). Rates in millionths of a percent.
public struct ProductTerms: Sendable, Equatable, Codable {
    public var features: [String] = []
    public var interest: ProductInterest?
    public var deposit: DepositTerms?
    public var lending: LendingTerms?
    public var fees: [ProductFee] = []
    public var limits = ProductLimits()
    public var eligibility: [EligibilityRule] = []
    public var accounting: ProductAccounting?
    /// The last day on which the product is offered, in days since 1970.
    public var expiryDay: Int32?

    public init() {}

    public var expiryDate: BusinessDate? { expiryDay.map { BusinessDate(epochDay: $0) } }
}

public enum InterestCalculation: String, Sendable, CaseIterable, Codable {
    case simple, compoundDaily, compoundMonthly
}

public enum PostingFrequency: String, Sendable, CaseIterable, Codable {
    case daily, monthly, quarterly, semiAnnual, annual, atMaturity

    /// Whether interest is posted at the close of a day.
    public func isDue(onCloseOf date: BusinessDate) -> Bool {
        if self == .daily { return true }
        guard date.isEndOfMonth else { return false }
        switch self {
        case .daily, .monthly: return true
        case .quarterly: return date.month % 3 == 0
        case .semiAnnual: return date.month % 6 == 0
        case .annual: return date.month == 12
        case .atMaturity: return false
        }
    }
}

public struct InterestTier: Sendable, Equatable, Codable {
    public var fromAmount: TermAmount
    public var toAmount: TermAmount?
    public var rate: Int64

    public init(fromAmount: TermAmount, toAmount: TermAmount?, rate: Int64) {
        self.fromAmount = fromAmount
        self.toAmount = toAmount
        self.rate = rate
    }
}

public struct ProductInterest: Sendable, Equatable, Codable {
    public var rate: Int64?
    /// Code of a reference rate, to which the margin is added: such a rate moves, and contracts with it.
    public var referenceRate: String?
    public var margin: Int64?
    public var dayCount: DayCount
    public var calculation: InterestCalculation
    public var postingFrequency: PostingFrequency
    /// Ascending, without gaps. The tier of the whole amount decides its rate.
    public var tiers: [InterestTier]

    public init(
        rate: Int64? = nil, referenceRate: String? = nil, margin: Int64? = nil, dayCount: DayCount = .actual365,
        calculation: InterestCalculation = .simple, postingFrequency: PostingFrequency = .atMaturity, tiers: [InterestTier] = []
    ) {
        self.rate = rate
        self.referenceRate = referenceRate
        self.margin = margin
        self.dayCount = dayCount
        self.calculation = calculation
        self.postingFrequency = postingFrequency
        self.tiers = tiers
    }

    /// The day count for a currency: what the product says, except that its ACT/365 is the shilling's and the dollar keeps its own.
    public func dayCount(in currency: Currency) -> DayCount {
        dayCount == .actual365 ? DayCount.standard(for: currency) : dayCount
    }

    /// The rate of every band in a currency on a day.
    /// - Parameter reference: the reference rate in force, for those who need one
    /// - Returns: nil when the reference rate has no value that day
    public func tieredRate(in currency: Currency, reference: (String) -> Rate?) -> TieredRate? {
        if let referenceRate {
            guard let base = reference(referenceRate) else { return nil }
            return TieredRate([RateTier(from: 0, rate: Rate(millionthsOfPercent: base.millionthsOfPercent + (margin ?? 0)))])
        }
        if tiers.isEmpty { return TieredRate([RateTier(from: 0, rate: Rate(millionthsOfPercent: rate ?? 0))]) }
        return TieredRate(
            tiers.map { RateTier(from: $0.fromAmount.minorUnits(in: currency), rate: Rate(millionthsOfPercent: $0.rate)) })
    }
}

/// What a deposit product says beside its interest.
public struct DepositTerms: Sendable, Equatable, Codable {
    public var minAmount: TermAmount
    public var maxAmount: TermAmount?
    public var minTermDays: Int?
    public var maxTermDays: Int?
    public var minTermMonths: Int?
    public var maxTermMonths: Int?
    /// Percentage points taken off the rate when the contract is broken after its first days.
    public var earlyBreakPenaltyRate: Int64
    /// Days before which a break earns nothing.
    public var noInterestBeforeDays: Int
    public var allowsPartialWithdrawal: Bool
    public var minNoticeDays: Int?
    public var maxNoticeDays: Int?

    public init(
        minAmount: TermAmount, maxAmount: TermAmount? = nil, minTermDays: Int? = nil, maxTermDays: Int? = nil, minTermMonths: Int? = nil,
        maxTermMonths: Int? = nil, earlyBreakPenaltyRate: Int64 = 0, noInterestBeforeDays: Int = 7, allowsPartialWithdrawal: Bool = false,
        minNoticeDays: Int? = nil, maxNoticeDays: Int? = nil
    ) {
        self.minAmount = minAmount
        self.maxAmount = maxAmount
        self.minTermDays = minTermDays
        self.maxTermDays = maxTermDays
        self.minTermMonths = minTermMonths
        self.maxTermMonths = maxTermMonths
        self.earlyBreakPenaltyRate = earlyBreakPenaltyRate
        self.noInterestBeforeDays = noInterestBeforeDays
        self.allowsPartialWithdrawal = allowsPartialWithdrawal
        self.minNoticeDays = minNoticeDays
        self.maxNoticeDays = maxNoticeDays
    }
}

public struct LendingTerms: Sendable, Equatable, Codable {
    public enum InterestMethod: String, Sendable, CaseIterable, Codable { case declining, flat }
    public enum Amortisation: String, Sendable, CaseIterable, Codable {
        case equalInstallments, equalPrincipal, bullet, fixedPrincipalPercent
    }
    public enum Calculation: String, Sendable, CaseIterable, Codable { case samePeriod, daily }
    public enum Prepayment: String, Sendable, CaseIterable, Codable { case reduceInstallment, reduceTerm, moveNext }
    public enum Component: String, Sendable, CaseIterable, Codable { case penalty, fees, interest, principal }

    public var minAmount: TermAmount
    public var maxAmount: TermAmount
    public var minTermMonths: Int
    public var maxTermMonths: Int
    public var interestMethod: InterestMethod
    public var amortisation: Amortisation
    public var interestCalculation: Calculation
    public var prepayment: Prepayment
    public var allocationOrder: [Component]
    public var principalGrace: Int
    public var interestGrace: Int
    public var penaltyRate: Int64
    public var automaticApprovalLimit: TermAmount?
    /// Percent, in millionths.
    public var maxLoanToValue: Int64?

    public init(
        minAmount: TermAmount, maxAmount: TermAmount, minTermMonths: Int, maxTermMonths: Int, interestMethod: InterestMethod = .declining,
        amortisation: Amortisation = .equalInstallments, interestCalculation: Calculation = .samePeriod,
        prepayment: Prepayment = .reduceInstallment, allocationOrder: [Component] = Component.allCases, principalGrace: Int = 0,
        interestGrace: Int = 0, penaltyRate: Int64 = 0, automaticApprovalLimit: TermAmount? = nil, maxLoanToValue: Int64? = nil
    ) {
        self.minAmount = minAmount
        self.maxAmount = maxAmount
        self.minTermMonths = minTermMonths
        self.maxTermMonths = maxTermMonths
        self.interestMethod = interestMethod
        self.amortisation = amortisation
        self.interestCalculation = interestCalculation
        self.prepayment = prepayment
        self.allocationOrder = allocationOrder
        self.principalGrace = principalGrace
        self.interestGrace = interestGrace
        self.penaltyRate = penaltyRate
        self.automaticApprovalLimit = automaticApprovalLimit
        self.maxLoanToValue = maxLoanToValue
    }
}

public enum FeeKind: String, Sendable, CaseIterable, Codable { case flat, percentage, tiered }

public struct ProductFee: Sendable, Equatable, Codable {
    public struct Tier: Sendable, Equatable, Codable {
        public var fromAmount: TermAmount
        public var toAmount: TermAmount?
        public var amount: TermAmount

        public init(fromAmount: TermAmount, toAmount: TermAmount?, amount: TermAmount) {
            self.fromAmount = fromAmount
            self.toAmount = toAmount
            self.amount = amount
        }
    }

    public var feeCode: String
    public var event: String
    public var calculation: FeeKind
    public var amount: TermAmount?
    public var percentage: Int64?
    public var minAmount: TermAmount?
    public var maxAmount: TermAmount?
    public var tiers: [Tier]
    public var waivable: Bool

    public init(
        feeCode: String, event: String, calculation: FeeKind, amount: TermAmount? = nil, percentage: Int64? = nil,
        minAmount: TermAmount? = nil, maxAmount: TermAmount? = nil, tiers: [Tier] = [], waivable: Bool = false
    ) {
        self.feeCode = feeCode
        self.event = event
        self.calculation = calculation
        self.amount = amount
        self.percentage = percentage
        self.minAmount = minAmount
        self.maxAmount = maxAmount
        self.tiers = tiers
        self.waivable = waivable
    }

    /// The fee for an amount: HALF_UP once, then kept within its caps. Below or above its tiers nothing is charged.
    /// - Throws: `MoneyError.overflow`
    public func charge(on amount: Money) throws(MoneyError) -> Money {
        let currency = amount.currency
        var fee: Int64
        switch calculation {
        case .flat: fee = self.amount?.minorUnits(in: currency) ?? 0
        case .percentage: fee = try Rate(millionthsOfPercent: percentage ?? 0).of(amount, rounding: .halfUp).minorUnits
        case .tiered: fee = tiers.last { $0.fromAmount.minorUnits(in: currency) <= amount.minorUnits }?.amount.minorUnits(in: currency) ?? 0
        }
        if let minAmount { fee = max(fee, minAmount.minorUnits(in: currency)) }
        if let maxAmount { fee = min(fee, maxAmount.minorUnits(in: currency)) }
        return Money(minorUnits: fee, currency: currency)
    }
}

public struct ProductLimits: Sendable, Equatable, Codable {
    public var minBalance: TermAmount?
    public var maxBalance: TermAmount?
    public var minTransactionAmount: TermAmount?
    public var maxTransactionAmount: TermAmount?
    public var dailyAmount: TermAmount?
    public var monthlyCount: Int?

    public init() {}
}

public struct EligibilityRule: Sendable, Equatable, Codable {
    public enum Kind: String, Sendable, CaseIterable, Codable { case age, segment, kycTier, residency, income }
    public var ruleType: Kind
    /// How the value is compared, as the bank writes it: `atLeast`, `>=`, `oneOf`, `equal`.
    public var comparison: String
    /// One value, or several with commas between them.
    public var value: String

    public init(_ ruleType: Kind, _ comparison: String, _ value: String) {
        self.ruleType = ruleType
        self.comparison = comparison
        self.value = value
    }

    var isLowerBound: Bool { ["atLeast", ">=", "gte", "min", "minimum", "greaterThanOrEqual"].contains(comparison) }
    var isChoice: Bool { ["oneOf", "in", "equal", "equals", "eq", "=", "=="].contains(comparison) }

    public var values: [String] {
        value.split(separator: ",").map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }
}

/// Numbers of general-ledger accounts.
public struct ProductAccounting: Sendable, Equatable, Codable {
    public var principal: Int32
    public var interestIncome: Int32?
    public var interestExpense: Int32?
    public var payable: Int32?
    public var receivable: Int32?
    public var feeIncome: Int32?

    public init(
        principal: Int32, interestIncome: Int32? = nil, interestExpense: Int32? = nil, payable: Int32? = nil, receivable: Int32? = nil,
        feeIncome: Int32? = nil
    ) {
        self.principal = principal
        self.interestIncome = interestIncome
        self.interestExpense = interestExpense
        self.payable = payable
        self.receivable = receivable
        self.feeIncome = feeIncome
    }

    public var all: [(field: String, number: Int32)] {
        [
            ("principalGl", principal), ("interestIncomeGl", interestIncome), ("interestExpenseGl", interestExpense),
            ("payableGl", payable), ("receivableGl", receivable), ("feeIncomeGl", feeIncome),
        ].compactMap { pair in pair.1.map { ("accounting.\(pair.0)", $0) } }
    }
}

/// What terms must keep among themselves.
public enum TermRules {
    /// Tiers follow each other without a gap and without an overlap; only the last may be open. Ends may be written as the next tier's
    /// beginning or one minor unit (or a thousandth) below it.
    /// - Throws: 422 `tiers_invalid`
    public static func check(
        _ tiers: [(from: TermAmount, to: TermAmount?)], field: String
    ) throws(Refusal) {
        for (index, tier) in tiers.enumerated() {
            if let to = tier.to, to <= tier.from {
                throw .rule("tiers_invalid", "A tier ends above its beginning", field: "\(field)[\(index)].toAmount")
            }
            guard index > 0 else { continue }
            guard let end = tiers[index - 1].to else {
                throw .rule("tiers_invalid", "Only the last tier is open above", field: "\(field)[\(index - 1)].toAmount")
            }
            let gap = tier.from.thousandths - end.thousandths
            guard gap == 0 || gap == 1 || gap == 10 else {
                throw .rule(
                    "tiers_invalid", gap < 0 ? "Tiers overlap" : "There is a gap between tiers", field: "\(field)[\(index)].fromAmount")
            }
        }
    }

    /// - Throws: 422 `tiers_invalid`
    public static func check(_ terms: ProductTerms) throws(Refusal) {
        if let interest = terms.interest {
            try check(interest.tiers.map { ($0.fromAmount, $0.toAmount) }, field: "interest.tiers")
        }
        for (index, fee) in terms.fees.enumerated() {
            try check(fee.tiers.map { ($0.fromAmount, $0.toAmount) }, field: "fees[\(index)].tiers")
        }
    }
}

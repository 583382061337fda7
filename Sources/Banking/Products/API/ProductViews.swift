import HTTPEdge
import Interest
import Kernel

/// A product as callers see it (contract, section 11). Amounts are written with the decimals of the product's first currency.
struct ProductView: Representation {
    static let schemaName = "Product"
    static let example = ProductView(
        product: DemonstrationProducts.products.first { $0.code == "FD01" } ?? DemonstrationProducts.products[0], showsAccounting: true)

    let product: Product
    let showsAccounting: Bool

    func write(to object: inout ObjectWriter) {
        let (terms, currency) = (product.terms, product.currencies.first ?? .kes)
        object.text("productCode", product.code)
        object.integer("version", product.version)
        object.choice("category", product.category)
        object.choice("type", product.type)
        object.text("name", product.name)
        object.text("description", product.description)
        object.texts("features", terms.features)
        object.texts("currencies", product.currencies.map(\.code))
        object.choice("status", product.status)
        object.optionalDate("effectiveDate", product.inForce?.validFrom)
        object.optionalDate("expiryDate", terms.expiryDate)
        object.optionalObject("interest", terms.interest.map { ProductInterestView(interest: $0, currency: currency) })
        object.optionalObject("deposit", terms.deposit.map { DepositTermsView(terms: $0, currency: currency) })
        object.optionalObject("lending", terms.lending.map { LendingTermsView(terms: $0, currency: currency) })
        object.array("fees", terms.fees.map { ProductFeeView(fee: $0, currency: currency) })
        object.object("limits", ProductLimitsView(limits: terms.limits, currency: currency))
        object.array("eligibility", terms.eligibility.map { EligibilityView(rule: $0) })
        object.optionalObject(
            "accounting", showsAccounting ? accounting : nil)
    }

    private var accounting: ProductAccountingView? {
        (product.terms.accounting ?? product.glNumber.map { ProductAccounting(principal: $0) }).map {
            ProductAccountingView(accounting: $0)
        }
    }
}

extension Rate {
    init(_ millionths: Int64) { self.init(millionthsOfPercent: millionths) }
}

struct ProductInterestView: Representation {
    static let schemaName = "ProductInterest"
    static let example = ProductInterestView(
        interest: ProductInterest(
            rate: 9_000_000, referenceRate: "KESONIA", margin: 1_000_000,
            tiers: [InterestTier(fromAmount: TermAmount(units: 0), toAmount: TermAmount(units: 100_000), rate: 8_000_000)]),
        currency: .kes)
    let interest: ProductInterest
    let currency: Currency

    func write(to object: inout ObjectWriter) {
        object.optionalRate("rate", interest.rate.map { Rate($0) })
        object.optionalText("referenceRate", interest.referenceRate)
        object.optionalRate("margin", interest.margin.map { Rate($0) })
        object.choice("dayCount", interest.dayCount)
        object.choice("calculation", interest.calculation)
        object.choice("postingFrequency", interest.postingFrequency)
        object.array("tiers", interest.tiers.map { InterestTierView(tier: $0, currency: currency) })
    }
}

struct InterestTierView: Representation {
    static let schemaName = "InterestTier"
    static let example = InterestTierView(
        tier: InterestTier(fromAmount: TermAmount(units: 0), toAmount: TermAmount(units: 100_000), rate: 8_000_000), currency: .kes)
    let tier: InterestTier
    let currency: Currency

    func write(to object: inout ObjectWriter) {
        object.money("fromAmount", tier.fromAmount.money(in: currency))
        object.optionalMoney("toAmount", tier.toAmount?.money(in: currency))
        object.rate("rate", Rate(tier.rate))
    }
}

struct DepositTermsView: Representation {
    static let schemaName = "DepositTerms"
    static let example = DepositTermsView(
        terms: DepositTerms(
            minAmount: TermAmount(units: 10_000), maxAmount: TermAmount(units: 1_000_000), minTermDays: 30, maxTermDays: 365,
            minTermMonths: 3, maxTermMonths: 60, minNoticeDays: 1, maxNoticeDays: 90), currency: .kes)
    let terms: DepositTerms
    let currency: Currency

    func write(to object: inout ObjectWriter) {
        object.money("minAmount", terms.minAmount.money(in: currency))
        object.optionalMoney("maxAmount", terms.maxAmount?.money(in: currency))
        object.optionalInteger("minTermDays", terms.minTermDays)
        object.optionalInteger("maxTermDays", terms.maxTermDays)
        object.optionalInteger("minTermMonths", terms.minTermMonths)
        object.optionalInteger("maxTermMonths", terms.maxTermMonths)
        object.rate("earlyBreakPenaltyRate", Rate(terms.earlyBreakPenaltyRate))
        object.integer("noInterestBeforeDays", terms.noInterestBeforeDays)
        object.boolean("allowPartialWithdrawal", terms.allowsPartialWithdrawal)
        object.optionalInteger("minNoticeDays", terms.minNoticeDays)
        object.optionalInteger("maxNoticeDays", terms.maxNoticeDays)
    }
}

struct LendingTermsView: Representation {
    static let schemaName = "LendingTerms"
    static let example = LendingTermsView(
        terms: LendingTerms(
            minAmount: TermAmount(units: 10_000), maxAmount: TermAmount(units: 1_000_000), minTermMonths: 1, maxTermMonths: 60,
            automaticApprovalLimit: TermAmount(units: 50_000), maxLoanToValue: 80_000_000), currency: .kes)
    let terms: LendingTerms
    let currency: Currency

    func write(to object: inout ObjectWriter) {
        object.money("minAmount", terms.minAmount.money(in: currency))
        object.money("maxAmount", terms.maxAmount.money(in: currency))
        object.integer("minTermMonths", terms.minTermMonths)
        object.integer("maxTermMonths", terms.maxTermMonths)
        object.choice("interestMethod", terms.interestMethod)
        object.choice("amortisation", terms.amortisation)
        object.choice("interestCalculation", terms.interestCalculation)
        object.choice("prepayment", terms.prepayment)
        object.texts("allocationOrder", terms.allocationOrder.map(\.rawValue))
        object.integer("principalGrace", terms.principalGrace)
        object.integer("interestGrace", terms.interestGrace)
        object.rate("penaltyRate", Rate(terms.penaltyRate))
        object.optionalMoney("automaticApprovalLimit", terms.automaticApprovalLimit?.money(in: currency))
        object.optionalRate("maxLoanToValue", terms.maxLoanToValue.map { Rate($0) })
    }
}

struct ProductFeeView: Representation {
    static let schemaName = "ProductFee"
    static let example = ProductFeeView(
        fee: ProductFee(
            feeCode: "MNT01", event: "monthlyMaintenance", calculation: .flat, amount: TermAmount(units: 100), percentage: 1_000_000,
            minAmount: TermAmount(units: 10), maxAmount: TermAmount(units: 500), waivable: true), currency: .kes)
    let fee: ProductFee
    let currency: Currency

    func write(to object: inout ObjectWriter) {
        object.text("feeCode", fee.feeCode)
        object.text("event", fee.event)
        object.choice("calculation", fee.calculation)
        object.optionalMoney("amount", fee.amount?.money(in: currency))
        object.optionalRate("percentage", fee.percentage.map { Rate($0) })
        object.optionalMoney("minAmount", fee.minAmount?.money(in: currency))
        object.optionalMoney("maxAmount", fee.maxAmount?.money(in: currency))
        object.array("tiers", fee.tiers.map { FeeTierView(from: $0.fromAmount, to: $0.toAmount, fee: $0.amount, currency: currency) })
        object.boolean("waivable", fee.waivable)
    }
}

struct FeeTierView: Representation {
    static let schemaName = "FeeTier"
    static let example = FeeTierView(from: TermAmount(units: 0), to: TermAmount(units: 500), fee: TermAmount(units: 0), currency: .kes)
    let from: TermAmount
    let to: TermAmount?
    let fee: TermAmount
    let currency: Currency

    func write(to object: inout ObjectWriter) {
        object.money("fromAmount", from.money(in: currency))
        object.optionalMoney("toAmount", to?.money(in: currency))
        object.money("amount", fee.money(in: currency))
    }
}

struct ProductLimitsView: Representation {
    static let schemaName = "ProductLimits"
    static let example: ProductLimitsView = {
        var limits = ProductLimits()
        limits.minBalance = TermAmount(units: 500)
        limits.maxBalance = TermAmount(units: 1_000_000)
        limits.minTransactionAmount = TermAmount(units: 10)
        limits.maxTransactionAmount = TermAmount(units: 100_000)
        limits.dailyAmount = TermAmount(units: 500_000)
        limits.monthlyCount = 4
        return ProductLimitsView(limits: limits, currency: .kes)
    }()
    let limits: ProductLimits
    let currency: Currency

    func write(to object: inout ObjectWriter) {
        object.optionalMoney("minBalance", limits.minBalance?.money(in: currency))
        object.optionalMoney("maxBalance", limits.maxBalance?.money(in: currency))
        object.optionalMoney("minTransactionAmount", limits.minTransactionAmount?.money(in: currency))
        object.optionalMoney("maxTransactionAmount", limits.maxTransactionAmount?.money(in: currency))
        object.optionalMoney("dailyAmount", limits.dailyAmount?.money(in: currency))
        object.optionalInteger("monthlyCount", limits.monthlyCount)
    }
}

struct EligibilityView: Representation {
    static let schemaName = "EligibilityRule"
    static let example = EligibilityView(rule: EligibilityRule(.age, "atLeast", "18"))
    let rule: EligibilityRule

    func write(to object: inout ObjectWriter) {
        object.choice("ruleType", rule.ruleType)
        object.text("operator", rule.comparison)
        object.text("value", rule.value)
    }
}

struct ProductAccountingView: Representation {
    static let schemaName = "ProductAccounting"
    static let example = ProductAccountingView(
        accounting: ProductAccounting(
            principal: 2003, interestIncome: 4101, interestExpense: 5001, payable: 2100, receivable: 1210, feeIncome: 4001))
    let accounting: ProductAccounting

    func write(to object: inout ObjectWriter) {
        object.text("principalGl", String(accounting.principal))
        object.optionalText("interestIncomeGl", accounting.interestIncome.map { String($0) })
        object.optionalText("interestExpenseGl", accounting.interestExpense.map { String($0) })
        object.optionalText("payableGl", accounting.payable.map { String($0) })
        object.optionalText("receivableGl", accounting.receivable.map { String($0) })
        object.optionalText("feeIncomeGl", accounting.feeIncome.map { String($0) })
    }
}

/// The fee guide (contract, section 11).
struct TariffView: Representation {
    static let schemaName = "TariffGuide"
    static let example = TariffView(
        asOf: BusinessDate(epochDay: 20_602), items: [.example], exciseRate: Rate(millionthsOfPercent: 15_000_000))
    let asOf: BusinessDate
    let items: [TariffItemView]
    let exciseRate: Rate

    func write(to object: inout ObjectWriter) {
        object.date("asOf", asOf)
        object.currency("currency", .kes)
        object.array("items", items)
        object.rate("exciseRate", exciseRate)
    }
}

struct TariffItemView: Representation {
    static let schemaName = "TariffItem"
    static let example = TariffItemView(
        feeCode: "TRF01", name: "Transfer inside the bank", appliesTo: "internalTransfer", calculation: "flat", currency: .kes,
        amount: TermAmount(units: 20), percentage: Rate(millionthsOfPercent: 20_000), minAmount: TermAmount(units: 1),
        maxAmount: TermAmount(units: 5), tiers: [.example], isExcisable: true)
    let feeCode: String
    let name: String
    let appliesTo: String
    let calculation: String
    let currency: Currency
    let amount: TermAmount?
    let percentage: Rate?
    let minAmount: TermAmount?
    let maxAmount: TermAmount?
    let tiers: [FeeTierView]?
    let isExcisable: Bool

    func write(to object: inout ObjectWriter) {
        object.text("feeCode", feeCode)
        object.text("name", name)
        object.text("appliesTo", appliesTo)
        object.text("calculation", calculation)
        object.currency("currency", currency)
        object.optionalMoney("amount", amount?.money(in: currency))
        object.optionalRate("percentage", percentage)
        object.optionalMoney("minAmount", minAmount?.money(in: currency))
        object.optionalMoney("maxAmount", maxAmount?.money(in: currency))
        object.optionalArray("tiers", tiers)
        object.boolean("excisable", isExcisable)
    }

    /// A price of the fee guide.
    init(_ tariff: Tariff) {
        feeCode = tariff.feeCode
        name = tariff.name
        appliesTo = tariff.event.rawValue
        calculation = tariff.calculation.name
        currency = tariff.currency
        isExcisable = tariff.isExcisable
        func units(_ minor: Int64) -> TermAmount { TermAmount(thousandths: minor * 1_000 / tariff.currency.minorUnitsPerUnit) }
        switch tariff.calculation {
        case .flat(let fee): (amount, percentage, minAmount, maxAmount, tiers) = (units(fee), nil, nil, nil, nil)
        case .percentage(let rate, let least, let most):
            (amount, percentage, minAmount, maxAmount, tiers) = (nil, rate, least.map(units), most.map(units), nil)
        case .tiered(let bands):
            (amount, percentage, minAmount, maxAmount) = (nil, nil, nil, nil)
            var views: [FeeTierView] = []
            var from: Int64 = 0
            for band in bands {
                views.append(
                    FeeTierView(from: units(from), to: band.upTo.map(units), fee: units(band.fee), currency: tariff.currency))
                from = (band.upTo ?? 0) + 1
            }
            tiers = views
        }
    }

    /// A fee of a product in force.
    init(_ fee: ProductFee, of product: Product) {
        let currency = product.currencies.first ?? .kes
        feeCode = fee.feeCode
        name = "\(product.name): \(fee.event)"
        appliesTo = fee.event
        calculation = fee.calculation.rawValue
        self.currency = currency
        amount = fee.amount
        percentage = fee.percentage.map { Rate($0) }
        minAmount = fee.minAmount
        maxAmount = fee.maxAmount
        tiers =
            fee.tiers.isEmpty
            ? nil : fee.tiers.map { FeeTierView(from: $0.fromAmount, to: $0.toAmount, fee: $0.amount, currency: currency) }
        isExcisable = true
    }

    private init(
        feeCode: String, name: String, appliesTo: String, calculation: String, currency: Currency, amount: TermAmount?, percentage: Rate?,
        minAmount: TermAmount?, maxAmount: TermAmount?, tiers: [FeeTierView]?, isExcisable: Bool
    ) {
        self.feeCode = feeCode
        self.name = name
        self.appliesTo = appliesTo
        self.calculation = calculation
        self.currency = currency
        self.amount = amount
        self.percentage = percentage
        self.minAmount = minAmount
        self.maxAmount = maxAmount
        self.tiers = tiers
        self.isExcisable = isExcisable
    }
}

struct ReferenceRateView: Representation {
    static let schemaName = "ReferenceRate"
    static let example = ReferenceRateView(
        rate: ReferenceRate(
            code: "KESONIA", rate: Rate(millionthsOfPercent: 8_750_000), effectiveDate: BusinessDate(epochDay: 20_602)))
    let rate: ReferenceRate

    func write(to object: inout ObjectWriter) {
        object.text("rateCode", rate.code)
        object.rate("rate", rate.rate)
        object.date("effectiveDate", rate.effectiveDate)
    }
}

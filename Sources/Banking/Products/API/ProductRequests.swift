import HTTPEdge
import Interest
import Kernel

/// Amounts of terms are written in units of whichever currency they apply to; three decimals at most.
extension Fields {
    mutating func optionalTermAmount(_ name: String) -> TermAmount? {
        optionalBareAmount(name).map { TermAmount(thousandths: $0.thousandths) }
    }

    mutating func termAmount(_ name: String) -> TermAmount {
        if let amount = optionalTermAmount(name) { return amount }
        if !isPresent(name) { requireOne(of: name) }
        return TermAmount(thousandths: 0)
    }
}

struct TierRequest: RequestBody {
    static let schemaName = "InterestTierRequest"
    let tier: InterestTier

    init(from fields: inout Fields) {
        tier = InterestTier(
            fromAmount: fields.termAmount("fromAmount"), toAmount: fields.optionalTermAmount("toAmount"),
            rate: fields.rate("rate", 0...100).millionthsOfPercent)
    }
}

struct FeeTierRequest: RequestBody {
    static let schemaName = "FeeTierRequest"
    let tier: ProductFee.Tier

    init(from fields: inout Fields) {
        tier = ProductFee.Tier(
            fromAmount: fields.termAmount("fromAmount"), toAmount: fields.optionalTermAmount("toAmount"),
            amount: fields.termAmount("amount"))
    }
}

struct InterestRequest: RequestBody {
    static let schemaName = "ProductInterestRequest"
    let interest: ProductInterest

    init(from fields: inout Fields) throws {
        let rate = fields.optionalRate("rate", 0...100)?.millionthsOfPercent
        let reference = fields.optionalFormatted("referenceRate", .productCode)
        let margin = fields.optionalRate("margin", 0...100)?.millionthsOfPercent
        let tiers = try fields.array("tiers", TierRequest.self, 0...50).map(\.tier)
        if tiers.isEmpty { fields.requireOne(of: "rate", "referenceRate", "tiers") }
        interest = ProductInterest(
            rate: rate, referenceRate: reference, margin: margin,
            dayCount: fields.optionalChoice("dayCount", DayCount.self) ?? .actual365,
            calculation: fields.optionalChoice("calculation", InterestCalculation.self) ?? .simple,
            postingFrequency: fields.optionalChoice("postingFrequency", PostingFrequency.self) ?? .monthly, tiers: tiers)
    }
}

struct DepositTermsRequest: RequestBody {
    static let schemaName = "DepositTermsRequest"
    let terms: DepositTerms

    init(from fields: inout Fields) {
        terms = DepositTerms(
            minAmount: fields.termAmount("minAmount"), maxAmount: fields.optionalTermAmount("maxAmount"),
            minTermDays: fields.optionalInteger("minTermDays", 7...3_650), maxTermDays: fields.optionalInteger("maxTermDays", 7...3_650),
            minTermMonths: fields.optionalInteger("minTermMonths", 3...120),
            maxTermMonths: fields.optionalInteger("maxTermMonths", 3...120),
            earlyBreakPenaltyRate: fields.optionalRate("earlyBreakPenaltyRate", 0...100)?.millionthsOfPercent ?? 0,
            noInterestBeforeDays: fields.optionalInteger("noInterestBeforeDays", 0...365) ?? 7,
            allowsPartialWithdrawal: fields.optionalBoolean("allowPartialWithdrawal") ?? false,
            minNoticeDays: fields.optionalInteger("minNoticeDays", 0...365), maxNoticeDays: fields.optionalInteger("maxNoticeDays", 0...365)
        )
    }
}

struct LendingRequest: RequestBody {
    static let schemaName = "LendingTermsRequest"
    let terms: LendingTerms

    init(from fields: inout Fields) {
        terms = LendingTerms(
            minAmount: fields.termAmount("minAmount"), maxAmount: fields.termAmount("maxAmount"),
            minTermMonths: fields.integer("minTermMonths", 1...480), maxTermMonths: fields.integer("maxTermMonths", 1...480),
            interestMethod: fields.optionalChoice("interestMethod", LendingTerms.InterestMethod.self) ?? .declining,
            amortisation: fields.optionalChoice("amortisation", LendingTerms.Amortisation.self) ?? .equalInstallments,
            interestCalculation: fields.optionalChoice("interestCalculation", LendingTerms.Calculation.self) ?? .samePeriod,
            prepayment: fields.optionalChoice("prepayment", LendingTerms.Prepayment.self) ?? .reduceInstallment,
            allocationOrder: fields.choices("allocationOrder", LendingTerms.Component.self, count: 0...4),
            principalGrace: fields.optionalInteger("principalGrace", 0...60) ?? 0,
            interestGrace: fields.optionalInteger("interestGrace", 0...60) ?? 0,
            penaltyRate: fields.optionalRate("penaltyRate", 0...100)?.millionthsOfPercent ?? 0,
            automaticApprovalLimit: fields.optionalTermAmount("automaticApprovalLimit"),
            maxLoanToValue: fields.optionalRate("maxLoanToValue", 0...1_000)?.millionthsOfPercent)
    }
}

struct FeeRequest: RequestBody {
    static let schemaName = "ProductFeeRequest"
    let fee: ProductFee

    init(from fields: inout Fields) throws {
        let calculation = fields.choice("calculation", FeeKind.self)
        let amount = fields.optionalTermAmount("amount")
        let percentage = fields.optionalRate("percentage", 0...100)?.millionthsOfPercent
        let tiers = try fields.array("tiers", FeeTierRequest.self, 0...50).map(\.tier)
        switch calculation {
        case .flat: fields.requireOne(of: "amount")
        case .percentage: fields.requireOne(of: "percentage")
        case .tiered: break
        }
        fee = ProductFee(
            feeCode: fields.text("feeCode", 2...20), event: fields.text("event", 1...50), calculation: calculation, amount: amount,
            percentage: percentage, minAmount: fields.optionalTermAmount("minAmount"), maxAmount: fields.optionalTermAmount("maxAmount"),
            tiers: tiers, waivable: fields.optionalBoolean("waivable") ?? false)
    }
}

struct LimitsRequest: RequestBody {
    static let schemaName = "ProductLimitsRequest"
    let limits: ProductLimits

    init(from fields: inout Fields) {
        var limits = ProductLimits()
        limits.minBalance = fields.optionalTermAmount("minBalance")
        limits.maxBalance = fields.optionalTermAmount("maxBalance")
        limits.minTransactionAmount = fields.optionalTermAmount("minTransactionAmount")
        limits.maxTransactionAmount = fields.optionalTermAmount("maxTransactionAmount")
        limits.dailyAmount = fields.optionalTermAmount("dailyAmount")
        limits.monthlyCount = fields.optionalInteger("monthlyCount", 0...100_000)
        self.limits = limits
    }
}

struct EligibilityRequest: RequestBody {
    static let schemaName = "EligibilityRuleRequest"
    let rule: EligibilityRule

    init(from fields: inout Fields) {
        rule = EligibilityRule(
            fields.choice("ruleType", EligibilityRule.Kind.self), fields.text("operator", 1...30), fields.text("value", 1...255))
    }
}

struct AccountingRequest: RequestBody {
    static let schemaName = "ProductAccountingRequest"
    let accounting: ProductAccounting

    init(from fields: inout Fields) {
        func code(_ name: String, _ text: String?, _ fields: inout Fields) -> Int32? {
            guard let text else { return nil }
            guard let number = Int32(text), (1_000...999_999_999).contains(number) else {
                fields.fail(name, "invalid_format", "This is not the code of a general-ledger account")
                return nil
            }
            return number
        }
        let principal = code("principalGl", fields.text("principalGl", 1...9), &fields)
        func optional(_ name: String, _ fields: inout Fields) -> Int32? { code(name, fields.optionalText(name, 1...9), &fields) }
        accounting = ProductAccounting(
            principal: principal ?? 0, interestIncome: optional("interestIncomeGl", &fields),
            interestExpense: optional("interestExpenseGl", &fields), payable: optional("payableGl", &fields),
            receivable: optional("receivableGl", &fields), feeIncome: optional("feeIncomeGl", &fields))
    }
}

/// The body of POST and PUT: a product as the contract shows it, without what the server decides.
struct ProductRequest: RequestBody {
    let draft: ProductDraft
    let version: Int?

    init(from fields: inout Fields) throws {
        let code = fields.optionalFormatted("productCode", .productCode)
        let type = fields.choice("type", ProductType.self)
        let category = fields.optionalChoice("category", ProductCategory.self)
        if !fields.hasFaults, let category, type.category != category {
            fields.fail("type", "out_of_range", "This type belongs to the category \(type.category.rawValue)")
        }
        let name = fields.text("name", 1...100)
        let description = fields.optionalText("description", 0...1_000, allowsLineBreaks: true) ?? ""
        let codes = fields.texts("currencies", 1...3, count: 1...20)
        let currencies = codes.compactMap { Currency(code: $0) }
        if currencies.count != codes.count { fields.fail("currencies", "unknown_currency", "One of the currencies is not known here") }
        var terms = ProductTerms()
        terms.features = fields.texts("features", 1...200, count: 0...50)
        terms.interest = try fields.optionalObject("interest", InterestRequest.self)?.interest
        terms.deposit = try fields.optionalObject("deposit", DepositTermsRequest.self)?.terms
        terms.lending = try fields.optionalObject("lending", LendingRequest.self)?.terms
        terms.fees = try fields.array("fees", FeeRequest.self, 0...50).map(\.fee)
        terms.limits = try fields.optionalObject("limits", LimitsRequest.self)?.limits ?? ProductLimits()
        terms.eligibility = try fields.array("eligibility", EligibilityRequest.self, 0...50).map(\.rule)
        terms.accounting = try fields.optionalObject("accounting", AccountingRequest.self)?.accounting
        terms.expiryDay = fields.optionalDate("expiryDate")?.epochDay
        version = fields.optionalInteger("version", 0...Int(Int32.max))
        draft = ProductDraft(
            code: code ?? "", type: type, name: name, description: description, currencies: currencies, terms: terms)
    }
}

struct ActivateRequest: RequestBody {
    static let schemaName = "ActivateProductRequest"
    let effectiveDate: BusinessDate?

    init(from fields: inout Fields) {
        effectiveDate = fields.optionalDate("effectiveDate")
    }
}

struct DeactivateRequest: RequestBody {
    static let schemaName = "DeactivateProductRequest"
    let reason: String

    init(from fields: inout Fields) {
        reason = fields.text("reason", 1...500)
    }
}

struct ReferenceRateRequest: RequestBody {
    let rate: ReferenceRate

    init(from fields: inout Fields) {
        rate = ReferenceRate(
            code: fields.formatted("rateCode", .productCode), rate: fields.rate("rate", 0...100),
            effectiveDate: fields.date("effectiveDate"))
    }
}

struct CatalogueQuery: QueryParameters, Paged {
    let page: PageRequest
    let category: ProductCategory?
    let currency: Currency?
    let text: String?

    init(from fields: inout Fields) {
        page = fields.page()
        category = fields.optionalChoice("category", ProductCategory.self)
        currency = fields.optionalCurrency("currency")
        text = fields.optionalText("q", 0...100)
    }
}

struct DateQuery: QueryParameters {
    let asOf: BusinessDate?

    init(from fields: inout Fields) {
        asOf = fields.optionalDate("asOf")
    }
}

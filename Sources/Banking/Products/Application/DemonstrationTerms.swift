import Interest
import Kernel

/// The terms of the demonstration bank's products (contract, 2.2). Data that a bank replaces, in force from the bank's first day.
enum DemonstrationTerms {
    static func products(beginning: BusinessDate, foreign: [Currency]) -> [Product] {
        func product(
            _ code: String, _ type: ProductType, _ name: String, _ description: String, _ currencies: [Currency], _ terms: ProductTerms,
            organisations: Bool = true, individuals: Bool = true
        ) -> Product {
            Product(
                code: code, category: type.category, type: type, name: name, description: description, currencies: currencies,
                glNumber: terms.accounting?.principal, isForIndividuals: individuals, isForOrganisations: organisations, terms: terms,
                period: EffectivePeriod(from: beginning))
        }
        let shilling: [Currency] = [.kes]
        return [
            product("CUR01", .currentAccount, "Current Account", "For everyday payments in shillings", shilling, current),
            product("SAV01", .savingsAccount, "Savings Account", "Earns interest on every day's balance", shilling, savings),
            product("FCY01", .currentAccount, "Foreign Currency Account", "A current account in another currency", foreign, current),
            product("FD01", .fixedDeposit, "Fixed Deposit", "A fixed sum for a fixed time", shilling + [.usd], fixed),
            product("RD01", .recurringDeposit, "Recurring Deposit", "Saves a sum every month", shilling, recurring),
            product("TD01", .termDeposit, "Term Deposit", "A term with partial withdrawals", shilling, term),
            product("CALL01", .callDeposit, "Call Deposit", "Withdrawn at notice", shilling, call),
            product("PLN01", .personalLoan, "Personal Loan", "For private purposes", shilling, personalLoan, organisations: false),
            product("MLN01", .mortgageLoan, "Mortgage", "For a home", shilling, mortgage, organisations: false),
            product("ALN01", .autoLoan, "Car Loan", "For a vehicle", shilling, carLoan),
            product("BLN01", .businessLoan, "Working Capital Loan", "For a business", shilling, workingCapital, individuals: false),
            product(
                "EQF01", .equipmentFinance, "Equipment Finance", "For machines and equipment", shilling, equipment, individuals: false),
        ]
    }

    private static func tiers(_ bands: [(Int64, String)]) -> [InterestTier] {
        bands.enumerated().map { index, band in
            InterestTier(
                fromAmount: TermAmount(units: band.0), toAmount: index + 1 < bands.count ? TermAmount(units: bands[index + 1].0) : nil,
                rate: Rate(percent: band.1)?.millionthsOfPercent ?? 0)
        }
    }

    private static func percent(_ text: String) -> Int64 { Rate(percent: text)?.millionthsOfPercent ?? 0 }

    private static func depositTerms(
        gl: Int32, features: [String], interest: ProductInterest?, deposit: DepositTerms?
    ) -> ProductTerms {
        var terms = ProductTerms()
        terms.features = features
        terms.interest = interest
        terms.deposit = deposit
        terms.eligibility = [EligibilityRule(.kycTier, "atLeast", "1")]
        terms.accounting = ProductAccounting(
            principal: gl, interestExpense: interest == nil ? nil : 5001, payable: interest == nil ? nil : 2100, feeIncome: 4001)
        return terms
    }

    private static let current = depositTerms(
        gl: 2001, features: ["Transfers at any hour", "Statements in four formats"], interest: nil, deposit: nil)

    private static let savings = depositTerms(
        gl: 2002, features: ["Interest on every day's balance", "Paid every month"],
        interest: ProductInterest(
            postingFrequency: .monthly, tiers: tiers([(0, "3"), (50_000, "4.5"), (500_000, "6"), (5_000_000, "7")])),
        deposit: nil)

    private static let fixed = depositTerms(
        gl: 2003, features: ["Rate fixed for the whole term", "May roll over by itself"],
        interest: ProductInterest(tiers: tiers([(10_000, "8.5"), (100_000, "9.5"), (1_000_000, "11"), (10_000_000, "11.75")])),
        deposit: DepositTerms(
            minAmount: TermAmount(units: 10_000), maxAmount: TermAmount(units: 500_000_000), minTermDays: 7, maxTermDays: 3_650,
            earlyBreakPenaltyRate: percent("2")))

    private static let recurring = depositTerms(
        gl: 2004, features: ["A sum every month, by itself if wished", "Interest grows monthly"],
        interest: ProductInterest(calculation: .compoundMonthly, tiers: tiers([(500, "8"), (5_000, "8.75"), (50_000, "9.5")])),
        deposit: DepositTerms(
            minAmount: TermAmount(units: 500), maxAmount: TermAmount(units: 5_000_000), minTermMonths: 3, maxTermMonths: 120,
            earlyBreakPenaltyRate: percent("2")))

    private static let term = depositTerms(
        gl: 2005, features: ["Part may be withdrawn during the term"],
        interest: ProductInterest(tiers: tiers([(20_000, "7.75"), (200_000, "8.75"), (2_000_000, "10")])),
        deposit: DepositTerms(
            minAmount: TermAmount(units: 20_000), maxAmount: TermAmount(units: 500_000_000), minTermDays: 7, maxTermDays: 3_650,
            earlyBreakPenaltyRate: percent("1.5"), allowsPartialWithdrawal: true))

    private static let call = depositTerms(
        gl: 2005, features: ["Withdrawn at notice of the agreed days"],
        interest: ProductInterest(tiers: tiers([(50_000, "5.5"), (1_000_000, "6.5"), (10_000_000, "7.5")])),
        deposit: DepositTerms(
            minAmount: TermAmount(units: 50_000), maxAmount: TermAmount(units: 1_000_000_000), minNoticeDays: 1, maxNoticeDays: 90))

    private static func loanTerms(
        _ rate: ProductInterest, _ lending: LendingTerms, fees: [ProductFee], segments: String? = nil
    ) -> ProductTerms {
        var terms = ProductTerms()
        terms.features = ["Schedule and total cost shown before signing"]
        terms.interest = rate
        terms.lending = lending
        terms.fees = fees
        terms.eligibility = [EligibilityRule(.kycTier, "atLeast", "2")] + (segments.map { [EligibilityRule(.segment, "oneOf", $0)] } ?? [])
        terms.accounting = ProductAccounting(principal: 1200, interestIncome: 4101, receivable: 1210, feeIncome: 4001)
        return terms
    }

    private static func processingFee(_ share: String) -> [ProductFee] {
        [
            ProductFee(
                feeCode: "LPF01", event: "disbursement", calculation: .percentage, percentage: percent(share),
                minAmount: TermAmount(units: 500), maxAmount: TermAmount(units: 250_000))
        ]
    }

    private static func floating(_ margin: String) -> ProductInterest {
        ProductInterest(referenceRate: "KESONIA", margin: percent(margin), postingFrequency: .monthly)
    }

    private static let personalLoan = loanTerms(
        floating("5.5"),
        LendingTerms(
            minAmount: TermAmount(units: 5_000), maxAmount: TermAmount(units: 5_000_000), minTermMonths: 1, maxTermMonths: 72,
            penaltyRate: percent("3"), automaticApprovalLimit: TermAmount(units: 100_000)), fees: processingFee("2.5"))

    private static let mortgage = loanTerms(
        floating("4"),
        LendingTerms(
            minAmount: TermAmount(units: 500_000), maxAmount: TermAmount(units: 100_000_000), minTermMonths: 12, maxTermMonths: 300,
            penaltyRate: percent("3"), maxLoanToValue: percent("90")), fees: processingFee("1"))

    private static let carLoan = loanTerms(
        floating("5"),
        LendingTerms(
            minAmount: TermAmount(units: 200_000), maxAmount: TermAmount(units: 15_000_000), minTermMonths: 6, maxTermMonths: 60,
            penaltyRate: percent("3"), maxLoanToValue: percent("80")), fees: processingFee("1.5"))

    private static let workingCapital = loanTerms(
        floating("5"),
        LendingTerms(
            minAmount: TermAmount(units: 50_000), maxAmount: TermAmount(units: 50_000_000), minTermMonths: 1, maxTermMonths: 36,
            penaltyRate: percent("3")), fees: processingFee("2"), segments: "sme,corporate")

    private static let equipment = loanTerms(
        floating("4.5"),
        LendingTerms(
            minAmount: TermAmount(units: 100_000), maxAmount: TermAmount(units: 50_000_000), minTermMonths: 6, maxTermMonths: 84,
            penaltyRate: percent("3"), maxLoanToValue: percent("85")), fees: processingFee("1.5"), segments: "sme,corporate")
}

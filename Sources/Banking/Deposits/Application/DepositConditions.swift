import Accounts
import Interest
import Kernel
import Products

/// The conditions under which a deposit is placed on a day: the product's version in force, its rate for the amount, its bounds.
struct DepositConditions: Sendable {
    let product: Product
    let rate: Rate
    let dayCount: DayCount
    let penaltyRate: Rate
    let noInterestBeforeDays: Int32
    let minimumAmount: Int64
    let allowsPartialWithdrawal: Bool

    /// - Throws: 422 `product_not_active`, `currency_not_offered`, `amount_out_of_range`, `term_out_of_range`,
    ///   `partial_withdrawal_not_allowed`, `notice_required`
    init(_ order: DepositOrder, book: TariffBook, date: BusinessDate) throws(Refusal) {
        guard let product = book.product(order.productCode, on: date), product.isOffered(on: date),
            product.type.rawValue == order.type.rawValue, let interest = product.terms.interest
        else { throw .rule("product_not_active", "This product is not offered today", field: "productCode") }
        let currency = order.amount.currency
        guard product.currencies.contains(currency) else {
            throw .rule("currency_not_offered", "\(product.name) is not offered in \(currency.code)", field: "currency")
        }
        let terms = product.terms.deposit
        let least = terms?.minAmount.minorUnits(in: currency) ?? 1
        let most = terms?.maxAmount?.minorUnits(in: currency) ?? Int64.max
        guard order.amount.minorUnits >= least, order.amount.minorUnits <= most,
            interest.tiers.last?.toAmount.map({ order.amount.minorUnits <= $0.minorUnits(in: currency) }) ?? true
        else { throw .rule("amount_out_of_range", "The amount is outside of the product's range", field: order.amountField) }
        try Self.checkTerm(order, terms)
        if order.type == .termDeposit, order.allowsPartialWithdrawal, terms?.allowsPartialWithdrawal == false {
            throw .rule(
                "partial_withdrawal_not_allowed", "This product does not pay out in parts", field: "allowPartialWithdrawal")
        }
        guard let tiers = book.tieredRate(product, in: currency, on: date) else {
            throw .rule("product_not_active", "The product has no rate today", field: "productCode")
        }
        self.product = product
        rate = tiers.rate(for: order.amount.minorUnits)
        dayCount = interest.dayCount(in: currency)
        penaltyRate = Rate(millionthsOfPercent: terms?.earlyBreakPenaltyRate ?? 0)
        noInterestBeforeDays = Int32(terms?.noInterestBeforeDays ?? 7)
        minimumAmount = least
        allowsPartialWithdrawal = order.allowsPartialWithdrawal && terms?.allowsPartialWithdrawal ?? false
    }

    private static func checkTerm(_ order: DepositOrder, _ terms: DepositTerms?) throws(Refusal) {
        if let days = order.termInDays.map({ Int($0) }), days < terms?.minTermDays ?? 7 || days > terms?.maxTermDays ?? 3_650 {
            throw .rule("term_out_of_range", "The term is outside of the product's range", field: "termInDays")
        }
        if let months = order.tenureInMonths.map({ Int($0) }), months < terms?.minTermMonths ?? 3 || months > terms?.maxTermMonths ?? 120 {
            throw .rule("term_out_of_range", "The term is outside of the product's range", field: "tenureInMonths")
        }
        if let notice = order.noticePeriodDays.map({ Int($0) }), notice < terms?.minNoticeDays ?? 0 || notice > terms?.maxNoticeDays ?? 365
        {
            throw .rule("term_out_of_range", "The notice is outside of the product's range", field: "noticePeriodDays")
        }
    }

    func deposit(
        id: Identifier<DepositContract>, account: AccountIdentity, order: DepositOrder, source: Identifier<Account>,
        payout: Identifier<Account>, start: BusinessDate
    ) -> Deposit {
        let maturity =
            order.termInDays.map { start.adding(days: $0) } ?? order.tenureInMonths.map { start.addingMonths(Int($0)) }
        // Branch and serial of the account, behind the letters of the type.
        let number = order.type.numberPrefix + account.number.prefix(3) + account.number.dropFirst(5)
        return Deposit(
            id: id, number: number, type: order.type, account: account.id, accountNumber: account.number, customer: account.customerID,
            productCode: product.code, productVersion: product.version, currency: order.amount.currency, status: .active,
            bookedPrincipal: order.amount.minorUnits, principal: order.amount.minorUnits, rate: rate, dayCount: dayCount, startDate: start,
            maturityDate: maturity, termInDays: order.termInDays, tenureInMonths: order.tenureInMonths,
            monthlyInstallment: order.type == .recurringDeposit ? order.amount.minorUnits : nil, dayOfMonth: order.dayOfMonth,
            isAutoDebit: order.isAutoDebit, allowsPartialWithdrawal: allowsPartialWithdrawal, noticePeriodDays: order.noticePeriodDays,
            sourceAccount: source, payoutAccount: payout, instruction: order.instruction, penaltyRate: penaltyRate,
            noInterestBeforeDays: noInterestBeforeDays, minimumAmount: minimumAmount, settledMicro: 0, interestFrom: start,
            installmentsPaidOn: order.type == .recurringDeposit ? [start] : [], openingJournal: nil, closing: nil, version: 1)
    }
}

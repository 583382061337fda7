import HTTPEdge
import Interest
import Kernel

/// The contract's Deposit (section 12).
struct DepositView: Representation {
    static let schemaName = "Deposit"
    let details: DepositDetails

    func write(to object: inout ObjectWriter) {
        let deposit = details.deposit
        object.identifier("depositId", deposit.id)
        object.text("depositNumber", deposit.number)
        object.choice("depositType", deposit.type)
        object.identifier("accountId", deposit.account)
        object.text("accountNumber", deposit.accountNumber)
        object.identifier("customerId", deposit.customer)
        object.text("productCode", deposit.productCode)
        object.integer("productVersion", deposit.productVersion)
        object.choice("status", deposit.status)
        object.money("principalAmount", deposit.principalMoney)
        object.currency("currency", deposit.currency)
        object.rate("interestRate", deposit.rate)
        object.choice("dayCount", deposit.dayCount)
        object.date("startDate", deposit.startDate)
        object.optionalDate("maturityDate", deposit.maturityDate)
        object.optionalInteger("termInDays", deposit.termInDays)
        object.optionalInteger("tenureInMonths", deposit.tenureInMonths)
        object.optionalMoney("monthlyInstallment", deposit.monthlyInstallment.map { deposit.money($0) })
        object.optionalInteger("dayOfMonth", deposit.dayOfMonth)
        object.optionalBoolean("autoDebit", deposit.type == .recurringDeposit ? deposit.isAutoDebit : nil)
        object.optionalInteger("installmentsPaid", deposit.type == .recurringDeposit ? deposit.installmentsPaidOn.count : nil)
        object.optionalBoolean("allowPartialWithdrawal", deposit.type == .termDeposit ? deposit.allowsPartialWithdrawal : nil)
        object.optionalInteger("noticePeriodDays", deposit.noticePeriodDays)
        object.money("expectedInterest", details.expectedInterest)
        object.money("withholdingTax", details.withholdingTax)
        object.money("maturityAmount", details.maturityAmount)
        object.money("accruedInterest", details.accruedInterest)
        object.choice("maturityInstruction", deposit.instruction)
        object.identifier("fromAccountId", deposit.sourceAccount)
        object.identifier("payoutAccountId", deposit.payoutAccount)
        object.optionalIdentifier("journalId", deposit.openingJournal)
        object.optionalDate("closedDate", deposit.closing?.date)
        object.optionalMoney("payout", deposit.closing.map { deposit.money($0.figures.payout) })
        object.integer("version", deposit.version)
    }

    static let example: DepositView = {
        let day = BusinessDate(epochDay: 20_602)
        let account = Identifier<Account>(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0001)
        let kes = { (cents: Int64) in Money(minorUnits: cents, currency: .kes) }
        let figures = CloseFigures(principal: 100_000_000, interestEarned: 2_712_329, penalty: 0, withholdingTax: 406_849)
        let deposit = Deposit(
            id: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0002), number: "FD0010000012", type: .fixedDeposit, account: account,
            accountNumber: "0010300000123", customer: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0003), productCode: "FD01",
            productVersion: 1, currency: .kes, status: .closed, bookedPrincipal: 100_000_000, principal: 100_000_000,
            rate: Rate(millionthsOfPercent: 11_000_000), dayCount: .actual365, startDate: day, maturityDate: day.adding(days: 90),
            termInDays: 90, tenureInMonths: 12, monthlyInstallment: nil, dayOfMonth: 5, isAutoDebit: true, allowsPartialWithdrawal: true,
            noticePeriodDays: 7, sourceAccount: account, payoutAccount: account, instruction: .payOut,
            penaltyRate: Rate(millionthsOfPercent: 2_000_000), noInterestBeforeDays: 7, minimumAmount: 1_000_000, settledMicro: 0,
            interestFrom: day, installmentsPaidOn: [], openingJournal: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0100),
            closing: Deposit.Closing(date: day.adding(days: 90), figures: figures, journal: nil), version: 1)
        return DepositView(
            details: DepositDetails(
                deposit: deposit, accruedInterest: kes(2_712_329), expectedInterest: kes(2_712_329), withholdingTax: kes(406_849)))
    }()
}

struct CloseQuoteView: Representation {
    static let schemaName = "DepositCloseQuote"
    static let example = CloseQuoteView(
        figures: CloseFigures(principal: 100_000_000, interestEarned: 1_000_000, penalty: 200_000, withholdingTax: 120_000), currency: .kes,
        date: BusinessDate(epochDay: 20_602))
    let figures: CloseFigures
    let currency: Currency
    let date: BusinessDate

    func write(to object: inout ObjectWriter) {
        object.writeFigures(figures, currency)
        object.currency("currency", currency)
        object.date("date", date)
    }
}

extension ObjectWriter {
    fileprivate mutating func writeFigures(_ figures: CloseFigures, _ currency: Currency) {
        func money(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: currency) }
        self.money("principal", money(figures.principal))
        self.money("interestEarned", money(figures.interestEarned))
        self.money("penalty", money(figures.penalty))
        self.money("withholdingTax", money(figures.withholdingTax))
        self.money("payout", money(figures.payout))
    }
}

struct ClosedDepositView: Representation {
    static let schemaName = "ClosedDeposit"
    static let example = ClosedDepositView(
        ended: EndedDeposit(
            deposit: DepositView.example.details.deposit,
            figures: CloseFigures(principal: 100_000_000, interestEarned: 1_000_000, penalty: 200_000, withholdingTax: 120_000),
            date: BusinessDate(epochDay: 20_602), transactionID: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0101),
            journalID: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0100), isReplay: false))
    let ended: EndedDeposit

    func write(to object: inout ObjectWriter) {
        object.identifier("depositId", ended.deposit.id)
        object.text("depositNumber", ended.deposit.number)
        object.choice("status", ended.deposit.status)
        object.identifier("transactionId", ended.transactionID)
        object.identifier("journalId", ended.journalID)
        object.writeFigures(ended.figures, ended.deposit.currency)
        object.currency("currency", ended.deposit.currency)
        object.identifier("payoutAccountId", ended.deposit.payoutAccount)
        object.date("date", ended.date)
    }
}

struct ScheduleView: Representation {
    static let schemaName = "DepositSchedule"
    static let example = ScheduleView(
        deposit: DepositView.example.details.deposit,
        postings: [
            .init(date: BusinessDate(epochDay: 20_602), kind: .interest, amount: Money(minorUnits: 100, currency: .kes), isPaid: true)
        ])
    let deposit: Deposit
    let postings: [ScheduledPosting]

    func write(to object: inout ObjectWriter) {
        object.identifier("depositId", deposit.id)
        object.currency("currency", deposit.currency)
        object.array("items", postings.map { ScheduledPostingView(posting: $0) })
    }
}

struct ScheduledPostingView: Representation {
    static let schemaName = "DepositSchedulePosting"
    static let example = ScheduledPostingView(
        posting: ScheduledPosting(
            date: BusinessDate(epochDay: 20_602), kind: .installment, amount: Money(minorUnits: 500_000, currency: .kes), isPaid: true))
    let posting: ScheduledPosting

    func write(to object: inout ObjectWriter) {
        object.date("date", posting.date)
        object.choice("type", posting.kind)
        object.moneyAndCurrency(posting.amount)
        object.optionalText("status", posting.isPaid.map { $0 ? "paid" : "due" })
    }
}

struct DepositMovementView: Representation {
    static let schemaName = "DepositMovement"
    static let example = DepositMovementView(
        depositID: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0002), amount: Money(minorUnits: 500_000, currency: .kes),
        transactionID: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0101), reference: "DEP0G4S8Q2M9K7V3X1B5N6A",
        journalID: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0100), businessDate: BusinessDate(epochDay: 20_602),
        principal: Money(minorUnits: 1_000_000, currency: .kes), installmentsPaid: 2)
    let depositID: Identifier<DepositContract>
    let amount: Money
    let transactionID: Identifier<TransactionRecord>
    let reference: String
    let journalID: Identifier<Journal>
    let businessDate: BusinessDate
    let principal: Money
    let installmentsPaid: Int?

    func write(to object: inout ObjectWriter) {
        object.identifier("depositId", depositID)
        object.moneyAndCurrency(amount)
        object.identifier("transactionId", transactionID)
        object.text("reference", reference)
        object.identifier("journalId", journalID)
        object.date("businessDate", businessDate)
        object.money("principalAmount", principal)
        object.optionalInteger("installmentsPaid", installmentsPaid)
    }
}

struct NoticeView: Representation {
    static let schemaName = "DepositNotice"
    static let example = NoticeView(
        id: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0009), payableDate: BusinessDate(epochDay: 20_602),
        amount: Money(minorUnits: 5_000_000, currency: .kes))
    let id: Identifier<DepositNotice>
    let payableDate: BusinessDate
    let amount: Money

    func write(to object: inout ObjectWriter) {
        object.identifier("noticeId", id)
        object.date("payableDate", payableDate)
        object.moneyAndCurrency(amount)
    }
}

struct AccrualRunView: Representation {
    static let schemaName = "InterestAccrualRun"
    static let example = AccrualRunView(
        run: AccrualRun(
            id: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0009), processingDate: BusinessDate(epochDay: 20_602),
            productCode: "SAV01", isDryRun: false, accounts: 2, totals: [Money(minorUnits: 12_345, currency: .kes)],
            startedAt: Timestamp(microseconds: 1_780_000_000_000_000), finishedAt: Timestamp(microseconds: 1_780_000_001_000_000)))
    let run: AccrualRun

    func write(to object: inout ObjectWriter) {
        object.identifier("runId", run.id)
        object.text("status", "completed")
        object.date("processingDate", run.processingDate)
        object.optionalText("productCode", run.productCode)
        object.boolean("dryRun", run.isDryRun)
        object.integer("accountsProcessed", run.accounts)
        object.array("totals", run.totals.map { AccrualTotalView(amount: $0) })
        object.timestamp("startedAt", run.startedAt)
        object.timestamp("finishedAt", run.finishedAt)
    }
}

struct AccrualTotalView: Representation {
    static let schemaName = "InterestAccrualTotal"
    static let example = AccrualTotalView(amount: Money(minorUnits: 12_345, currency: .kes))
    let amount: Money

    func write(to object: inout ObjectWriter) {
        object.moneyAndCurrency(amount, amount: "accruedInterest")
    }
}

import HTTPEdge
import Kernel

private struct SourceFields {
    let id: Identifier<Account>?
    let number: String?

    init(from fields: inout Fields, isRequired: Bool = true) {
        id = fields.optionalIdentifier("fromAccountId", as: Account.self)
        number = fields.optionalFormatted("fromAccountNumber", .accountNumber)
        if isRequired { fields.requireOne(of: "fromAccountId", "fromAccountNumber") }
    }
}

/// A rate that is sent is ignored: the product's tiers decide it.
struct FixedDepositRequest: RequestBody {
    let order: DepositOrder

    init(from fields: inout Fields) {
        let source = SourceFields(from: &fields)
        var order = DepositOrder(
            type: .fixedDeposit, sourceID: source.id, sourceNumber: source.number,
            productCode: fields.formatted("productCode", .productCode),
            amount: fields.money("amount", currency: "currency"))
        order.termInDays = Int32(fields.integer("termInDays", 7...3_650))
        order.instruction = fields.optionalChoice("maturityInstruction", MaturityInstruction.self) ?? .payOut
        order.payoutAccount = fields.optionalIdentifier("payoutAccountId", as: Account.self)
        self.order = order
    }
}

struct TermDepositRequest: RequestBody {
    let order: DepositOrder

    init(from fields: inout Fields) {
        let source = SourceFields(from: &fields)
        var order = DepositOrder(
            type: .termDeposit, sourceID: source.id, sourceNumber: source.number,
            productCode: fields.formatted("productCode", .productCode),
            amount: fields.money("amount", currency: "currency"))
        order.termInDays = Int32(fields.integer("termInDays", 7...3_650))
        order.allowsPartialWithdrawal = fields.optionalBoolean("allowPartialWithdrawal") ?? false
        order.instruction = fields.optionalChoice("maturityInstruction", MaturityInstruction.self) ?? .payOut
        order.payoutAccount = fields.optionalIdentifier("payoutAccountId", as: Account.self)
        self.order = order
    }
}

struct RecurringDepositRequest: RequestBody {
    let order: DepositOrder

    init(from fields: inout Fields) {
        let source = SourceFields(from: &fields)
        var order = DepositOrder(
            type: .recurringDeposit, sourceID: source.id, sourceNumber: source.number,
            productCode: fields.formatted("productCode", .productCode),
            amount: fields.money("monthlyInstallment", currency: "currency"))
        order.amountField = "monthlyInstallment"
        order.tenureInMonths = Int32(fields.integer("tenureInMonths", 3...120))
        order.isAutoDebit = fields.optionalBoolean("autoDebit") ?? false
        order.dayOfMonth = fields.optionalInteger("dayOfMonth", 1...31).map { Int32($0) }
        order.payoutAccount = fields.optionalIdentifier("payoutAccountId", as: Account.self)
        self.order = order
    }
}

struct CallDepositRequest: RequestBody {
    let order: DepositOrder

    init(from fields: inout Fields) {
        let source = SourceFields(from: &fields)
        var order = DepositOrder(
            type: .callDeposit, sourceID: source.id, sourceNumber: source.number,
            productCode: fields.formatted("productCode", .productCode),
            amount: fields.money("amount", currency: "currency"))
        order.noticePeriodDays = Int32(fields.integer("noticePeriodDays", 0...365))
        order.payoutAccount = fields.optionalIdentifier("payoutAccountId", as: Account.self)
        self.order = order
    }
}

struct DepositListQuery: QueryParameters, Paged {
    let page: PageRequest
    let filter: DepositFilter

    init(from fields: inout Fields) {
        page = fields.page()
        filter = DepositFilter(
            type: fields.optionalChoice("depositType", DepositType.self), status: fields.optionalChoice("status", DepositStatus.self),
            cifNumber: fields.optionalFormatted("cifNumber", .cifNumber), maturingBefore: fields.optionalDate("maturingBefore"))
    }

    /// - Throws: 422 `invalid_cursor`
    func place() throws(Refusal) -> Identifier<DepositContract>? {
        guard var reader = page.cursor?.reader else { return nil }
        return try reader.identifier(as: DepositContract.self)
    }
}

struct MaturingQuery: QueryParameters, Paged {
    let page: PageRequest
    let days: Int

    init(from fields: inout Fields) {
        page = fields.page()
        days = fields.optionalInteger("days", 1...3_650) ?? 30
    }

    /// - Throws: 422 `invalid_cursor`
    func place() throws(Refusal) -> (date: BusinessDate, id: Identifier<DepositContract>)? {
        guard var reader = page.cursor?.reader else { return nil }
        return (try reader.date(), try reader.identifier())
    }
}

struct CloseQuoteRequest: RequestBody {
    let date: BusinessDate?

    init(from fields: inout Fields) {
        date = fields.optionalDate("date")
    }
}

struct CloseDepositRequest: RequestBody {
    let reason: String?

    init(from fields: inout Fields) {
        reason = fields.optionalText("reason", 0...500)
    }
}

struct MaturityInstructionRequest: RequestBody {
    let instruction: MaturityInstruction
    let payoutAccount: Identifier<Account>?
    let version: Int

    init(from fields: inout Fields) {
        instruction = fields.choice("instruction", MaturityInstruction.self)
        payoutAccount = fields.optionalIdentifier("payoutAccountId", as: Account.self)
        version = fields.version()
    }
}

struct WithdrawalRequest: RequestBody {
    static let schemaName = "DepositWithdrawalRequest"
    let amount: Money

    init(from fields: inout Fields) {
        amount = fields.money("amount", currency: "currency")
    }
}

struct InstallmentRequest: RequestBody {
    let sourceID: Identifier<Account>?
    let sourceNumber: String?
    let amount: Money?

    init(from fields: inout Fields) {
        sourceID = fields.optionalIdentifier("fromAccountId", as: Account.self)
        sourceNumber = fields.optionalFormatted("fromAccountNumber", .accountNumber)
        amount = fields.optionalMoney("amount", currency: "currency")
    }
}

struct InterestAccrualRequest: RequestBody {
    let date: BusinessDate
    let productCode: String?
    let isDryRun: Bool

    init(from fields: inout Fields) {
        date = fields.date("processingDate")
        productCode = fields.optionalFormatted("productCode", .productCode)
        isDryRun = fields.optionalBoolean("dryRun") ?? false
    }
}

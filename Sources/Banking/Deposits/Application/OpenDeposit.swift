import Accounts
import Application
import Interest
import Kernel
import Ledger
import Postgres
import Products

/// Who asks: a customer about the own things, or staff about everything.
public enum DepositAuthority: Sendable, Equatable {
    case customer(Identifier<Customer>)
    case staff

    /// A person who is a customer acts as one; only without a customer record do the roles of the branch count.
    public init(_ context: RequestContext) throws(Refusal) {
        let principal = try context.requirePrincipal()
        if let customer = principal.customerID {
            self = .customer(customer)
        } else {
            guard principal.roles.intersects(.staff) else { throw .forbidden() }
            self = .staff
        }
    }
}

/// A deposit that somebody wants, its fields checked.
struct DepositOrder: Sendable {
    var type: DepositType
    var sourceID: Identifier<Account>?
    var sourceNumber: String?
    var productCode: String
    /// The sum of a deposit, the installment of a recurring one.
    var amount: Money
    var termInDays: Int32?
    var tenureInMonths: Int32?
    var isAutoDebit = false
    var dayOfMonth: Int32?
    var allowsPartialWithdrawal = false
    var noticePeriodDays: Int32?
    var instruction = MaturityInstruction.payOut
    var payoutAccount: Identifier<Account>?
    var amountField = "amount"
}

/// Places deposits: the account, the contract and the money in one commit.
struct OpenDeposit: Sendable {
    let workshop: DepositsWorkshop

    /// - Throws: 404 `account_not_found`, `product_not_found`; the refusals of a transfer for the source; 422 `product_not_active`,
    ///   `currency_not_offered`, `amount_out_of_range`, `term_out_of_range`, `partial_withdrawal_not_allowed`, `notice_required`
    func run(_ order: DepositOrder, by authority: DepositAuthority, context: RequestContext) async throws -> (
        deposit: Deposit, isReplay: Bool
    ) {
        if let journal = try await workshop.journalOfKey(context) { return (try await opened(by: journal), true) }
        return try await workshop.onOpenDay { date, book in
            let source = try await source(of: order, by: authority)
            guard !book.versions(of: order.productCode).isEmpty else {
                throw Refusal.notFound("product_not_found", "There is no such product")
            }
            let payout = try await payoutAccount(of: order, source: source)
            let terms: DepositConditions
            do {
                guard source.currency == order.amount.currency else {
                    throw Refusal.rule("currency_mismatch", "The account is kept in \(source.currency.code)", field: "currency")
                }
                terms = try DepositConditions(order, book: book, date: date)
            } catch let refusal as Refusal {
                // The contract names the source's refusals first; whoever has none of them hears about the product.
                try await SourceCheck(workshop).check(source, amount: order.amount)
                throw refusal
            }
            return try await place(order, terms, source: source, payout: payout, on: date, context: context)
        }
    }

    private func place(
        _ order: DepositOrder, _ terms: DepositConditions, source: AccountIdentity, payout: AccountIdentity, on date: BusinessDate,
        context: RequestContext
    ) async throws -> (deposit: Deposit, isReplay: Bool) {
        let account = try await workshop.opening.prepareDepositAccount(
            of: source.customerID, product: terms.product, currency: order.amount.currency, branchCode: source.branchCode, openedDate: date,
            openedBy: context.principal?.userID)
        let deposit = terms.deposit(
            id: workshop.identifiers.next(), account: account.identity, order: order, source: source.id, payout: payout.id, start: date)
        let (payer, currency) = (Leg.Authority.customer(field: "fromAccountNumber"), deposit.currency)
        let draft = JournalDraft(
            type: .transfer, referencePrefix: "DEP", sourceType: "deposit", sourceID: deposit.id.bits,
            narration: "\(terms.product.name) \(deposit.number)",
            legs: [
                Leg(.account(source.id), amount: -deposit.principal, currency: currency, type: .transfer, authority: payer),
                Leg(.account(deposit.account), amount: deposit.principal, currency: currency, type: .transfer),
            ], pricedOn: date)
        let unit = PostingUnit(
            commands: [.open(account.ledger), .journal(draft)], context: context, idempotency: IdempotencyKey(context),
            audit: workshop.audit(
                "open", deposit.id, context,
                [("number", deposit.number), ("productCode", deposit.productCode), ("amount", deposit.principalMoney.decimalString)]),
            events: [
                DomainEvent(name: "deposits.opened", subject: deposit.id.bits, occurredAt: workshop.clock.now(), payload: [])
            ],
            companions: account.statements + [
                DepositStore.insert(deposit, renewalOf: nil, openedBy: context.principal?.userID, at: workshop.clock.now())
            ])
        let receipt = try await workshop.engine.post(unit)
        guard let journal = receipt.journals.first else { throw Refusal.unavailable() }
        return (try await opened(by: journal), receipt.isReplay)
    }

    /// The deposit that a journal opened, as it was then.
    private func opened(by journal: PostedJournal) async throws -> Deposit {
        guard let source = journal.sourceID else { throw IdempotencyKey.reused() }
        let id = Identifier<DepositContract>(bits: source)
        let stored = try await workshop.pool.transaction { transaction in
            _ = try transaction.execute(DepositStore.setOpeningJournal(journal.id, of: id))
            return try DepositStore.find(id, in: transaction)
        }
        guard var found = stored else { throw Refusal.depositNotFound }
        // The answer of the first time, whatever has become of the contract since.
        found.status = .active
        found.principal = found.bookedPrincipal
        found.settledMicro = 0
        found.closing = nil
        found.version = 1
        let start = found.startDate
        found.interestFrom = start
        found.installmentsPaidOn = found.monthlyInstallment == nil ? [] : [start]
        return found
    }

    // MARK: Accounts

    private func source(of order: DepositOrder, by authority: DepositAuthority) async throws -> AccountIdentity {
        var source: AccountIdentity?
        for reference in [order.sourceNumber, order.sourceID?.description] {
            guard let reference else { continue }
            let found: AccountIdentity
            switch authority {
            case .customer(let customer): found = try await workshop.access.requireTransactable(reference, by: customer)
            case .staff: found = try await workshop.directory.require(reference)
            }
            if let source, source.id != found.id {
                throw Refusal.validation([
                    .init("fromAccountNumber", "incorrect", "fromAccountId and fromAccountNumber name different accounts")
                ])
            }
            source = found
        }
        guard let source else { throw Refusal.notFound("account_not_found", "There is no such account") }
        guard source.accountType.isTransactional else {
            throw Refusal.rule("account_not_active", "A deposit's account is not paid from", field: "fromAccountNumber")
        }
        return source
    }

    private func payoutAccount(of order: DepositOrder, source: AccountIdentity) async throws -> AccountIdentity {
        guard let wanted = order.payoutAccount, wanted != source.id else { return source }
        return try await PayoutAccounts(workshop).require(wanted, customer: source.customerID, currency: order.amount.currency)
    }
}

/// Accounts into which a deposit may pay: the holder's own, in its currency.
struct PayoutAccounts: Sendable {
    let workshop: DepositsWorkshop

    init(_ workshop: DepositsWorkshop) {
        self.workshop = workshop
    }

    /// - Throws: 404 `account_not_found`; 422 `currency_mismatch`, `account_not_active`
    func require(_ id: Identifier<Account>, customer: Identifier<Customer>, currency: Currency) async throws -> AccountIdentity {
        guard let account = try await workshop.directory.account(id: id), account.customerID == customer else {
            throw Refusal(
                .notFound, "account_not_found", "There is no such account",
                fields: [.init("payoutAccountId", "account_not_found", "There is no such account")])
        }
        guard account.accountType.isTransactional else {
            throw Refusal.rule("account_not_active", "A deposit pays into a current or savings account", field: "payoutAccountId")
        }
        guard account.currency == currency else {
            throw Refusal.rule("currency_mismatch", "The account is kept in \(account.currency.code)", field: "payoutAccountId")
        }
        return account
    }
}

/// Whether an account could pay an amount now, in the order of a transfer's refusals. The engine decides again when it posts.
struct SourceCheck: Sendable {
    let workshop: DepositsWorkshop

    init(_ workshop: DepositsWorkshop) {
        self.workshop = workshop
    }

    func check(_ source: AccountIdentity, amount: Money) async throws {
        guard let state = try await workshop.readers.read({ try LedgerAccounts().state(of: source.id, in: $0) }) else {
            throw Refusal.notFound("account_not_found", "There is no such account")
        }
        let field = "fromAccountNumber"
        switch state.status {
        case .closed: throw Refusal.rule("account_closed", "The account is closed", field: field)
        case .pendingApproval, .rejected: throw Refusal.rule("account_not_active", "The account is not active", field: field)
        case .active, .frozen, .dormant: break
        }
        if state.freezeScope != .none { throw Refusal.rule("account_frozen", "The account is frozen", field: field) }
        if state.status == .dormant { throw Refusal.rule("account_dormant", "The account is dormant", field: field) }
        guard state.currency == amount.currency else {
            throw Refusal.rule("currency_mismatch", "The account is kept in \(state.currency.code)", field: "currency")
        }
        if state.isCustomerBlocked { throw Refusal.rule("customer_blocked", "The customer is blocked", field: field) }
        if state.requiresKYC { throw Refusal.rule("kyc_required", "The customer's identity has to be verified first", field: field) }
        if let limit = state.transactionLimit, amount.minorUnits > limit {
            throw Refusal.rule("limit_exceeded", "The amount is over the account's limit for one transaction", field: "amount")
        }
        guard state.spendable >= amount.minorUnits else {
            throw Refusal.rule("insufficient_funds", "The available balance does not cover the amount", field: "amount")
        }
    }
}

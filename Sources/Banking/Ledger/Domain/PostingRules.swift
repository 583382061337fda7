import Kernel

/// The refusals of a posting, in the order of the contract (section 5, transfer):
/// not found → same account → state → currency → customer blocked → KYC → limits → funds → step-up.
enum PostingRules {
    static let maximumLegs = 500
    /// With at most 500 legs of this size and this balance, no sum of 64 bits below can overflow.
    static let maximumAmountMagnitude: UInt64 = 10_000_000_000_000_000
    static let maximumBalanceMagnitude: UInt64 = 4_000_000_000_000_000_000

    /// What no caller should ever hand in: a draft that does not balance or has no lines.
    static func checkShape(_ draft: JournalDraft) throws(Refusal) {
        guard draft.legs.count >= 2, draft.legs.count <= maximumLegs else {
            throw .rule("journal_not_balanced", "A journal has 2 to \(maximumLegs) lines")
        }
        guard draft.referencePrefix.utf8.count == 3 else { throw .rule("journal_not_balanced", "A reference begins with 3 capitals") }
        var sums: [(currency: Currency, sum: Int128)] = []
        for leg in draft.legs {
            guard leg.amount != 0, leg.ordinal > 0 else {
                throw .rule("journal_not_balanced", "Every line of a journal moves an amount")
            }
            guard leg.amount.magnitude <= maximumAmountMagnitude else {
                throw .rule("limit_exceeded", "The amount is larger than the books can hold", field: "amount")
            }
            if let at = sums.firstIndex(where: { $0.currency == leg.currency }) {
                sums[at].sum += Int128(leg.amount)
            } else {
                sums.append((leg.currency, Int128(leg.amount)))
            }
        }
        guard sums.allSatisfy({ $0.sum == 0 }) else {
            throw .rule("journal_not_balanced", "Debits and credits must be equal in every currency")
        }
    }

    /// Lines of the general ledger alone name an account that is there and has no others below it.
    static func checkChart(_ draft: JournalDraft, _ chart: Set<GLCode>) throws(Refusal) {
        for leg in draft.legs {
            if case .generalLedger(let code) = leg.target, !chart.contains(code) {
                throw .notFound("gl_account_not_found", "There is no account \(code) in the general ledger that can be posted to")
            }
        }
    }

    /// Every check on the accounts of a draft.
    static func check(
        _ draft: JournalDraft, accounts: [Identifier<Account>: AccountState], businessDate: BusinessDate
    ) throws(Refusal) {
        let debits = distinct(draft.legs.filter { $0.amount < 0 && $0.account != nil })
        let credits = distinct(draft.legs.filter { $0.amount > 0 && $0.account != nil })

        for leg in debits { try checkExists(leg, owner: draft.owner, accounts) }
        for leg in credits { try checkExists(leg, owner: nil, accounts) }
        for debit in debits {
            if case .customer = debit.authority, let twin = credits.first(where: { $0.account == debit.account }),
                case .customer(let field) = twin.authority
            {
                throw .rule("same_account", "Source and destination are the same account", field: field)
            }
        }
        for leg in debits { try checkState(leg, isDebit: true, accounts) }
        for leg in credits { try checkState(leg, isDebit: false, accounts) }
        for leg in draft.legs where leg.account != nil { try checkCurrency(leg, accounts) }
        for leg in debits { try checkCustomer(leg, accounts) }
        try checkLimits(draft, debits: debits, credits: credits, accounts, businessDate)
        for leg in debits {
            try checkFunds(leg, total: total(of: leg.account, in: draft.legs), accounts)
        }
        if draft.isStepUpMissing {
            throw Refusal(.forbidden, "step_up_required", "Please confirm this with your second factor")
        }
    }

    /// The checks of a debit that stands alone: a hold.
    static func checkDebit(
        _ leg: Leg, owner: Identifier<Customer>?, total: Int64, accounts: [Identifier<Account>: AccountState]
    ) throws(Refusal) {
        try checkExists(leg, owner: owner, accounts)
        try checkState(leg, isDebit: true, accounts)
        try checkCurrency(leg, accounts)
        try checkCustomer(leg, accounts)
        try checkFunds(leg, total: total, accounts)
    }

    static func missing(_ leg: Leg) -> Refusal {
        leg.amount < 0
            ? .notFound("account_not_found", "There is no such account")
            : .notFound("destination_not_found", "There is no such account")
    }

    /// One leg for each account, the first one: state and ownership are checked once, not once a leg.
    private static func distinct(_ legs: [Leg]) -> [Leg] {
        var seen: [Identifier<Account>] = []
        return legs.filter { leg in
            guard let account = leg.account, !seen.contains(account) else { return false }
            seen.append(account)
            return true
        }
    }

    private static func checkExists(
        _ leg: Leg, owner: Identifier<Customer>?, _ accounts: [Identifier<Account>: AccountState]
    ) throws(Refusal) {
        guard let id = leg.account, let state = accounts[id] else { throw missing(leg) }
        if let owner, leg.amount < 0, state.owner != owner { throw missing(leg) }
    }

    private static func checkState(
        _ leg: Leg, isDebit: Bool, _ accounts: [Identifier<Account>: AccountState]
    ) throws(Refusal) {
        guard let id = leg.account, let state = accounts[id] else { throw missing(leg) }
        let field: String?
        let isCustomers: Bool
        switch leg.authority {
        case .customer(let name): (field, isCustomers) = (name, true)
        case .bank: (field, isCustomers) = (nil, false)
        }
        switch state.status {
        case .closed: throw .rule("account_closed", "The account is closed", field: field)
        case .pendingApproval, .rejected: throw .rule("account_not_active", "The account is not active", field: field)
        case .active, .frozen, .dormant: break
        }
        guard isCustomers else { return }
        let isFrozen = isDebit ? state.freezeScope != .none : state.freezeScope == .all
        if isFrozen { throw .rule("account_frozen", "The account is frozen", field: field) }
        if isDebit, state.status == .dormant { throw .rule("account_dormant", "The account is dormant", field: field) }
    }

    private static func checkCurrency(_ leg: Leg, _ accounts: [Identifier<Account>: AccountState]) throws(Refusal) {
        guard let id = leg.account, let state = accounts[id] else { throw missing(leg) }
        guard state.currency == leg.currency else {
            throw .rule("currency_mismatch", "The account is kept in \(state.currency.code)", field: "currency")
        }
    }

    private static func checkCustomer(_ leg: Leg, _ accounts: [Identifier<Account>: AccountState]) throws(Refusal) {
        guard case .customer(let field) = leg.authority, let id = leg.account, let state = accounts[id] else { return }
        if state.isCustomerBlocked { throw .rule("customer_blocked", "The customer is blocked", field: field) }
        if state.requiresKYC { throw .rule("kyc_required", "The customer's identity has to be verified first", field: field) }
    }

    private static func checkLimits(
        _ draft: JournalDraft, debits: [Leg], credits: [Leg], _ accounts: [Identifier<Account>: AccountState],
        _ businessDate: BusinessDate
    ) throws(Refusal) {
        if let limit = draft.outgoingLimit {
            guard limit.amount <= limit.perTransaction else {
                throw .rule("limit_exceeded", "The amount is over the limit for one transfer", field: "amount")
            }
            // The holder is locked with the others; a missing one would lift the day's limit, so it refuses instead.
            guard let holder = accounts[limit.holder] else { throw .notFound("account_not_found", "There is no such account") }
            let used = holder.outgoingDate == businessDate ? holder.outgoingAmount : 0
            guard used + limit.amount <= limit.perDay else {
                throw .rule("limit_exceeded", "The amount is over what is left of today's limit", field: "amount")
            }
        }
        for leg in debits + credits {
            guard case .customer = leg.authority, let id = leg.account, let state = accounts[id] else { continue }
            let moved = main(of: id, in: draft.legs, sign: leg.amount.signum())
            if let limit = state.transactionLimit, moved > limit {
                throw .rule("limit_exceeded", "The amount is over the account's limit for one transaction", field: "amount")
            }
            if leg.amount > 0, let maximum = state.maximumBalance, state.balance + moved > maximum {
                throw .rule("limit_exceeded", "The account would hold more than its limit", field: "amount")
            }
        }
    }

    private static func checkFunds(
        _ leg: Leg, total: Int64, _ accounts: [Identifier<Account>: AccountState]
    ) throws(Refusal) {
        guard case .customer = leg.authority, let id = leg.account, let state = accounts[id] else { return }
        guard state.spendable >= total else {
            throw .rule("insufficient_funds", "The available balance does not cover the amount and its charges", field: "amount")
        }
    }

    /// What leaves an account in all, as a positive amount; credits to it in the same journal do not help.
    private static func total(of account: Identifier<Account>?, in legs: [Leg]) -> Int64 {
        legs.reduce(0) { $0 + ($1.account == account && $1.amount < 0 ? -$1.amount : 0) }
    }

    /// The operation's own amount on an account, without charges.
    private static func main(of account: Identifier<Account>, in legs: [Leg], sign: Int64) -> Int64 {
        legs.reduce(0) { $0 + ($1.account == account && $1.ordinal == 1 && $1.amount.signum() == sign ? $1.amount * sign : 0) }
    }
}

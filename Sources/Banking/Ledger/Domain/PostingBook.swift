import Kernel

/// The accounts of one batch, held under their locks, and the decisions taken on them one after the other.
///
/// Everything the engine decides is decided here, in memory and without any input or output: what PostgreSQL stores afterwards is only
/// the result. A unit that is refused leaves no trace in the book, so its neighbours in the batch are not harmed.
public struct PostingBook {
    /// A hold after one step, with the step's place in the order of journals.
    public struct HoldChange: Sendable {
        public let id: UInt128
        public let state: HoldState
    }

    /// What one unit changed.
    public struct Effects: Sendable {
        public var journals: [PostedJournal] = []
        public var holdChanges: [HoldChange] = []
        public var closed: [Identifier<Account>] = []
        public var opened: [NewLedgerAccount] = []
    }

    public private(set) var accounts: [Identifier<Account>: AccountState]
    public private(set) var holds: [Identifier<Hold>: HoldState]
    /// Accounts and holds that differ from what was read, to be written back.
    public private(set) var changedAccounts: Set<Identifier<Account>> = []
    public private(set) var changedHolds: Set<Identifier<Hold>> = []
    /// Whether more than balances and what was sent out has changed on some account.
    public private(set) var changesStanding = false
    /// Position in the lane of the newest journal.
    public private(set) var position: Int64

    let businessDate: BusinessDate
    let now: Timestamp
    let lane: Int16
    private let mint: () -> UInt128
    private var undoAccounts: [Identifier<Account>: AccountState] = [:]
    private var undoHolds: [Identifier<Hold>: HoldState?] = [:]
    private var reversed: Set<Identifier<Journal>>
    private var undoReversed: Set<Identifier<Journal>> = []
    private var undoOpened: [Identifier<Account>] = []
    private let chart: Set<GLCode>?

    /// - Parameters:
    ///   - accounts: every account that a unit of the batch names, as read under the lock
    ///   - reversed: journals among those that the batch wants to reverse which have been reversed before
    ///   - chart: the accounts of the general ledger that can be posted to; nil takes any
    ///   - mint: identifiers for journals and steps of holds, each greater than the last and than every account's newest journal; their
    ///     lowest 8 bits are zero
    public init(
        accounts: [AccountState], holds: [HoldState], reversed: Set<Identifier<Journal>> = [], chart: Set<GLCode>? = nil,
        businessDate: BusinessDate, now: Timestamp, lane: Int16, position: Int64, mint: @escaping () -> UInt128
    ) {
        self.accounts = Dictionary(accounts.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.holds = Dictionary(holds.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.reversed = reversed
        self.chart = chart
        self.businessDate = businessDate
        self.now = now
        self.lane = lane
        self.position = position
        self.mint = mint
    }

    /// Takes the steps of one unit, all or none.
    /// - Throws: the first refusal in the contract's order; the book is then as it was
    public mutating func apply(_ commands: [LedgerCommand], channel: Channel, initiatedBy: Identifier<User>?) throws(Refusal) -> Effects {
        undoAccounts.removeAll(keepingCapacity: true)
        undoHolds.removeAll(keepingCapacity: true)
        undoReversed.removeAll(keepingCapacity: true)
        undoOpened.removeAll(keepingCapacity: true)
        let positionBefore = position
        var effects = Effects()
        do {
            for command in commands {
                switch command {
                case .journal(let draft): try post(draft, channel, initiatedBy, &effects)
                case .placeHold(let draft): try place(draft, &effects)
                case .releaseHold(let id): try end(id, as: .released, &effects)
                case .expireHold(let id): try expire(id, &effects)
                case .captureHold(let id, let amount, let isFinal, let draft):
                    try capture(id, amount: amount, isFinal: isFinal, draft, &effects)
                    try post(draft, channel, initiatedBy, &effects)
                case .sweepAndClose(let account, let destination, let template):
                    try sweepAndClose(account, to: destination, template, channel, initiatedBy, &effects)
                case .open(let new): try open(new, &effects)
                }
            }
        } catch {
            for (id, state) in undoAccounts { accounts[id] = state }
            for (id, state) in undoHolds { holds[id] = state }
            for id in undoOpened { accounts[id] = nil }
            reversed.subtract(undoReversed)
            position = positionBefore
            throw error
        }
        changedAccounts.formUnion(undoAccounts.keys)
        changedHolds.formUnion(undoHolds.keys)
        return effects
    }

    // MARK: Journals

    private mutating func post(
        _ draft: JournalDraft, _ channel: Channel, _ initiatedBy: Identifier<User>?, _ effects: inout Effects
    ) throws(Refusal) {
        try PostingRules.checkShape(draft)
        if let chart { try PostingRules.checkChart(draft, chart) }
        if let pricedOn = draft.pricedOn, pricedOn != businessDate { throw Refusal.businessDateChanged }
        if let original = draft.reversalOf {
            guard reversed.insert(original).inserted else {
                throw Refusal(.conflict, "already_reversed", "The transaction has been reversed already")
            }
            undoReversed.insert(original)
        }
        try PostingRules.check(draft, accounts: accounts, businessDate: businessDate)

        let id = Identifier<Journal>(bits: mint())
        assert(id.bits & 0xFF == 0, "the lowest 8 bits number the transactions of a journal")
        var lines: [PostedJournal.Line] = []
        lines.reserveCapacity(draft.legs.count)
        for (index, leg) in draft.legs.enumerated() {
            var balanceAfter: Int64?
            let glCode: GLCode
            switch leg.target {
            case .generalLedger(let code): glCode = code
            case .account(let account):
                guard var state = accounts[account] else { throw PostingRules.missing(leg) }
                let balance = state.balance + leg.amount
                guard balance.magnitude <= PostingRules.maximumBalanceMagnitude else {
                    throw .rule("limit_exceeded", "The balance would be larger than the books can hold")
                }
                assert(id.bits >= state.lastJournal, "an account's journals are in the order of their identifiers")
                state.balance = balance
                state.lastJournal = id.bits
                state.isOverdrawnByBank = state.spendable < 0
                set(state)
                balanceAfter = balance
                glCode = state.glCode
            }
            lines.append(
                PostedJournal.Line(
                    lineNumber: Int16(index + 1), ordinal: leg.ordinal, type: leg.type, account: leg.account, glCode: glCode,
                    currency: leg.currency, amount: leg.amount, balanceAfter: balanceAfter))
        }
        if let limit = draft.outgoingLimit, var holder = accounts[limit.holder] {
            holder.outgoingAmount = (holder.outgoingDate == businessDate ? holder.outgoingAmount : 0) + limit.amount
            holder.outgoingDate = businessDate
            set(holder)
        }
        position += 1
        effects.journals.append(
            PostedJournal(
                id: id, kind: draft.kind, type: draft.type, referencePrefix: draft.referencePrefix, businessDate: businessDate,
                valueDate: draft.valueDate ?? businessDate, sourceType: draft.sourceType, sourceID: draft.sourceID, channel: channel,
                initiatedBy: initiatedBy, narration: draft.narration, beneficiaryName: draft.beneficiaryName,
                clientTransactionID: draft.clientTransactionID, reversalOf: draft.reversalOf, lines: lines, lane: lane,
                position: position, hash: []))
    }

    // MARK: Holds

    private mutating func place(_ draft: HoldDraft, _ effects: inout Effects) throws(Refusal) {
        guard holds[draft.id] == nil else {
            throw Refusal(.conflict, "id_in_use", "This identifier names another hold")
        }
        guard draft.amount > 0 else { throw .validation([.init("amount", "not_positive", "A hold is a positive amount")]) }
        guard draft.amount.magnitude <= PostingRules.maximumAmountMagnitude else {
            throw .rule("limit_exceeded", "The amount is larger than the books can hold", field: "amount")
        }
        let leg = Leg(
            .account(draft.account), amount: -draft.amount, currency: draft.currency, type: .transfer, authority: draft.authority)
        try PostingRules.checkDebit(leg, owner: draft.owner, total: draft.amount, accounts: accounts)
        guard var state = accounts[draft.account] else { throw PostingRules.missing(leg) }
        guard state.holdAmount + draft.amount <= Int64(PostingRules.maximumBalanceMagnitude) else {
            throw .rule("limit_exceeded", "More would be on hold than the books can hold", field: "amount")
        }
        state.holdAmount += draft.amount
        state.isOverdrawnByBank = state.spendable < 0
        set(state)
        let hold = HoldState(
            id: draft.id, account: draft.account, amount: draft.amount, currency: draft.currency, reason: draft.reason, placedAt: now,
            expiresAt: draft.expiresAt)
        set(hold)
        effects.holdChanges.append(HoldChange(id: mint(), state: hold))
    }

    private mutating func end(_ id: Identifier<Hold>, as status: HoldStatus, _ effects: inout Effects) throws(Refusal) {
        var (hold, account) = try activeHold(id)
        account.holdAmount -= hold.amount
        account.isOverdrawnByBank = account.spendable < 0
        assert(account.holdAmount >= 0, "an account's holds never sum to less than nothing")
        hold.amount = 0
        hold.status = status
        set(account)
        set(hold)
        effects.holdChanges.append(HoldChange(id: mint(), state: hold))
    }

    private mutating func expire(_ id: Identifier<Hold>, _ effects: inout Effects) throws(Refusal) {
        let (hold, _) = try activeHold(id)
        guard let expiresAt = hold.expiresAt, expiresAt <= now else {
            throw .invalidState(hold.status.name, "The hold has not run out yet")
        }
        try end(id, as: .expired, &effects)
    }

    private mutating func capture(
        _ id: Identifier<Hold>, amount: Int64, isFinal: Bool, _ draft: JournalDraft, _ effects: inout Effects
    ) throws(Refusal) {
        var (hold, account) = try activeHold(id)
        if let expiresAt = hold.expiresAt, expiresAt <= now { throw .invalidState("expired", "The hold has run out") }
        guard amount > 0 else { throw .validation([.init("amount", "not_positive", "A capture is a positive amount")]) }
        guard amount <= hold.amount else {
            throw .rule("capture_exceeds_authorisation", "The capture is larger than what is held", field: "amount")
        }
        // What the hold gives must be what the journal takes from the account, charges apart.
        let taken = draft.legs.reduce(Int128(0)) { sum, leg in
            leg.account == hold.account && leg.ordinal == 1 && leg.amount < 0 ? sum - Int128(leg.amount) : sum
        }
        guard taken == Int128(amount) else {
            throw .rule("journal_not_balanced", "The journal of a capture takes what is captured from the account of the hold")
        }
        let freed = isFinal ? hold.amount : amount
        account.holdAmount -= freed
        account.isOverdrawnByBank = account.spendable < 0
        hold.amount -= freed
        hold.capturedAmount += amount
        if hold.amount == 0 { hold.status = .captured }
        set(account)
        set(hold)
        effects.holdChanges.append(HoldChange(id: mint(), state: hold))
    }

    private func activeHold(_ id: Identifier<Hold>) throws(Refusal) -> (HoldState, AccountState) {
        guard let hold = holds[id], let account = accounts[hold.account] else { throw .notFound("not_found", "There is no such hold") }
        guard hold.status == .active else { throw .invalidState(hold.status.name, "The hold is no longer active") }
        return (hold, account)
    }

    // MARK: Closing

    private mutating func sweepAndClose(
        _ id: Identifier<Account>, to destination: Identifier<Account>?, _ template: JournalDraftTemplate, _ channel: Channel,
        _ initiatedBy: Identifier<User>?, _ effects: inout Effects
    ) throws(Refusal) {
        guard let state = accounts[id] else { throw .notFound("account_not_found", "There is no such account") }
        guard state.status == .active || state.status == .dormant else {
            throw .invalidState(state.status.name, "Only an active or dormant account can be closed")
        }
        let isRefused = state.balance < 0 || (state.balance > 0 && destination == nil)
        if isRefused {
            throw .rule("balance_not_zero", "The balance must be zero or go to another account", field: "transferToAccountNumber")
        }
        guard state.holdAmount == 0 else { throw .rule("holds_exist", "Money on the account is on hold") }
        if state.balance > 0, let destination {
            let field = Leg.Authority.customer(field: "transferToAccountNumber")
            let draft = JournalDraft(
                type: .transfer, referencePrefix: template.referencePrefix, sourceType: template.sourceType, sourceID: id.bits,
                narration: template.narration,
                legs: [
                    Leg(.account(id), amount: -state.balance, currency: state.currency, type: .transfer),
                    Leg(.account(destination), amount: state.balance, currency: state.currency, type: .transfer, authority: field),
                ])
            try post(draft, channel, initiatedBy, &effects)
        }
        guard var closing = accounts[id], closing.balance == 0 else {
            throw .rule("balance_not_zero", "The balance must be zero or go to another account", field: "transferToAccountNumber")
        }
        closing.status = .closed
        closing.freezeScope = .none
        closing.version += 1
        set(closing)
        effects.closed.append(id)
    }

    // MARK: Opening

    private mutating func open(_ new: NewLedgerAccount, _ effects: inout Effects) throws(Refusal) {
        guard accounts[new.id] == nil else { throw Refusal(.conflict, "id_in_use", "There is an account with this identifier already") }
        accounts[new.id] = AccountState(
            id: new.id, glCode: new.glCode, currency: new.currency, owner: new.owner, status: new.status,
            isCustomerBlocked: new.isCustomerBlocked, requiresKYC: new.requiresKYC, overdraftLimit: new.overdraftLimit,
            minimumBalance: new.minimumBalance, transactionLimit: new.transactionLimit, maximumBalance: new.maximumBalance,
            isOverdrawnByBank: new.overdraftLimit < new.minimumBalance)
        undoOpened.append(new.id)
        effects.opened.append(new)
    }

    // MARK: Undo

    private mutating func set(_ state: AccountState) {
        let before = accounts[state.id]
        if undoAccounts[state.id] == nil { undoAccounts[state.id] = before }
        if let before, !changesStanding {
            changesStanding =
                before.holdAmount != state.holdAmount || before.status != state.status || before.freezeScope != state.freezeScope
                || before.isOverdrawnByBank != state.isOverdrawnByBank || before.version != state.version
        }
        accounts[state.id] = state
    }

    private mutating func set(_ hold: HoldState) {
        if undoHolds[hold.id] == nil { undoHolds[hold.id] = .some(holds[hold.id]) }
        holds[hold.id] = hold
    }
}

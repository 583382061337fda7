import Kernel
import Postgres

/// A sub-ledger account to be opened. Amounts in minor units of `currency`.
public struct NewLedgerAccount: Sendable {
    public let id: Identifier<Account>
    public let glCode: GLCode
    public let currency: Currency
    public let owner: Identifier<Customer>?
    public let status: AccountStatus
    /// The customer's account that keeps the day's outgoing sum; nil makes the account its own.
    public let limitHolder: Identifier<Account>?
    public let minimumBalance: Int64
    public let overdraftLimit: Int64
    public let transactionLimit: Int64?
    public let maximumBalance: Int64?
    public let requiresKYC: Bool
    public let isCustomerBlocked: Bool

    public init(
        id: Identifier<Account>, glCode: GLCode, currency: Currency, owner: Identifier<Customer>?, status: AccountStatus = .active,
        limitHolder: Identifier<Account>? = nil, minimumBalance: Int64 = 0, overdraftLimit: Int64 = 0, transactionLimit: Int64? = nil,
        maximumBalance: Int64? = nil, requiresKYC: Bool = false, isCustomerBlocked: Bool = false
    ) {
        self.id = id
        self.glCode = glCode
        self.currency = currency
        self.owner = owner
        self.status = status
        self.limitHolder = limitHolder
        self.minimumBalance = minimumBalance
        self.overdraftLimit = overdraftLimit
        self.transactionLimit = transactionLimit
        self.maximumBalance = maximumBalance
        self.requiresKYC = requiresKYC
        self.isCustomerBlocked = isCustomerBlocked
    }
}

/// Limits in minor units of a currency; nil is none.
public struct CurrencyLimits: Sendable, Equatable {
    public let currency: Currency
    public let transactionLimit: Int64?
    public let maximumBalance: Int64?

    public init(currency: Currency, transactionLimit: Int64?, maximumBalance: Int64?) {
        self.currency = currency
        self.transactionLimit = transactionLimit
        self.maximumBalance = maximumBalance
    }
}

/// The state of accounts, for the rooms that manage them. Used inside the caller's transaction; every change takes the same row lock
/// as the posting engine, so that a freeze is in force for the next posting and never cuts into one.
public struct LedgerAccounts: Sendable {
    private let clock: (any WallClock)?

    /// - Parameter clock: when changes happen; nil takes the database's time
    public init(clock: (any WallClock)? = nil) {
        self.clock = clock
    }

    /// Opens an account with balance zero. One with a minimum balance begins below it, and is there until money comes in.
    public func open(_ new: NewLedgerAccount, in transaction: Transaction) throws {
        try open([new], in: transaction)
    }

    /// Opens many accounts in one statement.
    public func open(_ accounts: [NewLedgerAccount], in transaction: Transaction) throws {
        precondition(accounts.allSatisfy { $0.status == .active || $0.status == .pendingApproval }, "an account opens active or waiting")
        try AccountChangeRows.keepDay(in: transaction)
        _ = try transaction.execute(Self.insert(accounts))
        _ = try transaction.execute(AccountChangeRows.insert(of: accounts.map(\.id), at: clock?.now()))
    }

    static func insert(_ accounts: [NewLedgerAccount]) -> SQL {
        """
        INSERT INTO ledger.account (id, gl_code, currency, owner, limit_holder, status, minimum_balance, overdraft_limit,
            transaction_limit, maximum_balance, requires_kyc, is_customer_blocked, is_overdrawn_by_bank)
        SELECT i, g, c, o, l, s, mb, ol, tl, xb, rk, cb, ol < mb
        FROM unnest(\(accounts.map(\.id))::uuid[], \(accounts.map(\.glCode.number))::integer[], \(accounts.map(\.currency))::text[],
            \(accounts.map(\.owner))::uuid[], \(accounts.map { $0.limitHolder ?? $0.id })::uuid[],
            \(accounts.map(\.status.rawValue))::smallint[], \(accounts.map(\.minimumBalance))::bigint[],
            \(accounts.map(\.overdraftLimit))::bigint[], \(accounts.map(\.transactionLimit))::bigint[],
            \(accounts.map(\.maximumBalance))::bigint[], \(accounts.map(\.requiresKYC))::boolean[],
            \(accounts.map(\.isCustomerBlocked))::boolean[]) AS u (i, g, c, o, l, s, mb, ol, tl, xb, rk, cb)
        """
    }

    /// - Parameter locking: true holds the account until the transaction ends
    public func state(of id: Identifier<Account>, in transaction: Transaction, locking: Bool = false) throws -> AccountState? {
        try transaction.query(locking ? AccountRows.lock([id]) : AccountRows.read([id])).first.map { try AccountRows.state($0) }
    }

    public func states(of ids: [Identifier<Account>], in transaction: Transaction) throws -> [Identifier<Account>: AccountState] {
        let states = try transaction.query(AccountRows.read(ids)).map { try AccountRows.state($0) }
        return Dictionary(states.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// pendingApproval → active
    public func activate(_ id: Identifier<Account>, in transaction: Transaction) throws -> AccountState {
        try change(id, from: [.pendingApproval], to: .active, scope: .none, in: transaction)
    }

    /// pendingApproval → rejected
    public func reject(_ id: Identifier<Account>, in transaction: Transaction) throws -> AccountState {
        try change(id, from: [.pendingApproval], to: .rejected, scope: .none, in: transaction)
    }

    /// active → frozen
    public func freeze(_ id: Identifier<Account>, scope: FreezeScope, in transaction: Transaction) throws -> AccountState {
        precondition(scope != .none, "a freeze stops something")
        return try change(id, from: [.active], to: .frozen, scope: scope, in: transaction)
    }

    /// frozen → active
    public func unfreeze(_ id: Identifier<Account>, in transaction: Transaction) throws -> AccountState {
        try change(id, from: [.frozen], to: .active, scope: .none, in: transaction)
    }

    /// active → dormant
    public func markDormant(_ id: Identifier<Account>, in transaction: Transaction) throws -> AccountState {
        try change(id, from: [.active], to: .dormant, scope: .none, in: transaction)
    }

    /// dormant → active
    public func reactivate(_ id: Identifier<Account>, in transaction: Transaction) throws -> AccountState {
        try change(id, from: [.dormant], to: .active, scope: .none, in: transaction)
    }

    /// Sets how far an account may go below zero. Less than is used now is refused by the account's floor.
    /// - Throws: 404 `account_not_found`; 422 `insufficient_funds` when more than that is in use
    public func setOverdraftLimit(_ limit: Int64, of id: Identifier<Account>, in transaction: Transaction) throws -> AccountState {
        precondition(limit >= 0, "a limit is not negative")
        try AccountChangeRows.keepDay(in: transaction)
        guard var state = try state(of: id, in: transaction, locking: true) else {
            throw Refusal.notFound("account_not_found", "There is no such account")
        }
        state.overdraftLimit = limit
        guard state.isOverdrawnByBank || state.spendable >= 0 else {
            throw Refusal.rule("insufficient_funds", "More than this limit is in use", field: "overdraftLimit")
        }
        _ = try transaction.execute(
            """
            UPDATE ledger.account SET overdraft_limit = \(limit), is_overdrawn_by_bank = \(state.spendable < 0), version = version + 1,
                revision = revision + 1
            WHERE id = \(id)
            """)
        _ = try transaction.execute(AccountChangeRows.insert(of: [id], at: clock?.now()))
        state.isOverdrawnByBank = state.spendable < 0
        state.version += 1
        state.revision += 1
        return state
    }

    /// What follows from the owner's standing: set on all of the customer's accounts at once.
    public func constrain(
        owner: Identifier<Customer>, isBlocked: Bool, requiresKYC: Bool, transactionLimit: Int64?, maximumBalance: Int64?,
        in transaction: Transaction
    ) throws {
        let ids = try transaction.query(
            "SELECT id FROM ledger.account WHERE owner = \(owner) ORDER BY id FOR NO KEY UPDATE"
        ).map { try $0.uuid(0) }
        _ = try transaction.execute(
            """
            UPDATE ledger.account SET is_customer_blocked = \(isBlocked), requires_kyc = \(requiresKYC),
                transaction_limit = \(transactionLimit), maximum_balance = \(maximumBalance), version = version + 1, revision = revision + 1
            WHERE id = ANY(\(ids)::uuid[])
            """)
    }

    /// As above, with limits of their own for each currency; accounts in other currencies get none.
    public func constrain(
        owner: Identifier<Customer>, isBlocked: Bool, requiresKYC: Bool, limits: [CurrencyLimits], in transaction: Transaction
    ) throws {
        let ids = try transaction.query(
            "SELECT id FROM ledger.account WHERE owner = \(owner) ORDER BY id FOR NO KEY UPDATE"
        ).map { try $0.uuid(0) }
        _ = try transaction.execute(
            """
            UPDATE ledger.account SET is_customer_blocked = \(isBlocked), requires_kyc = \(requiresKYC),
                transaction_limit = l.transaction_limit, maximum_balance = l.maximum_balance, version = account.version + 1,
                revision = account.revision + 1
            FROM (
                SELECT a.id, u.transaction_limit, u.maximum_balance FROM ledger.account a
                LEFT JOIN unnest(\(limits.map(\.currency))::text[], \(limits.map(\.transactionLimit))::bigint[],
                    \(limits.map(\.maximumBalance))::bigint[]) AS u (currency, transaction_limit, maximum_balance)
                    ON u.currency = a.currency
                WHERE a.id = ANY(\(ids)::uuid[])
            ) AS l
            WHERE account.id = l.id
            """)
    }

    private func change(
        _ id: Identifier<Account>, from allowed: [AccountStatus], to status: AccountStatus, scope: FreezeScope, in transaction: Transaction
    ) throws -> AccountState {
        try AccountChangeRows.keepDay(in: transaction)
        guard var state = try state(of: id, in: transaction, locking: true) else {
            throw Refusal.notFound("account_not_found", "There is no such account")
        }
        guard allowed.contains(state.status) else {
            throw Refusal.invalidState(state.status.name, "The account is \(state.status.name)")
        }
        _ = try transaction.execute(
            """
            UPDATE ledger.account SET status = \(status.rawValue), freeze_scope = \(scope.rawValue), version = version + 1,
                revision = revision + 1
            WHERE id = \(id)
            """)
        _ = try transaction.execute(AccountChangeRows.insert(of: [id], at: clock?.now()))
        state.status = status
        state.freezeScope = scope
        state.version += 1
        state.revision += 1
        return state
    }
}

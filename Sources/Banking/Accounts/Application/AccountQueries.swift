import Kernel
import Ledger
import Parties
import Postgres
import Products

/// What staff look for among all accounts.
public struct AccountFilter: Sendable, Equatable {
    /// Part of a name, the beginning of a number, or a CIF number.
    public var text: String?
    public var cifNumber: String?
    public var status: AccountStatus?
    public var productCode: String?
    public var branchCode: String?
    public var currency: Currency?

    public init(
        text: String? = nil, cifNumber: String? = nil, status: AccountStatus? = nil, productCode: String? = nil, branchCode: String? = nil,
        currency: Currency? = nil
    ) {
        self.text = text
        self.cifNumber = cifNumber
        self.status = status
        self.productCode = productCode
        self.branchCode = branchCode
        self.currency = currency
    }
}

/// An account with what its summary adds.
public struct AccountSummary: Sendable {
    public let account: AccountDetails
    public let signatories: [Signatory]
    public let holdCount: Int64
    /// Earned and not yet posted.
    public let accruedInterest: Money

    public init(account: AccountDetails, signatories: [Signatory], holdCount: Int64, accruedInterest: Money) {
        self.accruedInterest = accruedInterest
        self.account = account
        self.signatories = signatories
        self.holdCount = holdCount
    }
}

/// An account's figures at a moment.
public struct AccountBalance: Sendable {
    public let number: String
    public let figures: BalanceView
    /// When these figures were true: now, or the moment asked about.
    public let asOf: AsOf
    public let readAt: Timestamp

    public init(number: String, figures: BalanceView, asOf: AsOf, readAt: Timestamp) {
        self.number = number
        self.figures = figures
        self.asOf = asOf
        self.readAt = readAt
    }
}

/// Questions about accounts, each answered for whoever asks: staff see all, customers their own, and everything else is missing.
public struct AccountQueries: Sendable {
    private let pool: ConnectionPool
    private let clock: any WallClock
    private let directory: AccountDirectory
    private let tariffs: TariffBookCache
    private let reader: LedgerReader
    public let access: AccountAccess
    private let interest: (any InterestSettlement)?

    /// - Parameter pool: readers' own pool, so that they never keep a writer waiting
    public init(
        pool: ConnectionPool, clock: any WallClock, directory: AccountDirectory, tariffs: TariffBookCache,
        interest: (any InterestSettlement)? = nil
    ) {
        self.interest = interest
        self.pool = pool
        self.clock = clock
        self.directory = directory
        self.tariffs = tariffs
        reader = LedgerReader(clock: clock)
        access = AccountAccess(directory: directory, pool: pool)
    }

    // MARK: Accounts

    /// - Throws: 404 `account_not_found`
    public func account(_ reference: String, viewer: AccountViewer) async throws -> AccountDetails {
        let identity = try await access.requireViewable(reference, by: viewer)
        let book = try await tariffs.current()
        let details = try await pool.snapshot { try AccountReading.details(identity.id, book: book, in: $0) }
        return try Self.shown(details, to: viewer)
    }

    /// A page over all accounts, newest first.
    public func accounts(_ filter: AccountFilter, limit: Int, before place: Identifier<Account>?) async throws -> [AccountDetails] {
        let book = try await tariffs.current()
        return try await pool.snapshot { transaction in
            guard let condition = try AccountSearch.condition(filter, in: transaction) else { return [] }
            let records = try AccountSearch.page(condition, limit: limit, before: place, in: transaction)
            return try AccountReading.details(of: records, book: book, in: transaction)
        }
    }

    /// A page over the accounts in which a customer has a part, newest first. Accounts that wait for approval are not among them.
    public func accounts(
        of customer: Identifier<Customer>, limit: Int = 200, before place: Identifier<Account>? = nil
    ) async throws -> [AccountDetails] {
        let book = try await tariffs.current()
        return try await pool.snapshot { transaction in
            let condition: SQL = """
                a.id IN (SELECT h.account_id FROM accounts.holder h WHERE h.customer_id = \(customer) AND h.can_view)
                AND a.status NOT IN ('pendingApproval', 'rejected')
                """
            let records = try AccountSearch.page(condition, limit: limit, before: place, in: transaction)
            return try AccountReading.details(of: records, book: book, in: transaction)
        }
    }

    /// - Throws: 404 `account_not_found`
    public func summary(_ reference: String, viewer: AccountViewer) async throws -> AccountSummary {
        let identity = try await access.requireViewable(reference, by: viewer)
        let book = try await tariffs.current()
        let reader = reader
        let accrued = try await interest?.accrued(on: identity.id, currency: identity.currency) ?? .zero(identity.currency)
        let summary = try await pool.snapshot { transaction in
            AccountSummary(
                account: try AccountReading.details(identity.id, book: book, in: transaction),
                signatories: try AccountSearch.signatories(of: identity.id, in: transaction),
                holdCount: try reader.activeHoldCount(of: identity.id, in: transaction), accruedInterest: accrued)
        }
        _ = try Self.shown(summary.account, to: viewer)
        return summary
    }

    /// - Throws: 404 `account_not_found`; 422 `out_of_range` on `asOf` for the future
    public func balance(_ reference: String, asOf: AsOf = .now, viewer: AccountViewer) async throws -> AccountBalance {
        let identity = try await access.requireViewable(reference, by: viewer)
        let (reader, now) = (reader, clock.now())
        let figures = try await pool.read { try reader.balance(of: identity.id, asOf: asOf, now: now, in: $0) }
        guard let figures else { throw Refusal.accountNotFound }
        if !viewer.isStaff, !Self.isVisible(figures.status) { throw Refusal.accountNotFound }
        return AccountBalance(number: identity.number, figures: figures, asOf: asOf, readAt: now)
    }

    private static func shown(_ details: AccountDetails, to viewer: AccountViewer) throws(Refusal) -> AccountDetails {
        guard viewer.isStaff || isVisible(details.state.status) else { throw Refusal.accountNotFound }
        return details
    }

    /// Nothing becomes visible to a customer before its approval (contract, 1.6).
    private static func isVisible(_ status: AccountStatus) -> Bool { status != .pendingApproval && status != .rejected }

    // MARK: Transactions

    /// A page of one account's history, newest first.
    /// - Parameter filter: amounts in minor units of the account's currency
    /// - Throws: 404 `account_not_found`
    public func transactions(
        of account: AccountIdentity, filter: EntryFilter, limit: Int, before place: EntryCursor?, viewer: AccountViewer
    ) async throws -> [TransactionDetails] {
        let reader = reader
        let entries = try await pool.read { transaction in
            let entries = try reader.entries(of: [account.id], filter: filter, limit: limit, before: place, in: transaction)
            // An account that waits for approval has no entries, so only an empty page can give it away.
            if entries.isEmpty, !viewer.isStaff {
                let state = try LedgerAccounts().state(of: account.id, in: transaction)
                guard let state, Self.isVisible(state.status) else { throw Refusal.accountNotFound }
            }
            return entries
        }
        return try await decorated(entries, viewer: viewer)
    }

    /// The newest transactions over all accounts of a customer.
    public func recentTransactions(
        of customer: Identifier<Customer>, limit: Int, filter: EntryFilter = EntryFilter(), before place: EntryCursor? = nil
    ) async throws -> [TransactionDetails] {
        let reader = reader
        let entries = try await pool.snapshot { transaction in
            try reader.entries(
                of: try AccountSearch.accounts(of: customer, in: transaction), filter: filter, limit: limit, before: place,
                in: transaction)
        }
        return try await decorated(entries, viewer: .customer(customer))
    }

    /// Adds numbers and names to entries, as far as the viewer may know them.
    public func decorated(_ entries: [EntryView], viewer: AccountViewer) async throws -> [TransactionDetails] {
        let ids = entries.map(\.account) + entries.compactMap(\.counterpartyAccount)
        let known = try await directory.accounts(ids: ids)
        return entries.compactMap { entry in
            guard let own = known[entry.account] else { return nil }
            return TransactionDetails(entry, account: own, counterparty: entry.counterpartyAccount.flatMap { known[$0] }, viewer: viewer)
        }
    }
}

import Accounts
import Kernel
import Ledger
import Notifications
import Postgres
import Products

/// What a customer sees first: everything owned, and what happened lately.
struct Dashboard: Sendable {
    struct Total: Sendable, Equatable {
        let balance: Money
        let availableBalance: Money
        let accountCount: Int
    }

    let customerID: Identifier<Customer>
    let asOf: Timestamp
    let totals: [Total]
    /// All totals in shillings at the day's mid rate.
    let totalBalance: Money
    let accounts: [AccountDetails]
    let recentTransactionCount: Int64
    let recentTransactions: [TransactionDetails]
    let unreadNotificationCount: Int64
}

struct ViewDashboard: Sendable {
    /// More entries than this in thirty days are not counted further: a merchant's number may not cost a scan.
    static let greatestCount: Int64 = 10_000
    private static let countedDays: Int32 = 30
    private static let shownTransactions = 5

    let queries: AccountQueries
    let tariffs: TariffBookCache
    let businessDay: BusinessDayCache
    let pool: ConnectionPool
    let clock: any WallClock

    func view(of customer: Identifier<Customer>, context: RequestContext) async throws -> Dashboard {
        let date = try await businessDay.current()
        let book = try await tariffs.current()
        let now = clock.now()
        let accounts = try await allAccounts(of: customer)
        let recent = try await queries.recentTransactions(of: customer, limit: Self.shownTransactions)
        let reader = LedgerReader(clock: clock)
        let ids = accounts.map(\.record.id)
        let since = date.adding(days: -Self.countedDays).startOfDay
        let user = try context.requirePrincipal().userID
        let (count, unread) = try await pool.snapshot(deadline: context.deadline) { transaction in
            (
                try reader.entryCount(of: ids, since: since, atMost: Self.greatestCount, in: transaction),
                try NoticeCounts().unread(of: user, in: transaction)
            )
        }
        let totals = try Self.totals(of: accounts)
        return Dashboard(
            customerID: customer, asOf: now, totals: totals, totalBalance: try Self.sum(totals, book: book, date: date), accounts: accounts,
            recentTransactionCount: count, recentTransactions: recent, unreadNotificationCount: unread)
    }

    /// An organisation may have more accounts than one page; its totals are over all of them.
    private func allAccounts(of customer: Identifier<Customer>) async throws -> [AccountDetails] {
        let pageSize = 200
        var accounts: [AccountDetails] = []
        while true {
            let page = try await queries.accounts(of: customer, limit: pageSize, before: accounts.last?.record.id)
            accounts += page
            guard page.count == pageSize else { return accounts }
        }
    }

    /// One total a currency, in the order of their codes.
    static func totals(of accounts: [AccountDetails]) throws -> [Dashboard.Total] {
        let byCurrency = Dictionary(grouping: accounts.filter { $0.state.status != .closed }, by: \.state.currency)
        return try byCurrency.sorted { $0.key.code < $1.key.code }.map { currency, accounts in
            try Dashboard.Total(
                balance: accounts.reduce(.zero(currency)) { try $0.adding(Money(minorUnits: $1.state.balance, currency: currency)) },
                availableBalance: accounts.reduce(.zero(currency)) {
                    try $0.adding(Money(minorUnits: $1.state.available, currency: currency))
                },
                accountCount: accounts.count)
        }
    }

    /// A currency without a rate on that day has its own total and no part in the sum.
    private static func sum(_ totals: [Dashboard.Total], book: TariffBook, date: BusinessDate) throws -> Money {
        try totals.reduce(.zero(.kes)) { sum, total in
            guard total.balance.currency == .kes || book.midRate(of: total.balance.currency, on: date) != nil else { return sum }
            return try sum.adding(book.shillings(total.balance, on: date))
        }
    }
}

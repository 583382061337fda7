import HTTPEdge
import Kernel

/// How large the bank is at a moment: counted, never estimated (contract, section 16).
public struct SystemStatistics: Sendable {
    public var customers: Int64
    public var accounts: Int64
    /// Journals of the open business date.
    public var transactionsToday: Int64
    /// What the bank owes its depositors, by currency.
    public var deposits: [Money]
    /// What borrowers owe the bank, by currency.
    public var loans: [Money]
    /// Users who may sign in.
    public var activeUsers: Int64
    public var branches: Int64
    public var databaseSizeBytes: Int64
    /// Events that wait for their handlers.
    public var outboxPending: Int64

    public init(
        customers: Int64, accounts: Int64, transactionsToday: Int64, deposits: [Money], loans: [Money], activeUsers: Int64,
        branches: Int64, databaseSizeBytes: Int64, outboxPending: Int64
    ) {
        self.customers = customers
        self.accounts = accounts
        self.transactionsToday = transactionsToday
        self.deposits = deposits
        self.loans = loans
        self.activeUsers = activeUsers
        self.branches = branches
        self.databaseSizeBytes = databaseSizeBytes
        self.outboxPending = outboxPending
    }
}

/// The figures come from every room, so whoever knows all rooms reads them.
public struct SystemStatisticsEndpoint: Sendable {
    private let read: @Sendable (RequestContext) async throws -> SystemStatistics

    public init(read: @escaping @Sendable (RequestContext) async throws -> SystemStatistics) {
        self.read = read
    }

    public var all: [Endpoint] {
        let read = read
        return [
            Endpoint(
                .get, "/api/administrator/system/stats", summary: "How large the bank is", tag: "Administration",
                access: .roles(RoleSet(.administrator)), reply: SystemStatisticsView.self
            ) { call in Reply(SystemStatisticsView(figures: try await read(call.context))) }
        ]
    }
}

struct SystemStatisticsView: Representation {
    let figures: SystemStatistics
    static let schemaName = "SystemStatistics"
    static let example = SystemStatisticsView(
        figures: SystemStatistics(
            customers: 4, accounts: 7, transactionsToday: 12, deposits: [Money(minorUnits: 27_225_000_00, currency: .kes)],
            loans: [Money(minorUnits: 1_000_000_00, currency: .kes)], activeUsers: 16, branches: 1, databaseSizeBytes: 20_000_000,
            outboxPending: 0))

    func write(to object: inout ObjectWriter) {
        object.integer("customers", figures.customers)
        object.integer("accounts", figures.accounts)
        object.integer("transactionsToday", figures.transactionsToday)
        object.array("deposits", figures.deposits.map { CurrencyTotalView(balance: $0) })
        object.array("loans", figures.loans.map { CurrencyTotalView(balance: $0) })
        object.integer("activeUsers", figures.activeUsers)
        object.integer("branches", figures.branches)
        object.integer("databaseSizeBytes", figures.databaseSizeBytes)
        object.integer("outboxPending", figures.outboxPending)
    }
}

struct CurrencyTotalView: Representation {
    let balance: Money
    static let schemaName = "CurrencyTotal"
    static let example = CurrencyTotalView(balance: Money(minorUnits: 27_225_000_00, currency: .kes))

    func write(to object: inout ObjectWriter) {
        object.moneyAndCurrency(balance, amount: "balance")
    }
}

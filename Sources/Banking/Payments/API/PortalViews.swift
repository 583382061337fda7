import Accounts
import HTTPEdge
import Kernel

/// The contract's Dashboard (section 5).
struct DashboardView: Representation {
    static let schemaName = "Dashboard"
    static let example = DashboardView(
        Dashboard(
            customerID: AccountView.example.account.identity.customerID, asOf: Timestamp(microseconds: 1_780_000_000_000_000),
            totals: [.example], totalBalance: Dashboard.Total.example.balance, accounts: [AccountView.example.account],
            recentTransactionCount: 12, recentTransactions: [TransactionView.example.transaction], unreadNotificationCount: 3))

    let dashboard: Dashboard

    init(_ dashboard: Dashboard) {
        self.dashboard = dashboard
    }

    func write(to object: inout ObjectWriter) {
        object.identifier("customerId", dashboard.customerID)
        object.timestamp("asOf", dashboard.asOf)
        object.array("totals", dashboard.totals.map { DashboardTotalView(total: $0) })
        object.moneyAndCurrency(dashboard.totalBalance, amount: "totalBalance")
        object.integer("accountCount", dashboard.accounts.count)
        object.array("accounts", dashboard.accounts.map { AccountView($0) })
        object.integer("recentTransactionCount", dashboard.recentTransactionCount)
        object.array("recentTransactions", dashboard.recentTransactions.map { TransactionView($0) })
        // Approvals come with their own room; until then nobody has any.
        object.integer("pendingApprovalCount", 0)
        object.integer("unreadNotificationCount", dashboard.unreadNotificationCount)
    }
}

struct DashboardTotalView: Representation {
    static let schemaName = "DashboardTotal"
    static let example = DashboardTotalView(total: .example)

    let total: Dashboard.Total

    func write(to object: inout ObjectWriter) {
        object.currency("currency", total.balance.currency)
        object.money("balance", total.balance)
        object.money("availableBalance", total.availableBalance)
        object.integer("accountCount", total.accountCount)
    }
}

extension Dashboard.Total {
    fileprivate static let example = Dashboard.Total(
        balance: Money(minorUnits: 20_000_000, currency: .kes), availableBalance: Money(minorUnits: 19_850_000, currency: .kes),
        accountCount: 1)
}

/// Whom an account number belongs to, as far as a payer may know.
struct RecipientView: Representation {
    static let schemaName = "Recipient"
    static let example = RecipientView(
        recipient: Recipient(accountNumber: "0010100000017", displayName: "Jane W***", currency: .kes, acceptsCredits: true))

    let recipient: Recipient

    func write(to object: inout ObjectWriter) {
        object.text("accountNumber", recipient.accountNumber)
        object.text("displayName", recipient.displayName)
        object.currency("currency", recipient.currency)
        object.boolean("acceptsCredits", recipient.acceptsCredits)
    }
}

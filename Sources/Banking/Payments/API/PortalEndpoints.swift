import Accounts
import HTTPEdge
import Kernel

/// What a customer sees of the own accounts (contract, section 5). No field of a request chooses the customer.
struct PortalEndpoints: Sendable {
    private static let tag = "Customer portal"
    private static let path = "/api/customer-portal"

    let queries: AccountQueries
    let dashboard: ViewDashboard
    let recipients: ResolveRecipient
    let transactions: FindTransactions

    var all: [Endpoint] {
        [overview, accountList, account, balance, accountTransactions, recentTransactions, resolveRecipient, transaction]
    }

    private var overview: Endpoint {
        Endpoint(
            .get, "\(Self.path)/dashboard", summary: "Everything owned, and what happened lately", tag: Self.tag, access: .roles(.owner),
            reply: DashboardView.self
        ) { call in
            Reply(DashboardView(try await dashboard.view(of: call.context.requireCustomer(), context: call.context)))
        }
    }

    private var accountList: Endpoint {
        Endpoint(
            .get, "\(Self.path)/accounts", summary: "Own accounts, newest first", tag: Self.tag, access: .roles(.owner),
            query: PageQuery.self, reply: Page<AccountView>.self
        ) { call in
            let page = call.query.page
            var place = page.cursor?.reader
            let accounts = try await queries.accounts(
                of: call.context.requireCustomer(), limit: page.fetchCount, before: try place?.identifier(as: Account.self))
            return Reply(call.page(accounts.map { AccountView($0) }) { Cursor().adding($0.account.record.id) })
        }
    }

    private var account: Endpoint {
        Endpoint(
            .get, "\(Self.path)/accounts/{account}", summary: "One own account", tag: Self.tag, access: .roles(.owner),
            reply: AccountView.self, errors: ["account_not_found"]
        ) { call in
            Reply(AccountView(try await queries.account(call.path("account"), viewer: try Self.viewer(call.context))))
        }
    }

    private var balance: Endpoint {
        Endpoint(
            .get, "\(Self.path)/accounts/{account}/balance", summary: "Balance now or at a moment in the past", tag: Self.tag,
            access: .roles(.owner), query: BalanceMoment.self, reply: AccountBalanceView.self, errors: ["account_not_found"]
        ) { call in
            let viewer = try Self.viewer(call.context)
            return Reply(AccountBalanceView(try await queries.balance(call.path("account"), asOf: call.query.asOf, viewer: viewer)))
        }
    }

    private var accountTransactions: Endpoint {
        Endpoint(
            .get, "\(Self.path)/accounts/{account}/transactions", summary: "Transactions of an own account, newest first", tag: Self.tag,
            access: .roles(.owner), query: TransactionFilter.self, reply: Page<TransactionView>.self, errors: ["account_not_found"]
        ) { call in
            let viewer = try Self.viewer(call.context)
            let account = try await queries.access.requireViewable(call.path("account"), by: viewer)
            let found = try await queries.transactions(
                of: account, filter: call.query.entryFilter(in: account.currency), limit: call.query.page.fetchCount,
                before: try call.query.place(), viewer: viewer)
            return Reply(call.page(found.map { TransactionView($0) }) { $0.cursor })
        }
    }

    private var recentTransactions: Endpoint {
        Endpoint(
            .get, "\(Self.path)/transactions/recent", summary: "Newest transactions over all own accounts", tag: Self.tag,
            access: .roles(.owner), query: RecentTransactionsQuery.self, reply: Page<TransactionView>.self
        ) { call in
            let found = try await queries.recentTransactions(
                of: call.context.requireCustomer(), limit: call.query.page.fetchCount, before: try call.query.page.entryCursor())
            return Reply(call.page(found.map { TransactionView($0) }) { $0.cursor })
        }
    }

    private var transaction: Endpoint {
        Endpoint(
            .get, "\(Self.path)/transactions/{transactionId}", summary: "One own transaction", tag: Self.tag, access: .roles(.owner),
            reply: TransactionView.self, errors: ["not_found"]
        ) { call in
            let found = try await transactions.find(
                try call.pathIdentifier("transactionId"), viewer: try Self.viewer(call.context), context: call.context)
            return Reply(TransactionView(found.details))
        }
    }

    private var resolveRecipient: Endpoint {
        Endpoint(
            .get, "\(Self.path)/transactions/resolve-recipient", summary: "Whom an account number belongs to", tag: Self.tag,
            access: .roles(.initiator), query: RecipientQuery.self, reply: RecipientView.self, errors: ["account_not_found"],
            options: EndpointOptions(rateLimit: .recipientLookup)
        ) { call in
            Reply(RecipientView(recipient: try await recipients.resolve(call.query.accountNumber, context: call.context)))
        }
    }

    /// A customer, whatever other roles the person has: here only the own record counts.
    private static func viewer(_ context: RequestContext) throws -> AccountViewer { .customer(try context.requireCustomer()) }
}

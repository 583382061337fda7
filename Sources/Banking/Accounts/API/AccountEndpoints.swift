import Application
import HTTPEdge
import Kernel
import Ledger

/// The endpoints of section 6, stage 1.
public struct AccountEndpoints: Sendable {
    private static let tag = "Accounts"
    private static let readers = Access.roles(RoleSet.staff.union(.owner))
    private static let freezers = Access.roles(RoleSet([.supervisor, .branchManager, .complianceOfficer]))

    private let queries: AccountQueries
    private let opening: AccountOpening
    private let changes: AccountStateCommands
    private let closing: AccountClosing

    public init(queries: AccountQueries, opening: AccountOpening, changes: AccountStateCommands, closing: AccountClosing) {
        self.queries = queries
        self.opening = opening
        self.changes = changes
        self.closing = closing
    }

    public var all: [Endpoint] {
        [
            list, get, summary, balance, transactions, openOwn, openIndividual, openBusiness, freeze, unfreeze, reactivate, close,
        ]
    }

    // MARK: Questions

    private var list: Endpoint {
        Endpoint(
            .get, "/api/accounts", summary: "Accounts of the bank, newest first", tag: Self.tag, access: .roles(.staff),
            query: AccountListFilter.self, reply: Page<AccountView>.self
        ) { call in
            let rows = try await queries.accounts(call.query.filter, limit: call.query.page.fetchCount, before: call.query.place())
            return Reply(call.page(rows.map { AccountView($0) }) { Cursor().adding($0.account.record.id) })
        }
    }

    private var get: Endpoint {
        Endpoint(
            .get, "/api/accounts/{account}", summary: "One account", tag: Self.tag, access: Self.readers, reply: AccountView.self,
            errors: ["account_not_found"]
        ) { call in
            Reply(AccountView(try await queries.account(call.path("account"), viewer: AccountViewer(call.context))))
        }
    }

    private var summary: Endpoint {
        Endpoint(
            .get, "/api/accounts/{account}/summary", summary: "An account with its signatories and counts", tag: Self.tag,
            access: Self.readers, reply: AccountSummaryView.self, errors: ["account_not_found"]
        ) { call in
            Reply(AccountSummaryView(try await queries.summary(call.path("account"), viewer: AccountViewer(call.context))))
        }
    }

    private var balance: Endpoint {
        Endpoint(
            .get, "/api/accounts/{account}/balance", summary: "Balance now or at a moment in the past", tag: Self.tag,
            access: Self.readers, query: BalanceMoment.self, reply: AccountBalanceView.self, errors: ["account_not_found"]
        ) { call in
            let viewer = try AccountViewer(call.context)
            return Reply(AccountBalanceView(try await queries.balance(call.path("account"), asOf: call.query.asOf, viewer: viewer)))
        }
    }

    private var transactions: Endpoint {
        Endpoint(
            .get, "/api/accounts/{account}/transactions", summary: "Transactions of an account, newest first", tag: Self.tag,
            access: Self.readers, query: TransactionFilter.self, reply: Page<TransactionView>.self, errors: ["account_not_found"]
        ) { call in
            let viewer = try AccountViewer(call.context)
            let account = try await queries.access.requireViewable(call.path("account"), by: viewer)
            let rows = try await queries.transactions(
                of: account, filter: call.query.entryFilter(in: account.currency), limit: call.query.page.fetchCount,
                before: call.query.place(), viewer: viewer)
            return Reply(call.page(rows.map { TransactionView($0) }) { $0.cursor })
        }
    }

    // MARK: Openings

    private var openIndividual: Endpoint {
        Endpoint(
            .post, "/api/accounts/individual", summary: "Open an account for one or several persons", tag: Self.tag,
            access: .roles(.branch), body: OpenIndividualRequest.self, reply: AccountView.self, status: 201, errors: Self.openingErrors
        ) { call in
            let reply = try await opening.open(call.body.order, context: call.context) { account in
                CommandAnswer(status: 201, body: AccountView(account).json(), location: "/api/accounts/\(account.record.id)")
            }
            return Self.reply(reply)
        }
    }

    private var openBusiness: Endpoint {
        Endpoint(
            .post, "/api/accounts/business", summary: "Open an account for an organisation, after approval", tag: Self.tag,
            access: .roles(.branch), body: OpenBusinessRequest.self, reply: PendingAccountView.self, status: 202,
            errors: Self.openingErrors
        ) { call in
            let reply = try await opening.open(call.body.order, context: call.context) { account in
                CommandAnswer(status: 202, body: PendingAccountView(account).json())
            }
            return Self.reply(reply)
        }
    }

    /// A CorporateMaker's request needs a checker; until approvals exist it is refused (contract, 1.6).
    private var openOwn: Endpoint {
        Endpoint(
            .post, "/api/customer-portal/accounts/open", summary: "Open an account of the own", tag: "Customer portal",
            access: .roles(RoleSet([.customer, .smeOwner])), body: OpenOwnAccountRequest.self, reply: AccountView.self, status: 201,
            errors: Self.openingErrors.filter { $0 != "customer_not_found" }
        ) { call in
            let (body, context) = (call.body, call.context)
            let reply = try await opening.openOwn(
                productCode: body.productCode, currency: body.currency, alias: body.alias, context: context
            ) { account in
                CommandAnswer(
                    status: 201, body: AccountView(account).json(), location: "/api/customer-portal/accounts/\(account.record.id)")
            }
            return Self.reply(reply)
        }
    }

    private static let openingErrors = [
        "customer_not_found", "product_not_found", "product_not_active", "currency_not_offered", "kyc_required", "not_eligible",
        "customer_blocked",
    ]

    // MARK: Changes of state

    private var freeze: Endpoint {
        Endpoint(
            .patch, "/api/accounts/{account}/freeze", summary: "Stop debits, or everything, on an account", tag: Self.tag,
            access: Self.freezers, body: FreezeAccountRequest.self, reply: AccountView.self, errors: ["account_not_found", "invalid_state"]
        ) { call in
            let reply = try await changes.freeze(
                call.path("account"), scope: call.body.scope.scope, reason: call.body.reason, context: call.context,
                render: Self.render)
            return Self.reply(reply)
        }
    }

    private var unfreeze: Endpoint {
        Endpoint(
            .patch, "/api/accounts/{account}/unfreeze", summary: "Release a frozen account", tag: Self.tag,
            access: .roles(RoleSet([.branchManager, .complianceOfficer])), body: AccountReasonRequest.self, reply: AccountView.self,
            errors: ["account_not_found", "invalid_state", "four_eyes_required"]
        ) { call in
            let reply = try await changes.unfreeze(
                call.path("account"), reason: call.body.reason, context: call.context, render: Self.render)
            return Self.reply(reply)
        }
    }

    private var reactivate: Endpoint {
        Endpoint(
            .patch, "/api/accounts/{account}/reactivate", summary: "Wake a dormant account", tag: Self.tag,
            access: .roles(RoleSet([.supervisor, .branchManager])), body: AccountReasonRequest.self, reply: AccountView.self,
            errors: ["account_not_found", "invalid_state"]
        ) { call in
            let reply = try await changes.reactivate(
                call.path("account"), reason: call.body.reason, context: call.context, render: Self.render)
            return Self.reply(reply)
        }
    }

    private var close: Endpoint {
        Endpoint(
            .post, "/api/accounts/{account}/close", summary: "Close an account for good", tag: Self.tag,
            access: .roles(RoleSet(.branchManager)), body: CloseAccountRequest.self, reply: AccountView.self,
            errors: [
                "account_not_found", "destination_not_found", "same_account", "currency_mismatch", "invalid_state", "balance_not_zero",
                "holds_exist",
            ]
        ) { call in
            let closed = try await closing.close(
                call.path("account"), transferTo: call.body.transferToAccountNumber, reason: call.body.reason, context: call.context)
            let account = try await queries.account(closed.account.id.description, viewer: .staff)
            return Reply(AccountView(account), isReplay: closed.isReplay)
        }
    }

    // MARK: Answers

    private static let render: AccountStateCommands.Render = { CommandAnswer(body: AccountView($0).json()) }

    /// The bytes a command kept, as they go out the first time and every other time.
    private static func reply<Value: Representation>(_ reply: CommandReply) -> Reply<Value> {
        let headers = reply.location.map { [ReplyHeader("Location", $0)] } ?? []
        return Reply(
            stored: EncodedReply(status: Int(reply.status), contentType: MediaType.json, body: reply.body, headers: headers),
            isReplay: reply.isReplay)
    }
}

import HTTPEdge
import Kernel

enum Direction: String, CaseIterable { case debit, credit }
struct TransactionFilter: QueryParameters, Paged {
    let page: PageRequest
    let direction: Direction?
    let from: BusinessDate?, to: BusinessDate?
    init(from fields: inout Fields) {
        page = fields.page()
        direction = fields.optionalChoice("direction", Direction.self)
        (from, to) = fields.optionalDates()
    }
}
struct View: Representation {
    let id: Identifier<Account>
    static let example = View(id: Identifier(bits: 1))
    func write(to object: inout ObjectWriter) { object.identifier("id", id) }
}
struct HoldRequest: RequestBody {
    let amount: Money
    let reason: String
    init(from fields: inout Fields) {
        amount = fields.money("amount", currency: "currency")
        reason = fields.text("reason", 5...500)
    }
}
func endpoints() -> [Endpoint] {
    [
        Endpoint(
            .get, "/api/accounts/{account}/transactions", summary: "Transactions of an account", tag: "Accounts",
            access: .roles(RoleSet.staff.union(.owner)), query: TransactionFilter.self, reply: Page<View>.self,
            errors: ["account_not_found"]
        ) { call in
            let rows: [View] = []
            return Reply(call.page(rows) { Cursor().adding($0.id) })
        },
        Endpoint(
            .post, "/api/accounts/{account}/holds", summary: "Place a hold", tag: "Accounts",
            access: .roles([RoleSet(.supervisor), RoleSet(.branchManager)]), body: HoldRequest.self, reply: View.self, status: 201,
            errors: ["account_not_found", "insufficient_funds"]
        ) { call in
            let view = View(id: Identifier(bits: 5))
            return .created(view, location: "/api/accounts/\(call.path("account"))/holds/\(view.id)")
        },
        Endpoint(.post, "/api/authentication/logout", summary: "x", tag: "A", access: .everyone) { _ in .noContent },
        Endpoint(.get, "/api/x", summary: "x", tag: "A", access: .roles(RoleSet([.teller])), reply: View.self) { _ in Reply(.example) },
    ]
}

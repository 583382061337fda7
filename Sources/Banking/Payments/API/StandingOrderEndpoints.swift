import Application
import HTTPEdge
import Kernel

/// Standing orders (contract, section 20). Inside the bank at this stage.
struct StandingOrderEndpoints: Sendable {
    private static let path = "/api/payments/standing-orders"
    private static let tag = "Payments"
    /// A CorporateMaker's orders need a checker; until approvals exist they are refused (contract, 1.6).
    private static let givers = RoleSet([.customer, .smeOwner])
    private static let render: StandingOrders.Render = { StandingOrderView(order: $0).json() }
    private static let errors = [
        "account_not_found", "destination_not_found", "same_account", "currency_mismatch", "limit_exceeded", "step_up_required",
    ]

    let orders: StandingOrders

    var all: [Endpoint] { [list, create, get, change, end] }

    private var list: Endpoint {
        Endpoint(
            .get, Self.path, summary: "Own standing orders, newest first", tag: Self.tag, access: .roles(.owner),
            query: StandingOrderFilter.self, reply: Page<StandingOrderView>.self
        ) { call in
            var place = call.query.page.cursor?.reader
            let found = try await orders.list(
                status: call.query.status, before: try place?.identifier(as: StandingOrder.self), limit: call.query.page.fetchCount,
                context: call.context)
            return Reply(call.page(found.map { StandingOrderView(order: $0) }) { Cursor().adding($0.order.id) })
        }
    }

    private var create: Endpoint {
        Endpoint(
            .post, Self.path, summary: "Give a standing order", tag: Self.tag, access: .roles(Self.givers),
            body: StandingOrderRequest.self, reply: StandingOrderView.self, status: 201, errors: Self.errors,
            options: EndpointOptions(
                details: "`kind` internal at this stage. Due days that a month does not have fall on its last day. A day without funds is "
                    + "tried again on the next three business days, then missed; `maxRuns` counts missed days too.")
        ) { call in
            Reply(try await orders.create(call.body.terms, context: call.context, render: Self.render))
        }
    }

    private var get: Endpoint {
        Endpoint(
            .get, "\(Self.path)/{standingOrderId}", summary: "One own standing order", tag: Self.tag, access: .roles(.owner),
            reply: StandingOrderView.self, errors: ["not_found"]
        ) { call in
            Reply(StandingOrderView(order: try await orders.find(try call.pathIdentifier("standingOrderId"), context: call.context)))
        }
    }

    private var change: Endpoint {
        Endpoint(
            .put, "\(Self.path)/{standingOrderId}", summary: "Change a standing order", tag: Self.tag, access: .roles(Self.givers),
            body: StandingOrderChangeRequest.self, reply: StandingOrderView.self,
            errors: Self.errors + ["not_found", "version_conflict", "invalid_state"]
        ) { call in
            Reply(
                try await orders.change(
                    try call.pathIdentifier("standingOrderId"), to: call.body.terms, isPaused: call.body.isPaused,
                    version: call.body.version, context: call.context, render: Self.render))
        }
    }

    private var end: Endpoint {
        Endpoint(
            .delete, "\(Self.path)/{standingOrderId}", summary: "End a standing order", tag: Self.tag, access: .roles(Self.givers),
            errors: ["not_found", "invalid_state"]
        ) { call in
            Reply(try await orders.end(try call.pathIdentifier("standingOrderId"), context: call.context))
        }
    }
}

struct StandingOrderFilter: QueryParameters, Paged {
    let page: PageRequest
    let status: StandingOrderStatus?

    init(from fields: inout Fields) {
        page = fields.page()
        status = fields.optionalChoice("status", StandingOrderStatus.self)
    }
}

struct StandingOrderRequest: RequestBody {
    let terms: StandingOrderRequestTerms

    init(from fields: inout Fields) {
        terms = StandingOrderRequestTerms(from: &fields)
    }
}

struct StandingOrderChangeRequest: RequestBody {
    let terms: StandingOrderRequestTerms
    let isPaused: Bool
    let version: Int64

    init(from fields: inout Fields) {
        terms = StandingOrderRequestTerms(from: &fields)
        isPaused = fields.optionalBoolean("isPaused") ?? false
        version = Int64(fields.version())
    }
}

extension StandingOrderRequestTerms {
    fileprivate init(from fields: inout Fields) {
        let kind = fields.optionalChoice("kind", Payee.Kind.self) ?? .internal
        if kind != .internal {
            fields.fail("kind", "not_allowed", "Standing orders to other banks, wallets and billers are not offered yet")
        }
        let source = AccountReference(from: &fields, prefix: "from")
        let to = fields.formatted("toAccountNumber", .accountNumber)
        let beneficiaryName = fields.optionalText("beneficiaryName", 0...100)
        let amount = fields.money("amount", currency: "currency")
        let narration = fields.optionalText("narration", 0...140)
        let frequency = fields.choice("frequency", StandingOrderFrequency.self)
        let dayOfMonth = fields.optionalInteger("dayOfMonth", 1...31)
        let startDate = fields.date("startDate")
        let endDate = fields.optionalDate("endDate")
        let maxRuns = fields.optionalInteger("maxRuns", 1...10_000)
        if let endDate, endDate < startDate { fields.fail("endDate", "out_of_range", "endDate is before startDate") }
        self.init(
            source: source, toAccountNumber: to, beneficiaryName: beneficiaryName, amount: amount, narration: narration,
            schedule: StandingOrderSchedule(
                frequency: frequency, dayOfMonth: dayOfMonth, startDate: startDate, endDate: endDate), maxRuns: maxRuns)
    }
}

struct StandingOrderView: Representation {
    static let schemaName = "StandingOrder"
    static let example = StandingOrderView(
        order: StandingOrder(
            id: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0001),
            customerID: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0002),
            terms: StandingOrder.Terms(
                fromAccountID: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0003), fromAccountNumber: "0012000000017",
                toAccountNumber: "0012000000025", beneficiaryName: "Jane Wanjiru", amount: Money(minorUnits: 1_500_000, currency: .kes),
                narration: "Rent",
                schedule: StandingOrderSchedule(
                    frequency: .monthly, dayOfMonth: 31, startDate: BusinessDate(epochDay: 20_514), endDate: BusinessDate(epochDay: 20_879)),
                maxRuns: 12),
            status: .active, dueDate: BusinessDate(epochDay: 20_543), nextRunDate: BusinessDate(epochDay: 20_543), failedAttempts: 0,
            runCount: 1, missedCount: 0, lastRunDate: BusinessDate(epochDay: 20_514), lastFailureCode: "insufficient_funds",
            createdAt: Timestamp(microseconds: 1_772_442_000_000_000), version: 2))

    let order: StandingOrder

    func write(to object: inout ObjectWriter) {
        let (terms, schedule) = (order.terms, order.terms.schedule)
        object.identifier("standingOrderId", order.id)
        object.choice("status", order.status)
        object.choice("kind", Payee.Kind.internal)
        object.identifier("fromAccountId", terms.fromAccountID)
        object.text("fromAccountNumber", terms.fromAccountNumber)
        object.text("toAccountNumber", terms.toAccountNumber)
        object.optionalText("beneficiaryName", terms.beneficiaryName)
        object.moneyAndCurrency(terms.amount)
        object.optionalText("narration", terms.narration)
        object.choice("frequency", schedule.frequency)
        object.optionalInteger("dayOfMonth", schedule.dayOfMonth)
        object.date("startDate", schedule.startDate)
        object.optionalDate("endDate", schedule.endDate)
        object.optionalInteger("maxRuns", terms.maxRuns)
        object.optionalDate("nextRunDate", order.nextRunDate)
        object.integer("runCount", order.runCount)
        object.integer("missedCount", order.missedCount)
        object.optionalDate("lastRunDate", order.lastRunDate)
        object.optionalText("lastFailureCode", order.lastFailureCode)
        object.timestamp("createdAt", order.createdAt)
        object.integer("version", order.version)
    }
}

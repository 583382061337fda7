import Accounts
import HTTPEdge
import Kernel
import Ledger

/// Income and spending by period (contract, section 29), counted by the database and not by the page.
struct CashFlowEndpoints: Sendable {
    let report: ViewCashFlow

    var all: [Endpoint] {
        [
            Endpoint(
                .get, "/api/customer-portal/analytics/cash-flow", summary: "Income and spending by day, week or month",
                tag: "Customer portal", access: .roles(.owner), query: CashFlowQuery.self, reply: CashFlowView.self,
                errors: ["account_not_found", "range_too_long", "currency_mismatch"],
                options: EndpointOptions(
                    details: "Six months up to today by default, at most \(ViewCashFlow.longestDays) days. Without `accountId` all own "
                        + "accounts of one currency count together, and what moved between them is neither income nor spending.")
            ) { call in
                let customer = try call.context.requireCustomer()
                return Reply(CashFlowView(report: try await report.view(call.query.question, of: customer, context: call.context)))
            }
        ]
    }
}

struct CashFlowQuery: QueryParameters {
    let question: ViewCashFlow.Question

    init(from fields: inout Fields) {
        let account = fields.optionalText("accountId", 1...36)
        let currency = fields.optionalCurrency("currency")
        let (from, to) = fields.optionalDates()
        let granularity = fields.optionalChoice("granularity", CashFlowGranularity.self) ?? .month
        question = ViewCashFlow.Question(account: account, currency: currency, from: from, to: to, granularity: granularity)
    }
}

struct CashFlowView: Representation {
    static let schemaName = "CashFlow"
    static let example = CashFlowView(
        report: CashFlowReport(
            accountID: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0001), currency: .kes,
            points: [CashFlowPointView.example.point], counterparties: [CashFlowPartyView.example.party],
            types: [(.transfer, CashFlow.Flow(inflow: 0, outflow: 150_000, count: 1))]))

    let report: CashFlowReport

    func write(to object: inout ObjectWriter) {
        object.optionalIdentifier("accountId", report.accountID)
        object.currency("currency", report.currency)
        object.array("points", report.points.map { CashFlowPointView(point: $0, currency: report.currency) })
        object.array("topCounterparties", report.counterparties.map { CashFlowPartyView(party: $0, currency: report.currency) })
        object.array("byType", report.types.map { CashFlowTypeView(type: $0.type, flow: $0.flow, currency: report.currency) })
    }
}

struct CashFlowPointView: Representation {
    static let schemaName = "CashFlowPoint"
    static let example = CashFlowPointView(
        point: CashFlowReport.Point(
            name: "2026-03", from: BusinessDate(epochDay: 20_513), to: BusinessDate(epochDay: 20_543),
            flow: CashFlow.Flow(inflow: 0, outflow: 150_000, count: 1), closingBalance: 9_850_000), currency: .kes)

    let point: CashFlowReport.Point
    let currency: Currency

    func write(to object: inout ObjectWriter) {
        func money(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: currency) }
        object.text("period", point.name)
        object.date("fromDate", point.from)
        object.date("toDate", point.to)
        object.money("inflow", money(point.flow.inflow))
        object.money("outflow", money(point.flow.outflow))
        object.money("net", money(point.flow.inflow - point.flow.outflow))
        object.money("closingBalance", money(point.closingBalance))
        object.integer("count", point.flow.count)
    }
}

struct CashFlowPartyView: Representation {
    static let schemaName = "CashFlowCounterparty"
    static let example = CashFlowPartyView(
        party: CashFlowReport.Party(name: "Jane W***", flow: CashFlow.Flow(inflow: 0, outflow: 150_000, count: 1)), currency: .kes)

    let party: CashFlowReport.Party
    let currency: Currency

    func write(to object: inout ObjectWriter) {
        object.text("name", party.name)
        object.money("inflow", Money(minorUnits: party.flow.inflow, currency: currency))
        object.money("outflow", Money(minorUnits: party.flow.outflow, currency: currency))
    }
}

struct CashFlowTypeView: Representation {
    static let schemaName = "CashFlowType"
    static let example = CashFlowTypeView(
        type: .transfer, flow: CashFlow.Flow(inflow: 0, outflow: 150_000, count: 1), currency: .kes)

    let type: TransactionType
    let flow: CashFlow.Flow
    let currency: Currency

    func write(to object: inout ObjectWriter) {
        object.choice("type", TransactionTypeName(type))
        object.money("inflow", Money(minorUnits: flow.inflow, currency: currency))
        object.money("outflow", Money(minorUnits: flow.outflow, currency: currency))
        object.integer("count", flow.count)
    }
}

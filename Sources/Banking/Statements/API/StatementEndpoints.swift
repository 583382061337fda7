import Accounts
import Documents
import HTTPEdge
import Kernel

/// Statements for their owners and for staff (contract, section 13).
struct StatementEndpoints: Sendable {
    private static let errors = ["account_not_found", "range_too_long"]
    private static let options = EndpointOptions(
        fileTypes: StatementFormat.allCases.filter { $0 != .json }.map(\.contentType),
        details: "At most \(ProduceStatement.longestDays) days. `format` json (the default), pdf, csv, camt.053 (ISO 20022 "
            + "camt.053.001.08) or mt940; all but json answer a file. All formats come from the same entries. Without dates: the open "
            + "business date's month so far.",
        timeLimitSeconds: 60)

    let produce: ProduceStatement
    let stored: StoredStatements
    let clock: any WallClock

    var all: [Endpoint] { [own, general, kept] }

    private var own: Endpoint {
        Endpoint(
            .get, "/api/customer-portal/accounts/{account}/statement", summary: "Statement of an own account", tag: "Statements",
            access: .roles(.owner), query: StatementQuery.self, reply: StatementView.self, errors: Self.errors, options: Self.options
        ) { call in
            try await answer(
                call.path("account"), call.query, viewer: .customer(try call.context.requireCustomer()), context: call.context)
        }
    }

    private var general: Endpoint {
        Endpoint(
            .get, "/api/transactions/statement/{accountNumber}", summary: "Statement of an account", tag: "Statements",
            access: .roles(RoleSet.staff.union(.owner)), query: StatementQuery.self, reply: StatementView.self, errors: Self.errors,
            options: Self.options
        ) { call in
            try await answer(
                call.path("accountNumber"), call.query, viewer: try AccountViewer(call.context), context: call.context)
        }
    }

    /// An extension of the contract: which monthly statements the bank has made.
    private var kept: Endpoint {
        Endpoint(
            .get, "/api/customer-portal/accounts/{account}/statements", summary: "Monthly statements of an own account, newest first",
            tag: "Statements", access: .roles(.owner), query: PageQuery.self, reply: Page<StoredStatementView>.self,
            errors: ["account_not_found"]
        ) { call in
            var place = call.query.page.cursor?.reader
            let found = try await stored.list(
                of: call.path("account"), viewer: .customer(try call.context.requireCustomer()), before: try place?.date(),
                limit: call.query.page.fetchCount, context: call.context)
            return Reply(call.page(found.map { StoredStatementView(statement: $0) }) { Cursor().adding($0.statement.toDate) })
        }
    }

    private func answer(
        _ reference: String, _ query: StatementQuery, viewer: AccountViewer, context: RequestContext
    ) async throws -> Reply<StatementView> {
        let statement = try await produce.statement(
            of: reference, from: query.from, to: query.to, isPrinted: query.format == .pdf, viewer: viewer, deadline: context.deadline)
        let (format, now) = (query.format, clock.now())
        let code = format == .pdf ? produce.verificationCode(of: statement) : ""
        guard format != .json else { return Reply(StatementView(statement: statement)) }
        let bytes = try await PDFDocument.make {
            switch format {
            case .json: StatementView(statement: statement).json()
            case .csv: StatementCSV.bytes(statement)
            case .camt053: StatementCAMT053.bytes(statement, bankName: DocumentIssuer.wekeza.name, createdAt: now)
            case .mt940: StatementMT940.bytes(statement)
            case .pdf: try StatementPDF.bytes(statement, verificationCode: code)
            }
        }
        return Reply.raw(bytes, contentType: format.contentType)
            .adding("Content-Disposition", "attachment; filename=\"\(statement.fileName).\(format.fileEnding)\"")
    }
}

enum StatementFormat: String, Sendable, CaseIterable {
    case json, pdf, csv
    case camt053 = "camt.053"
    case mt940

    var contentType: String {
        switch self {
        case .json: MediaType.json
        case .pdf: "application/pdf"
        case .csv: "text/csv; charset=utf-8"
        case .camt053: "application/xml"
        case .mt940: "text/plain; charset=utf-8"
        }
    }

    var fileEnding: String {
        switch self {
        case .json: "json"
        case .pdf: "pdf"
        case .csv: "csv"
        case .camt053: "xml"
        case .mt940: "sta"
        }
    }
}

struct StatementQuery: QueryParameters {
    let from: BusinessDate?
    let to: BusinessDate?
    let format: StatementFormat

    init(from fields: inout Fields) {
        (from, to) = fields.optionalDates()
        format = fields.optionalChoice("format", StatementFormat.self) ?? .json
    }
}

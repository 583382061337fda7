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
            + "business date's month so far. Long ones are sent in pieces as they are read; a pdf has at most "
            + "\(ProduceStatement.mostPrintedEntries) entries.",
        timeLimitSeconds: 60)

    let produce: ProduceStatement
    let stored: StoredStatements
    let clock: any WallClock

    var all: [Endpoint] {
        [own, general]
            + [
                monthly("/api/customer-portal/accounts", .roles(.owner)) { .customer(try $0.requireCustomer()) },
                monthly("/api/accounts", .roles(RoleSet.staff.union(.owner))) { try AccountViewer($0) },
            ].flatMap(\.self)
    }

    private var own: Endpoint {
        Endpoint(
            .get, "/api/customer-portal/accounts/{account}/statement", summary: "Statement of an own account", tag: "Statements",
            access: .roles(.owner), query: StatementQuery.self, reply: StatementView.self, errors: Self.errors, options: Self.options
        ) { call in
            try await answer(
                call.path("account"), from: call.query.from, to: call.query.to, call.query.format,
                viewer: .customer(try call.context.requireCustomer()), context: call.context)
        }
    }

    private var general: Endpoint {
        Endpoint(
            .get, "/api/transactions/statement/{accountNumber}", summary: "Statement of an account", tag: "Statements",
            access: .roles(RoleSet.staff.union(.owner)), query: StatementQuery.self, reply: StatementView.self, errors: Self.errors,
            options: Self.options
        ) { call in
            try await answer(
                call.path("accountNumber"), from: call.query.from, to: call.query.to, call.query.format,
                viewer: try AccountViewer(call.context), context: call.context)
        }
    }

    /// An extension of the contract: the monthly statements that the bank has made, and each of them as it was made.
    private func monthly(
        _ accounts: String, _ access: Access, _ viewer: @escaping @Sendable (RequestContext) throws -> AccountViewer
    ) -> [Endpoint] {
        let list = Endpoint(
            .get, "\(accounts)/{account}/statements", summary: "Monthly statements of an account, newest first", tag: "Statements",
            access: access, query: PageQuery.self, reply: Page<StoredStatementView>.self, errors: ["account_not_found"]
        ) { call in
            var place = call.query.page.cursor?.reader
            let found = try await stored.list(
                of: call.path("account"), viewer: viewer(call.context), before: try place?.date(), limit: call.query.page.fetchCount,
                context: call.context)
            return Reply(call.page(found.map { StoredStatementView(statement: $0) }) { Cursor().adding($0.statement.toDate) })
        }
        let one = Endpoint(
            .get, "\(accounts)/{account}/statements/{statementNumber}", summary: "A monthly statement", tag: "Statements",
            access: access, query: StatementFormatQuery.self, reply: StatementView.self,
            errors: ["account_not_found", "not_found", "range_too_long"], options: Self.options
        ) { call in
            let viewer = try viewer(call.context)
            let found = try await stored.find(
                call.path("statementNumber"), of: call.path("account"), viewer: viewer, context: call.context)
            return try await answer(
                call.path("account"), from: found.fromDate, to: found.toDate, call.query.format, stored: found, viewer: viewer,
                context: call.context)
        }
        return [list, one]
    }

    private func answer(
        _ reference: String, from: BusinessDate?, to: BusinessDate?, _ format: StatementFormat, stored: StoredStatement? = nil,
        viewer: AccountViewer, context: RequestContext
    ) async throws -> Reply<StatementView> {
        let pages = try await produce.statement(
            of: reference, from: from, to: to, isPrinted: format == .pdf, viewer: viewer, deadline: context.deadline, stored: stored)
        let statement = pages.statement
        let reply: Reply<StatementView>
        if format == .pdf {
            let entries = try await pages.all()
            let code = produce.verificationCode(of: statement, entries)
            let bytes = try await PDFDocument.make { try StatementPDF.bytes(statement, entries, verificationCode: code) }
            reply = .raw(bytes, contentType: format.contentType)
        } else {
            let written = WrittenStatement(pages, as: writer(format, at: stored?.createdAt ?? clock.now()))
            reply =
                pages.isShort
                ? .raw(try await written.all(), contentType: format.contentType)
                : .stream(BodyStream { try await written.next() }, contentType: format.contentType)
        }
        guard format != .json else { return reply }
        return reply.adding("Content-Disposition", "attachment; filename=\"\(statement.fileName).\(format.fileEnding)\"")
    }

    private func writer(_ format: StatementFormat, at now: Timestamp) -> any StatementWriter {
        switch format {
        case .json, .pdf: StatementJSON()
        case .csv: StatementCSV()
        case .camt053: StatementCAMT053(bankName: DocumentIssuer.wekeza.name, createdAt: now)
        case .mt940: StatementMT940()
        }
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

struct StatementFormatQuery: QueryParameters {
    let format: StatementFormat

    init(from fields: inout Fields) {
        format = fields.optionalChoice("format", StatementFormat.self) ?? .json
    }
}

import Accounts
import Documents
import HTTPEdge
import Kernel

/// Certificates about accounts, for their owners and for staff: an extension of the contract's statements.
struct CertificateEndpoints: Sendable {
    private static let tag = "Statements"
    private static let options = EndpointOptions(
        details: "A PDF file with the bank's verification code; with `format=json` the figures. Drawn from the postings of the account.",
        timeLimitSeconds: 60)

    /// Where the certificates of an account are found, and who finds them there.
    private struct Door: Sendable {
        let path: String
        let access: Access
        let viewer: @Sendable (RequestContext) throws -> AccountViewer
    }

    private static let doors = [
        Door(path: "/api/customer-portal/accounts", access: .roles(.owner)) { .customer(try $0.requireCustomer()) },
        Door(path: "/api/accounts", access: .roles(RoleSet.staff.union(.owner))) { try AccountViewer($0) },
    ]

    let certificates: DrawUpCertificates

    var all: [Endpoint] { Self.doors.flatMap { [interest(.interest, $0), interest(.withholdingTax, $0), balance($0)] } + [check] }

    private func interest(_ kind: InterestCertificate.Kind, _ door: Door) -> Endpoint {
        let (name, summary) =
            kind == .interest
            ? ("interest", "Certificate of the interest of a calendar year")
            : ("withholding-tax", "Certificate of the tax withheld from the interest of a calendar year")
        return Endpoint(
            .get, "\(door.path)/{account}/certificates/\(name)", summary: summary, tag: Self.tag, access: door.access,
            query: InterestCertificateQuery.self, reply: InterestCertificateView.self, errors: ["account_not_found"],
            options: Self.options
        ) { call in
            let certificate = try await certificates.interest(
                kind, of: call.path("account"), year: call.query.year, viewer: door.viewer(call.context), context: call.context)
            guard call.query.format == .pdf else { return Reply(InterestCertificateView(certificate: certificate)) }
            let (number, year) = (certificate.holder.accountNumber, certificate.figures.year)
            return .file(try await PDFDocument.make { try CertificatePDF.bytes(certificate) }, "\(name)-certificate-\(number)-\(year)")
        }
    }

    private func balance(_ door: Door) -> Endpoint {
        Endpoint(
            .get, "\(door.path)/{account}/certificates/balance", summary: "Confirmation of the balance at the close of a day",
            tag: Self.tag, access: door.access, query: BalanceCertificateQuery.self, reply: BalanceCertificateView.self,
            errors: ["account_not_found"], options: Self.options
        ) { call in
            let certificate = try await certificates.balance(
                of: call.path("account"), on: call.query.date, viewer: door.viewer(call.context), context: call.context)
            guard call.query.format == .pdf else { return Reply(BalanceCertificateView(certificate: certificate)) }
            let (number, date) = (certificate.holder.accountNumber, certificate.date)
            return .file(try await PDFDocument.make { try CertificatePDF.bytes(certificate) }, "balance-confirmation-\(number)-\(date)")
        }
    }

    /// For whoever is shown a certificate. It says what the caller holds in hand already, and whether the bank has signed it.
    private var check: Endpoint {
        Endpoint(
            .post, "/api/certificates/verify", summary: "Check the QR code of a certificate", tag: Self.tag, access: .everyone,
            body: CertificateCheckRequest.self, reply: CertificateCheckView.self, options: EndpointOptions(isIdempotent: false)
        ) { call in
            Reply(CertificateCheckView(facts: VerificationCode.facts(of: call.body.content, key: certificates.key)))
        }
    }
}

extension Reply {
    fileprivate static func file(_ pdf: [UInt8], _ name: String) -> Reply {
        raw(pdf, contentType: "application/pdf").adding("Content-Disposition", "attachment; filename=\"\(name).pdf\"")
    }
}

enum CertificateFormat: String, Sendable, CaseIterable {
    case pdf, json
}

struct InterestCertificateQuery: QueryParameters {
    let year: Int
    let format: CertificateFormat

    init(from fields: inout Fields) {
        year = fields.integer("year", 1900...2199)
        format = fields.optionalChoice("format", CertificateFormat.self) ?? .pdf
    }
}

struct BalanceCertificateQuery: QueryParameters {
    let date: BusinessDate?
    let format: CertificateFormat

    init(from fields: inout Fields) {
        date = fields.optionalDate("date")
        format = fields.optionalChoice("format", CertificateFormat.self) ?? .pdf
    }
}

struct CertificateCheckRequest: RequestBody {
    let content: String

    init(from fields: inout Fields) {
        content = fields.text("content", 1...500)
    }
}

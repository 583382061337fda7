import HTTPEdge
import Kernel

/// The identity check for the customer, and the queue that it fills for those who review: extensions of the contract, sections 5 and 9.
public struct OwnIdentityEndpoints: Sendable {
    private static let tag = "Customer portal"
    private static let senders = Access.roles(RoleSet([.customer, .smeOwner, .corporateMaker]))

    private let check: OwnIdentityCheck
    private let queries: PartyQueries

    public init(check: OwnIdentityCheck, queries: PartyQueries) {
        self.check = check
        self.queries = queries
    }

    public var all: [Endpoint] { [standing, upload, review] }

    private var standing: Endpoint {
        Endpoint(
            .get, "/api/customer-portal/identity-check", summary: "How far one is verified, what that allows and what is missing",
            tag: Self.tag, access: .roles(.owner), reply: IdentityStandingView.self
        ) { call in
            let standing = try await check.standing(of: call.context.requireCustomer(), context: call.context)
            return Reply(IdentityStandingView(standing: standing))
        }
    }

    private var upload: Endpoint {
        Endpoint(
            .post, "/api/customer-portal/identity-check/documents", summary: "Send a document: PDF, JPEG or PNG, at most 10 MiB",
            tag: Self.tag, access: Self.senders, body: OwnDocumentForm.self, reply: OwnDocumentView.self, status: 201,
            errors: ["unsupported_file", "limit_exceeded"], options: EndpointOptions(timeLimitSeconds: 60)
        ) { call in
            let upload = DocumentUpload(
                documentType: call.body.documentType.rawValue, fileName: call.body.file.fileName, bytes: call.body.file.bytes,
                documentNumber: call.body.documentNumber, expiryDate: call.body.expiryDate)
            let sent = try await check.add(upload, of: call.context.requireCustomer(), context: call.context)
            var reply = Reply.created(
                OwnDocumentView(document: sent.document, today: nil), location: "/api/customer-portal/identity-check")
            reply.isReplay = sent.isReplay
            return reply
        }
    }

    private var review: Endpoint {
        Endpoint(
            .get, "/api/cif/pending-documents", summary: "Documents from customers that wait for review, longest first", tag: "CIF",
            access: .roles(.staff), query: PageQuery.self, reply: Page<PendingDocumentView>.self
        ) { call in
            var place = call.query.page.cursor?.reader
            let found = try await queries.uploads(
                after: try place?.identifier(), limit: call.query.page.fetchCount, context: call.context)
            return Reply(call.page(found.map { PendingDocumentView(waiting: $0) }) { Cursor().adding($0.waiting.document.id) })
        }
    }
}

struct OwnDocumentForm: FormBody {
    let file: UploadedFile
    let documentType: OwnDocumentType
    let documentNumber: String?
    let expiryDate: BusinessDate?

    init(from fields: inout Fields) {
        file = fields.file("file")
        documentType = fields.choice("documentType", OwnDocumentType.self)
        documentNumber = fields.optionalFormatted("documentNumber", .identityDocument)
        expiryDate = fields.optionalDate("expiryDate")
    }
}

struct IdentityStandingView: Representation {
    static let schemaName = "IdentityStanding"
    let standing: IdentityStanding

    static let example = IdentityStandingView(
        standing: IdentityStanding(
            party: .example, documents: [DocumentView.example.document],
            allowance: TierAllowance(
                perTransaction: Money(minorUnits: 25_000_000, currency: .kes), daily: Money(minorUnits: 100_000_000, currency: .kes),
                balance: Money(minorUnits: 50_000_000, currency: .kes)),
            missingDocuments: ["photo"], missingData: ["kraPin"], next: (2, ["kraPin"]), today: BusinessDate(epochDay: 20_602)))

    func write(to object: inout ObjectWriter) {
        let customer = standing.party.customer
        object.choice("kycStatus", customer.kycStatus)
        object.integer("kycTier", customer.kycTier)
        object.optionalDate("kycExpiryDate", standing.party.kycExpiryDate)
        object.choice("customerKind", customer.kind)
        object.boolean("maySendMoney", customer.isVerified && !customer.isBlocked)
        object.text("currency", "KES")
        object.optionalMoney("perTransactionLimit", standing.allowance.perTransaction)
        object.optionalMoney("dailyLimit", standing.allowance.daily)
        object.optionalMoney("balanceLimit", standing.allowance.balance)
        object.optionalDate("identificationExpiryDate", standing.party.profile.identification?.expiryDate)
        object.texts("missingDocuments", standing.missingDocuments)
        object.texts("missingData", standing.missingData)
        object.optionalInteger("nextTier", standing.next.map(\.tier))
        object.texts("nextTierMissing", standing.next?.missing ?? [])
        object.array("documents", standing.documents.map { OwnDocumentView(document: $0, today: standing.today) })
    }
}

/// A document as its customer sees it: without the digest and without the person who took it in.
struct OwnDocumentView: Representation {
    static let schemaName = "OwnDocument"
    static let example = OwnDocumentView(document: DocumentView.example.document, today: nil)

    enum Status: String, CaseIterable {
        case waiting, accepted, expired
    }

    let document: PartyDocumentRecord
    /// Nil for a document that has just been sent.
    let today: BusinessDate?

    private var status: Status {
        if let today, let expiry = document.expiryDate, expiry < today { return .expired }
        return document.verifiedAt == nil ? .waiting : .accepted
    }

    func write(to object: inout ObjectWriter) {
        object.identifier("documentId", document.id)
        object.text("documentType", document.documentType)
        object.text("fileName", document.fileName)
        object.text("contentType", document.contentType)
        object.integer("sizeBytes", document.sizeBytes)
        object.optionalText("documentNumber", document.numberLast4.map { "****" + $0 })
        object.optionalDate("expiryDate", document.expiryDate)
        object.timestamp("uploadedAt", document.uploadedAt)
        object.choice("status", status)
    }
}

struct PendingDocumentView: Representation {
    static let schemaName = "PendingDocument"
    static let example = PendingDocumentView(
        waiting: UploadStore.Waiting(document: DocumentView.example.document, cifNumber: "CIF000000101", name: "Jane Wanjiru"))
    let waiting: UploadStore.Waiting

    func write(to object: inout ObjectWriter) {
        object.text("cifNumber", waiting.cifNumber)
        object.text("customerName", waiting.name)
        DocumentView(document: waiting.document).write(to: &object)
    }
}

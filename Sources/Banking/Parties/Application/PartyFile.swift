import Application
import Kernel
import Postgres
import Safeguards

/// A file somebody wants kept with a party.
public struct DocumentUpload: Sendable {
    public let documentType: String
    /// Only shown. People name a scan after the number on it; the number is sealed everywhere else and must not lie beside the sealed file.
    public let fileName: String
    public let bytes: [UInt8]
    public let documentNumber: String?
    public let expiryDate: BusinessDate?

    public init(documentType: String, fileName: String, bytes: [UInt8], documentNumber: String? = nil, expiryDate: BusinessDate? = nil) {
        self.documentType = documentType
        self.fileName = LongNumbers.masked(in: fileName)
        self.bytes = bytes
        self.documentNumber = documentNumber
        self.expiryDate = expiryDate
    }

    /// - Throws: 422 `unsupported_file` for anything but PDF, JPEG and PNG, told by the content
    public func kind(field: String = "file") throws(Refusal) -> FileKind {
        guard let kind = FileKind(sniffing: bytes) else {
            throw Refusal.rule("unsupported_file", "Only PDF, JPEG and PNG files are taken", field: field)
        }
        return kind
    }
}

/// Documents and relationships of a party.
public struct PartyFile: Sendable {
    private let pool: ConnectionPool
    private let pipeline: CommandPipeline
    private let audit: any AuditSink
    private let clock: any WallClock
    private let identifiers: any IdentifierSource
    private let vault: PartyVault
    private let random: any RandomSource

    public init(
        pool: ConnectionPool, pipeline: CommandPipeline, audit: any AuditSink, clock: any WallClock, identifiers: any IdentifierSource,
        vault: PartyVault, random: any RandomSource = SystemRandom()
    ) {
        self.pool = pool
        self.pipeline = pipeline
        self.audit = audit
        self.clock = clock
        self.identifiers = identifiers
        self.vault = vault
        self.random = random
    }

    // MARK: Documents

    /// - Parameter further: what else belongs into the commit, with its records for the audit trail
    /// - Returns: the document and whether the key had stored it before
    /// - Throws: 404 `customer_not_found`; 422 `unsupported_file`; what `further` throws
    public func add(
        _ upload: DocumentUpload, to reference: String, context: RequestContext,
        further: @escaping @Sendable (PartyDocumentRecord, Transaction) throws -> [AuditRecord] = { _, _ in [] }
    ) async throws -> (document: PartyDocumentRecord, isReplay: Bool) {
        let id = identifiers.next(PartyDocument.self)
        let prepared = try prepare(upload, id: id)
        let reply = try await pipeline.run(context) { transaction in
            let customer = try PartyDirectory().require(reference, in: transaction)
            let document = try store(prepared, for: customer.id, by: context.principal?.userID, in: transaction)
            let consequences = try further(document, transaction)
            return CommandResult(
                status: 201, body: Array("\(customer.id)/\(id)".utf8),
                audit: [
                    record("parties.addDocument", customer.id, context, [("documentId", id.description), ("type", document.documentType)])
                ] + consequences)
        }
        let parts = String(decoding: reply.body, as: UTF8.self).split(separator: "/")
        guard parts.count == 2, let customer = Identifier<Customer>(parts[0]), let stored = Identifier<PartyDocument>(parts[1]),
            let document = try await pool.read({ try DocumentStore.find(stored, of: customer, in: $0) })
        else { throw Refusal.unavailable() }
        return (document, reply.isReplay)
    }

    /// A file that was checked and sealed, ready for a transaction: sealing ten megabytes must not hold a connection.
    public struct PreparedDocument: Sendable {
        let id: Identifier<PartyDocument>
        let upload: DocumentUpload
        let kind: FileKind
        let sha256: [UInt8]
        let sealed: PartyVault.SealedFile
    }

    /// - Throws: 422 `unsupported_file`
    public func prepare(_ upload: DocumentUpload, id: Identifier<PartyDocument>? = nil) throws -> PreparedDocument {
        let kind = try upload.kind()
        let id = id ?? identifiers.next()
        return PreparedDocument(
            id: id, upload: upload, kind: kind, sha256: Digests.sha256(upload.bytes),
            sealed: try vault.sealFile(upload.bytes, id: id, random: random))
    }

    @discardableResult
    public func store(
        _ prepared: PreparedDocument, for customer: Identifier<Customer>, by user: Identifier<User>?, in transaction: Transaction
    ) throws -> PartyDocumentRecord {
        let upload = prepared.upload
        let number = upload.documentNumber.map { IdentityNumber.normal($0) }
        let document = PartyDocumentRecord(
            id: prepared.id, customerID: customer, documentType: upload.documentType, fileName: upload.fileName,
            contentType: prepared.kind.contentType, sizeBytes: Int32(upload.bytes.count), sha256: prepared.sha256,
            numberLast4: number.map { String($0.suffix(4)) }, expiryDate: upload.expiryDate, uploadedAt: clock.now(), uploadedBy: user,
            verifiedAt: nil)
        try DocumentStore.insert(document, prepared.sealed, in: transaction)
        return document
    }

    public func documents(
        of reference: String, after: Identifier<PartyDocument>?, limit: Int, context: RequestContext
    ) async throws -> [PartyDocumentRecord] {
        try await pool.read(deadline: context.deadline) { transaction in
            let customer = try PartyDirectory().require(reference, in: transaction)
            return try DocumentStore.list(of: customer.id, after: after, limit: limit, in: transaction)
        }
    }

    /// The file itself. Who looked at it is in the audit trail before it leaves.
    /// - Throws: 404 `customer_not_found`, `not_found`
    public func content(
        _ id: Identifier<PartyDocument>, of reference: String, context: RequestContext
    ) async throws -> (document: PartyDocumentRecord, bytes: [UInt8]) {
        let (audit, vault) = (audit, vault)
        return try await pool.transaction(deadline: context.deadline) { transaction in
            let customer = try PartyDirectory().require(reference, in: transaction)
            guard let document = try DocumentStore.find(id, of: customer.id, in: transaction),
                let file = try DocumentStore.file(id, in: transaction)
            else { throw Refusal.notFound() }
            let bytes = try vault.openFile(file, id: id)
            try audit.append([record("parties.viewDocument", customer.id, context, [("documentId", id.description)])], in: transaction)
            return (document, bytes)
        }
    }

    // MARK: Relationships

    public func relationships(
        of reference: String, after: Identifier<PartyRelationship>?, limit: Int, context: RequestContext
    ) async throws -> [RelationshipRecord] {
        try await pool.read(deadline: context.deadline) { transaction in
            let customer = try PartyDirectory().require(reference, in: transaction)
            return try RelationshipStore.list(of: customer.id, after: after, limit: limit, in: transaction)
        }
    }

    /// - Throws: 404 `customer_not_found`; 422 `duplicate`, `not_allowed` on `relatedCifNumber`
    public func relate(
        _ reference: String, to relatedCIFNumber: String, type: RelationshipType, ownership: Rate?, context: RequestContext
    ) async throws -> (relationship: RelationshipRecord, customer: Identifier<Customer>, isReplay: Bool) {
        let (id, now) = (identifiers.next(PartyRelationship.self), clock.now())
        let reply: CommandReply
        do {
            reply = try await pipeline.run(context) { transaction in
                let customer = try PartyDirectory().require(reference, in: transaction)
                guard let related = try PartyDirectory().customer(cifNumber: relatedCIFNumber, in: transaction) else {
                    throw Refusal(
                        .notFound, "customer_not_found", "There is no such customer",
                        fields: [.init("relatedCifNumber", "customer_not_found", "There is no such customer")])
                }
                guard related.id != customer.id else {
                    throw Refusal.validation([.init("relatedCifNumber", "not_allowed", "A party cannot be related to itself")])
                }
                try RelationshipStore.insert(
                    id, from: customer.id, to: related.id, type: type, ownership: ownership, by: context.principal?.userID, at: now,
                    in: transaction)
                return CommandResult(
                    status: 201, body: Array("\(customer.id)/\(id)".utf8),
                    audit: [
                        record("parties.relate", customer.id, context, [("related", related.cifNumber), ("type", type.rawValue)])
                    ])
            }
        } catch let error as PostgresError where error.isUniqueViolation(constraint: "relationship_once") {
            throw Refusal.validation([.init("relatedCifNumber", "duplicate", "This relationship is known already")])
        }
        let parts = String(decoding: reply.body, as: UTF8.self).split(separator: "/")
        guard parts.count == 2, let customer = Identifier<Customer>(parts[0]), let stored = Identifier<PartyRelationship>(parts[1]),
            let relationship = try await pool.read({ try RelationshipStore.find(stored, of: customer, in: $0) })
        else { throw Refusal.unavailable() }
        return (relationship, customer, reply.isReplay)
    }

    /// - Throws: 404 `customer_not_found`, `not_found`
    public func unrelate(_ reference: String, _ id: Identifier<PartyRelationship>, context: RequestContext) async throws {
        _ = try await pipeline.run(context, isIdempotent: false) { transaction in
            let customer = try PartyDirectory().require(reference, in: transaction)
            guard try RelationshipStore.delete(id, of: customer.id, in: transaction) else { throw Refusal.notFound() }
            return CommandResult(
                status: 204, audit: [record("parties.unrelate", customer.id, context, [("relationshipId", id.description)])])
        }
    }

    private func record(
        _ action: String, _ customer: Identifier<Customer>, _ context: RequestContext, _ detail: [(String, String)]
    ) -> AuditRecord {
        AuditRecord(
            action: action, outcome: .success, actor: context.principal?.userID, subjectType: "customer", subjectID: customer.description,
            context: context, detail: detail)
    }
}

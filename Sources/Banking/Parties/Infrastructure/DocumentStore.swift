import Kernel
import Postgres
import Safeguards

/// A document that was uploaded, without its content.
public struct PartyDocumentRecord: Sendable, Equatable {
    public let id: Identifier<PartyDocument>
    public let customerID: Identifier<Customer>
    public let documentType: String
    public let fileName: String
    public let contentType: String
    public let sizeBytes: Int32
    public let sha256: [UInt8]
    /// The last four characters of the document's number; the number itself is not kept beside the file.
    public let numberLast4: String?
    public let expiryDate: BusinessDate?
    public let uploadedAt: Timestamp
    public let uploadedBy: Identifier<User>?
    public let verifiedAt: Timestamp?
}

enum DocumentStore {
    private static let columns = """
        id, customer_id, document_type, file_name, content_type, size_bytes, sha256, number_last4, expiry_date, uploaded_at, uploaded_by,
        verified_at
        """

    static func insert(_ document: PartyDocumentRecord, _ file: PartyVault.SealedFile, in transaction: Transaction) throws {
        _ = try transaction.execute(
            """
            INSERT INTO parties.document (\(raw: columns), key_id, wrapped_key, content)
            VALUES (\(document.id), \(document.customerID), \(document.documentType), \(document.fileName), \(document.contentType),
                \(document.sizeBytes), \(document.sha256), \(document.numberLast4), \(document.expiryDate), \(document.uploadedAt),
                \(document.uploadedBy), \(document.verifiedAt), \(file.wrappedKey.keyID), \(file.wrappedKey.bytes), \(file.content))
            """)
    }

    /// Newest first.
    static func list(
        of customer: Identifier<Customer>, after: Identifier<PartyDocument>? = nil, limit: Int = 1_000, in transaction: Transaction
    ) throws -> [PartyDocumentRecord] {
        let bound = after ?? Identifier(bits: .max)
        return try transaction.query(
            """
            SELECT \(raw: columns) FROM parties.document WHERE customer_id = \(customer) AND id < \(bound)
            ORDER BY id DESC LIMIT \(Int64(limit))
            """
        ).map(record)
    }

    static func find(
        _ id: Identifier<PartyDocument>, of customer: Identifier<Customer>, in transaction: Transaction
    ) throws -> PartyDocumentRecord? {
        try transaction.query("SELECT \(raw: columns) FROM parties.document WHERE id = \(id) AND customer_id = \(customer)").first.map(
            record)
    }

    static func file(_ id: Identifier<PartyDocument>, in transaction: Transaction) throws -> PartyVault.SealedFile? {
        try transaction.query("SELECT key_id, wrapped_key, content FROM parties.document WHERE id = \(id)").first.map {
            PartyVault.SealedFile(
                wrappedKey: DataKeys.Sealed(keyID: try $0.text(0), bytes: try $0.bytes(1)), content: try $0.bytes(2))
        }
    }

    /// Marks documents named by identifier or kind.
    static func markVerified(
        _ names: [String], of customer: Identifier<Customer>, by user: Identifier<User>?, at instant: Timestamp, in transaction: Transaction
    ) throws {
        let ids = names.compactMap { Identifier<PartyDocument>($0) }
        _ = try transaction.execute(
            """
            UPDATE parties.document SET verified_at = \(instant), verified_by = \(user)
            WHERE customer_id = \(customer) AND (id = ANY(\(ids)::uuid[]) OR document_type = ANY(\(names)::text[]))
            """)
    }

    static func move(from: Identifier<Customer>, to: Identifier<Customer>, in transaction: Transaction) throws {
        _ = try transaction.execute("UPDATE parties.document SET customer_id = \(to) WHERE customer_id = \(from)")
    }

    private static func record(_ row: Row) throws -> PartyDocumentRecord {
        PartyDocumentRecord(
            id: try row.identifier(0), customerID: try row.identifier(1), documentType: try row.text(2), fileName: try row.text(3),
            contentType: try row.text(4), sizeBytes: try row.int32(5), sha256: try row.bytes(6), numberLast4: try row.textOrNil(7),
            expiryDate: try row.dateOrNil(8), uploadedAt: try row.timestamp(9), uploadedBy: try row.identifierOrNil(10),
            verifiedAt: try row.timestampOrNil(11))
    }
}

/// How two parties belong together.
public enum RelationshipType: String, Sendable, CaseIterable {
    case spouse, parent, director, shareholder, beneficialOwner, signatory, employer, guarantor, other
}

public struct RelationshipRecord: Sendable, Equatable {
    public let id: Identifier<PartyRelationship>
    public let type: RelationshipType
    public let ownership: Rate?
    public let createdAt: Timestamp
    /// The party at the other end.
    public let otherID: Identifier<Customer>
    public let otherCIFNumber: String
    public let otherName: String
    /// True when the other party named this one.
    public let isInverse: Bool
}

enum RelationshipStore {
    static func insert(
        _ id: Identifier<PartyRelationship>, from customer: Identifier<Customer>, to related: Identifier<Customer>, type: RelationshipType,
        ownership: Rate?, by user: Identifier<User>?, at instant: Timestamp, in transaction: Transaction
    ) throws {
        _ = try transaction.execute(
            """
            INSERT INTO parties.relationship (id, customer_id, related_id, relationship_type, ownership_millionths, created_at, created_by)
            VALUES (\(id), \(customer), \(related), \(type.rawValue), \(ownership?.millionthsOfPercent), \(instant), \(user))
            """)
    }

    /// Newest first, from either side.
    static func list(
        of customer: Identifier<Customer>, after: Identifier<PartyRelationship>? = nil, limit: Int = 1_000, in transaction: Transaction
    ) throws -> [RelationshipRecord] {
        let bound = after ?? Identifier(bits: .max)
        return try records(of: customer, "r.id < \(bound) ORDER BY r.id DESC LIMIT \(Int64(limit))", in: transaction)
    }

    static func find(
        _ id: Identifier<PartyRelationship>, of customer: Identifier<Customer>, in transaction: Transaction
    ) throws -> RelationshipRecord? {
        try records(of: customer, "r.id = \(id)", in: transaction).first
    }

    private static func records(
        of customer: Identifier<Customer>, _ condition: SQL, in transaction: Transaction
    ) throws -> [RelationshipRecord] {
        try transaction.query(
            """
            SELECT r.id, r.relationship_type, r.ownership_millionths, r.created_at, c.id, c.cif_number, c.full_name,
                r.related_id = \(customer)
            FROM parties.relationship r
            JOIN parties.customer c ON c.id = CASE WHEN r.customer_id = \(customer) THEN r.related_id ELSE r.customer_id END
            WHERE (r.customer_id = \(customer) OR r.related_id = \(customer)) AND \(condition)
            """
        ).map {
            RelationshipRecord(
                id: try $0.identifier(0), type: RelationshipType(rawValue: try $0.text(1)) ?? .other,
                ownership: try $0.int64OrNil(2).map { Rate(millionthsOfPercent: $0) }, createdAt: try $0.timestamp(3),
                otherID: try $0.identifier(4), otherCIFNumber: try $0.text(5), otherName: try $0.text(6), isInverse: try $0.bool(7))
        }
    }

    static func delete(
        _ id: Identifier<PartyRelationship>, of customer: Identifier<Customer>, in transaction: Transaction
    ) throws -> Bool {
        try transaction.execute(
            "DELETE FROM parties.relationship WHERE id = \(id) AND (customer_id = \(customer) OR related_id = \(customer))")
            > 0
    }

    /// What both had already stays once; a relationship between the two makes no sense any more.
    static func move(from: Identifier<Customer>, to: Identifier<Customer>, in transaction: Transaction) throws {
        _ = try transaction.execute(
            """
            DELETE FROM parties.relationship r
            WHERE (r.customer_id = \(from) AND (r.related_id = \(to) OR EXISTS (SELECT 1 FROM parties.relationship o
                    WHERE o.customer_id = \(to) AND o.related_id = r.related_id AND o.relationship_type = r.relationship_type)))
                OR (r.related_id = \(from) AND (r.customer_id = \(to) OR EXISTS (SELECT 1 FROM parties.relationship o
                    WHERE o.related_id = \(to) AND o.customer_id = r.customer_id AND o.relationship_type = r.relationship_type)))
            """)
        _ = try transaction.execute("UPDATE parties.relationship SET customer_id = \(to) WHERE customer_id = \(from)")
        _ = try transaction.execute("UPDATE parties.relationship SET related_id = \(to) WHERE related_id = \(from)")
    }
}

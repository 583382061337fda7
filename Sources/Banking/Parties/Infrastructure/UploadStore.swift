import Kernel
import Postgres

/// Which documents customers have sent themselves: until somebody has verified them, they are the queue of those who review.
enum UploadStore {
    static let migration = Migration(
        name: "parties/005_uploads",
        sql: """
            CREATE TABLE parties.upload (
                document_id uuid PRIMARY KEY REFERENCES parties.document (id)
            );
            CREATE INDEX document_unverified ON parties.document (id) WHERE verified_at IS NULL;
            GRANT SELECT, INSERT ON parties.upload TO wekeza_app;
            """)

    struct Waiting: Sendable {
        let document: PartyDocumentRecord
        let cifNumber: String
        let name: String
    }

    static func insert(_ document: Identifier<PartyDocument>, in transaction: Transaction) throws {
        _ = try transaction.execute("INSERT INTO parties.upload (document_id) VALUES (\(document))")
    }

    /// How many documents of a customer wait to be verified.
    static func waitingCount(of customer: Identifier<Customer>, in transaction: Transaction) throws -> Int64 {
        try transaction.query(
            """
            SELECT count(*) FROM parties.upload u JOIN parties.document d ON d.id = u.document_id
            WHERE d.customer_id = \(customer) AND d.verified_at IS NULL
            """
        ).first?.int64(0) ?? 0
    }

    static func waiting(after: Identifier<PartyDocument>?, limit: Int, in transaction: Transaction) throws -> [Waiting] {
        let bound = after ?? Identifier(bits: 0)
        let rows = try transaction.query(
            """
            SELECT d.id, d.customer_id, c.cif_number, c.full_name FROM parties.upload u
            JOIN parties.document d ON d.id = u.document_id JOIN parties.customer c ON c.id = d.customer_id
            WHERE d.verified_at IS NULL AND c.status <> 'closed' AND d.id > \(bound) ORDER BY d.id LIMIT \(Int64(limit))
            """)
        var found: [Waiting] = []
        for row in rows {
            let (id, customer) = (try row.identifier(0, as: PartyDocument.self), try row.identifier(1, as: Customer.self))
            guard let document = try DocumentStore.find(id, of: customer, in: transaction) else { continue }
            found.append(Waiting(document: document, cifNumber: try row.text(2), name: try row.text(3)))
        }
        return found
    }
}

import Kernel
import Postgres

/// Who is who, for other rooms. Called inside the caller's transaction, so that a decision and what it rests on are one.
public struct PartyDirectory: Sendable {
    public init() {}

    /// How many customers there are, organisations included.
    public func count(in transaction: Transaction) throws -> Int64 {
        try transaction.query("SELECT count(*) FROM parties.customer WHERE status <> 'closed'").first?.int64(0) ?? 0
    }

    /// The customers that exist, by identifier.
    public func customers(
        _ ids: some Sequence<Identifier<Customer>>, in transaction: Transaction
    ) throws -> [Identifier<Customer>: CustomerRecord] {
        let wanted = Array(Set(ids))
        guard !wanted.isEmpty else { return [:] }
        let rows = try transaction.query(CustomerStore.select("id = ANY(\(wanted)::uuid[])"))
        return Dictionary(try rows.map { try CustomerStore.record($0) }.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    public func customer(_ id: Identifier<Customer>, in transaction: Transaction) throws -> CustomerRecord? {
        try transaction.query(CustomerStore.select("id = \(id)")).first.map { try CustomerStore.record($0) }
    }

    public func customer(cifNumber: String, in transaction: Transaction) throws -> CustomerRecord? {
        guard CIFNumber.isWellFormed(cifNumber) else { return nil }
        return try transaction.query(CustomerStore.select("cif_number = \(cifNumber)")).first.map { try CustomerStore.record($0) }
    }

    /// Finds by identifier or CIF number, as `{cif}` in a path.
    /// - Throws: 404 `customer_not_found`
    public func require(_ reference: String, in transaction: Transaction) throws -> CustomerRecord {
        let found: CustomerRecord?
        if let id = Identifier<Customer>(reference) {
            found = try customer(id, in: transaction)
        } else {
            found = try customer(cifNumber: reference, in: transaction)
        }
        guard let found else { throw Refusal.notFound("customer_not_found", "There is no such customer") }
        return found
    }

    /// Keeps a customer's standing as it is until the end of the transaction.
    public func lock(_ id: Identifier<Customer>, in transaction: Transaction) throws -> CustomerRecord? {
        try transaction.query(CustomerStore.select("id = \(id)") + " FOR SHARE").first.map { try CustomerStore.record($0) }
    }

    /// What other rooms decide by, such as whether a product is for this customer.
    public func facts(of id: Identifier<Customer>, in transaction: Transaction) throws -> CustomerFacts? {
        try transaction.query(
            """
            SELECT kind, status, kyc_tier, kyc_status, segment, birth_date, nationality, country, risk_rating, is_pep, preferred_language
            FROM parties.customer WHERE id = \(id)
            """
        ).first.map { row in
            let tier = try row.int16(2)
            return CustomerFacts(
                id: id, kind: CustomerKind(rawValue: try row.text(0)) ?? .individual,
                status: CustomerStatus(rawValue: try row.text(1)) ?? .blocked,
                kycTier: tier, isVerified: try row.text(3) == KYCStatus.verified.rawValue && tier > 0,
                segment: CustomerSegment(rawValue: try row.text(4)) ?? .retail, birthDate: try row.dateOrNil(5),
                nationality: try row.textOrNil(6), residenceCountry: try row.textOrNil(7),
                riskRating: RiskRating(rawValue: try row.text(8)) ?? .high, isPEP: try row.bool(9),
                language: Language(rawValue: try row.text(10)) ?? .en)
        }
    }
}

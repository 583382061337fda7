import Kernel
import Postgres

/// How customers are reached, for the rooms that write to them or let them change it. Called inside the caller's transaction.
public struct PartyContacts: Sendable {
    public init() {}

    /// - Parameter locking: true keeps the record as it is until the transaction ends
    public func details(
        of customer: Identifier<Customer>, locking: Bool = false, in transaction: Transaction
    ) throws -> ContactDetails? {
        let sql: SQL = """
            SELECT \(raw: CustomerStore.columns), preferred_language, address_line1, address_line2, city, county, country, postal_code
            FROM parties.customer WHERE id = \(customer)
            """
        return try transaction.query(locking ? sql + " FOR NO KEY UPDATE" : sql).first.map(Self.details)
    }

    /// The languages of customers.
    public func languages(
        of customers: [Identifier<Customer>], in transaction: Transaction
    ) throws -> [Identifier<Customer>: Language] {
        let rows = try transaction.query("SELECT id, preferred_language FROM parties.customer WHERE id = ANY(\(customers)::uuid[])")
        return Dictionary(
            try rows.map { (try $0.identifier(0, as: Customer.self), Language(rawValue: try $0.text(1)) ?? .en) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Changes a record that the caller has locked with `details(of:locking:in:)`.
    public func apply(
        _ change: ContactChange, to present: ContactDetails, by principal: Principal?, at instant: Timestamp, in transaction: Transaction
    ) throws -> ContactDetails {
        let address = change.address ?? present.address
        let language = change.preferredLanguage ?? present.preferredLanguage
        let rows = try transaction.query(
            """
            UPDATE parties.customer SET email = \(change.email ?? present.customer.email), phone = \(change.phone ?? present.customer.phone),
                preferred_language = \(language.rawValue), address_line1 = \(address?.addressLine1), address_line2 = \(address?.addressLine2),
                city = \(address?.city), county = \(address?.county), country = \(address?.country), postal_code = \(address?.postalCode),
                version = version + 1
            WHERE id = \(present.customer.id)
            RETURNING \(raw: CustomerStore.columns), preferred_language, address_line1, address_line2, city, county, country, postal_code
            """)
        guard let changed = try rows.first.map(Self.details) else { throw Refusal.unavailable() }
        try PartyHistory.append(
            [present.customer.id], action: "contact changed", fields: change.fields, by: principal, at: instant, in: transaction)
        return changed
    }

    private static func details(_ row: Row) throws -> ContactDetails {
        var address: PostalAddress?
        if let line = try row.textOrNil(16) {
            address = PostalAddress(
                addressLine1: line, addressLine2: try row.textOrNil(17), city: try row.text(18), county: try row.textOrNil(19),
                country: try row.text(20), postalCode: try row.textOrNil(21))
        }
        return ContactDetails(
            customer: try CustomerStore.record(row), address: address, preferredLanguage: Language(rawValue: try row.text(15)) ?? .en)
    }
}

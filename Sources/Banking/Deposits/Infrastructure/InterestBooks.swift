import Kernel
import Postgres

/// What stands on interest payable, and what was paid out of it.
enum InterestBooks {
    struct Payment: Sendable {
        let account: Identifier<Account>
        let customer: Identifier<Customer>
        let deposit: Identifier<DepositContract>?
        let productCode: String
        let currency: Currency
        let gross: Int64
        let tax: Int64
    }

    /// Written in the commit that pays. Payments without interest are left out.
    static func record(_ payments: [Payment], on date: BusinessDate, identifiers: any IdentifierSource) -> [SQL] {
        let paid = payments.filter { $0.gross > 0 }
        guard !paid.isEmpty else { return [] }
        return [
            """
            INSERT INTO deposits.interest_payment (id, account_id, customer_id, deposit_id, product_code, currency, business_date, gross, tax)
            SELECT i, a, c, d, p, k, \(date), g, t
            FROM unnest(\(paid.map { _ in identifiers.nextBits() })::uuid[], \(paid.map(\.account))::uuid[],
                \(paid.map(\.customer))::uuid[], \(paid.map(\.deposit))::uuid[], \(paid.map(\.productCode))::text[],
                \(paid.map(\.currency))::text[], \(paid.map(\.gross))::bigint[], \(paid.map(\.tax))::bigint[])
                AS u (i, a, c, d, p, k, g, t)
            """,
            """
            INSERT INTO deposits.liability_movement (product_code, currency, amount)
            SELECT p, k, -sum(g) FROM unnest(\(paid.map(\.productCode))::text[], \(paid.map(\.currency))::text[],
                \(paid.map(\.gross))::bigint[]) AS u (p, k, g) GROUP BY p, k
            """,
        ]
    }

    static func move(_ amount: Int64, product: String, currency: Currency) -> SQL {
        "INSERT INTO deposits.liability_movement (product_code, currency, amount) VALUES (\(product), \(currency)::char(3), \(amount))"
    }

    struct ProductCurrency: Hashable, Sendable, Comparable {
        let product: String
        let currency: Currency

        static func < (left: ProductCurrency, right: ProductCurrency) -> Bool {
            (left.product, left.currency.code) < (right.product, right.currency.code)
        }
    }

    /// What stands on interest payable for each product and currency.
    static func liabilities(in transaction: Transaction) throws -> [ProductCurrency: Int64] {
        let rows = try transaction.query(
            "SELECT product_code, currency, sum(amount)::bigint FROM deposits.liability_movement GROUP BY product_code, currency")
        return Dictionary(
            try rows.map { (ProductCurrency(product: try $0.text(0), currency: try $0.currency(1)), try $0.int64(2)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// Folds the movements into one row for each product and currency, in one statement.
    static let fold: SQL = """
        WITH moved AS (DELETE FROM deposits.liability_movement RETURNING product_code, currency, amount)
        INSERT INTO deposits.liability_movement (product_code, currency, amount)
        SELECT product_code, currency, sum(amount) FROM moved GROUP BY product_code, currency
        """

    // MARK: Tax

    /// Those of some customers who are exempt from withholding tax on a day.
    static func exempt(
        among customers: [Identifier<Customer>], on date: BusinessDate, in transaction: Transaction
    ) throws -> Set<Identifier<Customer>> {
        Set(
            try transaction.query(
                """
                SELECT customer_id FROM deposits.tax_exemption WHERE customer_id = ANY(\(customers)::uuid[])
                    AND valid_from <= \(date) AND (valid_to IS NULL OR valid_to >= \(date))
                """
            ).map { try $0.identifier(0) })
    }
}

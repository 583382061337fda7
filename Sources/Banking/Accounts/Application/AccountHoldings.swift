import Kernel
import Postgres

/// Who holds which accounts, for other rooms. Called inside the caller's transaction.
public struct AccountHoldings: Sendable {
    public init() {}

    /// The holders of accounts, the primary one first; an account that does not exist is left out.
    public func holdings(
        of accounts: [Identifier<Account>], in transaction: Transaction
    ) throws -> [Identifier<Account>: [Holding]] {
        let rows = try transaction.query(
            """
            SELECT account_id, customer_id, relationship, ownership_basis_points, is_primary, can_view, can_transact
            FROM accounts.holder WHERE account_id = ANY(\(accounts)::uuid[]) ORDER BY account_id, is_primary DESC, customer_id
            """)
        var found: [Identifier<Account>: [Holding]] = [:]
        for row in rows {
            found[try row.identifier(0), default: []].append(
                Holding(
                    customer: try row.identifier(1), relationship: try row.text(2), basisPoints: try row.int32(3),
                    isPrimary: try row.bool(4), canView: try row.bool(5), canTransact: try row.bool(6)))
        }
        return found
    }
}

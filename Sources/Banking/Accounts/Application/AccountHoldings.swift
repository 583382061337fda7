import Kernel
import Postgres

/// An account in a run over many, as it is called today.
public struct OpenAccount: Sendable, Equatable {
    public let id: Identifier<Account>
    public let currency: Currency
    public let name: String
    public let branchCode: String
}

/// Who holds which accounts, for other rooms. Called inside the caller's transaction.
public struct AccountHoldings: Sendable {
    public init() {}

    /// A page of the accounts that were open on a day of a period, in the order of their identifiers: for runs over all of them.
    /// - Parameters:
    ///   - place: the last account of the page before
    ///   - end: the last account of the range; nil is the last of all
    public func accounts(
        openBetween from: BusinessDate, and to: BusinessDate, after place: Identifier<Account>?, through end: Identifier<Account>?,
        limit: Int, in transaction: Transaction
    ) throws -> [OpenAccount] {
        try transaction.query(
            """
            SELECT id, currency, name, branch_code FROM accounts.account
            WHERE opened_date <= \(to) AND (closed_date IS NULL OR closed_date >= \(from))
                AND (\(place)::uuid IS NULL OR id > \(place)) AND (\(end)::uuid IS NULL OR id <= \(end))
                AND status NOT IN ('pendingApproval', 'rejected')
            ORDER BY id LIMIT \(Int64(limit))
            """
        ).map {
            OpenAccount(id: try $0.identifier(0), currency: try $0.currency(1), name: try $0.text(2), branchCode: try $0.text(3))
        }
    }

    /// Every so many accounts one, in the order of their identifiers: where a run over all of them is divided into parts.
    public func bounds(every count: Int, in transaction: Transaction) throws -> [Identifier<Account>] {
        try transaction.query(
            """
            SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM accounts.account) AS numbered
            WHERE n % \(Int64(count)) = 0 ORDER BY id
            """
        ).map { try $0.identifier(0) }
    }

    /// The numbers of accounts.
    public func numbers(
        of accounts: [Identifier<Account>], in transaction: Transaction
    ) throws -> [Identifier<Account>: String] {
        let rows = try transaction.query("SELECT id, account_number FROM accounts.account WHERE id = ANY(\(accounts)::uuid[])")
        return Dictionary(
            try rows.map { (try $0.identifier(0, as: Account.self), try $0.text(1)) }, uniquingKeysWith: { first, _ in first })
    }

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

    /// Whether a customer still holds an account that is not closed.
    public func hasOpenAccounts(_ customer: Identifier<Customer>, in transaction: Transaction) throws -> Bool {
        try transaction.query(
            """
            SELECT 1 FROM accounts.holder h JOIN accounts.account a ON a.id = h.account_id
            WHERE h.customer_id = \(customer) AND a.status NOT IN ('closed', 'rejected') LIMIT 1
            """
        ).first != nil
    }
}

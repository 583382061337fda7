import Kernel
import Ledger
import Parties
import Postgres

/// Searches over the accounts.
enum AccountSearch {
    /// What a filter means for an account `a`; nil when nothing can match.
    static func condition(_ filter: AccountFilter, in transaction: Transaction) throws -> SQL? {
        var condition: SQL = "true"
        if let cifNumber = filter.cifNumber {
            guard let customer = try PartyDirectory().customer(cifNumber: cifNumber, in: transaction) else { return nil }
            condition.append(" AND a.id IN (SELECT h.account_id FROM accounts.holder h WHERE h.customer_id = \(customer.id))")
        }
        if let status = filter.status { condition.append(" AND a.status = \(status.name)") }
        if let productCode = filter.productCode { condition.append(" AND a.product_code = \(productCode)") }
        if let branchCode = filter.branchCode { condition.append(" AND a.branch_code = \(branchCode)") }
        if let currency = filter.currency { condition.append(" AND a.currency = \(currency)::char(3)") }
        if let text = filter.text { condition.append(try matching(text, in: transaction)) }
        return condition
    }

    private static func matching(_ text: String, in transaction: Transaction) throws -> SQL {
        if text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            return " AND a.account_number LIKE \(text + "%")"
        }
        if let customer = try PartyDirectory().customer(cifNumber: text.uppercased(), in: transaction) {
            return " AND a.id IN (SELECT h.account_id FROM accounts.holder h WHERE h.customer_id = \(customer.id))"
        }
        return " AND strpos(lower(a.name), lower(\(text))) > 0"
    }

    static func page(
        _ condition: SQL, limit: Int, before place: Identifier<Account>?, in transaction: Transaction
    ) throws -> [AccountRecord] {
        var statement: SQL = "SELECT \(raw: AccountStore.columns) FROM accounts.account a WHERE \(condition)"
        if let place { statement.append(" AND a.id < \(place)") }
        statement.append(" ORDER BY a.id DESC LIMIT \(Int64(limit))")
        return try transaction.query(statement).map { try AccountStore.record($0) }
    }

    /// Accounts that a customer may look at.
    static func accounts(of customer: Identifier<Customer>, in transaction: Transaction) throws -> [Identifier<Account>] {
        try transaction.query("SELECT account_id FROM accounts.holder WHERE customer_id = \(customer) AND can_view ORDER BY account_id")
            .map { try $0.identifier(0) }
    }

    static func signatories(of account: Identifier<Account>, in transaction: Transaction) throws -> [Signatory] {
        let rows = try transaction.query(
            "SELECT customer_id, role, can_initiate, can_approve FROM accounts.signatory WHERE account_id = \(account) ORDER BY customer_id"
        )
        let people = try PartyDirectory().customers(rows.map { try $0.identifier(0) }, in: transaction)
        return try rows.compactMap { row in
            guard let person = people[try row.identifier(0)] else { return nil }
            return Signatory(
                customer: person.id, cifNumber: person.cifNumber, name: person.fullName, role: try row.text(1),
                canInitiate: try row.bool(2), canApprove: try row.bool(3))
        }
    }
}

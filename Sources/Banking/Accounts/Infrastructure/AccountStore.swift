import Kernel
import Ledger
import Postgres
import Products

enum AccountStore {
    static let identityColumns = """
        a.id, a.account_number, a.currency, a.account_type, a.product_code, a.branch_code, a.customer_id, a.limit_holder, \
        a.operating_rule, a.name
        """
    static let columns = identityColumns + ", a.alias, a.opened_date, a.closed_date, a.workflow_id, a.opened_by, a.version"

    static func identity(_ row: Row) throws -> AccountIdentity {
        guard let type = AccountType(rawValue: try row.text(3)), let rule = OperatingRule(rawValue: try row.text(8)) else {
            throw PostgresError(kind: .misuse, message: "an account has a type or rule that this program does not know")
        }
        return AccountIdentity(
            id: try row.identifier(0), number: try row.text(1), currency: try row.currency(2), accountType: type,
            productCode: try row.text(4), branchCode: try row.text(5), customerID: try row.identifier(6),
            limitHolder: try row.identifier(7), operatingRule: rule, name: try row.text(9))
    }

    static func record(_ row: Row) throws -> AccountRecord {
        AccountRecord(
            identity: try identity(row), alias: try row.textOrNil(10), openedDate: try row.date(11), closedDate: try row.dateOrNil(12),
            workflowID: try row.uuidOrNil(13), openedBy: try row.identifierOrNil(14), version: try row.int64(15))
    }

    static func record(_ id: Identifier<Account>, in transaction: Transaction) throws -> AccountRecord? {
        try transaction.query("SELECT \(raw: columns) FROM accounts.account a WHERE a.id = \(id)").first.map { try record($0) }
    }

    /// Identities by identifier and by number, in one statement that uses an index for each.
    static func identities(
        ids: [Identifier<Account>], numbers: [String], in transaction: Transaction
    ) throws -> [AccountIdentity] {
        try transaction.query(
            """
            SELECT \(raw: identityColumns) FROM accounts.account a WHERE a.id = ANY(\(ids)::uuid[])
            UNION ALL
            SELECT \(raw: identityColumns) FROM accounts.account a WHERE a.account_number = ANY(\(numbers)::text[])
            """
        ).map { try identity($0) }
    }

    // MARK: Writing

    struct NewRow: Sendable {
        let record: AccountRecord
        let status: AccountStatus
        let productVersion: Int32
        let purpose: String?
        let sourceOfFunds: String?
        let boardResolution: UInt128?
        let holdings: [Holding]
        let signatories: [Signatory]
        let createdAt: Timestamp
    }

    /// The statements that store an account with its holders and signatories.
    static func insert(_ new: NewRow) -> [SQL] {
        let record = new.record
        let identity = record.identity
        var statements: [SQL] = [
            """
            INSERT INTO accounts.account (id, account_number, name, product_code, product_version, account_type, currency, branch_code,
                customer_id, limit_holder, status, operating_rule, alias, purpose, source_of_funds, board_resolution_document_id,
                opened_date, workflow_id, opened_by, created_at, version, activity_check_date)
            VALUES (\(identity.id), \(identity.number), \(identity.name), \(identity.productCode), \(new.productVersion),
                \(identity.accountType.rawValue), \(identity.currency)::char(3), \(identity.branchCode), \(identity.customerID),
                \(identity.limitHolder), \(new.status.name), \(identity.operatingRule.rawValue), \(record.alias), \(new.purpose),
                \(new.sourceOfFunds), \(new.boardResolution), \(record.openedDate), \(record.workflowID), \(record.openedBy),
                \(new.createdAt), \(record.version), \(record.openedDate.adding(days: 365)))
            """,
            """
            INSERT INTO accounts.holder (account_id, customer_id, relationship, ownership_basis_points, is_primary, can_view, can_transact)
            SELECT \(identity.id), c, r, b, p, v, t
            FROM unnest(\(new.holdings.map(\.customer))::uuid[], \(new.holdings.map(\.relationship))::text[],
                \(new.holdings.map(\.basisPoints))::integer[], \(new.holdings.map(\.isPrimary))::boolean[],
                \(new.holdings.map(\.canView))::boolean[], \(new.holdings.map(\.canTransact))::boolean[]) AS u (c, r, b, p, v, t)
            """,
        ]
        if !new.signatories.isEmpty {
            statements.append(
                """
                INSERT INTO accounts.signatory (account_id, customer_id, role, can_initiate, can_approve)
                SELECT \(identity.id), c, r, i, a
                FROM unnest(\(new.signatories.map(\.customer))::uuid[], \(new.signatories.map(\.role))::text[],
                    \(new.signatories.map(\.canInitiate))::boolean[], \(new.signatories.map(\.canApprove))::boolean[]) AS u (c, r, i, a)
                """)
        }
        return statements
    }

    /// The account that keeps the customer's outgoing sum: the one that is there, else this one. Whoever opens the customer's first two
    /// accounts at once waits here for the other.
    static func limitHolder(
        of customer: Identifier<Customer>, orElse account: Identifier<Account>, in transaction: Transaction
    ) throws -> Identifier<Account> {
        _ = try transaction.execute(
            """
            INSERT INTO accounts.limit_holder (customer_id, account_id) VALUES (\(customer), \(account))
            ON CONFLICT (customer_id) DO NOTHING
            """)
        let row = try transaction.query("SELECT account_id FROM accounts.limit_holder WHERE customer_id = \(customer)").first
        guard let row else { throw Refusal.unavailable() }
        return try row.identifier(0)
    }

    /// Nil before the customer's first account.
    static func knownLimitHolder(of customer: Identifier<Customer>, in transaction: Transaction) throws -> Identifier<Account>? {
        try transaction.query("SELECT account_id FROM accounts.limit_holder WHERE customer_id = \(customer)").first?.identifier(0)
    }

    // MARK: Holders

    struct Rights: Sendable {
        let canView: Bool
        let canTransact: Bool
    }

    /// What a customer may do with an account he is not the primary holder of; nil when he has no part in it.
    static func rights(
        of customer: Identifier<Customer>, on account: Identifier<Account>, in transaction: Transaction
    ) throws -> Rights? {
        try transaction.query(
            "SELECT can_view, can_transact FROM accounts.holder WHERE account_id = \(account) AND customer_id = \(customer)"
        ).first.map { Rights(canView: try $0.bool(0), canTransact: try $0.bool(1)) }
    }

    static func holders(of account: Identifier<Account>, in transaction: Transaction) throws -> [Holding] {
        try transaction.query(
            """
            SELECT customer_id, relationship, ownership_basis_points, is_primary, can_view, can_transact FROM accounts.holder
            WHERE account_id = \(account) ORDER BY is_primary DESC, customer_id
            """
        ).map {
            Holding(
                customer: try $0.identifier(0), relationship: try $0.text(1), basisPoints: try $0.int32(2), isPrimary: try $0.bool(3),
                canView: try $0.bool(4), canTransact: try $0.bool(5))
        }
    }
}

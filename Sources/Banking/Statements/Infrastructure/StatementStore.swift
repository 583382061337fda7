import Accounts
import Kernel
import Ledger
import Postgres

/// The SQL of statements that were made.
enum StatementStore {
    /// - Returns: how many were new
    static func insert(
        _ periods: [AccountPeriod], _ accounts: [OpenAccount], _ month: StatementMonth, at now: Timestamp, in transaction: Transaction
    ) throws -> Int {
        let known = Dictionary(accounts.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        return try transaction.execute(
            """
            INSERT INTO statements.statement (account_id, from_date, to_date, currency, opening_balance, closing_balance, total_credits,
                total_debits, entry_count, account_name, branch_code, created_at)
            SELECT a, \(month.from), \(month.to), c, o, b, k, d, n, name, branch, \(now)
            FROM unnest(\(periods.map(\.account))::uuid[], \(periods.map { known[$0.account]?.currency.code ?? "" })::text[],
                \(periods.map(\.openingBalance))::bigint[], \(periods.map(\.closingBalance))::bigint[],
                \(periods.map(\.totalCredits))::bigint[], \(periods.map(\.totalDebits))::bigint[],
                \(periods.map { $0.creditCount + $0.debitCount })::bigint[], \(periods.map { known[$0.account]?.name ?? "" })::text[],
                \(periods.map { known[$0.account]?.branchCode ?? "" })::text[]) AS u (a, c, o, b, k, d, n, name, branch)
            ON CONFLICT ON CONSTRAINT statement_pkey DO NOTHING
            """)
    }

    static func isCompleted(_ month: StatementMonth, in transaction: Transaction) throws -> Bool {
        try !transaction.query("SELECT FROM statements.month WHERE from_date = \(month.from)").isEmpty
    }

    static func complete(_ month: StatementMonth, at now: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute(
            "INSERT INTO statements.month (from_date, completed_at) VALUES (\(month.from), \(now)) ON CONFLICT DO NOTHING")
    }

    static func list(
        of account: Identifier<Account>, before: BusinessDate?, limit: Int, in transaction: Transaction
    ) throws -> [StoredStatement] {
        try select(
            "account_id = \(account) AND (\(before)::date IS NULL OR to_date < \(before)) ORDER BY to_date DESC LIMIT \(Int64(limit))",
            in: transaction)
    }

    static func find(account: Identifier<Account>, closing date: BusinessDate, in transaction: Transaction) throws -> StoredStatement? {
        try select("account_id = \(account) AND to_date = \(date)", in: transaction).first
    }

    private static func select(_ condition: SQL, in transaction: Transaction) throws -> [StoredStatement] {
        try transaction.query(
            """
            SELECT account_id, from_date, to_date, currency, opening_balance, closing_balance, entry_count, created_at, account_name,
                branch_code
            FROM statements.statement WHERE \(condition)
            """
        ).map { row in
            let currency = try row.currency(3)
            let to = try row.date(2)
            return StoredStatement(
                account: try row.identifier(0), fromDate: try row.date(1), toDate: to, number: StatementNumber.text(closing: to),
                openingBalance: Money(minorUnits: try row.int64(4), currency: currency),
                closingBalance: Money(minorUnits: try row.int64(5), currency: currency), entryCount: try row.int64(6),
                createdAt: try row.timestamp(7), accountName: try row.text(8), branchCode: try row.text(9))
        }
    }
}

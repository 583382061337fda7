import Kernel
import Ledger
import Postgres

/// The SQL of statements that were made.
enum StatementStore {
    static func insert(
        _ periods: [AccountPeriod], _ currencies: [Identifier<Account>: Currency], from: BusinessDate, to: BusinessDate,
        at now: Timestamp, in transaction: Transaction
    ) throws -> Int {
        try transaction.execute(
            """
            INSERT INTO statements.statement (account_id, from_date, to_date, currency, opening_balance, closing_balance, total_credits,
                total_debits, entry_count, created_at)
            SELECT a, \(from), \(to), c, o, b, k, d, n, \(now)
            FROM unnest(\(periods.map(\.account))::uuid[], \(periods.map { currencies[$0.account]?.code ?? "" })::text[],
                \(periods.map(\.openingBalance))::bigint[], \(periods.map(\.closingBalance))::bigint[],
                \(periods.map(\.totalCredits))::bigint[], \(periods.map(\.totalDebits))::bigint[],
                \(periods.map { $0.creditCount + $0.debitCount })::bigint[]) AS u (a, c, o, b, k, d, n)
            ON CONFLICT ON CONSTRAINT statement_pkey DO NOTHING
            """)
    }

    static func list(
        of account: Identifier<Account>, before: BusinessDate?, limit: Int, in transaction: Transaction
    ) throws -> [StoredStatement] {
        try transaction.query(
            """
            SELECT account_id, from_date, to_date, currency, opening_balance, closing_balance, entry_count, created_at
            FROM statements.statement WHERE account_id = \(account) AND (\(before)::date IS NULL OR to_date < \(before))
            ORDER BY to_date DESC LIMIT \(Int64(limit))
            """
        ).map { row in
            let currency = try row.currency(3)
            let to = try row.date(2)
            return StoredStatement(
                account: try row.identifier(0), fromDate: try row.date(1), toDate: to, number: StatementNumber.text(closing: to),
                openingBalance: Money(minorUnits: try row.int64(4), currency: currency),
                closingBalance: Money(minorUnits: try row.int64(5), currency: currency), entryCount: try row.int64(6),
                createdAt: try row.timestamp(7))
        }
    }
}

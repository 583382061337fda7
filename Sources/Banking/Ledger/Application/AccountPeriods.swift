import Kernel
import Postgres

/// What an account did between two business dates, in minor units.
public struct AccountPeriod: Sendable, Equatable {
    public let account: Identifier<Account>
    public let openingBalance: Int64
    public let closingBalance: Int64
    public let totalCredits: Int64
    public let totalDebits: Int64
    public let creditCount: Int64
    public let debitCount: Int64
    /// Where the period's entries are in the journal: from the first up to, not including, the second.
    public let start: Identifier<Journal>
    public let end: Identifier<Journal>

    /// Opening and movements make the closing balance: what every statement says, and what is checked before it does.
    public var addsUp: Bool {
        Int128(openingBalance) + Int128(totalCredits) - Int128(totalDebits) == Int128(closingBalance)
    }
}

extension LedgerReader {
    /// The figures of a period, one for each account. Run in a snapshot together with `entries(of:after:limit:in:)`, so that figures
    /// and entries are of one moment while the last day is still open.
    public func periods(
        of accounts: [Identifier<Account>], from: BusinessDate, to: BusinessDate, in transaction: Transaction
    ) throws -> [AccountPeriod] {
        let never = Identifier<Journal>(bits: UInt128.max)
        let start = try BusinessDays.start(of: from, in: transaction).map { Identifier<Journal>(bits: $0) } ?? never
        let end = try BusinessDays.end(of: to, in: transaction).map { Identifier<Journal>(bits: $0) } ?? never
        return try transaction.query(
            """
            SELECT a.id, coalesce(ledger.balance_before(a.id, \(start)), 0), coalesce(ledger.balance_before(a.id, \(end)), 0), coalesce(m.credits, 0)::numeric,
                coalesce(m.debits, 0)::numeric, m.credit_count, m.debit_count
            FROM unnest(\(accounts)::uuid[]) AS a (id)
            LEFT JOIN LATERAL (
                SELECT sum(amount) FILTER (WHERE amount > 0) AS credits, -sum(amount) FILTER (WHERE amount < 0) AS debits,
                    count(*) FILTER (WHERE amount > 0) AS credit_count, count(*) FILTER (WHERE amount < 0) AS debit_count
                FROM ledger.entry e JOIN ledger.journal j ON j.id = e.journal_id \(raw: EntryRows.lines)
                WHERE e.account_id = a.id AND p.account_id = a.id AND e.journal_id >= \(start) AND e.journal_id < \(end)) AS m ON true
            ORDER BY a.id
            """
        ).map { row in
            AccountPeriod(
                account: try row.identifier(0), openingBalance: try row.int64(1), closingBalance: try row.int64(2),
                totalCredits: Int64(clamping: try row.int128(3)), totalDebits: Int64(clamping: try row.int128(4)),
                creditCount: try row.int64(5), debitCount: try row.int64(6), start: start, end: end)
        }
    }

    /// A page of a period's entries, oldest first.
    public func entries(
        of period: AccountPeriod, after cursor: EntryCursor? = nil, limit: Int, in transaction: Transaction
    ) throws -> [EntryView] {
        let after = cursor ?? EntryCursor(journal: period.start, lineNumber: 0)
        return try transaction.query(
            """
            SELECT \(raw: EntryRows.columns)
            FROM ledger.entry e JOIN ledger.journal j ON j.id = e.journal_id \(raw: EntryRows.lines)
            LEFT JOIN ledger.reversal r ON r.journal_id = e.journal_id
            WHERE e.account_id = \(period.account) AND p.account_id = e.account_id AND e.journal_id < \(period.end)
                AND e.journal_id >= \(after.journal) AND (e.journal_id > \(after.journal) OR p.line_number > \(after.lineNumber))
            ORDER BY e.journal_id, p.line_number LIMIT \(Int64(limit))
            """
        ).map { try EntryRows.view($0) }
    }
}

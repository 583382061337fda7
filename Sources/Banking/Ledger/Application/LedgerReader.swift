import Kernel
import Postgres

/// Questions about the books. Everything runs inside the caller's transaction, on any connection that may read.
public struct LedgerReader: Sendable {
    private let days: BusinessDays

    public init(clock: any WallClock) {
        days = BusinessDays(clock: clock)
    }

    /// - Throws: 503 when the books were never opened
    public func businessDate(in transaction: Transaction) throws -> BusinessDate { try days.require(in: transaction) }

    // MARK: Balances

    /// An account's figures now, at the close of a day, or at an instant. The answer for a closed day never changes.
    /// - Returns: nil when there is no such account; zero before its first posting
    /// - Throws: 422 `out_of_range` on `asOf` for the future
    public func balance(
        of id: Identifier<Account>, asOf: AsOf = .now, now: Timestamp, in transaction: Transaction
    ) throws -> BalanceView? {
        let openDate = try businessDate(in: transaction)
        guard let state = try transaction.query(AccountRows.read([id])).first.map({ try AccountRows.state($0) }) else { return nil }
        let boundary: UInt128
        let date: BusinessDate
        let moment: AccountChangeRows.Moment
        switch asOf {
        case .now:
            return Self.current(state, date: openDate)
        case .closeOf(let day):
            guard day <= openDate else { throw Self.inFuture() }
            guard let end = try BusinessDays.end(of: day, in: transaction) else { return Self.current(state, date: openDate) }
            (boundary, date, moment) = (end, day, .closeOf(day))
        case .instant(let instant):
            guard instant <= now else { throw Self.inFuture() }
            // Identifiers carry milliseconds: everything of the instant's own millisecond counts as posted.
            boundary = ((TimeOrderedIdentifiers.version7(at: instant, random: 0) >> 80) + 1) << 80
            (date, moment) = (BusinessDate(of: instant), .instant(instant))
        }
        let rows = try transaction.pipeline([
            """
            SELECT \(raw: JournalRows.columnsOfJ) FROM (
                SELECT journal_id FROM ledger.entry WHERE account_id = \(id) AND journal_id < \(boundary)
                ORDER BY journal_id DESC LIMIT 1) AS e
            JOIN ledger.journal j ON j.id = e.journal_id
            """,
            Self.heldSum(of: id, before: boundary),
            AccountChangeRows.standing(of: id, at: moment),
        ])
        let standing = try rows[2].first.map { try AccountChangeRows.read($0) }
        let last = try rows[0].first.map { try JournalRows.journal($0) }
        return BalanceView(
            account: id, currency: state.currency, balance: last?.balance(of: id) ?? 0, holdAmount: try rows[1].first?.int64(0) ?? 0,
            overdraftLimit: standing?.overdraftLimit ?? state.overdraftLimit, status: standing?.status ?? state.status,
            lastTransactionAt: last?.postedAt, businessDate: date)
    }

    /// The balance by value date, as it was known at an instant: what counts for interest. Entries posted later, or valued later, do not.
    public func valueDatedBalance(
        of id: Identifier<Account>, on valueDate: BusinessDate, knownAt instant: Timestamp, in transaction: Transaction
    ) throws -> Int64 {
        let boundary = ((TimeOrderedIdentifiers.version7(at: instant, random: 0) >> 80) + 1) << 80
        let row = try transaction.query(
            """
            SELECT coalesce(sum(p.amount), 0)::bigint
            FROM ledger.entry e JOIN ledger.journal j ON j.id = e.journal_id \(raw: EntryRows.lines)
            WHERE e.account_id = \(id) AND p.account_id = e.account_id AND e.journal_id < \(boundary) AND j.value_date <= \(valueDate)
            """
        ).first
        return try row?.int64(0) ?? 0
    }

    private static func current(_ state: AccountState, date: BusinessDate) -> BalanceView {
        BalanceView(
            account: state.id, currency: state.currency, balance: state.balance, holdAmount: state.holdAmount,
            overdraftLimit: state.overdraftLimit, status: state.status, lastTransactionAt: state.lastTransactionAt, businessDate: date)
    }

    private static func inFuture() -> Refusal {
        .validation([.init("asOf", "out_of_range", "The moment lies in the future")])
    }

    /// Holds as they were after their last step before a place in the journal.
    private static func heldSum(of id: Identifier<Account>, before boundary: UInt128) -> SQL {
        """
        SELECT coalesce(sum(amount), 0)::bigint FROM (
            SELECT DISTINCT ON (hold_id) amount FROM ledger.hold_change WHERE account_id = \(id) AND id < \(boundary)
            ORDER BY hold_id, id DESC) AS held
        """
    }

    // MARK: Histories

    /// A page over one or several accounts, newest first.
    public func entries(
        of accounts: [Identifier<Account>], filter: EntryFilter = EntryFilter(), limit: Int, before cursor: EntryCursor? = nil,
        in transaction: Transaction
    ) throws -> [EntryView] {
        guard !accounts.isEmpty, limit > 0 else { return [] }
        guard let condition = try Self.condition(filter, journal: "e.journal_id", before: cursor, in: transaction) else { return [] }
        let count = Int64(limit)
        // One index walk an account, merged: an account with a long history does not slow down its owner's other ones.
        return try transaction.query(
            """
            SELECT \(raw: EntryRows.columns)
            FROM unnest(\(accounts)::uuid[]) AS a (id)
            CROSS JOIN LATERAL (
                SELECT e.journal_id, p.account_id, p.line_number
                FROM ledger.entry e JOIN ledger.journal j ON j.id = e.journal_id \(raw: EntryRows.lines)
                WHERE e.account_id = a.id AND p.account_id = a.id\(condition)
                ORDER BY e.journal_id DESC, p.line_number DESC LIMIT \(count)
            ) AS p
            JOIN ledger.journal j ON j.id = p.journal_id
            LEFT JOIN ledger.reversal r ON r.journal_id = p.journal_id
            ORDER BY p.journal_id DESC, p.line_number DESC LIMIT \(count)
            """
        ).map { try EntryRows.view($0) }
    }

    /// Entries of customer accounts over the whole bank, newest first: for staff's search. One line a transaction and account.
    public func search(
        filter: EntryFilter, reference: String? = nil, limit: Int, before cursor: EntryCursor? = nil, in transaction: Transaction
    ) throws -> [EntryView] {
        guard var condition = try Self.condition(filter, journal: "j.id", before: cursor, in: transaction) else { return [] }
        if let reference {
            guard let range = JournalReference.journals(for: reference) else { return [] }
            condition.append(
                """
                 AND j.id >= \(range.lowerBound) AND j.id <= \(range.upperBound)
                 AND j.reference_prefix = \(String(reference.prefix(3)))
                """)
        }
        return try transaction.query(
            """
            SELECT \(raw: EntryRows.columns)
            FROM ledger.journal j \(raw: EntryRows.lines)
            LEFT JOIN ledger.reversal r ON r.journal_id = j.id
            WHERE true\(condition)
            ORDER BY j.id DESC, p.line_number DESC LIMIT \(Int64(limit))
            """
        ).map { try EntryRows.view($0) }
    }

    /// What a filter means for a line `p` of a journal `j`; nil when nothing can match.
    /// - Parameter journal: the column with the journal's identifier that has the index
    private static func condition(
        _ filter: EntryFilter, journal: String, before cursor: EntryCursor?, in transaction: Transaction
    ) throws -> SQL? {
        var condition: SQL = ""
        if let cursor {
            condition.append(
                """
                 AND \(raw: journal) <= \(cursor.journal)
                 AND (\(raw: journal) < \(cursor.journal) OR p.line_number < \(cursor.lineNumber))
                """)
        }
        if let from = filter.from {
            guard let start = try BusinessDays.start(of: from, in: transaction) else { return nil }
            condition.append(" AND \(raw: journal) >= \(start)")
        }
        if let to = filter.to, let end = try BusinessDays.end(of: to, in: transaction) {
            condition.append(" AND \(raw: journal) < \(end)")
        }
        if !filter.types.isEmpty { condition.append(" AND p.type = ANY(\(filter.types.map(\.rawValue))::smallint[])") }
        if let isCredit = filter.isCredit { condition.append(isCredit ? " AND p.amount > 0" : " AND p.amount < 0") }
        if let minimum = filter.minimumAmount { condition.append(" AND abs(p.amount) >= \(minimum)") }
        if let maximum = filter.maximumAmount { condition.append(" AND abs(p.amount) <= \(maximum)") }
        condition.append(filter.amountCondition)
        if let channel = filter.channel { condition.append(" AND j.channel = \(channel.rawValue)") }
        if let isReversed = filter.isReversed {
            condition.append(
                " AND \(raw: isReversed ? "" : "NOT ")EXISTS (SELECT FROM ledger.reversal v WHERE v.journal_id = j.id)")
        }
        if let text = filter.text { condition.append(matches(text, journal: journal)) }
        return condition
    }

    private static func matches(_ text: String, journal: String) -> SQL {
        let escaped = text.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
        let pattern = "%\(escaped)%"
        if let range = JournalReference.journals(for: text.uppercased()) {
            return " AND \(raw: journal) >= \(range.lowerBound) AND \(raw: journal) <= \(range.upperBound)"
        }
        return " AND (j.narration ILIKE \(pattern) OR j.beneficiary_name ILIKE \(pattern))"
    }

    // MARK: Journals

    public func journal(_ id: Identifier<Journal>, in transaction: Transaction) throws -> PostedJournal? {
        try journals([id], in: transaction)[id]
    }

    public func journals(
        _ ids: [Identifier<Journal>], in transaction: Transaction
    ) throws -> [Identifier<Journal>: PostedJournal] {
        try JournalRows.load(ids) { try transaction.query($0) }
    }

    /// The journal that a transaction identifier belongs to, with the transaction's number in it.
    public func transaction(
        _ id: Identifier<TransactionRecord>, in transaction: Transaction
    ) throws -> (journal: PostedJournal, ordinal: UInt8)? {
        let ordinal = UInt8(truncatingIfNeeded: id.bits)
        let candidate = Identifier<Journal>(bits: id.bits & ~0xFF)
        if ordinal > 0, let found = try journal(candidate, in: transaction), found.lines.contains(where: { $0.ordinal == ordinal }),
            found.transactionID(ordinal: ordinal) == id
        {
            return (found, ordinal)
        }
        let row = try transaction.query("SELECT journal_id FROM ledger.client_transaction WHERE transaction_id = \(id)").first
        guard let row, let found = try journal(row.identifier(0), in: transaction) else { return nil }
        return (found, 1)
    }

    /// The journals that reverse others, by the journal they reverse.
    public func reversals(
        of ids: [Identifier<Journal>], in transaction: Transaction
    ) throws -> [Identifier<Journal>: Identifier<Journal>] {
        let rows = try transaction.query("SELECT journal_id, reversal_id FROM ledger.reversal WHERE journal_id = ANY(\(ids)::uuid[])")
        return Dictionary(
            try rows.map { (try $0.identifier(0, as: Journal.self), try $0.identifier(1, as: Journal.self)) },
            uniquingKeysWith: { first, _ in first })
    }
}

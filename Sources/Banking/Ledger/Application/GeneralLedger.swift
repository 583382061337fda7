import Kernel
import Postgres

/// An account of the general ledger with its totals by currency, in minor units.
public struct GLAccountView: Sendable, Equatable {
    public struct Balance: Sendable, Equatable {
        public let currency: Currency
        public let debit: Int128
        public let credit: Int128
    }

    public let code: GLCode
    public let name: String
    public let type: String
    public let category: String
    public let level: Int16
    public let isLeaf: Bool
    public let parent: GLCode?
    public let allowsManualPosting: Bool
    public let status: String
    public var balances: [Balance]
}

/// A line of the trial balance.
public struct TrialBalanceLine: Sendable, Equatable {
    public let code: GLCode
    public let name: String
    public let type: String
    public let currency: Currency
    /// The net on the side where it stands; the other is zero.
    public let debit: Int128
    public let credit: Int128
}

/// A line of a general-ledger account's history.
public struct GLEntryView: Sendable, Equatable {
    public let journal: Identifier<Journal>
    public let lineNumber: Int16
    public let reference: String
    public let businessDate: BusinessDate
    public let valueDate: BusinessDate
    public let account: Identifier<Account>?
    public let currency: Currency
    public let amount: Int64
    /// Credits minus debits up to and with this line.
    public let runningBalance: Int128
    public let narration: String?
}

/// Which journals to list. Dates are business dates, both ends included.
public struct JournalFilter: Sendable, Equatable {
    public var from: BusinessDate?
    public var to: BusinessDate?
    public var glCode: GLCode?
    public var account: Identifier<Account>?
    public var sourceType: String?
    public var sourceID: UInt128?
    public var reference: String?

    public init(
        from: BusinessDate? = nil, to: BusinessDate? = nil, glCode: GLCode? = nil, account: Identifier<Account>? = nil,
        sourceType: String? = nil, sourceID: UInt128? = nil, reference: String? = nil
    ) {
        self.from = from
        self.to = to
        self.glCode = glCode
        self.account = account
        self.sourceType = sourceType
        self.sourceID = sourceID
        self.reference = reference
    }
}

/// Questions about the general ledger, inside the caller's transaction.
public struct GeneralLedger: Sendable {
    let days: BusinessDays

    public init(clock: any WallClock) {
        days = BusinessDays(clock: clock)
    }

    // MARK: Accounts

    public func accounts(
        type: String? = nil, text: String? = nil, currency: Currency? = nil, after: GLCode? = nil, limit: Int, asOf: BusinessDate? = nil,
        in transaction: Transaction
    ) throws -> [GLAccountView] {
        let pattern = text.map { "%\($0.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_"))%" }
        let rows = try transaction.query(
            """
            SELECT gl_code, gl_name, account_type, category, level, is_leaf, parent_gl_code, allow_manual_posting, status
            FROM ledger.gl_account
            WHERE (\(type)::text IS NULL OR account_type = \(type)) AND gl_code > \(after?.number ?? 0)
                AND (\(pattern)::text IS NULL OR gl_name ILIKE \(pattern) OR gl_code::text LIKE \(pattern))
            ORDER BY gl_code LIMIT \(Int64(limit))
            """)
        let totals = try totals(upTo: asOf, in: transaction)
        return try rows.map { row in
            var view = try Self.view(row)
            view.balances = (totals[view.code] ?? []).filter { currency == nil || $0.currency == currency }
            return view
        }
    }

    public func account(_ code: GLCode, asOf: BusinessDate? = nil, in transaction: Transaction) throws -> GLAccountView? {
        let row = try transaction.query(
            """
            SELECT gl_code, gl_name, account_type, category, level, is_leaf, parent_gl_code, allow_manual_posting, status
            FROM ledger.gl_account WHERE gl_code = \(code.number)
            """
        ).first
        guard let row else { return nil }
        var view = try Self.view(row)
        view.balances = try totals(upTo: asOf, in: transaction)[code] ?? []
        return view
    }

    /// Names of accounts, for showing journals.
    public func names(in transaction: Transaction) throws -> [GLCode: String] {
        let rows = try transaction.query("SELECT gl_code, gl_name FROM ledger.gl_account")
        return Dictionary(uniqueKeysWithValues: try rows.map { (GLCode(try $0.int32(0)), try $0.text(1)) })
    }

    // MARK: Trial balance

    /// The net of every account and currency at the close of a day, on the side where it stands.
    /// - Throws: 422 `out_of_range` for a day that is not open yet
    public func trialBalance(
        asOf: BusinessDate? = nil, in transaction: Transaction
    ) throws -> (date: BusinessDate, lines: [TrialBalanceLine]) {
        let open = try days.require(in: transaction)
        if let asOf, asOf > open { throw Refusal.validation([.init("asOf", "out_of_range", "The day lies in the future")]) }
        let rows = try transaction.query(
            """
            SELECT t.gl_code, a.gl_name, a.account_type, t.currency, t.debit, t.credit
            FROM (\(GLRows.totals(upTo: asOf))) AS t (gl_code, currency, debit, credit)
            JOIN ledger.gl_account a ON a.gl_code = t.gl_code ORDER BY t.gl_code, t.currency
            """)
        let lines = try rows.map { row in
            let net = try row.int128(5) - row.int128(4)
            return TrialBalanceLine(
                code: GLCode(try row.int32(0)), name: try row.text(1), type: try row.text(2), currency: try row.currency(3),
                debit: net < 0 ? -net : 0, credit: net > 0 ? net : 0)
        }
        return (asOf ?? open, lines)
    }

    // MARK: Entries

    /// Lines of one account, newest first, with the balance after each in its currency.
    public func entries(
        of code: GLCode, currency: Currency? = nil, from: BusinessDate? = nil, to: BusinessDate? = nil, limit: Int,
        before cursor: (entry: EntryCursor, balances: [Currency: Int128])? = nil, in transaction: Transaction
    ) throws -> [GLEntryView] {
        var balances: [Currency: Int128] = cursor?.balances ?? [:]
        if cursor == nil {
            for balance in try totals(upTo: to, in: transaction)[code] ?? [] { balances[balance.currency] = balance.credit - balance.debit }
        }
        var entries: [GLEntryView] = []
        // No index leads from an account of the general ledger to its journals, but its daily totals do: only days on which it moved are
        // walked, the newest first, until the page is full.
        for day in try GLRows.days(of: code, from: from, to: to, in: transaction).reversed() {
            if let cursor, day.first > cursor.entry.journal.bits { continue }
            let rows = try transaction.query(
                GLRows.lines(of: code, currency: currency, on: day, before: cursor?.entry, limit: limit - entries.count))
            for row in rows {
                let journal = try JournalRows.journal(row)
                let line = journal.lines[Int(try row.int64(JournalRows.columnCount)) - 1]
                let running = balances[line.currency] ?? 0
                balances[line.currency] = running - Int128(line.amount)
                entries.append(
                    GLEntryView(
                        journal: journal.id, lineNumber: line.lineNumber, reference: journal.reference, businessDate: journal.businessDate,
                        valueDate: journal.valueDate, account: line.account, currency: line.currency, amount: line.amount,
                        runningBalance: running, narration: journal.narration))
            }
            if entries.count >= limit { break }
        }
        return entries
    }

    // MARK: Journals

    /// Journals, newest first.
    public func journals(
        _ filter: JournalFilter, limit: Int, before cursor: Identifier<Journal>? = nil, in transaction: Transaction
    ) throws -> [PostedJournal] {
        var condition: SQL = "true"
        if let cursor { condition.append(" AND j.id < \(cursor)") }
        if let from = filter.from {
            guard let start = try BusinessDays.start(of: from, in: transaction) else { return [] }
            condition.append(" AND j.id >= \(start)")
        }
        if let to = filter.to, let end = try BusinessDays.end(of: to, in: transaction) { condition.append(" AND j.id < \(end)") }
        if let reference = filter.reference {
            guard let range = JournalReference.journals(for: reference) else { return [] }
            condition.append(
                """
                 AND j.id >= \(range.lowerBound) AND j.id <= \(range.upperBound) AND j.reference_prefix = \(String(reference.prefix(3)))
                """)
        }
        if let type = filter.sourceType { condition.append(" AND j.source_type = \(type)") }
        if let id = filter.sourceID { condition.append(" AND j.source_id = \(id)") }
        if let account = filter.account {
            condition.append(" AND j.id IN (SELECT journal_id FROM ledger.entry WHERE account_id = \(account))")
        }
        if let code = filter.glCode {
            let days = try GLRows.days(of: code, from: filter.from, to: filter.to, in: transaction)
            guard let first = days.first?.first else { return [] }
            condition.append(" AND j.id >= \(first) AND j.line_gl_codes @> ARRAY[\(code.number)]")
            if let end = days.last?.end { condition.append(" AND j.id < \(end)") }
        }
        let ids = try transaction.query(
            "SELECT j.id FROM ledger.journal j WHERE \(condition) ORDER BY j.id DESC LIMIT \(Int64(limit))"
        ).map { try $0.identifier(0, as: Journal.self) }
        let loaded = try JournalRows.load(ids) { try transaction.query($0) }
        return ids.compactMap { loaded[$0] }
    }

    /// The hash before a journal's own in its lane.
    public func previousHash(of journal: PostedJournal, in transaction: Transaction) throws -> [UInt8] {
        let row = try transaction.query(
            "SELECT hash FROM ledger.journal WHERE id < \(journal.id) AND lane = \(journal.lane) ORDER BY id DESC LIMIT 1"
        ).first
        return try row?.bytes(0) ?? [UInt8](repeating: 0, count: 32)
    }

    /// Folds the movements of past batches into the daily totals.
    public func foldMovements(in transaction: Transaction) throws { _ = try transaction.execute(GLRows.fold()) }

    // MARK: Inside

    private func totals(upTo date: BusinessDate?, in transaction: Transaction) throws -> [GLCode: [GLAccountView.Balance]] {
        var totals: [GLCode: [GLAccountView.Balance]] = [:]
        for row in try transaction.query(GLRows.totals(upTo: date)) {
            totals[GLCode(try row.int32(0)), default: []].append(
                .init(currency: try row.currency(1), debit: try row.int128(2), credit: try row.int128(3)))
        }
        return totals
    }

    private static func view(_ row: Row) throws -> GLAccountView {
        GLAccountView(
            code: GLCode(try row.int32(0)), name: try row.text(1), type: try row.text(2), category: try row.text(3),
            level: try row.int16(4), isLeaf: try row.bool(5), parent: try row.int32OrNil(6).map { GLCode($0) },
            allowsManualPosting: try row.bool(7), status: try row.text(8), balances: [])
    }
}

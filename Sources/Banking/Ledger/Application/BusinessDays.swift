import Application
import Kernel
import Postgres

/// The bank's business date: which day postings are booked on.
public struct BusinessDays: Sendable {
    private let clock: any WallClock

    public init(clock: any WallClock) {
        self.clock = clock
    }

    /// The open day; nil before the first one is opened.
    public func current(in transaction: Transaction) throws -> BusinessDate? {
        try transaction.query("SELECT business_date FROM ledger.business_day ORDER BY business_date DESC LIMIT 1").first?.date(0)
    }

    /// The open day.
    /// - Throws: 503 when the books were never opened
    public func require(in transaction: Transaction) throws -> BusinessDate {
        guard let date = try current(in: transaction) else { throw Refusal.unavailable("The books have not been opened yet") }
        return date
    }

    /// Opens a day. Every lane of the journal is held meanwhile, so each journal is wholly on one side of the line: identifiers before
    /// the day's first one belong to earlier days, and no batch is between the two.
    /// - Returns: false when this day or a later one is open already
    public func open(_ date: BusinessDate, in transaction: Transaction) throws -> Bool {
        let lanes = try transaction.query(ChainLane.takeAll(chain: BatchInput.chain)).map { try ChainLane(row: $0) }
        try AccountChangeRows.closeDay(in: transaction)
        let last = try transaction.query(
            "SELECT business_date, first_journal FROM ledger.business_day ORDER BY business_date DESC LIMIT 1"
        ).first
        if let open = try last?.date(0), open >= date { return false }
        // Above every journal and above the line before, even when that one was drawn a moment ago or by a clock that is ahead of ours.
        let newest = max(lanes.map(\.lastIdentifier).max() ?? 0, try last?.uuid(1) ?? 0)
        let now = clock.now()
        let first = max(TimeOrderedIdentifiers.version7(at: now, random: 0), ((newest >> 80) + 1) << 80)
        _ = try transaction.execute(
            "INSERT INTO ledger.business_day (business_date, first_journal, opened_at) VALUES (\(date), \(first), \(now))")
        return true
    }

    /// The first identifier that is no longer part of a day's books; nil when the day is still open.
    /// - Returns: zero for a day before the books were opened
    static func end(of date: BusinessDate, in transaction: Transaction) throws -> UInt128? {
        let row = try transaction.query(
            "SELECT first_journal FROM ledger.business_day WHERE business_date > \(date) ORDER BY business_date LIMIT 1"
        ).first
        return try row?.uuid(0)
    }

    /// The first identifier of the first open day from `date` on; nil when there is none yet.
    static func start(of date: BusinessDate, in transaction: Transaction) throws -> UInt128? {
        let row = try transaction.query(
            "SELECT first_journal FROM ledger.business_day WHERE business_date >= \(date) ORDER BY business_date LIMIT 1"
        ).first
        return try row?.uuid(0)
    }
}

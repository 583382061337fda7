import Application
import Kernel
import Ledger
import Postgres

/// Opens the next day. Every lane of the journal is held for a moment, so each journal is wholly on one side.
struct DateRoll: DayStep {
    let name = "dateRoll"
    let pool: ConnectionPool
    let clock: any WallClock

    func run(_ part: String, on date: BusinessDate) async throws -> DayOutcome {
        let days = BusinessDays(clock: clock)
        let next = date.adding(days: 1)
        let isOpened = try await pool.transaction { try days.open(next, in: $0) }
        return DayOutcome(processed: isOpened ? 1 : 0)
    }
}

/// Keeps the general ledger as it stands at the close, for reports.
public struct DailyReports: DayStep {
    public let name = "reports"
    private let pool: ConnectionPool
    private let clock: any WallClock

    public init(pool: ConnectionPool, clock: any WallClock) {
        self.pool = pool
        self.clock = clock
    }

    public func run(_ part: String, on date: BusinessDate) async throws -> DayOutcome {
        let ledger = GeneralLedger(clock: clock)
        return try await pool.transaction { transaction in
            let lines = try ledger.trialBalance(asOf: date, in: transaction).lines
            _ = try transaction.execute(
                """
                INSERT INTO closeofday.daily_balance (business_date, gl_code, currency, debit, credit)
                SELECT \(date), g, c, d::numeric, k::numeric FROM unnest(\(lines.map(\.code.number))::integer[],
                    \(lines.map(\.currency))::text[], \(lines.map { "\($0.debit)" })::text[], \(lines.map { "\($0.credit)" })::text[])
                    AS u (g, c, d, k)
                ON CONFLICT (business_date, gl_code, currency) DO UPDATE SET debit = excluded.debit, credit = excluded.credit
                """)
            return DayOutcome(processed: Int64(lines.count))
        }
    }
}

/// A step that a room offers as one piece of work.
public struct SimpleStep: DayStep {
    public let name: String
    private let body: @Sendable (BusinessDate) async throws -> DayOutcome

    public init(_ name: String, _ body: @escaping @Sendable (BusinessDate) async throws -> DayOutcome) {
        self.name = name
        self.body = body
    }

    public func run(_ part: String, on date: BusinessDate) async throws -> DayOutcome { try await body(date) }
}

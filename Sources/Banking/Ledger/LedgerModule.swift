import Application
import Audit
import HTTPEdge
import Kernel
import Logging
import Postgres

/// The room's contract to the composition root: the engine, the questions, the endpoints and the upkeep.
public struct LedgerModule: Sendable {
    public let engine: PostingEngine
    public let accounts: LedgerAccounts
    public let reader: LedgerReader
    public let generalLedger: GeneralLedger
    public let days: BusinessDays
    public let verifier: LedgerVerifier
    private let clock: any WallClock
    private let pool: ConnectionPool

    /// - Parameter pool: for upkeep; may write
    public init(engine: PostingEngine, pool: ConnectionPool, clock: any WallClock) {
        self.engine = engine
        self.pool = pool
        self.clock = clock
        accounts = LedgerAccounts(clock: clock)
        reader = LedgerReader(clock: clock)
        generalLedger = GeneralLedger(clock: clock)
        days = BusinessDays(clock: clock)
        verifier = LedgerVerifier(clock: clock)
    }

    /// - Parameter readPool: for queries; a proof of the books holds one of its connections for as long as it takes
    public func endpoints(readPool: ConnectionPool, numbers: any AccountNumbers) -> [Endpoint] {
        GeneralLedgerEndpoints(pool: readPool, clock: clock, numbers: numbers).all
    }

    // MARK: Upkeep, run by the program's jobs

    /// Opens the books on the day the clock says, if they were never opened.
    public func openFirstDay() async throws {
        let (days, clock) = (days, clock)
        _ = try await pool.transaction { transaction in
            guard try days.current(in: transaction) == nil else { return false }
            return try days.open(BusinessDate(of: clock.now()), in: transaction)
        }
    }

    /// Moves the business date on when the calendar has. The close of day takes this over with its own steps.
    /// - Returns: true when a new day was opened
    public func rollBusinessDate() async throws -> Bool {
        let (days, clock) = (days, clock)
        return try await pool.transaction { transaction in
            let today = BusinessDate(of: clock.now())
            guard let open = try days.current(in: transaction), open < today else { return false }
            return try days.open(today, in: transaction)
        }
    }

    /// Folds what batches moved into the totals of their day.
    public func foldMovements() async throws {
        let ledger = generalLedger
        try await pool.transaction { try ledger.foldMovements(in: $0) }
    }

    /// Ends holds whose time is over.
    /// - Returns: how many
    public func expireHolds() async throws -> Int {
        let now = clock.now()
        let due = try await pool.read { transaction in
            try transaction.query(
                "SELECT id FROM ledger.hold WHERE status = 1 AND expires_at <= \(now) ORDER BY expires_at LIMIT 500"
            ).map { try $0.identifier(0, as: Hold.self) }
        }
        for hold in due {
            let context = RequestContext.system(at: clock.now(), idempotencyKey: "expire-\(hold)")
            let unit = PostingUnit(
                commands: [.expireHold(hold)], context: context, idempotency: nil,
                audit: AuditRecord(
                    action: "ledger.holdExpired", outcome: .success, actor: nil, subjectType: "hold", subjectID: hold.description,
                    context: context))
            do {
                _ = try await engine.post(unit)
            } catch let refusal as Refusal where refusal.kind == .conflict {
                // Somebody released or captured it first: nothing is left to expire.
                continue
            }
        }
        return due.count
    }

    /// Imbalance by currency in minor units: zero, always. Watched as a metric.
    public func imbalance() async throws -> [Currency: Int128] {
        let rows = try await pool.read { transaction in
            try transaction.query(
                "SELECT currency, sum(credit) - sum(debit) FROM (\(GLRows.totals(upTo: nil))) AS t (g, currency, debit, credit) GROUP BY 1"
            ).map { (try $0.currency(0), try $0.int128(1)) }
        }
        return Dictionary(rows, uniquingKeysWith: { first, _ in first })
    }
}

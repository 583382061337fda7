import Kernel
import Postgres
import Synchronization

/// The open business date at hand, so that nobody asks the database for it with every request.
///
/// It may lag behind a change by `maximumAgeSeconds`. What is posted names the day it was priced on (`JournalDraft.pricedOn`), so a
/// late look never prices anything wrongly: the engine refuses, and the caller invalidates and tries again.
public final class BusinessDayCache: Sendable {
    private struct State {
        var date: BusinessDate?
        var readAt = Timestamp(microseconds: 0)
        var isReading = false
    }

    private let pool: ConnectionPool
    private let reader: LedgerReader
    private let clock: any WallClock
    private let maximumAgeSeconds: Int64
    private let state = Mutex(State())

    public init(pool: ConnectionPool, clock: any WallClock, maximumAgeSeconds: Int64 = 2) {
        precondition(maximumAgeSeconds >= 0, "an age is not negative")
        self.pool = pool
        self.clock = clock
        self.maximumAgeSeconds = maximumAgeSeconds
        reader = LedgerReader(clock: clock)
    }

    /// - Throws: 503 when the books were never opened; `PostgresError`
    public func current() async throws -> BusinessDate {
        let now = clock.now()
        let known = state.withLock { state -> BusinessDate? in
            guard let date = state.date else { return nil }
            let age = now.seconds(since: state.readAt)
            if age >= 0, age < maximumAgeSeconds { return date }
            // One caller reads again; the others go on with what there is.
            if state.isReading { return date }
            state.isReading = true
            return nil
        }
        if let known { return known }
        do {
            let reader = reader
            let date = try await pool.read { try reader.businessDate(in: $0) }
            state.withLock {
                $0.date = date
                $0.readAt = now
                $0.isReading = false
            }
            return date
        } catch {
            state.withLock { $0.isReading = false }
            throw error
        }
    }

    /// Forgets the date: for who has just opened a day, or was refused because somebody else did.
    public func invalidate() {
        state.withLock { $0.date = nil }
    }
}

import Kernel
import Postgres
import Synchronization

/// The newest `TariffBook` at hand, so that no transfer asks the database for prices and limits.
///
/// A book older than `refreshSeconds` is read again beside the callers, who go on with the old one; one older than
/// `maximumAgeSeconds`, or none at all, is waited for. So a new row takes effect within seconds in every process, and a row that was
/// entered before its first day takes effect exactly with that business date, because the book is asked by date.
public final class TariffBookCache: Sendable {
    private struct State {
        var book: TariffBook?
        var loadedAt = Timestamp(microseconds: 0)
        var loading: Task<TariffBook, any Error>?
        /// Grows with every `invalidate`, so that a reading begun before it is not kept.
        var generation = 0
    }

    private let pool: ConnectionPool
    private let clock: any WallClock
    private let refreshSeconds: Int64
    private let maximumAgeSeconds: Int64
    private let state = Mutex(State())

    public init(pool: ConnectionPool, clock: any WallClock, refreshSeconds: Int64 = 3, maximumAgeSeconds: Int64 = 10) {
        precondition(refreshSeconds >= 0 && maximumAgeSeconds >= refreshSeconds, "a book is refreshed before it is too old")
        self.pool = pool
        self.clock = clock
        self.refreshSeconds = refreshSeconds
        self.maximumAgeSeconds = maximumAgeSeconds
    }

    /// - Throws: `PostgresError` or 503 when there is no book young enough and none can be read
    public func current() async throws -> TariffBook {
        let now = clock.now()
        let (book, loading) = state.withLock { state -> (TariffBook?, Task<TariffBook, any Error>?) in
            // A clock that was set back makes every book suspect.
            let age = now.seconds(since: state.loadedAt)
            if let book = state.book, age >= 0, age < refreshSeconds { return (book, nil) }
            let loading = state.loading ?? load(at: now, generation: state.generation)
            state.loading = loading
            if let book = state.book, age >= 0, age < maximumAgeSeconds { return (book, loading) }
            return (nil, loading)
        }
        if let book { return book }
        guard let loading else { throw Refusal.unavailable() }
        return try await loading.value
    }

    /// Forgets the book, so that the next caller waits for a new one: for the process that has just changed a row.
    public func invalidate() {
        state.withLock {
            $0.book = nil
            $0.loading = nil
            $0.generation += 1
        }
    }

    /// The book as the caller's transaction sees it, for commands that must not miss a change made a moment ago.
    public static func read(in transaction: Transaction) throws -> TariffBook { try TariffBookStore.load(in: transaction) }

    /// Called under the lock.
    private func load(at now: Timestamp, generation: Int) -> Task<TariffBook, any Error> {
        Task {
            do {
                let book = try await pool.read { try TariffBookStore.load(in: $0) }
                state.withLock {
                    guard $0.generation == generation else { return }
                    $0.book = book
                    $0.loadedAt = now
                    $0.loading = nil
                }
                return book
            } catch {
                state.withLock { if $0.generation == generation { $0.loading = nil } }
                throw error
            }
        }
    }
}

import Kernel
import Postgres
import Synchronization

/// When sessions were last seen, kept in memory on every request and written to the table at most once a minute a session.
///
/// In one process the idle time is exact. Another process knows of a request only once it is written, so across processes a session
/// may be found idle up to a minute early; a session that is used is never kept alive longer than it should be.
final class SessionActivity: Sendable {
    static let writeIntervalSeconds: Int64 = 60

    private struct Seen {
        var at: Timestamp
        /// The latest instant that is in the table or on its way there.
        var writtenAt: Timestamp
    }

    private struct State {
        var young: [Identifier<Session>: Seen] = [:]
        var old: [Identifier<Session>: Seen] = [:]
        var pending: [Identifier<Session>: Timestamp] = [:]
        var isFlushing = false

        func find(_ id: Identifier<Session>) -> Seen? { young[id] ?? old[id] }

        /// Two generations bound the memory: what is not used while the young one fills up is forgotten.
        mutating func store(_ seen: Seen, for id: Identifier<Session>, capacity: Int) {
            if young[id] == nil && young.count >= capacity {
                old = young
                young = [:]
            }
            young[id] = seen
        }
    }

    private let pool: ConnectionPool
    private let capacity: Int
    private let state = Mutex(State())

    init(pool: ConnectionPool, capacity: Int = 50_000) {
        self.pool = pool
        self.capacity = capacity
    }

    /// The later of what the table says and what was seen here.
    func lastSeen(_ id: Identifier<Session>, stored: Timestamp) -> Timestamp {
        state.withLock { max(stored, $0.find(id)?.at ?? stored) }
    }

    /// Notes a request, unless the session had been idle for too long before it.
    /// - Returns: false when it had
    func touch(_ id: Identifier<Session>, stored: Timestamp, at now: Timestamp, idleSeconds: Int64) -> Bool {
        let (isAlive, mustFlush) = state.withLock { state in
            let known = state.find(id)
            let lastSeen = max(stored, known?.at ?? stored)
            guard now < lastSeen.adding(seconds: idleSeconds) else { return (false, false) }
            var seen = Seen(at: max(now, lastSeen), writtenAt: max(stored, known?.writtenAt ?? stored))
            guard now >= seen.writtenAt.adding(seconds: Self.writeIntervalSeconds) else {
                state.store(seen, for: id, capacity: capacity)
                return (true, false)
            }
            seen.writtenAt = now
            state.store(seen, for: id, capacity: capacity)
            state.pending[id] = now
            let mustFlush = !state.isFlushing
            state.isFlushing = true
            return (true, mustFlush)
        }
        // Nobody waits for it: a request is not slower because its time is written down.
        if mustFlush { Task { await self.writePending() } }
        return isAlive
    }

    /// Writes what waits, for the end of the program and for tests.
    func flush() async {
        let isOurs = state.withLock { state in
            defer { state.isFlushing = true }
            return !state.isFlushing
        }
        if isOurs { await writePending() }
    }

    private func writePending() async {
        while true {
            let batch = state.withLock { state in
                defer { state.pending.removeAll(keepingCapacity: true) }
                if state.pending.isEmpty { state.isFlushing = false }
                return state.pending.map { (id: $0.key, at: $0.value) }
            }
            guard !batch.isEmpty else { return }
            // A failure costs one minute of idle time at most; the next request of the session tries again after that.
            try? await pool.transaction { try SessionStore.touch(batch, in: $0) }
        }
    }
}

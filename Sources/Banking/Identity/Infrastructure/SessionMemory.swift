import Kernel
import Postgres
import Synchronization

/// Live sessions, remembered between requests without ever being out of date.
///
/// Every question still goes to the database, but it is a small one for all requests that came together: which sessions and users
/// have changed since I last asked? What has not changed is answered from memory. The database tells exactly, because it is asked for
/// the changes by transactions that the snapshot of the last question did not see yet; there is no time span to trust, and changes
/// made by another process, or by hand, count like our own.
final class SessionMemory: Sendable {
    private struct State {
        /// What the last question saw (`pg_snapshot`); nil: nothing is remembered.
        var snapshot: String?
        var askedAt = Timestamp(microseconds: 0)
        var sessions: [Identifier<Session>: SessionStore.Live] = [:]
        var sessionsOfUser: [Identifier<User>: [Identifier<Session>]] = [:]

        mutating func forgetAll() {
            snapshot = nil
            sessions.removeAll()
            sessionsOfUser.removeAll()
        }

        mutating func forget(session id: Identifier<Session>) {
            guard let known = sessions.removeValue(forKey: id) else { return }
            sessionsOfUser[known.userID]?.removeAll { $0 == id }
            if sessionsOfUser[known.userID]?.isEmpty == true { sessionsOfUser[known.userID] = nil }
        }

        mutating func forget(user id: Identifier<User>) {
            for session in sessionsOfUser.removeValue(forKey: id) ?? [] { sessions[session] = nil }
        }

        mutating func remember(_ id: Identifier<Session>, _ live: SessionStore.Live) {
            if sessions.updateValue(live, forKey: id) == nil { sessionsOfUser[live.userID, default: []].append(id) }
        }
    }

    /// Notes of changes are kept for `SessionStore.changesKeptSeconds`; who has not asked for this long starts anew.
    static let maximumSilenceSeconds: Int64 = 3_600

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int = 50_000) {
        self.capacity = capacity
    }

    /// The live ones among these sessions, as of a moment after this call. Called on one connection only, which is this memory's own.
    func live(_ ids: [Identifier<Session>], in transaction: Transaction) throws -> [Identifier<Session>: SessionStore.Live] {
        try state.withLock { state in
            do {
                return try Self.live(ids, &state, capacity, transaction)
            } catch {
                // A server that crashed may give a transaction's number a second time, so a snapshot is good for one connection.
                state.forgetAll()
                throw error
            }
        }
    }

    var count: Int { state.withLock { $0.sessions.count } }

    private static func live(
        _ ids: [Identifier<Session>], _ state: inout State, _ capacity: Int, _ transaction: Transaction
    ) throws -> [Identifier<Session>: SessionStore.Live] {
        if state.sessions.count + ids.count > capacity { state.forgetAll() }
        var unknown = ids.filter { state.sessions[$0] == nil }
        // Changes are asked for first: what is read after them is at least as new.
        var statements = [SessionStore.changes(since: state.snapshot)]
        if !unknown.isEmpty { statements.append(SessionStore.live(unknown)) }
        let answers = statements.count == 1 ? [try transaction.query(statements[0])] : try transaction.pipeline(statements)
        try take(answers[0], &state)
        if answers.count > 1 { try remember(answers[1], &state) }

        // What was known when the question was put, and is not any more.
        if answers.count == 1 {
            unknown = ids.filter { state.sessions[$0] == nil }
        } else {
            let asked = Set(unknown)
            unknown = ids.filter { state.sessions[$0] == nil && !asked.contains($0) }
        }
        if !unknown.isEmpty { try remember(try transaction.query(SessionStore.live(unknown)), &state) }

        var found: [Identifier<Session>: SessionStore.Live] = [:]
        found.reserveCapacity(ids.count)
        for id in ids { if let live = state.sessions[id] { found[id] = live } }
        return found
    }

    private static func take(_ changes: Rows, _ state: inout State) throws {
        guard let first = changes.first else { return }
        let now = try first.timestamp(1)
        if now.seconds(since: state.askedAt) > maximumSilenceSeconds || now < state.askedAt { state.forgetAll() }
        state.snapshot = try first.text(0)
        state.askedAt = now
        for change in changes {
            if let session: Identifier<Session> = try change.identifierOrNil(2) { state.forget(session: session) }
            if let user: Identifier<User> = try change.identifierOrNil(3) { state.forget(user: user) }
        }
    }

    private static func remember(_ rows: Rows, _ state: inout State) throws {
        for row in rows {
            let (id, live) = try SessionStore.live(row)
            state.remember(id, live)
        }
    }
}

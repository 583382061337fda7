import Kernel
import Postgres

/// Events on their way to the rooms that react to them, written in the commit of their cause.
public enum Outbox {
    public static func append(_ events: [DomainEvent], in transaction: Transaction) throws {
        guard !events.isEmpty else { return }
        _ = try transaction.execute(insert(events))
    }

    /// The statement alone, for callers that send it inside a pipeline.
    public static func insert(_ events: [DomainEvent]) -> SQL {
        """
        INSERT INTO platform.outbox (id, name, subject, occurred_at, payload)
        SELECT i, n, s, o, p FROM unnest(\(events.map { _ in TimeOrderedIdentifiers.version7(at: SystemClock().now(), random: SystemEntropy.bits128()) })::uuid[],
            \(events.map(\.name))::text[], \(events.map(\.subject))::uuid[], \(events.map(\.occurredAt))::timestamptz[],
            \(events.map(\.payload))::bytea[]) AS u (i, n, s, o, p)
        """
    }
}

/// Hands events to their handlers, at least once each, in the order they were written as far as there is one.
///
/// Several dispatchers share the work: each claims rows that no other holds. A handler runs in the transaction that removes the event,
/// so what it writes and the removal happen together; what it sends elsewhere must bear a repetition.
public struct OutboxDispatcher: Sendable {
    public typealias Handler = @Sendable (DomainEvent, Transaction) throws -> Void

    private let pool: ConnectionPool
    private let handlers: [String: [Handler]]

    public init(pool: ConnectionPool, handlers: [String: [Handler]]) {
        self.pool = pool
        self.handlers = handlers
    }

    /// Works through what waits, at most `limit` events.
    /// - Returns: how many were dispatched
    @discardableResult
    public func dispatch(limit: Int64 = 500) async throws -> Int {
        try await pool.transaction { transaction in
            let rows = try transaction.query(
                """
                DELETE FROM platform.outbox WHERE id IN (
                    SELECT id FROM platform.outbox ORDER BY id LIMIT \(limit) FOR UPDATE SKIP LOCKED)
                RETURNING name, subject, occurred_at, payload
                """)
            for row in rows {
                let event = DomainEvent(
                    name: try row.text(0), subject: try row.uuid(1), occurredAt: try row.timestamp(2), payload: try row.bytes(3))
                for handler in handlers[event.name] ?? [] { try handler(event, transaction) }
            }
            return rows.count
        }
    }

    /// How many events wait.
    public func pending() async throws -> Int64 {
        try await pool.read { try $0.query("SELECT count(*) FROM platform.outbox").first?.int64(0) ?? 0 }
    }
}

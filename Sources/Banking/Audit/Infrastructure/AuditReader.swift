import Kernel
import Postgres

/// What is looked for in the audit trail.
public struct AuditFilter: Sendable {
    public var from: BusinessDate?
    public var to: BusinessDate?
    public var userID: Identifier<User>?
    public var entityType: String?
    public var entityID: String?
    public var action: String?

    public init() {}
}

/// One record as it is shown, with the hash of the one before it in its lane.
struct ShownAuditRecord: Sendable {
    let id: UInt128
    let action: String
    let outcome: Int16
    let actor: Identifier<User>?
    let subjectType: String
    let subjectID: String
    let channel: String
    let ipAddress: String
    let traceID: String
    let detail: String
    let previousHash: [UInt8]
    let hash: [UInt8]

    /// The time in the identifier: when the record was written.
    var occurredAt: Timestamp { Timestamp(microseconds: Int64(UInt64(truncatingIfNeeded: id >> 80)) * 1_000) }
}

enum AuditReader {
    /// Newest first.
    static func list(_ filter: AuditFilter, before: UInt128?, limit: Int, in transaction: Transaction) throws -> [ShownAuditRecord] {
        var sql: SQL = """
            SELECT r.id, r.action, r.outcome, r.actor, r.subject_type, r.subject_id, r.channel, r.ip_address, r.trace_id, r.detail, r.hash,
                (SELECT p.hash FROM audit.record p WHERE p.lane = r.lane AND p.id < r.id ORDER BY p.id DESC LIMIT 1)
            FROM audit.record r WHERE true
            """
        // The days are those of Nairobi; identifiers begin with the milliseconds of their time.
        if let from = filter.from { sql.append(" AND r.id >= \(bound(from))") }
        if let to = filter.to { sql.append(" AND r.id < \(bound(to.adding(days: 1)))") }
        if let userID = filter.userID { sql.append(" AND r.actor = \(userID)") }
        if let entityType = filter.entityType { sql.append(" AND r.subject_type = \(entityType)") }
        if let entityID = filter.entityID { sql.append(" AND r.subject_id = \(entityID)") }
        if let action = filter.action { sql.append(" AND (r.action = \(action) OR starts_with(r.action, \(action + ".")))") }
        if let before { sql.append(" AND r.id < \(before)") }
        sql.append(" ORDER BY r.id DESC LIMIT \(limit)")
        return try transaction.query(sql).map { row in
            ShownAuditRecord(
                id: try row.uuid(0), action: try row.text(1), outcome: try row.int16(2), actor: try row.identifierOrNil(3),
                subjectType: try row.text(4), subjectID: try row.text(5), channel: try row.text(6), ipAddress: try row.text(7),
                traceID: try row.text(8), detail: try row.text(9), previousHash: try row.bytesOrNil(11) ?? [UInt8](repeating: 0, count: 32),
                hash: try row.bytes(10))
        }
    }

    /// The least identifier of a day that begins at midnight in Nairobi, three hours before UTC.
    private static func bound(_ date: BusinessDate) -> UInt128 {
        let milliseconds = (Int64(date.epochDay) * 86_400 - 3 * 3_600) * 1_000
        return UInt128(UInt64(max(0, milliseconds))) << 80
    }
}

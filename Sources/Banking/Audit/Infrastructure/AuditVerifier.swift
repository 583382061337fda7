import Application
import Kernel
import Postgres

/// Walks the audit chain and finds the first record that was edited, removed or slipped in.
public struct AuditVerifier: Sendable {
    public struct Finding: Sendable, Equatable {
        public let recordsChecked: Int64
        /// Where the chain breaks first; nil when it holds.
        public let firstFailure: String?
    }

    public init() {}

    /// Records whose detail begins with something, by record: for a room that looks for what it left there.
    public func details(beginningWith text: String, in transaction: Transaction) throws -> [(record: UInt128, detail: String)] {
        try transaction.query("SELECT id, detail FROM audit.record WHERE starts_with(detail, \(text)) ORDER BY id").map {
            (try $0.uuid(0), try $0.text(1))
        }
    }

    /// - Parameters:
    ///   - transaction: a REPEATABLE READ transaction, so that heads and rows are of one moment
    ///   - detail: hears the detail of every record that is in its place, for rooms that left something there to check by
    public func verify(in transaction: Transaction, detail: (String) -> Void = { _ in }) throws -> Finding {
        var heads: [Int16: ChainLane] = [:]
        for row in try transaction.query(
            "SELECT lane, position, last_id, hash FROM platform.chain_lane WHERE chain = \(AuditTrail.chain) ORDER BY lane")
        {
            let lane = try ChainLane(row: row)
            heads[lane.number] = lane
        }
        var reached: [Int16: (position: Int64, hash: [UInt8])] = [:]
        var checked: Int64 = 0
        var after: UInt128 = 0
        while true {
            let rows = try transaction.query(
                """
                SELECT id, action, outcome, actor, subject_type, subject_id, channel, ip_address, user_agent, trace_id, detail, lane,
                    position, hash
                FROM audit.record WHERE id > \(after) ORDER BY id LIMIT 10000
                """)
            for row in rows {
                let record = StoredAuditRecord(
                    id: try row.uuid(0), action: try row.text(1), outcome: try row.int16(2), actor: try row.uuidOrNil(3),
                    subjectType: try row.text(4), subjectID: try row.text(5), channel: try row.text(6), ipAddress: try row.text(7),
                    userAgent: try row.text(8), traceID: try row.text(9), detail: try row.text(10), lane: try row.int16(11),
                    position: try row.int64(12), hash: try row.bytes(13))
                let place = "audit record \(Identifier<Never>(bits: record.id)) (lane \(record.lane), position \(record.position))"
                let (position, hash) = reached[record.lane] ?? (0, [UInt8](repeating: 0, count: 32))
                guard record.position == position + 1 else {
                    return Finding(recordsChecked: checked, firstFailure: "\(place): position \(position + 1) is missing before it")
                }
                guard AuditEncoding.hash(of: record, after: hash) == record.hash else {
                    return Finding(recordsChecked: checked, firstFailure: "\(place): its content does not match its hash")
                }
                detail(record.detail)
                reached[record.lane] = (record.position, record.hash)
                checked += 1
                after = record.id
            }
            if rows.isEmpty { break }
        }
        if let (number, end) = reached.filter({ heads[$0.key] == nil }).min(by: { $0.key < $1.key }) {
            return Finding(
                recordsChecked: checked, firstFailure: "audit lane \(number): ends at \(end.position), and its head is missing")
        }
        for (number, head) in heads.sorted(by: { $0.key < $1.key }) {
            let (position, hash) = reached[number] ?? (0, [UInt8](repeating: 0, count: 32))
            guard head.position == position, head.hash == hash else {
                return Finding(
                    recordsChecked: checked, firstFailure: "audit lane \(number): ends at \(position), its head says \(head.position)")
            }
        }
        return Finding(recordsChecked: checked, firstFailure: nil)
    }
}

import Application
import Kernel
import Postgres

/// The audit trail: append-only, hash-chained over lanes, written in the transaction of what it records.
public struct AuditTrail: AuditSink {
    public static let chain = "audit"

    private let clock: any WallClock

    public init(clock: any WallClock) {
        self.clock = clock
    }

    public func append(_ records: [AuditRecord], in transaction: Transaction) throws {
        guard !records.isEmpty else { return }
        let lane = try ChainLane.take(chain: Self.chain, in: transaction)
        guard let (insert, head) = appending(records, to: lane) else { return }
        _ = try transaction.execute(insert)
        _ = try transaction.execute(head.save(chain: Self.chain))
    }

    /// The statement that appends records to a lane, and the lane's new head, for callers that write heads themselves.
    public func appending(_ records: [AuditRecord], to lane: ChainLane) -> (insert: SQL, head: ChainLane)? {
        guard !records.isEmpty else { return nil }
        var identifiers = ChainIdentifiers(lane: lane.number, now: clock.now(), floor: lane.lastIdentifier)
        var stored: [StoredAuditRecord] = []
        stored.reserveCapacity(records.count)
        var position = lane.position
        var hash = lane.hash
        for record in records {
            position += 1
            var row = StoredAuditRecord(
                id: identifiers.next(), action: record.action, outcome: record.outcome.rawValue, actor: record.actor?.bits,
                subjectType: record.subjectType, subjectID: record.subjectID, channel: record.channel.rawValue,
                ipAddress: record.ipAddress, userAgent: record.userAgent, traceID: record.traceID,
                detail: Self.json(record.detail), lane: lane.number, position: position, hash: [])
            hash = AuditEncoding.hash(of: row, after: hash)
            row.hash = hash
            stored.append(row)
        }
        guard let last = stored.last else { return nil }
        return (Self.insert(stored), ChainLane(number: lane.number, position: position, lastIdentifier: last.id, hash: hash))
    }

    private static func insert(_ rows: [StoredAuditRecord]) -> SQL {
        """
        INSERT INTO audit.record (id, action, outcome, actor, subject_type, subject_id, channel, ip_address, user_agent, trace_id, detail,
            lane, position, hash)
        SELECT i, a, o, c, st, si, ch, ip, ua, t, d, \(rows.first?.lane ?? 0)::smallint, p, h
        FROM (
            SELECT unnest(\(rows.map(\.id))::uuid[]) AS i, unnest(\(rows.map(\.action))::text[]) AS a,
                unnest(\(rows.map(\.outcome))::smallint[]) AS o, unnest(\(rows.map(\.actor))::uuid[]) AS c,
                unnest(\(rows.map(\.subjectType))::text[]) AS st, unnest(\(rows.map(\.subjectID))::text[]) AS si,
                unnest(\(rows.map(\.channel))::text[]) AS ch, unnest(\(rows.map(\.ipAddress))::text[]) AS ip,
                unnest(\(rows.map(\.userAgent))::text[]) AS ua, unnest(\(rows.map(\.traceID))::text[]) AS t,
                unnest(\(rows.map(\.detail))::text[]) AS d, unnest(\(rows.map(\.position))::bigint[]) AS p,
                unnest(\(rows.map(\.hash))::bytea[]) AS h
        ) AS u
        """
    }

    /// A flat JSON object of texts, or nothing.
    static func json(_ detail: [(String, String)]) -> String {
        guard !detail.isEmpty else { return "" }
        func quoted(_ text: String) -> String {
            var result = "\""
            for scalar in text.unicodeScalars {
                switch scalar {
                case "\"": result += "\\\""
                case "\\": result += "\\\\"
                case "\n": result += "\\n"
                case _ where scalar.value < 0x20:
                    let hex = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                default: result.unicodeScalars.append(scalar)
                }
            }
            return result + "\""
        }
        return "{" + detail.map { "\(quoted($0.0)):\(quoted($0.1))" }.joined(separator: ",") + "}"
    }
}

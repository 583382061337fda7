import Crypto
import Kernel

/// The bytes of an audit record that its hash covers: every column, each with its length, so that no two records share an encoding.
struct AuditEncoding {
    private var bytes: [UInt8] = []

    static func hash(of record: StoredAuditRecord, after previous: [UInt8]) -> [UInt8] {
        var encoding = AuditEncoding()
        // One buffer and one call: a digest that is fed value by value spends more on its calls than on hashing.
        encoding.bytes.reserveCapacity(512 + record.detail.utf8.count + record.userAgent.utf8.count)
        encoding.bytes.append(contentsOf: previous)
        encoding.add(record.id)
        encoding.add(record.action)
        encoding.add(UInt64(UInt16(bitPattern: record.outcome)))
        encoding.add(record.actor ?? 0)
        encoding.add(record.actor == nil ? 0 : 1 as UInt64)
        encoding.add(record.subjectType)
        encoding.add(record.subjectID)
        encoding.add(record.channel)
        encoding.add(record.ipAddress)
        encoding.add(record.userAgent)
        encoding.add(record.traceID)
        encoding.add(record.detail)
        encoding.add(UInt64(UInt16(bitPattern: record.lane)))
        encoding.add(UInt64(bitPattern: record.position))
        return Array(SHA256.hash(data: encoding.bytes))
    }

    private mutating func add(_ value: UInt64) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func add(_ value: UInt128) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func add(_ text: String) {
        add(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }
}

/// A record as it stands in the table, with its place in the chain.
struct StoredAuditRecord: Sendable {
    var id: UInt128
    var action: String
    var outcome: Int16
    var actor: UInt128?
    var subjectType: String
    var subjectID: String
    var channel: String
    var ipAddress: String
    var userAgent: String
    var traceID: String
    var detail: String
    var lane: Int16
    var position: Int64
    var hash: [UInt8]
}

import Crypto
import Kernel

/// The bytes of an audit record that its hash covers: every column, each with its length, so that no two records share an encoding.
struct AuditEncoding {
    private var hash = SHA256()

    static func hash(of record: StoredAuditRecord, after previous: [UInt8]) -> [UInt8] {
        var encoding = AuditEncoding()
        encoding.hash.update(data: previous)
        encoding.add(record.id)
        encoding.add(record.action)
        encoding.add(UInt64(UInt16(bitPattern: record.outcome)))
        encoding.add(record.actor ?? 0)
        encoding.add(record.actor == nil ? 0 : 1 as UInt64)
        for text in [
            record.subjectType, record.subjectID, record.channel, record.ipAddress, record.userAgent, record.traceID, record.detail,
        ] { encoding.add(text) }
        encoding.add(UInt64(UInt16(bitPattern: record.lane)))
        encoding.add(UInt64(bitPattern: record.position))
        return Array(encoding.hash.finalize())
    }

    private mutating func add(_ value: UInt64) {
        withUnsafeBytes(of: value.bigEndian) { hash.update(bufferPointer: $0) }
    }

    private mutating func add(_ value: UInt128) {
        withUnsafeBytes(of: value.bigEndian) { hash.update(bufferPointer: $0) }
    }

    private mutating func add(_ text: String) {
        add(UInt64(text.utf8.count))
        var text = text
        text.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
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

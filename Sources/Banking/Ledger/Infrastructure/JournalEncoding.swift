import Crypto
import Kernel

/// The bytes of a journal and its lines that its hash covers. Every stored column takes part, texts with their length, so that a change
/// of any of them, or of the order of the lines, changes the hash.
enum JournalEncoding {
    /// Names this form of the bytes to outsiders (docs/decisions/0021); another form gets another name.
    static let name = "wekeza-journal-1"

    static func hash(of journal: PostedJournal, after previous: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(192 + journal.lines.count * 64)
        bytes.append(contentsOf: previous)
        append(journal, to: &bytes)
        return Array(SHA256.hash(data: bytes))
    }

    /// The bytes alone, which outsiders hash after the hash before.
    static func bytes(of journal: PostedJournal) -> [UInt8] {
        var bytes: [UInt8] = []
        append(journal, to: &bytes)
        return bytes
    }

    private static func append(_ journal: PostedJournal, to bytes: inout [UInt8]) {
        append(journal.id.bits, to: &bytes)
        append(Int64(journal.kind.rawValue), to: &bytes)
        append(Int64(journal.type.rawValue), to: &bytes)
        append(journal.referencePrefix, to: &bytes)
        append(Int64(journal.businessDate.epochDay), to: &bytes)
        append(Int64(journal.valueDate.epochDay), to: &bytes)
        append(journal.sourceType, to: &bytes)
        append(optional: journal.sourceID, to: &bytes)
        append(journal.channel.rawValue, to: &bytes)
        append(optional: journal.initiatedBy?.bits, to: &bytes)
        append(optional: journal.narration, to: &bytes)
        append(optional: journal.beneficiaryName, to: &bytes)
        append(optional: journal.clientTransactionID?.bits, to: &bytes)
        append(optional: journal.reversalOf?.bits, to: &bytes)
        append(Int64(journal.lane), to: &bytes)
        append(journal.position, to: &bytes)
        append(Int64(journal.lines.count), to: &bytes)
        for line in journal.lines {
            append(Int64(line.lineNumber) << 32 | Int64(line.ordinal) << 16 | Int64(line.type.rawValue), to: &bytes)
            append(optional: line.account?.bits, to: &bytes)
            append(Int64(line.glCode.number), to: &bytes)
            append(line.currency.code, to: &bytes)
            append(line.amount, to: &bytes)
            append(optional: line.balanceAfter.map { UInt128(truncatingIfNeeded: $0) }, to: &bytes)
        }
    }

    private static func append(_ value: Int64, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private static func append(_ value: UInt128, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        append(Int64(text.utf8.count), to: &bytes)
        bytes.append(contentsOf: text.utf8)
    }

    private static func append(optional value: UInt128?, to bytes: inout [UInt8]) {
        bytes.append(value == nil ? 0 : 1)
        if let value { append(value, to: &bytes) }
    }

    private static func append(optional text: String?, to bytes: inout [UInt8]) {
        bytes.append(text == nil ? 0 : 1)
        if let text { append(text, to: &bytes) }
    }
}

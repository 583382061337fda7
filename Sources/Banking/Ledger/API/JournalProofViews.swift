import Foundation
import HTTPEdge
import Kernel

/// A journal with every column that its hash covers, in the order in which they are hashed (docs/decisions/0021).
struct HashedJournalRepresentation: Representation {
    let journal: PostedJournal

    static let schemaName = "HashedJournal"
    static let example = HashedJournalRepresentation(
        journal: PostedJournal(
            id: Identifier(bits: 0x0190_0000_0000_7000_8000_0000_0000_0100), kind: .standard, type: .transfer, referencePrefix: "TRF",
            businessDate: BusinessDate(epochDay: 20_779), valueDate: BusinessDate(epochDay: 20_779), sourceType: "transfer",
            sourceID: 0x0190_0000_0000_7000_8000_0000_0000_0301, channel: .personal, initiatedBy: Identifier(bits: 2), narration: "Rent",
            beneficiaryName: "Jane Wanjiru", clientTransactionID: Identifier(bits: 3), reversalOf: Identifier(bits: 4),
            lines: [
                PostedJournal.Line(
                    lineNumber: 1, ordinal: 1, type: .transfer, account: Identifier(bits: 5), glCode: ChartOfAccounts.currentAccounts,
                    currency: .kes, amount: -1_500_00, balanceAfter: 8_500_00)
            ], lane: 0, position: 1, hash: Array(repeating: 0, count: 32)))

    func write(to object: inout ObjectWriter) {
        object.identifier("journalId", journal.id)
        object.integer("kindCode", journal.kind.rawValue)
        object.integer("typeCode", journal.type.rawValue)
        object.text("referencePrefix", journal.referencePrefix)
        object.date("businessDate", journal.businessDate)
        object.date("valueDate", journal.valueDate)
        object.text("sourceType", journal.sourceType)
        object.optionalIdentifier("sourceId", journal.sourceID.map { Identifier<Journal>(bits: $0) })
        object.text("channel", journal.channel.rawValue)
        object.optionalIdentifier("initiatedBy", journal.initiatedBy)
        object.optionalText("narration", journal.narration)
        object.optionalText("beneficiaryName", journal.beneficiaryName)
        object.optionalIdentifier("clientTransactionId", journal.clientTransactionID)
        object.optionalIdentifier("reversalOf", journal.reversalOf)
        object.integer("lane", journal.lane)
        object.integer("position", journal.position)
        object.array("lines", journal.lines.map { HashedLineRepresentation(line: $0) })
    }
}

struct HashedLineRepresentation: Representation {
    let line: PostedJournal.Line

    static let schemaName = "HashedLine"
    static let example = HashedLineRepresentation(line: HashedJournalRepresentation.example.journal.lines[0])

    func write(to object: inout ObjectWriter) {
        object.integer("lineNumber", line.lineNumber)
        object.integer("ordinal", line.ordinal)
        object.integer("typeCode", line.type.rawValue)
        object.optionalIdentifier("accountId", line.account)
        object.text("glCode", line.glCode.description)
        object.currency("currency", line.currency)
        // As hashed: whole minor units, credits positive. As text, because not every reader of JSON keeps 64 bits exactly.
        object.text("minorUnits", String(line.amount))
        object.optionalText("balanceAfterMinorUnits", line.balanceAfter.map { String($0) })
    }
}

struct ProofStepRepresentation: Representation {
    let journal: PostedJournal

    static let schemaName = "ProofStep"
    static let example = ProofStepRepresentation(journal: HashedJournalRepresentation.example.journal)

    func write(to object: inout ObjectWriter) {
        object.identifier("journalId", journal.id)
        object.integer("position", journal.position)
        object.text("canonical", Data(JournalEncoding.bytes(of: journal)).base64EncodedString())
        object.text("hash", ChainHead.hexadecimal(journal.hash))
    }
}

struct LaneHeadRepresentation: Representation {
    let lane: ChainHead.Lane

    static let schemaName = "LaneHead"
    static let example = LaneHeadRepresentation(
        lane: ChainHead.Lane(number: 0, position: 2, hash: [UInt8](repeating: 0, count: 32)))

    func write(to object: inout ObjectWriter) {
        object.integer("lane", lane.number)
        object.integer("position", lane.position)
        object.text("hash", ChainHead.hexadecimal(lane.hash))
    }
}

struct JournalProofRepresentation: Representation {
    let proof: JournalProof

    static let schemaName = "JournalProof"
    static let example = JournalProofRepresentation(
        proof: JournalProof(
            journal: HashedJournalRepresentation.example.journal, previousHash: [UInt8](repeating: 0, count: 32),
            path: [ProofStepRepresentation.example.journal], isComplete: true,
            head: ChainHead(lanes: [LaneHeadRepresentation.example.lane])))

    func write(to object: inout ObjectWriter) {
        object.identifier("journalId", proof.journal.id)
        object.text("reference", proof.journal.reference)
        object.text("algorithm", "SHA-256")
        object.text("encoding", JournalEncoding.name)
        object.integer("lane", proof.journal.lane)
        object.integer("position", proof.journal.position)
        object.text("previousHash", ChainHead.hexadecimal(proof.previousHash))
        object.object("content", HashedJournalRepresentation(journal: proof.journal))
        object.text("canonical", Data(JournalEncoding.bytes(of: proof.journal)).base64EncodedString())
        object.text("hash", ChainHead.hexadecimal(proof.journal.hash))
        object.array("path", proof.path.map { ProofStepRepresentation(journal: $0) })
        object.boolean("pathComplete", proof.isComplete)
        object.array("heads", proof.head.lanes.map { LaneHeadRepresentation(lane: $0) })
        object.text("chainHead", proof.head.digest)
    }
}

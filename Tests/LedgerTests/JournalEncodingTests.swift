import Kernel
import Testing

@testable import Ledger

/// The hash of a journal covers every column of it and of its lines.
@Suite struct JournalEncodingTests {
    /// A journal in which every field has a value, changed by the test one field at a time.
    private struct Fields {
        var id: UInt128 = 0x100
        var kind = JournalKind.standard
        var type = TransactionType.transfer
        var referencePrefix = "TRF"
        var businessDate = BusinessDate(epochDay: 20_000)
        var valueDate = BusinessDate(epochDay: 20_001)
        var sourceType = "source"
        var sourceID: UInt128? = 1
        var channel = Channel.api
        var initiatedBy: UInt128? = 2
        var narration: String? = "rent"
        var beneficiaryName: String? = "Juma"
        var clientTransactionID: UInt128? = 3
        var reversalOf: UInt128? = 4
        var lane: Int16 = 5
        var position: Int64 = 6
        var lines: [PostedJournal.Line] = [Self.line(), Self.line(lineNumber: 2, account: nil, amount: 100, balanceAfter: nil)]

        static func line(
            lineNumber: Int16 = 1, ordinal: UInt8 = 1, type: TransactionType = .transfer, account: UInt128? = 7, glCode: Int32 = 2001,
            currency: Currency = .kes, amount: Int64 = -100, balanceAfter: Int64? = 900
        ) -> PostedJournal.Line {
            PostedJournal.Line(
                lineNumber: lineNumber, ordinal: ordinal, type: type, account: account.map { Identifier(bits: $0) }, glCode: GLCode(glCode),
                currency: currency, amount: amount, balanceAfter: balanceAfter)
        }

        var hash: [UInt8] {
            let journal = PostedJournal(
                id: Identifier(bits: id), kind: kind, type: type, referencePrefix: referencePrefix, businessDate: businessDate,
                valueDate: valueDate, sourceType: sourceType, sourceID: sourceID, channel: channel,
                initiatedBy: initiatedBy.map { Identifier(bits: $0) }, narration: narration, beneficiaryName: beneficiaryName,
                clientTransactionID: clientTransactionID.map { Identifier(bits: $0) }, reversalOf: reversalOf.map { Identifier(bits: $0) },
                lines: lines, lane: lane, position: position, hash: [])
            return JournalEncoding.hash(of: journal, after: [UInt8](repeating: 0, count: 32))
        }
    }

    @Test func everyChangeOfAnythingChangesTheHash() {
        let changes: [(String, (inout Fields) -> Void)] = [
            ("id", { $0.id += 0x100 }), ("kind", { $0.kind = .adjustment }), ("type", { $0.type = .deposit }),
            ("prefix", { $0.referencePrefix = "TRG" }), ("business date", { $0.businessDate = $0.businessDate.adding(days: 1) }),
            ("value date", { $0.valueDate = $0.valueDate.adding(days: 1) }), ("source type", { $0.sourceType = "sources" }),
            ("source", { $0.sourceID = 2 }), ("no source", { $0.sourceID = nil }), ("channel", { $0.channel = .sme }),
            ("initiator", { $0.initiatedBy = 3 }), ("no initiator", { $0.initiatedBy = nil }), ("narration", { $0.narration = "Rent" }),
            ("empty narration", { $0.narration = "" }), ("no narration", { $0.narration = nil }),
            ("name", { $0.beneficiaryName = "Juma " }), ("no name", { $0.beneficiaryName = nil }),
            ("client's identifier", { $0.clientTransactionID = 4 }), ("no client's identifier", { $0.clientTransactionID = nil }),
            ("reversal", { $0.reversalOf = 5 }), ("no reversal", { $0.reversalOf = nil }), ("lane", { $0.lane = 6 }),
            ("position", { $0.position = 7 }), ("line number", { $0.lines[0] = Fields.line(lineNumber: 3) }),
            ("ordinal", { $0.lines[0] = Fields.line(ordinal: 2) }), ("line's type", { $0.lines[0] = Fields.line(type: .fee) }),
            ("account", { $0.lines[0] = Fields.line(account: 8) }), ("no account", { $0.lines[0] = Fields.line(account: nil) }),
            ("general ledger", { $0.lines[0] = Fields.line(glCode: 2002) }), ("currency", { $0.lines[0] = Fields.line(currency: .usd) }),
            ("amount", { $0.lines[0] = Fields.line(amount: -101) }), ("sign", { $0.lines[0] = Fields.line(amount: 100) }),
            ("balance", { $0.lines[0] = Fields.line(balanceAfter: 901) }), ("no balance", { $0.lines[0] = Fields.line(balanceAfter: nil) }),
            ("order of lines", { $0.lines.reverse() }), ("a line less", { $0.lines.removeLast() }),
            ("a line more", { $0.lines.append(Fields.line(lineNumber: 3)) }),
            ("text moved to its neighbour", { ($0.narration, $0.beneficiaryName) = ("rentJ", "uma") }),
        ]
        var hashes: [[UInt8]: String] = [Fields().hash: "nothing"]
        for (name, change) in changes {
            var fields = Fields()
            change(&fields)
            let earlier = hashes.updateValue(name, forKey: fields.hash)
            #expect(earlier == nil, "a change of \(name) gives the hash of a change of \(earlier ?? "")")
        }
    }

    @Test func theHashBeforeCounts() {
        let journal = PostedJournal(
            id: Identifier(bits: 0x100), kind: .standard, type: .transfer, referencePrefix: "TRF", businessDate: BusinessDate(epochDay: 1),
            valueDate: BusinessDate(epochDay: 1), sourceType: "s", sourceID: nil, channel: .api, initiatedBy: nil, narration: nil,
            beneficiaryName: nil, clientTransactionID: nil, reversalOf: nil, lines: [], lane: 0, position: 1, hash: [])
        let first = JournalEncoding.hash(of: journal, after: [UInt8](repeating: 0, count: 32))
        let second = JournalEncoding.hash(of: journal, after: [UInt8](repeating: 1, count: 32))
        #expect(first.count == 32)
        #expect(first != second)
        #expect(first == JournalEncoding.hash(of: journal, after: [UInt8](repeating: 0, count: 32)))
    }
}

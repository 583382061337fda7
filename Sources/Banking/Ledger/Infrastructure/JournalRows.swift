import Kernel
import Postgres

/// Between the tables `ledger.journal` and `ledger.posting` and `PostedJournal`.
enum JournalRows {
    static func insert(_ journals: [PostedJournal]) -> SQL {
        let lane = journals.first?.lane ?? 0
        return """
            INSERT INTO ledger.journal (id, kind, type, reference_prefix, business_date, value_date, source_type, source_id, channel,
                initiated_by, narration, beneficiary_name, client_transaction_id, reversal_of, lane, position, hash)
            SELECT i, k, t, rp, bd, vd, st, si, ch, ib, na, bn, ct, ro, \(lane)::smallint, po, ha
            FROM unnest(\(journals.map(\.id))::uuid[], \(journals.map(\.kind.rawValue))::smallint[],
                \(journals.map(\.type.rawValue))::smallint[], \(journals.map(\.referencePrefix))::text[],
                \(journals.map(\.businessDate))::date[], \(journals.map(\.valueDate))::date[], \(journals.map(\.sourceType))::text[],
                \(journals.map(\.sourceID))::uuid[], \(journals.map(\.channel.rawValue))::text[],
                \(journals.map(\.initiatedBy))::uuid[], \(journals.map(\.narration))::text[],
                \(journals.map(\.beneficiaryName))::text[], \(journals.map(\.clientTransactionID))::uuid[],
                \(journals.map(\.reversalOf))::uuid[], \(journals.map(\.position))::bigint[], \(journals.map(\.hash))::bytea[])
                AS u (i, k, t, rp, bd, vd, st, si, ch, ib, na, bn, ct, ro, po, ha)
            """
    }

    static func insertLines(of journals: [PostedJournal]) -> SQL {
        var owners: [Identifier<Journal>] = []
        var lines: [PostedJournal.Line] = []
        for journal in journals {
            for line in journal.lines {
                owners.append(journal.id)
                lines.append(line)
            }
        }
        return """
            INSERT INTO ledger.posting (journal_id, line_number, ordinal, type, account_id, gl_code, currency, amount, balance_after)
            SELECT j, n, o, t, a, g, c, m, b
            FROM unnest(\(owners)::uuid[], \(lines.map(\.lineNumber))::smallint[], \(lines.map { Int16($0.ordinal) })::smallint[],
                \(lines.map(\.type.rawValue))::smallint[], \(lines.map(\.account))::uuid[], \(lines.map(\.glCode.number))::integer[],
                \(lines.map(\.currency))::text[], \(lines.map(\.amount))::bigint[], \(lines.map(\.balanceAfter))::bigint[])
                AS u (j, n, o, t, a, g, c, m, b)
            """
    }

    static let columns = """
        id, kind, type, reference_prefix, business_date, value_date, source_type, source_id, channel, initiated_by, narration, \
        beneficiary_name, client_transaction_id, reversal_of, lane, position, hash
        """
    static let lineColumns = "journal_id, line_number, ordinal, type, account_id, gl_code, currency, amount, balance_after"

    static func line(_ row: Row) throws -> PostedJournal.Line {
        guard let type = TransactionType(rawValue: try row.int16(3)) else { throw unknown("posting type") }
        return PostedJournal.Line(
            lineNumber: try row.int16(1), ordinal: UInt8(truncatingIfNeeded: try row.int16(2)), type: type,
            account: try row.identifierOrNil(4), glCode: GLCode(try row.int32(5)), currency: try row.currency(6),
            amount: try row.int64(7), balanceAfter: try row.int64OrNil(8))
    }

    static func journal(_ row: Row, lines: [PostedJournal.Line]) throws -> PostedJournal {
        guard let kind = JournalKind(rawValue: try row.int16(1)), let type = TransactionType(rawValue: try row.int16(2)) else {
            throw unknown("journal kind or type")
        }
        guard let channel = Channel(rawValue: try row.text(8)) else { throw unknown("channel") }
        return PostedJournal(
            id: try row.identifier(0), kind: kind, type: type, referencePrefix: try row.text(3), businessDate: try row.date(4),
            valueDate: try row.date(5), sourceType: try row.text(6), sourceID: try row.uuidOrNil(7), channel: channel,
            initiatedBy: try row.identifierOrNil(9), narration: try row.textOrNil(10), beneficiaryName: try row.textOrNil(11),
            clientTransactionID: try row.identifierOrNil(12), reversalOf: try row.identifierOrNil(13), lines: lines,
            lane: try row.int16(14), position: try row.int64(15), hash: try row.bytes(16))
    }

    private static func unknown(_ what: String) -> PostgresError {
        PostgresError(kind: .misuse, message: "the journal holds a \(what) that this program does not know")
    }

    /// Journals with their lines, by identifier.
    static func load(
        _ ids: [Identifier<Journal>], _ query: (SQL) throws -> Rows
    ) throws -> [Identifier<Journal>: PostedJournal] {
        guard !ids.isEmpty else { return [:] }
        var lines: [UInt128: [PostedJournal.Line]] = [:]
        for row in try query(
            """
            SELECT \(raw: lineColumns) FROM ledger.posting WHERE journal_id = ANY(\(ids)::uuid[]) ORDER BY journal_id, line_number
            """)
        { lines[try row.uuid(0), default: []].append(try line(row)) }
        var journals: [Identifier<Journal>: PostedJournal] = [:]
        for row in try query("SELECT \(raw: columns) FROM ledger.journal WHERE id = ANY(\(ids)::uuid[])") {
            let loaded = try journal(row, lines: lines[try row.uuid(0)] ?? [])
            journals[loaded.id] = loaded
        }
        return journals
    }
}

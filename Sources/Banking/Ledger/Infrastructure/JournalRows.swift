import Kernel
import Postgres

/// Between the table `ledger.journal` and `PostedJournal`.
///
/// The lines stand in the journal's own row, as parallel arrays: a row, an index entry or two and a log record for each line would
/// cost more than everything else a transfer writes. `ledger.entry` says which journals an account is in; the view `ledger.posting` shows
/// a row a line to whoever wants one.
enum JournalRows {
    /// Stands in `line_accounts` for a line of the general ledger alone.
    static let noAccount: UInt128 = 0

    static func insert(_ journals: [PostedJournal]) -> SQL {
        let lane = journals.first?.lane ?? 0
        let lines = LineArrays(journals)
        return """
            INSERT INTO ledger.journal (id, kind, type, reference_prefix, business_date, value_date, source_type, source_id, channel,
                initiated_by, narration, beneficiary_name, client_transaction_id, reversal_of, lane, position, hash, currencies,
                line_types, line_ordinals, line_accounts, line_gl_codes, line_amounts, line_balances)
            SELECT i, k, t, rp, bd, vd, st, si, ch, ib, na, bn, ct, ro, \(lane)::smallint, po, ha, cu,
                (\(lines.types)::smallint[])[f:l], (\(lines.ordinals)::smallint[])[f:l], (\(lines.accounts)::uuid[])[f:l],
                (\(lines.glCodes)::integer[])[f:l], (\(lines.amounts)::bigint[])[f:l], (\(lines.balances)::bigint[])[f:l]
            FROM (
                SELECT unnest(\(journals.map(\.id.bits))::uuid[]) AS i, unnest(\(journals.map(\.kind.rawValue))::smallint[]) AS k,
                    unnest(\(journals.map(\.type.rawValue))::smallint[]) AS t, unnest(\(journals.map(\.referencePrefix))::text[]) AS rp,
                    unnest(\(journals.map(\.businessDate))::date[]) AS bd, unnest(\(journals.map(\.valueDate))::date[]) AS vd,
                    unnest(\(journals.map(\.sourceType))::text[]) AS st, unnest(\(journals.map(\.sourceID))::uuid[]) AS si,
                    unnest(\(journals.map(\.channel.rawValue))::text[]) AS ch,
                    unnest(\(journals.map(\.initiatedBy?.bits))::uuid[]) AS ib, unnest(\(journals.map(\.narration))::text[]) AS na,
                    unnest(\(journals.map(\.beneficiaryName))::text[]) AS bn,
                    unnest(\(journals.map(\.clientTransactionID?.bits))::uuid[]) AS ct,
                    unnest(\(journals.map(\.reversalOf?.bits))::uuid[]) AS ro, unnest(\(journals.map(\.position))::bigint[]) AS po,
                    unnest(\(journals.map(\.hash))::bytea[]) AS ha, unnest(\(lines.currencies)::text[]) AS cu,
                    unnest(\(lines.firsts)::integer[]) AS f, unnest(\(lines.lasts)::integer[]) AS l
            ) AS u
            """
    }

    /// Which journals each account is in, once however many lines it has there.
    static func insertEntries(of journals: [PostedJournal]) -> SQL {
        var accounts: [UInt128] = []
        var owners: [UInt128] = []
        accounts.reserveCapacity(journals.count * 2)
        owners.reserveCapacity(journals.count * 2)
        for journal in journals {
            for account in journal.accounts {
                accounts.append(account.bits)
                owners.append(journal.id.bits)
            }
        }
        return """
            INSERT INTO ledger.entry (account_id, journal_id)
            SELECT unnest(\(accounts)::uuid[]), unnest(\(owners)::uuid[])
            """
    }

    /// The lines of a batch one after the other, with the places where each journal's begin and end.
    private struct LineArrays {
        var types: [Int16] = []
        var ordinals: [Int16] = []
        var accounts: [UInt128] = []
        var glCodes: [Int32] = []
        var amounts: [Int64] = []
        var balances: [Int64] = []
        var firsts: [Int32] = []
        var lasts: [Int32] = []
        var currencies: [String] = []

        init(_ journals: [PostedJournal]) {
            for journal in journals {
                firsts.append(Int32(amounts.count + 1))
                for line in journal.lines {
                    types.append(line.type.rawValue)
                    ordinals.append(Int16(line.ordinal))
                    accounts.append(line.account?.bits ?? noAccount)
                    glCodes.append(line.glCode.number)
                    amounts.append(line.amount)
                    balances.append(line.balanceAfter ?? 0)
                }
                lasts.append(Int32(amounts.count))
                currencies.append(Self.codes(journal.lines))
            }
        }

        /// One code when all lines share it, which is nearly always; else one for each line.
        private static func codes(_ lines: [PostedJournal.Line]) -> String {
            guard let first = lines.first?.currency else { return "" }
            if lines.allSatisfy({ $0.currency == first }) { return first.code }
            return lines.map(\.currency.code).joined(separator: ",")
        }
    }

    static let columns = """
        id, kind, type, reference_prefix, business_date, value_date, source_type, source_id, channel, initiated_by, narration, \
        beneficiary_name, client_transaction_id, reversal_of, lane, position, hash, currencies, line_types, line_ordinals, \
        line_accounts, line_gl_codes, line_amounts, line_balances
        """
    static let columnCount = 24

    /// The same columns of a journal called `j`.
    static let columnsOfJ = columns.split(separator: ", ").map { "j.\($0)" }.joined(separator: ", ")

    static func journal(_ row: Row) throws -> PostedJournal {
        guard let kind = JournalKind(rawValue: try row.int16(1)), let type = TransactionType(rawValue: try row.int16(2)) else {
            throw unknown("journal kind or type")
        }
        guard let channel = Channel(rawValue: try row.text(8)) else { throw unknown("channel") }
        return PostedJournal(
            id: try row.identifier(0), kind: kind, type: type, referencePrefix: try row.text(3), businessDate: try row.date(4),
            valueDate: try row.date(5), sourceType: try row.text(6), sourceID: try row.uuidOrNil(7), channel: channel,
            initiatedBy: try row.identifierOrNil(9), narration: try row.textOrNil(10), beneficiaryName: try row.textOrNil(11),
            clientTransactionID: try row.identifierOrNil(12), reversalOf: try row.identifierOrNil(13), lines: try lines(row),
            lane: try row.int16(14), position: try row.int64(15), hash: try row.bytes(16))
    }

    private static func lines(_ row: Row) throws -> [PostedJournal.Line] {
        let types = try row.int16Array(18)
        let ordinals = try row.int16Array(19)
        let accounts = try row.uuidArray(20)
        let glCodes = try row.int32Array(21)
        let amounts = try row.int64Array(22)
        let balances = try row.int64Array(23)
        let count = amounts.count
        guard types.count == count, ordinals.count == count, accounts.count == count, glCodes.count == count, balances.count == count
        else { throw unknown("line without all of its parts") }
        let currencies = try currencies(try row.text(17), count: count)
        var lines: [PostedJournal.Line] = []
        lines.reserveCapacity(count)
        for at in 0..<count {
            guard let type = TransactionType(rawValue: types[at]), let ordinal = UInt8(exactly: ordinals[at]) else {
                throw unknown("posting type or ordinal")
            }
            let isAccount = accounts[at] != noAccount
            guard isAccount || balances[at] == 0 else { throw unknown("balance of no account") }
            lines.append(
                PostedJournal.Line(
                    lineNumber: Int16(at + 1), ordinal: ordinal, type: type,
                    account: isAccount ? Identifier(bits: accounts[at]) : nil, glCode: GLCode(glCodes[at]),
                    currency: currencies.count == 1 ? currencies[0] : currencies[at], amount: amounts[at],
                    balanceAfter: isAccount ? balances[at] : nil))
        }
        return lines
    }

    /// One currency for all lines, or as many as there are lines and not all the same: there is one way to write it down.
    private static func currencies(_ text: String, count: Int) throws -> [Currency] {
        let currencies = try text.split(separator: ",", omittingEmptySubsequences: false).map { code in
            guard let currency = Currency(code: String(code)) else { throw unknown("currency") }
            return currency
        }
        guard currencies.count == 1 || (currencies.count == count && Set(currencies).count > 1) else { throw unknown("list of currencies") }
        return currencies
    }

    private static func unknown(_ what: String) -> PostgresError {
        PostgresError(kind: .misuse, message: "the journal holds a \(what) that this program does not know")
    }

    /// Journals with their lines, by identifier.
    static func load(
        _ ids: [Identifier<Journal>], _ query: (SQL) throws -> Rows
    ) throws -> [Identifier<Journal>: PostedJournal] {
        guard !ids.isEmpty else { return [:] }
        var journals: [Identifier<Journal>: PostedJournal] = [:]
        for row in try query("SELECT \(raw: columns) FROM ledger.journal WHERE id = ANY(\(ids)::uuid[])") {
            let loaded = try journal(row)
            journals[loaded.id] = loaded
        }
        return journals
    }
}

extension PostedJournal {
    /// The accounts it moves, each once, in the order of its lines.
    var accounts: [Identifier<Account>] {
        var accounts: [Identifier<Account>] = []
        for line in lines {
            if let account = line.account, !accounts.contains(account) { accounts.append(account) }
        }
        return accounts
    }

    /// An account's balance after the last of its lines; nil when it has none here.
    func balance(of account: Identifier<Account>) -> Int64? {
        lines.last { $0.account == account }?.balanceAfter
    }
}

import Kernel
import Postgres

/// Between the journal and `EntryView`: a journal's row with one of its lines.
enum EntryRows {
    /// The journal `j`, the account and the line that are looked at (`p`), and what reversed the journal (`r`).
    static let columns = "\(JournalRows.columnsOfJ), p.account_id, p.line_number, r.reversal_id"

    /// The lines of a journal `j` as `p`, those of customer accounts only: account, number, type, currency and amount.
    static let lines = """
        CROSS JOIN LATERAL (
            SELECT l.account AS account_id, l.number::smallint AS line_number, l.type, l.amount,
                CASE WHEN length(j.currencies) = 3 THEN j.currencies ELSE split_part(j.currencies, ',', l.number::integer) END AS currency
            FROM unnest(j.line_accounts, j.line_types, j.line_amounts) WITH ORDINALITY AS l (account, type, amount, number)
            WHERE l.account <> '00000000-0000-0000-0000-000000000000'
        ) AS p
        """

    static func view(_ row: Row) throws -> EntryView {
        let next = JournalRows.columnCount
        let journal = try JournalRows.journal(row)
        let account = try row.identifier(next, as: Account.self)
        let number = Int(try row.int16(next + 1))
        let reversal = try row.identifierOrNil(next + 2, as: Journal.self)
        guard journal.lines.indices.contains(number - 1), let balanceAfter = journal.lines[number - 1].balanceAfter else {
            throw PostgresError(kind: .misuse, message: "journal \(journal.id) has no line \(number) of an account")
        }
        let line = journal.lines[number - 1]
        let isMain = line.ordinal == 1
        func charged(_ type: TransactionType) -> Int64 {
            guard isMain else { return 0 }
            return journal.lines.reduce(0) { $0 + ($1.account == account && $1.type == type ? -$1.amount : 0) }
        }
        let counterparty = journal.lines.first { $0.ordinal == line.ordinal && $0.account != nil && $0.account != account }?.account
        return EntryView(
            account: account, journal: journal.id, lineNumber: line.lineNumber,
            transactionID: journal.transactionID(ordinal: line.ordinal), reference: journal.reference, type: line.type,
            isReversed: reversal != nil, amount: line.amount, currency: line.currency, fee: charged(.fee), excise: charged(.excise),
            narration: journal.narration, beneficiaryName: journal.beneficiaryName, counterpartyAccount: counterparty,
            channel: journal.channel, initiatedBy: journal.initiatedBy, businessDate: journal.businessDate,
            valueDate: journal.valueDate, balanceAfter: balanceAfter, reversalOf: journal.reversalOf, reversedBy: reversal)
    }
}

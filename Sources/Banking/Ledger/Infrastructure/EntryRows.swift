import Kernel
import Postgres

/// Between the journal tables and `EntryView`.
enum EntryRows {
    /// Columns of the journal that travel with a posting inside the page's inner query.
    static let journalColumns = """
        j.reference_prefix, j.business_date, j.value_date, j.channel, j.initiated_by, j.narration, j.beneficiary_name, \
        j.client_transaction_id, j.reversal_of
        """

    /// What a page shows, from the inner query `e` and the reversal `r`. The other side and the charges are found by primary key.
    static let columns = """
        e.account_id, e.journal_id, e.line_number, e.ordinal, e.type, e.amount, e.currency, e.balance_after, e.reference_prefix, \
        e.business_date, e.value_date, e.channel, e.initiated_by, e.narration, e.beneficiary_name, e.client_transaction_id, \
        e.reversal_of, r.reversal_id, \
        (SELECT s.account_id FROM ledger.posting s WHERE s.journal_id = e.journal_id AND s.ordinal = e.ordinal \
            AND s.account_id IS NOT NULL AND s.account_id <> e.account_id LIMIT 1), \
        (SELECT coalesce(-sum(s.amount), 0)::bigint FROM ledger.posting s WHERE s.journal_id = e.journal_id \
            AND s.account_id = e.account_id AND s.type = 11), \
        (SELECT coalesce(-sum(s.amount), 0)::bigint FROM ledger.posting s WHERE s.journal_id = e.journal_id \
            AND s.account_id = e.account_id AND s.type = 12)
        """

    static func view(_ row: Row) throws -> EntryView {
        let ordinal = UInt8(truncatingIfNeeded: try row.int16(3))
        guard let type = TransactionType(rawValue: try row.int16(4)), let channel = Channel(rawValue: try row.text(11)) else {
            throw PostgresError(kind: .misuse, message: "the journal holds a type or channel that this program does not know")
        }
        let journal = try row.identifier(1, as: Journal.self)
        let clientID = try row.identifierOrNil(15, as: TransactionRecord.self)
        let isMain = ordinal == 1
        return EntryView(
            account: try row.identifier(0), journal: journal, lineNumber: try row.int16(2),
            transactionID: isMain ? clientID ?? Identifier(bits: journal.bits | 1) : Identifier(bits: journal.bits | UInt128(ordinal)),
            reference: JournalReference.text(prefix: try row.text(8), journal: journal), type: type, isReversed: !row.isNull(17),
            amount: try row.int64(5), currency: try row.currency(6), fee: isMain ? try row.int64(19) : 0,
            excise: isMain ? try row.int64(20) : 0, narration: try row.textOrNil(13), beneficiaryName: try row.textOrNil(14),
            counterpartyAccount: try row.identifierOrNil(18), channel: channel, initiatedBy: try row.identifierOrNil(12),
            businessDate: try row.date(9), valueDate: try row.date(10), balanceAfter: try row.int64(7),
            reversalOf: try row.identifierOrNil(16), reversedBy: try row.identifierOrNil(17))
    }
}

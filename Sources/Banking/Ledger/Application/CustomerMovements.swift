import Application
import Kernel
import Postgres

/// What one operation did to one customer account: enough to tell its holder.
public struct CustomerMovement: Sendable, Equatable {
    public let transactionID: Identifier<TransactionRecord>
    public let journal: Identifier<Journal>
    public let account: Identifier<Account>
    public let type: TransactionType
    public let channel: Channel
    public let businessDate: BusinessDate
    /// Positive is a credit. Charges are not in it.
    public let amount: Money
    /// After the operation and its charges.
    public let balanceAfter: Money
}

extension LedgerReader {
    /// The customer accounts that journals moved money on.
    public func accounts(movedBy journals: [Identifier<Journal>], in transaction: Transaction) throws -> [Identifier<Account>] {
        guard !journals.isEmpty else { return [] }
        return try transaction.query(
            """
            SELECT DISTINCT account_id FROM ledger.posting
            WHERE journal_id = ANY(\(journals)::uuid[]) AND ordinal = 1 AND account_id IS NOT NULL
            """
        ).map { try $0.identifier(0) }
    }

    /// The main lines of journals on some customer accounts; charges show in the balance only.
    public func movements(
        of journals: [Identifier<Journal>], on accounts: [Identifier<Account>], in transaction: Transaction
    ) throws -> [CustomerMovement] {
        guard !journals.isEmpty, !accounts.isEmpty else { return [] }
        return try transaction.query(
            """
            SELECT p.journal_id, p.account_id, p.type, p.amount, p.currency, j.channel, j.business_date, j.client_transaction_id,
                (SELECT l.balance_after FROM ledger.posting l WHERE l.journal_id = p.journal_id AND l.account_id = p.account_id
                    ORDER BY l.line_number DESC LIMIT 1)
            FROM ledger.posting p JOIN ledger.journal j ON j.id = p.journal_id
            WHERE p.journal_id = ANY(\(journals)::uuid[]) AND p.ordinal = 1 AND p.account_id = ANY(\(accounts)::uuid[])
            ORDER BY p.journal_id, p.line_number
            """
        ).compactMap { row in
            guard let type = TransactionType(rawValue: try row.int16(2)), let channel = Channel(rawValue: try row.text(5)) else {
                return nil
            }
            let (journal, currency) = (try row.identifier(0, as: Journal.self), try row.currency(4))
            return CustomerMovement(
                transactionID: try row.identifierOrNil(7) ?? Identifier(bits: journal.bits | 1), journal: journal,
                account: try row.identifier(1), type: type, channel: channel, businessDate: try row.date(6),
                amount: Money(minorUnits: try row.int64(3), currency: currency),
                balanceAfter: Money(minorUnits: try row.int64(8), currency: currency))
        }
    }
}

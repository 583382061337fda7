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
        // The two columns that tell; every batch of the bank is asked about, and nearly always the answer is nobody.
        let rows = try transaction.query(
            "SELECT line_accounts, line_ordinals FROM ledger.journal WHERE id = ANY(\(journals)::uuid[])")
        var accounts: Set<UInt128> = []
        for row in rows {
            for (account, ordinal) in zip(try row.uuidArray(0), try row.int16Array(1)) where ordinal == 1 { accounts.insert(account) }
        }
        accounts.remove(JournalRows.noAccount)
        return accounts.map { Identifier(bits: $0) }
    }

    /// The main lines of journals on some customer accounts; charges show in the balance only.
    public func movements(
        of journals: [Identifier<Journal>], on accounts: [Identifier<Account>], in transaction: Transaction
    ) throws -> [CustomerMovement] {
        guard !journals.isEmpty, !accounts.isEmpty else { return [] }
        let loaded = try self.journals(journals, in: transaction).values.sorted { $0.id < $1.id }
        return loaded.flatMap { journal in
            journal.lines.compactMap { line in
                guard line.ordinal == 1, let account = line.account, accounts.contains(account) else { return nil }
                return CustomerMovement(
                    transactionID: journal.transactionID, journal: journal.id, account: account, type: line.type, channel: journal.channel,
                    businessDate: journal.businessDate, amount: Money(minorUnits: line.amount, currency: line.currency),
                    balanceAfter: Money(minorUnits: journal.balance(of: account) ?? 0, currency: line.currency))
            }
        }
    }
}

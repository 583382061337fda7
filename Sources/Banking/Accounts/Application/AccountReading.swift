import Kernel
import Ledger
import Parties
import Postgres
import Products

/// Puts an account together from the rooms that know about it, on the caller's transaction.
enum AccountReading {
    static func details(_ id: Identifier<Account>, book: TariffBook, in transaction: Transaction) throws -> AccountDetails {
        guard let record = try AccountStore.record(id, in: transaction),
            let details = try details(of: [record], book: book, in: transaction).first
        else { throw Refusal.accountNotFound }
        return details
    }

    /// Three queries, however many accounts there are.
    static func details(of records: [AccountRecord], book: TariffBook, in transaction: Transaction) throws -> [AccountDetails] {
        guard !records.isEmpty else { return [] }
        let states = try LedgerAccounts().states(of: records.map(\.id), in: transaction)
        let customers = try PartyDirectory().customers(records.map(\.identity.customerID), in: transaction)
        return records.compactMap { record in
            guard let state = states[record.id] else { return nil }
            return AccountDetails(
                record: record, state: state, productName: book.productName(record.identity.productCode),
                cifNumber: customers[record.identity.customerID]?.cifNumber ?? "")
        }
    }
}

import Kernel
import Postgres

extension LedgerReader {
    /// What the posting engine would say to a draft at this moment, without posting it: for quotes. Nothing is locked, so by the time
    /// of the order the answer may be another one.
    /// - Returns: the accounts named, as they are
    /// - Throws: the first `Refusal` in the contract's order; `Refusal.businessDateChanged`
    public func preview(_ draft: JournalDraft, in transaction: Transaction) throws -> [Identifier<Account>: AccountState] {
        let date = try businessDate(in: transaction)
        if let pricedOn = draft.pricedOn, pricedOn != date { throw Refusal.businessDateChanged }
        let states = try LedgerAccounts().states(of: draft.accounts, in: transaction)
        try PostingRules.checkShape(draft)
        try PostingRules.check(draft, accounts: states, businessDate: date)
        return states
    }
}

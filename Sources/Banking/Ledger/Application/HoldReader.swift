import Kernel
import Postgres

extension LedgerReader {
    /// How many holds of an account are in force.
    public func activeHoldCount(of id: Identifier<Account>, in transaction: Transaction) throws -> Int64 {
        try transaction.query("SELECT count(*) FROM ledger.hold WHERE account_id = \(id) AND status = 1").first?.int64(0) ?? 0
    }
}

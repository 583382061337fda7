import Kernel
import Postgres

extension LedgerReader {
    /// How many holds of an account are in force.
    public func activeHoldCount(of id: Identifier<Account>, in transaction: Transaction) throws -> Int64 {
        try transaction.query("SELECT count(*) FROM ledger.hold WHERE account_id = \(id) AND status = 1").first?.int64(0) ?? 0
    }

    /// Holds whose time is over and which nobody has ended yet, the longest overdue first.
    public func overdueHolds(at now: Timestamp, limit: Int, in transaction: Transaction) throws -> [Identifier<Hold>] {
        try transaction.query(
            "SELECT id FROM ledger.hold WHERE status = 1 AND expires_at <= \(now) ORDER BY expires_at LIMIT \(Int64(limit))"
        ).map { try $0.identifier(0) }
    }
}

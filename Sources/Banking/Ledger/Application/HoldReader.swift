import Kernel
import Postgres

extension LedgerReader {
    /// How many holds of an account are in force.
    public func activeHoldCount(of id: Identifier<Account>, in transaction: Transaction) throws -> Int64 {
        try transaction.query("SELECT count(*) FROM ledger.hold WHERE account_id = \(id) AND status = 1").first?.int64(0) ?? 0
    }

    /// Holds of an account, newest first.
    public func holds(
        of id: Identifier<Account>, status: HoldStatus? = nil, limit: Int, before: Identifier<Hold>? = nil, in transaction: Transaction
    ) throws -> [HoldState] {
        try transaction.query(
            """
            SELECT \(raw: HoldRows.columns) FROM ledger.hold
            WHERE account_id = \(id) AND (\(status?.rawValue)::smallint IS NULL OR status = \(status?.rawValue))
                AND (\(before)::uuid IS NULL OR id < \(before)::uuid)
            ORDER BY id DESC LIMIT \(Int64(limit))
            """
        ).map { try HoldRows.state($0) }
    }

    public func hold(_ id: Identifier<Hold>, in transaction: Transaction) throws -> HoldState? {
        try HoldRows.load([id]) { try transaction.query($0) }[id]
    }

    /// Holds whose time is over and which nobody has ended yet, the longest overdue first.
    public func overdueHolds(at now: Timestamp, limit: Int, in transaction: Transaction) throws -> [Identifier<Hold>] {
        try transaction.query(
            "SELECT id FROM ledger.hold WHERE status = 1 AND expires_at <= \(now) ORDER BY expires_at LIMIT \(Int64(limit))"
        ).map { try $0.identifier(0) }
    }
}

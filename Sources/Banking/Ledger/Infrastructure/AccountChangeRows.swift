import Kernel
import Postgres

/// What an account's standing became and when, so that an answer for the past does not change with the account.
///
/// A change belongs to the business day that was open when it was committed. Who changes an account holds a shared lock on the day until
/// the commit, who opens a day holds it alone; the engine proves the day in its write.
enum AccountChangeRows {
    private static let dayLock: Int64 = 0x77_656B_657A_61

    /// Keeps the open day open until the transaction ends.
    static func keepDay(in transaction: Transaction) throws {
        _ = try transaction.query("SELECT pg_advisory_xact_lock_shared(\(dayLock))")
    }

    /// Waits for everybody who keeps the day open, and lets nobody else in until the transaction ends.
    static func closeDay(in transaction: Transaction) throws {
        _ = try transaction.query("SELECT pg_advisory_xact_lock(\(dayLock))")
    }

    /// Stores the standing of accounts as it is now: after their row was written, and with the day kept.
    /// - Parameter now: nil takes the database's time
    static func insert(of accounts: [Identifier<Account>], at now: Timestamp?) -> SQL {
        """
        INSERT INTO ledger.account_change (account_id, version, business_date, changed_at, status, overdraft_limit)
        SELECT a.id, a.version, coalesce(
                (SELECT business_date FROM ledger.business_day ORDER BY business_date DESC LIMIT 1),
                (now() AT TIME ZONE 'Africa/Nairobi')::date),
            coalesce(\(now)::timestamptz, clock_timestamp()), a.status, a.overdraft_limit
        FROM ledger.account a WHERE a.id = ANY(\(accounts)::uuid[])
        """
    }

    enum Moment {
        case closeOf(BusinessDate)
        case instant(Timestamp)
    }

    /// Status and overdraft limit at a moment; before the account's opening the status it was opened with, and no overdraft.
    static func standing(of id: Identifier<Account>, at moment: Moment) -> SQL {
        let condition: SQL =
            switch moment {
            case .closeOf(let date): "business_date <= \(date)"
            case .instant(let instant): "changed_at <= \(instant)"
            }
        return """
            SELECT status, CASE WHEN \(condition) THEN overdraft_limit ELSE 0 END FROM ledger.account_change
            WHERE account_id = \(id) ORDER BY (\(condition)) DESC, CASE WHEN \(condition) THEN version ELSE -version END DESC LIMIT 1
            """
    }

    static func read(_ row: Row) throws -> (status: AccountStatus, overdraftLimit: Int64) {
        guard let status = AccountStatus(rawValue: try row.int16(0)) else {
            throw PostgresError(kind: .misuse, message: "an account had a state that this program does not know")
        }
        return (status, try row.int64(1))
    }
}

import Kernel
import Ledger
import Postgres

/// The history of an account's states, and the copy of the state that searches use.
enum StateChangeStore {
    enum Change: String, Sendable {
        case approve, reject, freeze, unfreeze, markDormant, reactivate, close
    }

    static func record(
        _ change: Change, of account: Identifier<Account>, scope: FreezeScope?, reason: String, by user: Identifier<User>?,
        id: UInt128, at instant: Timestamp
    ) -> SQL {
        """
        INSERT INTO accounts.state_change (id, account_id, change, scope, reason, changed_by, changed_at)
        VALUES (\(id), \(account), \(change.rawValue), \(scope?.name), \(reason), \(user), \(instant))
        ON CONFLICT (account_id) WHERE change = 'close' DO NOTHING
        """
    }

    static func copyStatus(_ status: AccountStatus, of account: Identifier<Account>) -> SQL {
        "UPDATE accounts.account SET status = \(status.name), version = version + 1 WHERE id = \(account)"
    }

    /// A dormant account that is woken is looked at again a year later.
    static func beginActivity(of account: Identifier<Account>, on date: BusinessDate) -> SQL {
        """
        UPDATE accounts.account SET activity_check_date = \(date.adding(days: 365)), dormant_since = NULL, is_unclaimed = false
        WHERE id = \(account)
        """
    }

    /// Marks an account closed; does nothing the second time.
    static func copyClosing(of account: Identifier<Account>, on date: BusinessDate) -> SQL {
        """
        UPDATE accounts.account SET status = 'closed', closed_date = \(date), version = version + 1
        WHERE id = \(account) AND status <> 'closed'
        """
    }

    /// Who made the newest change of a kind; nil when nobody did, or the bank itself.
    static func lastAuthor(
        of change: Change, on account: Identifier<Account>, in transaction: Transaction
    ) throws -> Identifier<User>? {
        try transaction.query(
            """
            SELECT changed_by FROM accounts.state_change WHERE account_id = \(account) AND change = \(change.rawValue)
            ORDER BY changed_at DESC, id DESC LIMIT 1
            """
        ).first?.identifierOrNil(0)
    }
}

import Kernel
import Postgres

/// Between `ledger.account` and `AccountState`.
enum AccountRows {
    static let columns = """
        id, gl_code, currency, owner, status, freeze_scope, is_customer_blocked, requires_kyc, balance, hold_amount, overdraft_limit, \
        minimum_balance, transaction_limit, maximum_balance, outgoing_date, outgoing_amount, last_journal, is_overdrawn_by_bank, version, \
        revision
        """

    /// The one way to lock accounts: ascending, in one statement. Everything else that touches balances locks the same way.
    static func lock(_ ids: [Identifier<Account>]) -> SQL {
        "SELECT \(raw: columns) FROM ledger.account WHERE id = ANY(\(ids)::uuid[]) ORDER BY id FOR NO KEY UPDATE"
    }

    static func read(_ ids: [Identifier<Account>]) -> SQL {
        "SELECT \(raw: columns) FROM ledger.account WHERE id = ANY(\(ids)::uuid[])"
    }

    static func state(_ row: Row) throws -> AccountState {
        guard let status = AccountStatus(rawValue: try row.int16(4)), let scope = FreezeScope(rawValue: try row.int16(5)) else {
            throw PostgresError(kind: .misuse, message: "an account has a state that this program does not know")
        }
        return AccountState(
            id: try row.identifier(0), glCode: GLCode(try row.int32(1)), currency: try row.currency(2),
            owner: try row.identifierOrNil(3), status: status, freezeScope: scope, isCustomerBlocked: try row.bool(6),
            requiresKYC: try row.bool(7), balance: try row.int64(8), holdAmount: try row.int64(9), overdraftLimit: try row.int64(10),
            minimumBalance: try row.int64(11), transactionLimit: try row.int64OrNil(12), maximumBalance: try row.int64OrNil(13),
            outgoingDate: try row.dateOrNil(14), outgoingAmount: try row.int64(15), lastJournal: try row.uuid(16),
            isOverdrawnByBank: try row.bool(17), version: try row.int64(18), revision: try row.int64(19))
    }

    /// What postings and holds change, and a closing: written only if every account is still at the revision the decisions were made on.
    /// Otherwise the statement divides by zero, which takes the COMMIT behind it in the pipeline down with it (`isConflict`).
    ///
    /// Accounts come in ascending order, so that two batches take their row locks in the same order.
    static func update(_ states: [AccountState]) -> SQL {
        """
        WITH written AS (
            UPDATE ledger.account AS a SET balance = u.b, hold_amount = u.h, status = u.s, freeze_scope = u.f, outgoing_date = u.od,
                outgoing_amount = u.oa, last_journal = u.lj, is_overdrawn_by_bank = u.ob, revision = a.revision + 1
            FROM unnest(\(states.map(\.id))::uuid[], \(states.map(\.balance))::bigint[], \(states.map(\.holdAmount))::bigint[],
                \(states.map(\.status.rawValue))::smallint[], \(states.map(\.freezeScope.rawValue))::smallint[],
                \(states.map(\.outgoingDate))::date[], \(states.map(\.outgoingAmount))::bigint[], \(states.map(\.lastJournal))::uuid[],
                \(states.map(\.isOverdrawnByBank))::boolean[], \(states.map(\.revision))::bigint[])
                AS u (id, b, h, s, f, od, oa, lj, ob, rv)
            WHERE a.id = u.id AND a.revision = u.rv RETURNING 1
        )
        SELECT 1 / (count(*) = \(Int64(states.count)))::integer FROM written
        """
    }

    /// True for the error by which `update` says that somebody else changed an account meanwhile.
    static func isConflict(_ error: PostgresError) -> Bool { error.sqlState == "22012" }
}

import Kernel
import Postgres

/// Between `ledger.account` and `AccountState`.
enum AccountRows {
    static let columns = """
        id, gl_code, currency, owner, status, freeze_scope, is_customer_blocked, requires_kyc, balance, hold_amount, overdraft_limit, \
        minimum_balance, transaction_limit, maximum_balance, outgoing_date, outgoing_amount, last_journal, is_overdrawn_by_bank, version, \
        revision, ctid
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
        var state = AccountState(
            id: try row.identifier(0), glCode: GLCode(try row.int32(1)), currency: try row.currency(2),
            owner: try row.identifierOrNil(3), status: status, freezeScope: scope, isCustomerBlocked: try row.bool(6),
            requiresKYC: try row.bool(7), balance: try row.int64(8), holdAmount: try row.int64(9), overdraftLimit: try row.int64(10),
            minimumBalance: try row.int64(11), transactionLimit: try row.int64OrNil(12), maximumBalance: try row.int64OrNil(13),
            outgoingDate: try row.dateOrNil(14), outgoingAmount: try row.int64(15), lastJournal: try row.uuid(16),
            isOverdrawnByBank: try row.bool(17), version: try row.int64(18), revision: try row.int64(19))
        state.place = try row.place(20).packed
        return state
    }

    /// What postings and holds change, and a closing: written only if every account is still at the revision the decisions were made on
    /// and the same business day is open. Otherwise the statement divides by zero, which takes the COMMIT behind it in the pipeline down
    /// with it (`isConflict`).
    ///
    /// Rows are found by their place, which spares a walk down the index each; a row that has moved on is a row that has changed. But
    /// only who comes by way of the index tidies the page (`heap_page_prune_opt`), and an untidy page fills up: then versions go to other
    /// pages and into every index. So one batch in `WriterMemory.tidying` takes that way.
    /// Accounts come in ascending order, so that two batches take their row locks in the same order. The answer, for `written`, is
    /// where the rows lie now.
    /// - Parameters:
    ///   - standing: whether anything but the balance and what was sent out has changed, which is seldom
    ///   - tidying: whether rows are found by way of the index
    static func update(_ states: [AccountState], standing: Bool, tidying: Bool, openDay: BusinessDate) -> SQL {
        // An account that this very batch opens has no place yet.
        let isFound = !tidying && states.allSatisfy { $0.place != 0 } ? "a.ctid = u.pl AND a.id = u.id" : "a.id = u.id"
        let proof: SQL = """
            SELECT 1 / (count(*) = \(Int64(states.count)) AND (
                SELECT business_date FROM ledger.business_day ORDER BY business_date DESC LIMIT 1) = \(openDay))::integer,
                array_agg(id), array_agg(place) FROM written
            """
        guard standing else {
            return """
                WITH written AS (
                    UPDATE ledger.account AS a SET balance = u.b, outgoing_date = u.od, outgoing_amount = u.oa, last_journal = u.lj,
                        revision = a.revision + 1
                    FROM (
                        SELECT unnest(\(states.map { RowPlace(packed: $0.place) })::tid[]) AS pl, unnest(\(states.map(\.id.bits))::uuid[]) AS id,
                            unnest(\(states.map(\.balance))::bigint[]) AS b, unnest(\(states.map(\.outgoingDate))::date[]) AS od,
                            unnest(\(states.map(\.outgoingAmount))::bigint[]) AS oa, unnest(\(states.map(\.lastJournal))::uuid[]) AS lj,
                            unnest(\(states.map(\.revision))::bigint[]) AS rv
                    ) AS u
                    WHERE \(raw: isFound) AND a.revision = u.rv RETURNING a.id, a.ctid AS place
                )
                \(proof)
                """
        }
        return """
            WITH written AS (
                UPDATE ledger.account AS a SET balance = u.b, hold_amount = u.h, status = u.s, freeze_scope = u.f, outgoing_date = u.od,
                    outgoing_amount = u.oa, last_journal = u.lj, is_overdrawn_by_bank = u.ob, version = u.v, revision = a.revision + 1
                FROM (
                    SELECT unnest(\(states.map { RowPlace(packed: $0.place) })::tid[]) AS pl, unnest(\(states.map(\.id.bits))::uuid[]) AS id,
                        unnest(\(states.map(\.balance))::bigint[]) AS b, unnest(\(states.map(\.holdAmount))::bigint[]) AS h,
                        unnest(\(states.map(\.status.rawValue))::smallint[]) AS s,
                        unnest(\(states.map(\.freezeScope.rawValue))::smallint[]) AS f,
                        unnest(\(states.map(\.outgoingDate))::date[]) AS od, unnest(\(states.map(\.outgoingAmount))::bigint[]) AS oa,
                        unnest(\(states.map(\.lastJournal))::uuid[]) AS lj,
                        unnest(\(states.map(\.isOverdrawnByBank))::boolean[]) AS ob, unnest(\(states.map(\.version))::bigint[]) AS v,
                        unnest(\(states.map(\.revision))::bigint[]) AS rv
                ) AS u
                WHERE \(raw: isFound) AND a.revision = u.rv RETURNING a.id, a.ctid AS place
            )
            \(proof)
            """
    }

    /// The accounts as they are after an update, from its answer.
    static func written(_ states: [AccountState], _ answer: Rows) throws -> [AccountState] {
        guard !states.isEmpty, let row = answer.first else { return [] }
        let ids = try row.uuidArray(1)
        let places = try row.placeArray(2)
        guard ids.count == states.count, places.count == states.count else { return [] }
        // Rows are written in the order in which they were named; where that should not be so, nothing is remembered of the account.
        return zip(states, zip(ids, places)).compactMap { state, found in
            guard state.id.bits == found.0 else { return nil }
            var written = state
            written.revision += 1
            written.place = found.1.packed
            return written
        }
    }

    /// True for the error by which `update` says that somebody else changed an account meanwhile.
    static func isConflict(_ error: PostgresError) -> Bool { error.sqlState == "22012" }
}

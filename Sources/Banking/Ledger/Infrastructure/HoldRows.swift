import Kernel
import Postgres

/// Between `ledger.hold` and `HoldState`.
enum HoldRows {
    static let columns =
        "id, account_id, amount, captured_amount, currency, reason, status, placed_at, expires_at, original_amount"

    static func lock(_ ids: [Identifier<Hold>]) -> SQL {
        "SELECT \(raw: columns) FROM ledger.hold WHERE id = ANY(\(ids)::uuid[]) ORDER BY id FOR NO KEY UPDATE"
    }

    static func state(_ row: Row) throws -> HoldState {
        guard let status = HoldStatus(rawValue: try row.int16(6)) else {
            throw PostgresError(kind: .misuse, message: "a hold has a state that this program does not know")
        }
        return HoldState(
            id: try row.identifier(0), account: try row.identifier(1), amount: try row.int64(2), capturedAmount: try row.int64(3),
            originalAmount: try row.int64(9), currency: try row.currency(4), reason: try row.text(5), status: status,
            placedAt: try row.timestamp(7), expiresAt: try row.timestampOrNil(8))
    }

    /// The newest step of any of the holds. Steps of a hold are in the order of their identifiers, whatever lanes they come from.
    static func lastChange(of holds: [Identifier<Hold>], on accounts: [Identifier<Account>]) -> SQL {
        """
        SELECT id FROM ledger.hold_change WHERE account_id = ANY(\(accounts)::uuid[]) AND hold_id = ANY(\(holds)::uuid[])
        ORDER BY id DESC LIMIT 1
        """
    }

    /// Holds as they were after certain steps, by the step.
    static func loadChanges(_ ids: [UInt128], _ query: (SQL) throws -> Rows) throws -> [UInt128: HoldState] {
        guard !ids.isEmpty else { return [:] }
        let rows = try query(
            """
            SELECT h.id, h.account_id, c.amount, c.captured_amount, h.currency, h.reason, c.status, h.placed_at, h.expires_at,
                h.original_amount, c.id
            FROM ledger.hold_change c JOIN ledger.hold h ON h.id = c.hold_id WHERE c.id = ANY(\(ids)::uuid[])
            """)
        return Dictionary(try rows.map { (try $0.uuid(10), try state($0)) }, uniquingKeysWith: { first, _ in first })
    }

    static func insertChanges(_ changes: [PostingBook.HoldChange]) -> SQL {
        """
        INSERT INTO ledger.hold_change (id, hold_id, account_id, amount, captured_amount, status)
        SELECT i, h, a, m, k, s
        FROM unnest(\(changes.map(\.id))::uuid[], \(changes.map(\.state.id))::uuid[], \(changes.map(\.state.account))::uuid[],
            \(changes.map(\.state.amount))::bigint[], \(changes.map(\.state.capturedAmount))::bigint[],
            \(changes.map(\.state.status.rawValue))::smallint[]) AS u (i, h, a, m, k, s)
        """
    }

    static func load(_ ids: [Identifier<Hold>], _ query: (SQL) throws -> Rows) throws -> [Identifier<Hold>: HoldState] {
        let rows = try query("SELECT \(raw: columns) FROM ledger.hold WHERE id = ANY(\(ids)::uuid[])")
        return Dictionary(try rows.map { try state($0) }.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// New holds. An identifier that is taken refuses to be taken again: nobody's hold is ever written over.
    static func insert(_ holds: [HoldState], now: Timestamp) -> SQL {
        """
        INSERT INTO ledger.hold (id, account_id, amount, captured_amount, original_amount, currency, reason, status, placed_at,
            expires_at, ended_at)
        SELECT i, a, m, k, om, c, r, s, p, e, n
        FROM unnest(\(holds.map(\.id))::uuid[], \(holds.map(\.account))::uuid[], \(holds.map(\.amount))::bigint[],
            \(holds.map(\.capturedAmount))::bigint[], \(holds.map(\.originalAmount))::bigint[], \(holds.map(\.currency))::text[],
            \(holds.map(\.reason))::text[], \(holds.map(\.status.rawValue))::smallint[], \(holds.map(\.placedAt))::timestamptz[],
            \(holds.map(\.expiresAt))::timestamptz[], \(holds.map { $0.status == .active ? nil : now })::timestamptz[])
            AS u (i, a, m, k, om, c, r, s, p, e, n)
        """
    }

    /// Holds that were captured, released or have expired. Their rows are locked already.
    static func update(_ holds: [HoldState], now: Timestamp) -> SQL {
        """
        UPDATE ledger.hold AS h SET amount = u.m, captured_amount = u.k, status = u.s, ended_at = u.n
        FROM unnest(\(holds.map(\.id))::uuid[], \(holds.map(\.amount))::bigint[], \(holds.map(\.capturedAmount))::bigint[],
            \(holds.map(\.status.rawValue))::smallint[], \(holds.map { $0.status == .active ? nil : now })::timestamptz[])
            AS u (i, m, k, s, n)
        WHERE h.id = u.i
        """
    }
}

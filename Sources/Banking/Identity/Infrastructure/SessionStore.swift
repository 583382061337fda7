import Kernel
import Postgres

/// Sessions in SQL. A session is alive while `ended_at` is empty and neither of its two times has run out.
enum SessionStore {
    struct Stored {
        let id: Identifier<Session>
        let userID: Identifier<User>
        let channel: String
        let lastSeenAt: Timestamp
        let absoluteExpiry: Timestamp
        let isEnded: Bool
    }

    /// A session that has not been ended, of a user who is not disabled, with the rights of this moment.
    struct Live: Sendable {
        let userID: Identifier<User>
        let lastSeenAt: Timestamp
        let absoluteExpiry: Timestamp
        let principal: Principal
    }

    /// How long notes of changes are kept. Nobody who remembers sessions may go without asking for nearly this long.
    static let changesKeptSeconds: Int64 = 86_400

    /// The live ones among these sessions. Whatever this reads notes its changes (`SessionChangeMigration`).
    static func live(_ identifiers: [Identifier<Session>]) -> SQL {
        """
        SELECT s.session_id, s.user_id, s.last_seen_at, s.absolute_expires_at, u.username, u.roles, u.customer_id, u.branch_code,
            u.must_change_password
        FROM identity.session s JOIN identity.user_account u ON u.user_id = s.user_id
        WHERE s.session_id = ANY(\(identifiers)::uuid[]) AND s.ended_at IS NULL AND u.disabled_at IS NULL
        """
    }

    static func live(_ row: Row) throws -> (id: Identifier<Session>, live: Live) {
        let sessionID = try row.identifier(0, as: Session.self)
        let userID = try row.identifier(1, as: User.self)
        let live = Live(
            userID: userID, lastSeenAt: try row.timestamp(2), absoluteExpiry: try row.timestamp(3),
            principal: Principal(
                userID: userID, sessionID: sessionID, username: try row.text(4), roles: UserStore.roles(try row.textArray(5)),
                customerID: try row.identifierOrNil(6), branchCode: try row.textOrNil(7), mustChangePassword: try row.bool(8)))
        return (sessionID, live)
    }

    /// The snapshot of this question and the server's time in every row, then a session or a user that was changed by a transaction
    /// which `snapshot` had not seen; one row with neither when nothing was. Nil asks for no changes.
    static func changes(since snapshot: String?) -> SQL {
        guard let snapshot else {
            return "SELECT pg_current_snapshot()::text, clock_timestamp(), NULL::uuid, NULL::uuid"
        }
        return """
            SELECT pg_current_snapshot()::text, clock_timestamp(), c.session_id, c.user_id
            FROM (SELECT \(snapshot)::text::pg_snapshot AS last) q
            LEFT JOIN identity.change c
                ON c.transaction_id >= pg_snapshot_xmin(q.last) AND NOT pg_visible_in_snapshot(c.transaction_id, q.last)
            """
    }

    /// Forgets notes of changes that every process has read.
    static func purgeChanges(olderThan instant: Timestamp, limit: Int, in transaction: Transaction) throws -> Int {
        try transaction.execute(
            """
            DELETE FROM identity.change WHERE ctid IN (
                SELECT ctid FROM identity.change WHERE changed_at < \(instant) ORDER BY changed_at LIMIT \(limit))
            """)
    }

    static func insert(
        _ session: SessionRecord, userID: Identifier<User>, absoluteExpiry: Timestamp, in transaction: Transaction
    ) throws {
        _ = try transaction.execute(
            """
            INSERT INTO identity.session (session_id, user_id, channel, ip_address, user_agent, created_at, last_seen_at,
                absolute_expires_at)
            VALUES (\(session.id), \(userID), \(session.channel.rawValue), \(session.ipAddress), \(session.userAgent),
                \(session.createdAt), \(session.lastSeenAt), \(absoluteExpiry))
            """)
    }

    /// The session, held until the transaction ends: refreshes of one family take turns.
    static func lock(_ id: Identifier<Session>, in transaction: Transaction) throws -> Stored? {
        try transaction.query(
            """
            SELECT session_id, user_id, channel, last_seen_at, absolute_expires_at, ended_at IS NOT NULL FROM identity.session
            WHERE session_id = \(id) FOR NO KEY UPDATE
            """
        ).first.map { row in
            Stored(
                id: try row.identifier(0), userID: try row.identifier(1), channel: try row.text(2), lastSeenAt: try row.timestamp(3),
                absoluteExpiry: try row.timestamp(4), isEnded: try row.bool(5))
        }
    }

    /// Ends one session, of one user when `userID` is given.
    /// - Returns: whether it was alive
    static func end(
        _ id: Identifier<Session>, of userID: Identifier<User>? = nil, because reason: SessionEnd, at instant: Timestamp,
        in transaction: Transaction
    ) throws -> Bool {
        try transaction.execute(
            """
            UPDATE identity.session SET ended_at = \(instant), end_reason = \(reason.rawValue)
            WHERE session_id = \(id) AND ended_at IS NULL AND (\(userID)::uuid IS NULL OR user_id = \(userID)::uuid)
            """) == 1
    }

    /// Ends every session of a user but one.
    /// - Returns: how many were alive
    static func endOthers(
        of userID: Identifier<User>, keeping kept: Identifier<Session>?, because reason: SessionEnd, at instant: Timestamp,
        in transaction: Transaction
    ) throws -> Int {
        // The rows are locked in one order, so that two such statements cannot lock each other out.
        try transaction.execute(
            """
            WITH doomed AS (
                SELECT session_id FROM identity.session
                WHERE user_id = \(userID) AND ended_at IS NULL AND session_id IS DISTINCT FROM \(kept)::uuid
                ORDER BY session_id FOR NO KEY UPDATE)
            UPDATE identity.session s SET ended_at = \(instant), end_reason = \(reason.rawValue)
            FROM doomed WHERE s.session_id = doomed.session_id
            """)
    }

    /// Live sessions of a user, newest first. Identifiers order as time does.
    static func list(
        of userID: Identifier<User>, before: Identifier<Session>?, limit: Int, seenAfter: Timestamp, at instant: Timestamp,
        in transaction: Transaction
    ) throws -> [SessionRecord] {
        try transaction.query(
            """
            SELECT session_id, channel, ip_address, user_agent, created_at, last_seen_at FROM identity.session
            WHERE user_id = \(userID) AND ended_at IS NULL AND last_seen_at > \(seenAfter) AND absolute_expires_at > \(instant)
                AND (\(before)::uuid IS NULL OR session_id < \(before)::uuid)
            ORDER BY session_id DESC LIMIT \(limit)
            """
        ).map { row in
            SessionRecord(
                id: try row.identifier(0), channel: Channel(rawValue: try row.text(1)) ?? .api, ipAddress: try row.text(2),
                userAgent: try row.text(3), createdAt: try row.timestamp(4), lastSeenAt: try row.timestamp(5))
        }
    }

    /// Moves `last_seen_at` forward, never back.
    static func touch(_ seen: [(id: Identifier<Session>, at: Timestamp)], in transaction: Transaction) throws {
        let ordered = seen.sorted { $0.id < $1.id }
        _ = try transaction.execute(
            """
            WITH seen AS (
                SELECT s.session_id, u.at FROM unnest(\(ordered.map(\.id))::uuid[], \(ordered.map(\.at))::timestamptz[]) AS u (id, at)
                JOIN identity.session s ON s.session_id = u.id
                ORDER BY s.session_id FOR NO KEY UPDATE OF s)
            UPDATE identity.session s SET last_seen_at = seen.at
            FROM seen WHERE s.session_id = seen.session_id AND s.last_seen_at < seen.at
            """)
    }

    /// Forgets sessions that have been over for long, with their tokens and challenges.
    static func purge(expiredBefore instant: Timestamp, limit: Int, in transaction: Transaction) throws -> Int {
        try transaction.execute(
            """
            DELETE FROM identity.session WHERE session_id IN (
                SELECT session_id FROM identity.session WHERE absolute_expires_at < \(instant)
                ORDER BY absolute_expires_at LIMIT \(limit) FOR UPDATE SKIP LOCKED)
            """)
    }
}

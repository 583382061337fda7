import Kernel
import Postgres

/// Refresh tokens in SQL, known by their hash only.
enum RefreshTokenStore {
    static func insert(
        _ hash: [UInt8], sessionID: Identifier<Session>, at instant: Timestamp, expiresAt: Timestamp, in transaction: Transaction
    ) throws {
        _ = try transaction.execute(
            """
            INSERT INTO identity.refresh_token (token_hash, session_id, issued_at, expires_at)
            VALUES (\(hash), \(sessionID), \(instant), \(expiresAt))
            """)
    }

    static func session(of hash: [UInt8], in transaction: Transaction) throws -> Identifier<Session>? {
        try transaction.query("SELECT session_id FROM identity.refresh_token WHERE token_hash = \(hash)").first?.identifier(0)
    }

    /// The token with what its successor says about it. Read it with the session locked: every change of a token happens under that lock.
    static func find(
        _ hash: [UInt8], in transaction: Transaction
    ) throws -> (token: RefreshDecision.Token, successorHash: [UInt8]?)? {
        try transaction.query(
            """
            SELECT t.expires_at, t.spent_at, t.revoked_at IS NOT NULL, t.successor_hash,
                coalesce(s.spent_at IS NULL AND s.revoked_at IS NULL, false)
            FROM identity.refresh_token t LEFT JOIN identity.refresh_token s ON s.token_hash = t.successor_hash
            WHERE t.token_hash = \(hash)
            """
        ).first.map { row in
            (
                RefreshDecision.Token(
                    expiresAt: try row.timestamp(0), spentAt: try row.timestampOrNil(1), isRevoked: try row.bool(2),
                    isSuccessorUnused: try row.bool(4)), try row.bytesOrNil(3)
            )
        }
    }

    /// Spends a token, or, within the grace, gives the spent one another successor; the time it was spent first stays.
    static func spend(_ hash: [UInt8], successor: [UInt8], at instant: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute(
            """
            UPDATE identity.refresh_token SET spent_at = coalesce(spent_at, \(instant)), successor_hash = \(successor)
            WHERE token_hash = \(hash)
            """)
    }

    static func revoke(_ hash: [UInt8], at instant: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute("UPDATE identity.refresh_token SET revoked_at = \(instant) WHERE token_hash = \(hash)")
    }
}

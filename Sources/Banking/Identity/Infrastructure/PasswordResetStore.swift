import Kernel
import Postgres

/// Tokens that reset a password, known by their hash only.
enum PasswordResetStore {
    static func insert(
        _ hash: [UInt8], userID: Identifier<User>, at instant: Timestamp, expiresAt: Timestamp, in transaction: Transaction
    ) throws {
        _ = try transaction.execute(
            """
            INSERT INTO identity.password_reset (token_hash, user_id, created_at, expires_at)
            VALUES (\(hash), \(userID), \(instant), \(expiresAt))
            """)
    }

    static func count(of userID: Identifier<User>, since instant: Timestamp, in transaction: Transaction) throws -> Int64 {
        try transaction.query(
            "SELECT count(*) FROM identity.password_reset WHERE user_id = \(userID) AND created_at > \(instant)"
        ).first?.int64(0) ?? 0
    }

    /// The user a good token belongs to.
    static func user(of hash: [UInt8], at instant: Timestamp, in transaction: Transaction) throws -> Identifier<User>? {
        try transaction.query(
            "SELECT user_id FROM identity.password_reset WHERE token_hash = \(hash) AND used_at IS NULL AND expires_at > \(instant)"
        ).first?.identifier(0)
    }

    /// Spends a token and with it every other one of the same user.
    /// - Returns: false when it was not good any more
    static func spend(_ hash: [UInt8], of userID: Identifier<User>, at instant: Timestamp, in transaction: Transaction) throws -> Bool {
        let isSpent =
            try transaction.execute(
                """
                UPDATE identity.password_reset SET used_at = \(instant)
                WHERE token_hash = \(hash) AND user_id = \(userID) AND used_at IS NULL AND expires_at > \(instant)
                """) == 1
        if isSpent { try cancel(of: userID, at: instant, in: transaction) }
        return isSpent
    }

    static func cancel(of userID: Identifier<User>, at instant: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute(
            "UPDATE identity.password_reset SET used_at = \(instant) WHERE user_id = \(userID) AND used_at IS NULL")
    }

    static func purge(expiredBefore instant: Timestamp, limit: Int, in transaction: Transaction) throws -> Int {
        try transaction.execute(
            """
            DELETE FROM identity.password_reset WHERE token_hash IN (
                SELECT token_hash FROM identity.password_reset WHERE expires_at < \(instant)
                ORDER BY expires_at LIMIT \(limit) FOR UPDATE SKIP LOCKED)
            """)
    }
}

/// What users have signed in from before.
enum KnownDeviceStore {
    /// Notes a sign-in.
    /// - Returns: whether it was the first from this device
    static func note(_ digest: [UInt8], of userID: Identifier<User>, at instant: Timestamp, in transaction: Transaction) throws -> Bool {
        let known = try transaction.execute(
            """
            UPDATE identity.known_device SET last_seen_at = \(instant)
            WHERE user_id = \(userID) AND device_digest = \(digest) AND last_seen_at < \(instant.adding(seconds: -3_600))
            """)
        if known == 1 { return false }
        return try transaction.execute(
            """
            INSERT INTO identity.known_device (user_id, device_digest, first_seen_at, last_seen_at)
            VALUES (\(userID), \(digest), \(instant), \(instant)) ON CONFLICT DO NOTHING
            """) == 1
    }

    static func purge(unseenSince instant: Timestamp, limit: Int, in transaction: Transaction) throws -> Int {
        try transaction.execute(
            """
            DELETE FROM identity.known_device WHERE (user_id, device_digest) IN (
                SELECT user_id, device_digest FROM identity.known_device WHERE last_seen_at < \(instant)
                ORDER BY last_seen_at LIMIT \(limit) FOR UPDATE SKIP LOCKED)
            """)
    }
}

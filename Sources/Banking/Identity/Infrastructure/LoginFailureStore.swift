import Kernel
import Postgres

/// Counters of failed sign-ins by name, in SQL. Known and unknown names are treated alike.
enum LoginFailureStore {
    /// Until when the name is locked out; nil when it is not. `isForUpdate` holds the counter until the transaction ends.
    static func lockedUntil(
        _ nameDigest: [UInt8], at instant: Timestamp, isForUpdate: Bool = false, in transaction: Transaction
    ) throws -> Timestamp? {
        let lock: SQL = isForUpdate ? "FOR UPDATE" : ""
        return try transaction.query(
            """
            SELECT locked_until FROM identity.login_failure WHERE name_digest = \(nameDigest) AND locked_until > \(instant) \(lock)
            """
        ).first?.timestamp(0)
    }

    enum Counted: Equatable {
        /// The failure was counted; the text says how many there are now, and whether this one locked the name.
        case failures(Int32, isLockedNow: Bool)
        case alreadyLocked(until: Timestamp)
    }

    /// Counts one failure. A lock that has run out starts the count anew.
    static func count(
        _ nameDigest: [UInt8], policy: SessionPolicy, at instant: Timestamp, in transaction: Transaction
    ) throws -> Counted {
        let lockUntil = instant.adding(seconds: policy.lockoutSeconds)
        let row = try transaction.query(
            """
            INSERT INTO identity.login_failure AS f (name_digest, failures, last_failed_at, locked_until)
            VALUES (\(nameDigest), 1, \(instant), CASE WHEN \(policy.failuresAllowed) <= 1 THEN \(lockUntil)::timestamptz END)
            ON CONFLICT (name_digest) DO UPDATE SET
                failures = CASE WHEN f.locked_until IS NULL THEN f.failures + 1 ELSE 1 END,
                last_failed_at = excluded.last_failed_at,
                locked_until = CASE WHEN f.locked_until IS NULL AND f.failures + 1 >= \(policy.failuresAllowed)
                    THEN \(lockUntil)::timestamptz ELSE excluded.locked_until END
            WHERE f.locked_until IS NULL OR f.locked_until <= \(instant)
            RETURNING failures, locked_until IS NOT NULL
            """
        ).first
        if let row { return .failures(try row.int32(0), isLockedNow: try row.bool(1)) }
        // The conflict kept the counter as it is because the lock still stands.
        return .alreadyLocked(until: try lockedUntil(nameDigest, at: instant, in: transaction) ?? lockUntil)
    }

    static func clear(_ nameDigest: [UInt8], in transaction: Transaction) throws {
        _ = try transaction.execute("DELETE FROM identity.login_failure WHERE name_digest = \(nameDigest)")
    }

    /// Forgets counters nobody has added to for long.
    static func purge(olderThan instant: Timestamp, limit: Int, in transaction: Transaction) throws -> Int {
        try transaction.execute(
            """
            DELETE FROM identity.login_failure WHERE name_digest IN (
                SELECT name_digest FROM identity.login_failure WHERE last_failed_at < \(instant)
                ORDER BY last_failed_at LIMIT \(limit) FOR UPDATE SKIP LOCKED)
            """)
    }
}

import Kernel
import Postgres
import Safeguards

/// Authenticator secrets and recovery codes in SQL.
enum SecondFactorStore {
    static let maximumWrongCodes: Int16 = 5

    struct Stored {
        let secret: DataKeys.Sealed
        /// Of a secret that waits for its first code; nil once confirmed.
        let expiresAt: Timestamp?
        let wrongCodes: Int16
        let lastUsedStep: Int64?

        var isConfirmed: Bool { expiresAt == nil }
    }

    /// Stores a secret that waits for its first code, in place of one that still waits.
    /// - Returns: false when a confirmed one is there
    static func insertPending(
        _ secret: DataKeys.Sealed, of userID: Identifier<User>, at instant: Timestamp, expiresAt: Timestamp, in transaction: Transaction
    ) throws -> Bool {
        try transaction.execute(
            """
            INSERT INTO identity.second_factor AS f (user_id, key_id, sealed_secret, created_at, expires_at)
            VALUES (\(userID), \(secret.keyID), \(secret.bytes), \(instant), \(expiresAt))
            ON CONFLICT (user_id) DO UPDATE SET key_id = excluded.key_id, sealed_secret = excluded.sealed_secret,
                created_at = excluded.created_at, expires_at = excluded.expires_at, wrong_codes = 0, last_used_step = NULL
            WHERE f.confirmed_at IS NULL
            """) == 1
    }

    /// The secret, held until the transaction ends: codes of one user take turns.
    static func lock(_ userID: Identifier<User>, in transaction: Transaction) throws -> Stored? {
        try transaction.query(
            """
            SELECT key_id, sealed_secret, expires_at, wrong_codes, last_used_step FROM identity.second_factor
            WHERE user_id = \(userID) FOR NO KEY UPDATE
            """
        ).first.map { row in
            Stored(
                secret: DataKeys.Sealed(keyID: try row.text(0), bytes: try row.bytes(1)), expiresAt: try row.timestampOrNil(2),
                wrongCodes: try row.int16(3), lastUsedStep: try row.int64OrNil(4))
        }
    }

    static func confirm(_ userID: Identifier<User>, step: Int64, at instant: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute(
            """
            UPDATE identity.second_factor SET confirmed_at = \(instant), expires_at = NULL, last_used_step = \(step), wrong_codes = 0
            WHERE user_id = \(userID)
            """)
        try setEnrolled(true, of: userID, at: instant, in: transaction)
    }

    static func countWrongCode(_ userID: Identifier<User>, in transaction: Transaction) throws {
        _ = try transaction.execute("UPDATE identity.second_factor SET wrong_codes = wrong_codes + 1 WHERE user_id = \(userID)")
    }

    /// Spends the code of a time step.
    /// - Returns: false when this or a later step was spent before
    static func spend(step: Int64, of userID: Identifier<User>, in transaction: Transaction) throws -> Bool {
        try transaction.execute(
            """
            UPDATE identity.second_factor SET last_used_step = \(step)
            WHERE user_id = \(userID) AND (last_used_step IS NULL OR last_used_step < \(step))
            """) == 1
    }

    /// Seals the secret anew, under the key of today.
    static func reseal(_ secret: DataKeys.Sealed, of userID: Identifier<User>, in transaction: Transaction) throws {
        _ = try transaction.execute(
            "UPDATE identity.second_factor SET key_id = \(secret.keyID), sealed_secret = \(secret.bytes) WHERE user_id = \(userID)")
    }

    /// Forgets secret and codes.
    static func remove(_ userID: Identifier<User>, at instant: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute("DELETE FROM identity.second_factor WHERE user_id = \(userID)")
        _ = try transaction.execute("DELETE FROM identity.recovery_code WHERE user_id = \(userID)")
        try setEnrolled(false, of: userID, at: instant, in: transaction)
    }

    private static func setEnrolled(
        _ isEnrolled: Bool, of userID: Identifier<User>, at instant: Timestamp, in transaction: Transaction
    ) throws {
        _ = try transaction.execute(
            """
            UPDATE identity.user_account SET mfa_enabled = \(isEnrolled), version = version + 1, updated_at = \(instant)
            WHERE user_id = \(userID) AND mfa_enabled <> \(isEnrolled)
            """)
    }

    // MARK: Recovery codes

    static func replaceRecoveryCodes(
        _ digests: [[UInt8]], of userID: Identifier<User>, at instant: Timestamp, in transaction: Transaction
    ) throws {
        _ = try transaction.execute("DELETE FROM identity.recovery_code WHERE user_id = \(userID)")
        _ = try transaction.execute(
            """
            INSERT INTO identity.recovery_code (user_id, code_digest, created_at)
            SELECT \(userID), d, \(instant) FROM unnest(\(digests)::bytea[]) AS u (d)
            """)
    }

    /// - Returns: false when there is no such code, or no more
    static func spend(recoveryCode digest: [UInt8], of userID: Identifier<User>, at instant: Timestamp, in transaction: Transaction) throws
        -> Bool
    {
        try transaction.execute(
            """
            UPDATE identity.recovery_code SET used_at = \(instant)
            WHERE user_id = \(userID) AND code_digest = \(digest) AND used_at IS NULL
            """) == 1
    }

    static func recoveryCodesLeft(of userID: Identifier<User>, in transaction: Transaction) throws -> Int64 {
        try transaction.query(
            "SELECT count(*) FROM identity.recovery_code WHERE user_id = \(userID) AND used_at IS NULL"
        ).first?.int64(0) ?? 0
    }
}

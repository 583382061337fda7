import Kernel
import Postgres

/// Kind of a right password that waits for its second factor.
public enum SignInChallenge {}

/// Sign-ins between password and second factor, in SQL.
enum SignInChallengeStore {
    static let maximumWrongCodes: Int16 = 5

    struct Stored {
        let userID: Identifier<User>
        let channel: String
        let expiresAt: Timestamp
        let wrongCodes: Int16
        let isAnswered: Bool
    }

    static func insert(
        _ id: Identifier<SignInChallenge>, userID: Identifier<User>, channel: Channel, at instant: Timestamp, expiresAt: Timestamp,
        in transaction: Transaction
    ) throws {
        _ = try transaction.execute(
            """
            INSERT INTO identity.sign_in_challenge (challenge_id, user_id, channel, created_at, expires_at)
            VALUES (\(id), \(userID), \(channel.rawValue), \(instant), \(expiresAt))
            """)
    }

    /// The challenge, held until the transaction ends.
    static func lock(_ id: Identifier<SignInChallenge>, in transaction: Transaction) throws -> Stored? {
        try transaction.query(
            """
            SELECT user_id, channel, expires_at, wrong_codes, answered_at IS NOT NULL FROM identity.sign_in_challenge
            WHERE challenge_id = \(id) FOR NO KEY UPDATE
            """
        ).first.map { row in
            Stored(
                userID: try row.identifier(0), channel: try row.text(1), expiresAt: try row.timestamp(2), wrongCodes: try row.int16(3),
                isAnswered: try row.bool(4))
        }
    }

    static func countWrongCode(_ id: Identifier<SignInChallenge>, in transaction: Transaction) throws {
        _ = try transaction.execute(
            "UPDATE identity.sign_in_challenge SET wrong_codes = wrong_codes + 1 WHERE challenge_id = \(id)")
    }

    static func answer(_ id: Identifier<SignInChallenge>, at instant: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute("UPDATE identity.sign_in_challenge SET answered_at = \(instant) WHERE challenge_id = \(id)")
    }

    /// A password that is no longer right has proved nothing.
    static func removeAll(of userID: Identifier<User>, in transaction: Transaction) throws {
        _ = try transaction.execute("DELETE FROM identity.sign_in_challenge WHERE user_id = \(userID)")
    }

    static func purge(expiredBefore instant: Timestamp, limit: Int, in transaction: Transaction) throws -> Int {
        try transaction.execute(
            """
            DELETE FROM identity.sign_in_challenge WHERE challenge_id IN (
                SELECT challenge_id FROM identity.sign_in_challenge WHERE expires_at < \(instant)
                ORDER BY expires_at LIMIT \(limit) FOR UPDATE SKIP LOCKED)
            """)
    }
}

import Kernel
import Postgres

/// Kind of a question put to a user: confirm this one action.
public enum StepUpChallenge {}

/// Challenges and their tokens in SQL.
enum StepUpStore {
    static let maximumWrongCodes: Int16 = 5
    static let maximumResends: Int16 = 3

    struct Stored {
        let id: Identifier<StepUpChallenge>
        let method: String
        let codeDigest: [UInt8]?
        let wrongCodes: Int16
        let resends: Int16
        let expiresAt: Timestamp
        let isAnswered: Bool
        let action: SensitiveAction
    }

    /// - Parameter codeDigest: of a code that was sent; nil for a challenge that an authenticator app answers
    static func insert(
        _ id: Identifier<StepUpChallenge>, action: SensitiveAction, principal: Principal, binding: [UInt8], codeDigest: [UInt8]?,
        at instant: Timestamp, expiresAt: Timestamp, in transaction: Transaction
    ) throws {
        _ = try transaction.execute(
            """
            INSERT INTO identity.step_up_challenge (challenge_id, session_id, user_id, action_type, source_account, amount, currency,
                payee, binding_digest, method, code_digest, created_at, expires_at)
            VALUES (\(id), \(principal.sessionID), \(principal.userID), \(action.type), \(action.sourceAccountID),
                \(action.amount?.minorUnits), \(action.amount?.currency), \(action.payee), \(binding),
                \(codeDigest == nil ? "totp" : "smsCode"), \(codeDigest), \(instant), \(expiresAt))
            """)
    }

    /// A challenge of this session, held until the transaction ends. Somebody else's is no different from none.
    static func lock(
        _ id: Identifier<StepUpChallenge>, of principal: Principal, in transaction: Transaction
    ) throws -> Stored? {
        try transaction.query(
            """
            SELECT challenge_id, method, code_digest, wrong_codes, resends, expires_at, token_digest IS NOT NULL, action_type,
                source_account, amount, currency::text, payee
            FROM identity.step_up_challenge
            WHERE challenge_id = \(id) AND user_id = \(principal.userID) AND session_id = \(principal.sessionID) FOR NO KEY UPDATE
            """
        ).first.map { row in
            var amount: Money?
            if let minorUnits = try row.int64OrNil(9) { amount = Money(minorUnits: minorUnits, currency: try row.currency(10)) }
            return Stored(
                id: try row.identifier(0), method: try row.text(1), codeDigest: try row.bytesOrNil(2), wrongCodes: try row.int16(3),
                resends: try row.int16(4), expiresAt: try row.timestamp(5), isAnswered: try row.bool(6),
                action: SensitiveAction(
                    type: try row.text(7), sourceAccountID: try row.identifierOrNil(8), amount: amount, payee: try row.text(11)))
        }
    }

    /// Wrong codes of a user over all challenges since an instant.
    static func wrongCodes(of userID: Identifier<User>, since instant: Timestamp, in transaction: Transaction) throws -> Int64 {
        try transaction.query(
            """
            SELECT coalesce(sum(wrong_codes), 0)::bigint FROM identity.step_up_challenge
            WHERE user_id = \(userID) AND created_at > \(instant)
            """
        ).first?.int64(0) ?? 0
    }

    static func countWrongCode(_ id: Identifier<StepUpChallenge>, in transaction: Transaction) throws {
        _ = try transaction.execute(
            "UPDATE identity.step_up_challenge SET wrong_codes = wrong_codes + 1 WHERE challenge_id = \(id)")
    }

    static func answer(
        _ id: Identifier<StepUpChallenge>, tokenDigest: [UInt8], tokenExpiresAt: Timestamp, in transaction: Transaction
    ) throws {
        _ = try transaction.execute(
            """
            UPDATE identity.step_up_challenge SET token_digest = \(tokenDigest), token_expires_at = \(tokenExpiresAt)
            WHERE challenge_id = \(id)
            """)
    }

    static func renewCode(_ id: Identifier<StepUpChallenge>, codeDigest: [UInt8], in transaction: Transaction) throws {
        _ = try transaction.execute(
            """
            UPDATE identity.step_up_challenge SET code_digest = \(codeDigest), resends = resends + 1 WHERE challenge_id = \(id)
            """)
    }

    /// Gives the token to one operation. Nil when the token is another action's, spent, expired or another operation's.
    ///
    /// One conditional UPDATE: of two operations that come with one token, exactly one gets it.
    static func reserve(
        tokenDigest: [UInt8], binding: [UInt8], operation: UInt128, at instant: Timestamp, in transaction: Transaction
    ) throws -> Identifier<StepUpChallenge>? {
        try transaction.query(
            """
            UPDATE identity.step_up_challenge SET reserved_for = \(operation), reservations = reservations + 1
            WHERE token_digest = \(tokenDigest) AND binding_digest = \(binding) AND token_expires_at > \(instant) AND spent_at IS NULL
                AND (reserved_for IS NULL OR reserved_for = \(operation))
            RETURNING challenge_id
            """
        ).first?.identifier(0)
    }

    /// - Returns: false when the operation does not hold the token
    static func spend(
        _ id: Identifier<StepUpChallenge>, operation: UInt128, at instant: Timestamp, in transaction: Transaction
    ) throws -> Bool {
        try transaction.execute(
            """
            UPDATE identity.step_up_challenge SET spent_at = coalesce(spent_at, \(instant))
            WHERE challenge_id = \(id) AND reserved_for = \(operation)
            """) == 1
    }

    /// Gives the token back for one attempt; when it was the last running one, the token is free for any operation again.
    static func release(_ id: Identifier<StepUpChallenge>, operation: UInt128, in transaction: Transaction) throws {
        _ = try transaction.execute(
            """
            UPDATE identity.step_up_challenge SET reservations = greatest(reservations - 1, 0),
                reserved_for = CASE WHEN reservations > 1 THEN reserved_for END
            WHERE challenge_id = \(id) AND reserved_for = \(operation) AND spent_at IS NULL
            """)
    }
}

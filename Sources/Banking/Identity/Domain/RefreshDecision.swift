import Kernel

/// What a refresh token that exists is good for (contract, section 4, Refresh).
enum RefreshDecision: Equatable {
    /// Spend it and hand out a successor.
    case rotate
    /// The reply with the successor was probably lost: hand out another, the unused one dies.
    case rotateAgain
    /// Somebody uses a spent token: one of two holders is a thief, and nobody can tell which. The whole family ends.
    case reuse
    /// Expired, or the session is over.
    case invalid

    struct Token: Equatable {
        var expiresAt: Timestamp
        /// Nil as long as the token is unspent.
        var spentAt: Timestamp?
        /// Killed by the grace rule in favour of another successor.
        var isRevoked: Bool
        /// Of a spent token: whether its successor is neither spent nor revoked.
        var isSuccessorUnused: Bool
    }

    static func decide(_ token: Token, isSessionAlive: Bool, at instant: Timestamp, graceSeconds: Int64) -> RefreshDecision {
        if token.isRevoked { return .invalid }
        if let spentAt = token.spentAt {
            let isWithinGrace = instant <= spentAt.adding(seconds: graceSeconds)
            return isSessionAlive && isWithinGrace && token.isSuccessorUnused ? .rotateAgain : .reuse
        }
        return isSessionAlive && instant < token.expiresAt ? .rotate : .invalid
    }
}

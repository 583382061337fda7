import Kernel

/// How long sessions, tokens and codes live. Seconds.
public struct SessionPolicy: Sendable, Equatable {
    /// A session on which nothing happens for this long is over (`auth.idleMinutes`).
    public var idleSeconds: Int64 = 30 * 60
    /// A session is over after this long, whatever happens on it.
    public var absoluteSeconds: Int64 = 12 * 60 * 60
    /// A spent refresh token may be repeated within this time, as long as its successor is unused: the reply may have been lost.
    public var refreshGraceSeconds: Int64 = 10
    /// Consecutive failures for a name that are answered 401; the next attempt is locked out.
    public var failuresAllowed: Int32 = 5
    /// How long a name is locked out (`auth.lockoutMinutes`).
    public var lockoutSeconds: Int64 = 15 * 60
    /// How long a step-up challenge, and then its token, is good.
    public var stepUpSeconds: Int64 = 5 * 60
    /// How long a right password waits for its second factor.
    public var signInChallengeSeconds: Int64 = 5 * 60
    /// How long a secret for an authenticator app waits for its first code.
    public var enrolmentSeconds: Int64 = 10 * 60
    /// How long a link that resets a password is good.
    public var passwordResetSeconds: Int64 = 30 * 60
    /// How long a password that the bank has chosen waits to be replaced.
    public var temporaryPasswordSeconds: Int64 = 72 * 60 * 60
    /// Resets that one user is sent within an hour; further wishes are answered alike and send nothing.
    public var passwordResetsPerHour: Int64 = 5
    /// After which time a wish for a reset is answered, whatever became of it.
    public var passwordResetAnswerMilliseconds: Int64 = 350
    /// Consecutive wrong second factors of one user, over all challenges, after which none is looked at for a while.
    public var wrongSecondFactorsAllowed: Int32 = 20

    public init() {}

    /// Whether a session with these times is alive at an instant.
    func isAlive(lastSeenAt: Timestamp, absoluteExpiry: Timestamp, at instant: Timestamp) -> Bool {
        instant < absoluteExpiry && instant < lastSeenAt.adding(seconds: idleSeconds)
    }
}

import Kernel

/// Where a message stands: `queued` was never tried, `failed` is tried again later, `dead` is not tried again by itself.
public enum MessageStatus: String, Sendable, CaseIterable {
    case queued, sent, failed, dead
}

/// When a message that could not be delivered is tried again, and when the bank gives up.
public struct DeliveryPolicy: Sendable {
    /// Attempts after which a message is dead.
    public let maximumAttempts: Int32
    public let firstDelaySeconds: Int64
    public let longestDelaySeconds: Int64
    /// For how long a worker that took a message may keep it before another one takes it over.
    public let leaseSeconds: Int64

    public init(
        maximumAttempts: Int32 = 8, firstDelaySeconds: Int64 = 5, longestDelaySeconds: Int64 = 3_600, leaseSeconds: Int64 = 60
    ) {
        precondition(maximumAttempts > 0 && firstDelaySeconds > 0 && longestDelaySeconds >= firstDelaySeconds && leaseSeconds > 0)
        self.maximumAttempts = maximumAttempts
        self.firstDelaySeconds = firstDelaySeconds
        self.longestDelaySeconds = longestDelaySeconds
        self.leaseSeconds = leaseSeconds
    }

    /// Seconds to wait after the attempt with this number failed: doubled each time, up to the longest.
    public func delaySeconds(afterAttempt attempt: Int32) -> Int64 {
        precondition(attempt > 0, "attempts count from one")
        let doublings = min(Int(attempt) - 1, 30)
        return min(firstDelaySeconds << Int64(doublings), longestDelaySeconds)
    }

    public func status(afterFailedAttempt attempt: Int32) -> MessageStatus { attempt >= maximumAttempts ? .dead : .failed }
}

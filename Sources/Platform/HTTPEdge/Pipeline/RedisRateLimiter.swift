import Kernel
import Redis
import Synchronization

/// Counts in Redis, so that all processes of the bank share the limits. When Redis is lost, this process counts for itself.
public final class RedisRateLimiter: RateLimiter {
    private let redis: RedisClient
    private let standIn: InProcessRateLimiter
    private let isDegraded = Atomic<Bool>(false)

    public init(redis: RedisClient, clock: any WallClock) {
        self.redis = redis
        standIn = InProcessRateLimiter(clock: clock, standsInForShared: true)
    }

    public var isShared: Bool { !isDegraded.load(ordering: .relaxed) }

    public func count(_ key: RateLimitKey, limit: Int) async -> RateLimitDecision {
        let name = "wekeza:rate:\(key.kind.rawValue):\(key.isUser ? "u" : "a"):\(String(key.caller, radix: 16))"
        do throws(RedisError) {
            let (count, remainingMilliseconds) = try await redis.countInWindow(name, seconds: 60)
            isDegraded.store(false, ordering: .relaxed)
            return RateLimitDecision(
                isAllowed: count <= Int64(limit), limit: limit, remaining: max(0, limit - Int(clamping: count)),
                resetSeconds: Int((remainingMilliseconds + 999) / 1_000))
        } catch {
            isDegraded.store(true, ordering: .relaxed)
            return standIn.countNow(key, limit: limit)
        }
    }
}

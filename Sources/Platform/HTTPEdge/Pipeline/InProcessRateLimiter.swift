import Kernel
import Synchronization

/// Counts in the memory of this process. A window of a minute starts with a caller's first request and is the caller's own.
public final class InProcessRateLimiter: RateLimiter {
    private struct Window {
        var endsAt: Int64
        var count: Int
    }

    private struct Shard {
        var windows: [RateLimitKey: Window] = [:]
        var sweepAt: Int64 = 0
    }

    private final class Slot: Sendable {
        let shard = Mutex(Shard())
    }

    private static let windowMicroseconds: Int64 = 60_000_000
    /// Callers a shard remembers. An attack from more addresses than 16 × this within a minute shares one counter per shard.
    private static let maximumWindowsPerShard = 20_000

    private let slots = (0..<16).map { _ in Slot() }
    private let clock: any WallClock
    private let shared: Bool

    /// - Parameter standsInForShared: true when a shared limiter uses this one because it lost its store
    public init(clock: any WallClock, standsInForShared: Bool = false) {
        self.clock = clock
        shared = !standsInForShared
    }

    /// A single process shares its counts with nobody, and misses nothing by it.
    public var isShared: Bool { shared }

    public func count(_ key: RateLimitKey, limit: Int) async -> RateLimitDecision {
        countNow(key, limit: limit)
    }

    /// As `count`, without suspending.
    public func countNow(_ key: RateLimitKey, limit: Int) -> RateLimitDecision {
        let now = clock.now().microseconds
        let slot = slots[Int(truncatingIfNeeded: (key.caller >> 64 ^ key.caller) & 15)]
        let window = slot.shard.withLock { shard in
            if now >= shard.sweepAt {
                shard.windows = shard.windows.filter { $0.value.endsAt > now }
                shard.sweepAt = now + Self.windowMicroseconds
            }
            var key = key
            if shard.windows.count >= Self.maximumWindowsPerShard, shard.windows[key] == nil {
                key = RateLimitKey(kind: key.kind, caller: .max, isUser: key.isUser)
            }
            var window = shard.windows[key] ?? Window(endsAt: now + Self.windowMicroseconds, count: 0)
            if window.endsAt <= now { window = Window(endsAt: now + Self.windowMicroseconds, count: 0) }
            window.count += 1
            shard.windows[key] = window
            return window
        }
        return RateLimitDecision(
            isAllowed: window.count <= limit, limit: limit, remaining: max(0, limit - window.count),
            resetSeconds: Int((window.endsAt - now + 999_999) / 1_000_000))
    }
}

import Kernel
import Synchronization

/// Mints the same time-ordered identifiers in every run: the first millisecond of 2026, then the next, and so on.
public final class SequenceIdentifiers: IdentifierSource {
    private let count: Mutex<Int64>
    private let start: Timestamp

    /// - Parameter first: number of the first identifier; give sources that meet in one database numbers far apart
    public init(first: Int64 = 1, start: Timestamp = .startOfTests) {
        count = Mutex(first)
        self.start = start
    }

    public func nextBits() -> UInt128 {
        let number = count.withLock { count in
            defer { count += 1 }
            return count
        }
        return TimeOrderedIdentifiers.version7(at: start.adding(microseconds: number * 1_000), random: UInt128(number))
    }
}

extension Timestamp {
    /// 2026-01-05T06:00:00Z, a Monday morning at nine in Nairobi.
    public static let startOfTests = Timestamp(microseconds: 1_767_592_800_000_000)
}

import Application
import Audit
import Kernel
import Synchronization

/// What one writer knows from its last commit: the heads of its lanes and the open day. It saves reading them again, and every batch
/// proves in its write that they were still true.
struct WriterMemory {
    /// Nil before the first batch on a session and after anything that went wrong.
    var known: Known?
    private(set) var lanes: ChosenLanes
    /// Accounts of the general ledger only ever come to be.
    var chart: Set<GLCode> = []
    /// How many batches still read first, because somebody else changes the same accounts.
    var caution = 0
    private var batches = 0

    /// One batch in this many finds its accounts by way of the index. A page of `ledger.account` has room for some ten changes, so it is
    /// tidied long before it is full, and the other batches are spared the walk.
    private static let tidying = 4

    struct Known {
        var lane: ChainLane
        var auditLane: ChainLane
        let businessDate: BusinessDate
        /// Identifiers of this day begin here.
        let dayFloor: UInt128
    }

    /// The lanes a writer keeps to. Nothing reserves them: two writers on one lane find out when they write, and one of them moves on.
    struct ChosenLanes {
        let journal: Int16
        let audit: Int16

        private static let next = Atomic<Int>(Int.random(in: 0..<Int(ChainLane.count)))

        /// Writers of one process never share a lane as long as there are lanes.
        static func choose() -> ChosenLanes {
            let number = Int16(truncatingIfNeeded: next.wrappingAdd(1, ordering: .relaxed).oldValue) & Int16.max
            // Commands take the audit lane with the lowest number that is free, so the engine keeps to the upper half.
            return ChosenLanes(
                journal: number % ChainLane.count, audit: ChainLane.count / 2 + number % (ChainLane.count / 2))
        }
    }

    init() {
        lanes = .choose()
    }

    mutating func isTimeToTidy() -> Bool {
        batches &+= 1
        return batches % Self.tidying == 0
    }

    /// Somebody else writes on the same lane: look for another one.
    mutating func moveToOtherLanes() {
        known = nil
        lanes = .choose()
    }
}

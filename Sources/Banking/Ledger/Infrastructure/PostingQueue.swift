import Foundation
import Kernel

/// A unit that waits for the engine, with the caller that waits for it.
final class PendingUnit: @unchecked Sendable {
    let unit: PostingUnit
    /// Every account that the unit locks.
    let accounts: [Identifier<Account>]
    let holds: [Identifier<Hold>]
    private let continuation: UnsafeContinuation<Result<PostingReceipt, Refusal>, Never>

    init(
        unit: PostingUnit, accounts: [Identifier<Account>], holds: [Identifier<Hold>],
        continuation: UnsafeContinuation<Result<PostingReceipt, Refusal>, Never>
    ) {
        self.unit = unit
        self.accounts = accounts
        self.holds = holds
        self.continuation = continuation
    }

    /// Wakes the caller. Called exactly once, by the writer that took the unit.
    func finish(_ result: Result<PostingReceipt, Refusal>) {
        continuation.resume(returning: result)
    }
}

/// The bounded queue between callers and writers.
///
/// There is no timer: a writer that is free takes what waits, so batches form by themselves under load and a lone transfer waits for
/// nobody. A unit that touches an account another writer holds stays for that writer's next batch instead of blocking a whole batch
/// behind a row lock, and what came after it on the same accounts stays behind it.
final class PostingQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private var waiting: [PendingUnit] = []
    private var inFlight: [Identifier<Account>: Int] = [:]
    private var busyWriters = 0
    private var isClosed = false
    private let capacity: Int
    private let sharedBatch: Int
    private let loneBatch: Int
    /// How far a writer looks past units it may not take yet.
    private let lookahead = 2_048

    init(capacity: Int, sharedBatch: Int, loneBatch: Int) {
        self.capacity = capacity
        self.sharedBatch = sharedBatch
        self.loneBatch = loneBatch
    }

    /// - Returns: false when the queue is full or closed; the caller then refuses the unit
    func enqueue(_ unit: PendingUnit) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard !isClosed, waiting.count < capacity else { return false }
        waiting.append(unit)
        condition.signal()
        return true
    }

    var count: Int {
        condition.lock()
        defer { condition.unlock() }
        return waiting.count
    }

    /// The next batch for a writer; blocks until there is one. Nil when the queue is closed and empty.
    func take() -> [PendingUnit]? {
        condition.lock()
        defer { condition.unlock() }
        while true {
            let batch = takeWhatIsFree()
            if !batch.isEmpty {
                busyWriters += 1
                for unit in batch { for account in unit.accounts { inFlight[account, default: 0] += 1 } }
                // Another writer may find something that this batch left.
                if !waiting.isEmpty { condition.signal() }
                return batch
            }
            if isClosed && waiting.isEmpty { return nil }
            condition.wait()
        }
    }

    /// Gives the accounts of a finished batch free.
    func release(_ batch: [PendingUnit]) {
        condition.lock()
        defer { condition.unlock() }
        busyWriters -= 1
        for unit in batch {
            for account in unit.accounts {
                guard let count = inFlight[account] else { continue }
                inFlight[account] = count == 1 ? nil : count - 1
            }
        }
        if !waiting.isEmpty || isClosed { condition.broadcast() }
    }

    /// No unit comes in any more; writers finish what waits.
    func close() {
        condition.lock()
        defer { condition.unlock() }
        isClosed = true
        condition.broadcast()
    }

    private func takeWhatIsFree() -> [PendingUnit] {
        guard !waiting.isEmpty else { return [] }
        let limit = busyWriters > 0 ? sharedBatch : max(sharedBatch, min(loneBatch, waiting.count / 2))
        if inFlight.isEmpty {
            let count = min(limit, waiting.count)
            let batch = Array(waiting.prefix(count))
            waiting.removeFirst(count)
            return batch
        }
        var batch: [PendingUnit] = []
        var kept: [PendingUnit] = []
        var passedOver: Set<Identifier<Account>> = []
        var scanned = 0
        for unit in waiting {
            guard batch.count < limit, scanned < lookahead else { break }
            scanned += 1
            let mustWait = unit.accounts.contains { inFlight[$0] != nil || passedOver.contains($0) }
            if mustWait {
                passedOver.formUnion(unit.accounts)
                kept.append(unit)
            } else {
                batch.append(unit)
            }
        }
        guard !batch.isEmpty else { return [] }
        waiting.replaceSubrange(0..<scanned, with: kept)
        return batch
    }
}

import Foundation
import Kernel

/// A few threads for work that burns a core for milliseconds, with a bounded queue in front.
///
/// Password hashing must not run on the cooperative pool, where it would hold up every other request. When the queue is full the
/// caller is refused at once (503), so that a flood of sign-ins cannot eat the memory or the patience of the program.
final class WorkerThreads: Sendable {
    private let queue: WorkQueue

    init(name: String, count: Int, maximumQueueLength: Int) {
        precondition(count > 0 && maximumQueueLength > 0, "a pool needs threads and room")
        let queue = WorkQueue(maximumLength: maximumQueueLength)
        self.queue = queue
        for index in 0..<count {
            let thread = Thread {
                // Hashing yields to the posting of money when both want the same core. On Linux this concerns the thread alone.
                #if canImport(Glibc)
                    setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
                #endif
                while let work = queue.take() { work() }
            }
            thread.name = "\(name)-\(index)"
            thread.start()
        }
    }

    deinit { queue.stop() }

    /// Runs the work on one of the threads.
    /// - Throws: 503 `temporarily_unavailable` when the queue is full; whatever the work throws
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let accepted = queue.offer { continuation.resume(with: Result { try work() }) }
            if !accepted { continuation.resume(throwing: Refusal.unavailable("Too many people are signing in right now")) }
        }
    }
}

/// First in, first out, between any number of callers and the threads.
private final class WorkQueue: @unchecked Sendable {
    // Everything mutable is guarded by `condition`.
    private let condition = NSCondition()
    private let maximumLength: Int
    private var waiting: [@Sendable () -> Void] = []
    private var head = 0
    private var isStopped = false

    init(maximumLength: Int) {
        self.maximumLength = maximumLength
    }

    /// False when the queue is full or stopped; the work will then never run.
    func offer(_ work: @escaping @Sendable () -> Void) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard !isStopped, waiting.count - head < maximumLength else { return false }
        waiting.append(work)
        condition.signal()
        return true
    }

    /// The next piece of work, as soon as there is one; nil when the queue has stopped and everything accepted is done.
    func take() -> (@Sendable () -> Void)? {
        condition.lock()
        defer { condition.unlock() }
        while head == waiting.count {
            if isStopped { return nil }
            condition.wait()
        }
        let work = waiting[head]
        head += 1
        if head == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            head = 0
        }
        return work
    }

    func stop() {
        condition.lock()
        isStopped = true
        condition.broadcast()
        condition.unlock()
    }
}

import Foundation
import Kernel

/// A connection on a thread of its own that one owner keeps: a writer of the posting engine, a coalescer, a slot of a pool.
///
/// The thread holds itself: it ends when `close` was called and its work is done, never because somebody let go of this object too early.
public final class DedicatedConnection: Sendable {
    private let worker: Worker

    /// Starts the thread; the session opens with the first work.
    public init(configuration: PostgresConfiguration) {
        worker = Worker(configuration: configuration)
        let worker = worker
        // A thread is named from within; the kernel keeps 15 bytes of a name and refuses a longer one.
        let name = String(configuration.applicationName.prefix(15))
        let thread = Thread {
            Thread.current.name = name
            worker.loop()
        }
        thread.stackSize = 1 << 20
        thread.start()
    }

    deinit { worker.close() }

    /// Runs a closure on the connection's thread; the session is open when it begins.
    /// - Throws: what the closure throws; `PostgresError` when no session can be opened
    public func run<Value: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Value) async throws -> Value {
        try await withUnsafeThrowingContinuation { continuation in
            let isAccepted = worker.enqueue { connection in
                let result = Result {
                    try connection.connectIfNeeded()
                    return try body(connection)
                }
                continuation.resume(with: result)
            }
            if !isAccepted {
                continuation.resume(throwing: PostgresError(kind: .connectionLost, message: "the connection is closed"))
            }
        }
    }

    /// Runs a closure on the thread without waiting for it. The closure has to open the session itself if it needs one.
    public func submit(_ body: @escaping @Sendable (Connection) -> Void) {
        _ = worker.enqueue(body)
    }

    /// Cancels the statement that runs now, if any.
    public func cancel() { worker.connection.canceller.cancel() }

    /// Ends the thread after the work it has.
    public func close() { worker.close() }

    /// The thread's side. Its connection is touched by its own thread only.
    private final class Worker: @unchecked Sendable {
        let connection: Connection
        private let condition = NSCondition()
        private var jobs: [@Sendable (Connection) -> Void] = []
        private var isClosed = false

        init(configuration: PostgresConfiguration) {
            connection = Connection(configuration: configuration)
        }

        func enqueue(_ job: @escaping @Sendable (Connection) -> Void) -> Bool {
            condition.lock()
            defer { condition.unlock() }
            guard !isClosed else { return false }
            jobs.append(job)
            condition.signal()
            return true
        }

        func close() {
            condition.lock()
            isClosed = true
            condition.signal()
            condition.unlock()
        }

        func loop() {
            while true {
                condition.lock()
                while jobs.isEmpty && !isClosed { condition.wait() }
                let work = jobs
                jobs.removeAll(keepingCapacity: true)
                let isLast = isClosed
                condition.unlock()
                for job in work { job(connection) }
                if isLast && work.isEmpty {
                    connection.close()
                    return
                }
            }
        }
    }
}

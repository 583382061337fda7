import Foundation
import Kernel

/// Groups reads of single keys that are asked for at the same time into one query.
///
/// A free connection takes every key that waits; there is no timer, so a lone read goes at once. The query begins after the call did,
/// so what it finds is as true as a query of one's own: this is no cache.
public final class Coalescer<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let queue: Queue
    private let connections: [DedicatedConnection]

    /// - Parameter load: finds the values of the keys; a key without a value is left out
    public init(
        configuration: PostgresConfiguration, connections count: Int = 1, maximumBatch: Int = 256,
        load: @escaping @Sendable (Transaction, [Key]) throws -> [Key: Value]
    ) {
        let queue = Queue(maximumBatch: maximumBatch)
        self.queue = queue
        connections = (0..<count).map { _ in DedicatedConnection(configuration: configuration) }
        for connection in connections {
            connection.submit { connection in
                while let batch = queue.take() {
                    // No key path here: in a generic class one is built anew each time, which costs more than the whole grouping.
                    var asked = Set<Key>(minimumCapacity: batch.count)
                    var keys: [Key] = []
                    for waiter in batch where asked.insert(waiter.key).inserted { keys.append(waiter.key) }
                    let found = Result { try Self.load(keys, on: connection, with: load) }
                    for waiter in batch {
                        switch found {
                        case .success(let values): waiter.continuation.resume(returning: values[waiter.key])
                        case .failure(let error): waiter.continuation.resume(throwing: error)
                        }
                    }
                }
            }
        }
    }

    deinit {
        queue.close()
    }

    /// The value of a key as of a moment after this call; nil when there is none.
    public func load(_ key: Key) async throws -> Value? {
        try await withUnsafeThrowingContinuation { continuation in
            if !queue.enqueue(Waiter(key: key, continuation: continuation)) {
                continuation.resume(throwing: Refusal.unavailable())
            }
        }
    }

    /// How many calls wait for a connection.
    public var waiting: Int { queue.count }

    /// Ends the threads after what waits.
    public func shutdown() {
        queue.close()
        for connection in connections { connection.close() }
    }

    private static func load(
        _ keys: [Key], on connection: Connection, with load: (Transaction, [Key]) throws -> [Key: Value]
    ) throws -> [Key: Value] {
        do {
            try connection.connectIfNeeded()
            return try load(Transaction(connection), keys)
        } catch let error as PostgresError where error.kind == .connectionLost {
            // The session may have died long ago, unnoticed; one new one is worth a try.
            try connection.reconnect()
            return try load(Transaction(connection), keys)
        }
    }

    private struct Waiter {
        let key: Key
        let continuation: UnsafeContinuation<Value?, any Error>
    }

    private final class Queue: @unchecked Sendable {
        private let condition = NSCondition()
        private var waiting: [Waiter] = []
        private var isClosed = false
        private let maximumBatch: Int
        private let capacity = 20_000

        init(maximumBatch: Int) {
            self.maximumBatch = maximumBatch
        }

        func enqueue(_ waiter: Waiter) -> Bool {
            condition.lock()
            defer { condition.unlock() }
            guard !isClosed, waiting.count < capacity else { return false }
            waiting.append(waiter)
            condition.signal()
            return true
        }

        var count: Int {
            condition.lock()
            defer { condition.unlock() }
            return waiting.count
        }

        func take() -> [Waiter]? {
            condition.lock()
            defer { condition.unlock() }
            while waiting.isEmpty && !isClosed { condition.wait() }
            if waiting.isEmpty { return nil }
            let count = min(maximumBatch, waiting.count)
            let batch = Array(waiting.prefix(count))
            waiting.removeFirst(count)
            if !waiting.isEmpty { condition.signal() }
            return batch
        }

        func close() {
            condition.lock()
            isClosed = true
            condition.broadcast()
            condition.unlock()
        }
    }
}

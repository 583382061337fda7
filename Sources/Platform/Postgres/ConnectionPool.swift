import Foundation
import Kernel
import Logging

/// What a closure of the pool works with. It cannot leave the closure, so nobody can wait for anything else inside a transaction.
public struct Transaction {
    private let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    public func query(_ sql: SQL) throws -> Rows { try connection.query(sql) }
    public func execute(_ sql: SQL) throws -> Int { try connection.execute(sql) }
    /// Several statements in one round trip, answers in their order.
    public func pipeline(_ statements: [SQL]) throws -> [Rows] { try connection.pipeline(statements) }
    public func copyIn(_ statement: String, rows: some Sequence<[UInt8]>) throws -> Int {
        try connection.copyIn(statement, rows: rows)
    }
    public func executeScript(_ text: String) throws { try connection.executeScript(text) }
}

public enum Isolation: Sendable {
    case readCommitted
    /// One snapshot for the whole transaction.
    case repeatableRead
    case serializable

    var begin: SQL {
        switch self {
        case .readCommitted: "BEGIN"
        case .repeatableRead: "BEGIN ISOLATION LEVEL REPEATABLE READ"
        case .serializable: "BEGIN ISOLATION LEVEL SERIALIZABLE"
        }
    }
}

/// A bounded set of connections that callers take in turn: first come, first served, nobody waits past its deadline.
public final class ConnectionPool: Sendable {
    private let slots: Slots
    private let clock: any WallClock
    private let logger: Logger
    private let retryLimit = 5
    private let defaultWaitSeconds: Int64 = 15

    public init(configuration: PostgresConfiguration, size: Int, clock: any WallClock = SystemClock(), logger: Logger) {
        precondition(size > 0, "a pool has at least one connection")
        slots = Slots(configuration: configuration, size: size)
        self.clock = clock
        self.logger = logger
    }

    public var usage: (inUse: Int, size: Int, waiting: Int) { slots.usage }

    /// Runs a closure in a transaction: committed when it returns, rolled back when it throws. A deadlock or a serialisation failure
    /// runs the whole closure again, so it must not do anything but use the transaction.
    /// - Throws: what the closure throws; `PostgresError`; `Refusal` 503 when no connection is free before the deadline
    public func transaction<Value: Sendable>(
        deadline: Timestamp? = nil, isolation: Isolation = .readCommitted,
        _ body: @escaping @Sendable (Transaction) throws -> Value
    ) async throws -> Value {
        var attempt = 0
        while true {
            do {
                return try await withConnection(deadline: deadline) { connection in
                    try Self.begin(isolation.begin, on: connection)
                    do {
                        let value = try body(Transaction(connection))
                        try connection.commit()
                        return value
                    } catch {
                        connection.rollback()
                        throw error
                    }
                }
            } catch let error as PostgresError where error.isRetryable && attempt < retryLimit {
                attempt += 1
                // Both sides of a deadlock come back at once; a random pause keeps them from meeting again.
                let ceilingMicroseconds = 1_000 << attempt
                try await Task.sleep(for: .microseconds(Int.random(in: 500...ceilingMicroseconds)))
                logger.debug("transaction retried", metadata: ["sqlState": "\(error.sqlState)", "attempt": "\(attempt)"])
            }
        }
    }

    /// Runs a closure that only reads; every statement sees its own moment.
    public func read<Value: Sendable>(
        deadline: Timestamp? = nil, _ body: @escaping @Sendable (Transaction) throws -> Value
    ) async throws -> Value {
        try await withConnection(deadline: deadline) { connection in
            do {
                return try body(Transaction(connection))
            } catch let error as PostgresError where error.kind == .connectionLost {
                // Reading twice harms nobody, and an idle session may have been closed by a restart of the server.
                try connection.reconnect()
                return try body(Transaction(connection))
            }
        }
    }

    /// Runs a closure that only reads, on one snapshot.
    public func snapshot<Value: Sendable>(
        deadline: Timestamp? = nil, _ body: @escaping @Sendable (Transaction) throws -> Value
    ) async throws -> Value {
        try await withConnection(deadline: deadline) { connection in
            try Self.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", on: connection)
            defer { connection.rollback() }
            return try body(Transaction(connection))
        }
    }

    /// Begins a transaction, on a new session when the old one turns out to be dead: nothing has happened yet.
    private static func begin(_ sql: SQL, on connection: Connection) throws {
        do {
            _ = try connection.query(sql)
        } catch let error as PostgresError where error.kind == .connectionLost {
            try connection.reconnect()
            _ = try connection.query(sql)
        }
    }

    /// Waits for what runs and closes every connection.
    public func shutdown() async { await slots.shutdown() }

    private func withConnection<Value: Sendable>(
        deadline: Timestamp?, _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws -> Value {
        let waitUntil = deadline ?? clock.now().adding(seconds: defaultWaitSeconds)
        guard waitUntil > clock.now() else { throw Refusal.unavailable("The request took too long") }
        let connection = try await slots.take(until: waitUntil, clock: clock)
        defer { slots.give(connection) }
        return try await withTaskCancellationHandler {
            try Task.checkCancellation()
            return try await connection.run { connection in
                let value = try body(connection)
                assert(connection.isBroken || !connection.isInTransaction, "a closure leaves no transaction open")
                return value
            }
        } onCancel: {
            connection.cancel()
        }
    }
}

/// Who has which connection. Everything under one lock, held for a few instructions.
private final class Slots: @unchecked Sendable {
    private typealias Waiter = (number: UInt64, continuation: CheckedContinuation<DedicatedConnection, any Error>)

    private let lock = NSLock()
    private let configuration: PostgresConfiguration
    private let size: Int
    private var idle: [DedicatedConnection] = []
    private var opened = 0
    private var inUse = 0
    private var waiters: [Waiter] = []
    private var nextNumber: UInt64 = 0
    private var isClosed = false

    init(configuration: PostgresConfiguration, size: Int) {
        self.configuration = configuration
        self.size = size
    }

    var usage: (inUse: Int, size: Int, waiting: Int) {
        lock.withLock { (inUse, size, waiters.count) }
    }

    func take(until deadline: Timestamp, clock: any WallClock) async throws -> DedicatedConnection {
        if let connection = try takeFree() { return connection }
        let number = lock.withLock {
            nextNumber += 1
            return nextNumber
        }
        let remaining = max(0, deadline.microseconds - clock.now().microseconds)
        let alarm = Task {
            try await Task.sleep(for: .microseconds(remaining))
            self.expire(number)
        }
        defer { alarm.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let ready: Result<DedicatedConnection, any Error>? = lock.withLock {
                    if isClosed { return .failure(PostgresError(kind: .connectionLost, message: "the pool is closed")) }
                    if let connection = freeConnection() { return .success(connection) }
                    waiters.append((number, continuation))
                    return nil
                }
                if let ready {
                    continuation.resume(with: ready)
                } else if Task.isCancelled {
                    // The cancellation may have come before there was anybody to wake.
                    expire(number)
                }
            }
        } onCancel: {
            self.expire(number)
        }
    }

    func give(_ connection: DedicatedConnection) {
        let waiter: Waiter? = lock.withLock {
            if let first = waiters.first {
                waiters.removeFirst()
                return first
            }
            inUse -= 1
            idle.append(connection)
            return nil
        }
        waiter?.continuation.resume(returning: connection)
    }

    func shutdown() async {
        let refused = lock.withLock {
            isClosed = true
            defer { waiters.removeAll() }
            return waiters
        }
        for waiter in refused {
            waiter.continuation.resume(throwing: PostgresError(kind: .connectionLost, message: "the pool is closed"))
        }
        while usage.inUse > 0 { try? await Task.sleep(for: .milliseconds(5)) }
        let connections = lock.withLock {
            defer { idle.removeAll() }
            return idle
        }
        for connection in connections { connection.close() }
    }

    private func takeFree() throws -> DedicatedConnection? {
        try lock.withLock {
            guard !isClosed else { throw PostgresError(kind: .connectionLost, message: "the pool is closed") }
            return waiters.isEmpty ? freeConnection() : nil
        }
    }

    /// Under the lock.
    private func freeConnection() -> DedicatedConnection? {
        if let connection = idle.popLast() {
            inUse += 1
            return connection
        }
        guard opened < size else { return nil }
        opened += 1
        inUse += 1
        return DedicatedConnection(configuration: configuration)
    }

    private func expire(_ number: UInt64) {
        let waiter: Waiter? = lock.withLock {
            guard let at = waiters.firstIndex(where: { $0.number == number }) else { return nil }
            return waiters.remove(at: at)
        }
        waiter?.continuation.resume(throwing: Refusal.unavailable())
    }
}

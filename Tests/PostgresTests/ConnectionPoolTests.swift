import Foundation
import Kernel
import Postgres
import TestKit
import Testing

@Suite struct ConnectionPoolTests {
    private static let table = [
        [
            Migration(
                name: "t/1",
                sql: """
                    CREATE TABLE platform.item (id bigint PRIMARY KEY, amount bigint NOT NULL DEFAULT 0);
                    INSERT INTO platform.item VALUES (1), (2);
                    GRANT ALL ON platform.item TO wekeza_app
                    """)
        ]
    ]

    /// Waits until something is so; the test's time limit is the only clock.
    private func until(_ condition: () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(2)) }
    }

    // MARK: Transactions

    @Test func commitsWhatReturnsAndRollsBackWhatThrows() async throws {
        struct Changed: Error {}
        try await TestDatabase.withDatabase(migrations: Self.table, poolSize: 1) { database in
            try await database.pool.transaction { _ = try $0.execute("UPDATE platform.item SET amount = 5 WHERE id = 1") }
            await #expect(throws: Changed.self) {
                try await database.pool.transaction { transaction in
                    _ = try transaction.execute("UPDATE platform.item SET amount = 9")
                    throw Changed()
                }
            }
            let amounts = try await database.pool.read {
                try $0.query("SELECT amount FROM platform.item ORDER BY id").map { try $0.int64(0) }
            }
            #expect(amounts == [5, 0])
        }
    }

    @Test(.timeLimit(.minutes(10))) func aDeadlockIsRunAgain() async throws {
        try await TestDatabase.withDatabase(migrations: Self.table) { database in
            // Both hold their first row before either asks for its second: only a retry can get both through.
            let bothHold = Rendezvous(parties: 2)
            let runs = Shared(0)
            let move: @Sendable (Int64, Int64) async throws -> Void = { first, second in
                let isFirstRun = Shared(true)
                try await database.pool.transaction { transaction in
                    runs.withLock { $0 += 1 }
                    _ = try transaction.execute("UPDATE platform.item SET amount = amount - 1 WHERE id = \(first)")
                    if isFirstRun.exchange(false) {
                        bothHold.meet()
                    }
                    _ = try transaction.execute("UPDATE platform.item SET amount = amount + 1 WHERE id = \(second)")
                }
            }
            async let there: Void = move(1, 2)
            async let back: Void = move(2, 1)
            _ = try await (there, back)
            #expect(runs.value >= 3)
            let amounts = try await database.pool.read { try $0.query("SELECT amount FROM platform.item").map { try $0.int64(0) } }
            #expect(amounts == [0, 0])
        }
    }

    @Test(.timeLimit(.minutes(10))) func aSerialisationFailureIsRunAgain() async throws {
        try await TestDatabase.withDatabase(migrations: Self.table, poolSize: 4) { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        for _ in 0..<10 {
                            try await database.pool.transaction(isolation: .serializable) { transaction in
                                let amount = try transaction.query("SELECT amount FROM platform.item WHERE id = 1")[0].int64(0)
                                _ = try transaction.execute("UPDATE platform.item SET amount = \(amount + 1) WHERE id = 1")
                            }
                        }
                    }
                }
                // Five retries each are enough for three that pause at random; a loser of them all would throw.
                try await group.waitForAll()
            }
            let found = try await database.pool.read { try $0.query("SELECT amount FROM platform.item WHERE id = 1")[0].int64(0) }
            #expect(found == 30)
        }
    }

    @Test func retriesEnd() async throws {
        try await TestDatabase.withDatabase(poolSize: 1) { database in
            let runs = Shared(0)
            let failure = await #expect(throws: PostgresError.self) {
                try await database.pool.transaction { _ in
                    runs.withLock { $0 += 1 }
                    throw PostgresError(kind: .statement, sqlState: "40001", message: "always")
                }
            }
            #expect(failure?.isSerializationFailure == true)
            #expect(runs.value == 6)
        }
    }

    @Test func aSnapshotSeesOneMoment() async throws {
        try await TestDatabase.withDatabase(migrations: Self.table) { database in
            let (readOnce, changed) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            async let amounts = database.pool.snapshot { transaction in
                let first = try transaction.query("SELECT amount FROM platform.item WHERE id = 1")[0].int64(0)
                readOnce.signal()
                changed.wait()
                #expect(throws: PostgresError.self) { _ = try transaction.execute("UPDATE platform.item SET amount = 1") }
                return first
            }
            async let update: Void = database.pool.transaction { transaction in
                readOnce.wait()
                _ = try transaction.execute("UPDATE platform.item SET amount = 77 WHERE id = 1")
                changed.signal()
            }
            #expect(try await amounts == 0)
            try await update
        }
    }

    // MARK: Waiting

    @Test(.timeLimit(.minutes(10))) func nobodyWaitsPastHisDeadline() async throws {
        try await TestDatabase.withDatabase(poolSize: 1) { database in
            let gate = DispatchSemaphore(value: 0)
            async let holder: Void = database.pool.read { _ in gate.wait() }
            try await until { database.pool.usage.inUse == 1 }
            let refusal = await #expect(throws: Refusal.self) {
                try await database.pool.read(deadline: SystemClock().now().adding(microseconds: 50_000)) { _ in }
            }
            #expect(refusal?.kind == .unavailable)
            await #expect(throws: Refusal.self) { try await database.pool.read(deadline: Timestamp(microseconds: 0)) { _ in } }
            #expect(database.pool.usage.waiting == 0)
            gate.signal()
            try await holder
            try await database.pool.read(deadline: SystemClock().now().adding(seconds: 30)) { _ in }
        }
    }

    @Test(.timeLimit(.minutes(10))) func whoComesFirstIsServedFirst() async throws {
        try await TestDatabase.withDatabase(poolSize: 1) { database in
            let gate = DispatchSemaphore(value: 0)
            let order = Shared<[Int]>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await database.pool.read { _ in gate.wait() } }
                try await until { database.pool.usage.inUse == 1 }
                for number in 0..<10 {
                    group.addTask { try await database.pool.read { _ in order.withLock { $0.append(number) } } }
                    try await until { database.pool.usage.waiting == number + 1 }
                }
                gate.signal()
                try await group.waitForAll()
            }
            #expect(order.value == Array(0..<10))
            #expect(database.pool.usage.inUse == 0)
        }
    }

    @Test(.timeLimit(.minutes(10))) func manyCallersShareFewConnections() async throws {
        try await TestDatabase.withDatabase(migrations: Self.table, poolSize: 3) { database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<200 {
                    group.addTask {
                        try await database.pool.transaction {
                            _ = try $0.execute("UPDATE platform.item SET amount = amount + 1 WHERE id = 1")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let amount = try await database.pool.read { try $0.query("SELECT amount FROM platform.item WHERE id = 1")[0].int64(0) }
            #expect(amount == 200)
            let usage = database.pool.usage
            #expect(usage.inUse == 0 && usage.size == 3 && usage.waiting == 0)
        }
    }

    // MARK: Cancellation

    @Test(.timeLimit(.minutes(10))) func aCancelledTaskCancelsItsStatement() async throws {
        try await TestDatabase.withDatabase(migrations: Self.table, poolSize: 1) { database in
            let task = Task {
                try await database.pool.transaction { transaction in
                    _ = try transaction.execute("UPDATE platform.item SET amount = 1")
                    _ = try transaction.query("SELECT pg_sleep(3600)")
                }
            }
            try await until {
                try await database.superuserPool.read {
                    try !$0.query("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND datname = current_database()")
                        .isEmpty
                }
            }
            task.cancel()
            let failure = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(failure?.isQueryCanceled == true)
            // The connection is back, whole, and nothing of the transaction is left.
            let sum = try await database.pool.read { try $0.query("SELECT sum(amount)::bigint FROM platform.item")[0].int64(0) }
            #expect(sum == 0)
        }
    }

    @Test(.timeLimit(.minutes(10))) func aCancelledTaskStopsWaitingForAConnection() async throws {
        try await TestDatabase.withDatabase(poolSize: 1) { database in
            let gate = DispatchSemaphore(value: 0)
            async let holder: Void = database.pool.read { _ in gate.wait() }
            try await until { database.pool.usage.inUse == 1 }
            let far = SystemClock().now().adding(seconds: 3_600)
            let waiting = Task { try await database.pool.read(deadline: far) { _ in } }
            try await until { database.pool.usage.waiting == 1 }
            waiting.cancel()
            await #expect(throws: (any Error).self) { try await waiting.value }
            // Cancelled before it even came to wait.
            let late = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await database.pool.read(deadline: far) { _ in }
            }
            await #expect(throws: (any Error).self) { try await late.value }
            #expect(database.pool.usage.waiting == 0)
            gate.signal()
            try await holder
        }
    }

    @Test func aStatementThatTakesTooLongIsCancelled() async throws {
        try await TestDatabase.withDatabase { database in
            var configuration = database.configuration
            configuration.statementTimeoutMilliseconds = 20
            let pool = ConnectionPool(configuration: configuration, size: 1, logger: .silent)
            let failure = await #expect(throws: PostgresError.self) { try await pool.read { _ = try $0.query("SELECT pg_sleep(3600)") } }
            #expect(failure?.isQueryCanceled == true)
            #expect(failure?.isTransient == true)
            await pool.shutdown()
        }
    }

    // MARK: Accidents

    @Test func callersDoNotNoticeSessionsThatDiedWhileIdle() async throws {
        try await TestDatabase.withDatabase(migrations: Self.table, poolSize: 2) { database in
            for attempt in 0..<6 {
                _ = try await database.pool.read { _ = try $0.query("SELECT 1") }
                _ = try await database.superuserPool.read {
                    try $0.query(
                        """
                        SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                        WHERE usename = 'wekeza_app' AND datname = current_database()
                        """
                    )
                }
                switch attempt % 3 {
                case 0:
                    try await database.pool.transaction { _ = try $0.execute("UPDATE platform.item SET amount = amount + 1 WHERE id = 1") }
                case 1: _ = try await database.pool.read { _ = try $0.pipeline(["SELECT 1", "SELECT 2"]) }
                default: _ = try await database.pool.snapshot { _ = try $0.query("SELECT 1") }
                }
            }
            let found = try await database.pool.read { try $0.query("SELECT amount FROM platform.item WHERE id = 1")[0].int64(0) }
            #expect(found == 2)
        }
    }

    @Test func aSessionKilledAtWorkFailsOneTransactionOnly() async throws {
        try await TestDatabase.withDatabase(migrations: Self.table, poolSize: 1) { database in
            let failure = await #expect(throws: PostgresError.self) {
                try await database.pool.transaction { transaction in
                    _ = try transaction.execute("UPDATE platform.item SET amount = 1")
                    _ = try transaction.query("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(5)")
                }
            }
            #expect(failure?.kind == .connectionLost)
            let found = try await database.pool.read { try $0.query("SELECT sum(amount)::bigint FROM platform.item")[0].int64(0) }
            #expect(found == 0)
        }
    }

    @Test(.timeLimit(.minutes(10))) func aClosedPoolRefusesAndWaitsForWhatRuns() async throws {
        try await TestDatabase.withDatabase(migrations: Self.table) { database in
            let pool = database.anotherPool(size: 1)
            let gate = DispatchSemaphore(value: 0)
            let isDone = Shared(false)
            let running = Task {
                try await pool.transaction { transaction in
                    gate.wait()
                    _ = try transaction.execute("UPDATE platform.item SET amount = 3 WHERE id = 1")
                    isDone.withLock { $0 = true }
                }
            }
            try await until { pool.usage.inUse == 1 }
            let waiting = Task { try await pool.read { _ in } }
            try await until { pool.usage.waiting == 1 }
            let closing = Task { await pool.shutdown() }
            await #expect(throws: PostgresError.self) { try await waiting.value }
            await #expect(throws: PostgresError.self) { try await pool.read { _ in } }
            gate.signal()
            await closing.value
            #expect(isDone.value)
            try await running.value
        }
    }
}

/// Blocks each party's thread until all of them have come.
private final class Rendezvous: @unchecked Sendable {
    private let condition = NSCondition()
    private var missing: Int

    init(parties: Int) {
        missing = parties
    }

    func meet() {
        condition.lock()
        defer { condition.unlock() }
        missing -= 1
        condition.broadcast()
        while missing > 0 { condition.wait() }
    }
}

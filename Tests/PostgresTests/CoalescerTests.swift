import Foundation
import Postgres
import TestKit
import Testing

@Suite struct CoalescerTests {
    private static let table = [
        [
            Migration(
                name: "t/1",
                sql: """
                    CREATE TABLE platform.item (id bigint PRIMARY KEY, amount bigint NOT NULL);
                    INSERT INTO platform.item SELECT n, n * 10 FROM generate_series(1, 100) AS n;
                    GRANT ALL ON platform.item TO wekeza_app
                    """)
        ]
    ]

    private static func amounts(_ transaction: Transaction, _ keys: [Int64]) throws -> [Int64: Int64] {
        let rows = try transaction.query("SELECT id, amount FROM platform.item WHERE id = ANY(\(keys))")
        return try rows.reduce(into: [:]) { $0[try $1.int64(0)] = try $1.int64(1) }
    }

    @Test(.timeLimit(.minutes(10))) func groupsWhatWaits() async throws {
        try await TestDatabase.withDatabase(migrations: Self.table) { database in
            let (started, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            let batches = Shared<[[Int64]]>([])
            let coalescer = Coalescer<Int64, Int64>(configuration: database.configuration, maximumBatch: 50) { transaction, keys in
                let isFirst = batches.withLock { batches in
                    batches.append(keys.sorted())
                    return batches.count == 1
                }
                if isFirst {
                    started.signal()
                    gate.wait()
                }
                return try Self.amounts(transaction, keys)
            }
            defer { coalescer.shutdown() }
            let first = Task { try await coalescer.load(1) }
            await Self.wait(for: started)
            // Two ask for 2, nobody has 500.
            let keys: [Int64] = [2, 2, 3, 4, 500]
            let others = keys.map { key in Task { try await coalescer.load(key) } }
            while coalescer.waiting < keys.count { try await Task.sleep(for: .milliseconds(1)) }
            gate.signal()
            #expect(try await first.value == 10)
            var answers: [Int64?] = []
            for other in others { answers.append(try await other.value) }
            #expect(answers == [20, 20, 30, 40, nil])
            #expect(batches.value == [[1], [2, 3, 4, 500]])
        }
    }

    @Test(.timeLimit(.minutes(10))) func neverAnswersWithWhatWasReadBeforeTheCall() async throws {
        try await TestDatabase.withDatabase(migrations: Self.table) { database in
            let (hasRead, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            let isFirst = Shared(true)
            let coalescer = Coalescer<Int64, Int64>(configuration: database.configuration) { transaction, keys in
                let found = try Self.amounts(transaction, keys)
                if isFirst.exchange(false) {
                    hasRead.signal()
                    gate.wait()
                }
                return found
            }
            defer { coalescer.shutdown() }
            let early = Task { try await coalescer.load(7) }
            await Self.wait(for: hasRead)
            try await database.pool.transaction { _ = try $0.execute("UPDATE platform.item SET amount = 71 WHERE id = 7") }
            let late = Task { try await coalescer.load(7) }
            while coalescer.waiting < 1 { try await Task.sleep(for: .milliseconds(1)) }
            gate.signal()
            #expect(try await early.value == 70)
            #expect(try await late.value == 71)
        }
    }

    @Test(.timeLimit(.minutes(10))) func answersEverybodyUnderLoadAndAfterAnAccident() async throws {
        try await TestDatabase.withDatabase(migrations: Self.table) { database in
            let coalescer = Coalescer<Int64, Int64>(
                configuration: database.configuration, connections: 2, maximumBatch: 7, load: Self.amounts)
            for round in 0..<3 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<300 {
                        let key = Int64(number % 120 + 1)
                        let expected = key <= 100 ? key * 10 : nil
                        group.addTask {
                            let found = try await coalescer.load(key)
                            #expect(found == expected)
                        }
                    }
                    try await group.waitForAll()
                }
                guard round == 0 else { continue }
                _ = try await database.superuserPool.read {
                    try $0.query(
                        """
                        SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                        WHERE usename = 'wekeza_app' AND datname = current_database()
                        """
                    )
                }
            }
            coalescer.shutdown()
            await #expect(throws: (any Error).self) { try await coalescer.load(1) }
        }
    }

    @Test func anErrorReachesEverybodyInTheBatch() async throws {
        struct Broken: Error {}
        try await TestDatabase.withDatabase { database in
            let coalescer = Coalescer<Int64, Int64>(configuration: database.configuration) { _, _ in throw Broken() }
            for key in 0..<3 { await #expect(throws: Broken.self) { try await coalescer.load(Int64(key)) } }
            coalescer.shutdown()
        }
    }

    /// Waits for a semaphore without holding a thread of the concurrency pool.
    private static func wait(for semaphore: DispatchSemaphore) async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                semaphore.wait()
                continuation.resume()
            }
        }
    }
}

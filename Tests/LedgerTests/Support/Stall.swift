import Kernel
import Postgres
import Synchronization
import TestKit

@testable import Ledger

/// Holds every lane of the journal, so that writers come to a halt after they have read and before they decide. What a test does
/// meanwhile happens in the worst possible moment, and it happens every time.
struct Stall: Sendable {
    private let bank: Bank
    private let connection: DedicatedConnection

    /// Runs a closure while all lanes are held, and lets them go at its end.
    static func during<Value>(_ bank: Bank, _ body: (Stall) async throws -> Value) async throws -> Value {
        var configuration = bank.database.superuserConfiguration.with(applicationName: "stall")
        configuration.idleInTransactionTimeoutMilliseconds = 120_000
        let connection = DedicatedConnection(configuration: configuration)
        defer { connection.close() }
        try await connection.run { connection in
            try connection.begin()
            _ = try connection.query("SELECT lane FROM platform.chain_lane WHERE chain = 'journal' ORDER BY lane FOR UPDATE")
        }
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(try await body(Stall(bank: bank, connection: connection)))
        } catch {
            outcome = .failure(error)
        }
        try await connection.run { try $0.commit() }
        return try outcome.get()
    }

    /// Waits until so many writers have read and stand before a lane.
    func writersStand(_ count: Int64) async throws {
        let database = bank.database
        try await Self.until("\(count) writers stand") {
            let standing = try await database.superuserPool.read {
                try $0.query(
                    """
                    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'wekeza-posting'
                        AND wait_event_type = 'Lock'
                    """
                ).first?.int64(0)
            }
            return standing == count
        }
    }

    /// Waits until so many units are in an engine's queue.
    func backlog(_ count: Int, engine: Int = 0) async throws {
        let engine = bank.engines[engine]
        try await Self.until("\(count) units wait") { engine.backlog == count }
    }

    /// Asks again and again; what a test waits for always comes, unless something is broken.
    static func until(_ what: String, _ condition: () async throws -> Bool) async throws {
        for _ in 0..<20_000 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(3))
        }
        throw BankError("\(what): never happened")
    }
}

/// Units under way, each in a task of its own, with their outcomes in the order in which they were handed in.
actor Submissions {
    private var tasks: [Task<Result<PostingReceipt, Refusal>, Never>] = []
    private let bank: Bank

    init(_ bank: Bank) {
        self.bank = bank
    }

    func post(_ unit: PostingUnit, on engine: Int = 0) {
        let bank = bank
        tasks.append(Task { await bank.outcome(of: unit, on: engine) })
    }

    func outcomes() async -> [Result<PostingReceipt, Refusal>] {
        var outcomes: [Result<PostingReceipt, Refusal>] = []
        for task in tasks { outcomes.append(await task.value) }
        return outcomes
    }
}

/// Counts what engines commit.
final class CommitCounter: PostingObserver {
    private let batches = Mutex<[Int]>([])
    private let refusals = Mutex<[String]>([])

    /// Units of each committed batch, in order.
    var committed: [Int] { batches.withLock { $0 } }
    var refused: [String] { refusals.withLock { $0 } }

    func posted(_: [PostedJournal]) {}
    func refused(code: String) { refusals.withLock { $0.append(code) } }
    func committed(units: Int) { batches.withLock { $0.append(units) } }
}

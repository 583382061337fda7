import Application
import Audit
import Foundation
import Kernel
import Ledger
import Logging
import Postgres
import Synchronization

/// The posting engine inside this process: what it does without HTTP around it.
struct EngineBench {
    let owner: PostgresConfiguration
    let postmaster: Int32
    let clock = SystemClock()
    private let logger: Logger
    private let identifiers: TimeOrderedIdentifiers
    private(set) var accounts: [Identifier<Account>] = []

    struct Figures {
        let perSecond: Double
        let medianMilliseconds: Double
        let p99Milliseconds: Double
        /// Processor time of a transfer in microseconds: PostgreSQL, and engine with clients.
        let postgresMicroseconds: Double
        let ownMicroseconds: Double
        /// By code; there should be none.
        let refusals: [String: Int]
    }

    init(owner: PostgresConfiguration, postmaster: Int32) {
        self.owner = owner
        self.postmaster = postmaster
        identifiers = TimeOrderedIdentifiers(clock: SystemClock())
        var logger = Logger(label: "bench")
        logger.logLevel = .warning
        self.logger = logger
    }

    /// A ledger with this many accounts, all with room to spend.
    mutating func prepare(accounts count: Int) async throws {
        let connection = DedicatedConnection(configuration: owner)
        _ = try await Migrator([PlatformMigrations.all, AuditMigrations.all, LedgerMigrations.all]).migrate(connection)
        let (clock, identifiers) = (clock, identifiers)
        try await connection.run { connection in
            for table in LedgerMigrations.partitionedTables + AuditMigrations.partitionedTables {
                try connection.executeScript(MonthlyPartitions.create(table: table, from: BusinessDate(of: clock.now()), months: 2))
            }
        }
        let pool = ConnectionPool(configuration: owner.with(user: "wekeza_app"), size: 1, logger: logger)
        let days = BusinessDays(clock: clock)
        _ = try await pool.transaction { try days.open(BusinessDate(of: clock.now()), in: $0) }
        accounts = (0..<count).map { _ in identifiers.next(Account.self) }
        let ledger = LedgerAccounts()
        for start in stride(from: 0, to: count, by: 5_000) {
            let slice = accounts[start..<min(count, start + 5_000)]
            try await pool.transaction { transaction in
                try ledger.open(
                    slice.map {
                        NewLedgerAccount(
                            id: $0, glCode: ChartOfAccounts.currentAccounts, currency: .kes,
                            owner: identifiers.next(Customer.self), overdraftLimit: 1_000_000_000_000)
                    }, in: transaction)
            }
        }
        await pool.shutdown()
        _ = try await connection.run { try $0.query("ANALYZE ledger.account") }
        connection.close()
    }

    /// Posts between accounts that exist already.
    mutating func use(_ existing: [Identifier<Account>]) { accounts = existing }

    /// The engine to measure. A bank's engine runs for weeks, so one serves all rounds, and what it remembers of accounts stays.
    func open(writers: Int = 2, batch: Int = 64) -> PostingEngine {
        PostingEngine(
            configuration: .init(postgres: owner.with(user: "wekeza_app"), writers: writers, sharedBatch: batch), clock: clock,
            auditTrail: AuditTrail(clock: clock), logger: logger)
    }

    /// Closed loop: each client posts its next transfer when the last one is acknowledged.
    func measure(_ engine: PostingEngine, seconds: Double, clients: Int, hotShare: Int = 0) async throws -> Figures {
        let tally = Tally()
        let postgres = ProcessorTime(of: postmaster, withChildren: true)
        let own = ProcessorTime(of: ProcessInfo.processInfo.processIdentifier, withChildren: false)
        let start = clock.now()
        let end = start.adding(microseconds: Int64(seconds * 1_000_000))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<clients {
                group.addTask { await drive(engine, until: end, hotShare: hotShare, tally) }
            }
        }
        let elapsed = Double(clock.now().microseconds - start.microseconds) / 1_000_000
        let postgresTime = ProcessorTime(of: postmaster, withChildren: true).microseconds(since: postgres)
        let ownTime = ProcessorTime(of: ProcessInfo.processInfo.processIdentifier, withChildren: false).microseconds(since: own)
        let latencies = tally.latencies.withLock { $0.sorted() }
        guard !latencies.isEmpty else { throw Failure.nothingPosted }
        return Figures(
            perSecond: Double(latencies.count) / elapsed, medianMilliseconds: Double(latencies[latencies.count / 2]) / 1_000,
            p99Milliseconds: Double(latencies[latencies.count * 99 / 100]) / 1_000,
            postgresMicroseconds: postgresTime / Double(latencies.count), ownMicroseconds: ownTime / Double(latencies.count),
            refusals: tally.refusals.withLock { $0 })
    }

    enum Failure: Error { case nothingPosted }

    private final class Tally: Sendable {
        let refusals = Mutex<[String: Int]>([:])
        let latencies = Mutex<[Int64]>([])
    }

    private func drive(_ engine: PostingEngine, until end: Timestamp, hotShare: Int, _ tally: Tally) async {
        var mine: [Int64] = []
        var random = QuickRandom(seed: UInt64.random(in: 1 ... .max))
        while true {
            let now = clock.now()
            if now >= end { break }
            let from = accounts[1 + random.below(accounts.count - 1)]
            let isHot = random.below(100) < hotShare
            let to = isHot ? accounts[0] : accounts[1 + random.below(accounts.count - 1)]
            if from == to { continue }
            do {
                _ = try await engine.post(unit(from: from, to: to, at: now))
                mine.append(clock.now().microseconds - now.microseconds)
            } catch {
                let code = (error as? Refusal)?.code ?? "\(error)"
                tally.refusals.withLock { $0[code, default: 0] += 1 }
            }
        }
        let latencies = mine
        tally.latencies.withLock { $0 += latencies }
    }

    private func unit(from: Identifier<Account>, to: Identifier<Account>, at now: Timestamp) -> PostingUnit {
        let context = RequestContext(
            traceID: "8f0c2d6a51be4e739d1a7c40b2f5e896", channel: .api, ipAddress: "127.0.0.1", userAgent: "bench", receivedAt: now,
            deadline: now.adding(seconds: 15), idempotencyKey: identifiers.next(User.self).description, method: "POST",
            path: "/api/customer-portal/transactions/transfer", bodyDigest: Array(repeating: 7, count: 32))
        let draft = JournalDraft(
            type: .transfer, referencePrefix: "TRF", sourceType: "transfer", narration: "Rent for November",
            legs: [
                Leg(.account(from), amount: -1_00, currency: .kes, type: .transfer, authority: .customer(field: "fromAccountNumber")),
                Leg(.account(to), amount: 1_00, currency: .kes, type: .transfer, authority: .customer(field: "toAccountNumber")),
            ])
        return PostingUnit(
            commands: [.journal(draft)], context: context, idempotency: IdempotencyKey(context),
            audit: AuditRecord(
                action: "payments.transfer", outcome: .success, actor: nil, subjectType: "account", subjectID: from.description,
                context: context))
    }
}

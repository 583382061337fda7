import Application
import ArgumentParser
import Audit
import Foundation
import Kernel
import Ledger
import Logging
import Postgres
import Synchronization

final class Tally: Sendable {
    let posted = Atomic<Int>(0)
    let refused = Atomic<Int>(0)
    let latencies = Mutex<[Int64]>([])
}

@main
struct Bench: AsyncParsableCommand {
    @Option var host = "/tmp/pgb"
    @Option var database = "bench"
    @Option var user = "wekeza_owner"
    @Option var accounts = 100_000
    @Option var clients = 256
    @Option var seconds = 10
    @Option var writers = 2
    @Option var batch = 64
    @Option var hotPercent = 0
    @Flag var fees = false

    func run() async throws {
        var logger = Logger(label: "bench")
        logger.logLevel = .warning
        let owner = PostgresConfiguration(host: host, user: user, database: database)
        let applied = try await Migrator([PlatformMigrations.all, AuditMigrations.all, LedgerMigrations.all]).migrate(
            DedicatedConnection(configuration: owner))
        print("applied", applied)
        let configuration = owner.with(user: "wekeza_app")
        let clock = SystemClock()
        let pool = ConnectionPool(configuration: configuration, size: 2, logger: logger)
        let days = BusinessDays(clock: clock)
        _ = try await pool.transaction { try days.open(BusinessDate(of: clock.now()), in: $0) }
        let ids = TimeOrderedIdentifiers(clock: clock)
        let existing = try await pool.read { try $0.query("SELECT id FROM ledger.account").map { try $0.identifier(0, as: Account.self) } }
        var all = existing
        if all.count < accounts {
            let fresh = (all.count..<accounts).map { _ in ids.next(Account.self) }
            let ledger = LedgerAccounts()
            for start in stride(from: 0, to: fresh.count, by: 5_000) {
                let slice = fresh[start..<min(fresh.count, start + 5_000)]
                let owner = ids.next(Customer.self)
                try await pool.transaction {
                    try ledger.open(
                        slice.map {
                            NewLedgerAccount(id: $0, glCode: GLCode(2001), currency: .kes, owner: owner, overdraftLimit: 1_000_000_000_000)
                        }, in: $0)
                }
            }
            all += fresh
        }
        let targets = Array(all.prefix(accounts))
        let ownerPool = ConnectionPool(configuration: owner, size: 1, logger: logger)
        try await ownerPool.read { _ = try $0.execute("ANALYZE ledger.account") }
        let engine = PostingEngine(
            configuration: .init(postgres: configuration, writers: writers, sharedBatch: batch), clock: clock,
            auditTrail: AuditTrail(clock: clock), logger: logger)
        let tally = Tally()
        let end = clock.now().adding(seconds: Int64(seconds))
        let (hotPercent, fees) = (hotPercent, fees)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<clients {
                group.addTask {
                    var mine: [Int64] = []
                    while clock.now() < end {
                        let from = targets[Int.random(in: 1..<targets.count)]
                        var to = targets[Int.random(in: 1..<targets.count)]
                        if Int.random(in: 0..<100) < hotPercent { to = targets[0] }
                        if from == to { continue }
                        let now = clock.now()
                        let context = RequestContext(
                            traceID: "8f0c2d6a51be4e739d1a7c40b2f5e896", channel: .api, ipAddress: "127.0.0.1", userAgent: "bench",
                            receivedAt: now, deadline: now.adding(seconds: 15), idempotencyKey: ids.next(User.self).description,
                            method: "POST", path: "/api/customer-portal/transactions/transfer", bodyDigest: Array(repeating: 7, count: 32))
                        var legs = [
                            Leg(
                                .account(from), amount: -1_00, currency: .kes, type: .transfer,
                                authority: .customer(field: "fromAccountNumber")),
                            Leg(
                                .account(to), amount: 1_00, currency: .kes, type: .transfer, authority: .customer(field: "toAccountNumber")),
                        ]
                        if fees {
                            legs += [
                                Leg(
                                    .account(from), amount: -10_00, currency: .kes, type: .fee, ordinal: 2,
                                    authority: .customer(field: "fromAccountNumber")),
                                Leg(.generalLedger(GLCode(4001)), amount: 10_00, currency: .kes, type: .fee, ordinal: 2),
                                Leg(
                                    .account(from), amount: -1_50, currency: .kes, type: .excise, ordinal: 3,
                                    authority: .customer(field: "fromAccountNumber")),
                                Leg(.generalLedger(GLCode(2200)), amount: 1_50, currency: .kes, type: .excise, ordinal: 3),
                            ]
                        }
                        let draft = JournalDraft(
                            type: .transfer, referencePrefix: "TRF", sourceType: "transfer", narration: "bench", legs: legs)
                        let unit = PostingUnit(
                            commands: [.journal(draft)], context: context, idempotency: IdempotencyKey(context),
                            audit: AuditRecord(
                                action: "payments.transfer", outcome: .success, actor: nil, subjectType: "transfer", subjectID: "x",
                                context: context))
                        do {
                            _ = try await engine.post(unit)
                            tally.posted.add(1, ordering: .relaxed)
                            mine.append(clock.now().microseconds - now.microseconds)
                        } catch {
                            if tally.refused.add(1, ordering: .relaxed).newValue == 1 { print(error) }
                        }
                    }
                    tally.latencies.withLock { $0 += mine }
                }
            }
        }
        let sorted = tally.latencies.withLock { $0.sorted() }
        let count = tally.posted.load(ordering: .relaxed)
        print(
            "posted \(count) refused \(tally.refused.load(ordering: .relaxed)) = \(count / seconds)/s p50 \(sorted[sorted.count / 2])us p99 \(sorted[sorted.count * 99 / 100])us"
        )
        await engine.shutdown()
    }
}

import Accounts
import Application
import Audit
import CloseOfDay
import Deposits
import Foundation
import Jobs
import Kernel
import Ledger
import Logging
import Parties
import Postgres
import Products

/// The close of day over many savings accounts, beside the plainest update that touches the same rows.
struct DayBench {
    let owner: PostgresConfiguration
    private let clock = SystemClock()
    private let logger: Logger
    private let pool: ConnectionPool
    private let engine: PostingEngine
    private let directory: AccountDirectory
    private let workshop: DepositsWorkshop
    private let first: BusinessDate

    struct Figures {
        let plainSeconds: Double
        let accrualSeconds: Double
    }

    init(owner: PostgresConfiguration) async throws {
        self.owner = owner
        var logger = Logger(label: "bench")
        logger.logLevel = .warning
        self.logger = logger
        let connection = DedicatedConnection(configuration: owner)
        _ = try await Migrator([
            PlatformMigrations.all, JobsMigrations.all, AuditMigrations.all, LedgerMigrations.all, PartiesMigrations.all,
            ProductsMigrations.all, AccountsMigrations.all, DepositsMigrations.all, CloseOfDayMigrations.all,
        ]).migrate(connection)
        connection.close()
        var configuration = owner.with(user: "wekeza_app")
        configuration.statementTimeoutMilliseconds = 0
        let (clock, identifiers) = (clock, TimeOrderedIdentifiers(clock: SystemClock()))
        let pool = ConnectionPool(configuration: configuration, size: 4, logger: logger)
        self.pool = pool
        let trail = AuditTrail(clock: clock)
        let pipeline = CommandPipeline(pool: pool, clock: clock, audit: trail)
        let tariffs = TariffBookCache(pool: pool, clock: clock)
        engine = PostingEngine(configuration: .init(postgres: configuration), clock: clock, auditTrail: trail, logger: logger)
        directory = AccountDirectory(configuration: configuration, clock: clock)
        workshop = DepositsWorkshop(
            pool: pool, readers: pool, pipeline: pipeline, engine: engine, clock: clock, identifiers: identifiers, tariffs: tariffs,
            directory: directory,
            opening: AccountOpening(pool: pool, pipeline: pipeline, clock: clock, identifiers: identifiers, tariffs: tariffs),
            businessDay: BusinessDayCache(pool: pool, clock: clock, maximumAgeSeconds: 0))
        guard let first = BusinessDate(year: 2026, month: 1, day: 26) else { preconditionFailure("a day of January") }
        self.first = first
        let days = BusinessDays(clock: clock)
        _ = try await pool.transaction { try days.open(first, in: $0) }
        try await DemonstrationProducts(pipeline: pipeline, identifiers: identifiers, tariffs: tariffs)
            .seed(.system(at: clock.now(), idempotencyKey: "seed"))
    }

    /// Savings accounts with balances over all tiers, made by the owner in two statements.
    func prepare(accounts: Int) async throws {
        let connection = DedicatedConnection(configuration: unhurried)
        let stamp = Identifier<Account>(bits: TimeOrderedIdentifiers.version7(at: clock.now(), random: 0)).description.prefix(8)
        try await connection.run { connection in
            try connection.executeScript(
                """
                INSERT INTO ledger.account (id, gl_code, currency, owner, limit_holder, status, balance)
                SELECT i::uuid, 2002, 'KES', i::uuid, i::uuid, 1, (n::bigint * 7919) % 900000000
                FROM (SELECT n, '\(stamp)-0000-7000-8000-' || lpad(to_hex(n), 12, '0') AS i FROM generate_series(1, \(accounts)) AS n) AS s;
                INSERT INTO deposits.interest_terms (product_code, product_version, currency) VALUES ('SAV01', 1, 'KES');
                INSERT INTO deposits.interest_account (account_id, customer_id, terms_key) SELECT id, id, 1 FROM ledger.account ORDER BY id;
                INSERT INTO deposits.enrolment VALUES (now());
                """)
        }
        try await vacuum(connection)
        connection.close()
    }

    /// One round: the plain update, then a day of interest over the same rows, the table swept before each.
    func measure(day: Int32) async throws -> Figures {
        let connection = DedicatedConnection(configuration: unhurried)
        defer { connection.close() }
        try await vacuum(connection)
        let plain = try await timed {
            _ = try await connection.run { try $0.query("UPDATE deposits.interest_account SET accrued_micro = accrued_micro + 1") }
        }
        try await vacuum(connection)
        let date = first.adding(days: day)
        let accrual = SavingsAccrual(workshop)
        let seconds = try await timed {
            for part in try await accrual.parts(on: date) { _ = try await accrual.run(part, on: date) }
            try await accrual.finish(on: first)
        }
        return Figures(plainSeconds: plain, accrualSeconds: seconds)
    }

    /// The month's end: interest and tax of every account through the posting engine.
    func post() async throws -> (accounts: Int64, seconds: Double) {
        guard let date = BusinessDate(year: 2026, month: 1, day: 31) else { preconditionFailure("a day of January") }
        let days = BusinessDays(clock: clock)
        _ = try await pool.transaction { try days.open(date, in: $0) }
        let posting = InterestPosting(workshop)
        var posted: Int64 = 0
        let seconds = try await timed {
            let parts = try await posting.parts(on: date)
            let (first, second) = (parts.enumerated().filter { $0.offset % 2 == 0 }, parts.enumerated().filter { $0.offset % 2 == 1 })
            async let one = Self.run(first.map(\.element), of: posting, on: date)
            async let two = Self.run(second.map(\.element), of: posting, on: date)
            posted = try await one + two
            try await posting.finish(on: date)
        }
        return (posted, seconds)
    }

    private static func run(_ parts: [String], of step: InterestPosting, on date: BusinessDate) async throws -> Int64 {
        var posted: Int64 = 0
        for part in parts { posted += try await step.run(part, on: date).processed }
        return posted
    }

    func stop() async {
        await engine.shutdown()
        directory.shutdown()
        await pool.shutdown()
    }

    /// Greatest resident size of this process, in megabytes.
    static func peakMegabytes() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return (Int(line.filter(\.isNumber)) ?? 0) / 1_024
    }

    private var unhurried: PostgresConfiguration {
        var configuration = owner
        configuration.statementTimeoutMilliseconds = 0
        return configuration
    }

    private func vacuum(_ connection: DedicatedConnection) async throws {
        _ = try await connection.run { try $0.query("VACUUM (ANALYZE) deposits.interest_account") }
        _ = try await connection.run { try $0.query("VACUUM (ANALYZE) ledger.account") }
        _ = try await connection.run { try $0.query("CHECKPOINT") }
    }

    private func timed(_ body: () async throws -> Void) async throws -> Double {
        let start = clock.now()
        try await body()
        return Double(clock.now().microseconds - start.microseconds) / 1_000_000
    }
}

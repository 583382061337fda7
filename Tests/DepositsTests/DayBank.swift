import Accounts
import Application
import Audit
import CloseOfDay
import Deposits
import Foundation
import HTTPEdge
import Jobs
import Kernel
import Ledger
import Logging
import Observability
import Parties
import Postgres
import Products
import Statements
import Synchronization
import TestKit

/// A bank with its days: products, accounts, deposits, jobs and the close of business on a real database, behind the HTTP edge.
struct DayBank {
    static let migrations = [
        PlatformMigrations.all, JobsMigrations.all, AuditMigrations.all, LedgerMigrations.all, PartiesMigrations.all,
        ProductsMigrations.all, AccountsMigrations.all, DepositsMigrations.all, StatementsMigrations.all, CloseOfDayMigrations.all,
    ]

    let database: TestDatabase
    let clock: ManualClock
    let identifiers: TimeOrderedIdentifiers
    let pipeline: CommandPipeline
    let tariffs: TariffBookCache
    let directory: AccountDirectory
    let engine: PostingEngine
    let parties: PartyCommands
    let products: ProductCommands
    let seeding: AccountsSeeding
    let changes: AccountStateCommands
    let workshop: DepositsWorkshop
    let statements: StatementsModule
    let businessDay: BusinessDayCache
    let queue: JobQueue
    let client: InProcessClient
    /// What the steps do to a part before and after: for accidents.
    let accidents: Accidents

    /// Judges deadlines by the bank's own clock.
    let pool: ConnectionPool

    /// - Parameter start: the first business date, and the day of the clock
    static func run(
        from start: String = "2026-01-05", mayRunAhead: Bool = true, isolation: isolated (any Actor)? = #isolation,
        _ body: (DayBank) async throws -> Void
    ) async throws {
        try await TestDatabase.withDatabase(migrations: migrations) { database in
            let bank = DayBank(database, start: day(start), mayRunAhead: mayRunAhead)
            let clock = bank.clock
            _ = try await bank.pool.transaction { try BusinessDays(clock: clock).open(day(start), in: $0) }
            try await DemonstrationProducts(pipeline: bank.pipeline, identifiers: bank.identifiers, tariffs: bank.tariffs)
                .seed(bank.context())
            do {
                try await body(bank)
            } catch {
                await bank.shutdown()
                throw error
            }
            await bank.shutdown()
        }
    }

    private init(_ database: TestDatabase, start: BusinessDate, mayRunAhead: Bool) {
        self.database = database
        let clock = ManualClock(start.startOfDay.adding(seconds: 12 * 3_600))
        self.clock = clock
        let identifiers = TimeOrderedIdentifiers(clock: clock)
        self.identifiers = identifiers
        let trail = AuditTrail(clock: clock)
        let pool = ConnectionPool(configuration: database.configuration, size: 8, clock: clock, logger: .silent)
        self.pool = pool
        let pipeline = CommandPipeline(pool: pool, clock: clock, audit: trail)
        self.pipeline = pipeline
        tariffs = TariffBookCache(pool: pool, clock: clock, refreshSeconds: 0, maximumAgeSeconds: 0)
        directory = AccountDirectory(configuration: database.configuration, clock: clock)
        engine = PostingEngine(
            configuration: .init(postgres: database.configuration, writers: 2), clock: clock, auditTrail: trail, logger: .silent)
        parties = PartyCommands(
            pool: pool, pipeline: pipeline, clock: clock, identifiers: identifiers, observers: [AccountConstraints(clock: clock)])
        products = ProductCommands(pipeline: pipeline, identifiers: identifiers, tariffs: tariffs)
        let opening = AccountOpening(
            pool: pool, pipeline: pipeline, clock: clock, identifiers: identifiers, tariffs: tariffs, observers: [InterestEnrolment()])
        changes = AccountStateCommands(
            pipeline: pipeline, clock: clock, identifiers: identifiers, directory: directory, tariffs: tariffs)
        seeding = AccountsSeeding(opening: opening, changes: changes, engine: engine, pool: pool, clock: clock)
        let businessDay = BusinessDayCache(pool: pool, clock: clock, maximumAgeSeconds: 0)
        self.businessDay = businessDay
        workshop = DepositsWorkshop(
            pool: pool, readers: pool, pipeline: pipeline, engine: engine, clock: clock, identifiers: identifiers, tariffs: tariffs,
            directory: directory, opening: opening, businessDay: businessDay)
        queue = JobQueue(pool: pool, clock: clock, identifiers: identifiers)
        accidents = Accidents()
        let closing = AccountClosing(
            pool: pool, engine: engine, clock: clock, identifiers: identifiers, directory: directory, interest: AccruedInterest(workshop))
        let queries = AccountQueries(
            pool: pool, clock: clock, directory: directory, tariffs: tariffs, interest: AccruedInterest(workshop))
        statements = StatementsModule(
            pool: pool, readers: pool, queries: queries, tariffs: tariffs, businessDay: businessDay, key: Array(repeating: 5, count: 32),
            certificateKey: Self.certificateKey, clock: clock, accountsInPart: 2)
        let catalogue = CatalogueCommands(
            pipeline: pipeline, tariffs: tariffs, codes: TestLedgerCodes(pool: pool, clock: clock))
        let days = Self.closing(
            pool: pool, queue: queue, workshop: workshop, changes: changes, statements: statements.monthly, clock: clock,
            identifiers: identifiers, pipeline: pipeline, accidents: accidents, mayRunAhead: mayRunAhead)
        var configuration = EdgeConfiguration(cursorKey: Array(repeating: 7, count: 32))
        configuration.rateLimits.isEnabled = false
        configuration.requestTimeLimitSeconds = 600
        let today: @Sendable () async throws -> BusinessDate = { try await businessDay.current() }
        let endpoints =
            ProductEndpoints(tariffs: tariffs, commands: catalogue, businessDate: today).all
            + DepositEndpoints(workshop, certificateKey: Self.certificateKey).all + statements.endpoints
            + CalculatorEndpoints(tariffs: tariffs, businessDate: today).all
            + CloseOfDayEndpoints(closing: days, catalogue: catalogue, tariffs: tariffs, pool: pool, clock: clock).all
            + JobEndpoints(schedules: JobSchedules(pool: pool, queue: queue, clock: clock, schedules: [:])).all
            + AccountEndpoints(queries: queries, opening: opening, changes: changes, closing: closing).all
        client = InProcessClient(
            HTTPServer(
                endpoints: endpoints, authenticator: TokenAuthenticator(), rateLimiter: InProcessRateLimiter(clock: SystemClock()),
                configuration: configuration, metrics: MetricsRegistry(), logger: .silent, clock: SystemClock()))
        self.mayRunAhead = mayRunAhead
    }

    private let mayRunAhead: Bool
    static let certificateKey = [UInt8](repeating: 6, count: 32)

    private static func closing(
        pool: ConnectionPool, queue: JobQueue, workshop: DepositsWorkshop, changes: AccountStateCommands,
        statements: MonthlyStatements, clock: any WallClock, identifiers: any IdentifierSource, pipeline: CommandPipeline,
        accidents: Accidents, mayRunAhead: Bool
    ) -> CloseOfDay {
        let steps: [any DayStep] = [
            SavingsAccrual(workshop), InterestPosting(workshop), DepositMaturity(workshop),
            Dormancy(pool: pool, changes: changes, clock: clock),
            CombinedStep("reports", [DailyReports(pool: pool, clock: clock), statements]),
        ]
        return CloseOfDay(
            pool: pool, queue: queue, steps: steps.map { AccidentStep(step: $0, accidents: accidents) }, clock: clock,
            identifiers: identifiers, pipeline: pipeline, mayRunAhead: mayRunAhead, logger: .silent)
    }

    /// The room that closes the day, made anew as another process would.
    func closing() -> CloseOfDay {
        Self.closing(
            pool: pool, queue: queue, workshop: workshop, changes: changes, statements: statements.monthly, clock: clock,
            identifiers: identifiers, pipeline: pipeline, accidents: accidents, mayRunAhead: mayRunAhead)
    }

    private func shutdown() async {
        await engine.shutdown()
        directory.shutdown()
        await pool.shutdown()
    }

    // MARK: People and accounts

    func context(_ principal: Principal? = nil) -> RequestContext {
        let now = clock.now()
        return RequestContext(
            traceID: String(repeating: "0", count: 32), principal: principal, channel: .staff, ipAddress: "192.0.2.1", userAgent: "test",
            receivedAt: now, deadline: now.adding(seconds: 600), idempotencyKey: Self.freshKey(), method: "POST", path: "/test")
    }

    func person(_ first: String = "Amina") async throws -> CustomerRecord {
        try await parties.register(
            .person(firstName: first, lastName: "Wanjiru", kycStatus: .verified, kycTier: 2), context: context())
    }

    func account(of customer: CustomerRecord, _ product: String = "CUR01", _ balance: Int64 = 0, currency: Currency = .kes) async throws
        -> AccountIdentity
    {
        let key = Self.freshKey()
        let id = try await seeding.open(
            OpeningOrder(kind: .individual, customer: .id(customer.id), productCode: product, currency: currency), key: key)
        if balance > 0 { try await move(balance, to: id, currency: currency) }
        return try await directory.require(id.description)
    }

    /// Money from outside, or to it.
    func move(_ amount: Int64, to account: Identifier<Account>, currency: Currency = .kes) async throws {
        let context = RequestContext.system(at: clock.now(), idempotencyKey: Self.freshKey())
        let draft = JournalDraft(
            type: .deposit, referencePrefix: "TST", sourceType: "test",
            legs: [
                Leg(.generalLedger(GLCode(1110)), amount: -amount, currency: currency, type: .deposit),
                Leg(.account(account), amount: amount, currency: currency, type: .deposit),
            ])
        _ = try await engine.post(
            PostingUnit(
                commands: [.journal(draft)], context: context, idempotency: nil,
                audit: AuditRecord(
                    action: "test.move", outcome: .success, actor: nil, subjectType: "account", subjectID: account.description,
                    context: context)))
    }

    /// Posts the mirror of a journal.
    func reverse(_ id: Identifier<Journal>) async throws {
        let reader = LedgerReader(clock: clock)
        guard let journal = try await pool.read({ try reader.journal(id, in: $0) }) else { throw Failure(text: "no such journal") }
        let context = RequestContext.system(at: clock.now(), idempotencyKey: Self.freshKey())
        let legs = journal.lines.map { line in
            Leg(
                line.account.map { .account($0) } ?? .generalLedger(line.glCode), amount: -line.amount, currency: line.currency,
                type: .reversal)
        }
        _ = try await engine.post(
            PostingUnit(
                commands: [
                    .journal(
                        JournalDraft(
                            kind: .reversal, type: .reversal, referencePrefix: "REV", sourceType: "test", legs: legs, reversalOf: id))
                ], context: context, idempotency: nil,
                audit: AuditRecord(
                    action: "test.reverse", outcome: .success, actor: nil, subjectType: "journal", subjectID: id.description,
                    context: context)))
    }

    func balance(_ account: AccountIdentity) async throws -> Int64 {
        try await pool.read { try LedgerAccounts().state(of: account.id, in: $0)?.balance ?? 0 }
    }

    func accrual(_ account: AccountIdentity) async throws -> (micro: Int64, remainder: Int64) {
        try await pool.read { transaction in
            let row = try transaction.query(
                "SELECT accrued_micro, accrued_remainder::bigint FROM deposits.interest_account WHERE account_id = \(account.id)"
            ).first
            return (try row?.int64(0) ?? -1, try row?.int64(1) ?? -1)
        }
    }

    func count(_ sql: SQL) async throws -> Int64 { try await pool.read { try $0.query(sql).first?.int64(0) ?? 0 } }

    var today: BusinessDate {
        get async throws { try await businessDay.current() }
    }

    // MARK: Days

    /// Closes the open date, or every date through another.
    @discardableResult
    func close(through date: String? = nil) async throws -> DayRun {
        let closing = closing()
        let run = try await closing.start(through: date.map { day($0) }, context: context(Self.administrator))
        let ended = try await closing.work(on: run.id, worker: "test")
        guard ended.status == .completed else { throw Failure(text: ended.error ?? "failed") }
        return ended
    }

    /// Net of every general-ledger account and currency, and the balances of accounts by their number.
    func books() async throws -> [String: String] {
        try await pool.read { transaction in
            var books: [String: String] = [:]
            for row in try transaction.query(
                "SELECT gl_code::text || ' ' || currency, sum(amount)::text FROM ledger.posting GROUP BY 1 HAVING sum(amount) <> 0")
            {
                books[try row.text(0)] = try row.text(1)
            }
            for row in try transaction.query(
                """
                SELECT a.account_number, b.balance::text FROM accounts.account a JOIN ledger.account_balance b ON b.account_id = a.id
                """)
            {
                books[try row.text(0)] = try row.text(1)
            }
            for row in try transaction.query(
                """
                SELECT a.account_number || ' to ' || s.to_date, s.opening_balance || ' ' || s.closing_balance || ' ' || s.entry_count
                FROM statements.statement s JOIN accounts.account a ON a.id = s.account_id
                """)
            {
                books[try row.text(0)] = try row.text(1)
            }
            for row in try transaction.query("SELECT number, status || ' ' || principal FROM deposits.deposit") {
                books[try row.text(0)] = try row.text(1)
            }
            for row in try transaction.query(
                """
                SELECT 'accrued ' || a.account_number, i.accrued_micro || ' ' || i.accrued_remainder
                FROM deposits.interest_account i JOIN accounts.account a ON a.id = i.account_id
                """)
            {
                books[try row.text(0)] = try row.text(1)
            }
            return books
        }
    }

    /// The ledger's own proof.
    func isSound() async throws -> Bool {
        let report = try await LedgerVerifier(clock: clock).verify(in: pool)
        return report.isSound
    }

    static let administrator = principal(1, .administrator)

    static func principal(_ number: UInt128, _ role: Role, customer: Identifier<Customer>? = nil) -> Principal {
        Principal(
            userID: Identifier(bits: number), sessionID: Identifier(bits: number), username: role.rawValue, roles: RoleSet(role),
            customerID: customer, branchCode: customer == nil ? "001" : nil, mustChangePassword: false)
    }

    private static let number = Mutex(0)

    static func freshKey() -> String {
        number.withLock { number in
            number += 1
            return "key-\(number)"
        }
    }

    struct Failure: Error {
        let text: String
    }
}

struct TestLedgerCodes: GeneralLedgerCodes {
    let pool: ConnectionPool
    let clock: any WallClock

    func existing(among numbers: [Int32]) async throws -> Set<Int32> {
        let ledger = GeneralLedger(clock: clock)
        let known = try await pool.read { try ledger.names(in: $0) }
        return Set(numbers.filter { known[GLCode($0)] != nil })
    }
}

/// Tokens name people: staff by role (and a number, for second people), `customer:` and an identifier for customers.
struct TokenAuthenticator: Authenticator {
    func authenticate(bearerToken: String, context: RequestContext) async throws -> Principal {
        if bearerToken.hasPrefix("customer:"), let customer = Identifier<Customer>(bearerToken.dropFirst(9)) {
            return DayBank.principal(1_000, .customer, customer: customer)
        }
        let parts = bearerToken.split(separator: "#")
        guard let role = parts.first.flatMap({ Role(rawValue: String($0)) }), let at = Role.allCases.firstIndex(of: role) else {
            throw Refusal(.unauthenticated, "invalid_token", "The token is not valid")
        }
        return DayBank.principal(UInt128(at) * 100 + (parts.count > 1 ? UInt128(parts[1]) ?? 0 : 0) + 2, role)
    }
}

func day(_ text: String) -> BusinessDate { BusinessDate(iso: text) ?? BusinessDate(epochDay: 0) }

/// What goes wrong, and where.
final class Accidents: Sendable {
    enum Moment: Sendable, Equatable, CaseIterable {
        case beforeParts, beforeWork, afterWork, afterFinish
    }

    struct Crash: Error, CustomStringConvertible {
        let description: String
    }

    private let planned = Mutex<(step: String, moment: Moment)?>(nil)

    func plan(_ step: String, _ moment: Moment) { planned.withLock { $0 = (step, moment) } }

    /// Throws once when this is the place.
    func pass(_ step: String, _ moment: Moment) throws {
        let isHere = planned.withLock { planned in
            guard let place = planned, place.step == step, place.moment == moment else { return false }
            planned = nil
            return true
        }
        if isHere { throw Refusal(.invalid, "crash", "The machine stops at \(step)") }
    }
}

struct AccidentStep: DayStep {
    let step: any DayStep
    let accidents: Accidents

    var name: String { step.name }

    func parts(on date: BusinessDate) async throws -> [String] {
        try accidents.pass(name, .beforeParts)
        return try await step.parts(on: date)
    }

    func run(_ part: String, on date: BusinessDate) async throws -> DayOutcome {
        try accidents.pass(name, .beforeWork)
        let outcome = try await step.run(part, on: date)
        try accidents.pass(name, .afterWork)
        return outcome
    }

    func finish(on date: BusinessDate) async throws {
        try await step.finish(on: date)
        try accidents.pass(name, .afterFinish)
    }

    func preview(on date: BusinessDate) async throws -> [DayPreview] { try await step.preview(on: date) }
}

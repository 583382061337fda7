import Accounts
import Application
import Audit
import HTTPEdge
import Kernel
import Ledger
import Logging
import Notifications
import Observability
import Parties
import Payments
import Postgres
import Products
import Statements
import Synchronization
import TestKit

/// A small bank on a real database: every room that a payment passes through, behind the HTTP edge. Only the second factor and the
/// sign-in are the test's own.
struct Bank {
    /// Monday, 2 March 2026, noon in Nairobi.
    static let opening = Timestamp(microseconds: 1_772_442_000_000_000)

    let database: TestDatabase
    let pool: ConnectionPool
    let clock: ManualClock
    let engine: PostingEngine
    let directory: AccountDirectory
    let tariffs: TariffBookCache
    let businessDay: BusinessDayCache
    let gate: PaperGate
    let follower: NotedContacts
    let badges: Badges
    let client: InProcessClient
    let statements: StatementsModule
    let standingOrders: RunStandingOrders

    private let parties: PartyCommands
    private let seeding: AccountsSeeding
    private static let number = Mutex(0)

    static let migrations: [[Migration]] = [
        PlatformMigrations.all, AuditMigrations.all, LedgerMigrations.all, PartiesMigrations.all, ProductsMigrations.all,
        AccountsMigrations.all, PaymentsMigrations.all, NotificationsMigrations.all, StatementsMigrations.all,
    ]

    static func run(
        recipientLookups: Int? = nil, isolation: isolated (any Actor)? = #isolation, _ body: (Bank) async throws -> Void
    ) async throws {
        try await TestDatabase.withDatabase(migrations: migrations) { database in
            let bank = try await Bank(database: database, recipientLookups: recipientLookups)
            do {
                try await body(bank)
            } catch {
                await bank.close()
                throw error
            }
            await bank.close()
        }
    }

    private init(database: TestDatabase, recipientLookups: Int?) async throws {
        let clock = ManualClock(Self.opening)
        let identifiers = TimeOrderedIdentifiers(clock: clock)
        // The pool compares deadlines with the clock of the requests.
        let pool = ConnectionPool(configuration: database.configuration, size: 6, clock: clock, logger: .silent)
        self.pool = pool
        let audit = AuditTrail(clock: clock)
        let pipeline = CommandPipeline(pool: pool, clock: clock, audit: audit)
        self.database = database
        self.clock = clock
        engine = PostingEngine(
            configuration: .init(postgres: database.configuration), clock: clock, auditTrail: audit, logger: .silent)
        directory = AccountDirectory(configuration: database.configuration, clock: clock)
        tariffs = TariffBookCache(pool: pool, clock: clock)
        businessDay = BusinessDayCache(pool: pool, clock: clock)
        gate = PaperGate()
        follower = NotedContacts()
        badges = Badges()
        parties = PartyCommands(pool: pool, pipeline: pipeline, clock: clock, identifiers: identifiers, observers: [])
        let changes = AccountStateCommands(
            pipeline: pipeline, clock: clock, identifiers: identifiers, directory: directory, tariffs: tariffs)
        seeding = AccountsSeeding(
            opening: AccountOpening(pool: pool, pipeline: pipeline, clock: clock, identifiers: identifiers, tariffs: tariffs),
            changes: changes, engine: engine, pool: pool, clock: clock)

        let days = BusinessDays(clock: clock)
        _ = try await pool.transaction { try days.open(BusinessDate(of: Self.opening), in: $0) }
        try await DemonstrationProducts(pipeline: pipeline, identifiers: identifiers, tariffs: tariffs)
            .seed(.system(at: clock.now(), idempotencyKey: "seed/products"))

        let queries = AccountQueries(pool: pool, clock: clock, directory: directory, tariffs: tariffs)
        let payments = PaymentsModule(
            pool: pool, readers: pool, pipeline: pipeline, engine: engine, directory: directory, queries: queries, tariffs: tariffs,
            businessDay: businessDay, stepUp: gate, messages: MessageOutbox(clock: clock, identifiers: identifiers), audit: audit,
            contacts: follower, receiptKey: Array(repeating: 9, count: 32), clock: clock, identifiers: identifiers)
        standingOrders = payments.standingOrders
        statements = StatementsModule(
            pool: pool, readers: pool, queries: queries, tariffs: tariffs, businessDay: businessDay, key: Array(repeating: 5, count: 32),
            certificateKey: Array(repeating: 6, count: 32), clock: clock, accountsInPart: 2, entriesInPage: 3)
        var configuration = EdgeConfiguration(cursorKey: Array(repeating: 7, count: 32))
        configuration.rateLimits.isEnabled = recipientLookups != nil
        if let recipientLookups { configuration.rateLimits.recipientLookupsPerUser = recipientLookups }
        client = InProcessClient(
            HTTPServer(
                endpoints: payments.endpoints + statements.endpoints, authenticator: badges,
                rateLimiter: InProcessRateLimiter(clock: clock),
                configuration: configuration, metrics: MetricsRegistry(), logger: .silent, clock: clock))
    }

    private func close() async {
        await engine.shutdown()
        directory.shutdown()
        await pool.shutdown()
    }

    // MARK: Customers and accounts

    func person(_ firstName: String, _ lastName: String, kycTier: Int16 = 2) async throws -> CustomerRecord {
        try await parties.register(
            .person(firstName: firstName, lastName: lastName, kycStatus: .verified, kycTier: kycTier),
            context: .system(at: clock.now(), idempotencyKey: Self.freshKey()))
    }

    func organisation(_ name: String) async throws -> CustomerRecord {
        try await parties.register(
            .organisation(name: name, kycStatus: .verified, kycTier: 2),
            context: .system(at: clock.now(), idempotencyKey: Self.freshKey()))
    }

    /// Opens an account with money on it, in minor units.
    func account(
        of customer: CustomerRecord, _ balance: Int64 = 0, currency: Currency = .kes, jointWith others: [CustomerRecord] = [],
        rule: OperatingRule = .anyOne
    ) async throws -> AccountIdentity {
        let share = Ownership.whole / Int32(others.count + 1)
        let key = Self.freshKey()
        let id = try await seeding.open(
            OpeningOrder(
                kind: customer.kind == .corporate ? .business : .individual, customer: .id(customer.id),
                productCode: currency == .kes ? "CUR01" : "FCY01", currency: currency,
                jointHolders: others.map { .init(cifNumber: $0.cifNumber, relationship: "spouse", basisPoints: share) },
                operatingRule: rule),
            key: key)
        if balance > 0 {
            try await seeding.bookOpeningBalance(Money(minorUnits: balance, currency: currency), on: id, key: key)
        }
        return try await directory.require(id.description)
    }

    /// Signed in with a session of its own.
    func signedIn(_ customer: CustomerRecord, as roles: RoleSet = RoleSet(.customer)) -> InProcessClient {
        client.signedIn(badges.issue(roles, customer: customer.id))
    }

    func staff(_ role: Role) -> InProcessClient {
        client.signedIn(badges.issue(RoleSet(role), customer: nil))
    }

    // MARK: What is in the books

    func state(_ account: AccountIdentity) async throws -> AccountState {
        let state = try await pool.read { try LedgerAccounts().state(of: account.id, in: $0) }
        guard let state else { throw Missing() }
        return state
    }

    func balance(_ account: AccountIdentity) async throws -> Int64 { try await state(account).balance }

    /// Journals of transfers, whoever made them.
    func transferCount() async throws -> Int64 {
        try await count("SELECT count(*) FROM ledger.journal WHERE source_type = 'transfer'")
    }

    /// Σ of all postings of a general-ledger account that is no control account.
    func ledgerBalance(_ code: Int32) async throws -> Int64 {
        try await count("SELECT coalesce(sum(amount), 0)::bigint FROM ledger.posting WHERE account_id IS NULL AND gl_code = \(code)")
    }

    func count(_ sql: SQL) async throws -> Int64 {
        try await pool.read { try $0.query(sql).first?.int64(0) ?? 0 }
    }

    /// Opens the day so many days after the first, at noon.
    func open(day: Int64) async throws {
        clock.set(Self.opening.adding(seconds: day * 86_400))
        let (days, date) = (BusinessDays(clock: clock), BusinessDate(of: clock.now()))
        _ = try await pool.transaction { try days.open(date, in: $0) }
        businessDay.invalidate()
    }

    /// Arranges what no endpoint of this room can.
    func arrange(_ body: @escaping @Sendable (Transaction) throws -> Void) async throws {
        try await database.superuserPool.transaction { try body($0) }
    }

    struct Missing: Error {}

    static func freshKey() -> String {
        number.withLock { number in
            number += 1
            return "key-\(number)"
        }
    }
}

/// Writes down who moved where.
final class NotedContacts: ContactFollower {
    private let noted = Mutex<[String]>([])

    var all: [String] { noted.withLock { $0 } }

    func contactChanged(of customer: Identifier<Customer>, email: String?, phone: String?, in transaction: Transaction) throws {
        noted.withLock { $0.append("\(email ?? "-") \(phone ?? "-")") }
    }
}

/// Knows people by the tokens it gave them.
final class Badges: Authenticator {
    private let principals = Mutex<[String: Principal]>([:])

    func issue(_ roles: RoleSet, customer: Identifier<Customer>?) -> String {
        let bits = UInt128.random(in: 1...UInt128.max)
        let token = "badge-\(bits)"
        let principal = Principal(
            userID: Identifier(bits: bits), sessionID: Identifier(bits: bits ^ 1), username: token, roles: roles, customerID: customer,
            branchCode: customer == nil ? "001" : nil, mustChangePassword: false)
        principals.withLock { $0[token] = principal }
        return token
    }

    func authenticate(bearerToken: String, context: RequestContext) async throws -> Principal {
        guard let principal = principals.withLock({ $0[bearerToken] }) else {
            throw Refusal(.unauthenticated, "invalid_token", "The token is not valid")
        }
        return principal
    }
}

/// A second factor on paper: it keeps the rules of the port (bound to person, session and action, held by one request, spent once)
/// and hands out a token for the asking.
final class PaperGate: StepUpGate {
    private struct Paper {
        let action: StepUpAction
        let user: Identifier<User>
        let session: Identifier<Session>
        var token: String?
        var heldBy: UInt128?
        var isSpent = false
    }

    private let papers = Mutex<[UInt128: Paper]>([:])

    func challenge(for action: StepUpAction, context: RequestContext) async throws -> Refusal {
        let principal = try context.requirePrincipal()
        let id = UInt128.random(in: 1...UInt128.max)
        papers.withLock { $0[id] = Paper(action: action, user: principal.userID, session: principal.sessionID) }
        var shown: [Refusal.Member] = [.init("type", .text(action.kind.rawValue)), .init("payee", .text(action.payee))]
        if let amount = action.amount {
            shown += [.init("amount", .text(amount.decimalString)), .init("currency", .text(amount.currency.code))]
        }
        return Refusal(
            .forbidden, "step_up_required", "Please confirm",
            members: [.init("challengeId", .text(Identifier<PaperGate>(bits: id).description)), .init("action", .object(shown))])
    }

    func reserve(_ action: StepUpAction, context: RequestContext) async throws -> StepUpReservation? {
        let principal = try context.requirePrincipal()
        let operation = IdempotencyKey(context).digest
        return papers.withLock { papers in
            let found = papers.first { _, paper in
                paper.token != nil && paper.token == context.stepUpToken && paper.action == action && paper.user == principal.userID
                    && paper.session == principal.sessionID && !paper.isSpent && (paper.heldBy == nil || paper.heldBy == operation)
            }
            guard let id = found?.key else { return nil }
            papers[id]?.heldBy = operation
            return StepUpReservation(challenge: id, operation: operation)
        }
    }

    func spend(_ reservation: StepUpReservation) async throws {
        papers.withLock { $0[reservation.challenge]?.isSpent = true }
    }

    func release(_ reservation: StepUpReservation) async throws {
        papers.withLock { $0[reservation.challenge]?.heldBy = nil }
    }

    /// What the right code would give.
    func confirm(_ challenge: String?) throws -> String {
        guard let challenge, let id = Identifier<PaperGate>(challenge) else { throw Bank.Missing() }
        let token = "token-\(id)"
        papers.withLock { $0[id.bits]?.token = token }
        return token
    }

    var challengeCount: Int { papers.withLock { $0.count } }
}

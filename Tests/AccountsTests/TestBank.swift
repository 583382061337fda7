import Accounts
import Application
import Audit
import HTTPEdge
import Kernel
import Ledger
import Logging
import Observability
import Parties
import Postgres
import Products
import TestKit

/// A bank with its books open, products and prices, and nobody in it yet.
struct TestBank {
    static let migrations = [
        PlatformMigrations.all, AuditMigrations.all, LedgerMigrations.all, PartiesMigrations.all, ProductsMigrations.all,
        AccountsMigrations.all,
    ]

    let database: TestDatabase
    let clock: ManualClock
    let identifiers: SequenceIdentifiers
    let pipeline: CommandPipeline
    let tariffs: TariffBookCache
    let directory: AccountDirectory
    let engine: PostingEngine
    let parties: PartyCommands
    let products: ProductCommands
    let opening: AccountOpening
    let changes: AccountStateCommands
    let closing: AccountClosing
    let queries: AccountQueries
    let seeding: AccountsSeeding

    var pool: ConnectionPool { database.pool }

    static func run(_ body: (TestBank) async throws -> Void) async throws {
        try await TestDatabase.withDatabase(migrations: migrations, poolSize: 8) { database in
            let bank = TestBank(database)
            let clock = bank.clock
            _ = try await bank.pool.transaction { try BusinessDays(clock: clock).open(BusinessDate(of: clock.now()), in: $0) }
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

    private init(_ database: TestDatabase) {
        self.database = database
        // Ahead of the real clock, by which the pool judges deadlines: a slow machine must not fail a test.
        let clock = ManualClock(SystemClock().now().adding(seconds: 7_200))
        self.clock = clock
        identifiers = SequenceIdentifiers()
        let trail = AuditTrail(clock: clock)
        pipeline = CommandPipeline(pool: database.pool, clock: clock, audit: trail)
        tariffs = TariffBookCache(pool: database.pool, clock: clock)
        directory = AccountDirectory(configuration: database.configuration, clock: clock)
        engine = PostingEngine(
            configuration: .init(postgres: database.configuration, writers: 1), clock: clock, auditTrail: trail, logger: .silent)
        parties = PartyCommands(
            pool: database.pool, pipeline: pipeline, clock: clock, identifiers: identifiers, observers: [AccountConstraints(clock: clock)])
        products = ProductCommands(pipeline: pipeline, identifiers: identifiers, tariffs: tariffs)
        opening = AccountOpening(
            pool: database.pool, pipeline: pipeline, clock: clock, identifiers: identifiers, tariffs: tariffs)
        changes = AccountStateCommands(
            pipeline: pipeline, clock: clock, identifiers: identifiers, directory: directory, tariffs: tariffs)
        closing = AccountClosing(
            pool: database.pool, engine: engine, clock: clock, identifiers: identifiers, directory: directory)
        queries = AccountQueries(pool: database.pool, clock: clock, directory: directory, tariffs: tariffs)
        seeding = AccountsSeeding(opening: opening, changes: changes, engine: engine, pool: database.pool, clock: clock)
    }

    private func shutdown() async {
        await engine.shutdown()
        directory.shutdown()
    }

    // MARK: People

    static let teller = principal(1, .teller)
    static let supervisor = principal(2, .supervisor)
    static let manager = principal(3, .branchManager)
    static let compliance = principal(4, .complianceOfficer)
    static let auditor = principal(5, .auditor)

    static func principal(_ number: UInt128, _ role: Role, customer: Identifier<Customer>? = nil) -> Principal {
        Principal(
            userID: Identifier(bits: number), sessionID: Identifier(bits: number), username: role.rawValue, roles: RoleSet(role),
            customerID: customer, branchCode: customer == nil ? "001" : nil, mustChangePassword: false)
    }

    /// A context with a key of its own.
    func context(_ principal: Principal? = nil, key: String? = nil) -> RequestContext {
        RequestContext(
            traceID: String(repeating: "0", count: 32), principal: principal, channel: .staff, ipAddress: "192.0.2.1", userAgent: "test",
            receivedAt: clock.now(), deadline: clock.now().adding(seconds: 600),
            idempotencyKey: key ?? "key-\(identifiers.nextBits())", method: "POST", path: "/test")
    }

    func person(
        _ first: String = "Amina", _ last: String = "Wanjiru", tier: Int16 = 2, status: KYCStatus = .verified
    ) async throws -> CustomerRecord {
        try await parties.register(.person(firstName: first, lastName: last, kycStatus: status, kycTier: tier), context: context())
    }

    func organisation(_ name: String = "Baraka Traders Ltd") async throws -> CustomerRecord {
        try await parties.register(.organisation(name: name, kycStatus: .verified, kycTier: 2), context: context())
    }

    // MARK: Accounts

    /// An open account with some money on it.
    func account(
        of customer: CustomerRecord, product: String = "CUR01", _ currency: Currency = .kes, balance: Int64 = 0,
        rule: OperatingRule = .anyOne, joint: [OpeningOrder.JointHolder] = []
    ) async throws -> AccountIdentity {
        let order = OpeningOrder(
            kind: customer.kind == .corporate ? .business : .individual, customer: .id(customer.id), productCode: product,
            currency: currency, jointHolders: joint, operatingRule: rule)
        let key = "\(identifiers.nextBits())"
        let id = try await seeding.open(order, key: key)
        if balance > 0 {
            try await seeding.bookOpeningBalance(Money(minorUnits: balance, currency: currency), on: id, key: key)
        }
        return try await directory.require(id.description)
    }

    func state(_ account: AccountIdentity) async throws -> AccountState? {
        let id = account.id
        return try await pool.read { try LedgerAccounts().state(of: id, in: $0) }
    }

    /// Moves money between two accounts as a customer would.
    @discardableResult
    func transfer(
        _ amount: Int64, from source: AccountIdentity, to destination: AccountIdentity, narration: String? = nil, fee: Int64 = 0,
        beneficiary: String? = nil, by principal: Principal? = nil
    ) async throws -> PostedJournal {
        let currency = source.currency
        let (payer, payee) = (Leg.Authority.customer(field: "from"), Leg.Authority.customer(field: "to"))
        var legs = [
            Leg(.account(source.id), amount: -amount, currency: currency, type: .transfer, authority: payer),
            Leg(.account(destination.id), amount: amount, currency: currency, type: .transfer, authority: payee),
        ]
        if fee > 0 {
            legs.append(Leg(.account(source.id), amount: -fee, currency: currency, type: .fee, ordinal: 2, authority: payer))
            legs.append(Leg(.generalLedger(GLCode(4001)), amount: fee, currency: currency, type: .fee, ordinal: 2))
        }
        let draft = JournalDraft(
            type: .transfer, referencePrefix: "TRF", sourceType: "transfer", narration: narration, beneficiaryName: beneficiary, legs: legs)
        let context = context(principal)
        let receipt = try await engine.post(
            PostingUnit(
                commands: [.journal(draft)], context: context, idempotency: nil,
                audit: AuditRecord(
                    action: "test.transfer", outcome: .success, actor: nil, subjectType: "account", subjectID: source.id.description,
                    context: context)))
        guard let journal = receipt.journals.first else { throw Refusal.unavailable() }
        return journal
    }

    func openDay(_ date: BusinessDate) async throws {
        let clock = clock
        _ = try await pool.transaction { try BusinessDays(clock: clock).open(date, in: $0) }
    }
}

/// The code of the refusal that work ends with; nil when it ends well.
func refusal(_ work: () async throws -> some Any) async throws -> Refusal? {
    do {
        _ = try await work()
        return nil
    } catch let refusal as Refusal {
        return refusal
    }
}

func day(_ text: String) -> BusinessDate { BusinessDate(iso: text) ?? BusinessDate(epochDay: 0) }

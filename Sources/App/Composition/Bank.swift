import Accounts
import Application
import Audit
import Deposits
import HTTPEdge
import Identity
import Kernel
import Ledger
import Logging
import Notifications
import Observability
import Organisation
import Parties
import Payments
import Postgres
import Products
import Redis
import Safeguards
import Statements

/// The composition root: every room of the bank, built from its parts by hand and in one place.
final class Bank: Sendable {
    /// Connections by purpose, so that nobody waits behind somebody else's kind of work: readers that take long never hold up a
    /// command, and the posting engine has its writers to itself.
    private enum Connections {
        static let commands = 6
        static let reads = 6
        static let directory = 1
        static let postingWriters = 2
    }

    let settings: Settings
    let clock: any WallClock
    let identifiers: any IdentifierSource
    let logger: Logger
    let registry = MetricsRegistry()
    let metrics: BankMetrics
    let database: DatabaseAccess
    let commandPool: ConnectionPool
    let readPool: ConnectionPool
    let pipeline: CommandPipeline
    let engine: PostingEngine
    let businessDays: BusinessDays
    let messages: MessageOutbox
    let identity: IdentityModule
    let parameters: Parameters
    let tariffs: TariffBookCache
    let parties: PartyCommands
    let customers: CustomerRooms
    let demonstrationProducts: DemonstrationProducts
    let accountOpening: AccountOpening
    let accountsSeeding: AccountsSeeding
    let outbox: OutboxDispatcher
    let refusals: RefusalTrail
    let statements: StatementsModule
    let businessDay: BusinessDayCache
    /// For the close of day too: a run of what is due on its date.
    let standingOrders: RunStandingOrders
    let days: Days
    private let directory: AccountDirectory
    private let endpoints: [Endpoint]
    private let redis: RedisClient?

    init(
        settings: Settings, secrets: Secrets, database: DatabaseAccess, breached: BreachedPasswords = BreachedPasswords(),
        clock: any WallClock = SystemClock(), logger: Logger
    ) {
        self.settings = settings
        self.database = database
        self.clock = clock
        self.logger = logger
        identifiers = TimeOrderedIdentifiers(clock: clock)
        metrics = BankMetrics(registry: registry)
        let application = database.application
        commandPool = ConnectionPool(
            configuration: application.with(applicationName: "wekeza-commands"), size: Connections.commands, clock: clock, logger: logger)
        readPool = ConnectionPool(configuration: Self.reading(application), size: Connections.reads, clock: clock, logger: logger)
        for (pool, name) in [(commandPool, "commands"), (readPool, "reads")] { metrics.watch(pool, name: name) }
        let auditTrail = AuditTrail(clock: clock)
        refusals = RefusalTrail(pool: commandPool, sink: auditTrail, clock: clock)
        pipeline = CommandPipeline(pool: commandPool, clock: clock, audit: auditTrail)
        engine = PostingEngine(
            configuration: .init(postgres: application, writers: Connections.postingWriters), clock: clock, auditTrail: auditTrail,
            logger: logger, observer: metrics)
        (businessDays, messages) = (BusinessDays(clock: clock), MessageOutbox(clock: clock, identifiers: identifiers))
        tariffs = TariffBookCache(pool: readPool, clock: clock)
        businessDay = BusinessDayCache(pool: readPool, clock: clock)
        parameters = Self.parameters(pool: readPool, pipeline: pipeline, clock: clock, businessDay: businessDay, tariffs: tariffs)
        let parameters = parameters
        identity = IdentityModule(
            pool: commandPool, database: application.with(applicationName: "wekeza-sessions"), keys: secrets.signingKeys,
            masterSecret: secrets.passwordPepper, hasher: PasswordHasher(pepper: secrets.passwordPepper), audit: auditTrail,
            messages: messages, mode: settings.mode == .demo ? .demo : .production, clock: clock, identifiers: identifiers,
            policy: { Self.sessionPolicy(parameters) }, breached: breached, dataKeys: secrets.dataKeys,
            passwordResetLink: Self.passwordResetLink(settings),
            references: UserReferences(
                branchExists: { try Branches.exists($0, in: $1) }, customerExists: { try PartyDirectory().customer($0, in: $1) != nil }))
        demonstrationProducts = DemonstrationProducts(pipeline: pipeline, identifiers: identifiers, tariffs: tariffs)
        parties = PartyCommands(
            pool: commandPool, pipeline: pipeline, clock: clock, identifiers: identifiers, observers: [AccountConstraints(clock: clock)])
        directory = AccountDirectory(
            configuration: application.with(applicationName: "wekeza-directory"), clock: clock, connections: Connections.directory)
        accountOpening = AccountOpening(
            pool: commandPool, pipeline: pipeline, clock: clock, identifiers: identifiers, tariffs: tariffs,
            observers: [InterestEnrolment()])
        let businessDay = businessDay
        let deposits = DepositsWorkshop(
            pool: commandPool, readers: readPool, pipeline: pipeline, engine: engine, clock: clock, identifiers: identifiers,
            tariffs: tariffs, directory: directory, opening: accountOpening, businessDay: businessDay)
        let changes = AccountStateCommands(
            pipeline: pipeline, clock: clock, identifiers: identifiers, directory: directory, tariffs: tariffs)
        let closing = AccountClosing(
            pool: commandPool, engine: engine, clock: clock, identifiers: identifiers, directory: directory,
            interest: AccruedInterest(deposits))
        let queries = AccountQueries(
            pool: readPool, clock: clock, directory: directory, tariffs: tariffs, interest: AccruedInterest(deposits))
        customers = CustomerRooms(
            .init(
                pool: commandPool, readers: readPool, pipeline: pipeline, audit: auditTrail, clock: clock, identifiers: identifiers,
                secrets: secrets, observers: [AccountConstraints(clock: clock)], accounts: queries, opening: accountOpening,
                users: identity.users, messages: messages, allowance: Self.allowance(tariffs: tariffs, businessDay: businessDay),
                isLimited: settings.areRateLimitsOn, thresholds: { Self.screeningThresholds(parameters) }))
        accountsSeeding = AccountsSeeding(opening: accountOpening, changes: changes, engine: engine, pool: commandPool, clock: clock)
        statements = StatementsModule(
            pool: commandPool, readers: readPool, queries: queries, tariffs: tariffs, businessDay: businessDay,
            key: secrets.key(for: "wekeza statements"), certificateKey: secrets.key(for: "wekeza certificates"), clock: clock)
        let payments = PaymentsModule(
            pool: commandPool, readers: readPool, pipeline: pipeline, engine: engine, directory: directory, queries: queries,
            tariffs: tariffs, businessDay: businessDay, stepUp: StepUpAdapter(stepUp: identity.stepUp),
            messages: messages, audit: auditTrail, contacts: ContactAdapter(clock: clock), receiptKey: secrets.key(for: "wekeza receipts"),
            clock: clock, identifiers: identifiers)
        standingOrders = payments.standingOrders
        outbox = OutboxDispatcher(
            pool: commandPool,
            handlers: identity.eventHandlers.merging(Self.eventHandlers(messages, clock, identifiers)) { $0 + $1 })
        let outboxEndpoints = OutboxEndpoints(
            pool: readPool, pipeline: pipeline, clock: clock, revealsSecrets: settings.mode == .demo)
        let catalogue = CatalogueCommands(pipeline: pipeline, tariffs: tariffs, codes: LedgerCodesAdapter(pool: readPool, clock: clock))
        let organisation = OrganisationEndpoints(pool: readPool, pipeline: pipeline, clock: clock, parameters: parameters)
        days = Days(
            settings: settings, pool: commandPool, clock: clock, identifiers: identifiers, pipeline: pipeline, deposits: deposits,
            dormancy: Dormancy(pool: commandPool, changes: changes, clock: clock),
            holds: HoldExpiry(engine: engine, readers: readPool, clock: clock), standingOrders: payments.standingOrders,
            statements: statements.monthly, outbox: outbox, businessDay: businessDay, logger: logger)
        endpoints =
            organisation.all + AuditEndpoints(pool: readPool, names: UserNamesAdapter(users: identity.users)).all
            + ProductEndpoints(tariffs: tariffs, commands: catalogue, businessDate: { try await businessDay.current() }).all
            + DepositEndpoints(deposits, certificateKey: secrets.key(for: "wekeza certificates")).all
            + SystemStatisticsAdapter(pool: readPool, outbox: outbox, clock: clock).endpoints
            + CalculatorEndpoints(tariffs: tariffs, businessDate: { try await businessDay.current() }).all
            + IdentifierEndpoint.all + days.endpoints(catalogue: catalogue, tariffs: tariffs, readers: readPool, clock: clock)
            + customers.endpoints + identity.endpoints + outboxEndpoints.all + statements.endpoints
            + NoticeEndpoints(pool: commandPool, readers: readPool, pipeline: pipeline, clock: clock).all + payments.endpoints
            + AccountEndpoints(queries: queries, opening: accountOpening, changes: changes, closing: closing).all
            + Self.holds(readPool, engine, clock, identifiers, directory).all + Self.generalLedger(readPool, clock, directory, tariffs).all
        redis = settings.redisURL.flatMap { RedisConfiguration(url: $0) }.map { RedisClient(configuration: $0) }
    }

    private static func holds(
        _ readPool: ConnectionPool, _ engine: PostingEngine, _ clock: any WallClock, _ identifiers: any IdentifierSource,
        _ directory: AccountDirectory
    ) -> HoldEndpoints {
        HoldEndpoints(
            AccountHolds(pool: readPool, engine: engine, clock: clock, identifiers: identifiers, directory: directory), clock: clock)
    }

    private static func generalLedger(
        _ readPool: ConnectionPool, _ clock: any WallClock, _ directory: AccountDirectory, _ tariffs: TariffBookCache
    ) -> GeneralLedgerEndpoints {
        GeneralLedgerEndpoints(
            pool: readPool, clock: clock, numbers: AccountNumbersAdapter(directory: directory),
            valuation: ShillingValuationAdapter(tariffs: tariffs))
    }

    /// What follows from events that are none of identity's.
    private static func eventHandlers(
        _ messages: MessageOutbox, _ clock: any WallClock, _ identifiers: any IdentifierSource
    ) -> [String: [OutboxDispatcher.Handler]] {
        let desk = NoticeDesk(directory: RecipientAdapter(), outbox: messages, clock: clock, identifiers: identifiers)
        return [
            AccountClosing.event: [AccountClosing.handler(clock: clock)], Notice.event: [desk.handler],
            PostingNotices.event: [PostingNotices(desk: desk, clock: clock).handler],
            DormancyNotices.event: [DormancyNotices(desk: desk).handler],
        ]
    }

    /// Pages over partitioned tables take longer to plan than to run, and their best plan never depends on the values.
    private static func reading(_ application: PostgresConfiguration) -> PostgresConfiguration {
        var reading = application.with(applicationName: "wekeza-reads")
        reading.settings["plan_cache_mode"] = "force_generic_plan"
        return reading
    }

    /// The page of a user's channel on which a new password is chosen. The token stands after the `#`, which no server and no log gets
    /// to see.
    private static func passwordResetLink(_ settings: Settings) -> @Sendable (RoleSet, String) -> String? {
        let ports = settings.ports
        return { roles, token in
            let port =
                roles.intersects(RoleSet(.customer))
                ? ports.personal
                : roles.intersects(RoleSet(.smeOwner)) ? ports.sme : roles.intersects(.owner) ? ports.corporate : ports.staff
            return "http://localhost:\(port)/reset-password#token=\(token)"
        }
    }

    // MARK: HTTP

    /// The edge with every endpoint of every room.
    func server(secrets: Secrets, sites: [SiteListener] = [], encryption: Encryption? = nil) -> HTTPServer {
        var configuration = edgeConfiguration(cursorKey: secrets.key(for: "wekeza cursors"))
        configuration.sites = sites
        configuration.encryption = encryption
        let limiter: any RateLimiter =
            redis.map { RedisRateLimiter(redis: $0, clock: clock) } ?? InProcessRateLimiter(clock: clock)
        return HTTPServer(
            endpoints: platformEndpoints(configuration) + endpoints, authenticator: identity.authenticator, rateLimiter: limiter,
            configuration: configuration, metrics: registry, logger: logger, clock: clock, identifiers: identifiers,
            errorTranslator: Self.refusal)
    }

    /// The description of every endpoint, as `/openapi.json` serves it.
    func openAPIDocument() -> String {
        let configuration = edgeConfiguration(cursorKey: Array(repeating: 0, count: 32))
        return String(
            decoding: HTTPServer.openAPIDocument(of: platformEndpoints(configuration) + endpoints, configuration), as: UTF8.self)
    }

    private func edgeConfiguration(cursorKey: [UInt8]) -> EdgeConfiguration {
        var configuration = EdgeConfiguration(cursorKey: cursorKey)
        configuration.host = settings.bindAddress
        configuration.port = settings.ports.api
        configuration.allowedOrigins = settings.allowedOrigins
        configuration.trustedProxies = settings.trustedProxies
        configuration.rateLimits.isEnabled = settings.areRateLimitsOn
        let (parameters, isEnabled) = (parameters, settings.areRateLimitsOn)
        configuration.currentRateLimits = { Self.rateLimits(parameters, isEnabled: isEnabled) }
        let refusals = refusals
        configuration.onRefusal = { refusals.note($0) }
        configuration.servesDocumentation = settings.isOpenAPIServed
        configuration.swaggerUIDirectory = settings.swaggerUIDirectory
        configuration.metricsAddresses = settings.metricsNetworks
        configuration.accessLog = settings.accessLog
        configuration.maximumConnections = settings.maximumConnections
        configuration.maximumConnectionsPerAddress = settings.maximumConnectionsPerAddress
        configuration.eventLoopThreads = settings.networkThreads
        return configuration
    }

    private func platformEndpoints(_ configuration: EdgeConfiguration) -> [Endpoint] {
        let (mode, readPool, businessDays) = (settings.mode.rawValue, readPool, businessDays)
        return PlatformEndpoints.all(health: healthRegistry(), metrics: registry, configuration: configuration) {
            let date = try? await readPool.read { try businessDays.current(in: $0) }
            return PlatformEndpoints.Information(mode: mode, businessDate: date ?? nil)
        }
    }

    /// A database that is away or busy is no fault of the request: try again.
    static func refusal(for error: any Error) -> Refusal? {
        guard let error = error as? PostgresError, error.isTransient else { return nil }
        return .unavailable()
    }

    private func healthRegistry() -> HealthRegistry {
        let health = HealthRegistry(clock: clock)
        let (readPool, outbox, redis) = (readPool, outbox, redis)
        health.add("database", isRequired: true) {
            _ = try await readPool.read { try $0.query("SELECT 1") }
            return .up
        }
        health.add("migrations", isRequired: true) {
            try await readPool.read { try DatabaseAccess.migrator.missing(in: $0) }.isEmpty ? .up : .down
        }
        // A lost cache costs shared counts, not service.
        health.add("cache", isRequired: false) {
            guard let redis else { return .up }
            return await redis.ping() ? .up : .degraded
        }
        health.add("outbox", isRequired: false) { try await outbox.pending() < 100_000 ? .up : .degraded }
        return health
    }

    // MARK: Start and stop

    /// Opens the books on the calendar's day, when they were never open. Every later day is opened by closing the one before.
    func openBusinessDay() async throws {
        let (businessDays, today) = (businessDays, BusinessDate(of: clock.now()))
        _ = try await commandPool.transaction { transaction in
            guard try businessDays.current(in: transaction) == nil else { return false }
            return try businessDays.open(today, in: transaction)
        }
    }

    /// Finishes what was accepted and lets every connection go.
    func shutdown() async {
        await engine.shutdown()
        while (try? await refusals.write()) == true {}
        await identity.shutdown()
        directory.shutdown()
        await commandPool.shutdown()
        await readPool.shutdown()
        redis?.shutdown()
    }
}

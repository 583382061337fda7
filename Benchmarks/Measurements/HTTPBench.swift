import Accounts
import Application
import Audit
import Foundation
import Identity
import Kernel
import Ledger
import Logging
import Notifications
import Parties
import Postgres
import Products
import Safeguards

/// A running `wekeza serve` with customers of its own: transfers, pages and balances as a channel would ask for them.
final class HTTPBench: Sendable {
    struct Failure: Error, CustomStringConvertible { let description: String }

    private struct Teller: Sendable {
        let token: String
        let accounts: [String]
    }

    private static let accountsPerCustomer = 20
    private static let password = "Benchmark-7-giraffe"
    /// Over the free band of the demonstration's tariff, so that every transfer has a fee and excise, and small enough for the day's limit.
    private static let amount = "501.00"

    private let port: Int
    private let process: Process
    private let owner: PostgresConfiguration
    private let logger: Logger
    private let tellers: [Teller]
    private let accounts: [Identifier<Account>]

    init(
        wekeza: String, port: Int, directory: String, url: String, owner: PostgresConfiguration, customers: Int
    ) async throws {
        self.port = port
        self.owner = owner
        var logger = Logger(label: "bench")
        logger.logLevel = .error
        self.logger = logger
        let pepper = SystemRandom().token()
        process = try Self.start(wekeza, port: port, directory: directory, url: url, pepper: pepper)
        do {
            try await Self.waitUntilReady(port)
            let setup = Setup(owner: owner, pepper: pepper, logger: logger)
            let (usernames, numbers, ids) = try await setup.run(
                customers: customers, accountsPerCustomer: Self.accountsPerCustomer, password: Self.password)
            accounts = ids
            tellers = try zip(usernames, numbers).map { username, numbers in
                Teller(token: try Self.signIn(username, port: port), accounts: numbers)
            }
        } catch {
            process.terminate()
            throw error
        }
    }

    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }

    // MARK: Load

    /// Transfers between random accounts of random customers, each under a key of its own.
    func transfers(connections: Int, seconds: Double, ratePerSecond: Double? = nil) -> HTTPLoad.Outcome {
        let tellers = tellers
        let run = SystemRandom().token()
        let heads = tellers.map { teller in
            Array(
                ("POST /api/customer-portal/transactions/transfer HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
                    + "Authorization: Bearer \(teller.token)\r\nContent-Type: application/json\r\nIdempotency-Key: \(run)-").utf8)
        }
        let numbers = tellers.map { $0.accounts.map { Array($0.utf8) } }
        let from = Array(#"{"fromAccountNumber":""#.utf8)
        let to = Array(#"","toAccountNumber":""#.utf8)
        let rest = Array(#"","amount":"\#(Self.amount)","currency":"KES","narration":"Rent"}"#.utf8)
        let length = from.count + to.count + rest.count + 2 * (numbers.first?.first?.count ?? 0)
        let end = Array("\r\nContent-Length: \(length)\r\n\r\n".utf8)
        return HTTPLoad(port: port, connections: connections, seconds: seconds, ratePerSecond: ratePerSecond).run {
            connection, number, random, bytes in
            let payer = random.below(heads.count)
            let payee = (payer + 1 + random.below(heads.count - 1)) % heads.count
            bytes += heads[payer]
            Self.append(connection * 10_000_000 + number, to: &bytes)
            bytes += end
            bytes += from
            bytes += numbers[payer][random.below(numbers[payer].count)]
            bytes += to
            bytes += numbers[payee][random.below(numbers[payee].count)]
            bytes += rest
        }
    }

    private static func append(_ number: Int, to bytes: inout [UInt8]) {
        if number >= 10 { append(number / 10, to: &bytes) }
        bytes.append(48 + UInt8(truncatingIfNeeded: number % 10))
    }

    func pages(connections: Int, seconds: Double) -> HTTPLoad.Outcome {
        get(connections: connections, seconds: seconds) { "/api/customer-portal/accounts/\($0)/transactions?limit=50" }
    }

    func balances(connections: Int, seconds: Double) -> HTTPLoad.Outcome {
        get(connections: connections, seconds: seconds) { "/api/customer-portal/accounts/\($0)/balance" }
    }

    private func get(connections: Int, seconds: Double, path: (String) -> String) -> HTTPLoad.Outcome {
        let requests = tellers.map { customer in
            customer.accounts.map { account in
                Array("GET \(path(account)) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAuthorization: Bearer \(customer.token)\r\n\r\n".utf8)
            }
        }
        return HTTPLoad(port: port, connections: connections, seconds: seconds).run { _, _, random, bytes in
            let customer = random.below(requests.count)
            bytes += requests[customer][random.below(requests[customer].count)]
        }
    }

    /// Runs a load and measures who spends how much processor time on it.
    func measured(_ cluster: PrivateCluster, _ load: () -> HTTPLoad.Outcome) -> (HTTPLoad.Outcome, ProcessorShare) {
        let before = ProcessorTimes(program: process.processIdentifier, socketDirectory: cluster.socketDirectory)
        let outcome = load()
        let after = ProcessorTimes(program: process.processIdentifier, socketDirectory: cluster.socketDirectory)
        return (outcome, ProcessorShare(from: before, to: after, outcome))
    }

    // MARK: The ledger behind it

    /// Posts between the same accounts until the ledger holds this many postings.
    func fill(to target: Int, note: (String) -> Void) async throws {
        var bench = EngineBench(owner: owner, postmaster: 0)
        bench.use(accounts)
        let engine = bench.open(batch: 256)
        while true {
            let count = try await postingCount()
            note("postings in the ledger: \(thousands(Double(count)))")
            if count >= target { break }
            _ = try await bench.measure(engine, seconds: 20, clients: 1_024)
        }
        await engine.shutdown()
        let connection = DedicatedConnection(configuration: owner)
        _ = try await connection.run { connection in
            try connection.executeScript("VACUUM (ANALYZE) ledger.entry, ledger.journal, ledger.account")
        }
        connection.close()
    }

    func postingCount() async throws -> Int {
        let pool = ConnectionPool(configuration: owner, size: 1, logger: logger)
        let sql: SQL = "SELECT coalesce(sum(cardinality(line_amounts)), 0)::bigint FROM ledger.journal"
        let count = try await pool.read { try $0.query(sql).first?.int64(0) ?? 0 }
        await pool.shutdown()
        return Int(count)
    }

    func verify() async throws -> (postingsPerSecond: Double, isSound: Bool) {
        let pool = ConnectionPool(configuration: owner, size: 1, logger: logger)
        let clock = SystemClock()
        let start = clock.now()
        let report = try await LedgerVerifier(clock: clock).verify(in: pool, deadline: start.adding(seconds: 3_600))
        let seconds = Double(clock.now().microseconds - start.microseconds) / 1_000_000
        await pool.shutdown()
        return (Double(report.entriesChecked) / seconds, report.isSound)
    }

    /// The most memory the program ever had resident.
    func peakMegabytes() -> Int {
        let status = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
        for line in status.split(separator: "\n") where line.hasPrefix("VmHWM:") {
            let kilobytes = line.split(separator: " ").compactMap { Int($0) }.first ?? 0
            return kilobytes / 1024
        }
        return 0
    }

    // MARK: Start

    private static func start(_ wekeza: String, port: Int, directory: String, url: String, pepper: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: wekeza)
        process.arguments = ["serve"]
        var environment = ProcessInfo.processInfo.environment
        environment["WEKEZA_MODE"] = "demo"
        environment["WEKEZA_API_PORT"] = String(port)
        for (offset, channel) in ["PUBLIC", "PERSONAL", "CORPORATE", "SME", "STAFF"].enumerated() {
            environment["WEKEZA_\(channel)_PORT"] = String(port + 1 + offset)
        }
        environment["WEKEZA_DATA_DIR"] = directory + "/wekeza"
        environment["WEKEZA_DATABASE_URL"] = url
        environment["WEKEZA_RATE_LIMITS"] = "off"
        environment["WEKEZA_PASSWORD_PEPPER"] = pepper
        environment["WEKEZA_LOG_LEVEL"] = "warning"
        process.environment = environment
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        return process
    }

    private static func waitUntilReady(_ port: Int) async throws {
        for _ in 0..<300 {
            if let socket = LoopbackSocket(port: port),
                socket.exchange(Array("GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8)) == 200
            {
                return
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        throw Failure(description: "the program did not get ready")
    }

    private static func signIn(_ username: String, port: Int) throws -> String {
        let body = #"{"username":"\#(username)","password":"\#(password)"}"#
        let request =
            "POST /api/authentication/login HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        guard let socket = LoopbackSocket(port: port), socket.exchange(Array(request.utf8)) == 200,
            let answer = try JSONSerialization.jsonObject(with: Data(socket.body)) as? [String: Any],
            let token = answer["token"] as? String
        else { throw Failure(description: "\(username) could not sign in") }
        return token
    }
}

/// Customers, users and accounts with money, made by the commands a bank would use.
private struct Setup {
    let owner: PostgresConfiguration
    let pepper: String
    let logger: Logger

    func run(
        customers count: Int, accountsPerCustomer: Int, password: String
    ) async throws -> (usernames: [String], numbers: [[String]], accounts: [Identifier<Account>]) {
        let clock = SystemClock()
        let identifiers = TimeOrderedIdentifiers(clock: clock)
        let application = owner.with(user: "wekeza_app")
        let pool = ConnectionPool(configuration: application, size: 4, logger: logger)
        let audit = AuditTrail(clock: clock)
        let pipeline = CommandPipeline(pool: pool, clock: clock, audit: audit)
        let engine = PostingEngine(configuration: .init(postgres: application), clock: clock, auditTrail: audit, logger: logger)
        let tariffs = TariffBookCache(pool: pool, clock: clock)
        let parties = PartyCommands(pool: pool, pipeline: pipeline, clock: clock, identifiers: identifiers, observers: [])
        let opening = AccountOpening(pool: pool, pipeline: pipeline, clock: clock, identifiers: identifiers, tariffs: tariffs)
        let identity = IdentityModule(
            pool: pool, database: application, keys: SigningKeys.ephemeral(), masterSecret: Array(pepper.utf8),
            hasher: PasswordHasher(pepper: Array(pepper.utf8)), audit: audit,
            messages: MessageOutbox(clock: clock, identifiers: identifiers), mode: .demo, clock: clock, identifiers: identifiers,
            dataKeys: DataKeys(current: SystemRandom().bytes(32)))
        func context(_ key: String) -> RequestContext { .system(at: clock.now(), idempotencyKey: "bench/\(key)") }

        let registered = try await parties.register(
            (0..<count).map { number in
                .person(
                    firstName: "Bench", lastName: "Customer \(number)", phone: "+2547\(String(20_000_000 + number))",
                    kycStatus: .verified, kycTier: 2)
            }, context: context("customers"))
        var accounts: [Identifier<Account>] = []
        for customer in registered {
            let order = OpeningOrder(customer: .id(customer.id), productCode: "CUR01", currency: .kes)
            accounts += try await opening.openAll(
                Array(repeating: order, count: accountsPerCustomer), context: context("accounts/\(customer.cifNumber)"))
        }
        // In portions: the engine's queue is bounded, and refuses what does not fit.
        for start in stride(from: 0, to: accounts.count, by: 2_000) {
            try await fund(accounts[start..<min(accounts.count, start + 2_000)], engine, clock)
        }
        var usernames: [String] = []
        for (number, customer) in registered.enumerated() {
            let username = "bench.\(number)"
            _ = try await identity.users.create(
                CreateUser(
                    username: username, fullName: customer.fullName, email: "\(username)@example.com", phone: customer.phone,
                    password: password, roles: RoleSet(.customer), customerID: customer.id), context: context(username))
            usernames.append(username)
        }
        let numbers = try await Self.numbers(of: accounts, pool)
        await engine.shutdown()
        await identity.shutdown()
        await pool.shutdown()
        let grouped = (0..<registered.count).map { Array(numbers[($0 * accountsPerCustomer)..<(($0 + 1) * accountsPerCustomer)]) }
        return (usernames, grouped, accounts)
    }

    private func fund(_ accounts: ArraySlice<Identifier<Account>>, _ engine: PostingEngine, _ clock: SystemClock) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for account in accounts {
                group.addTask {
                    let context = RequestContext.system(at: clock.now(), idempotencyKey: "bench/opening/\(account)")
                    let draft = JournalDraft(
                        kind: .opening, type: .opening, referencePrefix: "OPN", sourceType: "openingBalance", sourceID: account.bits,
                        legs: [
                            Leg(.generalLedger(ChartOfAccounts.vaultCash), amount: -1_000_000_00, currency: .kes, type: .opening),
                            Leg(.account(account), amount: 1_000_000_00, currency: .kes, type: .opening),
                        ])
                    _ = try await engine.post(
                        PostingUnit(
                            commands: [.journal(draft)], context: context, idempotency: IdempotencyKey(context),
                            audit: AuditRecord(
                                action: "bench.opening", outcome: .success, actor: nil, subjectType: "account",
                                subjectID: account.description, context: context)))
                }
            }
            try await group.waitForAll()
        }
    }

    private static func numbers(of accounts: [Identifier<Account>], _ pool: ConnectionPool) async throws -> [String] {
        let rows = try await pool.read { transaction in
            try transaction.query("SELECT id, account_number FROM accounts.account WHERE id = ANY(\(accounts)::uuid[])").map {
                (try $0.identifier(0, as: Account.self), try $0.text(1))
            }
        }
        let known = Dictionary(rows, uniquingKeysWith: { first, _ in first })
        return accounts.compactMap { known[$0] }
    }
}

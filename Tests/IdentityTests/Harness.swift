import Application
import Audit
import HTTPEdge
import Kernel
import Logging
import Notifications
import Observability
import Postgres
import Safeguards
import TestKit

@testable import Identity

/// The room on a database of its own, behind the edge, without a socket.
struct Harness: Sendable {
    static let password = "Correct-Horse-9"
    static let origin = "http://localhost:3001"

    let database: TestDatabase
    let clock: ManualClock
    let keys: SigningKeys
    let module: IdentityModule
    let client: InProcessClient

    static let migrations = [
        PlatformMigrations.all, AuditMigrations.all, NotificationsMigrations.all, IdentityMigrations.all,
    ]

    static func run<Value>(mode: IdentityMode = .demo, _ body: (Harness) async throws -> Value) async throws -> Value {
        try await TestDatabase.withDatabase(migrations: migrations, poolSize: 8) { database in
            let harness = Harness(database: database, mode: mode)
            let result: Result<Value, any Error>
            do {
                result = .success(try await body(harness))
            } catch {
                result = .failure(error)
            }
            await harness.module.shutdown()
            return try result.get()
        }
    }

    private init(database: TestDatabase, mode: IdentityMode) {
        self.database = database
        // The pool's deadlines follow the system's clock, so the bank's clock starts there and only ever moves forward.
        clock = ManualClock(SystemClock().now())
        keys = .ephemeral()
        let identifiers = TimeOrderedIdentifiers(clock: clock)
        let secret = [UInt8](repeating: 7, count: 32)
        var policy = SessionPolicy()
        policy.passwordResetAnswerMilliseconds = 0
        module = IdentityModule(
            pool: database.pool, database: database.configuration, keys: keys, masterSecret: secret,
            hasher: PasswordHasher(pepper: secret, cost: .init(memoryKibibytes: 64, passes: 1), maximumQueueLength: 1_000),
            audit: AuditTrail(clock: clock), messages: MessageOutbox(clock: clock, identifiers: identifiers), mode: mode, clock: clock,
            identifiers: identifiers, policy: { [policy] in policy }, dataKeys: DataKeys(current: secret),
            passwordResetLink: { _, token in "http://localhost:3001/reset-password#token=\(token)" })
        var configuration = EdgeConfiguration(cursorKey: secret)
        configuration.allowedOrigins = [Self.origin, "http://localhost:3002"]
        configuration.rateLimits.isEnabled = false
        configuration.trustedProxies = ["192.0.2.1"]
        let probe = Endpoint(
            .get, "/api/probe", summary: "Whoever may come in", tag: "Test", access: .signedIn, reply: ProbeView.self
        ) { call in
            let principal = try call.context.requirePrincipal()
            return Reply(ProbeView(roles: principal.roles.roles.map(\.rawValue), branchCode: principal.branchCode))
        }
        client = InProcessClient(
            HTTPServer(
                endpoints: module.endpoints + [probe], authenticator: module.authenticator,
                rateLimiter: InProcessRateLimiter(clock: clock), configuration: configuration, metrics: MetricsRegistry(), logger: .silent,
                clock: clock, identifiers: identifiers))
    }

    struct ProbeView: Representation {
        let roles: [String]
        let branchCode: String?
        static let example = ProbeView(roles: [], branchCode: "001")

        func write(to object: inout ObjectWriter) {
            object.texts("roles", roles)
            object.optionalText("branchCode", branchCode)
        }
    }

    // MARK: People

    @discardableResult
    func customer(
        _ username: String, password: String = Harness.password, roles: RoleSet = RoleSet(.customer), mustChangePassword: Bool = false
    ) async throws -> Identifier<User> {
        try await module.users.create(
            CreateUser(
                username: username, fullName: "Amina Wanjiru", email: "\(username)@example.com", phone: "+254711000001",
                password: password, roles: roles, customerID: Identifier(bits: 77), mustChangePassword: mustChangePassword),
            context: .system(at: clock.now(), idempotencyKey: "test"))
    }

    @discardableResult
    func teller(_ username: String) async throws -> Identifier<User> {
        try await module.users.create(
            CreateUser(
                username: username, fullName: "Mercy Akinyi", email: "\(username)@example.com", password: Harness.password,
                roles: RoleSet(.teller), branchCode: "001"),
            context: .system(at: clock.now(), idempotencyKey: "test"))
    }

    // MARK: Calls

    func login(
        _ username: String, _ password: String = Harness.password, channel: String? = nil
    ) async -> InProcessResponse {
        await client.send(
            .post, "/api/authentication/login", json: #"{"username":"\#(username)","password":"\#(password)"}"#,
            headers: channel.map { [("X-Wekeza-Channel", $0)] } ?? [])
    }

    struct Tokens: Sendable {
        let access: String
        let refresh: String
    }

    func tokens(_ username: String, _ password: String = Harness.password) async throws -> Tokens {
        let response = await login(username, password)
        return try Self.tokens(in: response)
    }

    static func tokens(in response: InProcessResponse) throws -> Tokens {
        guard response.status == 200, let access = response.text("token"), let refresh = response.text("refreshToken") else {
            throw Refusal(.invalid, response.problemCode ?? "no tokens", response.text)
        }
        return Tokens(access: access, refresh: refresh)
    }

    func refresh(_ token: String) async -> InProcessResponse {
        await client.send(.post, "/api/authentication/refresh", json: #"{"refreshToken":"\#(token)"}"#)
    }

    func probe(_ accessToken: String) async -> InProcessResponse { await client.signedIn(accessToken).send(.get, "/api/probe") }

    func isLive(_ accessToken: String) async -> Bool { await probe(accessToken).status == 200 }

    /// Hands waiting events to the room.
    func dispatchEvents() async throws {
        _ = try await OutboxDispatcher(pool: database.pool, handlers: module.eventHandlers).dispatch()
    }

    func post(_ path: String, _ json: String, token: String? = nil, headers: [(name: String, value: String)] = []) async
        -> InProcessResponse
    {
        let client = token.map { self.client.signedIn($0) } ?? self.client
        return await client.send(.post, "/api/authentication/\(path)", json: json, headers: headers)
    }

    // MARK: Second factors

    /// Enrols a user and confirms; the app and the recovery codes. The clock moves on, so that the next code is a fresh one.
    func enrol(_ token: String) async throws -> (app: TimeBasedCode, recoveryCodes: [String]) {
        let enrolled = await post("mfa/enrol", #"{"password":"\#(Self.password)"}"#, token: token)
        guard let secret = enrolled.text("secret").flatMap({ Base32.decode($0) }) else {
            throw Refusal(.invalid, enrolled.problemCode ?? "no secret", enrolled.text)
        }
        let app = TimeBasedCode(secret: secret)
        let confirmed = await post("mfa/confirm", #"{"code":"\#(code(app))"}"#, token: token)
        guard case .array(let codes)? = confirmed["recoveryCodes"] else {
            throw Refusal(.invalid, confirmed.problemCode ?? "no codes", confirmed.text)
        }
        clock.advance(seconds: 30)
        return (
            app,
            codes.compactMap {
                if case .text(let code) = $0 { code } else { nil }
            }
        )
    }

    /// What the app shows now, or some steps away.
    func code(_ app: TimeBasedCode, stepsAhead: Int64 = 0) -> String { app.code(step: app.step(at: clock.now()) + stepsAhead) }

    /// Some code that is not right now or nearby.
    func wrongCode(_ app: TimeBasedCode) -> String {
        let right = Set((-2...2).map { code(app, stepsAhead: $0) })
        return (0...9).map { "00000\($0)" }.first { !right.contains($0) } ?? "123456"
    }

    // MARK: What was written

    func execute(_ sql: SQL) async throws {
        try await database.superuserPool.transaction { _ = try $0.execute(sql) }
    }

    func count(_ sql: SQL) async throws -> Int64 {
        try await database.superuserPool.read { try $0.query(sql).first?.int64(0) ?? 0 }
    }

    func audited(_ action: String, outcome: Int16? = nil) async throws -> Int64 {
        try await count(
            """
            SELECT count(*) FROM audit.record
            WHERE action = \(action) AND (\(outcome)::smallint IS NULL OR outcome = \(outcome)::smallint)
            """)
    }

    /// The secrets of the newest message made from a template.
    func newestSecrets(_ template: String) async throws -> [String] {
        try await database.superuserPool.read { transaction in
            try transaction.query(
                "SELECT secret_parts FROM notifications.message WHERE template = \(template) ORDER BY id DESC LIMIT 1"
            ).first?.textArray(0)
        } ?? []
    }

    func messages(_ template: String) async throws -> Int64 {
        try await count("SELECT count(*) FROM notifications.message WHERE template = \(template)")
    }

    /// The code in the newest SMS.
    func newestCode() async throws -> String {
        let code = try await database.superuserPool.read { transaction in
            try transaction.query(
                "SELECT secret_parts[1] FROM notifications.message WHERE template = 'identity.stepUpCode' ORDER BY id DESC LIMIT 1"
            ).first?.text(0)
        }
        return code ?? ""
    }
}

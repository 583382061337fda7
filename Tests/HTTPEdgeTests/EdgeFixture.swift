import HTTPEdge
import Kernel
import Logging
import Observability

enum Direction: String, CaseIterable { case debit, credit }

struct TransactionFilter: QueryParameters, Paged {
    let page: PageRequest
    let direction: Direction?
    let from: BusinessDate?, to: BusinessDate?
    let text: String?

    init(from fields: inout Fields) {
        page = fields.page()
        direction = fields.optionalChoice("direction", Direction.self)
        (from, to) = fields.optionalDates()
        text = fields.optionalText("q")
    }
}

struct RowView: Representation {
    let number: Int64
    static let example = RowView(number: 7)

    func write(to object: inout ObjectWriter) {
        object.integer("number", number)
    }
}

struct LineRequest: RequestBody {
    let amount: Money
    let note: String?

    init(from fields: inout Fields) {
        amount = fields.money()
        note = fields.optionalText("note", 0...20)
    }
}

struct HoldRequest: RequestBody {
    let amount: Money
    let reason: String
    let customer: Identifier<Customer>?
    let count: Int
    let direction: Direction
    let on: BusinessDate?
    let lines: [LineRequest]
    let first: LineRequest?

    init(from fields: inout Fields) throws {
        fields.forbid("status")
        amount = fields.money("amount", currency: "currency")
        reason = fields.text("reason", 5...50)
        customer = fields.optionalIdentifier("customerId")
        count = fields.optionalInteger("count", 1...10) ?? 1
        direction = fields.optionalChoice("direction", Direction.self) ?? .debit
        on = fields.optionalDate("on")
        lines = try fields.array("lines", LineRequest.self, 0...3)
        first = try fields.optionalObject("first", LineRequest.self)
    }
}

struct HoldView: Representation {
    let amount: Money
    let reason: String
    let key: String
    let digest: String
    let channel: String
    let address: String
    let path: String

    static let example = HoldView(
        amount: Money(minorUnits: 150_000, currency: .kes), reason: "a reason", key: "k", digest: "00", channel: "api", address: "::1",
        path: "/")

    func write(to object: inout ObjectWriter) {
        object.moneyAndCurrency(amount)
        object.text("reason", reason)
        object.text("key", key)
        object.text("digest", digest)
        object.text("channel", channel)
        object.text("address", address)
        object.text("path", path)
    }
}

struct RefreshRequest: RequestBody {
    let token: String?

    init(from fields: inout Fields) {
        token = fields.optionalText("refreshToken", 1...500)
    }
}

struct TransientFailure: Error {}
struct UnknownFailure: Error {}

/// Tokens are role names: `customer`, `teller`, `auditor`, `temporary` (must change the password), `slow` (waits), else 401.
struct RoleAuthenticator: Authenticator {
    func authenticate(bearerToken: String, context: RequestContext) async throws -> Principal {
        let roles: RoleSet
        switch bearerToken {
        case "customer", "customer2", "temporary": roles = RoleSet(.customer)
        case "teller": roles = RoleSet(.teller)
        case "auditor": roles = RoleSet(.auditor)
        case "administrator": roles = RoleSet(.administrator)
        default: throw Refusal(.unauthenticated, "invalid_token", "The token is not valid")
        }
        let number = UInt128(bearerToken.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) })
        return Principal(
            userID: Identifier(bits: number), sessionID: Identifier(bits: number), username: bearerToken, roles: roles, customerID: nil,
            branchCode: nil, mustChangePassword: bearerToken == "temporary")
    }
}

struct Edge {
    let server: HTTPServer
    let client: InProcessClient
    let clock: ManualClock
    let metrics: MetricsRegistry
    let log: MemoryLogSink

    static func configuration() -> EdgeConfiguration {
        var configuration = EdgeConfiguration(cursorKey: Array(repeating: 7, count: 32))
        configuration.port = 0
        configuration.allowedOrigins = ["http://localhost:3001", "https://bank.example"]
        configuration.rateLimits.isEnabled = false
        configuration.accessLog = .all
        return configuration
    }

    init(_ configuration: EdgeConfiguration = Edge.configuration(), extra: [Endpoint] = []) {
        let clock = ManualClock(Timestamp(microseconds: 1_800_000_000_000_000))
        let sink = MemoryLogSink()
        let metrics = MetricsRegistry()
        self.clock = clock
        log = sink
        self.metrics = metrics
        let logger = Logger(label: "test") { JSONLogHandler(label: $0, sink: sink, clock: clock) }
        let health = HealthRegistry(clock: clock)
        health.add("database", isRequired: true) { .up }
        let platform = PlatformEndpoints.all(health: health, metrics: metrics, configuration: configuration) {
            PlatformEndpoints.Information(mode: "demo", businessDate: BusinessDate(epochDay: 20_000))
        }
        server = HTTPServer(
            endpoints: Self.endpoints + platform + extra, authenticator: RoleAuthenticator(),
            rateLimiter: InProcessRateLimiter(clock: clock),
            configuration: configuration, metrics: metrics, logger: logger, clock: clock,
            errorTranslator: { $0 is TransientFailure ? .unavailable() : nil })
        client = InProcessClient(server)
    }

    static let endpoints: [Endpoint] = [
        Endpoint(
            .get, "/api/accounts/{account}/transactions", summary: "Transactions", tag: "Accounts", access: .everyone,
            query: TransactionFilter.self, reply: Page<RowView>.self, errors: ["account_not_found"]
        ) { call in
            var start: Int64 = 100
            if let cursor = call.query.page.cursor {
                var place = cursor.reader
                start = try place.integer()
            }
            let rows = (0..<call.query.page.fetchCount).map { start - 1 - Int64($0) }.filter { $0 >= 0 }.map { RowView(number: $0) }
            return Reply(call.page(rows) { Cursor().adding($0.number) })
        },
        Endpoint(
            .post, "/api/accounts/{account}/holds", summary: "Place a hold", tag: "Accounts",
            access: .roles(RoleSet([.customer, .teller])),
            body: HoldRequest.self, reply: HoldView.self, status: 201, errors: ["account_not_found", "insufficient_funds"]
        ) { call in
            if call.body.reason == "transient" { throw TransientFailure() }
            if call.body.reason == "unknown" { throw UnknownFailure() }
            if call.body.reason == "refused" { throw Refusal.rule("insufficient_funds", "Not enough", field: "amount") }
            let view = HoldView(
                amount: call.body.amount, reason: call.body.reason, key: call.context.idempotencyKey,
                digest: call.context.bodyDigest.map { String($0, radix: 16) }.joined(), channel: call.context.channel.rawValue,
                address: call.request.peer, path: call.context.path)
            return .created(view, location: "/api/accounts/\(call.path("account"))/holds/1")
        },
        Endpoint(
            .get, "/api/staff/report", summary: "Report", tag: "Staff", access: .roles(RoleSet(.teller)), reply: RowView.self
        ) { _ in Reply(.example) },
        Endpoint(
            .post, "/api/staff/report", summary: "Make a report", tag: "Staff", access: .roles(RoleSet(.teller)), reply: RowView.self
        ) { _ in Reply(.example) },
        Endpoint(.get, "/api/me", summary: "Me", tag: "Staff", access: .signedIn, reply: RowView.self) { _ in Reply(.example) },
        Endpoint(
            .post, "/api/change-password", summary: "Change", tag: "Authentication", access: .signedIn,
            options: EndpointOptions(allowsTemporaryPassword: true)
        ) { _ in .noContent },
        Endpoint(
            .post, "/api/authentication/login", summary: "Sign in", tag: "Authentication", access: .everyone, reply: RowView.self,
            options: EndpointOptions(rateLimit: .signIn)
        ) { _ in Reply(.example) },
        Endpoint(
            .post, "/api/authentication/refresh", summary: "Refresh", tag: "Authentication", access: .everyone, body: RefreshRequest.self,
            reply: RowView.self, options: EndpointOptions(usesRefreshCookie: true, allowsEmptyBody: true)
        ) { call in
            Reply(.example).setting(
                SetCookie(
                    name: "wekeza_refresh_personal", value: call.request.cookie("wekeza_refresh_personal") ?? "none",
                    path: "/api/authentication",
                    maximumAgeSeconds: 60, isSecure: call.request.isSecure))
        },
        Endpoint(
            .get, "/api/catalogue", summary: "Catalogue", tag: "Products", access: .everyone, reply: RowView.self,
            options: EndpointOptions(cacheSeconds: 60)
        ) { _ in Reply(.example) },
        Endpoint(
            .get, "/api/lookup", summary: "Look up", tag: "Products", access: .signedIn, reply: RowView.self,
            options: EndpointOptions(rateLimit: .recipientLookup)
        ) { _ in Reply(.example) },
        Endpoint(.get, "/api/things/{thing}", summary: "A thing", tag: "Things", access: .everyone, reply: TextView.self) { call in
            Reply(TextView(text: call.path("thing")))
        },
        Endpoint(.get, "/api/things/special", summary: "The thing", tag: "Things", access: .everyone, reply: TextView.self) { _ in
            Reply(TextView(text: "(special)"))
        },
        Endpoint(.delete, "/api/things/{thing}", summary: "Forget", tag: "Things", access: .everyone) { call in
            let _: Identifier<Account> = try call.pathIdentifier("thing", notFound: "account_not_found")
            return .noContent
        },
        Endpoint(.get, "/api/headers", summary: "Headers", tag: "Things", access: .everyone, reply: RowView.self) { call in
            Reply(.example).adding("X-Echo", call.request.query["value"] ?? "")
        },
        Endpoint(.post, "/api/replay", summary: "Replay", tag: "Things", access: .everyone, reply: RowView.self) { _ in
            Reply(stored: Reply(RowView.example, status: 201).encoded(defaultStatus: 200), isReplay: true)
        },
    ]
}

struct TextView: Representation {
    let text: String
    static let example = TextView(text: "text")

    func write(to object: inout ObjectWriter) {
        object.text("text", text)
    }
}

/// A small seeded generator, so that a failure can be run again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

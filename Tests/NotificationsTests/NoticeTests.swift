import Application
import Audit
import HTTPEdge
import Kernel
import Logging
import Notifications
import Observability
import Postgres
import TestKit
import Testing

@Suite struct NoticeTextTests {
    @Test func valuesFillTheirPlacesAndNothingElse() {
        let text = "{{amount}} to {{name}}, {{unknown}}{{"
        #expect(NoticeTemplate.places(in: text) == ["amount", "name", "unknown"])
        // What a value holds is never taken for a place.
        #expect(NoticeTemplate.filled(text, with: ["amount": "{{name}}", "name": "Amina"]) == "{{name}} to Amina, {{")
        #expect(NoticeTemplate.filled("plain", with: [:]) == "plain")
    }

    @Test func everyTextIsThereInBothLanguagesWithTheSamePlaces() {
        for text in StandardTemplates.all {
            let twin = StandardTemplates.all.first { $0.code == text.code && $0.medium == text.medium && $0.language != text.language }
            #expect(Set(NoticeTemplate.places(in: text.body)) == Set(NoticeTemplate.places(in: twin?.body ?? "")), "\(text.code)")
            #expect(text.medium == .sms || !text.title.isEmpty)
        }
    }
}

@Suite struct NoticeDeskTests {
    private func debit(_ source: String = "1", amount: String = "KES 1,500.00") -> Notice {
        Notice(
            template: "ledger.debit", kind: .debit, to: .customer(Board.customer), source: source,
            values: ["amount": amount, "account": "••0017", "date": "2 March 2026", "balance": "KES 10.00"], link: "/accounts")
    }

    @Test func aNoticeIsShownOnceAndSentAsItsReaderWants() async throws {
        try await Board.run { board in
            // Asked for twice, as a dispatcher that died might.
            try await board.hand(debit())
            try await board.hand(debit())
            let list = await board.amina.send(.get, "/api/notifications")
            #expect(list.text("items", 0, "title") == "Money out: KES 1,500.00", "\(list.text)")
            #expect(list.text("items", 0, "kind") == "debit" && list.text("items", 0, "link") == "/accounts")
            #expect(list["items", 1] == nil)
            #expect(try await board.sent() == ["email amina@example.com Money out: KES 1,500.00"])
            // In Swahili, by SMS alone, for whoever says so.
            #expect(
                await board.brian.send(
                    .put, "/api/notifications/preferences", json: #"{"email":false,"sms":true,"events":{"credit":false}}"#
                ).status == 200)
            try await board.hand(
                Notice(
                    template: "ledger.debit", kind: .debit, to: .user(Board.brianID), source: "2",
                    values: ["amount": "KES 5.00", "account": "••0025", "date": "2 March 2026", "balance": "KES 1.00"]))
            #expect(try await board.sent().last == "sms +254711000002 -")
            #expect(await board.brian.send(.get, "/api/notifications").text("items", 0, "title") == "Pesa zimetoka: KES 5.00")
            // What somebody does not want is not even shown; what is about safety is.
            let credit = Notice(template: "ledger.credit", kind: .credit, to: .user(Board.brianID), source: "3", values: [:])
            try await board.hand(credit)
            #expect(await board.brian.send(.get, "/api/notifications/unread-count").text("count") == "1")
            let alarm = Notice(template: "ledger.credit", kind: .security, to: .user(Board.brianID), source: "4", values: [:])
            try await board.hand(alarm)
            #expect(Set(try await board.sent().suffix(2).map { String($0.prefix(5)) }) == ["email", "sms +"])
        }
    }

    @Test func readersReadTheirOwn() async throws {
        try await Board.run { board in
            for number in 0..<3 { try await board.hand(debit("\(number)")) }
            let amina = board.amina
            #expect(await amina.send(.get, "/api/notifications/unread-count").text("count") == "3")
            let id = await amina.send(.get, "/api/notifications").text("items", 0, "notificationId") ?? ""
            #expect(await board.brian.send(.post, "/api/notifications/\(id)/read").status == 404)
            #expect(await amina.send(.post, "/api/notifications/\(id)/read").status == 204)
            #expect(await amina.send(.post, "/api/notifications/\(id)/read").status == 204)
            #expect(await amina.send(.get, "/api/notifications?unread=true&limit=1").text("nextCursor") != nil)
            #expect(await amina.send(.get, "/api/notifications?unread=false").text("items", 0, "notificationId") == id)
            #expect(await amina.send(.post, "/api/notifications/read-all").status == 204)
            #expect(await amina.send(.get, "/api/notifications/unread-count").text("count") == "0")
            #expect(await amina.send(.post, "/api/notifications/nonsense/read").status == 404)
        }
    }

    @Test func preferencesAreKeptFieldByField() async throws {
        try await Board.run { board in
            let path = "/api/notifications/preferences"
            let amina = board.amina
            let standard = await amina.send(.get, path)
            #expect(standard["email"] == .boolean(true) && standard["sms"] == .boolean(false))
            #expect(standard["events", "debit"] == .boolean(true) && standard["events", "marketing"] == .boolean(false))
            let changed = await amina.send(.put, path, json: #"{"sms":true,"events":{"login":false}}"#)
            #expect(changed["sms"] == .boolean(true) && changed["email"] == .boolean(true) && changed["events", "login"] == .boolean(false))
            #expect(await amina.send(.get, path).body == changed.body)
            #expect(await amina.send(.put, path, json: #"{"events":{"security":false}}"#).status == 422)
            #expect(await amina.send(.put, path, json: #"{"email":"no"}"#).status == 422)
        }
    }

    @Test func nobodyIsFloodedWithMail() async throws {
        try await Board.run { board in
            let notices = (0..<50).map { debit("\($0)") }
            for notice in notices { try await board.hand(notice) }
            #expect(await board.amina.send(.get, "/api/notifications/unread-count").text("count") == "50")
            #expect(try await board.sent().count == 30)
            board.clock.advance(seconds: 3_601)
            try await board.hand(debit("later"))
            #expect(try await board.sent().count == 31)
        }
    }

    @Test func administratorsChangeTextsAndOnlyWithPlacesThatAreThere() async throws {
        try await Board.run { board in
            let administrator = board.client.signedIn("administrator")
            let path = "/api/notifications/templates"
            let all = await administrator.send(.get, path)
            #expect(all.text("items", 0, "code") == "ledger.debit" && all.text("items", 0, "version") == "0")
            func change(_ body: String, version: Int) async -> InProcessResponse {
                await administrator.send(
                    .put, path + "/ledger.debit",
                    json: #"{"medium":"inApp","language":"en","title":"Out","body":"\#(body)","version":\#(version)}"#)
            }
            #expect(await change("{{amount}} {{password}}", version: 0).problemCode == "validation_failed")
            #expect(await change("Dear {{name}}, {{amount}} left", version: 0).text("version") == "1")
            #expect(await change("Again", version: 0).problemCode == "version_conflict")
            #expect(await change("{{name}}: {{amount}}", version: 1).text("version") == "2")
            try await board.hand(debit())
            #expect(await board.amina.send(.get, "/api/notifications").text("items", 0, "body") == "Amina Wanjiru: KES 1,500.00")
            #expect(await board.amina.send(.get, path).status == 403)
            #expect(
                await administrator.send(
                    .put, path + "/no.such", json: #"{"medium":"inApp","language":"en","title":"x","body":"y","version":0}"#
                ).status == 404)
        }
    }

    @Test func anEventOfAnotherVersionKeepsNothingUp() async throws {
        try await Board.run { board in
            let strange = DomainEvent(name: Notice.event, subject: 1, occurredAt: board.clock.now(), payload: Array("{}".utf8))
            try await board.pool.transaction { try Outbox.append([strange], in: $0) }
            #expect(try await board.dispatcher.dispatch() == 1)
            #expect(try await board.dispatcher.pending() == 0)
        }
    }
}

/// A notice board on a real database with two readers: Amina, who acts for a customer and reads English, and Brian, who reads Swahili.
private struct Board {
    static let customer = Identifier<Customer>(bits: 100)
    static let aminaID = Identifier<User>(bits: 1)
    static let brianID = Identifier<User>(bits: 2)

    let pool: ConnectionPool
    let clock: ManualClock
    let dispatcher: OutboxDispatcher
    let client: InProcessClient

    var amina: InProcessClient { client.signedIn("amina") }
    var brian: InProcessClient { client.signedIn("brian") }

    static func run(isolation: isolated (any Actor)? = #isolation, _ body: (Board) async throws -> Void) async throws {
        let migrations = [PlatformMigrations.all, AuditMigrations.all, NotificationsMigrations.all]
        try await TestDatabase.withDatabase(migrations: migrations) { database in
            let board = Board(database)
            do {
                try await body(board)
            } catch {
                await board.pool.shutdown()
                throw error
            }
            await board.pool.shutdown()
        }
    }

    private init(_ database: TestDatabase) {
        let clock = ManualClock(Timestamp(microseconds: 1_772_442_000_000_000))
        let identifiers = TimeOrderedIdentifiers(clock: clock)
        self.clock = clock
        pool = ConnectionPool(configuration: database.configuration, size: 4, clock: clock, logger: .silent)
        let desk = NoticeDesk(
            directory: People(), outbox: MessageOutbox(clock: clock, identifiers: identifiers), clock: clock, identifiers: identifiers)
        dispatcher = OutboxDispatcher(pool: pool, handlers: [Notice.event: [desk.handler]])
        let endpoints = NoticeEndpoints(
            pool: pool, readers: pool, pipeline: CommandPipeline(pool: pool, clock: clock, audit: AuditTrail(clock: clock)), clock: clock)
        var configuration = EdgeConfiguration(cursorKey: Array(repeating: 7, count: 32))
        configuration.rateLimits.isEnabled = false
        configuration.requestTimeLimitSeconds = 600
        client = InProcessClient(
            HTTPServer(
                endpoints: endpoints.all, authenticator: Readers(), rateLimiter: InProcessRateLimiter(clock: clock),
                configuration: configuration, metrics: MetricsRegistry(), logger: .silent, clock: clock))
    }

    /// Asks for a notice the way rooms do, and hands it on.
    func hand(_ notice: Notice) async throws {
        // Identifiers of one millisecond have no order among them.
        clock.advance(seconds: 1)
        let event = notice.event(at: clock.now())
        try await pool.transaction { try Outbox.append([event], in: $0) }
        #expect(try await dispatcher.dispatch() == 1)
    }

    func sent() async throws -> [String] {
        try await pool.read {
            try $0.query("SELECT channel || ' ' || recipient || ' ' || coalesce(subject, '-') FROM notifications.message ORDER BY id")
                .map { try $0.text(0) }
        }
    }
}

private struct People: RecipientDirectory {
    func recipients(
        customers: [Identifier<Customer>], users: [Identifier<User>], in transaction: Transaction
    ) throws -> [Recipient] {
        let all = [
            Recipient(
                userID: Board.aminaID, customerID: Board.customer, username: "amina", fullName: "Amina Wanjiru",
                email: "amina@example.com", phone: "+254711000001", language: .en),
            Recipient(
                userID: Board.brianID, customerID: nil, username: "brian", fullName: "Brian Otieno", email: "brian@example.com",
                phone: "+254711000002", language: .sw),
        ]
        return all.filter { users.contains($0.userID) || ($0.customerID.map { customers.contains($0) } ?? false) }
    }
}

private struct Readers: Authenticator {
    func authenticate(bearerToken: String, context: RequestContext) async throws -> Principal {
        let user = bearerToken == "amina" ? Board.aminaID : bearerToken == "brian" ? Board.brianID : Identifier(bits: 9)
        return Principal(
            userID: user, sessionID: Identifier(bits: 8), username: bearerToken,
            roles: RoleSet(bearerToken == "administrator" ? .administrator : .customer), customerID: nil, branchCode: nil,
            mustChangePassword: false)
    }
}

import Application
import Audit
import HTTPEdge
import Kernel
import Logging
import Notifications
import Observability
import Postgres
import Synchronization
import TestKit
import Testing

@Suite struct MessageBodyTests {
    @Test func secretsAreMarkedWhereTheyAreWritten() {
        let body: MessageBody = "Your code is \(secret: "123456"), good for \(5) minutes."
        #expect(body.masked == "Your code is ******, good for 5 minutes.")
        #expect(body.revealed == "Your code is 123456, good for 5 minutes.")
        let plain: MessageBody = "Welcome"
        #expect(plain.masked == "Welcome" && plain.revealed == "Welcome")
        let erased = MessageBody(plainParts: body.plainParts, secretParts: nil)
        #expect(erased.revealed == body.masked)
    }

    @Test func delaysDoubleUpToTheLongest() {
        let policy = DeliveryPolicy()
        #expect((1...4).map { policy.delaySeconds(afterAttempt: $0) } == [5, 10, 20, 40])
        #expect(policy.delaySeconds(afterAttempt: 60) == 3_600)
        #expect(policy.status(afterFailedAttempt: 7) == .failed)
        #expect(policy.status(afterFailedAttempt: 8) == .dead)
    }
}

@Suite struct MessageDeliveryTests {
    @Test func aMessageLeavesWhenItsEventIsCommittedAndNeverOtherwise() async throws {
        try await Desk.run { desk in
            struct Undone: Error {}
            await #expect(throws: Undone.self) {
                try await desk.pool.transaction { transaction in
                    try desk.outbox.enqueue(Desk.code(to: "+254712345678"), in: transaction)
                    throw Undone()
                }
            }
            #expect(try await desk.delivery().deliverDue() == 0)
            try await desk.enqueue(Desk.code(to: "+254712345678"))
            #expect(try await desk.delivery().deliverDue() == 1)
            #expect(desk.gateway.delivered.map(\.body.revealed) == ["Your code is 123456."])
            #expect(try await desk.delivery().deliverDue() == 0)
            #expect(try await desk.row("status") == "sent")
        }
    }

    @Test func deliveredSecretsAreErasedOutsideOfADemonstration() async throws {
        for keeps in [true, false] {
            try await Desk.run { desk in
                try await desk.enqueue(Desk.code(to: "+254712345678"))
                try await desk.delivery(keepsSecrets: keeps).deliverDue()
                let kept = try await desk.pool.read {
                    try $0.query("SELECT 1 FROM notifications.message WHERE secret_parts IS NOT NULL").count
                }
                #expect(kept == (keeps ? 1 : 0))
            }
        }
    }

    @Test func failuresAreTriedAgainLaterAndEndDead() async throws {
        try await Desk.run { desk in
            desk.gateway.fail(true)
            try await desk.enqueue(Desk.code(to: "+254712345678"))
            var attempts = 0
            for _ in 0..<40 {
                attempts += try await desk.delivery().deliverDue()
                desk.clock.advance(seconds: 900)
            }
            #expect(attempts == 8)
            #expect(try await desk.row("status") == "dead")
            #expect(try await desk.row("last_error") == "no route")
            // An administrator tries again; the gateway is back.
            desk.gateway.fail(false)
            let administrator = desk.client.signedIn("administrator")
            let id = await administrator.send(.get, "/api/notifications/outbox").text("items", 0, "id") ?? ""
            let retried = await administrator.send(.post, "/api/notifications/outbox/\(id)/retry")
            #expect(retried.status == 202)
            #expect(retried.text("status") == "queued")
            #expect(try await desk.delivery().deliverDue() == 1)
            #expect(try await desk.row("status") == "sent")
            #expect(desk.gateway.delivered.count == 1)
            let tooLate = await administrator.send(.post, "/api/notifications/outbox/\(id)/retry")
            #expect(tooLate.status == 409)
            #expect(tooLate.text("currentState") == "sent")
        }
    }

    @Test func severalWorkersNeverTakeOneMessageTwice() async throws {
        try await Desk.run { desk in
            for number in 0..<40 { try await desk.enqueue(Desk.code(to: "+2547123456\(10 + number)")) }
            let delivery = desk.delivery()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask { while try await delivery.deliverDue() > 0 {} }
                }
                try await group.waitForAll()
            }
            #expect(desk.gateway.delivered.count == 40)
            #expect(Set(desk.gateway.delivered.map(\.recipient)).count == 40)
        }
    }

    @Test func aWorkerThatDiedIsReplacedAfterItsLease() async throws {
        try await Desk.run { desk in
            try await desk.enqueue(Desk.code(to: "+254712345678"))
            // As if a worker had taken the message and died.
            try await desk.database.superuserPool.transaction { transaction in
                _ = try transaction.execute(
                    "UPDATE notifications.message SET attempts = 1, next_attempt_at = \(desk.clock.now().adding(seconds: 60))")
            }
            #expect(try await desk.delivery().deliverDue() == 0)
            desk.clock.advance(seconds: 60)
            #expect(try await desk.delivery().deliverDue() == 1)
        }
    }
}

@Suite struct OutboxEndpointTests {
    @Test func isSearchedByRecipientChannelAndTime() async throws {
        try await Desk.run(revealsSecrets: true) { desk in
            try await desk.enqueue(Desk.code(to: "+254712345678", username: "Customer1"))
            desk.clock.advance(seconds: 60)
            let later = desk.clock.now()
            try await desk.enqueue(
                OutgoingMessage(
                    channel: .email, recipient: "Amina@example.com", username: "customer2", template: "identity.newDevice",
                    subject: "New device", body: "Somebody signed in"))
            let administrator = desk.client.signedIn("administrator")
            func recipients(_ query: String) async -> [String] {
                let reply = await administrator.send(.get, "/api/notifications/outbox?\(query)")
                #expect(reply.status == 200)
                return (0..<9).compactMap { reply.text("items", $0, "recipient") }
            }
            #expect(await recipients("") == ["Amina@example.com", "+254712345678"])
            #expect(await recipients("recipient=%2B254712345678") == ["+254712345678"])
            #expect(await recipients("recipient=customer1") == ["+254712345678"])
            #expect(await recipients("recipient=amina%40EXAMPLE.com") == ["Amina@example.com"])
            #expect(await recipients("channel=sms") == ["+254712345678"])
            #expect(await recipients("since=\(later)") == ["Amina@example.com"])
            #expect(await recipients("limit=1") == ["Amina@example.com"])
            let first = await administrator.send(.get, "/api/notifications/outbox?recipient=customer1")
            #expect(first.text("items", 0, "body") == "Your code is 123456.")
            #expect(first.text("items", 0, "status") == "queued")
            #expect(first.text("items", 0, "attempts") == "0")
            #expect(await administrator.send(.get, "/api/notifications/outbox?channel=pigeon").status == 422)
            #expect(await desk.client.signedIn("customer").send(.get, "/api/notifications/outbox").status == 403)
            #expect(await desk.client.signedIn("customer").send(.post, "/api/notifications/outbox/x/retry").status == 403)
            #expect(await administrator.send(.post, "/api/notifications/outbox/nonsense/retry").status == 404)
        }
    }

    @Test func masksSecretsOutsideOfADemonstration() async throws {
        try await Desk.run { desk in
            try await desk.enqueue(Desk.code(to: "+254712345678"))
            let reply = await desk.client.signedIn("administrator").send(.get, "/api/notifications/outbox")
            #expect(reply.text("items", 0, "body") == "Your code is ******.")
            #expect(!reply.text.contains("123456."))
        }
    }
}

/// A post room on a real database.
private struct Desk {
    let database: TestDatabase
    /// Compares deadlines with the clock of the requests.
    let pool: ConnectionPool
    let clock: ManualClock
    let outbox: MessageOutbox
    let gateway: MemoryGateway
    let client: InProcessClient

    static func run(
        revealsSecrets: Bool = false, isolation: isolated (any Actor)? = #isolation, _ body: (Desk) async throws -> Void
    ) async throws {
        let migrations = [PlatformMigrations.all, AuditMigrations.all, NotificationsMigrations.all]
        try await TestDatabase.withDatabase(migrations: migrations) { database in
            let desk = Desk(database, revealsSecrets: revealsSecrets)
            do {
                try await body(desk)
            } catch {
                await desk.pool.shutdown()
                throw error
            }
            await desk.pool.shutdown()
        }
    }

    private init(_ database: TestDatabase, revealsSecrets: Bool) {
        let clock = ManualClock(Timestamp(microseconds: 1_772_442_000_000_000))
        self.database = database
        self.clock = clock
        pool = ConnectionPool(configuration: database.configuration, size: 4, clock: clock, logger: .silent)
        outbox = MessageOutbox(clock: clock, identifiers: TimeOrderedIdentifiers(clock: clock))
        gateway = MemoryGateway()
        let endpoints = OutboxEndpoints(
            pool: pool, pipeline: CommandPipeline(pool: pool, clock: clock, audit: AuditTrail(clock: clock)),
            clock: clock, revealsSecrets: revealsSecrets)
        var configuration = EdgeConfiguration(cursorKey: Array(repeating: 7, count: 32))
        configuration.rateLimits.isEnabled = false
        client = InProcessClient(
            HTTPServer(
                endpoints: endpoints.all, authenticator: RoleTokens(), rateLimiter: InProcessRateLimiter(clock: clock),
                configuration: configuration, metrics: MetricsRegistry(), logger: .silent, clock: clock))
    }

    static func code(to recipient: String, username: String? = nil) -> OutgoingMessage {
        OutgoingMessage(
            channel: .sms, recipient: recipient, username: username, template: "identity.stepUpCode",
            body: "Your code is \(secret: "123456").")
    }

    func enqueue(_ message: OutgoingMessage) async throws {
        let outbox = outbox
        try await pool.transaction { _ = try outbox.enqueue(message, in: $0) }
    }

    func delivery(keepsSecrets: Bool = false) -> MessageDelivery {
        MessageDelivery(pool: pool, gateway: gateway, clock: clock, keepsSecrets: keepsSecrets, logger: .silent)
    }

    func row(_ column: String) async throws -> String? {
        try await pool.read { try $0.query("SELECT \(raw: column) FROM notifications.message").first?.textOrNil(0) }
    }
}

private final class MemoryGateway: MessageGateway {
    private let state = Mutex<(delivered: [OutgoingMessage], isFailing: Bool)>(([], false))

    var delivered: [OutgoingMessage] { state.withLock { $0.delivered } }

    func fail(_ isFailing: Bool) { state.withLock { $0.isFailing = isFailing } }

    func deliver(_ message: OutgoingMessage, id: Identifier<Message>) async throws {
        try state.withLock { state in
            if state.isFailing { throw DeliveryFailure("no route") }
            state.delivered.append(message)
        }
    }
}

/// Tokens are names of roles.
private struct RoleTokens: Authenticator {
    func authenticate(bearerToken: String, context: RequestContext) async throws -> Principal {
        let role: Role = bearerToken == "administrator" ? .administrator : .customer
        return Principal(
            userID: Identifier(bits: 7), sessionID: Identifier(bits: 8), username: bearerToken, roles: RoleSet(role), customerID: nil,
            branchCode: nil, mustChangePassword: false)
    }
}

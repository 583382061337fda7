import Application
import Audit
import HTTPEdge
import Kernel
import Logging
import Observability
import Postgres
import Products
import Synchronization
import TestKit
import Testing

@testable import Organisation

/// The room behind the edge, with an administrator at the desk.
struct Office: Sendable {
    private struct AdministratorsOnly: Authenticator {
        func authenticate(bearerToken: String, context: RequestContext) async throws -> Principal {
            Principal(
                userID: Identifier(bits: 1), sessionID: Identifier(bits: 2), username: bearerToken,
                roles: RoleSet(bearerToken == "auditor" ? .auditor : .administrator), customerID: nil, branchCode: nil,
                mustChangePassword: false)
        }
    }

    private struct Names: UserNames {
        func names(of ids: [Identifier<User>], in transaction: Transaction) throws -> [Identifier<User>: String] {
            Dictionary(ids.map { ($0, "admin") }, uniquingKeysWith: { first, _ in first })
        }
    }

    final class Today: Sendable {
        let date = Mutex(BusinessDate(epochDay: 20_700))
    }

    let database: TestDatabase
    let parameters: Parameters
    let client: InProcessClient
    let today = Today()

    static func run(_ body: (Office) async throws -> Void) async throws {
        try await TestDatabase.withDatabase(
            migrations: [PlatformMigrations.all, AuditMigrations.all, ProductsMigrations.all, OrganisationMigrations.all]
        ) { database in
            try await body(Office(database))
        }
    }

    private init(_ database: TestDatabase) {
        self.database = database
        let clock = SystemClock()
        let pipeline = CommandPipeline(pool: database.pool, clock: clock, audit: AuditTrail(clock: clock))
        let today = today
        parameters = Parameters(
            pool: database.pool, pipeline: pipeline, clock: clock, businessDate: { today.date.withLock { $0 } },
            steered: [
                "stepUp.transferThreshold": { value, date, transaction in
                    let amount = Money(minorUnits: try DecimalText.amount(value, exponent: 2), currency: .kes)
                    try LimitChanges.set(.stepUpTransferThreshold, to: amount, from: date, in: transaction)
                }
            ])
        var configuration = EdgeConfiguration(cursorKey: [UInt8](repeating: 1, count: 32))
        configuration.rateLimits.isEnabled = false
        let endpoints =
            OrganisationEndpoints(pool: database.pool, pipeline: pipeline, clock: clock, parameters: parameters).all
            + AuditEndpoints(pool: database.pool, names: Names()).all
        client = InProcessClient(
            HTTPServer(
                endpoints: endpoints, authenticator: AdministratorsOnly(), rateLimiter: InProcessRateLimiter(clock: clock),
                configuration: configuration, metrics: MetricsRegistry(),
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
                clock: clock, identifiers: TimeOrderedIdentifiers(clock: clock)))
    }

    func call(_ method: HTTPMethod, _ path: String, _ json: String? = nil, as user: String = "admin") async -> InProcessResponse {
        await client.signedIn(user).send(method, "/api/administrator/" + path, json: json)
    }
}

@Suite struct OrganisationTests {
    @Test func branchesAreOpenedChangedAndFound() async throws {
        try await Office.run { office in
            let json =
                #"{"branchCode":"002","name":"Mombasa","address":"Moi Avenue","city":"Mombasa","latitude":"-4.0435","longitude":"39.6682","openingHours":["Mon-Fri"]}"#
            let created = await office.call(.post, "branches", json)
            #expect(created.status == 201 && created.headers["Location"] == "/api/administrator/branches/002")
            #expect(created.text("latitude") == "-4.043500" && created.text("status") == "active" && created.text("version") == "1")
            #expect(await office.call(.post, "branches", json).faults == ["branchCode:duplicate"])
            #expect(
                await office.call(.post, "branches", #"{"branchCode":"x"}"#).faults == [
                    "branchCode:invalid_format", "name:required", "address:required", "city:required",
                ])
            let near = await office.client.send(.get, "/api/contact/branches?near=-4,39.6")
            #expect(near.status == 200 && near.text("items", 0, "branchCode") == "002" && near.text("items", 1, "branchCode") == "001")
            #expect(await office.client.send(.get, "/api/contact/branches?q=nairobi").text("items", 0, "branchCode") == "001")
            #expect(await office.client.send(.get, "/api/contact/branches?near=x").faults == ["near:invalid_format"])

            let change = #"{"name":"Mombasa","address":"Moi Avenue","city":"Mombasa","status":"closed","version":1}"#
            let closed = await office.call(.put, "branches/002", change)
            #expect(closed.status == 200 && closed.text("status") == "closed" && closed.text("version") == "2")
            #expect(await office.call(.put, "branches/002", change).problemCode == "version_conflict")
            #expect(await office.call(.put, "branches/002", #"{"name":"M","address":"A","city":"C"}"#).faults == ["version:required"])
            #expect(await office.call(.put, "branches/009", change).problemCode == "branch_not_found")
            #expect(await office.call(.get, "branches/002").text("name") == "Mombasa")
            #expect(await office.call(.get, "branches/nonsense").status == 404)
            #expect(await office.client.send(.get, "/api/contact/branches").text("items", 1, "branchCode") == nil)
            let page = await office.call(.get, "branches?limit=1")
            let cursor = try #require(page.text("nextCursor"))
            #expect(await office.call(.get, "branches?limit=1&cursor=\(cursor)").text("items", 0, "branchCode") == "002")
            #expect(await office.call(.post, "branches", json, as: "auditor").status == 403)
        }
    }

    @Test func aRequestSentSeveralTimesAtOnceIsDoneOnceAndAnsweredAlike() async throws {
        try await Office.run { office in
            let json = #"{"branchCode":"003","name":"Kisumu","address":"Oginga Odinga Street","city":"Kisumu"}"#
            let client = office.client.signedIn("admin")
            let answers = await withTaskGroup(of: InProcessResponse.self) { group in
                for _ in 0..<12 {
                    group.addTask {
                        await client.send(.post, "/api/administrator/branches", json: json, headers: [("Idempotency-Key", "kisumu")])
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.map(\.status) == Array(repeating: 201, count: 12))
            #expect(Set(answers.map(\.text)).count == 1)
            #expect(answers.filter { $0.headers["Idempotent-Replayed"] == nil }.count == 1)
            let other = #"{"branchCode":"003","name":"Kisumu West","address":"Oginga Odinga Street","city":"Kisumu"}"#
            let path = "/api/administrator/branches"
            let reused = await client.send(.post, path, json: other, headers: [("Idempotency-Key", "kisumu")])
            #expect(reused.problemCode == "idempotency_key_reused")
            // Under another key, the code is simply taken.
            let taken = await client.send(.post, path, json: json, headers: [("Idempotency-Key", "again")])
            #expect(taken.faults == ["branchCode:duplicate"])
        }
    }

    @Test func parametersAreSetFromADayOn() async throws {
        try await Office.run { office in
            let key = "parameters/auth.idleMinutes"
            let before = await office.call(.get, key)
            #expect(before.text("value") == "30" && before.text("version") == "1" && before.text("type") == "integer")
            // Nobody has set it, so it is in force since the bank was set up.
            #expect(before.text("effectiveDate") == "\(BusinessDate(of: SystemClock().now()))")
            #expect(await office.call(.put, key, #"{"value":"20","reason":"x"}"#).faults == ["version:required"])
            for value in ["0", "1.5", "x", "721"] {
                let refused = await office.call(.put, key, #"{"value":"\#(value)","reason":"x","version":1}"#)
                #expect(refused.faults == ["value:invalid_format"])
            }
            let past = await office.call(.put, key, #"{"value":"20","reason":"x","version":1,"effectiveDate":"2020-01-01"}"#)
            #expect(past.faults == ["effectiveDate:in_past"])
            #expect(await office.call(.put, key, #"{"value":[20],"reason":"x","version":1}"#).faults == ["value:wrong_type"])
            let set = await office.call(.put, key, #"{"value":20,"reason":"an auditor asked for it","version":1}"#)
            #expect(set.status == 200 && set.text("value") == "20" && set.text("version") == "2")
            // What was set counts from its own day, which here lies before the one on which the bank was set up.
            #expect(set.text("effectiveDate") == "\(office.today.date.withLock { $0 })")
            #expect(office.parameters.integer("auth.idleMinutes") == 20, "at once")
            #expect(await office.call(.put, key, #"{"value":"10","reason":"x","version":1}"#).problemCode == "version_conflict")

            let later = office.today.date.withLock { $0 }.adding(days: 3)
            let planned = await office.call(.put, key, #"{"value":"5","reason":"x","version":2,"effectiveDate":"\#(later)"}"#)
            #expect(planned.text("value") == "20" && planned.text("upcomingValue") == "5" && planned.text("upcomingDate") == "\(later)")
            try await office.parameters.refresh()
            #expect(office.parameters.integer("auth.idleMinutes") == 20)
            office.today.date.withLock { $0 = later }
            try await office.parameters.refresh()
            #expect(office.parameters.integer("auth.idleMinutes") == 5)
            #expect(await office.call(.get, "parameters/no.such").status == 404)
            let list = await office.call(.get, "parameters")
            guard case .array(let items)? = list["items"] else { throw Refusal(.invalid, "no list", list.text) }
            #expect(items.count == ParameterDefinition.all.count)
        }
    }

    @Test func aLimitActsAtOnceAndMayChangeTwiceADay() async throws {
        try await Office.run { office in
            let key = "parameters/stepUp.transferThreshold"
            for (version, value, minor) in [(1, "10000", 1_000_000), (2, "20000.50", 2_000_050)] as [(Int, String, Int64)] {
                let set = await office.call(.put, key, #"{"value":"\#(value)","reason":"x","version":\#(version)}"#)
                #expect(set.status == 200)
                let book = try await office.database.pool.read { try TariffBookCache.read(in: $0) }
                let today = office.today.date.withLock { $0 }
                #expect(try book.limit(.stepUpTransferThreshold, on: today).minorUnits == minor)
                #expect(try book.limit(.stepUpTransferThreshold, on: today.adding(days: -1)).minorUnits == 5_000_000)
            }
            #expect(await office.call(.put, key, #"{"value":"-1","reason":"x","version":3}"#).faults == ["value:invalid_format"])
        }
    }

    @Test func theAuditTrailIsReadAndChecked() async throws {
        try await Office.run { office in
            for number in 2...4 {
                _ = await office.call(
                    .post, "branches", #"{"branchCode":"00\#(number)","name":"B\#(number)","address":"A","city":"C"}"#)
            }
            let all = await office.call(.get, "audit-logs?entityType=branch&action=organisation", as: "auditor")
            #expect(all.status == 200 && all.text("items", 0, "entityId") == "004" && all.text("items", 2, "entityId") == "002")
            #expect(all.text("items", 0, "username") == "admin" && all.text("items", 0, "outcome") == "succeeded")
            #expect(all.text("items", 0, "changes", "name") == "B4")
            #expect(all.text("items", 0, "previousHash") == all.text("items", 1, "hash"))
            #expect(await office.call(.get, "audit-logs?entityId=003").text("items", 0, "entityId") == "003")
            let today = BusinessDate(of: SystemClock().now())
            #expect(await office.call(.get, "audit-logs?from=\(today)&to=\(today)&limit=1").text("items", 0, "entityId") == "004")
            #expect(await office.call(.get, "audit-logs?to=\(today.adding(days: -2))")["items"] == .array([]))
            #expect(await office.call(.get, "audit-logs?from=2026-02-01&to=2026-01-01").faults == ["from:out_of_range"])
            let whole = await office.call(.get, "audit-logs/verify", as: "auditor")
            #expect(whole.text("status") == "ok" && whole.text("entriesChecked") == "3")
            try await office.database.superuserPool.transaction {
                _ = try $0.execute("UPDATE audit.record SET subject_id = '009' WHERE subject_id = '003'")
            }
            let broken = await office.call(.get, "audit-logs/verify")
            #expect(broken.text("status") == "broken" && broken.text("firstBrokenId")?.utf8.count == 36)
        }
    }

    @Test(arguments: [
        ("-1.285", -1_285_000 as Int32?), ("36", 36_000_000), ("0.0000001", nil), ("1e3", nil), ("", nil), ("-", nil), ("1.", nil),
        ("2000", nil),
    ])
    func readsDegrees(text: String, expected: Int32?) {
        #expect(Location.degrees(text) == expected)
        if let expected { #expect(Location.degrees(Location.text(expected)) == expected) }
    }
}

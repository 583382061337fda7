import HTTPEdge
import Kernel
import Ledger
import Logging
import Observability
import Parties
import Testing

@testable import Accounts

/// Holds as staff see and make them (contract, section 6).
@Suite struct HoldTests {
    private func client(_ bank: TestBank) -> InProcessClient {
        var configuration = EdgeConfiguration(cursorKey: Array(repeating: 7, count: 32))
        configuration.rateLimits.isEnabled = false
        configuration.requestTimeLimitSeconds = 600
        let holds = AccountHolds(
            pool: bank.pool, engine: bank.engine, clock: bank.clock, identifiers: bank.identifiers, directory: bank.directory)
        let accounts = AccountEndpoints(queries: bank.queries, opening: bank.opening, changes: bank.changes, closing: bank.closing)
        let server = HTTPServer(
            endpoints: HoldEndpoints(holds, clock: bank.clock).all + accounts.all, authenticator: TokenAuthenticator(),
            rateLimiter: InProcessRateLimiter(clock: bank.clock), configuration: configuration, metrics: MetricsRegistry(),
            logger: .init(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: bank.clock)
        return InProcessClient(server)
    }

    @Test func placedListedReleased() async throws {
        try await TestBank.run { bank in
            let account = try await bank.account(of: try await bank.person(), balance: 100_000)
            let client = client(bank)
            let (supervisor, teller) = (client.signedIn("Supervisor"), client.signedIn("Teller"))
            let path = "/api/accounts/\(account.number)/holds"
            let body = #"{"amount":"300.00","currency":"KES","reason":"Court order 12","expiresAt":"2999-01-01T00:00:00+03:00"}"#
            let key = [(name: "Idempotency-Key", value: "hold-1")]
            let placed = await supervisor.send(.post, path, json: body, headers: key)
            #expect(placed.status == 201 && placed.text("status") == "active" && placed.text("amount") == "300.00")
            #expect(placed.text("currency") == "KES" && placed.text("reason") == "Court order 12")
            #expect(placed.text("expiresAt")?.hasPrefix("2998-12-31T21:00:00") == true && placed.text("placedAt") != nil)
            let id = try #require(placed.text("holdId"))
            #expect(placed.headers["Location"] == "/api/accounts/\(account.id)/holds/\(id)")
            let replay = await supervisor.send(.post, path, json: body, headers: key)
            #expect(replay.status == 201 && replay.body == placed.body && replay.headers["Idempotent-Replayed"] == "true")
            let other = await supervisor.send(
                .post, path, json: #"{"amount":"1.00","currency":"KES","reason":"Court order 12"}"#, headers: key)
            #expect(other.status == 422 && other.problemCode == "idempotency_key_reused")

            let summary = await teller.send(.get, "/api/accounts/\(account.number)/summary")
            #expect(summary.text("holdCount") == "1" && summary.text("holdAmount") == "300.00")
            #expect(summary.text("balance") == "1000.00" && summary.text("availableBalance") == "700.00")
            for reason in ["second", "third"] {
                let more = await supervisor.send(.post, path, json: #"{"amount":10,"currency":"KES","reason":"\#(reason)"}"#)
                #expect(more.status == 201)
            }
            let page = await teller.send(.get, path + "?limit=2")
            #expect(page.text("items", 0, "reason") == "third" && page.text("items", 1, "reason") == "second")
            let rest = await teller.send(.get, path + "?limit=2&cursor=\(page.text("nextCursor") ?? "")")
            #expect(rest.text("items", 0, "holdId") == id && rest.text("nextCursor") == nil)

            let released = await supervisor.send(.delete, path + "/\(id)")
            #expect(released.status == 204 && released.body.isEmpty)
            let again = await supervisor.send(.delete, path + "/\(id)")
            #expect(again.status == 409 && again.problemCode == "invalid_state" && again.text("currentState") == "released")
            let ended = await teller.send(.get, path + "?status=released")
            #expect(ended.text("items", 0, "holdId") == id && ended.text("items", 0, "amount") == "300.00")
            #expect(ended.text("items", 1, "holdId") == nil)
            let state = try #require(try await bank.state(account))
            #expect(state.holdAmount == 2_000 && state.balance == 100_000)
        }
    }

    @Test func refusals() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let account = try await bank.account(of: amina, balance: 100_000)
            let savings = try await bank.account(of: amina, product: "SAV01", balance: 100_000)
            let client = client(bank)
            let supervisor = client.signedIn("Supervisor")
            let path = "/api/accounts/\(account.id)/holds"
            let good = #"{"amount":"1.00","currency":"KES","reason":"order"}"#
            let placed = await supervisor.send(.post, path, json: good)
            let id = try #require(placed.text("holdId"))

            for (role, get, post) in [
                ("Teller", 200, 403), ("Auditor", 200, 403), ("ComplianceOfficer", 200, 201), ("BranchManager", 200, 201),
                ("customer:\(amina.id)", 403, 403),
            ] {
                let user = client.signedIn(role)
                #expect(await user.send(.get, path).status == get, "\(role) looks")
                #expect(await user.send(.post, path, json: good).status == post, "\(role) places")
                if post == 403 { #expect(await user.send(.delete, path + "/\(id)").status == 403, "\(role) releases") }
            }
            let wrong = await supervisor.send(.post, path, json: #"{"amount":"0","currency":"XXX","expiresAt":"tomorrow"}"#)
            #expect(wrong.status == 422 && wrong.faults.contains("reason:required") && wrong.faults.contains("expiresAt:invalid_format"))
            let past = await supervisor.send(
                .post, path, json: #"{"amount":"1.00","currency":"KES","reason":"order","expiresAt":"2001-01-01T00:00:00Z"}"#)
            #expect(past.faults == ["expiresAt:in_past"])
            func code(_ body: String, at path: String = path) async -> String? {
                await supervisor.send(.post, path, json: body).problemCode
            }
            #expect(await code(#"{"amount":"999.99","currency":"KES","reason":"order"}"#) == "insufficient_funds")
            #expect(await code(#"{"amount":"1.00","currency":"USD","reason":"order"}"#) == "currency_mismatch")
            #expect(await code(good, at: "/api/accounts/0010100000099/holds") == "account_not_found")
            // A hold is found under its own account only.
            let elsewhere = await supervisor.send(.delete, "/api/accounts/\(savings.number)/holds/\(id)")
            #expect(elsewhere.status == 404 && elsewhere.problemCode == "not_found")
            #expect(await supervisor.send(.delete, path + "/nonsense").status == 404)
            #expect(await supervisor.send(.get, path + "?status=odd").faults == ["status:unknown_value"])
            // What is on hold keeps the account open.
            let closing = await client.signedIn("BranchManager").send(
                .post, "/api/accounts/\(account.id)/close",
                json: #"{"reason":"moved away","transferToAccountNumber":"\#(savings.number)"}"#)
            #expect(closing.status == 422 && closing.problemCode == "holds_exist")
        }
    }

    @Test func namesAgreeWithTheLedger() {
        #expect(HoldStatus.allCases.map { HoldStatusName($0).rawValue } == HoldStatus.allCases.map(\.name))
        for status in HoldStatus.allCases { #expect(HoldStatusName(status).status == status) }
    }
}

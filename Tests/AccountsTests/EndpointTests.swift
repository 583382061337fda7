import Accounts
import Foundation
import HTTPEdge
import Kernel
import Ledger
import Logging
import Observability
import Parties
import Testing

/// Tokens name people: staff by role, `customer:` and an identifier for customers.
struct TokenAuthenticator: Authenticator {
    func authenticate(bearerToken: String, context: RequestContext) async throws -> Principal {
        if bearerToken.hasPrefix("customer:"), let customer = Identifier<Customer>(bearerToken.dropFirst(9)) {
            return TestBank.principal(1_000, .customer, customer: customer)
        }
        let staff = [TestBank.teller, TestBank.supervisor, TestBank.manager, TestBank.compliance, TestBank.auditor]
        guard let principal = staff.first(where: { $0.username == bearerToken }) else {
            throw Refusal(.unauthenticated, "invalid_token", "The token is not valid")
        }
        return principal
    }
}

@Suite struct EndpointTests {
    private func client(_ bank: TestBank) -> InProcessClient {
        var configuration = EdgeConfiguration(cursorKey: Array(repeating: 7, count: 32))
        configuration.rateLimits.isEnabled = false
        configuration.requestTimeLimitSeconds = 600
        let endpoints = AccountEndpoints(queries: bank.queries, opening: bank.opening, changes: bank.changes, closing: bank.closing)
        let server = HTTPServer(
            endpoints: endpoints.all, authenticator: TokenAuthenticator(), rateLimiter: InProcessRateLimiter(clock: bank.clock),
            configuration: configuration, metrics: MetricsRegistry(), logger: .init(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clock: bank.clock)
        return InProcessClient(server)
    }

    @Test func openReadFreezeCloseOverHTTP() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let client = client(bank)
            let (teller, supervisor) = (client.signedIn("Teller"), client.signedIn("Supervisor"))
            let (manager, owner) = (client.signedIn("BranchManager"), client.signedIn("customer:\(amina.id)"))
            let body = #"{"cifNumber":"\#(amina.cifNumber)","productCode":"CUR01","currency":"KES","alias":" Home ","status":"closed"}"#
            let key = [(name: "Idempotency-Key", value: "open-1")]
            let opened = await teller.send(.post, "/api/accounts/individual", json: body, headers: key)
            #expect(opened.status == 201)
            #expect(opened.text("status") == "active" && opened.text("balance") == "0.00" && opened.text("alias") == "Home")
            #expect(opened.text("accountType") == "current" && opened.text("freezeScope") == "none")
            let id = try #require(opened.text("id"))
            let number = try #require(opened.text("accountNumber"))
            #expect(opened.headers["Location"] == "/api/accounts/\(id)")
            let replay = await teller.send(.post, "/api/accounts/individual", json: body, headers: key)
            #expect(replay.status == 201 && replay.body == opened.body && replay.headers["Idempotent-Replayed"] == "true")

            for reference in [id, number] {
                let read = await owner.send(.get, "/api/accounts/\(reference)")
                #expect(read.status == 200 && read.text("id") == id && read.text("cifNumber") == amina.cifNumber)
            }
            let summary = await owner.send(.get, "/api/accounts/\(number)/summary")
            #expect(summary.text("accruedInterest") == "0.00" && summary.text("holdCount") == "0" && summary.text("cardCount") == "0")
            let balance = await owner.send(.get, "/api/accounts/\(number)/balance?asOf=2020-01-01")
            #expect(balance.status == 200 && balance.text("balance") == "0.00" && balance.text("asOf") == "2020-01-01")
            let future = await owner.send(.get, "/api/accounts/\(number)/balance?asOf=2999-01-01")
            #expect(future.status == 422 && future.faults == ["asOf:out_of_range"])

            let frozen = await supervisor.send(.patch, "/api/accounts/\(id)/freeze", json: #"{"reason":"court order"}"#)
            #expect(frozen.status == 200 && frozen.text("status") == "frozen" && frozen.text("freezeScope") == "all")
            let again = await supervisor.send(.patch, "/api/accounts/\(id)/freeze", json: #"{"reason":"court order"}"#)
            #expect(again.status == 409 && again.problemCode == "invalid_state" && again.text("currentState") == "frozen")
            let free = await manager.send(.patch, "/api/accounts/\(number)/unfreeze", json: #"{"reason":"order lifted"}"#)
            #expect(free.status == 200 && free.text("status") == "active" && free.text("version") == "3")

            let close = [(name: "Idempotency-Key", value: "close-1")]
            let closed = await manager.send(.post, "/api/accounts/\(id)/close", json: #"{"reason":"moved away"}"#, headers: close)
            #expect(closed.status == 200 && closed.text("status") == "closed" && closed.text("closedDate") != nil)
            let closedAgain = await manager.send(.post, "/api/accounts/\(id)/close", json: #"{"reason":"moved away"}"#, headers: close)
            #expect(closedAgain.status == 200 && closedAgain.headers["Idempotent-Replayed"] == "true")
        }
    }

    @Test func customersOpenAccountsOfTheirOwn() async throws {
        try await TestBank.run { bank in
            let (amina, traders) = (try await bank.person(), try await bank.organisation())
            let client = client(bank)
            let path = "/api/customer-portal/accounts/open"
            let person = client.signedIn("customer:\(amina.id)")
            let opened = await person.send(.post, path, json: #"{"productCode":"SAV01","currency":"KES","alias":"Holiday"}"#)
            #expect(opened.status == 201 && opened.text("status") == "active" && opened.text("balance") == "0.00")
            #expect(opened.text("cifNumber") == amina.cifNumber && opened.text("alias") == "Holiday")
            #expect(opened.headers["Location"] == "/api/customer-portal/accounts/\(opened.text("id") ?? "")")
            // Whose account it is no field decides.
            let forged = #"{"productCode":"CUR01","currency":"KES","customerId":"\#(traders.id)","cifNumber":"\#(traders.cifNumber)"}"#
            #expect(await person.send(.post, path, json: forged).text("cifNumber") == amina.cifNumber)
            // The sole signatory of an organisation needs nobody's approval.
            let firm = client.signedIn("customer:\(traders.id)")
            #expect(await firm.send(.post, path, json: #"{"productCode":"CUR01","currency":"KES"}"#).text("status") == "active")
            #expect(
                await person.send(.post, path, json: #"{"productCode":"CUR01","currency":"USD"}"#).problemCode == "currency_not_offered")
            #expect(await person.send(.post, path, json: #"{"productCode":"NONE1","currency":"KES"}"#).problemCode == "product_not_found")
            #expect(await client.signedIn("Teller").send(.post, path, json: #"{"productCode":"CUR01","currency":"KES"}"#).status == 403)
        }
    }

    @Test func businessAccountIsPending() async throws {
        try await TestBank.run { bank in
            let company = try await bank.organisation()
            let director = try await bank.person()
            let client = client(bank)
            let body = #"""
                {"customerId":"\#(company.id)","productCode":"CUR01","currency":"KES",
                 "signatories":[{"cifNumber":"\#(director.cifNumber)","role":"director","canInitiate":true,"canApprove":false}]}
                """#
            let reply = await client.signedIn("Teller").send(.post, "/api/accounts/business", json: body)
            #expect(reply.status == 202 && reply.text("status") == "pendingApproval" && reply.text("entityType") == "account")
            let number = try #require(reply.text("accountNumber"))
            #expect(reply.text("workflowId") != nil)
            let pending = await client.signedIn("Auditor").send(.get, "/api/accounts/\(number)")
            #expect(pending.text("status") == "pendingApproval" && pending.text("id") == reply.text("entityId"))
            let hidden = await client.signedIn("customer:\(company.id)").send(.get, "/api/accounts/\(number)/transactions")
            #expect(hidden.status == 404)
        }
    }

    @Test func rightsAndFields() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let brian = try await bank.person("Brian", "Otieno")
            let account = try await bank.account(of: amina, balance: 1_000)
            let client = client(bank)
            let path = "/api/accounts/\(account.id)"
            #expect(await client.send(.get, path).status == 401)
            #expect(await client.signedIn("customer:\(brian.id)").send(.get, "/api/accounts").status == 403)
            #expect(await client.signedIn("Teller").send(.patch, path + "/freeze", json: #"{"reason":"suspicious"}"#).status == 403)
            #expect(await client.signedIn("Supervisor").send(.patch, path + "/unfreeze", json: #"{"reason":"suspicious"}"#).status == 403)
            #expect(await client.signedIn("Supervisor").send(.post, path + "/close", json: #"{"reason":"suspicious"}"#).status == 403)
            #expect(await client.signedIn("Auditor").send(.get, "/api/accounts").status == 200)

            // Somebody else's account and no account at all cannot be told apart, but for the path that was asked.
            let stranger = client.signedIn("customer:\(brian.id)")
            for suffix in ["", "/summary", "/balance", "/transactions"] {
                let foreign = await stranger.send(.get, path + suffix)
                let missing = await stranger.send(.get, "/api/accounts/01905c5e-0000-7000-8000-000000000001" + suffix)
                #expect(foreign.status == 404 && missing.status == 404)
                for field in ["code", "title", "detail"] { #expect(foreign.text(field) == missing.text(field)) }
            }

            let empty = await client.signedIn("Teller").send(.post, "/api/accounts/individual", json: "{}")
            #expect(empty.status == 422)
            #expect(empty.faults == ["customerId:required", "productCode:required", "currency:required"])
            let wrong = await client.signedIn("Teller").send(
                .post, "/api/accounts/individual",
                json: #"""
                    {"cifNumber":"CIF1","productCode":"cur","currency":"XXX","operatingRule":"most","branchCode":"1",
                     "jointHolders":[{"cifNumber":"CIF000000001","relationship":"","ownershipPercentage":"50.001"}]}
                    """#)
            #expect(
                wrong.faults == [
                    "cifNumber:invalid_format", "productCode:invalid_format", "currency:unknown_currency", "branchCode:invalid_format",
                    "jointHolders[0].relationship:too_short", "jointHolders[0].ownershipPercentage:too_many_decimals",
                    "operatingRule:unknown_value",
                ])
            let shares = await client.signedIn("Teller").send(
                .post, "/api/accounts/individual",
                json: #"""
                    {"cifNumber":"CIF999999999","productCode":"CUR01","currency":"KES","jointHolders":[
                     {"cifNumber":"CIF000000001","relationship":"spouse","ownershipPercentage":60},
                     {"cifNumber":"CIF000000002","relationship":"child","ownershipPercentage":"60"}]}
                    """#)
            #expect(shares.faults == ["jointHolders:out_of_range"])
            let reason = await client.signedIn("Supervisor").send(.patch, path + "/freeze", json: #"{"reason":"why","scope":"credits"}"#)
            #expect(reason.faults == ["reason:too_short", "scope:unknown_value"])
            let filter = await client.signedIn("Auditor").send(
                .get, path + "/transactions?from=2026-02-01&to=2026-01-01&type=gift&minAmount=5&maxAmount=1&limit=0")
            #expect(
                filter.faults == [
                    "limit:out_of_range", "from:out_of_range", "type:unknown_value", "minAmount:out_of_range",
                ])
        }
    }

    @Test func listsArePagedWithCursors() async throws {
        try await TestBank.run { bank in
            let amina = try await bank.person()
            let source = try await bank.account(of: amina, balance: 100_000)
            let target = try await bank.account(of: amina)
            for amount in 1...5 { try await bank.transfer(Int64(amount), from: source, to: target, narration: "n\(amount)") }
            let owner = client(bank).signedIn("customer:\(amina.id)")
            let path = "/api/accounts/\(target.number)/transactions"
            var seen: [String] = []
            var uri = path + "?limit=2"
            for _ in 0..<3 {
                let page = await owner.send(.get, uri)
                #expect(page.status == 200)
                for index in 0..<2 { if let narration = page.text("items", index, "narration") { seen.append(narration) } }
                guard let cursor = page.text("nextCursor") else { break }
                uri = path + "?limit=2&cursor=\(cursor)"
            }
            #expect(seen == ["n5", "n4", "n3", "n2", "n1"])
            let first = await owner.send(.get, path + "?limit=1")
            #expect(first.text("items", 0, "amount") == "0.05" && first.text("items", 0, "direction") == "credit")
            #expect(first.text("items", 0, "counterpartyAccountNumber") == source.number)
            let cursor = try #require(first.text("nextCursor"))
            let foreign = await owner.send(.get, "/api/accounts/\(source.number)/transactions?cursor=\(cursor)")
            #expect(foreign.problemCode == "invalid_cursor")
        }
    }

    /// The names in requests and answers are the ledger's own.
    @Test func namesAgreeWithTheLedger() {
        #expect(Set(AccountStatus.allCases.map { AccountStatusName($0).rawValue }) == Set(AccountStatus.allCases.map(\.name)))
        #expect(Set(FreezeScope.allCases.map { FreezeScopeName($0).rawValue }) == Set(FreezeScope.allCases.map(\.name)))
        for type in TransactionType.allCases {
            #expect(TransactionTypeName(type).rawValue == type.name)
            #expect(TransactionTypeName(type).type == type)
        }
        #expect(TransactionTypeName.allCases.count == TransactionType.allCases.count)
    }
}

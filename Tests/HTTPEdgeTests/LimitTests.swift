import HTTPEdge
import Kernel
import Testing

@Suite struct LimitTests {
    private func edge(_ change: (inout RateLimits) -> Void = { _ in }) -> Edge {
        var configuration = Edge.configuration()
        configuration.rateLimits = RateLimits(perUser: 5, perAddress: 3, signInsPerAddress: 2, recipientLookupsPerUser: 1)
        change(&configuration.rateLimits)
        return Edge(configuration)
    }

    @Test func addressesWithoutTokenAreLimited() async {
        let edge = edge()
        for expected in [2, 1, 0] {
            let response = await edge.client.send(.get, "/api/things/x")
            #expect(response.status == 200)
            #expect(response.headers["RateLimit-Limit"] == "3")
            #expect(response.headers["RateLimit-Remaining"] == String(expected))
            #expect(response.headers["RateLimit-Reset"] == "60")
        }
        edge.clock.advance(seconds: 20)
        let refused = await edge.client.send(.get, "/api/things/x")
        #expect(refused.status == 429 && refused.problemCode == "rate_limited")
        #expect(refused.headers["Retry-After"] == "40" && refused.headers["RateLimit-Remaining"] == "0")
        var other = edge.client
        other.address = "192.0.2.99"
        #expect(await other.send(.get, "/api/things/x").status == 200)
        edge.clock.advance(seconds: 41)
        #expect(await edge.client.send(.get, "/api/things/x").status == 200)
    }

    @Test func theLimitComesBeforeTheMissingToken() async {
        let edge = edge()
        for _ in 0..<3 { #expect(await edge.client.send(.get, "/api/me").status == 401) }
        #expect(await edge.client.send(.get, "/api/me").status == 429)
        // Bad tokens count against the address; a good one still has its own account.
        #expect(await edge.client.signedIn("nonsense").send(.get, "/api/me").status == 429)
        #expect(await edge.client.signedIn("customer").send(.get, "/api/me").status == 200)
    }

    @Test func usersHaveTheirOwnLimitWhateverTheAddress() async {
        let edge = edge()
        for number in 0..<5 {
            var client = edge.client.signedIn("customer")
            client.address = "192.0.2.\(number)"
            #expect(await client.send(.get, "/api/me").status == 200)
        }
        #expect(await edge.client.signedIn("customer").send(.get, "/api/me").status == 429)
        #expect(await edge.client.signedIn("customer2").send(.get, "/api/me").status == 200)
    }

    @Test func classesCountApart() async {
        let edge = edge()
        for _ in 0..<2 { #expect(await edge.client.send(.post, "/api/authentication/login", json: "{}").status == 200) }
        #expect(await edge.client.send(.post, "/api/authentication/login", json: "{}").status == 429)
        #expect(await edge.client.send(.get, "/api/things/x").status == 200)
        let customer = edge.client.signedIn("customer")
        #expect(await customer.send(.get, "/api/lookup").status == 200)
        #expect(await customer.send(.get, "/api/lookup").status == 429)
        #expect(await customer.send(.get, "/api/me").status == 200)
    }

    @Test func subscribersOfOneVersion6NetworkAreOneCaller() async {
        let edge = edge()
        var client = edge.client
        for number in 0..<3 {
            client.address = "2001:db8:0:1::\(number)"
            #expect(await client.send(.get, "/api/things/x").status == 200)
        }
        client.address = "2001:db8:0:1:ffff::1"
        #expect(await client.send(.get, "/api/things/x").status == 429)
        client.address = "2001:db8:0:2::1"
        #expect(await client.send(.get, "/api/things/x").status == 200)
    }

    @Test func healthIsNeverLimitedAndLimitsCanBeLifted() async {
        let edge = edge()
        for _ in 0..<10 { #expect(await edge.client.send(.get, "/health/live").status == 200) }
        let free = self.edge { $0.isEnabled = false }
        for _ in 0..<10 {
            let response = await free.client.send(.post, "/api/authentication/login", json: "{}")
            #expect(response.status == 200 && response.headers["RateLimit-Limit"] == nil)
        }
    }

    @Test func memoryStaysBoundedUnderManyAddresses() async {
        let limiter = InProcessRateLimiter(clock: ManualClock(Timestamp(microseconds: 0)))
        var random = SeededGenerator(state: 1)
        for _ in 0..<400_000 {
            _ = limiter.countNow(RateLimitKey(kind: .standard, caller: UInt128(random.next()) << 64, isUser: false), limit: 5)
        }
        // Strangers beyond what is remembered share a counter, which by now is used up.
        let decision = limiter.countNow(RateLimitKey(kind: .standard, caller: UInt128(random.next()) << 64, isUser: false), limit: 5)
        #expect(!decision.isAllowed)
    }
}

@Suite struct CursorTests {
    let edge = Edge()

    private func numbers(_ response: InProcessResponse) -> [String] {
        guard case .array(let items)? = response["items"] else { return [] }
        return items.compactMap { item in
            if case .object(let object) = item, case .number(let number)? = object["number"] { return number }
            return nil
        }
    }

    @Test func pagesFollowEachOther() async {
        let first = await edge.client.send(.get, "/api/accounts/1/transactions?limit=60")
        #expect(numbers(first).count == 60 && numbers(first).first == "99")
        let cursor = first.text("nextCursor") ?? ""
        // Another limit and unknown parameters are no other query.
        let second = await edge.client.send(.get, "/API/accounts/1/transactions/?cursor=\(cursor)&limit=50&_=1")
        #expect(second.status == 200 && numbers(second).first == "39" && numbers(second).count == 40)
        #expect(second["nextCursor"] == .null)
    }

    @Test func foreignAndForgedCursorsAreRefused() async {
        let page = await edge.client.send(.get, "/api/accounts/1/transactions?limit=10&direction=debit")
        let cursor = page.text("nextCursor") ?? ""
        #expect(await edge.client.send(.get, "/api/accounts/1/transactions?direction=debit&cursor=\(cursor)").status == 200)
        for uri in [
            "/api/accounts/2/transactions?direction=debit&cursor=\(cursor)", "/api/accounts/1/transactions?cursor=\(cursor)",
            "/api/accounts/1/transactions?direction=credit&cursor=\(cursor)",
            "/api/accounts/1/transactions?direction=debit&q=x&cursor=\(cursor)",
            "/api/accounts/1/transactions?direction=debit&cursor=\(cursor)A",
            "/api/accounts/1/transactions?direction=debit&cursor=A\(cursor.dropFirst())", "/api/accounts/1/transactions?cursor=abc",
            "/api/accounts/1/transactions?cursor=%00", "/api/accounts/1/transactions?cursor=\(String(repeating: "A", count: 22))",
        ] {
            let response = await edge.client.send(.get, uri)
            #expect(response.status == 422 && response.problemCode == "invalid_cursor", "\(uri)")
        }
    }

    @Test func otherServersKeysAreForeign() async {
        let page = await edge.client.send(.get, "/api/accounts/1/transactions?limit=10")
        var configuration = Edge.configuration()
        configuration.cursorKey = Array(repeating: 8, count: 32)
        let response = await Edge(configuration).client.send(.get, "/api/accounts/1/transactions?cursor=\(page.text("nextCursor") ?? "")")
        #expect(response.problemCode == "invalid_cursor")
    }
}

import HTTPEdge
import Kernel
import Observability
import Testing

@Suite struct PipelineTests {
    let edge = Edge()
    var client: InProcessClient { edge.client }
    let goodBody = "{\"amount\":\"1.00\",\"currency\":\"KES\",\"reason\":\"because\"}"

    // MARK: Routes

    @Test(arguments: [
        ("/api/things/special", "(special)"), ("/API/Things/SPECIAL/", "(special)"), ("/api/things/Special%2FOne", "Special/One"),
        ("/api/things/KeepCase", "KeepCase"), ("/api/things/a+b", "a+b"), ("/api/things/%C3%A9/", "é"), ("/%61pi/things/x", "x"),
        ("http://elsewhere/api/things/x?y", "x"), ("/api/things/x#y", "x"), ("/api/things/specialty", "specialty"),
    ])
    func paths(uri: String, text: String) async {
        let response = await client.send(.get, uri)
        #expect(response.status == 200)
        #expect(response.text("text") == text)
    }

    @Test(arguments: [
        "/", "/nothing", "/api/things", "/api//things/x", "/api/things/x/y", "/api/things/%ff", "/api/things/%00", "/api/things/%zz", "*",
        "", "api",
        "/api/things/x//", "/api/../api/things/x", "?", "/%",
    ])
    func unknownPaths(uri: String) async {
        let response = await client.send(.get, uri)
        #expect(response.status == 404)
        #expect(response.problemCode == "not_found")
        #expect(response.headers["Content-Type"] == "application/problem+json")
    }

    @Test func otherMethodsAreToldTheAllowedOnes() async {
        let response = await client.send(.post, "/api/things/x", json: "{}")
        #expect(response.status == 405)
        #expect(response.problemCode == "method_not_allowed")
        #expect(response.headers["Allow"] == "GET, HEAD, DELETE, OPTIONS")
        #expect(await client.send(method: "TRACE", "/api/things/special").status == 405)
        // A literal path is that path, also for a method that only the parameter beside it has.
        let literal = await client.send(.delete, "/API/things/Special/")
        #expect(literal.status == 405 && literal.headers["Allow"] == "GET, HEAD, OPTIONS")
    }

    @Test func headIsGetWithoutBody() async {
        let response = await client.send(method: "HEAD", "/api/things/x")
        #expect(response.status == 200 && response.body.isEmpty)
        #expect(response.headers["Content-Type"] == "application/json; charset=utf-8")
    }

    @Test func impossibleIdentifiersInPathsAreNotFound() async {
        #expect(await client.send(.delete, "/api/things/abc").status == 404)
        #expect(await client.send(.delete, "/api/things/0190b8a1-0000-7000-8000-000000000001").status == 204)
    }

    // MARK: Order of checks

    @Test func accessComesBeforeTheBodyAndTheBodyBeforeTheFields() async {
        let path = "/api/accounts/1/holds"
        let nobody = await client.send(.post, path, json: "not json")
        #expect(nobody.status == 401 && nobody.problemCode == "authentication_required")
        #expect(nobody.headers["WWW-Authenticate"] == "Bearer")
        let bad = await client.signedIn("nonsense").send(.post, path, json: "not json")
        #expect(bad.status == 401 && bad.problemCode == "invalid_token")
        let other = await client.signedIn("auditor").send(.post, path, json: "not json")
        #expect(other.status == 403 && other.problemCode == "forbidden")
        let customer = client.signedIn("customer")
        let type = await customer.send(.post, path, json: "not json", headers: [("Content-Type", "text/plain")])
        #expect(type.status == 415 && type.problemCode == "unsupported_media_type")
        let malformed = await customer.send(.post, path, json: "not json")
        #expect(malformed.status == 400 && malformed.problemCode == "malformed_request")
        let fields = await customer.send(.post, path, json: "{}")
        #expect(fields.status == 422 && fields.faults == ["currency:required", "amount:required", "reason:required"])
        #expect(await customer.send(.post, path, json: goodBody).status == 201)
    }

    @Test(arguments: [
        "", "[]", "1", "\"text\"", "null", "{\"a\":1", "{\"a\":1}{}", "{\"a\":1,\"a\":2}", "{\"a\":\"\\ud800\"}", "\u{FEFF}{}",
    ])
    func malformedBodies(json: String) async {
        let response = await client.signedIn("customer").send(.post, "/api/accounts/1/holds", json: json)
        #expect(response.status == 400 && response.problemCode == "malformed_request")
    }

    @Test func bodiesThatAreNotUTF8OrTooLong() async {
        let customer = client.signedIn("customer")
        let json = [(name: "Content-Type", value: "application/json")]
        let broken = await customer.send(
            method: "POST", "/api/accounts/1/holds", body: [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D], headers: json)
        #expect(broken.status == 400)
        let huge = Array(repeating: UInt8(ascii: " "), count: 1_048_577)
        let large = await customer.send(method: "POST", "/api/accounts/1/holds", body: huge, headers: json)
        #expect(large.status == 413 && large.problemCode == "payload_too_large")
        #expect(await client.send(method: "POST", "/api/accounts/1/holds", body: huge, headers: json).status == 401)
        let fits = Array(goodBody.utf8) + huge.prefix(1_048_576 - goodBody.utf8.count)
        #expect(await customer.send(method: "POST", "/api/accounts/1/holds", body: fits, headers: json).status == 201)
    }

    @Test(arguments: [
        ("application/json; charset=utf-8", 201), ("Application/JSON", 201), ("application/json;charset=\"UTF-8\"", 201),
        ("application/json; charset=latin1", 415), ("application/jsonx", 415), ("text/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415), ("", 415),
    ])
    func contentTypes(type: String, status: Int) async {
        let response = await client.signedIn("customer").send(
            .post, "/api/accounts/1/holds", json: goodBody, headers: [("Content-Type", type)])
        #expect(response.status == status)
    }

    @Test func endpointsWithoutBodyNeedNoContentType() async {
        let response = await client.signedIn("teller").send(method: "POST", "/api/staff/report")
        #expect(response.status == 200)
        #expect(await client.signedIn("teller").send(.post, "/api/staff/report", json: "[]").status == 400)
        #expect(await client.send(method: "GET", "/api/things/x", body: Array("garbage".utf8)).status == 200)
        #expect(await client.send(method: "POST", "/api/authentication/refresh").status == 200)
    }

    @Test func staffReadingIsOpenToAuditorsAndAdministrators() async {
        for token in ["teller", "auditor", "administrator"] {
            #expect(await client.signedIn(token).send(.get, "/api/staff/report").status == 200)
        }
        #expect(await client.signedIn("customer").send(.get, "/api/staff/report").status == 403)
        #expect(await client.signedIn("auditor").send(.post, "/api/staff/report", json: "{}").status == 403)
    }

    @Test func temporaryPasswordsOpenOnlyTheirDoor() async {
        let user = client.signedIn("temporary")
        #expect(await user.send(.get, "/api/me").problemCode == "password_change_required")
        #expect(await user.send(.post, "/api/change-password", json: "{}").status == 204)
    }

    @Test func otherAuthenticationSchemesAreNoTokens() async {
        for value in ["Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "customer", "Bearer  nonsense"] {
            #expect(await client.send(.get, "/api/me", headers: [("Authorization", value)]).status == 401)
        }
        #expect(await client.send(.get, "/api/me", headers: [("authorization", "bearer  customer")]).status == 200)
        let twice = await client.send(.get, "/api/me", headers: [("Authorization", "Bearer customer"), ("Authorization", "Bearer teller")])
        #expect(twice.status == 400)
    }

    // MARK: Refusals and failures

    @Test func refusalsBecomeProblems() async {
        let response = await client.signedIn("customer").send(
            .post, "/API/accounts/1/holds/", json: goodBody.replacing("because", with: "refused"), headers: [("Idempotency-Key", "k-1")])
        #expect(response.status == 422)
        #expect(response.text("type") == "urn:wekeza:problem:insufficient_funds")
        #expect(response.text("title") == "There is not enough money on the account")
        #expect(response.text("instance") == "/API/accounts/1/holds/")
        #expect(response.text("status") == "422")
        #expect(response.faults == ["amount:insufficient_funds"])
        #expect(response.text("traceId") == response.headers["X-Trace-Id"])
        #expect(response.headers["Idempotency-Key"] == "k-1")
        #expect(response.headers["Cache-Control"] == "no-store")
    }

    @Test func failuresBecomeProblemsWithoutInternals() async {
        let customer = client.signedIn("customer")
        let transient = await customer.send(.post, "/api/accounts/1/holds", json: goodBody.replacing("because", with: "transient"))
        #expect(transient.status == 503 && transient.problemCode == "temporarily_unavailable")
        #expect(transient.headers["Retry-After"] == "1")
        let unknown = await customer.send(.post, "/api/accounts/1/holds", json: goodBody.replacing("because", with: "unknown"))
        #expect(unknown.status == 500 && unknown.problemCode == "internal")
        #expect(!unknown.text.contains("UnknownFailure"))
        let trace = unknown.text("traceId") ?? "none"
        #expect(edge.log.lines.contains { $0.contains(trace) && $0.contains("UnknownFailure") && $0.contains("\"level\":\"error\"") })
    }

    // MARK: Headers

    @Test func everyResponseCarriesTraceAndSecurityHeaders() async {
        for response in [
            await client.send(.get, "/api/things/x"), await client.send(.get, "/nothing"), await client.send(.post, "/api/me"),
        ] {
            #expect(response.headers["X-Trace-Id"]?.utf8.count == 32)
            #expect(response.headers["X-Content-Type-Options"] == "nosniff")
            #expect(response.headers["Referrer-Policy"] == "no-referrer")
            #expect(response.headers["Cache-Control"] == "no-store")
            #expect(response.headers["Strict-Transport-Security"] == nil)
        }
        let catalogue = await client.send(.get, "/api/catalogue")
        #expect(catalogue.headers["Cache-Control"] == "public, max-age=60")
    }

    @Test(arguments: [
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true),
        ("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", true),
        ("00-00000000000000000000000000000000-b7ad6b7169203331-01", false),
        ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false),
        ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
        ("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false),
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", false), ("00-0af7651916cd43dd", false), ("", false),
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0\r", false),
    ])
    func traces(traceparent: String, isContinued: Bool) async {
        let response = await client.send(.get, "/api/things/x", headers: [("traceparent", traceparent)])
        #expect((response.headers["X-Trace-Id"] == "0af7651916cd43dd8448eb211c80319c") == isContinued)
    }

    @Test func idempotencyKeysAreEchoedMintedOrRefused() async {
        let customer = client.signedIn("customer")
        func send(_ key: String?) async -> InProcessResponse {
            await customer.send(.post, "/api/accounts/1/holds", json: goodBody, headers: key.map { [("Idempotency-Key", $0)] } ?? [])
        }
        let given = await send("abc-123")
        #expect(given.headers["Idempotency-Key"] == "abc-123" && given.text("key") == "abc-123")
        let minted = await send(nil)
        #expect(minted.headers["Idempotency-Key"] == minted.text("key"))
        #expect(Identifier<Account>(minted.text("key") ?? "") != nil)
        for bad in ["", "a b", "é", String(repeating: "x", count: 256), "a\tb", "a\u{7F}"] {
            let response = await send(bad)
            #expect(response.status == 422 && response.faults == ["Idempotency-Key:invalid_format"])
            #expect(response.headers["Idempotency-Key"] == nil)
        }
        let both = await customer.send(.post, "/api/accounts/1/holds", json: "{}", headers: [("Idempotency-Key", "a b")])
        #expect(both.faults.count == 4)
        #expect(await client.send(.post, "/api/authentication/login", json: "{}").headers["Idempotency-Key"] == nil)
        #expect(await client.send(.get, "/api/things/x").headers["Idempotency-Key"] == nil)
    }

    @Test func theDigestIgnoresNotationAndTheScopeIgnoresSpelling() async {
        let customer = client.signedIn("customer")
        let one = await customer.send(.post, "/api/accounts/Ab/holds", json: "{\"amount\":1.5,\"currency\":\"KES\",\"reason\":\"because\"}")
        let two = await customer.send(
            .post, "/API/Accounts/Ab/holds/", json: "{\"reason\":\"because\",\"currency\":\"KES\",\"amount\":15e-1}")
        #expect(one.text("digest") == two.text("digest") && one.text("digest")?.isEmpty == false)
        #expect(one.text("path") == "/api/accounts/Ab/holds" && two.text("path") == one.text("path"))
    }

    @Test func replaysSayThatTheyAre() async {
        let response = await client.send(.post, "/api/replay", json: "{}")
        #expect(response.status == 201 && response.headers["Idempotent-Replayed"] == "true" && response.text("number") == "7")
    }

    @Test func channelsAreKnownOrRefused() async {
        let customer = client.signedIn("customer")
        let personal = await customer.send(.post, "/api/accounts/1/holds", json: goodBody, headers: [("X-Wekeza-Channel", "personal")])
        #expect(personal.text("channel") == "personal")
        #expect(await customer.send(.post, "/api/accounts/1/holds", json: goodBody).text("channel") == "api")
        let bad = await customer.send(.post, "/api/accounts/1/holds", json: goodBody, headers: [("X-Wekeza-Channel", "system")])
        #expect(bad.faults == ["X-Wekeza-Channel:unknown_value"])
    }

    @Test func proxiesAreBelievedOnlyWhenTrusted() async {
        var configuration = Edge.configuration()
        configuration.trustedProxies = ["10.0.0.0/8", "2001:db8::/32"]
        let trusting = Edge(configuration)
        func address(_ peer: String, _ forwarded: String) async -> String? {
            var client = trusting.client.signedIn("customer")
            client.address = peer
            return await client.send(.post, "/api/accounts/1/holds", json: goodBody, headers: [("X-Forwarded-For", forwarded)]).text(
                "address")
        }
        #expect(await address("192.0.2.7", "198.51.100.1") == "192.0.2.7")
        #expect(await address("10.1.2.3", "198.51.100.1") == "198.51.100.1")
        #expect(await address("10.1.2.3", "6.6.6.6, 198.51.100.1, 10.9.9.9") == "198.51.100.1")
        #expect(await address("10.1.2.3", "garbage") == "10.1.2.3")
        #expect(await address("2001:db8::1", "2a00::5") == "2a00::5")
        #expect(await address("10.1.2.3", "10.4.4.4") == "10.4.4.4")
    }

    @Test func cookiesNeedAChannelAndAnAllowedOrigin() async {
        let cookie = (name: "Cookie", value: "theme=dark; wekeza_refresh_personal=secret")
        func refresh(_ headers: [(name: String, value: String)]) async -> InProcessResponse {
            await client.send(method: "POST", "/api/authentication/refresh", headers: [cookie] + headers)
        }
        #expect(await refresh([]).problemCode == "origin_not_allowed")
        #expect(await refresh([("X-Wekeza-Channel", "personal")]).status == 403)
        #expect(await refresh([("Origin", "http://localhost:3001")]).status == 403)
        #expect(await refresh([("Origin", "http://evil.example"), ("X-Wekeza-Channel", "personal")]).status == 403)
        #expect(await refresh([("Origin", "null"), ("X-Wekeza-Channel", "personal")]).status == 403)
        let fine = await refresh([("Origin", "http://localhost:3001"), ("X-Wekeza-Channel", "personal")])
        #expect(fine.status == 200)
        #expect(
            fine.headers["Set-Cookie"] == "wekeza_refresh_personal=secret; Path=/api/authentication; HttpOnly; SameSite=Strict; Max-Age=60")
    }

    @Test func secureConnectionsAreToldByTrustedProxies() async {
        var configuration = Edge.configuration()
        configuration.trustedProxies = ["192.0.2.1"]
        let response = await Edge(configuration).client.send(
            method: "POST", "/api/authentication/refresh", headers: [("X-Forwarded-Proto", "https")])
        #expect(response.headers["Set-Cookie"]?.hasSuffix("; Secure") == true)
        #expect(response.headers["Strict-Transport-Security"] != nil)
        let direct = await client.send(method: "POST", "/api/authentication/refresh", headers: [("X-Forwarded-Proto", "https")])
        #expect(direct.headers["Set-Cookie"]?.contains("Secure") == false)
    }

    // MARK: Other origins

    @Test func allowedOriginsMayCall() async {
        let response = await client.send(.get, "/api/things/x", headers: [("Origin", "http://localhost:3001")])
        #expect(response.headers["Access-Control-Allow-Origin"] == "http://localhost:3001")
        #expect(response.headers["Access-Control-Allow-Credentials"] == "true")
        #expect(response.headers["Access-Control-Expose-Headers"]?.contains("Idempotent-Replayed") == true)
        #expect(response.headers["Vary"] == "Origin")
        for origin in ["http://localhost:3009", "https://bank.example.evil", "http://bank.example", "null", "*", ""] {
            let other = await client.send(.get, "/api/things/x", headers: [("Origin", origin)])
            #expect(other.status == 200 && other.headers["Access-Control-Allow-Origin"] == nil)
        }
        let refusal = await client.send(.get, "/nothing", headers: [("Origin", "https://bank.example")])
        #expect(refusal.headers["Access-Control-Allow-Origin"] == "https://bank.example")
    }

    @Test func preflights() async {
        let headers = [(name: "Origin", value: "http://localhost:3001"), (name: "Access-Control-Request-Method", value: "POST")]
        let response = await client.send(method: "OPTIONS", "/api/accounts/1/holds", headers: headers)
        #expect(response.status == 204)
        #expect(response.headers["Access-Control-Allow-Methods"]?.contains("POST") == true)
        #expect(response.headers["Access-Control-Allow-Headers"]?.contains("X-Step-Up-Token") == true)
        #expect(response.headers["Access-Control-Allow-Origin"] == "http://localhost:3001")
        let foreign = await client.send(
            method: "OPTIONS", "/api/accounts/1/holds",
            headers: [("Origin", "http://evil.example"), ("Access-Control-Request-Method", "POST")])
        #expect(foreign.status == 204 && foreign.headers["Access-Control-Allow-Methods"] == nil)
        #expect(await client.send(method: "OPTIONS", "/nothing", headers: headers).status == 404)
        #expect(await client.send(method: "OPTIONS", "/api/accounts/1/holds").headers["Allow"] == "POST, OPTIONS")
    }

    @Test func longAddressesAndMissingHosts() async {
        let long = await client.send(.get, "/api/things/" + String(repeating: "x", count: 9_000))
        #expect(long.status == 414 && long.problemCode == "malformed_request")
    }
}

import HTTPEdge
import Kernel
import Postgres
import Testing

@testable import Identity

@Suite struct RefreshTests {
    @Test func rotatesOnEveryUse() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            var tokens = try await bank.tokens("amina")
            var seen: Set = [tokens.refresh]
            for _ in 1...4 {
                bank.clock.advance(seconds: 600)
                tokens = try Harness.tokens(in: await bank.refresh(tokens.refresh))
                #expect(seen.insert(tokens.refresh).inserted)
                #expect(await bank.isLive(tokens.access))
            }
            #expect(try await bank.count("SELECT count(*) FROM identity.session") == 1)
        }
    }

    @Test func reuseEndsTheWholeFamily() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let bystander = try await bank.tokens("amina")
            let first = try await bank.tokens("amina")
            let second = try Harness.tokens(in: await bank.refresh(first.refresh))
            bank.clock.advance(seconds: 11)
            let reuse = await bank.refresh(first.refresh)
            #expect(reuse.status == 401)
            #expect(reuse.problemCode == "refresh_token_reused")
            #expect(await bank.refresh(second.refresh).problemCode == "invalid_refresh_token")
            for token in [first.access, second.access] {
                let response = await bank.probe(token)
                #expect(response.status == 401 && response.problemCode == "invalid_token")
            }
            #expect(await bank.isLive(bystander.access), "other sign-ins of the user go on")
            #expect(try await bank.audited("identity.refreshReuse") == 1)
        }
    }

    @Test func forgivesALostReplyOnce() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let first = try await bank.tokens("amina")
            let lost = try Harness.tokens(in: await bank.refresh(first.refresh))
            bank.clock.advance(seconds: 10)
            let second = try Harness.tokens(in: await bank.refresh(first.refresh))
            #expect(second.refresh != lost.refresh)
            #expect(await bank.refresh(lost.refresh).problemCode == "invalid_refresh_token")
            #expect(await bank.refresh(second.refresh).status == 200)
        }
    }

    @Test func aUsedSuccessorEndsTheGrace() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let first = try await bank.tokens("amina")
            let second = try Harness.tokens(in: await bank.refresh(first.refresh))
            let third = try Harness.tokens(in: await bank.refresh(second.refresh))
            #expect(await bank.refresh(first.refresh).problemCode == "refresh_token_reused")
            #expect(await bank.refresh(third.refresh).problemCode == "invalid_refresh_token")
        }
    }

    @Test func parallelRefreshesLeaveOneSuccessor() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let first = try await bank.tokens("amina")
            let answers = await withTaskGroup(of: InProcessResponse.self) { group in
                for _ in 0..<12 { group.addTask { await bank.refresh(first.refresh) } }
                return await group.reduce(into: [InProcessResponse]()) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.status == 200 })
            #expect(
                try await bank.count(
                    "SELECT count(*) FROM identity.refresh_token WHERE spent_at IS NULL AND revoked_at IS NULL") == 1)
            var usable = 0
            for answer in answers {
                let response = await bank.refresh(try Harness.tokens(in: answer).refresh)
                if response.status == 200 { usable += 1 } else { #expect(response.problemCode == "invalid_refresh_token") }
            }
            #expect(usable == 1)
        }
    }

    @Test func refusesUnknownAndForeignTokens() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let tokens = try await bank.tokens("amina")
            for token in ["x", String(repeating: "A", count: 43), tokens.access] {
                let response = await bank.refresh(token)
                #expect(response.status == 401 || (token.utf8.count > 512 && response.status == 422))
            }
            let absent = await bank.client.send(.post, "/api/authentication/refresh", json: "{}")
            #expect(absent.status == 422 && absent.faults == ["refreshToken:required"])
            #expect(await bank.client.send(.post, "/api/authentication/refresh").status == 422)
            // A refresh token is no access token.
            #expect(await bank.probe(tokens.refresh).problemCode == "invalid_token")
        }
    }

    @Test func sessionsEndAfterTwelveHoursWhateverHappens() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            var tokens = try await bank.tokens("amina")
            for _ in 1..<72 {
                bank.clock.advance(seconds: 600)
                tokens = try Harness.tokens(in: await bank.refresh(tokens.refresh))
            }
            bank.clock.advance(seconds: 599)
            let last = await bank.refresh(tokens.refresh)
            #expect(last.text("expiresIn") == "1", "a token does not outlive its session")
            bank.clock.advance(seconds: 1)
            #expect(await bank.refresh(try Harness.tokens(in: last).refresh).problemCode == "invalid_refresh_token")
        }
    }

    @Test func idleSessionsCannotBeRefreshed() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let tokens = try await bank.tokens("amina")
            bank.clock.advance(seconds: 1_799)
            let renewed = try Harness.tokens(in: await bank.refresh(tokens.refresh))
            bank.clock.advance(seconds: 1_800)
            #expect(await bank.refresh(renewed.refresh).problemCode == "invalid_refresh_token")
        }
    }
}

/// The refresh token of a browser channel (contract, 1.8).
@Suite struct CookieTests {
    /// Value and attributes of the cookie that a response sets.
    private func cookie(_ response: InProcessResponse) throws -> (value: String, text: String) {
        let text = try #require(response.headers["Set-Cookie"])
        let pair = try #require(text.split(separator: ";").first)
        return (String(pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)[1]), text)
    }

    @Test func staysInTheCookie() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let signedIn = await bank.login("amina", channel: "personal")
            #expect(signedIn.json.map { "\($0)".contains("refreshToken") } == false)
            let (value, text) = try cookie(signedIn)
            #expect(text.hasPrefix("wekeza_refresh_personal=\(value); Path=/api/authentication; HttpOnly; SameSite=Strict; Max-Age="))
            #expect(!text.contains("Secure"))

            let browser = [
                ("X-Wekeza-Channel", "personal"), ("Origin", Harness.origin), ("Cookie", "a=b; wekeza_refresh_personal=\(value)"),
            ]
            let renewed = await bank.client.send(.post, "/api/authentication/refresh", headers: browser)
            #expect(renewed.status == 200)
            #expect(renewed["refreshToken"] == nil)
            #expect(try cookie(renewed).value != value)
        }
    }

    @Test func isSecureOverHTTPS() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let response = await bank.client.send(
                .post, "/api/authentication/login", json: #"{"username":"amina","password":"\#(Harness.password)"}"#,
                headers: [("X-Wekeza-Channel", "personal"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "198.51.100.7")])
            #expect(try cookie(response).text.hasSuffix("; Secure"))
        }
    }

    @Test func demandsChannelAndOrigin() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let value = try cookie(await bank.login("amina", channel: "personal")).value
            let cookieHeader = ("Cookie", "wekeza_refresh_personal=\(value)")
            let refused: [[(name: String, value: String)]] = [
                [cookieHeader], [cookieHeader, ("X-Wekeza-Channel", "personal")], [cookieHeader, ("Origin", Harness.origin)],
                [cookieHeader, ("X-Wekeza-Channel", "personal"), ("Origin", "https://evil.example")],
                [cookieHeader, ("X-Wekeza-Channel", "personal"), ("Origin", "null")],
                [cookieHeader, ("X-Wekeza-Channel", "personal"), ("Origin", Harness.origin + ".evil.example")],
            ]
            for path in ["refresh", "logout"] {
                for headers in refused {
                    let response = await bank.client.send(.post, "/api/authentication/\(path)", headers: headers)
                    #expect(response.status == 403 && response.problemCode == "origin_not_allowed", "\(path) \(headers)")
                }
            }
            #expect(try await bank.count("SELECT count(*) FROM identity.session WHERE ended_at IS NULL") == 1)
        }
    }

    @Test func neverServesAnotherChannelOrABody() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let value = try cookie(await bank.login("amina", channel: "personal")).value
            let stolen = await bank.client.send(
                .post, "/api/authentication/refresh",
                headers: [
                    ("X-Wekeza-Channel", "corporate"), ("Origin", Harness.origin), ("Cookie", "wekeza_refresh_corporate=\(value)"),
                ])
            #expect(stolen.problemCode == "invalid_refresh_token")
            #expect(await bank.refresh(value).problemCode == "invalid_refresh_token")
            let apiToken = try await bank.tokens("amina").refresh
            let asCookie = await bank.client.send(
                .post, "/api/authentication/refresh",
                headers: [
                    ("X-Wekeza-Channel", "personal"), ("Origin", Harness.origin), ("Cookie", "wekeza_refresh_personal=\(apiToken)"),
                ])
            #expect(asCookie.problemCode == "invalid_refresh_token")
            let none = await bank.client.send(.post, "/api/authentication/refresh", headers: [("X-Wekeza-Channel", "personal")])
            #expect(none.status == 401 && none.problemCode == "invalid_refresh_token")
        }
    }

    @Test func logoutClearsTheCookie() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let signedIn = await bank.login("amina", channel: "personal")
            let value = try cookie(signedIn).value
            let browser = [("X-Wekeza-Channel", "personal"), ("Origin", Harness.origin), ("Cookie", "wekeza_refresh_personal=\(value)")]
            let response = await bank.client.send(.post, "/api/authentication/logout", headers: browser)
            #expect(response.status == 204)
            #expect(
                try cookie(response).text.contains(
                    "wekeza_refresh_personal=; Path=/api/authentication; HttpOnly; SameSite=Strict; Max-Age=0"))
            #expect(await !bank.isLive(try #require(signedIn.text("token"))))
        }
    }
}

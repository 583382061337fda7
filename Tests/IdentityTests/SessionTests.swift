import HTTPEdge
import Kernel
import Postgres
import Safeguards
import TestKit
import Testing

@testable import Identity

@Suite struct SessionTests {
    @Test func logoutTakesWhateverProvesTheSession() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let byBearer = try await bank.tokens("amina")
            #expect(await bank.client.signedIn(byBearer.access).send(.post, "/api/authentication/logout").status == 204)
            #expect(await !bank.isLive(byBearer.access))
            #expect(await bank.refresh(byBearer.refresh).problemCode == "invalid_refresh_token")

            let byBody = try await bank.tokens("amina")
            let json = #"{"refreshToken":"\#(byBody.refresh)"}"#
            #expect(await bank.client.send(.post, "/api/authentication/logout", json: json).status == 204)
            #expect(await !bank.isLive(byBody.access))
            #expect(try await bank.audited("identity.logout") == 2)

            let late = try await bank.tokens("amina")
            bank.clock.advance(seconds: 700)
            #expect(await bank.client.signedIn(late.access).send(.post, "/api/authentication/logout").status == 204)
            #expect(await bank.refresh(late.refresh).problemCode == "invalid_refresh_token")
        }
    }

    @Test func logoutAlwaysAnswersTheSame() async throws {
        try await Harness.run { bank in
            for token in ["", "nonsense", "a.b.c"] {
                #expect(await bank.client.signedIn(token).send(.post, "/api/authentication/logout").status == 204)
            }
            #expect(await bank.client.send(.post, "/api/authentication/logout").status == 204)
            #expect(await bank.client.send(.post, "/api/authentication/logout", json: #"{"refreshToken":"x"}"#).status == 204)
            #expect(await bank.client.send(.post, "/api/authentication/logout", json: #"{"refreshToken":""}"#).status == 204)
        }
    }

    @Test func showsAndEndsOwnSessions() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let old = try await bank.tokens("amina")
            bank.clock.advance(seconds: 60)
            _ = await bank.login("amina", channel: "personal")
            bank.clock.advance(seconds: 60)
            let current = try await bank.tokens("amina")
            let client = bank.client.signedIn(current.access)

            let list = await client.send(.get, "/api/authentication/sessions")
            #expect(list.status == 200)
            #expect(list["items", 0, "current"] == .boolean(true))
            #expect(list.text("items", 1, "channel") == "personal")
            #expect(list["items", 0, "channel"] == nil)
            #expect(list["items", 2, "current"] == .boolean(false))
            #expect(list["items", 3] == nil)
            #expect(list["nextCursor"] == .null)

            let oldID = try #require(list.text("items", 2, "sessionId"))
            #expect(await client.send(.delete, "/api/authentication/sessions/\(oldID)").status == 204)
            #expect(await !bank.isLive(old.access))
            #expect(await client.send(.delete, "/api/authentication/sessions/\(oldID)").status == 404)

            #expect(await client.send(.delete, "/api/authentication/sessions").status == 204)
            let left = await client.send(.get, "/api/authentication/sessions")
            #expect(left["items", 0] != nil && left["items", 1] == nil)
            #expect(await bank.isLive(current.access))
        }
    }

    @Test func pagesSessions() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            var access = ""
            for _ in 1...5 {
                bank.clock.advance(seconds: 1)
                access = try await bank.tokens("amina").access
            }
            let client = bank.client.signedIn(access)
            var uri = "/api/authentication/sessions?limit=2"
            var seen: [String] = []
            for _ in 1...3 {
                let page = await client.send(.get, uri)
                for index in 0..<2 { if let id = page.text("items", index, "sessionId") { seen.append(id) } }
                guard let cursor = page.text("nextCursor") else { break }
                uri = "/api/authentication/sessions?limit=2&cursor=\(cursor)"
            }
            #expect(seen.count == 5 && Set(seen).count == 5)
            #expect(await client.send(.get, "/api/authentication/sessions?limit=0").status == 422)
            #expect(await client.send(.get, "/api/authentication/sessions?cursor=AAAA").problemCode == "invalid_cursor")
        }
    }

    @Test func anotherUsersSessionDoesNotExist() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            try await bank.customer("david")
            let amina = try await bank.tokens("amina")
            let david = try await bank.tokens("david")
            let list = await bank.client.signedIn(david.access).send(.get, "/api/authentication/sessions")
            let id = try #require(list.text("items", 0, "sessionId"))
            let client = bank.client.signedIn(amina.access)
            let foreign = await client.send(.delete, "/api/authentication/sessions/\(id)")
            let missing = await client.send(.delete, "/api/authentication/sessions/\(Identifier<Session>(bits: 5))")
            let impossible = await client.send(.delete, "/api/authentication/sessions/abc")
            for response in [foreign, missing, impossible] {
                #expect(response.status == 404 && response.problemCode == "not_found")
                #expect(response.text("detail") == foreign.text("detail"))
            }
            #expect(await bank.isLive(david.access))
        }
    }

    @Test func idleSessionsEnd() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            // A token that lives longer than the idle time, as one of another instance's configuration might.
            let tokens = try await bank.tokens("amina")
            let (long, session) = try await longToken(bank, of: tokens)
            bank.clock.advance(seconds: 1_799)
            #expect(await bank.isLive(long))
            bank.clock.advance(seconds: 1_799)
            #expect(await bank.isLive(long), "each request starts the idle time anew")
            bank.clock.advance(seconds: 30)
            #expect(await bank.isLive(long), "this one is not written down, and counts all the same")
            bank.clock.advance(seconds: 1_799)
            #expect(await bank.isLive(long))
            bank.clock.advance(seconds: 1_800)
            let response = await bank.probe(long)
            #expect(response.status == 401 && response.problemCode == "invalid_token")
            #expect(response.headers["WWW-Authenticate"]?.hasPrefix("Bearer") == true)
            _ = session
        }
    }

    @Test func sessionsEndAbsolutely() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let (long, _) = try await longToken(bank, of: try await bank.tokens("amina"))
            for _ in 1...28 {
                bank.clock.advance(seconds: 1_500)
                #expect(await bank.isLive(long))
            }
            bank.clock.advance(seconds: 1_199)
            #expect(await bank.isLive(long))
            bank.clock.advance(seconds: 1)
            #expect(await !bank.isLive(long))
        }
    }

    @Test func accessTokensExpire() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let tokens = try await bank.tokens("amina")
            bank.clock.advance(seconds: 599)
            #expect(await bank.isLive(tokens.access))
            bank.clock.advance(seconds: 1)
            #expect(await bank.probe(tokens.access).problemCode == "invalid_token")
        }
    }

    @Test func disablingActsAtOnce() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let tokens = try await bank.tokens("amina")
            #expect(await bank.isLive(tokens.access))
            try await bank.execute("UPDATE identity.user_account SET disabled_at = now()")
            #expect(await bank.probe(tokens.access).problemCode == "invalid_token")
            #expect(await bank.refresh(tokens.refresh).problemCode == "invalid_refresh_token")
        }
    }

    @Test func changedRightsActAtOnce() async throws {
        try await Harness.run { bank in
            try await bank.teller("mercy")
            let tokens = try await bank.tokens("mercy")
            #expect(await bank.probe(tokens.access).text("roles", 0) == "Teller")
            try await bank.execute("UPDATE identity.user_account SET roles = '{Supervisor,Unheard}', branch_code = '002'")
            let response = await bank.probe(tokens.access)
            #expect(response.text("roles", 0) == "Supervisor")
            #expect(response["roles", 1] == nil)
            #expect(response.text("branchCode") == "002")
        }
    }

    @Test func onlyItsOwnUserMayUseASession() async throws {
        try await Harness.run { bank in
            let amina = try await bank.customer("amina")
            let david = try await bank.customer("david")
            _ = try await bank.tokens("amina")
            let session = try await session(of: amina, bank)
            let signer = TokenSigner(keys: bank.keys)
            func token(_ user: Identifier<User>, _ session: Identifier<Session>) throws -> String {
                try signer.sign(
                    userID: user, sessionID: session, tokenID: "x", roles: RoleSet(.administrator), customerID: nil, at: bank.clock.now()
                ).token
            }
            #expect(await bank.isLive(try token(amina, session)))
            #expect(await bank.probe(try token(amina, session)).text("roles", 0) == "Customer", "rights come from the table")
            #expect(await !bank.isLive(try token(david, session)))
            #expect(await !bank.isLive(try token(amina, Identifier(bits: 9))))
        }
    }

    @Test func writesDownWhenSessionsWereSeen() async throws {
        try await Harness.run { bank in
            let id = try await bank.customer("amina")
            let tokens = try await bank.tokens("amina")
            func behind() async throws -> Int64 {
                await bank.module.services.activity.flush()
                let stored = try await bank.database.superuserPool.read { transaction in
                    try transaction.query("SELECT last_seen_at FROM identity.session WHERE user_id = \(id)").first?.timestamp(0)
                }
                return stored.map { bank.clock.now().seconds(since: $0) } ?? -1
            }
            bank.clock.advance(seconds: 59)
            #expect(await bank.isLive(tokens.access))
            #expect(try await behind() == 59, "at most once a minute")
            bank.clock.advance(seconds: 1)
            #expect(await bank.isLive(tokens.access))
            for _ in 0..<200 where try await behind() != 0 { try await Task.sleep(for: .milliseconds(10)) }
            #expect(try await behind() == 0)
        }
    }

    @Test func manyRequestsAtOnceEachGetTheirOwnAnswer() async throws {
        try await Harness.run { bank in
            var tokens: [(String, String)] = []
            for number in 0..<6 {
                let name = "user\(number)"
                try await bank.customer(name)
                tokens.append((name, try await bank.tokens(name).access))
            }
            let wrong = await withTaskGroup(of: Bool.self) { group in
                for round in 0..<300 {
                    let (name, token) = tokens[round % tokens.count]
                    group.addTask {
                        await bank.client.signedIn(token).send(.get, "/api/authentication/me").text("username") != name
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(wrong == 0)
        }
    }

    @Test func forgetsOldSessions() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            _ = try await bank.tokens("amina")
            _ = await bank.login("nobody", "wrong password")
            bank.clock.advance(seconds: 86_401)
            #expect(try await bank.module.purge() == 1)
            bank.clock.advance(seconds: 31 * 86_400)
            #expect(try await bank.module.purge() == 2, "the session, and the note that it is gone")
            #expect(try await bank.count("SELECT count(*) FROM identity.refresh_token") == 0)
        }
    }

    private func session(of user: Identifier<User>, _ bank: Harness) async throws -> Identifier<Session> {
        let found = try await bank.database.superuserPool.read { transaction in
            try transaction.query("SELECT session_id FROM identity.session WHERE user_id = \(user)").first?
                .identifier(0, as: Session.self)
        }
        return try #require(found)
    }

    private func longToken(
        _ bank: Harness, of tokens: Harness.Tokens
    ) async throws -> (token: String, session: Identifier<Session>) {
        let read = try TokenVerifier(keys: bank.keys, clock: bank.clock).verify(tokens.access)
        let signer = TokenSigner(keys: bank.keys, lifetimeSeconds: 86_400)
        let token = try signer.sign(
            userID: read.userID, sessionID: read.sessionID, tokenID: "long", roles: RoleSet(.customer), customerID: nil,
            at: bank.clock.now()
        ).token
        return (token, read.sessionID)
    }
}

@Suite struct ChangePasswordTests {
    private func change(_ bank: Harness, _ token: String, _ current: String, _ new: String) async -> InProcessResponse {
        await bank.client.signedIn(token).send(
            .post, "/api/authentication/change-password", json: #"{"currentPassword":"\#(current)","newPassword":"\#(new)"}"#)
    }

    @Test func endsEveryOtherSession() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let other = try await bank.tokens("amina")
            let current = try await bank.tokens("amina")
            #expect(await change(bank, current.access, Harness.password, "Another-Horse-8").status == 204)
            #expect(await !bank.isLive(other.access))
            #expect(await bank.refresh(other.refresh).problemCode == "invalid_refresh_token")
            #expect(await bank.isLive(current.access))
            #expect(await bank.refresh(current.refresh).status == 200)
            #expect(await bank.login("amina").status == 401)
            #expect(await bank.login("amina", "Another-Horse-8").status == 200)
            #expect(try await bank.audited("identity.passwordChange", outcome: 1) == 1)
            #expect(
                try await bank.count("SELECT count(*) FROM notifications.message WHERE template = 'identity.passwordChanged'") == 1)
        }
    }

    @Test func namesTheRuleThatIsBroken() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let token = try await bank.tokens("amina").access
            for (new, code) in [
                ("short", "too_short"), (String(repeating: "x", count: 129), "too_long"), ("password123", "breached"),
                ("my-AMINA-word", "contains_username"), (Harness.password, "unchanged"),
            ] {
                let response = await change(bank, token, Harness.password, new)
                #expect(response.status == 422 && response.faults == ["newPassword:\(code)"], "\(new)")
            }
            #expect(await change(bank, token, "", "").faults == ["currentPassword:too_short", "newPassword:too_short"])
            #expect(try await bank.count("SELECT count(*) FROM identity.login_failure") == 0)
        }
    }

    @Test func wrongPresentPasswordsCountAsFailures() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let token = try await bank.tokens("amina").access
            for _ in 1...5 {
                let response = await change(bank, token, "wrong password", "Another-Horse-8")
                #expect(response.status == 422 && response.faults == ["currentPassword:incorrect"])
            }
            let response = await change(bank, token, Harness.password, "Another-Horse-8")
            #expect(response.status == 429 && response.problemCode == "too_many_attempts")
            #expect(await bank.login("amina").status == 429)
        }
    }

    @Test func needsAToken() async throws {
        try await Harness.run { bank in
            let response = await bank.client.send(.post, "/api/authentication/change-password", json: "{}")
            #expect(response.status == 401 && response.problemCode == "authentication_required")
        }
    }
}

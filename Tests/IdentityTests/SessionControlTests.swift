import HTTPEdge
import Kernel
import Postgres
import Safeguards
import TestKit
import Testing

@testable import Identity

/// OWASP ASVS 4.0.3, level 2, chapter V3: each applicable control by its number. docs/security-controls.md lists them all.
@Suite struct SessionControlTests {
    private func cookie(_ response: InProcessResponse) -> String {
        String(response.headers["Set-Cookie"]?.split(separator: ";").first ?? "")
    }

    @Test("ASVS 3.1.1: no address carries a token")
    func asvs3_1_1() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let tokens = try await bank.tokens("amina")
            for name in ["token", "access_token", "refreshToken"] {
                #expect(await bank.client.send(.get, "/api/probe?\(name)=\(tokens.access)").status == 401)
            }
            let refreshed = await bank.client.send(.post, "/api/authentication/refresh?refreshToken=\(tokens.refresh)", json: "{}")
            #expect(refreshed.faults == ["refreshToken:required"])
            #expect(await bank.login("amina").headers["Location"] == nil)
        }
    }

    @Test("ASVS 3.2.1: every sign-in makes a session of its own")
    func asvs3_2_1() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let first = try await bank.tokens("amina")
            let second = try await bank.tokens("amina")
            #expect(first.access != second.access && first.refresh != second.refresh)
            #expect(try await bank.count("SELECT count(*) FROM identity.session") == 2)
        }
    }

    @Test("ASVS 3.2.2: a session token has 256 bits of the system's randomness")
    func asvs3_2_2() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let token = try await bank.tokens("amina").refresh
            #expect(Base64URL.decode(token)?.count == 32)
            #expect(Set((0..<1_000).map { _ in SystemRandom().token() }).count == 1_000)
        }
    }

    @Test("ASVS 3.2.3 and 3.4.2: a browser keeps the refresh token where no script reads it, and nowhere else")
    func asvs3_2_3_and_3_4_2() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let login = await bank.login("amina", channel: "personal")
            #expect(login["refreshToken"] == nil)
            #expect(login.headers["Set-Cookie"]?.contains("; HttpOnly") == true)
        }
    }

    @Test("ASVS 3.2.4 and 3.5.3: tokens are signed with ES256, and a changed one is none")
    func asvs3_2_4_and_3_5_3() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let token = try await bank.tokens("amina").access
            let parts = token.split(separator: ".").map(String.init)
            let header = String(decoding: Base64URL.decode(parts[0]) ?? [], as: UTF8.self)
            #expect(header.contains(#""alg":"ES256""#) && header.contains(#""typ":"at+jwt""#))
            var payload = Base64URL.decode(parts[1]) ?? []
            payload[payload.count / 2] ^= 1
            let unsigned = Base64URL.encode(Array(#"{"alg":"none","typ":"at+jwt"}"#.utf8))
            for forged in ["\(parts[0]).\(Base64URL.encode(payload)).\(parts[2])", "\(unsigned).\(parts[1]).", "\(parts[0]).\(parts[1])."] {
                #expect(await bank.probe(forged).problemCode == "invalid_token")
            }
        }
    }

    @Test("ASVS 3.3.1: signing out ends the session for good, back button or not")
    func asvs3_3_1() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let tokens = try await bank.tokens("amina")
            #expect(await bank.client.signedIn(tokens.access).send(.post, "/api/authentication/logout").status == 204)
            #expect(await bank.probe(tokens.access).problemCode == "invalid_token")
            #expect(await bank.refresh(tokens.refresh).problemCode == "invalid_refresh_token")
            #expect(await bank.probe(tokens.access).headers["Cache-Control"] == "no-store")
        }
    }

    @Test("ASVS 3.3.2: a session ends after 30 idle minutes and after 12 hours")
    func asvs3_3_2() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let idle = try await bank.tokens("amina")
            bank.clock.advance(seconds: 30 * 60)
            #expect(await bank.refresh(idle.refresh).problemCode == "invalid_refresh_token")
            var used = try await bank.tokens("amina")
            for _ in 1..<72 {
                bank.clock.advance(seconds: 600)
                used = try Harness.tokens(in: await bank.refresh(used.refresh))
            }
            bank.clock.advance(seconds: 600)
            #expect(await bank.refresh(used.refresh).problemCode == "invalid_refresh_token")
        }
    }

    @Test("ASVS 3.3.3: a changed password ends every other session, a reset one every session")
    func asvs3_3_3() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let other = try await bank.tokens("amina")
            let own = try await bank.tokens("amina")
            let changed = await bank.post(
                "change-password", #"{"currentPassword":"\#(Harness.password)","newPassword":"Another-Horse-8"}"#, token: own.access)
            #expect(changed.status == 204)
            #expect(await !bank.isLive(other.access))
            #expect(await bank.isLive(own.access))
            _ = await bank.post("forgot-password", #"{"username":"amina"}"#)
            try await bank.dispatchEvents()
            let token = try #require(try await bank.newestSecrets("identity.passwordReset").first)
            _ = await bank.post("reset-password", #"{"token":"\#(token)","newPassword":"Third-Horse-77"}"#)
            #expect(await !bank.isLive(own.access))
        }
    }

    @Test("ASVS 3.3.4: users see their sessions and end them")
    func asvs3_3_4() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            try await bank.customer("brian")
            let other = try await bank.tokens("amina")
            bank.clock.advance(seconds: 1)
            let own = bank.client.signedIn(try await bank.tokens("amina").access)
            let list = await own.send(.get, "/api/authentication/sessions")
            #expect(list["items", 0, "current"] == .boolean(true) && list["items", 1, "current"] == .boolean(false))
            let id = try #require(list.text("items", 1, "sessionId"))
            let stranger = bank.client.signedIn(try await bank.tokens("brian").access)
            #expect(await stranger.send(.delete, "/api/authentication/sessions/\(id)").status == 404)
            #expect(await own.send(.delete, "/api/authentication/sessions/\(id)").status == 204)
            #expect(await !bank.isLive(other.access))
        }
    }

    @Test("ASVS 3.4.1, 3.4.3 and 3.4.5: the cookie is Secure over HTTPS, SameSite=Strict, and goes to the authentication paths only")
    func asvs3_4_1_and_3_4_3_and_3_4_5() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let json = #"{"username":"amina","password":"\#(Harness.password)"}"#
            let secure = await bank.post("login", json, headers: [("X-Wekeza-Channel", "personal"), ("X-Forwarded-Proto", "https")])
            let text = try #require(secure.headers["Set-Cookie"])
            for attribute in ["; Secure", "; SameSite=Strict", "; Path=/api/authentication", "; HttpOnly"] {
                #expect(text.contains(attribute), "\(attribute)")
            }
            // Whoever is no trusted proxy cannot claim HTTPS.
            var stranger = bank.client
            stranger.address = "198.51.100.7"
            let plain = await stranger.send(
                .post, "/api/authentication/login", json: json,
                headers: [("X-Wekeza-Channel", "personal"), ("X-Forwarded-Proto", "https")])
            #expect(plain.headers["Set-Cookie"]?.contains("; Secure") == false)
        }
    }

    @Test("ASVS 3.4.3: a cookie works from the bank's own pages only")
    func asvs3_4_3() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let cookie = cookie(await bank.login("amina", channel: "personal"))
            func refresh(_ headers: [(name: String, value: String)]) async -> InProcessResponse {
                await bank.client.send(.post, "/api/authentication/refresh", headers: [("Cookie", cookie)] + headers)
            }
            let foreign = [("X-Wekeza-Channel", "personal"), ("Origin", "https://evil.example")]
            for headers in [[], [("X-Wekeza-Channel", "personal")], [("Origin", Harness.origin)], foreign] as [[(String, String)]] {
                let answer = await refresh(headers.map { (name: $0.0, value: $0.1) })
                #expect(answer.status == 403 && answer.problemCode == "origin_not_allowed")
            }
            #expect(await refresh([("X-Wekeza-Channel", "personal"), ("Origin", Harness.origin)]).status == 200)
        }
    }

    @Test("ASVS 3.5.2: no key stands for a session; what lasts is a token that is spent with every use")
    func asvs3_5_2() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let tokens = try await bank.tokens("amina")
            let next = try Harness.tokens(in: await bank.refresh(tokens.refresh))
            bank.clock.advance(seconds: 11)
            #expect(await bank.refresh(tokens.refresh).problemCode == "refresh_token_reused")
            #expect(await !bank.isLive(next.access), "the whole family ends")
        }
    }

    @Test("ASVS 3.7.1: what is sensitive asks for the password or a second factor again")
    func asvs3_7_1() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let token = try await bank.tokens("amina").access
            #expect(await bank.post("mfa/enrol", "{}", token: token).faults == ["password:required"])
            #expect(await bank.post("mfa/disable", "{}", token: token).faults == ["password:required", "code:required"])
            #expect(await bank.post("change-password", #"{"newPassword":"Another-Horse-8"}"#, token: token).status == 422)
            let amina = try await StepUpTests.Customer(bank, isNew: false)
            let refusal = try await bank.module.stepUp.challenge(for: StepUpTests.transfer, context: amina.context(key: "k"))
            #expect(refusal.code == "step_up_required")
        }
    }
}

import HTTPEdge
import Kernel
import Postgres
import Safeguards
import TestKit
import Testing

@testable import Identity

@Suite struct PasswordResetTests {
    /// Asks for a reset and lets the message be made; the token in it, if there is a message.
    private func ask(_ bank: Harness, _ name: String) async throws -> String {
        // Identifiers order by milliseconds, and the newest message is sought.
        bank.clock.advance(seconds: 1)
        let before = try await bank.messages("identity.passwordReset")
        let answer = await bank.post("forgot-password", #"{"username":"\#(name)"}"#)
        #expect(answer.status == 202)
        try await bank.dispatchEvents()
        guard try await bank.messages("identity.passwordReset") > before else { return "" }
        return try await bank.newestSecrets("identity.passwordReset").first ?? ""
    }

    private func reset(_ bank: Harness, _ token: String, _ password: String = "Another-Horse-8") async -> InProcessResponse {
        await bank.post("reset-password", #"{"token":"\#(token)","newPassword":"\#(password)"}"#)
    }

    @Test func everybodyIsAnsweredAlike() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            var bodies: Set<String> = []
            for name in ["amina", "AMINA", "nobody", "amina@example.com", "nobody@example.com", "имя", "'; DROP TABLE users; --"] {
                let answer = await bank.post("forgot-password", #"{"username":"\#(name)"}"#)
                #expect(answer.status == 202)
                bodies.insert(answer.text)
            }
            #expect(bodies.count == 1)
            try await bank.dispatchEvents()
            #expect(try await bank.messages("identity.passwordReset") == 3)
            #expect(try await bank.audited("identity.passwordResetAsked", outcome: 1) == 3)
            #expect(try await bank.audited("identity.passwordResetAsked", outcome: 2) == 4)
            let recipients = try await bank.count(
                "SELECT count(*) FROM notifications.message WHERE template = 'identity.passwordReset' AND recipient = 'amina@example.com'")
            #expect(recipients == 3)
            #expect(await bank.post("forgot-password", #"{"email":"amina@example.com"}"#).status == 202)
            #expect(await bank.post("forgot-password", "{}").faults == ["username:required"])
        }
    }

    @Test func aTokenSetsOnePasswordOnce() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let session = try await bank.tokens("amina")
            let other = try await ask(bank, "amina")
            // The newest message is told by its identifier, and those of one instant are in no order.
            bank.clock.advance(seconds: 1)
            let token = try await ask(bank, "amina@example.com")
            #expect(token.utf8.count == 43 && token != other)
            let stored = try await bank.count("SELECT count(*) FROM identity.password_reset p WHERE p::text LIKE '%' || \(token) || '%'")
            #expect(stored == 0)
            let link = try await bank.newestSecrets("identity.passwordReset").last
            #expect(link == "http://localhost:3001/reset-password#token=\(token)")

            #expect(await reset(bank, "nonsense").problemCode == "invalid_token")
            #expect(await reset(bank, token, "short").faults == ["newPassword:too_short"])
            #expect(await reset(bank, token, "password1").faults == ["newPassword:breached"])
            #expect(await reset(bank, token, "xxAminaxx").faults == ["newPassword:contains_username"])
            #expect(await reset(bank, token, Harness.password).faults == ["newPassword:unchanged"])
            #expect(await reset(bank, token).status == 204)
            for used in [token, other] {
                let again = await reset(bank, used, "Third-Horse-7")
                #expect(again.status == 422 && again.problemCode == "invalid_token")
            }
            #expect(await !bank.isLive(session.access))
            #expect(await bank.refresh(session.refresh).problemCode == "invalid_refresh_token")
            #expect(await bank.login("amina").problemCode == "invalid_credentials")
            #expect(await bank.login("amina", "Another-Horse-8").status == 200)
            #expect(try await bank.messages("identity.passwordChanged") == 1)
            #expect(try await bank.audited("identity.passwordReset", outcome: 1) == 1)
        }
    }

    @Test func aTokenIsGoodForThirtyMinutes() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let token = try await ask(bank, "amina")
            bank.clock.advance(seconds: 1_800)
            #expect(await reset(bank, token).problemCode == "invalid_token")
            let second = try await ask(bank, "amina")
            bank.clock.advance(seconds: 1_798)
            #expect(await reset(bank, second).status == 204)
        }
    }

    @Test func parallelResetsSetOnePassword() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let token = try await ask(bank, "amina")
            let statuses = await withTaskGroup(of: Int.self) { group in
                for number in 0..<8 { group.addTask { await self.reset(bank, token, "Another-Horse-\(number)").status } }
                return await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses == [204: 1, 422: 7])
        }
    }

    @Test func theSecondFactorStays() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let (app, _) = try await bank.enrol(try await bank.tokens("amina").access)
            #expect(await reset(bank, try await ask(bank, "amina")).status == 204)
            let challenge = try #require(await bank.login("amina", "Another-Horse-8").text("challengeId"))
            #expect(await bank.post("mfa/verify", #"{"challengeId":"\#(challenge)","code":"\#(bank.code(app))"}"#).status == 200)
        }
    }

    @Test func endsALockout() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            for _ in 1...5 { _ = await bank.login("amina", "wrong") }
            #expect(await bank.login("amina").status == 429)
            #expect(await reset(bank, try await ask(bank, "amina")).status == 204)
            #expect(await bank.login("amina", "Another-Horse-8").status == 200)
        }
    }

    @Test func floodsNobody() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            for _ in 1...8 { _ = try await ask(bank, "amina") }
            #expect(try await bank.messages("identity.passwordReset") == 5)
            bank.clock.advance(seconds: 3_601)
            #expect(try await ask(bank, "amina") != "")
        }
    }

    @Test func aDisabledUserStaysOut() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let token = try await ask(bank, "amina")
            try await bank.execute("UPDATE identity.user_account SET disabled_at = now()")
            #expect(await reset(bank, token).problemCode == "invalid_token")
            #expect(try await ask(bank, "amina") == "")
        }
    }

    @Test func endsATemporaryPassword() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina", mustChangePassword: true)
            #expect(await reset(bank, try await ask(bank, "amina")).status == 204)
            #expect(await bank.login("amina", "Another-Horse-8")["user", "mustChangePassword"] == .boolean(false))
        }
    }

    @Test func aNewDeviceIsAnnouncedOnce() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            func login(_ agent: String) async {
                _ = await bank.post(
                    "login", #"{"username":"amina","password":"\#(Harness.password)"}"#, headers: [("User-Agent", agent)])
            }
            await login("Telephone/1")
            await login("Telephone/1")
            #expect(try await bank.messages("identity.newDevice") == 1)
            await login("Laptop/2")
            #expect(try await bank.messages("identity.newDevice") == 2)
            bank.clock.advance(seconds: 7_200)
            await login("Telephone/1")
            #expect(try await bank.messages("identity.newDevice") == 2)
            #expect(try await bank.audited("identity.newDevice") == 2)
        }
    }
}

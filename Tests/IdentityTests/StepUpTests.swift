import Application
import HTTPEdge
import Kernel
import Postgres
import Safeguards
import TestKit
import Testing

@testable import Identity

@Suite struct StepUpTests {
    static let account = Identifier<Account>(bits: 0x0190_0000_0000_7000_8000_0000_0000_00AA)
    static let transfer = SensitiveAction(
        type: "transfer", sourceAccountID: account, amount: Money(minorUnits: 6_000_000, currency: .kes), payee: "0011234567897")

    /// A signed-in customer and the contexts of requests they send.
    struct Customer: Sendable {
        let bank: Harness
        let token: String
        let principal: Principal

        init(_ bank: Harness, _ username: String = "amina", isNew: Bool = true) async throws {
            self.bank = bank
            if isNew { try await bank.customer(username) }
            token = try await bank.tokens(username).access
            principal = try await bank.module.authenticator.authenticate(
                bearerToken: token, context: .system(at: bank.clock.now(), idempotencyKey: ""))
        }

        func context(key: String, stepUpToken: String? = nil) -> RequestContext {
            let now = bank.clock.now()
            return RequestContext(
                traceID: String(repeating: "a", count: 32), principal: principal, channel: .personal, ipAddress: "192.0.2.1",
                userAgent: "test", receivedAt: now, deadline: now.adding(seconds: 15), idempotencyKey: key, method: "POST",
                path: "/api/customer-portal/transactions/transfer", stepUpToken: stepUpToken)
        }

        /// Opens a challenge; its identifier.
        func challenge(_ action: SensitiveAction = StepUpTests.transfer) async throws -> String {
            let refusal = try await bank.module.stepUp.challenge(for: action, context: context(key: "none"))
            guard case .text(let id)? = refusal.members.first(where: { $0.name == "challengeId" })?.value else { return "" }
            return id
        }

        func verify(_ challenge: String, _ code: String) async -> InProcessResponse {
            await bank.client.signedIn(token).send(
                .post, "/api/authentication/step-up/verify", json: #"{"challengeId":"\#(challenge)","method":"smsCode","code":"\#(code)"}"#)
        }

        /// Opens a challenge and answers it; the token.
        func confirm(_ action: SensitiveAction = StepUpTests.transfer) async throws -> String {
            let response = await verify(try await challenge(action), try await bank.newestCode())
            return try #require(response.text("stepUpToken"), "\(response.text)")
        }

        func reserve(
            _ stepUpToken: String, key: String, action: SensitiveAction = StepUpTests.transfer
        ) async throws -> StepUpReservation? {
            try await bank.module.stepUp.reserve(action, context: context(key: key, stepUpToken: stepUpToken))
        }
    }

    @Test func asksForACodeAndSaysForWhat() async throws {
        try await Harness.run { bank in
            let amina = try await Customer(bank)
            let refusal = try await bank.module.stepUp.challenge(for: Self.transfer, context: amina.context(key: "k"))
            #expect(refusal.kind == .forbidden && refusal.code == "step_up_required")
            #expect(refusal.members.map(\.name) == ["challengeId", "methods", "expiresAt", "action"])
            #expect(refusal.members[1].value == .texts(["smsCode"]))
            #expect(refusal.members[2].value == .text(bank.clock.now().adding(seconds: 300).description))
            #expect(
                refusal.members[3].value
                    == .object([
                        .init("type", .text("transfer")), .init("amount", .text("60000.00")), .init("currency", .text("KES")),
                        .init("payee", .text("0011234567897")),
                    ]))
            let message = try await bank.database.superuserPool.read { transaction in
                try transaction.query("SELECT recipient, plain_parts, channel FROM notifications.message WHERE channel = 'sms'").first.map {
                    (try $0.text(0), try $0.textArray(1), try $0.text(2))
                }
            }
            #expect(message?.0 == "+254711000001" && message?.2 == "sms")
            #expect(message?.1.last?.contains("a transfer of KES 60000.00 to 0011234567897") == true)
            let code = try await bank.newestCode()
            #expect(code.utf8.count == 6)
            #expect(try await bank.count("SELECT count(*) FROM audit.record WHERE detail::text LIKE '%****7897%'") == 1)
            #expect(try await bank.count("SELECT count(*) FROM audit.record WHERE detail::text LIKE '%0011234567897%'") == 0)
            #expect(try await bank.count("SELECT count(*) FROM identity.step_up_challenge c WHERE c::text LIKE '%' || \(code) || '%'") == 0)
        }
    }

    @Test func confirmsOnceAndSpends() async throws {
        try await Harness.run { bank in
            let amina = try await Customer(bank)
            let token = try await amina.confirm()
            let reservation = try #require(try await amina.reserve(token, key: "one"))
            #expect(try await amina.reserve(token, key: "two") == nil, "another operation cannot use what this one holds")
            try await bank.module.stepUp.spend(reservation)
            #expect(try await amina.reserve(token, key: "one") == nil)
            #expect(try await amina.reserve(token, key: "two") == nil)
            #expect(try await bank.audited("identity.stepUpVerify", outcome: 1) == 1)
        }
    }

    @Test func spendsInTheTransactionOfTheEffect() async throws {
        try await Harness.run { bank in
            let amina = try await Customer(bank)
            let token = try await amina.confirm()
            let reservation = try #require(try await amina.reserve(token, key: "one"))
            struct Crash: Error {}
            await #expect(throws: Crash.self) {
                try await bank.database.pool.transaction { transaction in
                    try bank.module.stepUp.spend(reservation, in: transaction)
                    throw Crash()
                }
            }
            #expect(try await amina.reserve(token, key: "two") == nil)
            let again = try #require(try await amina.reserve(token, key: "one"), "the same operation goes on after a crash")
            #expect(again == reservation)
            try await bank.database.pool.transaction { try bank.module.stepUp.spend(reservation, in: $0) }
            #expect(try await amina.reserve(token, key: "one") == nil)
        }
    }

    @Test func givesBackWhatWasRefused() async throws {
        try await Harness.run { bank in
            let amina = try await Customer(bank)
            let token = try await amina.confirm()
            let reservation = try #require(try await amina.reserve(token, key: "one"))
            try await bank.module.stepUp.release(reservation)
            let other = try #require(try await amina.reserve(token, key: "two"))
            await #expect(throws: Refusal.self, "who gave it back holds nothing") { try await bank.module.stepUp.spend(reservation) }
            try await bank.module.stepUp.spend(other)
        }
    }

    /// Two attempts of one operation at the same time: the refusal of one must not free what the other still uses.
    @Test func countsAttemptsOfOneOperation() async throws {
        try await Harness.run { bank in
            let amina = try await Customer(bank)
            let token = try await amina.confirm()
            let first = try #require(try await amina.reserve(token, key: "one"))
            let second = try #require(try await amina.reserve(token, key: "one"))
            try await bank.module.stepUp.release(first)
            #expect(try await amina.reserve(token, key: "two") == nil)
            try await bank.module.stepUp.spend(second)
            try await bank.module.stepUp.release(first)
            #expect(try await amina.reserve(token, key: "two") == nil)
        }
    }

    @Test func ofManyOperationsOneGetsTheToken() async throws {
        try await Harness.run { bank in
            let amina = try await Customer(bank)
            let token = try await amina.confirm()
            let held = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<16 { group.addTask { try await amina.reserve(token, key: "key \(number)") != nil } }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(held == 1)
        }
    }

    @Test func requestsWithoutAKeyAreOperationsOfTheirOwn() async throws {
        try await Harness.run { bank in
            let amina = try await Customer(bank)
            let token = try await amina.confirm()
            let first = try #require(try await amina.reserve(token, key: ""))
            #expect(try await amina.reserve(token, key: "") == nil)
            try await bank.module.stepUp.release(first)
            #expect(try await amina.reserve(token, key: "") != nil)
        }
    }

    @Test func refusesEveryDifference() async throws {
        try await Harness.run { bank in
            let amina = try await Customer(bank)
            let token = try await amina.confirm()
            let kes = Money(minorUnits: 6_000_000, currency: .kes)
            let others = [
                SensitiveAction(type: "payment", sourceAccountID: Self.account, amount: kes, payee: "0011234567897"),
                SensitiveAction(type: "transfer", sourceAccountID: Identifier(bits: 1), amount: kes, payee: "0011234567897"),
                SensitiveAction(type: "transfer", amount: kes, payee: "0011234567897"),
                SensitiveAction(
                    type: "transfer", sourceAccountID: Self.account, amount: Money(minorUnits: 6_000_001, currency: .kes),
                    payee: "0011234567897"),
                SensitiveAction(
                    type: "transfer", sourceAccountID: Self.account, amount: Money(minorUnits: 5_999_999, currency: .kes),
                    payee: "0011234567897"),
                SensitiveAction(
                    type: "transfer", sourceAccountID: Self.account, amount: Money(minorUnits: 6_000_000, currency: .usd),
                    payee: "0011234567897"),
                SensitiveAction(type: "transfer", sourceAccountID: Self.account, amount: kes, payee: "0011234567898"),
            ]
            for other in others { #expect(try await amina.reserve(token, key: "k", action: other) == nil, "\(other)") }
            let elsewhere = try await Customer(bank, isNew: false)
            #expect(try await elsewhere.reserve(token, key: "k") == nil, "another session of the same user")
            let david = try await Customer(bank, "david")
            #expect(try await david.reserve(token, key: "k") == nil, "another user")
            for forged in ["", "x", token + "A", String(token.dropLast())] { #expect(try await amina.reserve(forged, key: "k") == nil) }
            #expect(try await amina.reserve(token, key: "k") != nil, "none of this used it up")
        }
    }

    @Test func tokensExpire() async throws {
        try await Harness.run { bank in
            let amina = try await Customer(bank)
            let token = try await amina.confirm()
            bank.clock.advance(seconds: 299)
            let reservation = try #require(try await amina.reserve(token, key: "k"))
            try await bank.module.stepUp.release(reservation)
            bank.clock.advance(seconds: 1)
            #expect(try await amina.reserve(token, key: "k") == nil)
        }
    }

    @Test func wrongCodesRunOut() async throws {
        try await Harness.run { bank in
            let amina = try await Customer(bank)
            let challenge = try await amina.challenge()
            let right = try await bank.newestCode()
            let wrong = right == "000000" ? "000001" : "000000"
            for attemptsLeft in [4, 3, 2, 1] {
                let response = await amina.verify(challenge, wrong)
                #expect(response.status == 422 && response.problemCode == "invalid_code")
                #expect(response.text("attemptsLeft") == String(attemptsLeft))
            }
            #expect(await amina.verify(challenge, wrong).problemCode == "challenge_expired")
            #expect(await amina.verify(challenge, right).problemCode == "challenge_expired")
            #expect(try await bank.audited("identity.stepUpVerify", outcome: 3) == 5)
        }
    }

    @Test func parallelGuessesAreCountedOneByOne() async throws {
        try await Harness.run { bank in
            let amina = try await Customer(bank)
            let challenge = try await amina.challenge()
            let right = try await bank.newestCode()
            let wrong = right == "000000" ? "000001" : "000000"
            let codes = await withTaskGroup(of: String.self) { group in
                for _ in 0..<12 { group.addTask { await amina.verify(challenge, wrong).problemCode ?? "" } }
                return await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(codes == ["invalid_code": 4, "challenge_expired": 8])
        }
    }

    @Test func guessingIsBoundedOverChallenges() async throws {
        try await Harness.run { bank in
            let amina = try await Customer(bank)
            for _ in 1...6 {
                let challenge = try await amina.challenge()
                let right = try await bank.newestCode()
                for _ in 1...5 { _ = await amina.verify(challenge, right == "000000" ? "000001" : "000000") }
            }
            let challenge = try await amina.challenge()
            let response = await amina.verify(challenge, try await bank.newestCode())
            #expect(response.status == 429 && response.problemCode == "too_many_attempts")
        }
    }

    @Test func challengesExpireAndBelongToTheirSession() async throws {
        try await Harness.run { bank in
            let amina = try await Customer(bank)
            let challenge = try await amina.challenge()
            let code = try await bank.newestCode()
            let elsewhere = try await Customer(bank, isNew: false)
            let david = try await Customer(bank, "david")
            #expect(await elsewhere.verify(challenge, code).problemCode == "challenge_expired")
            #expect(await david.verify(challenge, code).problemCode == "challenge_expired")
            #expect(await amina.verify("nonsense", code).problemCode == "challenge_expired")
            #expect(await amina.verify(Identifier<StepUpChallenge>(bits: 4).description, code).problemCode == "challenge_expired")
            bank.clock.advance(seconds: 299)
            let answered = await amina.verify(challenge, code)
            #expect(answered.status == 200 && answered.text("expiresIn") == "300")
            #expect(await amina.verify(challenge, code).problemCode == "challenge_expired", "a code works once")

            let late = try await amina.challenge()
            bank.clock.advance(seconds: 300)
            #expect(await amina.verify(late, try await bank.newestCode()).problemCode == "challenge_expired")
        }
    }

    @Test func checksFieldsAndRoles() async throws {
        try await Harness.run { bank in
            let amina = try await Customer(bank)
            let challenge = try await amina.challenge()
            let path = "/api/authentication/step-up/verify"
            func faults(_ json: String) async -> [String] { await bank.client.signedIn(amina.token).send(.post, path, json: json).faults }
            #expect(await faults("{}") == ["challengeId:required", "code:required"])
            #expect(await faults(#"{"challengeId":"\#(challenge)","method":"pigeon","code":"1"}"#) == ["method:unknown_value"])
            #expect(await faults(#"{"challengeId":"\#(challenge)","method":"totp","code":"1"}"#) == ["method:not_allowed"])
            try await bank.teller("mercy")
            let teller = try await bank.tokens("mercy").access
            #expect(await bank.client.signedIn(teller).send(.post, path, json: "{}").problemCode == "forbidden")
            #expect(await bank.client.send(.post, path, json: "{}").problemCode == "authentication_required")
        }
    }

    @Test func resendsThreeTimes() async throws {
        try await Harness.run { bank in
            let amina = try await Customer(bank)
            let challenge = try await amina.challenge()
            let first = try await bank.newestCode()
            func resend(_ id: String) async -> InProcessResponse {
                await bank.client.signedIn(amina.token).send(
                    .post, "/api/authentication/step-up/resend", json: #"{"challengeId":"\#(id)"}"#)
            }
            for left in [2, 1, 0] {
                bank.clock.advance(seconds: 1)
                let response = await resend(challenge)
                #expect(response.status == 202 && response.text("resendsLeft") == String(left))
            }
            #expect(await resend(challenge).status == 429)
            #expect(await resend("nonsense").problemCode == "challenge_expired")
            let newest = try await bank.newestCode()
            if newest != first { #expect(await amina.verify(challenge, first).problemCode == "invalid_code") }
            #expect(await amina.verify(challenge, newest).status == 200)
            #expect(await resend(challenge).problemCode == "challenge_expired")
        }
    }

    @Test func endsWithItsSession() async throws {
        try await Harness.run { bank in
            let amina = try await Customer(bank)
            let challenge = try await amina.challenge()
            let code = try await bank.newestCode()
            _ = await bank.client.signedIn(amina.token).send(.post, "/api/authentication/logout")
            #expect(await amina.verify(challenge, code).problemCode == "invalid_token")
        }
    }
}

@Suite struct KeySetTests {
    @Test func publishesThePublicKeys() async throws {
        try await Harness.run { bank in
            let response = await bank.client.send(.get, "/.well-known/jwks.json")
            #expect(response.status == 200)
            #expect(response.text("keys", 0, "kid") == bank.keys.keyID)
            #expect(response.text("keys", 0, "kty") == "EC" && response.text("keys", 0, "crv") == "P-256")
            #expect(response.text("keys", 0, "alg") == "ES256" && response.text("keys", 0, "use") == "sig")
            #expect(response["keys", 0, "d"] == nil && response["keys", 1] == nil)
        }
    }
}

import HTTPEdge
import Kernel
import Postgres
import Safeguards
import TestKit
import Testing

@testable import Identity

@Suite struct SecondFactorTests {
    @Test func enrolsOnlyWithThePasswordAndAFirstCode() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let token = try await bank.tokens("amina").access
            let before = await bank.client.signedIn(token).send(.get, "/api/authentication/mfa")
            #expect(before["mfaEnabled"] == .boolean(false) && before["methods"] == .array([]) && before.text("recoveryCodesLeft") == "0")

            let wrong = await bank.post("mfa/enrol", #"{"password":"wrong"}"#, token: token)
            #expect(wrong.status == 422 && wrong.faults == ["password:incorrect"])
            let enrolled = await bank.post("mfa/enrol", #"{"password":"\#(Harness.password)"}"#, token: token)
            #expect(enrolled.status == 200)
            let secret = try #require(enrolled.text("secret"))
            #expect(secret.utf8.count == 32)
            #expect(
                enrolled.text("otpauthUri")
                    == "otpauth://totp/Wekeza:amina?secret=\(secret)&issuer=Wekeza&algorithm=SHA1&digits=6&period=30")
            #expect(enrolled.text("expiresAt") == bank.clock.now().adding(seconds: 600).description)
            // Not active until confirmed.
            #expect(await bank.login("amina").text("token") != nil)

            let app = TimeBasedCode(secret: try #require(Base32.decode(secret)))
            let refused = await bank.post("mfa/confirm", #"{"code":"\#(bank.wrongCode(app))"}"#, token: token)
            #expect(refused.status == 422 && refused.problemCode == "invalid_code" && refused.text("attemptsLeft") == "4")
            let confirmed = await bank.post("mfa/confirm", #"{"code":"\#(bank.code(app))"}"#, token: token)
            #expect(confirmed.status == 200 && confirmed["mfaEnabled"] == .boolean(true))
            guard case .array(let codes)? = confirmed["recoveryCodes"] else { throw Refusal(.invalid, "no codes", confirmed.text) }
            #expect(codes.count == 10 && Set(codes.map { "\($0)" }).count == 10)
            let after = await bank.client.signedIn(token).send(.get, "/api/authentication/mfa")
            #expect(
                after["mfaEnabled"] == .boolean(true) && after.text("methods", 0) == "totp" && after.text("methods", 1) == "recoveryCode")
            #expect(after.text("recoveryCodesLeft") == "10")
            #expect(await bank.client.signedIn(token).send(.get, "/api/authentication/me")["mfaEnabled"] == .boolean(true))
            #expect(try await bank.messages("identity.mfaEnabled") == 1)
            #expect(try await bank.audited("identity.mfaConfirm", outcome: 1) == 1)
            let again = await bank.post("mfa/enrol", #"{"password":"\#(Harness.password)"}"#, token: token)
            #expect(again.status == 409 && again.problemCode == "invalid_state" && again.text("currentState") == "enabled")
        }
    }

    @Test func theSecretIsSealedAndBoundToItsRow() async throws {
        try await Harness.run { bank in
            let amina = try await bank.customer("amina")
            let brian = try await bank.customer("brian")
            let (app, codes) = try await bank.enrol(try await bank.tokens("amina").access)
            let (brians, _) = try await bank.enrol(try await bank.tokens("brian").access)
            let secrets = try await bank.database.superuserPool.read { try $0.query("SELECT sealed_secret FROM identity.second_factor") }
            for row in secrets { #expect(!Array(try row.bytes(0)).contains(sequence: app.secret)) }
            for code in codes {
                let plain = try await bank.count("SELECT count(*) FROM identity.recovery_code r WHERE r::text LIKE '%' || \(code) || '%'")
                #expect(plain == 0)
            }
            // Somebody who can write the table cannot give a user the secret of another one.
            try await bank.execute(
                """
                UPDATE identity.second_factor f SET sealed_secret = o.sealed_secret, last_used_step = NULL
                FROM identity.second_factor o WHERE f.user_id = \(amina) AND o.user_id = \(brian)
                """)
            let challenge = try #require(await bank.login("amina").text("challengeId"))
            let verified = await bank.post("mfa/verify", #"{"challengeId":"\#(challenge)","code":"\#(bank.code(brians))"}"#)
            #expect(verified.status == 503)
        }
    }

    @Test func signsInInTwoSteps() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let (app, _) = try await bank.enrol(try await bank.tokens("amina").access)
            #expect(await bank.login("amina", "wrong").problemCode == "invalid_credentials")
            let first = await bank.login("amina", channel: "personal")
            #expect(first.status == 200 && first["mfaRequired"] == .boolean(true) && first.text("expiresIn") == "300")
            #expect(first.text("methods", 0) == "totp" && first.text("methods", 1) == "recoveryCode")
            #expect(first["token"] == nil && first["refreshToken"] == nil && first["user"] == nil && first.headers["Set-Cookie"] == nil)
            let challenge = try #require(first.text("challengeId"))
            let body = #"{"challengeId":"\#(challenge)","method":"totp","code":"\#(bank.code(app))"}"#
            // Begun on one channel, ended on the same.
            #expect(await bank.post("mfa/verify", body).problemCode == "challenge_expired")
            let second = await bank.post("mfa/verify", body, headers: [("X-Wekeza-Channel", "personal")])
            #expect(second.status == 200 && second["user", "mfaEnabled"] == .boolean(true))
            #expect(second.headers["Set-Cookie"]?.hasPrefix("wekeza_refresh_personal=") == true)
            #expect(await bank.isLive(try #require(second.text("token"))))
            let third = await bank.post("mfa/verify", body, headers: [("X-Wekeza-Channel", "personal")])
            #expect(third.status == 401 && third.problemCode == "challenge_expired", "a challenge is answered once")
        }
    }

    /// Two processes share nothing but the database: the second sign-in of the same step is refused, however it comes.
    @Test func aCodeWorksOnce() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let (app, _) = try await bank.enrol(try await bank.tokens("amina").access)
            let code = bank.code(app)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let challenge = await bank.login("amina").text("challengeId") ?? ""
                        return await bank.post("mfa/verify", #"{"challengeId":"\#(challenge)","code":"\#(code)"}"#).status
                    }
                }
                return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses == [200: 1, 401: 7])
            // The code of the step before is older than the one that was used.
            let challenge = try #require(await bank.login("amina").text("challengeId"))
            let older = await bank.post("mfa/verify", #"{"challengeId":"\#(challenge)","code":"\#(bank.code(app, stepsAhead: -1))"}"#)
            #expect(older.problemCode == "invalid_code")
            let newer = await bank.post("mfa/verify", #"{"challengeId":"\#(challenge)","code":"\#(bank.code(app, stepsAhead: 1))"}"#)
            #expect(newer.status == 200)
        }
    }

    @Test func oneStepOfDriftIsToleratedAndNoMore() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let (app, _) = try await bank.enrol(try await bank.tokens("amina").access)
            bank.clock.advance(seconds: 300)
            for (steps, status) in [(-2 as Int64, 401), (2, 401), (-1, 200), (1, 200)] {
                let challenge = try #require(await bank.login("amina").text("challengeId"))
                let answer = await bank.post(
                    "mfa/verify", #"{"challengeId":"\#(challenge)","code":"\#(bank.code(app, stepsAhead: steps))"}"#)
                #expect(answer.status == status, "\(steps) steps away")
            }
        }
    }

    @Test func theFifthWrongCodeEndsTheChallenge() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let (app, _) = try await bank.enrol(try await bank.tokens("amina").access)
            let challenge = try #require(await bank.login("amina").text("challengeId"))
            for left in [4, 3, 2, 1] {
                let answer = await bank.post("mfa/verify", #"{"challengeId":"\#(challenge)","code":"\#(bank.wrongCode(app))"}"#)
                #expect(answer.status == 401 && answer.problemCode == "invalid_code" && answer.text("attemptsLeft") == "\(left)")
            }
            for code in [bank.wrongCode(app), bank.code(app)] {
                let answer = await bank.post("mfa/verify", #"{"challengeId":"\#(challenge)","code":"\#(code)"}"#)
                #expect(answer.status == 401 && answer.problemCode == "challenge_expired")
            }
            // Expiry, unknown and impossible challenges are answered alike.
            let other = try #require(await bank.login("amina").text("challengeId"))
            bank.clock.advance(seconds: 300)
            for id in [other, "0190f3f1-7c2a-7000-8000-000000000000", "nonsense"] {
                let answer = await bank.post("mfa/verify", #"{"challengeId":"\#(id)","code":"\#(bank.code(app))"}"#)
                #expect(answer.status == 401 && answer.problemCode == "challenge_expired")
            }
        }
    }

    /// New challenges do not buy new guesses without end.
    @Test func guessingIsPausedOverAllChallenges() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let (app, _) = try await bank.enrol(try await bank.tokens("amina").access)
            var answers: [String] = []
            for _ in 0..<25 {
                let challenge = try #require(await bank.login("amina").text("challengeId"))
                let answer = await bank.post("mfa/verify", #"{"challengeId":"\#(challenge)","code":"\#(bank.wrongCode(app))"}"#)
                answers.append(answer.problemCode ?? "")
            }
            #expect(answers == Array(repeating: "invalid_code", count: 20) + Array(repeating: "too_many_attempts", count: 5))
            let challenge = try #require(await bank.login("amina").text("challengeId"))
            let right = await bank.post("mfa/verify", #"{"challengeId":"\#(challenge)","code":"\#(bank.code(app))"}"#)
            #expect(right.status == 429 && right.headers["Retry-After"] == "900")
        }
    }

    @Test func recoveryCodesWorkOnceEach() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let (_, codes) = try await bank.enrol(try await bank.tokens("amina").access)
            func verify(_ code: String, method: String) async throws -> InProcessResponse {
                let challenge = try #require(await bank.login("amina").text("challengeId"))
                return await bank.post("mfa/verify", #"{"challengeId":"\#(challenge)"\#(method),"code":"\#(code)"}"#)
            }
            #expect(try await verify(codes[0], method: "").status == 200)
            #expect(try await verify(codes[0], method: #","method":"recoveryCode""#).problemCode == "invalid_code")
            // However it was written down.
            #expect(try await verify(" " + codes[1].uppercased() + " ", method: #","method":"recoveryCode""#).status == 200)
            #expect(try await verify(codes[2].replacingHyphen(), method: "").status == 200)
            #expect(try await verify(codes[3], method: #","method":"totp""#).problemCode == "invalid_code")
            #expect(try await bank.count("SELECT count(*) FROM identity.recovery_code WHERE used_at IS NULL") == 7)
            #expect(try await bank.messages("identity.recoveryCodeUsed") == 3)
        }
    }

    @Test func isGivenUpOnlyWithPasswordAndCode() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let token = try await bank.tokens("amina").access
            let none = await bank.post("mfa/disable", #"{"password":"\#(Harness.password)","code":"123456"}"#, token: token)
            #expect(none.status == 409 && none.problemCode == "invalid_state")
            let (app, codes) = try await bank.enrol(token)
            let wrongPassword = await bank.post("mfa/disable", #"{"password":"wrong","code":"\#(bank.code(app))"}"#, token: token)
            #expect(wrongPassword.faults == ["password:incorrect"])
            let wrongCode = await bank.post(
                "mfa/disable", #"{"password":"\#(Harness.password)","code":"\#(bank.wrongCode(app))"}"#, token: token)
            #expect(wrongCode.status == 422 && wrongCode.problemCode == "invalid_code")
            let done = await bank.post("mfa/disable", #"{"password":"\#(Harness.password)","code":"\#(bank.code(app))"}"#, token: token)
            #expect(done.status == 204)
            #expect(await bank.login("amina").text("token") != nil)
            #expect(try await bank.messages("identity.mfaDisabled") == 1)
            #expect(try await bank.count("SELECT count(*) FROM identity.recovery_code") == 0)
            // Enrolled anew, the old app and the old codes are nothing.
            let (newer, _) = try await bank.enrol(token)
            let challenge = try #require(await bank.login("amina").text("challengeId"))
            for code in [bank.code(app), codes[0]] {
                let answer = await bank.post("mfa/verify", #"{"challengeId":"\#(challenge)","code":"\#(code)"}"#)
                #expect(answer.problemCode == "invalid_code")
            }
            #expect(await bank.post("mfa/verify", #"{"challengeId":"\#(challenge)","code":"\#(bank.code(newer))"}"#).status == 200)
        }
    }

    @Test func anEnrolmentThatWaitsTooLongIsOver() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let token = try await bank.tokens("amina").access
            #expect(await bank.post("mfa/confirm", #"{"code":"123456"}"#, token: token).problemCode == "challenge_expired")
            let enrolled = await bank.post("mfa/enrol", #"{"password":"\#(Harness.password)"}"#, token: token)
            let app = TimeBasedCode(secret: try #require(enrolled.text("secret").flatMap { Base32.decode($0) }))
            for _ in 1...4 {
                let answer = await bank.post("mfa/confirm", #"{"code":"\#(bank.wrongCode(app))"}"#, token: token)
                #expect(answer.problemCode == "invalid_code")
            }
            for code in [bank.wrongCode(app), bank.code(app)] {
                #expect(await bank.post("mfa/confirm", #"{"code":"\#(code)"}"#, token: token).problemCode == "challenge_expired")
            }
            let second = await bank.post("mfa/enrol", #"{"password":"\#(Harness.password)"}"#, token: token)
            let newer = TimeBasedCode(secret: try #require(second.text("secret").flatMap { Base32.decode($0) }))
            #expect(newer.secret != app.secret)
            bank.clock.advance(seconds: 600)
            let later = try await bank.tokens("amina").access
            #expect(await bank.post("mfa/confirm", #"{"code":"\#(bank.code(newer))"}"#, token: later).problemCode == "challenge_expired")
        }
    }

    @Test func confirmsActionsWithTheAppOnceEnrolled() async throws {
        try await Harness.run { bank in
            let amina = try await StepUpTests.Customer(bank)
            let (app, codes) = try await bank.enrol(amina.token)
            let refusal = try await bank.module.stepUp.challenge(for: StepUpTests.transfer, context: amina.context(key: "k"))
            #expect(refusal.members.first { $0.name == "methods" }?.value == .texts(["totp"]))
            #expect(try await bank.messages("identity.stepUpCode") == 0)
            guard case .text(let challenge)? = refusal.members.first(where: { $0.name == "challengeId" })?.value else { return }
            func verify(_ code: String, method: String = "totp") async -> InProcessResponse {
                await bank.post(
                    "step-up/verify", #"{"challengeId":"\#(challenge)","method":"\#(method)","code":"\#(code)"}"#, token: amina.token)
            }
            #expect(await verify(bank.code(app), method: "smsCode").faults == ["method:not_allowed"])
            #expect(await verify(bank.wrongCode(app)).text("attemptsLeft") == "4")
            #expect(await verify(codes[0]).problemCode == "invalid_code", "a recovery code is for getting in, not for paying")
            let resent = await bank.post("step-up/resend", #"{"challengeId":"\#(challenge)"}"#, token: amina.token)
            #expect(resent.status == 422 && resent.faults == ["challengeId:not_allowed"])
            let code = bank.code(app)
            let token = try #require(await verify(code).text("stepUpToken"))
            #expect(try await amina.reserve(token, key: "one") != nil)
            // What confirmed a payment does not sign in as well.
            let signIn = try #require(await bank.login("amina").text("challengeId"))
            #expect(await bank.post("mfa/verify", #"{"challengeId":"\#(signIn)","code":"\#(code)"}"#).problemCode == "invalid_code")
        }
    }

    @Test func aChangedPasswordEndsSignInsThatWait() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let token = try await bank.tokens("amina").access
            let (app, _) = try await bank.enrol(token)
            let challenge = try #require(await bank.login("amina").text("challengeId"))
            let changed = await bank.post(
                "change-password", #"{"currentPassword":"\#(Harness.password)","newPassword":"Another-Horse-8"}"#, token: token)
            #expect(changed.status == 204)
            let answer = await bank.post("mfa/verify", #"{"challengeId":"\#(challenge)","code":"\#(bank.code(app))"}"#)
            #expect(answer.problemCode == "challenge_expired")
        }
    }

    @Test func aUserDisabledInBetweenStaysOut() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let (app, _) = try await bank.enrol(try await bank.tokens("amina").access)
            let challenge = try #require(await bank.login("amina").text("challengeId"))
            try await bank.execute("UPDATE identity.user_account SET disabled_at = now()")
            let answer = await bank.post("mfa/verify", #"{"challengeId":"\#(challenge)","code":"\#(bank.code(app))"}"#)
            #expect(answer.status == 423 && answer.problemCode == "user_disabled")
        }
    }
}

extension Array where Element == UInt8 {
    fileprivate func contains(sequence: [UInt8]) -> Bool {
        guard !sequence.isEmpty, count >= sequence.count else { return false }
        return (0...(count - sequence.count)).contains { Array(self[$0..<$0 + sequence.count]) == sequence }
    }
}

extension String {
    fileprivate func replacingHyphen() -> String { String(filter { $0 != "-" }) }
}

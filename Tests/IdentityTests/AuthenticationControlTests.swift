import HTTPEdge
import Kernel
import Postgres
import Safeguards
import TestKit
import Testing

@testable import Identity

/// OWASP ASVS 4.0.3, level 2, chapter V2: each applicable control by its number. docs/security-controls.md lists them all.
@Suite struct AuthenticationControlTests {
    private func change(_ bank: Harness, _ token: String, to new: String, from old: String = Harness.password) async -> InProcessResponse {
        await bank.post("change-password", #"{"currentPassword":"\#(old)","newPassword":"\#(new)"}"#, token: token)
    }

    private func resetToken(_ bank: Harness, _ name: String) async throws -> String {
        _ = await bank.post("forgot-password", #"{"username":"\#(name)"}"#)
        try await bank.dispatchEvents()
        return try await bank.newestSecrets("identity.passwordReset").first ?? ""
    }

    // MARK: V2.1 Passwords

    @Test("ASVS 2.1.2: 64 characters and more are possible, more than 128 are not")
    func asvs2_1_2() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let token = try await bank.tokens("amina").access
            let long = String(repeating: "horse-battery ", count: 9) + "ab"
            #expect(long.utf8.count == 128)
            #expect(await change(bank, token, to: long + "c").faults == ["newPassword:too_long"])
            #expect(await change(bank, token, to: long).status == 204)
            #expect(await bank.login("amina", long).status == 200)
        }
    }

    @Test("ASVS 2.1.3: no password is cut")
    func asvs2_1_3() async throws {
        try await Harness.run { bank in
            let long = String(repeating: "horse battery ", count: 9) + "ab"
            try await bank.customer("amina", password: long)
            #expect(await bank.login("amina", String(long.dropLast()) + "c").status == 401)
            #expect(await bank.login("amina", String(long.dropLast())).status == 401)
            #expect(await bank.login("amina", " " + long.dropLast()).status == 401)
            #expect(await bank.login("amina", long).status == 200)
        }
    }

    @Test(
        "ASVS 2.1.4: every printable character of Unicode may be in it",
        arguments: ["mbwa wawili 🐕🐕", "Größenwahn-ç", "密码密码密码密码", "    eight     "])
    func asvs2_1_4(password: String) async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            #expect(await change(bank, try await bank.tokens("amina").access, to: password).status == 204)
            #expect(await bank.login("amina", password).status == 200)
        }
    }

    @Test("ASVS 2.1.5 and 2.1.6: the own password is changed with the present and a new one")
    func asvs2_1_5_and_2_1_6() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let token = try await bank.tokens("amina").access
            #expect(
                await bank.post("change-password", #"{"newPassword":"Another-Horse-8"}"#, token: token).faults == [
                    "currentPassword:required"
                ])
            #expect(await change(bank, token, to: "Another-Horse-8", from: "wrong").faults == ["currentPassword:incorrect"])
            #expect(await change(bank, token, to: "Another-Horse-8").status == 204)
            #expect(await bank.login("amina").status == 401)
            #expect(await bank.login("amina", "Another-Horse-8").status == 200)
        }
    }

    @Test(
        "ASVS 2.1.7: passwords from breaches are refused when changed and when reset",
        arguments: ["password1", "Qwerty123456", "iloveyou1"])
    func asvs2_1_7(password: String) async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            #expect(await change(bank, try await bank.tokens("amina").access, to: password).faults == ["newPassword:breached"])
            let token = try await resetToken(bank, "amina")
            let reset = await bank.post("reset-password", #"{"token":"\#(token)","newPassword":"\#(password)"}"#)
            #expect(reset.faults == ["newPassword:breached"])
        }
    }

    @Test("ASVS 2.1.9: no kind of character is demanded", arguments: ["onlysmallletters", "58203947120394", "-- -- -- -- --"])
    func asvs2_1_9(password: String) async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            #expect(await change(bank, try await bank.tokens("amina").access, to: password).status == 204)
        }
    }

    @Test("ASVS 2.1.10: a good password does not age, and an earlier one may come back")
    func asvs2_1_10() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let token = try await bank.tokens("amina").access
            #expect(await change(bank, token, to: "Another-Horse-8").status == 204)
            #expect(await change(bank, token, to: Harness.password, from: "Another-Horse-8").status == 204)
            bank.clock.advance(seconds: 400 * 86_400)
            #expect(await bank.login("amina")["user", "mustChangePassword"] == .boolean(false))
        }
    }

    // MARK: V2.2 General

    @Test("ASVS 2.2.1: guessing gets nowhere, at passwords and at second factors")
    func asvs2_2_1() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            var answered = 0
            for _ in 1...4 {
                for number in 1...7 where await bank.login("amina", "guess \(number)").status == 401 { answered += 1 }
                bank.clock.advance(seconds: 900)
            }
            #expect(answered <= 100, "in an hour, at one account")
            #expect(answered == 20)
        }
    }

    @Test("ASVS 2.2.2 and 2.7.1: a code by SMS is never offered to who has a stronger one")
    func asvs2_2_2_and_2_7_1() async throws {
        try await Harness.run { bank in
            let amina = try await StepUpTests.Customer(bank)
            _ = try await bank.enrol(amina.token)
            let refusal = try await bank.module.stepUp.challenge(for: StepUpTests.transfer, context: amina.context(key: "k"))
            #expect(refusal.members.first { $0.name == "methods" }?.value == .texts(["totp"]))
            let login = await bank.login("amina")
            #expect(login.text("methods", 0) == "totp" && login.text("methods", 2) == nil)
        }
    }

    @Test("ASVS 2.2.3 and 2.5.5: every change of a credential is told")
    func asvs2_2_3_and_2_5_5() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let token = try await bank.tokens("amina").access
            let (app, _) = try await bank.enrol(token)
            #expect(await change(bank, token, to: "Another-Horse-8").status == 204)
            _ = await bank.post("mfa/disable", #"{"password":"Another-Horse-8","code":"\#(bank.code(app))"}"#, token: token)
            for _ in 1...5 { _ = await bank.login("amina", "wrong") }
            let templates = ["newDevice", "mfaEnabled", "passwordChanged", "mfaDisabled", "lockout"]
            for template in templates {
                let told = try await bank.messages("identity.\(template)")
                #expect(told == 1, "\(template)")
            }
        }
    }

    // MARK: V2.3 Life of an authenticator

    @Test("ASVS 2.3.1: a first password is random, short-lived and of use only for choosing another")
    func asvs2_3_1() async throws {
        try await Harness.run { bank in
            var passwords: Set<String> = []
            for number in 1...5 {
                let prepared = try await bank.module.users.invite(
                    NewUser(username: "user\(number)", fullName: "User", email: "user\(number)@example.com", roles: ["Teller"]))
                passwords.insert(prepared.password)
                try await bank.database.pool.transaction {
                    _ = try prepared.create(context: .system(at: bank.clock.now(), idempotencyKey: "t"), in: $0)
                }
                #expect(await bank.login(prepared.command.username, prepared.password)["user", "mustChangePassword"] == .boolean(true))
            }
            #expect(passwords.count == 5 && passwords.allSatisfy { $0.utf8.count == 17 })
            bank.clock.advance(seconds: 72 * 3_600)
            #expect(await bank.login("user1", passwords.first ?? "").status == 401)
        }
    }

    @Test("ASVS 2.3.2: users bring the authenticator app of their choice")
    func asvs2_3_2() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let enrolled = await bank.post(
                "mfa/enrol", #"{"password":"\#(Harness.password)"}"#, token: try await bank.tokens("amina").access)
            #expect(enrolled.text("otpauthUri")?.hasPrefix("otpauth://totp/") == true)
        }
    }

    // MARK: V2.4 Storage

    @Test("ASVS 2.4.1, 2.4.2 and 2.4.5: passwords are stored as argon2id with a salt of their own and a pepper from outside")
    func asvs2_4_1_and_2_4_2_and_2_4_5() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            try await bank.customer("brian")
            let hashes = try await bank.database.superuserPool.read { transaction in
                try transaction.query("SELECT password_hash FROM identity.user_account").map { try $0.text(0) }
            }
            #expect(hashes.allSatisfy { $0.hasPrefix("$argon2id$v=19$") } && Set(hashes).count == 2)
            for hash in hashes {
                let salt = hash.split(separator: "$")[3]
                #expect(salt.utf8.count * 6 / 8 >= 16)
                let other = PasswordHasher(pepper: [UInt8](repeating: 8, count: 32), cost: .init(memoryKibibytes: 64, passes: 1))
                #expect(try await !other.verify(Harness.password, against: hash))
            }
            #expect(PasswordHasher.Cost() == .init(memoryKibibytes: 19_456, passes: 2, lanes: 1), "OWASP's recommendation")
        }
    }

    // MARK: V2.5 Recovery

    @Test("ASVS 2.5.1, 2.5.3 and 2.5.6: recovery is by a single-use token that nobody can read at rest and that reveals no password")
    func asvs2_5_1_and_2_5_3_and_2_5_6() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let token = try await resetToken(bank, "amina")
            #expect(try await bank.count("SELECT count(*) FROM identity.password_reset p WHERE p::text LIKE '%' || \(token) || '%'") == 0)
            let texts = try await bank.count(
                """
                SELECT count(*) FROM notifications.message m WHERE m.plain_parts::text LIKE '%' || \(Harness.password) || '%'
                    OR m.secret_parts::text LIKE '%' || \(Harness.password) || '%'
                """)
            #expect(texts == 0)
            let body = #"{"token":"\#(token)","newPassword":"Another-Horse-8"}"#
            #expect(await bank.post("reset-password", body).status == 204)
            #expect(await bank.post("reset-password", body).problemCode == "invalid_token")
        }
    }

    @Test("ASVS 2.5.2: nobody is asked secret questions", arguments: ["security-questions", "password-hint", "recover"])
    func asvs2_5_2(path: String) async throws {
        try await Harness.run { bank in
            let answer = await bank.post(path, #"{"username":"amina"}"#)
            #expect(answer.status == 404)
        }
    }

    @Test("ASVS 2.5.4: there are no shared or default accounts in production")
    func asvs2_5_4() async throws {
        try await Harness.run(mode: .production) { bank in
            for user in DemoUsers.all { #expect(await bank.login(user.username, user.password).status == 401) }
            let users = try await bank.count("SELECT count(*) FROM identity.user_account")
            #expect(users == 0)
        }
    }

    @Test("ASVS 2.5.7: a lost second factor is taken away by another person, with a reason, and everything open ends")
    func asvs2_5_7() async throws {
        try await Harness.run { bank in
            let office = try await AdministrationTests.Office(bank)
            let id = try await bank.customer("amina").description
            let token = try await bank.tokens("amina").access
            _ = try await bank.enrol(token)
            #expect(await office.call(.post, "users/\(id)/reset-mfa", "{}").faults == ["reason:required"])
            #expect(await office.step(id, "reset-mfa").status == 200)
            #expect(await !bank.isLive(token))
            #expect(try await bank.audited("identity.userSecondFactorReset") == 1)
        }
    }

    // MARK: V2.6 Look-up secrets

    @Test("ASVS 2.6.1: a recovery code works once")
    func asvs2_6_1() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let (_, codes) = try await bank.enrol(try await bank.tokens("amina").access)
            var statuses: [Int] = []
            for _ in 1...2 {
                let challenge = try #require(await bank.login("amina").text("challengeId"))
                statuses.append(await bank.post("mfa/verify", #"{"challengeId":"\#(challenge)","code":"\#(codes[0])"}"#).status)
            }
            #expect(statuses == [200, 401])
        }
    }

    @Test("ASVS 2.6.2 and 2.6.3: recovery codes are random and stored under a key and the user's identifier")
    func asvs2_6_2_and_2_6_3() async throws {
        try await Harness.run { bank in
            let amina = try await bank.customer("amina")
            let (_, codes) = try await bank.enrol(try await bank.tokens("amina").access)
            #expect(Set(codes).count == 10 && codes.allSatisfy { $0.utf8.count == 11 })
            let services = bank.module.services
            let digests = try await bank.database.superuserPool.read { transaction in
                try transaction.query("SELECT code_digest FROM identity.recovery_code").map { try $0.bytes(0) }
            }
            #expect(digests.contains(services.recoveryCodeDigest(codes[0], of: amina)))
            #expect(services.recoveryCodeDigest(codes[0], of: Identifier(bits: 1)) != services.recoveryCodeDigest(codes[0], of: amina))
            #expect(!digests.contains(Digests.sha256(codes[0])))
        }
    }

    // MARK: V2.7 Codes by message

    @Test("ASVS 2.7.2: a code by message is good for less than ten minutes")
    func asvs2_7_2() async throws {
        try await Harness.run { bank in
            let amina = try await StepUpTests.Customer(bank)
            let challenge = try await amina.challenge()
            let code = try await bank.newestCode()
            bank.clock.advance(seconds: 300)
            #expect(await amina.verify(challenge, code).problemCode == "challenge_expired")
        }
    }

    @Test("ASVS 2.7.3: it is good once, and for the request it was made for only")
    func asvs2_7_3() async throws {
        try await Harness.run { bank in
            let amina = try await StepUpTests.Customer(bank)
            let challenge = try await amina.challenge()
            let code = try await bank.newestCode()
            let other = try await amina.challenge()
            #expect(await amina.verify(other, code).problemCode == "invalid_code")
            #expect(await amina.verify(challenge, code).status == 200)
            #expect(await amina.verify(challenge, code).problemCode == "challenge_expired")
        }
    }

    @Test("ASVS 2.7.5: only a keyed digest of it is kept")
    func asvs2_7_5() async throws {
        try await Harness.run { bank in
            let amina = try await StepUpTests.Customer(bank)
            _ = try await amina.challenge()
            let code = try await bank.newestCode()
            let digest = try await bank.database.superuserPool.read { transaction in
                try transaction.query("SELECT code_digest FROM identity.step_up_challenge").first?.bytes(0)
            }
            #expect(digest != nil && digest != Digests.sha256(code))
        }
    }

    @Test("ASVS 2.7.6: it has six digits, each combination equally likely")
    func asvs2_7_6() {
        let codes = (0..<2_000).map { _ in SystemRandom().code(digits: 6) }
        #expect(codes.allSatisfy { $0.utf8.count == 6 } && Set(codes).count > 1_900)
        for digit in "0123456789" { #expect(codes.filter { $0.first == digit }.count > 100) }
    }

    // MARK: V2.8 Time-based codes

    @Test("ASVS 2.8.1: a time-based code has its time")
    func asvs2_8_1() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let (app, _) = try await bank.enrol(try await bank.tokens("amina").access)
            let code = bank.code(app)
            bank.clock.advance(seconds: 90)
            let challenge = try #require(await bank.login("amina").text("challengeId"))
            #expect(await bank.post("mfa/verify", #"{"challengeId":"\#(challenge)","code":"\#(code)"}"#).problemCode == "invalid_code")
        }
    }

    @Test("ASVS 2.8.2: its secret is sealed with a key from outside the database")
    func asvs2_8_2() async throws {
        try await Harness.run { bank in
            let amina = try await bank.customer("amina")
            let (app, _) = try await bank.enrol(try await bank.tokens("amina").access)
            let sealed = try await bank.database.superuserPool.read { transaction in
                try transaction.query("SELECT key_id, sealed_secret FROM identity.second_factor").map {
                    DataKeys.Sealed(keyID: try $0.text(0), bytes: try $0.bytes(1))
                }
            }
            let stored = try #require(sealed.first)
            #expect(try bank.module.services.openSecret(stored, of: amina) == app.secret)
            #expect(throws: DataKeys.Unreadable.self) {
                try DataKeys(current: [UInt8](repeating: 9, count: 32)).open(stored, place: "identity.second_factor/\(amina)")
            }
        }
    }

    @Test(
        "ASVS 2.8.3: the algorithm is that of RFC 6238, with its test values",
        arguments: [
            (59, "94287082"), (1_111_111_109, "07081804"), (1_111_111_111, "14050471"), (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"), (20_000_000_000, "65353130"),
        ] as [(Int64, String)])
    func asvs2_8_3(seconds: Int64, code: String) {
        let app = TimeBasedCode(secret: Array("12345678901234567890".utf8), digits: 8)
        #expect(app.code(step: app.step(at: Timestamp(microseconds: seconds * 1_000_000))) == code)
    }

    @Test("ASVS 2.8.4 and 2.8.5: a code works once; its second use is refused, recorded and told")
    func asvs2_8_4_and_2_8_5() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let (app, _) = try await bank.enrol(try await bank.tokens("amina").access)
            var statuses: [Int] = []
            for _ in 1...2 {
                let challenge = try #require(await bank.login("amina").text("challengeId"))
                statuses.append(await bank.post("mfa/verify", #"{"challengeId":"\#(challenge)","code":"\#(bank.code(app))"}"#).status)
            }
            #expect(statuses == [200, 401])
            #expect(try await bank.audited("identity.secondFactor", outcome: 3) == 1)
            #expect(try await bank.messages("identity.codeReused") == 1)
        }
    }

    @Test("ASVS 2.8.6: a lost authenticator is revoked at once")
    func asvs2_8_6() async throws {
        try await Harness.run { bank in
            let office = try await AdministrationTests.Office(bank)
            let id = try await bank.customer("amina").description
            let (app, _) = try await bank.enrol(try await bank.tokens("amina").access)
            let challenge = try #require(await bank.login("amina").text("challengeId"))
            #expect(await office.step(id, "reset-mfa").status == 200)
            #expect(
                await bank.post("mfa/verify", #"{"challengeId":"\#(challenge)","code":"\#(bank.code(app))"}"#).problemCode
                    == "challenge_expired")
        }
    }
}

import HTTPEdge
import Kernel
import Postgres
import Safeguards
import Testing

@testable import Identity

@Suite struct SignInTests {
    @Test func answersAsTheContractSays() async throws {
        try await Harness.run { bank in
            let id = try await bank.customer("Amina")
            let response = await bank.login("aMiNa")
            #expect(response.status == 200)
            #expect(response.text("tokenType") == "Bearer")
            #expect(response.text("expiresIn") == "600")
            #expect(response.text("user", "id") == id.description)
            #expect(response.text("user", "username") == "Amina")
            #expect(response.text("user", "roles", 0) == "Customer")
            #expect(response.text("user", "permissions", 0) == "accounts:view")
            #expect(response.text("user", "customerId") == Identifier<Customer>(bits: 77).description)
            #expect(response["user", "mustChangePassword"] == .boolean(false))
            #expect(response["user", "mfaEnabled"] == .boolean(false))
            #expect(response.headers["Set-Cookie"] == nil)
            let token = try #require(response.text("token"))
            let me = await bank.client.signedIn(token).send(.get, "/api/authentication/me")
            #expect(me.status == 200)
            #expect(me.text("id") == id.description)
            #expect(try await bank.audited("identity.login", outcome: 1) == 1)
        }
    }

    @Test func showsStaffTheirBranch() async throws {
        try await Harness.run { bank in
            try await bank.teller("teller9")
            let response = await bank.login("teller9", channel: "staff")
            #expect(response.text("user", "branchCode") == "001")
            #expect(response["user", "customerId"] == nil)
        }
    }

    @Test func refusesFaultyFields() async throws {
        try await Harness.run { bank in
            func faults(_ json: String) async -> [String] {
                let response = await bank.client.send(.post, "/api/authentication/login", json: json)
                #expect(response.status == 422)
                return response.faults
            }
            #expect(await faults("{}") == ["username:required", "password:required"])
            #expect(await faults(#"{"username":"","password":""}"#) == ["username:too_short", "password:too_short"])
            let long = String(repeating: "x", count: 129)
            #expect(await faults(#"{"username":"\#(long)","password":"\#(long)"}"#) == ["username:too_long", "password:too_long"])
            #expect(await faults(#"{"username":1,"password":["a"]}"#) == ["username:wrong_type", "password:wrong_type"])
            #expect(
                await faults(#"{"username":"a\u0000b","password":"c\u0000d"}"#) == ["username:invalid_format", "password:invalid_format"])
            let failures = try await bank.count("SELECT count(*) FROM identity.login_failure")
            #expect(failures == 0)
        }
    }

    /// Six attempts on a name that exists and on one that does not: every answer alike, byte for byte where it may be.
    @Test func knownAndUnknownNamesAreIndistinguishable() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            for name in ["amina", "nobody", "'; DROP TABLE users; --", "имя", String(repeating: "z", count: 64)] {
                for _ in 1...5 {
                    let response = await bank.login(name, "wrong password")
                    #expect(response.status == 401)
                    #expect(response.problemCode == "invalid_credentials")
                    #expect(response.text("detail") == "The user name or the password is not right")
                }
                for password in ["wrong password", Harness.password] {
                    let response = await bank.login(name, password)
                    #expect(response.status == 429)
                    #expect(response.problemCode == "too_many_attempts")
                    #expect(response.headers["Retry-After"] == "900")
                }
            }
            #expect(try await bank.audited("identity.lockout") == 5)
            #expect(try await bank.audited("identity.login", outcome: 3) == 25)
        }
    }

    @Test func lockoutEndsByItselfAndStartsAnew() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            for _ in 1...5 { _ = await bank.login("amina", "wrong password") }
            bank.clock.advance(seconds: 899)
            let last = await bank.login("amina")
            #expect(last.status == 429)
            #expect(last.headers["Retry-After"] == "1")
            bank.clock.advance(seconds: 1)
            for _ in 1...5 { #expect(await bank.login("amina", "wrong password").status == 401) }
            #expect(await bank.login("amina").status == 429)
            bank.clock.advance(seconds: 900)
            #expect(await bank.login("amina").status == 200)
        }
    }

    @Test func successStartsTheCountAnew() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            for _ in 1...3 {
                for _ in 1...4 { #expect(await bank.login("amina", "wrong password").status == 401) }
                #expect(await bank.login("amina").status == 200)
            }
        }
    }

    /// However many guesses are sent at once, five are answered.
    @Test func parallelGuessesTeachNothingMore() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let statuses = await withTaskGroup(of: Int.self) { group in
                for number in 0..<24 { group.addTask { await bank.login("AMINA", "guess number \(number)").status } }
                return await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses == [401: 5, 429: 19])
            #expect(await bank.login("amina").status == 429)
        }
    }

    @Test func parallelSignInsOfOneUserAllSucceed() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let statuses = await withTaskGroup(of: Int.self) { group in
                for _ in 0..<24 { group.addTask { await bank.login("amina").status } }
                return await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.allSatisfy { $0 == 200 })
        }
    }

    @Test func disabledUsersLearnItOnlyWithTheRightPassword() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            try await bank.execute("UPDATE identity.user_account SET disabled_at = now()")
            #expect(await bank.login("amina", "wrong password").problemCode == "invalid_credentials")
            let response = await bank.login("amina")
            #expect(response.status == 423)
            #expect(response.problemCode == "user_disabled")
            #expect(try await bank.count("SELECT count(*) FROM identity.session") == 0)
        }
    }

    @Test(arguments: ["corporate", "sme", "staff"])
    func otherChannelsAreRefusedAfterTheRightPassword(channel: String) async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            #expect(await bank.login("amina", "wrong password", channel: channel).problemCode == "invalid_credentials")
            let response = await bank.login("amina", channel: channel)
            #expect(response.status == 403)
            #expect(response.problemCode == "channel_not_allowed")
            #expect(response.headers["Set-Cookie"] == nil)
        }
    }

    @Test func productionRefusesPublicPasswords() async throws {
        try await Harness.run { bank in
            try await bank.module.users.seedDemoUsers(
                customers: ["customer1": Identifier(bits: 1)], context: .system(at: bank.clock.now(), idempotencyKey: "seed"))
            try await bank.module.users.seedDemoUsers(
                customers: ["customer1": Identifier(bits: 1)], context: .system(at: bank.clock.now(), idempotencyKey: "seed"))
            for user in DemoUsers.staff { #expect(await bank.login(user.username, user.password).status == 200) }
            #expect(await bank.login("customer1", "Customer@123", channel: "personal").status == 200)
            #expect(await bank.login("customer2", "Customer@123").status == 401)
        }
        try await Harness.run(mode: .production) { bank in
            let context = RequestContext.system(at: bank.clock.now(), idempotencyKey: "seed")
            await #expect(throws: Refusal.self) { try await bank.module.users.seedDemoUsers(customers: [:], context: context) }
            try await bank.customer("amina")
            let hash = try await bank.module.services.hasher.hash("Customer@123")
            try await bank.execute("UPDATE identity.user_account SET password_hash = \(hash)")
            #expect(await bank.login("amina", "Customer@123").problemCode == "invalid_credentials")
        }
    }

    @Test func renewsHashesOfOldCost() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let cheap = PasswordHasher(pepper: [UInt8](repeating: 7, count: 32), cost: .init(memoryKibibytes: 32, passes: 1))
            let old = try await cheap.hash(Harness.password)
            try await bank.execute("UPDATE identity.user_account SET password_hash = \(old)")
            #expect(await bank.login("amina").status == 200)
            #expect(try await bank.count("SELECT count(*) FROM identity.user_account WHERE password_hash LIKE '%m=64,%'") == 1)
            #expect(await bank.login("amina").status == 200)
        }
    }

    @Test func temporaryPasswordsOpenNothingElse() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina", mustChangePassword: true)
            let tokens = try await bank.tokens("amina")
            let client = bank.client.signedIn(tokens.access)
            #expect(await client.send(.get, "/api/probe").problemCode == "password_change_required")
            #expect(await client.send(.get, "/api/authentication/sessions").problemCode == "password_change_required")
            #expect(await client.send(.get, "/api/authentication/me")["mustChangePassword"] == .boolean(true))
            let renewed = try Harness.tokens(in: await bank.refresh(tokens.refresh))
            let changed = await bank.client.signedIn(renewed.access).send(
                .post, "/api/authentication/change-password",
                json: #"{"currentPassword":"\#(Harness.password)","newPassword":"Another-Horse-8"}"#)
            #expect(changed.status == 204)
            #expect(await bank.isLive(renewed.access))
        }
    }

    @Test func userNamesAndAddressesAreUnique() async throws {
        try await Harness.run { bank in
            try await bank.customer("amina")
            let error = await #expect(throws: Refusal.self) { try await bank.customer("AMINA") }
            #expect(error?.code == "username_taken")
            let context = RequestContext.system(at: bank.clock.now(), idempotencyKey: "test")
            let twin = CreateUser(
                username: "other", fullName: "Other", email: "Amina@Example.com", password: "Correct-Horse-9", roles: RoleSet(.auditor))
            let second = await #expect(throws: Refusal.self) { try await bank.module.users.create(twin, context: context) }
            #expect(second?.code == "email_taken")
            let ownerless = CreateUser(
                username: "a b", fullName: "", email: "nowhere", password: "password1", roles: RoleSet(.customer))
            let third = await #expect(throws: Refusal.self) { try await bank.module.users.create(ownerless, context: context) }
            #expect(
                third?.fields.map { "\($0.field):\($0.code)" } == [
                    "username:invalid_format", "fullName:required", "email:invalid_format", "customerId:required",
                    "phoneNumber:required", "password:breached",
                ])
        }
    }
}

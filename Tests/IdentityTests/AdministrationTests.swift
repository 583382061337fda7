import HTTPEdge
import Kernel
import Postgres
import TestKit
import Testing

@testable import Identity

@Suite struct AdministrationTests {
    /// An administrator at work.
    struct Office: Sendable {
        let bank: Harness
        let token: String
        let id: Identifier<User>

        init(_ bank: Harness) async throws {
            self.bank = bank
            id = try await bank.module.users.create(
                CreateUser(
                    username: "grace", fullName: "Grace Njeri", email: "grace@example.com", password: Harness.password,
                    roles: RoleSet(.administrator)), context: .system(at: bank.clock.now(), idempotencyKey: "test"))
            token = try await bank.tokens("grace").access
        }

        func call(_ method: HTTPMethod, _ path: String, _ json: String? = nil, key: String? = nil) async -> InProcessResponse {
            await bank.client.signedIn(token).send(
                method, "/api/administrator/" + path, json: json, headers: key.map { [("Idempotency-Key", $0)] } ?? [])
        }

        func create(_ username: String, roles: String = #"["Teller"]"#, more: String = "") async -> InProcessResponse {
            // Identifiers order by milliseconds.
            bank.clock.advance(seconds: 1)
            return await call(
                .post, "users",
                #"{"username":"\#(username)","email":"\#(username)@example.com","fullName":"Mercy Akinyi","roles":\#(roles)\#(more)}"#)
        }

        func step(_ user: String, _ name: String) async -> InProcessResponse {
            await call(.post, "users/\(user)/\(name)", #"{"reason":"asked for by telephone"}"#)
        }

        func version(_ user: String) async -> String { await call(.get, "users/\(user)").text("version") ?? "" }
    }

    @Test func createsUsersWhoChooseTheirOwnPassword() async throws {
        try await Harness.run { bank in
            let office = try await Office(bank)
            let created = await office.create("mercy", more: #","employeeId":"E-7","phoneNumber":"0711000009","branchCode":"001""#)
            #expect(created.status == 201)
            let id = try #require(created.text("userId"))
            #expect(created.headers["Location"] == "/api/administrator/users/\(id)")
            #expect(created.text("phoneNumber") == "+254711000009" && created.text("status") == "active" && created.text("version") == "1")
            #expect(created["mustChangePassword"] == .boolean(true) && created["mfaEnabled"] == .boolean(false))
            let password = try #require(try await bank.newestSecrets("identity.firstPassword").first)
            #expect(!created.text.contains(password))
            #expect(password.utf8.count == 17)
            let tokens = try await bank.tokens("mercy", password)
            #expect(await bank.probe(tokens.access).problemCode == "password_change_required")
            #expect(await bank.post("mfa/enrol", #"{"password":"x"}"#, token: tokens.access).problemCode == "password_change_required")
            let changed = await bank.post(
                "change-password", #"{"currentPassword":"\#(password)","newPassword":"Another-Horse-8"}"#, token: tokens.access)
            #expect(changed.status == 204)
            #expect(await bank.isLive(tokens.access))
            #expect(try await bank.audited("identity.userCreate", outcome: 1) == 2)
            for (json, code) in [(#"["Teller"]"#, "username_taken"), (#"["Nobody"]"#, "role_not_found")] {
                #expect(await office.create("mercy", roles: json).problemCode == code)
            }
            let twin = await office.call(
                .post, "users", #"{"username":"other","email":"MERCY@example.com","fullName":"Other","roles":["Teller"]}"#)
            #expect(twin.status == 409 && twin.problemCode == "email_taken")
        }
    }

    @Test func repeatsUnderAKeyMakeOneUser() async throws {
        try await Harness.run { bank in
            let office = try await Office(bank)
            let json = #"{"username":"mercy","email":"mercy@example.com","fullName":"Mercy Akinyi","roles":["Teller"]}"#
            let first = await office.call(.post, "users", json, key: "one")
            let second = await office.call(.post, "users", json, key: "one")
            #expect(first.status == 201 && second.status == 201 && first.body == second.body)
            #expect(second.headers["Idempotent-Replayed"] == "true")
            #expect(try await bank.messages("identity.firstPassword") == 1)
        }
    }

    @Test func firstPasswordsRunOut() async throws {
        try await Harness.run { bank in
            let office = try await Office(bank)
            _ = await office.create("mercy")
            let password = try #require(try await bank.newestSecrets("identity.firstPassword").first)
            bank.clock.advance(seconds: 72 * 3_600)
            #expect(await bank.login("mercy", password).problemCode == "invalid_credentials")
        }
    }

    @Test func namesEveryFault() async throws {
        try await Harness.run { bank in
            let office = try await Office(bank)
            let empty = await office.call(.post, "users", "{}")
            #expect(Set(empty.faults) == ["username:required", "fullName:required", "email:required", "roles:required"])
            let bad = await office.call(
                .post, "users", #"{"username":"a b","email":"x","fullName":"","roles":[],"phoneNumber":"1","branchCode":"x"}"#)
            #expect(
                Set(bad.faults) == [
                    "username:invalid_format", "email:invalid_format", "fullName:too_short", "roles:too_short",
                    "phoneNumber:invalid_format", "branchCode:invalid_format",
                ])
            #expect(await office.create("owner", roles: #"["Customer"]"#).faults == ["customerId:required", "phoneNumber:required"])
        }
    }

    @Test(arguments: [
        (#"["Auditor","Teller"]"#, "role_conflict"), (#"["Auditor","FinanceController"]"#, "role_conflict"),
        (#"["Auditor","RiskOfficer"]"#, nil), (#"["ProductManager","FinanceController"]"#, nil),
        (#"["CorporateMaker","CorporateChecker"]"#, "role_conflict"), (#"["Customer","Teller"]"#, "role_conflict"),
    ])
    func knowsWhichRolesCannotBeOnePersons(roles: String, code: String?) async throws {
        try await Harness.run { bank in
            let office = try await Office(bank)
            let created = await office.create("mercy", roles: roles, more: code == nil ? "" : #","phoneNumber":"0711000009""#)
            #expect(created.problemCode == code)
            if code != nil { #expect(created.status == 422) }
        }
    }

    @Test func listsAndFinds() async throws {
        try await Harness.run { bank in
            let office = try await Office(bank)
            for name in ["mercy", "joseph", "faith"] { _ = await office.create(name, more: #","branchCode":"001""#) }
            _ = await office.create("peter_o", roles: #"["RiskOfficer","Auditor"]"#)
            func names(_ query: String) async -> [String] {
                guard case .array(let items)? = await office.call(.get, "users?\(query)")["items"] else { return [] }
                return items.compactMap { if case .object(let user) = $0, case .text(let name)? = user["username"] { name } else { nil } }
            }
            #expect(await names("") == ["peter_o", "faith", "joseph", "mercy", "grace"])
            #expect(await names("branchCode=001&q=MERCY%40") == ["mercy"])
            #expect(await names("q=_") == ["peter_o"], "what means something to the database means itself")
            #expect(await names("role=Auditor") == ["peter_o"])
            #expect(await names("status=disabled") == [])
            for _ in 1...5 { _ = await bank.login("mercy", "wrong") }
            #expect(await names("status=locked") == ["mercy"])
            #expect(await names("status=active").contains("mercy") == false)
            let first = await office.call(.get, "users?limit=2")
            let cursor = try #require(first.text("nextCursor"))
            #expect(await names("limit=2&cursor=\(cursor)") == ["joseph", "mercy"])
            #expect(await office.call(.get, "users/nonsense").problemCode == "not_found")
            #expect(await office.call(.get, "users?status=x").faults == ["status:unknown_value"])
        }
    }

    @Test func changesNeedTheVersionTheyWereMadeOf() async throws {
        try await Harness.run { bank in
            let office = try await Office(bank)
            let id = try #require(await office.create("mercy").text("userId"))
            #expect(await office.call(.put, "users/\(id)", #"{"fullName":"Mercy A."}"#).faults == ["version:required"])
            let changed = await office.call(.put, "users/\(id)", #"{"fullName":"Mercy A.","email":"new@example.com","version":1}"#)
            #expect(changed.status == 200 && changed.text("fullName") == "Mercy A." && changed.text("version") == "2")
            let stale = await office.call(.put, "users/\(id)", #"{"fullName":"Other","version":1}"#)
            #expect(stale.status == 409 && stale.problemCode == "version_conflict")
            let taken = await office.call(.put, "users/\(id)", #"{"email":"grace@example.com","version":2}"#)
            #expect(taken.status == 409 && taken.problemCode == "email_taken")
            // The old address is told.
            let told = try await bank.count(
                "SELECT count(*) FROM notifications.message WHERE template = 'identity.emailChanged' AND recipient = 'mercy@example.com'")
            #expect(told == 1)
            // Fields that are nobody's to set are not honoured.
            let sneaky = await office.call(
                .put, "users/\(id)", #"{"status":"disabled","mfaEnabled":true,"roles":["Administrator"],"version":2}"#)
            #expect(sneaky.text("status") == "active" && sneaky.text("roles", 0) == "Teller")
        }
    }

    @Test func disablingActsWithTheNextRequest() async throws {
        try await Harness.run { bank in
            let office = try await Office(bank)
            let id = try await bank.teller("mercy").description
            let tokens = try await bank.tokens("mercy")
            #expect(await bank.isLive(tokens.access))
            #expect(await office.step(id, "activate").problemCode == "invalid_state")
            let disabled = await office.step(id, "deactivate")
            #expect(disabled.status == 200 && disabled.text("status") == "disabled")
            #expect(await bank.probe(tokens.access).problemCode == "invalid_token")
            #expect(await bank.refresh(tokens.refresh).problemCode == "invalid_refresh_token")
            #expect(await bank.login("mercy").status == 423)
            #expect(await office.step(id, "deactivate").text("currentState") == "disabled")
            #expect(await office.step(id, "reset-password").problemCode == "invalid_state")
            #expect(await office.step(id, "activate").text("status") == "active")
            #expect(await bank.probe(tokens.access).problemCode == "invalid_token", "old sessions do not come back")
            #expect(await bank.login("mercy").status == 200)
            #expect(await office.call(.post, "users/\(id)/deactivate", "{}").faults == ["reason:required"])
        }
    }

    @Test func rolesActWithTheNextRequest() async throws {
        try await Harness.run { bank in
            let office = try await Office(bank)
            let id = try await bank.teller("mercy").description
            let tokens = try await bank.tokens("mercy")
            #expect(await bank.probe(tokens.access).text("roles", 0) == "Teller")
            let version = await office.version(id)
            let changed = await office.call(.put, "users/\(id)/roles", #"{"roles":["Supervisor"],"version":\#(version)}"#)
            #expect(changed.status == 200 && changed.text("roles", 0) == "Supervisor")
            #expect(await bank.probe(tokens.access).text("roles", 0) == "Supervisor")
            let stale = await office.call(.put, "users/\(id)/roles", #"{"roles":["Teller"],"version":\#(version)}"#)
            #expect(stale.problemCode == "version_conflict")
            let conflicting = await office.call(
                .put, "users/\(id)/roles", #"{"roles":["Supervisor","Auditor"],"version":\#(await office.version(id))}"#)
            #expect(conflicting.problemCode == "role_conflict")
            let owner = await office.call(.put, "users/\(id)/roles", #"{"roles":["Customer"],"version":\#(await office.version(id))}"#)
            #expect(owner.faults == ["roles:not_allowed"])
            #expect(try await bank.audited("identity.rolesChange", outcome: 1) == 1)
        }
    }

    @Test func nobodyChangesTheirOwnRights() async throws {
        try await Harness.run { bank in
            let office = try await Office(bank)
            let own = office.id.description
            let roles = await office.call(.put, "users/\(own)/roles", #"{"roles":["Administrator","Teller"],"version":1}"#)
            #expect(roles.status == 403 && roles.problemCode == "self_change_forbidden")
            for step in ["deactivate", "reset-password", "reset-mfa"] {
                #expect(await office.step(own, step).problemCode == "self_change_forbidden")
            }
        }
    }

    @Test func helpsThoseWhoCannotGetIn() async throws {
        try await Harness.run { bank in
            let office = try await Office(bank)
            let id = try await bank.customer("amina").description
            let (app, _) = try await bank.enrol(try await bank.tokens("amina").access)
            for _ in 1...5 { _ = await bank.login("amina", "wrong") }
            #expect(await office.call(.get, "users/\(id)").text("status") == "locked")
            #expect(await office.step(id, "unlock").text("status") == "active")
            #expect(await bank.login("amina")["mfaRequired"] == .boolean(true))

            let withoutFactor = await office.step(id, "reset-mfa")
            #expect(withoutFactor["mfaEnabled"] == .boolean(false))
            let tokens = try await bank.tokens("amina")
            #expect(await bank.isLive(tokens.access))
            _ = app

            let reset = await office.step(id, "reset-password")
            #expect(reset.status == 200 && reset["mustChangePassword"] == .boolean(true))
            #expect(await !bank.isLive(tokens.access))
            #expect(await bank.login("amina").problemCode == "invalid_credentials")
            let password = try #require(try await bank.newestSecrets("identity.temporaryPassword").first)
            #expect(!reset.text.contains(password))
            let fresh = try await bank.tokens("amina", password)
            #expect(await bank.probe(fresh.access).problemCode == "password_change_required")

            let ended = await office.step(id, "end-sessions")
            #expect(ended.status == 204)
            #expect(await bank.probe(fresh.access).problemCode == "invalid_token")
        }
    }

    @Test func ownRolesAreWorthWhatTheyHold() async throws {
        try await Harness.run { bank in
            let office = try await Office(bank)
            func create(_ name: String, _ permissions: String) async -> InProcessResponse {
                await office.call(.post, "roles", #"{"roleName":"\#(name)","description":"Test","permissions":\#(permissions)}"#)
            }
            let helper = await create("CounterHelper", #"["customers:view","cash:operate"]"#)
            #expect(helper.status == 201 && helper.headers["Location"] == "/api/administrator/roles/CounterHelper")
            #expect(await create("counterhelper", #"["customers:view"]"#).faults == ["roleName:duplicate"])
            #expect(await create("teller", #"["customers:view"]"#).faults == ["roleName:duplicate"])
            #expect(
                await create("Bad", #"["nothing:here","cards:manage"]"#).faults == [
                    "permissions[0]:unknown_value", "permissions[1]:not_allowed",
                ])
            #expect(await create("Two", #"["audit:view","treasury:manage"]"#).problemCode == "role_conflict")

            let id = try #require(await office.create("mercy", roles: #"["CounterHelper"]"#).text("userId"))
            let password = try #require(try await bank.newestSecrets("identity.firstPassword").first)
            let first = try await bank.tokens("mercy", password).access
            _ = await bank.post(
                "change-password", #"{"currentPassword":"\#(password)","newPassword":"Another-Horse-8"}"#, token: first)
            // Two of a teller's three permissions are no teller.
            #expect(await bank.probe(first)["roles"] == .array([]))
            let me = await bank.client.signedIn(first).send(.get, "/api/authentication/me")
            #expect(me.text("roles", 0) == "CounterHelper" && me.text("permissions", 0) == "customers:view")

            let changed = await office.call(
                .put, "roles/CounterHelper", #"{"permissions":["customers:view","cash:operate","accounts:open"],"version":1}"#)
            #expect(changed.status == 200 && changed.text("version") == "2")
            #expect(await bank.probe(first).text("roles", 0) == "Teller", "with the next request")
            #expect(await office.call(.get, "users/\(id)").text("roles", 0) == "CounterHelper")
            let stale = await office.call(.put, "roles/CounterHelper", #"{"permissions":["customers:view"],"version":1}"#)
            #expect(stale.problemCode == "version_conflict")
            let fixed = await office.call(.put, "roles/Teller", #"{"permissions":["audit:view"],"version":1}"#)
            #expect(fixed.status == 409 && fixed.problemCode == "invalid_state")
            #expect(await office.call(.put, "roles/Nobody", #"{"description":"x","version":1}"#).problemCode == "role_not_found")
            #expect(await office.call(.get, "roles/Teller")["isBuiltIn"] == .boolean(true))
            let page = await office.call(.get, "roles?limit=17")
            #expect(page.text("items", 16, "roleName") == "Administrator")
            let cursor = try #require(page.text("nextCursor"))
            #expect(await office.call(.get, "roles?limit=17&cursor=\(cursor)").text("items", 0, "roleName") == "CounterHelper")
        }
    }

    @Test func auditorsLookAndOthersDoNot() async throws {
        try await Harness.run { bank in
            let office = try await Office(bank)
            _ = try await bank.module.users.create(
                CreateUser(
                    username: "peter", fullName: "Peter Ochieng", email: "peter@example.com", password: Harness.password,
                    roles: RoleSet(.auditor)), context: .system(at: bank.clock.now(), idempotencyKey: "test"))
            try await bank.teller("mercy")
            let peter = bank.client.signedIn(try await bank.tokens("peter").access)
            #expect(await peter.send(.get, "/api/administrator/users").status == 200)
            #expect(await peter.send(.post, "/api/administrator/users/\(office.id)/deactivate", json: #"{"reason":"x"}"#).status == 403)
            let mercy = bank.client.signedIn(try await bank.tokens("mercy").access)
            #expect(await mercy.send(.get, "/api/administrator/users").problemCode == "forbidden")
            #expect(await bank.client.send(.get, "/api/administrator/users").problemCode == "authentication_required")
        }
    }
}

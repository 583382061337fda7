import Accounts
import HTTPEdge
import Kernel
import Parties
import Postgres
import Testing

@Suite struct BeneficiaryTests {
    private static let path = "/api/customer-portal/beneficiaries"

    /// Saves a payee with its confirmation.
    private func save(_ json: String, _ client: InProcessClient, _ bank: Bank, key: String = Bank.freshKey()) async throws
        -> InProcessResponse
    {
        let challenge = await client.post(Self.path, json, key: key)
        guard challenge.problemCode == "step_up_required" else { return challenge }
        return await client.post(Self.path, json, key: key, stepUpToken: try bank.gate.confirm(challenge.text("challengeId")))
    }

    private func payee(_ fields: String, nickname: String = "Landlord") -> String {
        "{\"nickname\":\"\(nickname)\",\"beneficiaryName\":\"Jane Wanjiru\",\(fields)}"
    }

    @Test func isSavedListedChangedAndForgotten() async throws {
        try await Bank.run { bank in
            let amina = try await bank.person("Amina", "Wanjiru")
            let client = bank.signedIn(amina)
            let json = payee("\"kind\":\"mobileMoney\",\"phoneNumber\":\"0712345678\"")
            let challenge = await client.post(Self.path, json)
            #expect(challenge.outcome == "403 step_up_required")
            #expect(challenge.text("action", "type") == "addBeneficiary")
            #expect(challenge.text("action", "payee") == "Jane Wanjiru, +254712345678")
            #expect(await client.get(Self.path).text == "{\"items\":[],\"nextCursor\":null}")

            let key = Bank.freshKey()
            let saved = try await save(json, client, bank, key: key)
            #expect(saved.status == 201)
            #expect(saved.text("phoneNumber") == "+254712345678")
            #expect(saved.text("kind") == "mobileMoney")
            #expect(saved.text("version") == "1")
            let id = saved.text("beneficiaryId") ?? ""
            #expect(saved.headers["Location"] == "\(Self.path)/\(id)")
            let replay = await client.post(Self.path, json, key: key)
            #expect(replay.body == saved.body)
            #expect(replay.headers["Idempotent-Replayed"] == "true")
            #expect(await client.get(Self.path).text("items", 0, "beneficiaryId") == id)

            let change = payee("\"kind\":\"mobileMoney\",\"phoneNumber\":\"254112345678\",\"version\":1", nickname: "Mama")
            let asked = await client.put("\(Self.path)/\(id)", change)
            #expect(asked.outcome == "403 step_up_required")
            let token = try bank.gate.confirm(asked.text("challengeId"))
            let changed = await client.put("\(Self.path)/\(id)", change, stepUpToken: token)
            #expect(changed.status == 200)
            #expect(changed.text("nickname") == "Mama")
            #expect(changed.text("phoneNumber") == "+254112345678")
            #expect(changed.text("version") == "2")
            #expect(changed.text("createdAt") == saved.text("createdAt"))
            #expect(await client.put("\(Self.path)/\(id)", change, stepUpToken: token).outcome == "409 version_conflict")
            #expect(
                await client.put("\(Self.path)/\(id)", payee("\"kind\":\"mobileMoney\",\"phoneNumber\":\"0712345678\"")).outcome
                    == "422 validation_failed version")

            #expect(await client.send(.delete, "\(Self.path)/\(id)").status == 204)
            #expect(await client.send(.delete, "\(Self.path)/\(id)").outcome == "404 not_found")
            #expect(try await bank.count("SELECT count(*) FROM payments.beneficiary") == 0)
            #expect(
                try await bank.count("SELECT count(*) FROM audit.record WHERE action LIKE 'payments.%Beneficiary'") == 3)
        }
    }

    @Test func eachKindHasItsOwnFields() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let account = try await bank.account(of: brian)
            let client = bank.signedIn(amina)
            let cases: [(String, String)] = [
                ("\"kind\":\"internal\",\"accountNumber\":\"\(account.number)\"", "201"),
                ("\"kind\":\"internal\"", "422 validation_failed accountNumber"),
                ("\"kind\":\"internal\",\"accountNumber\":\"123\"", "422 validation_failed accountNumber"),
                ("\"kind\":\"internal\",\"accountNumber\":\"0010100000000\"", "404 account_not_found"),
                ("\"kind\":\"bank\",\"accountNumber\":\"01109876543210\",\"bankCode\":\"01\",\"bankBranchCode\":\"100\"", "201"),
                ("\"kind\":\"bank\",\"accountNumber\":\"GB29NWBK60161331926819\",\"bic\":\"NWBKGB2L\"", "201"),
                ("\"kind\":\"bank\",\"accountNumber\":\"01109876543211\"", "422 validation_failed bankCode"),
                ("\"kind\":\"bank\",\"bankCode\":\"01\"", "422 validation_failed accountNumber"),
                ("\"kind\":\"bank\",\"accountNumber\":\"0110-9876\",\"bankCode\":\"01\"", "422 validation_failed accountNumber"),
                ("\"kind\":\"bank\",\"accountNumber\":\"01109876\",\"bankCode\":\"1\"", "422 validation_failed bankCode"),
                ("\"kind\":\"bank\",\"accountNumber\":\"01109876\",\"bic\":\"nope\"", "422 validation_failed bic"),
                ("\"kind\":\"mobileMoney\",\"phoneNumber\":\"+254712345678\"", "201"),
                ("\"kind\":\"mobileMoney\"", "422 validation_failed phoneNumber"),
                ("\"kind\":\"mobileMoney\",\"phoneNumber\":\"0812345678\"", "422 validation_failed phoneNumber"),
                ("\"kind\":\"mobileMoney\",\"phoneNumber\":\"+447911123456\"", "422 validation_failed phoneNumber"),
                ("\"kind\":\"biller\",\"billerCode\":\"KPLC\",\"billAccount\":\"14-2233\"", "201"),
                ("\"kind\":\"biller\",\"billerCode\":\"KPLC\"", "422 validation_failed billAccount"),
                ("\"kind\":\"pigeon\"", "422 validation_failed kind"),
                ("\"phoneNumber\":\"0712345678\"", "422 validation_failed kind"),
            ]
            for (fields, outcome) in cases {
                // Newest first goes by the clock.
                bank.clock.advance(seconds: 1)
                #expect(try await save(payee(fields), client, bank).outcome == outcome, "\(fields)")
            }
            // A page at a time, newest first, nothing twice.
            let first = await client.get("\(Self.path)?limit=3")
            let second = await client.get("\(Self.path)?limit=3&cursor=\(first.text("nextCursor") ?? "")")
            let kinds = [0, 1, 2].map { first.text("items", $0, "kind") } + [0, 1].map { second.text("items", $0, "kind") }
            #expect(kinds == ["biller", "mobileMoney", "bank", "bank", "internal"])
            #expect(second["nextCursor"] == .null)
            #expect(await client.get("\(Self.path)?cursor=forged").outcome == "422 invalid_cursor cursor")
        }
    }

    @Test func thePayeeIsSavedOnceHoweverItIsSpelled() async throws {
        try await Bank.run { bank in
            let amina = try await bank.person("Amina", "Wanjiru")
            let client = bank.signedIn(amina)
            let first = try await save(payee("\"kind\":\"mobileMoney\",\"phoneNumber\":\"0712345678\""), client, bank)
            let other = try await save(payee("\"kind\":\"biller\",\"billerCode\":\"KPLC\",\"billAccount\":\"7\""), client, bank)
            #expect(first.status == 201 && other.status == 201)
            // Refused before anybody is asked for a code.
            let asked = bank.gate.challengeCount
            let again = await client.post(
                Self.path, payee("\"kind\":\"mobileMoney\",\"phoneNumber\":\"+254712345678\"", nickname: "Another"))
            #expect(again.outcome == "409 duplicate_beneficiary")
            let changed = await client.put(
                "\(Self.path)/\(other.text("beneficiaryId") ?? "")",
                payee("\"kind\":\"mobileMoney\",\"phoneNumber\":\"254712345678\",\"version\":1"))
            #expect(changed.outcome == "409 duplicate_beneficiary")
            #expect(bank.gate.challengeCount == asked)
            // Another customer may save the same payee.
            let brian = bank.signedIn(try await bank.person("Brian", "Otieno"))
            #expect(try await save(payee("\"kind\":\"mobileMoney\",\"phoneNumber\":\"0712345678\""), brian, bank).status == 201)
        }
    }

    @Test func parallelRequestsSaveOnePayeeOnce() async throws {
        try await Bank.run { bank in
            let client = bank.signedIn(try await bank.person("Amina", "Wanjiru"))
            let json = payee("\"kind\":\"mobileMoney\",\"phoneNumber\":\"0712345678\"")
            var calls: [(key: String, token: String)] = []
            for _ in 0..<8 {
                let key = Bank.freshKey()
                let challenge = await client.post(Self.path, json, key: key)
                calls.append((key, try bank.gate.confirm(challenge.text("challengeId"))))
            }
            let outcomes = await withTaskGroup(of: String.self) { group in
                for call in calls { group.addTask { await client.post(Self.path, json, key: call.key, stepUpToken: call.token).outcome } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == "201" } == 1)
            #expect(outcomes.count { $0 == "409 duplicate_beneficiary" } == 7)
        }
    }

    @Test func somebodyElsesPayeeDoesNotExist() async throws {
        try await Bank.run { bank in
            let amina = bank.signedIn(try await bank.person("Amina", "Wanjiru"))
            let brian = bank.signedIn(try await bank.person("Brian", "Otieno"))
            let json = payee("\"kind\":\"mobileMoney\",\"phoneNumber\":\"0712345678\"")
            let id = try await save(json, amina, bank).text("beneficiaryId") ?? ""
            let change = payee("\"kind\":\"mobileMoney\",\"phoneNumber\":\"0712345679\",\"version\":1")
            #expect(await brian.put("\(Self.path)/\(id)", change).outcome == "404 not_found")
            #expect(await brian.send(.delete, "\(Self.path)/\(id)").outcome == "404 not_found")
            #expect(await brian.get(Self.path).text("items", 0, "beneficiaryId") == nil)
            #expect(await amina.put("\(Self.path)/nonsense", change).outcome == "404 not_found")
            #expect(await amina.get(Self.path).text("items", 0, "version") == "1")
        }
    }

    @Test func rolesDecide() async throws {
        try await Bank.run { bank in
            let company = try await bank.organisation("Savanna Traders")
            let json = payee("\"kind\":\"mobileMoney\",\"phoneNumber\":\"0712345678\"")
            let checker = bank.signedIn(company, as: RoleSet(.corporateChecker))
            #expect(await checker.post(Self.path, json).outcome == "403 forbidden")
            #expect(await checker.get(Self.path).status == 200)
            // Saving a payee moves nothing, so a maker needs the second factor only.
            #expect(try await save(json, bank.signedIn(company, as: RoleSet(.corporateMaker)), bank).status == 201)
            #expect(await bank.staff(.teller).get(Self.path).outcome == "403 forbidden")
        }
    }
}

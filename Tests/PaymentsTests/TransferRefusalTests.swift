import Accounts
import HTTPEdge
import Kernel
import Ledger
import Postgres
import Testing

/// Every refusal of a transfer, in the contract's order (section 5): each row has every later fault as well, as far as they go together.
@Suite struct TransferRefusalTests {
    /// Faults that a request or the world can have, first to refuse first.
    private enum Fault: String, CaseIterable {
        case field, reusedKey, strangeSource, unknownPayee, sameAccount, frozenSource, currency, blocked, unverified, tooMuch
        case tooPoor, unconfirmed
    }

    private static let precedence = """
        faults                                                                             | answer
        field reusedKey strangeSource unknownPayee currency blocked                        | 422 validation_failed narration
        reusedKey strangeSource unknownPayee currency blocked tooMuch                      | 422 idempotency_key_reused Idempotency-Key
        strangeSource unknownPayee currency blocked unverified tooMuch tooPoor unconfirmed | 404 account_not_found
        unknownPayee frozenSource currency blocked unverified tooMuch tooPoor unconfirmed  | 404 destination_not_found
        sameAccount frozenSource currency blocked unverified tooMuch tooPoor unconfirmed   | 422 same_account toAccountNumber
        frozenSource currency blocked unverified tooMuch tooPoor unconfirmed               | 422 account_frozen fromAccountNumber
        currency blocked unverified tooMuch tooPoor unconfirmed                            | 422 currency_mismatch currency
        blocked unverified tooMuch tooPoor unconfirmed                                     | 422 customer_blocked fromAccountNumber
        unverified tooMuch tooPoor unconfirmed                                             | 422 kyc_required fromAccountNumber
        tooMuch tooPoor unconfirmed                                                        | 422 limit_exceeded amount
        tooPoor unconfirmed                                                                | 422 insufficient_funds amount
        unconfirmed                                                                        | 403 step_up_required
                                                                                           | 201
        """

    private static var rows: [(faults: Set<Fault>, answer: String)] {
        precedence.split(separator: "\n").dropFirst().map { line in
            let columns = line.split(separator: "|", omittingEmptySubsequences: false)
            let faults = columns[0].split(separator: " ").compactMap { Fault(rawValue: String($0)) }
            #expect(faults.count == columns[0].split(separator: " ").count, "a fault is misspelt in: \(line)")
            return (Set(faults), columns[1].trimmingPrefix(" ").description)
        }
    }

    @Test func firstFaultInTheOrderOfTheContractRefuses() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let client = bank.signedIn(amina)
            let helper = try await bank.account(of: amina, 10_000)
            let to = try await bank.account(of: brian)
            let used = TransferCall(from: helper, to: to, "1.00")
            #expect(await client.transfer(used).status == 201)
            var transfers: Int64 = 1
            for row in Self.rows {
                let faults = row.faults
                // Charges come on top: 60,000.00 takes 60,040.25 from the account.
                let from = try await bank.account(of: amina, faults.contains(.tooPoor) ? 6_004_024 : 6_004_025)
                var call = TransferCall(from: from, to: to, faults.contains(.tooMuch) ? "500000.01" : "60000.00")
                if faults.contains(.field) { call.narration = String(repeating: "x", count: 141) }
                if faults.contains(.reusedKey) { call.key = used.key }
                if faults.contains(.strangeSource) { call.from = to.number }
                if faults.contains(.unknownPayee) { call.to = "0010199999990" }
                if faults.contains(.sameAccount) { call.to = from.number }
                if faults.contains(.currency) { call.currency = "USD" }
                try await bank.arrange { transaction in
                    if faults.contains(.frozenSource) { _ = try LedgerAccounts().freeze(from.id, scope: .debits, in: transaction) }
                    _ = try transaction.execute(
                        """
                        UPDATE ledger.account SET is_customer_blocked = \(faults.contains(.blocked)),
                            requires_kyc = \(faults.contains(.unverified)), version = version + 1 WHERE id = \(from.id)
                        """)
                }
                if faults.isEmpty {
                    let challenge = await client.transfer(call)
                    #expect(challenge.outcome == "403 step_up_required")
                    call.stepUpToken = try bank.gate.confirm(challenge.text("challengeId"))
                }
                let reply = await client.transfer(call)
                #expect(reply.outcome == row.answer, "\(faults)")
                if reply.status == 201 { transfers += 1 } else { #expect(reply.headers["Content-Type"] == MediaType.problem) }
                // A refused request changes nothing.
                #expect(try await bank.transferCount() == transfers)
            }
            #expect(transfers == 2)
        }
    }

    /// States of both sides: which refuse, with which code, at which field.
    private static let states = """
        side        | state            | answer
        source      | active           | 201
        source      | pendingApproval  | 422 account_not_active fromAccountNumber
        source      | rejected         | 422 account_not_active fromAccountNumber
        source      | frozen debits    | 422 account_frozen fromAccountNumber
        source      | frozen all       | 422 account_frozen fromAccountNumber
        source      | dormant          | 422 account_dormant fromAccountNumber
        source      | closed           | 422 account_closed fromAccountNumber
        destination | active           | 201
        destination | pendingApproval  | 422 account_not_active toAccountNumber
        destination | rejected         | 422 account_not_active toAccountNumber
        destination | frozen debits    | 201
        destination | frozen all       | 422 account_frozen toAccountNumber
        destination | dormant          | 201
        destination | closed           | 422 account_closed toAccountNumber
        """

    @Test func statesOfBothSides() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            for line in Self.states.split(separator: "\n").dropFirst() {
                let columns = line.split(separator: "|").map { $0.trimmingPrefix(" ").description.split(separator: " ") }
                let from = try await bank.account(of: amina, columns[0] == ["source"] && columns[1] == ["closed"] ? 0 : 100_000)
                let to = try await bank.account(of: brian)
                let changed = columns[0] == ["source"] ? from : to
                let scope: FreezeScope = columns[1].contains("all") ? .all : columns[1].contains("debits") ? .debits : .none
                let status = AccountStatus(name: String(columns[1][0]))
                try await bank.arrange { transaction in
                    if status == .rejected { _ = try transaction.execute("UPDATE ledger.account SET balance = 0 WHERE id = \(changed.id)") }
                    _ = try transaction.execute(
                        """
                        UPDATE ledger.account SET status = \((status ?? .active).rawValue), freeze_scope = \(scope.rawValue),
                            version = version + 1 WHERE id = \(changed.id)
                        """)
                }
                let reply = await bank.signedIn(amina).transfer(TransferCall(from: from, to: to, "1.00"))
                #expect(reply.outcome == columns[2].joined(separator: " "), "\(line)")
            }
        }
    }

    @Test func tiersLimitBothSides() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno", kycTier: 1))
            let rich = try await bank.account(of: amina, 90_000_000)
            let tier1 = try await bank.account(of: brian, 40_000_000)
            // Tier 1 may move 250,000.00 at once ...
            #expect(
                await bank.signedIn(brian).transfer(TransferCall(from: tier1, to: rich, "250000.01")).outcome == "422 limit_exceeded amount"
            )
            #expect(await bank.signedIn(brian).transfer(TransferCall(from: tier1, to: rich, "250000.00")).outcome == "403 step_up_required")
            // ... and hold 500,000.00, whoever sends it.
            #expect(
                await bank.signedIn(amina).transfer(TransferCall(from: rich, to: tier1, "100000.01")).outcome == "422 limit_exceeded amount"
            )
            #expect(await bank.signedIn(amina).transfer(TransferCall(from: rich, to: tier1, "100000.00")).outcome == "403 step_up_required")
        }
    }

    @Test func rolesDecideWhoMayStartATransfer() async throws {
        try await Bank.run { bank in
            let company = try await bank.organisation("Savanna Traders")
            let brian = try await bank.person("Brian", "Otieno")
            let (from, to) = (try await bank.account(of: company, 1_000_000), try await bank.account(of: brian))
            let call = TransferCall(from: from, to: to, "100.00")
            for role in [Role.corporateMaker, .corporateChecker] {
                #expect(await bank.signedIn(company, as: RoleSet(role)).transfer(call).outcome == "403 forbidden")
                #expect(
                    await bank.signedIn(company, as: RoleSet(role)).transfer(call, path: "/api/transactions/transfer").outcome
                        == "403 forbidden")
            }
            // The role refuses before the fields do.
            var nonsense = call
            nonsense.amount = "nonsense"
            #expect(await bank.signedIn(company, as: RoleSet(.corporateMaker)).transfer(nonsense).outcome == "403 forbidden")
            #expect(await bank.staff(.teller).transfer(call).outcome == "403 forbidden")
            #expect(await bank.client.transfer(call).outcome == "401 authentication_required")
            #expect(await bank.signedIn(company, as: RoleSet(.smeOwner)).transfer(call).outcome == "201")
            #expect(try await bank.transferCount() == 1)
        }
    }

    @Test func staffActOnAnInstructionUpToTheirLimit() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, to) = (try await bank.account(of: amina, 90_000_000), try await bank.account(of: brian))
            let path = "/api/transactions/transfer"
            var call = TransferCall(from: from, to: to, "100000.00")
            #expect(await bank.staff(.teller).transfer(call, path: path).outcome == "422 validation_failed customerInstruction")
            call.extra = "\"customerInstruction\":\"Letter of 2 March\""
            // No second factor at the counter, but the fee and the day's limit of the customer.
            let reply = await bank.staff(.teller).transfer(call, path: path)
            #expect(reply.outcome == "201")
            #expect(reply.text("fee") == "35.00")
            #expect(try await bank.state(from).outgoingAmount == 10_000_000)
            #expect(
                try await bank.count("SELECT count(*) FROM audit.record WHERE detail LIKE '%customerInstruction%Letter of 2 March%'") == 1)
            call.key = Bank.freshKey()
            call.amount = "100000.01"
            #expect(await bank.staff(.supervisor).transfer(call, path: path).outcome == "403 forbidden")
            #expect(await bank.staff(.auditor).transfer(call, path: path).outcome == "403 forbidden")
            #expect(await bank.staff(.branchManager).transfer(call, path: path).outcome == "403 forbidden")
            #expect(try await bank.transferCount() == 1)
        }
    }

    @Test func malformedBodiesAreRefusedInTheContractsForm() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, to) = (try await bank.account(of: amina, 1_000_000), try await bank.account(of: brian))
            let client = bank.signedIn(amina)
            func body(_ replaced: String, _ with: String) -> String {
                TransferCall(from: from, to: to, "100.00").json.replacing(replaced, with: with)
            }
            let cases: [(String, String)] = [
                ("", "400 malformed_request"), ("nonsense", "400 malformed_request"), ("[]", "400 malformed_request"),
                ("{\"amount\":", "400 malformed_request"), ("{}", "422 validation_failed fromAccountNumber"),
                (body("\"100.00\"", "\"-1.00\""), "422 validation_failed amount"),
                (body("\"100.00\"", "\"0.00\""), "422 validation_failed amount"),
                (body("\"100.00\"", "0"), "422 validation_failed amount"),
                (body("\"100.00\"", "\"1.001\""), "422 validation_failed amount"),
                (body("\"100.00\"", "1.005"), "422 validation_failed amount"),
                (body("\"100.00\"", "\"99999999999999.00\""), "422 validation_failed amount"),
                (body("\"100.00\"", "1e400"), "422 validation_failed amount"),
                (body("\"100.00\"", "true"), "422 validation_failed amount"),
                (body("\"100.00\"", "null"), "422 validation_failed amount"),
                (body("\"100.00\"", "[\"100.00\"]"), "422 validation_failed amount"),
                (body("\"KES\"", "\"kes\""), "422 validation_failed currency"),
                (body("\"KES\"", "\"XYZ\""), "422 validation_failed currency"),
                (body("\"\(to.number)\"", "\"12\""), "422 validation_failed toAccountNumber"),
                (body("\"\(to.number)\"", "7"), "422 validation_failed toAccountNumber"),
                (body("\"\(to.number)\"", "\"0010100000000\""), "404 destination_not_found"),
                (body("}", ",\"narration\":\"a\\u0000b\"}"), "422 validation_failed narration"),
                (body("}", ",\"narration\":\"\(String(repeating: "é", count: 141))\"}"), "422 validation_failed narration"),
                (body("}", ",\"beneficiaryName\":\"\(String(repeating: "x", count: 101))\"}"), "422 validation_failed beneficiaryName"),
                (body("}", ",\"transactionId\":\"7\"}"), "422 validation_failed transactionId"),
                (body("}", ",\"fromAccountId\":\"\(Identifier<Account>(bits: 7))\"}"), "404 account_not_found"),
            ]
            for (json, outcome) in cases {
                let reply = await client.post(InProcessClient.portalTransfer, json)
                #expect(reply.outcome == outcome, "\(json)")
            }
            // All faulty fields at once.
            let faults = await client.post(InProcessClient.portalTransfer, "{\"amount\":\"1.001\",\"currency\":\"KES\"}").faults
            #expect(Set(faults) == ["fromAccountNumber:required", "toAccountNumber:required", "amount:too_many_decimals"])
            #expect(try await bank.transferCount() == 0)
            #expect(try await bank.balance(from) == 1_000_000)
            // Fields that a caller may not set are not honoured.
            let honest = await client.post(
                InProcessClient.portalTransfer,
                body("}", ",\"fee\":\"0.00\",\"status\":\"pending\",\"customerId\":\"x\",\"postedAt\":\"2020-01-01T00:00:00Z\"}")
                    .replacing("\"100.00\"", with: "\"1000.00\""))
            #expect(honest.status == 201)
            #expect(honest.text("fee") == "10.00")
            #expect(honest.text("businessDate") == "2026-03-02")
        }
    }
}

import Accounts
import HTTPEdge
import Kernel
import Ledger
import Parties
import Postgres
import Testing

/// What customers and staff see of accounts and transactions, and what they do not.
@Suite struct PortalTests {
    private static let portal = "/api/customer-portal"

    @Test func theDashboardAddsUpWhatIsOwned() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let current = try await bank.account(of: amina, 10_000_000)
            _ = try await bank.account(of: amina, 5_000_000)
            _ = try await bank.account(of: amina, 100_000, currency: .usd)
            let to = try await bank.account(of: brian)
            let client = bank.signedIn(amina)
            #expect(await client.transfer(TransferCall(from: current, to: to, "1000.00")).status == 201)
            let dashboard = await client.get("\(Self.portal)/dashboard")
            #expect(dashboard.status == 200)
            #expect(dashboard.text("customerId") == amina.id.description)
            #expect(dashboard.text("totals", 0, "currency") == "KES")
            #expect(dashboard.text("totals", 0, "balance") == "148988.50")
            #expect(dashboard.text("totals", 0, "availableBalance") == "148988.50")
            #expect(dashboard.text("totals", 0, "accountCount") == "2")
            #expect(dashboard.text("totals", 1, "currency") == "USD")
            #expect(dashboard.text("totals", 1, "balance") == "1000.00")
            // 1,000.00 dollars at 129.25 shillings.
            #expect(dashboard.text("totalBalance") == "278238.50")
            #expect(dashboard.text("currency") == "KES")
            #expect(dashboard.text("accountCount") == "3")
            // Three openings, the transfer, its fee and its excise.
            #expect(dashboard.text("recentTransactionCount") == "6")
            #expect(dashboard.text("recentTransactions", 4, "transactionId") != nil)
            #expect(dashboard.text("recentTransactions", 5, "transactionId") == nil)
            #expect(dashboard.text("pendingApprovalCount") == "0")
            #expect(dashboard.text("unreadNotificationCount") == "0")
            // Somebody without any account has a dashboard too.
            let nobody = await bank.signedIn(try await bank.person("New", "Comer")).get("\(Self.portal)/dashboard")
            #expect(nobody.text("totalBalance") == "0.00")
            #expect(nobody.text("recentTransactionCount") == "0")
        }
    }

    @Test func bothSidesSeeOneTransactionEachInItsOwnWay() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, to) = (try await bank.account(of: amina, 10_000_000), try await bank.account(of: brian))
            let (payer, receiver) = (bank.signedIn(amina), bank.signedIn(brian))
            var call = TransferCall(from: from, to: to, "1000.00")
            call.narration = "Rent"
            let transfer = await payer.transfer(call)
            let id = transfer.text("transactionId") ?? ""
            let sent = await payer.get("\(Self.portal)/transactions/\(id)")
            #expect(sent.text("direction") == "debit")
            #expect(sent.text("amount") == "1000.00")
            #expect(sent.text("fee") == "10.00")
            #expect(sent.text("excise") == "1.50")
            #expect(sent.text("accountNumber") == from.number)
            #expect(sent.text("counterpartyAccountNumber") == to.number)
            #expect(sent.text("reference") == transfer.text("reference"))
            #expect(sent.text("narration") == "Rent")
            let received = await receiver.get("\(Self.portal)/transactions/\(id)")
            #expect(received.text("direction") == "credit")
            #expect(received.text("fee") == "0.00")
            #expect(received.text("balanceAfter") == "1000.00")
            #expect(received.text("accountNumber") == to.number)
            // The other account shows its last four digits only.
            #expect(received.text("counterpartyAccountNumber")?.hasSuffix(String(from.number.suffix(4))) == true)
            #expect(received.text("counterpartyAccountNumber")?.contains(from.number.prefix(9)) == false)
            #expect(received.text("journalId") == sent.text("journalId"))
            // The charges follow the transfer with identifiers of their own, and belong to the payer alone.
            let list = await payer.get("\(Self.portal)/accounts/\(from.number)/transactions")
            #expect((0..<4).map { list.text("items", $0, "type") } == ["excise", "fee", "transfer", "opening"])
            #expect((0..<4).map { list.text("items", $0, "balanceAfter") } == ["98988.50", "98990.00", "99000.00", "100000.00"])
            let fee = list.text("items", 1, "transactionId") ?? ""
            #expect(fee != id)
            #expect(await payer.get("\(Self.portal)/transactions/\(fee)").text("amount") == "10.00")
            #expect(await receiver.get("\(Self.portal)/transactions/\(fee)").outcome == "404 not_found")
            // Staff see every line.
            let staff = await bank.staff(.teller).get("/api/transactions/\(id)")
            #expect(staff.text("entries", 0, "accountNumber") == from.number)
            #expect(staff.text("entries", 0, "direction") == "debit")
            #expect(staff.text("entries", 1, "accountNumber") == to.number)
            #expect(staff.text("entries", 1, "glCode") == "2001")
            #expect(await payer.get("/api/transactions/\(id)")["entries"] == nil)
            #expect(await payer.get("/api/transactions/\(id)").text("transactionId") == id)
        }
    }

    @Test func somebodyElsesThingsAreMissingEverywhere() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let chege = try await bank.person("Chege", "Mwangi")
            let (from, to) = (try await bank.account(of: amina, 10_000_000), try await bank.account(of: brian))
            let id = await bank.signedIn(amina).transfer(TransferCall(from: from, to: to, "1000.00")).text("transactionId") ?? ""
            let stranger = bank.signedIn(chege)
            for account in [from.number, from.id.description] {
                for path in ["", "/balance", "/balance?asOf=2026-03-02", "/transactions", "/transactions?limit=1"] {
                    let theirs = await stranger.get("\(Self.portal)/accounts/\(account)\(path)")
                    #expect(theirs.outcome == "404 account_not_found", "\(path)")
                }
            }
            #expect(await stranger.get("\(Self.portal)/transactions/\(id)").outcome == "404 not_found")
            #expect(await stranger.get("/api/transactions/\(id)").outcome == "404 not_found")
            #expect(await stranger.get("\(Self.portal)/accounts").text == "{\"items\":[],\"nextCursor\":null}")
            #expect(await stranger.get("\(Self.portal)/transactions/recent").text == "{\"items\":[],\"nextCursor\":null}")
            // Missing and somebody else's cannot be told apart.
            let theirs = await stranger.get("\(Self.portal)/accounts/\(from.id)")
            let nobodys = await stranger.get("\(Self.portal)/accounts/\(Identifier<Account>(bits: 7))")
            #expect(theirs.text("detail") == nobodys.text("detail"))
            #expect(theirs.text("title") == nobodys.text("title"))
            for path in ["accounts/nonsense", "transactions/nonsense", "accounts/0010100000000/balance"] {
                #expect(await stranger.get("\(Self.portal)/\(path)").status == 404)
            }
            // Staff search is for staff, the portal for customers.
            #expect(await stranger.get("/api/transactions").outcome == "403 forbidden")
            #expect(await bank.staff(.teller).get("\(Self.portal)/accounts").outcome == "403 forbidden")
            #expect(await bank.client.get("\(Self.portal)/dashboard").outcome == "401 authentication_required")
        }
    }

    @Test func balancesNowAndThen() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, to) = (try await bank.account(of: amina, 10_000_000), try await bank.account(of: brian))
            let client = bank.signedIn(amina)
            let path = "\(Self.portal)/accounts/\(from.number)/balance"
            let days = BusinessDays(clock: bank.clock)
            bank.clock.advance(seconds: 86_400)
            try await bank.arrange { _ = try days.open(BusinessDate(of: Bank.opening).adding(days: 1), in: $0) }
            #expect(await client.transfer(TransferCall(from: from, to: to, "1000.00")).status == 201)
            #expect(await client.get(path).text("balance") == "98988.50")
            #expect(await client.get("\(path)?asOf=2026-03-02").text("balance") == "100000.00")
            #expect(await client.get("\(path)?asOf=2026-03-03").text("balance") == "98988.50")
            #expect(await client.get("\(path)?asOf=2026-03-01").text("balance") == "0.00")
            #expect(await client.get("\(path)?asOf=2026-03-04").outcome == "422 validation_failed asOf")
            #expect(await client.get("\(path)?asOf=yesterday").outcome == "422 validation_failed asOf")
        }
    }

    @Test func pagesAndFiltersOfAHistory() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, to) = (try await bank.account(of: amina, 10_000_000), try await bank.account(of: brian, 1_000_000))
            let (client, other) = (bank.signedIn(amina), bank.signedIn(brian))
            for number in 1...7 {
                var call = TransferCall(from: from, to: to, "\(number)00.00")
                call.narration = number == 3 ? "100% school_fees" : "Transfer \(number)"
                #expect(await client.transfer(call).status == 201)
            }
            #expect(await other.transfer(TransferCall(from: to, to: from, "50.00")).status == 201)
            let path = "\(Self.portal)/accounts/\(from.id)/transactions"
            func amounts(_ query: String) async -> [String] {
                let reply = await client.get("\(path)?\(query)")
                #expect(reply.status == 200, "\(query)")
                return (0..<50).compactMap { reply.text("items", $0, "amount") }
            }
            #expect(await amounts("type=transfer&limit=3") == ["50.00", "700.00", "600.00"])
            #expect(await amounts("direction=credit") == ["50.00", "100000.00"])
            #expect(await amounts("type=transfer&minAmount=300&maxAmount=500.00") == ["500.00", "400.00", "300.00"])
            #expect(await amounts("q=100%25") == ["300.00"])
            #expect(await amounts("q=school_") == ["300.00"])
            #expect(await amounts("type=fee").count == 2)
            #expect(await amounts("type=transfer&from=2026-03-02&to=2026-03-02").count == 8)
            #expect(await amounts("to=2026-03-01") == [])
            for wrong in [
                "from=2026-03-02&to=2026-03-01", "limit=0", "limit=201", "type=gift", "minAmount=-1", "from=2.3.2026", "cursor=x",
            ] {
                #expect(await client.get("\(path)?\(wrong)").status == 422, "\(wrong)")
            }
            // Page by page, while rows are added: nothing twice, nothing left out.
            var seen: [String] = []
            var cursor = ""
            repeat {
                let page = await client.get("\(path)?limit=4\(cursor)")
                seen += (0..<4).compactMap { page.text("items", $0, "transactionId") }
                #expect(await other.transfer(TransferCall(from: to, to: from, "1.00")).status == 201)
                cursor = page["nextCursor"] == .null ? "" : "&cursor=\(page.text("nextCursor") ?? "")"
            } while !cursor.isEmpty
            // Opening, seven transfers, the credit, and fee and excise of the two above 500.00.
            #expect(seen.count == 13)
            #expect(Set(seen).count == 13)
            // A cursor belongs to its list.
            let page = await client.get("\(path)?limit=4")
            let elsewhere = "\(Self.portal)/transactions/recent?cursor=\(page.text("nextCursor") ?? "")"
            #expect(await client.get(elsewhere).outcome == "422 invalid_cursor cursor")
            #expect(await client.get("\(Self.portal)/transactions/recent?limit=2").text("items", 1, "amount") == "1.00")
        }
    }

    @Test func recipientsAreResolvedUnderAMask() async throws {
        try await Bank.run { bank in
            let (amina, jane) = (try await bank.person("Amina", "Otieno"), try await bank.person("Jane", "Wanjiru"))
            let account = try await bank.account(of: jane)
            let client = bank.signedIn(amina)
            let path = "\(Self.portal)/transactions/resolve-recipient?accountNumber="
            let found = await client.get(path + account.number)
            #expect(found.text("displayName") == "Jane W***")
            #expect(found.text("accountNumber") == account.number)
            #expect(found.text("currency") == "KES")
            #expect(found["acceptsCredits"] == .boolean(true))
            try await bank.arrange { _ = try LedgerAccounts().freeze(account.id, scope: .all, in: $0) }
            #expect(await client.get(path + account.number)["acceptsCredits"] == .boolean(false))
            #expect(await client.get(path + "0010100000000").outcome == "404 account_not_found")
            #expect(await client.get(path + "nonsense").outcome == "422 validation_failed accountNumber")
            #expect(await client.get(path.replacing("?accountNumber=", with: "")).outcome == "422 validation_failed accountNumber")
        }
    }

    @Test func recipientLookupsHaveALimitOfTheirOwn() async throws {
        try await Bank.run(recipientLookups: 3) { bank in
            let client = bank.signedIn(try await bank.person("Amina", "Otieno"))
            let path = "\(Self.portal)/transactions/resolve-recipient?accountNumber=0010100000000"
            for _ in 0..<3 { #expect(await client.get(path).status == 404) }
            #expect(await client.get(path).outcome == "429 rate_limited")
            #expect(await client.get("\(Self.portal)/accounts").status == 200)
        }
    }

    @Test func staffSearchTheWholeBank() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, to) = (try await bank.account(of: amina, 10_000_000), try await bank.account(of: brian, 1_000_000))
            let shillings = try await bank.account(of: brian, 700_000, currency: .ugx)
            let client = bank.signedIn(amina)
            var references: [String] = []
            for amount in ["100.00", "200.00", "300.00"] {
                references.append(await client.transfer(TransferCall(from: from, to: to, amount)).text("reference") ?? "")
            }
            let staff = bank.staff(.auditor)
            func found(_ query: String) async -> [String] {
                let reply = await staff.get("/api/transactions?\(query)")
                #expect(reply.status == 200, "\(query)")
                return (0..<50).compactMap { index in
                    reply.text("items", index, "amount").map { "\($0) \(reply.text("items", index, "direction") ?? "")" }
                }
            }
            #expect(await found("accountNumber=\(from.number)&type=transfer") == ["300.00 debit", "200.00 debit", "100.00 debit"])
            #expect(await found("cifNumber=\(brian.cifNumber)&type=transfer&limit=2") == ["300.00 credit", "200.00 credit"])
            #expect(await found("reference=\(references[1])") == ["200.00 credit", "200.00 debit"])
            #expect(await found("reference=\(references[1])&accountNumber=\(to.number)") == ["200.00 credit"])
            #expect(await found("accountNumber=\(from.number)&cifNumber=\(brian.cifNumber)") == [])
            #expect(await found("accountNumber=0010100000000") == [])
            #expect(await found("cifNumber=CIF999999999") == [])
            #expect(await found("reference=TRF00000000000000000000") == [])
            #expect(await found("type=opening&minAmount=7000&maxAmount=700000").count == 3)
            #expect(await found("type=opening&minAmount=500000") == ["700000 credit"])
            #expect(await found("status=reversed") == [])
            #expect(await found("status=pending") == [])
            #expect(await found("status=completed&type=transfer").count == 6)
            #expect(await found("channel=api&type=transfer").count == 6)
            #expect(await found("channel=staff") == [])
            #expect(await found("from=2026-03-02&to=2026-03-02&type=transfer").count == 6)
            #expect(await found("limit=2").count == 2)
            _ = shillings
            for wrong in ["status=lost", "channel=pigeon", "accountNumber=1", "cifNumber=1", "reference=1", "minAmount=2&maxAmount=1"] {
                #expect(await staff.get("/api/transactions?\(wrong)").status == 422, "\(wrong)")
            }
            #expect(await staff.get("/api/transactions/\(Identifier<TransactionRecord>(bits: 7))").outcome == "404 not_found")
        }
    }
}

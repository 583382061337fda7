import Accounts
import HTTPEdge
import Kernel
import Ledger
import Parties
import Postgres
import Testing

/// Quotes, cash flow, profile and receipts: what the portal's pages ask for besides accounts and transfers.
@Suite struct PortalExtensionTests {
    private static let portal = "/api/customer-portal"

    @Test func aQuoteSaysWhatTheTransferThenDoesAndStoresNothing() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, to) = (try await bank.account(of: amina, 10_000_000), try await bank.account(of: brian))
            let own = try await bank.account(of: amina)
            let client = bank.signedIn(amina)
            func quote(_ from: String, _ to: String, _ amount: String, _ currency: String = "KES") async -> InProcessResponse {
                await client.get(
                    "\(Self.portal)/transactions/transfer-quote?from=\(from)&to=\(to)&amount=\(amount)&currency=\(currency)")
            }
            let journals = try await bank.transferCount()
            let found = await quote(from.number, to.number, "1000.00")
            #expect(found.status == 200, "\(found.text)")
            #expect(found.text("fee") == "10.00" && found.text("excise") == "1.50" && found.text("total") == "1011.50")
            #expect(found["requiresStepUp"] == .boolean(false) && found.text("balanceAfter") == "98988.50")
            #expect(found.text("recipientName") == "Brian O***")
            #expect(try await bank.transferCount() == journals)
            #expect(bank.gate.challengeCount == 0)
            let made = await client.transfer(TransferCall(from: from, to: to, "1000.00"))
            #expect(made.text("balanceAfter") == found.text("balanceAfter") && made.text("fee") == found.text("fee"))
            // Own accounts cost nothing and need nothing; the source may be named by its id.
            let free = await quote(from.id.description, own.number, "60000.00")
            #expect(free.text("total") == "60000.00" && free["requiresStepUp"] == .boolean(false))
            #expect(await quote(from.number, to.number, "60000.00")["requiresStepUp"] == .boolean(true))
            // Refused like the transfer, in the same order.
            #expect(await quote(to.number, from.number, "1").outcome == "404 account_not_found")
            #expect(await quote(from.number, "0010100000000", "1").outcome == "404 destination_not_found")
            #expect(await quote(from.number, from.number, "1").outcome == "422 same_account toAccountNumber")
            #expect(await quote(from.number, to.number, "1", "USD").outcome == "422 currency_mismatch currency")
            #expect(await quote(from.number, to.number, "99000.00").outcome == "422 insufficient_funds amount")
            #expect(await quote(from.number, to.number, "600000").outcome == "422 limit_exceeded amount")
            #expect(await quote(from.number, to.number, "0").outcome == "422 validation_failed amount")
            #expect(await quote(from.number, to.number, "1.001").outcome == "422 validation_failed amount")
        }
    }

    @Test func cashFlowCountsWhatCameInAndWentOut() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, to) = (try await bank.account(of: amina, 10_000_000), try await bank.account(of: brian, 5_000_000))
            let own = try await bank.account(of: amina)
            let client = bank.signedIn(amina)
            #expect(await client.transfer(TransferCall(from: from, to: to, "1000.00")).status == 201)
            #expect(await client.transfer(TransferCall(from: from, to: own, "2000.00")).status == 201)
            try await bank.open(day: 31)
            #expect(await bank.signedIn(brian).transfer(TransferCall(from: to, to: own, "300.00")).status == 201)

            let all = await client.get("\(Self.portal)/analytics/cash-flow?from=2026-02-01&to=2026-04-30")
            #expect(all.status == 200, "\(all.text)")
            #expect((0..<3).map { all.text("points", $0, "period") } == ["2026-02", "2026-03", "2026-04"])
            #expect((0..<3).map { all.text("points", $0, "inflow") } == ["0.00", "100000.00", "300.00"])
            // The own transfer is no spending; the fee is.
            #expect((0..<3).map { all.text("points", $0, "outflow") } == ["0.00", "1011.50", "0.00"])
            #expect((0..<3).map { all.text("points", $0, "closingBalance") } == ["0.00", "98988.50", "99288.50"])
            #expect(all.text("topCounterparties", 0, "name") == "Brian Otieno")
            #expect(all.text("topCounterparties", 0, "outflow") == "1000.00")
            #expect(all.text("currency") == "KES" && all["accountId"] == nil)
            // Of one account alone, what moves to the other one does count: inflow minus outflow is the change of the balance.
            let one = await client.get("\(Self.portal)/analytics/cash-flow?accountId=\(own.id)&from=2026-03-01&to=2026-04-30")
            #expect((0..<2).map { one.text("points", $0, "inflow") } == ["2000.00", "300.00"])
            #expect(one.text("accountId") == own.id.description)
            let days = await client.get("\(Self.portal)/analytics/cash-flow?from=2026-03-01&to=2026-03-07&granularity=day")
            #expect((0..<7).map { days.text("points", $0, "inflow") }.filter { $0 != "0.00" } == ["100000.00"])
            let weeks = await client.get("\(Self.portal)/analytics/cash-flow?from=2026-03-01&to=2026-03-14&granularity=week")
            #expect((0..<3).map { weeks.text("points", $0, "period") } == ["2026-03-01", "2026-03-02", "2026-03-09"])
            // Six months by default, empty where nothing happened.
            #expect(await client.get("\(Self.portal)/analytics/cash-flow").text("points", 5, "period") == "2026-04")
            #expect(
                await client.get("\(Self.portal)/analytics/cash-flow?from=2024-01-01&to=2026-01-01").outcome == "422 range_too_long from")
            #expect(await client.get("\(Self.portal)/analytics/cash-flow?accountId=\(to.id)").outcome == "404 account_not_found")
            // The ends of the calendar are days like others.
            for (from, to) in [("9999-12-01", "9999-12-31"), ("9999-01-01", "9999-12-31"), ("1900-01-01", "1900-01-02")] {
                for granularity in ["day", "week", "month"] {
                    let path = "\(Self.portal)/analytics/cash-flow?from=\(from)&to=\(to)&granularity=\(granularity)"
                    #expect(await client.get(path).status == 200)
                }
            }
            let nobody = await bank.signedIn(try await bank.person("New", "Comer")).get("\(Self.portal)/analytics/cash-flow")
            #expect(nobody.text("points", 0, "closingBalance") == "0.00")
        }
    }

    @Test func contactDataChangesWithASecondFactorAndTheOldAddressIsTold() async throws {
        try await Bank.run { bank in
            let amina = try await bank.person("Amina", "Wanjiru")
            try await bank.arrange {
                _ = try $0.execute(
                    "UPDATE parties.customer SET email = 'old@example.com', phone = '+254711000001' WHERE id = \(amina.id)")
            }
            let client = bank.signedIn(amina)
            let path = "\(Self.portal)/profile"
            let read = await client.get(path)
            #expect(read.text("email") == "old@example.com" && read.text("preferredLanguage") == "en" && read.text("version") == "1")
            // An address or a language needs no second factor.
            let moved = await client.put(
                path,
                "{\"address\":{\"addressLine1\":\"Moi Avenue 1\",\"city\":\"Nairobi\",\"country\":\"KE\"},\"preferredLanguage\":\"sw\",\"version\":1}"
            )
            #expect(moved.status == 200, "\(moved.text)")
            #expect(moved.text("address", "city") == "Nairobi" && moved.text("version") == "2")
            #expect(await client.put(path, "{\"preferredLanguage\":\"en\",\"version\":1}").outcome == "409 version_conflict")
            #expect(
                await client.put(path, "{\"preferredLanguage\":\"fr\"}").faults.map { $0.prefix { $0 != ":" } } == [
                    "preferredLanguage", "version",
                ])
            // The same address is no change.
            #expect(await client.put(path, "{\"email\":\"old@example.com\",\"version\":2}").status == 200)
            let body = "{\"email\":\"new@example.com\",\"phoneNumber\":\"0722000002\",\"version\":3}"
            let asked = await client.put(path, body)
            #expect(asked.outcome == "403 step_up_required")
            #expect(asked.text("action", "type") == "contactChange")
            #expect(asked.text("action", "payee") == "new@example.com, +254722000002")
            #expect(try await bank.count("SELECT count(*) FROM notifications.message") == 0)
            let token = try bank.gate.confirm(asked.text("challengeId"))
            // Confirmed for these addresses and no others.
            #expect(
                await client.put(path, "{\"email\":\"evil@example.com\",\"version\":3}", stepUpToken: token).outcome
                    == "403 step_up_required")
            let changed = await client.put(path, body, stepUpToken: token)
            #expect(changed.status == 200, "\(changed.text)")
            #expect(changed.text("email") == "new@example.com" && changed.text("phoneNumber") == "+254722000002")
            #expect(bank.follower.all == ["new@example.com +254722000002"])
            let told = try await bank.pool.read {
                try $0.query("SELECT recipient FROM notifications.message ORDER BY recipient").map { try $0.text(0) }
            }
            #expect(told == ["+254711000001", "old@example.com"])
        }
    }

    @Test func receiptsSayWhatTheirReaderMayKnow() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, to) = (try await bank.account(of: amina, 10_000_000), try await bank.account(of: brian))
            let made = await bank.signedIn(amina).transfer(TransferCall(from: from, to: to, "1000.00"))
            let path = "\(Self.portal)/transactions/\(made.text("transactionId") ?? "")/receipt"
            let paid = await bank.signedIn(amina).get(path)
            #expect(paid.status == 200, "\(paid.text)")
            #expect(paid.text("total") == "1011.50" && paid.text("accountNumber") == from.number)
            #expect(paid.text("counterpartyName") == "Brian O***" && paid.text("verificationCode")?.count == 14)
            let received = await bank.signedIn(brian).get(path)
            #expect(received.text("total") == "1000.00" && received.text("fee") == "0.00")
            #expect(received.text("counterpartyAccountNumber")?.contains(from.number.prefix(9)) == false)
            #expect(received.text("verificationCode") != paid.text("verificationCode"))
            #expect(await bank.signedIn(amina).get(path).text("verificationCode") == paid.text("verificationCode"))
            #expect(await bank.signedIn(try await bank.person("Chege", "Mwangi")).get(path).outcome == "404 not_found")
            let file = await bank.signedIn(amina).get(path + "?format=pdf")
            #expect(file.headers["Content-Type"] == "application/pdf" && file.body.starts(with: "%PDF-".utf8))
            #expect(file.headers["Content-Disposition"]?.contains(made.text("reference") ?? "-") == true)
            #expect(await bank.signedIn(amina).get(path + "?format=pdf").body == file.body)
            #expect(await bank.signedIn(amina).get(path + "?format=docx").outcome == "422 validation_failed format")
        }
    }
}

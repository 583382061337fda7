import Accounts
import HTTPEdge
import Kernel
import Ledger
import Postgres
import Testing

@Suite struct TransferTests {
    @Test func movesMoneyOnceWithFeeAndExcise() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, to) = (try await bank.account(of: amina, 20_000_000), try await bank.account(of: brian))
            var call = TransferCall(from: from, to: to, "1500.00")
            call.narration = "Rent for März – ¥, 家賃, 🏠"
            let reply = await bank.signedIn(amina).transfer(call)
            #expect(reply.status == 201)
            // The guide: up to 5,000.00 costs 10.00; excise is 15 % of the fee.
            #expect(reply.text("amount") == "1500.00")
            #expect(reply.text("fee") == "10.00")
            #expect(reply.text("excise") == "1.50")
            #expect(reply.text("balanceAfter") == "198488.50")
            #expect(reply.text("status") == "completed")
            #expect(reply.text("currency") == "KES")
            #expect(reply.text("fromAccountNumber") == from.number)
            #expect(reply.text("toAccountNumber") == to.number)
            #expect(reply.text("narration") == call.narration)
            #expect(reply.text("businessDate") == "2026-03-02")
            #expect(reply.headers["Location"] == "/api/customer-portal/transactions/\(reply.text("transactionId") ?? "")")
            #expect(reply.headers["Idempotency-Key"] == call.key)
            #expect(reply.headers["Idempotent-Replayed"] == nil)
            #expect(try await bank.balance(from) == 19_848_850)
            #expect(try await bank.balance(to) == 150_000)
            #expect(try await bank.ledgerBalance(4001) == 1_000)
            #expect(try await bank.ledgerBalance(2200) == 150)
            #expect(try await bank.count("SELECT count(*) FROM audit.record WHERE action = 'payments.transfer'") == 1)
            #expect(try await bank.count("SELECT sum(amount)::bigint FROM ledger.posting") == 0)
        }
    }

    @Test(arguments: [
        // amount, fee, excise: bands of the guide at their edges, excise rounded half up
        ("500.00", "0.00", "0.00"), ("500.01", "10.00", "1.50"), ("5000.00", "10.00", "1.50"), ("5000.01", "20.00", "3.00"),
        ("20000.00", "20.00", "3.00"), ("20000.01", "35.00", "5.25"), ("50000.00", "35.00", "5.25"), ("0.01", "0.00", "0.00"),
    ])
    func chargesByTheGuide(amount: String, fee: String, excise: String) async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, to) = (try await bank.account(of: amina, 20_000_000), try await bank.account(of: brian))
            let reply = await bank.signedIn(amina).transfer(TransferCall(from: from, to: to, amount))
            #expect(reply.status == 201)
            #expect(reply.text("fee") == fee)
            #expect(reply.text("excise") == excise)
        }
    }

    @Test func foreignCurrencyHasItsOwnTariff() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let from = try await bank.account(of: amina, 100_000, currency: .usd)
            let to = try await bank.account(of: brian, currency: .usd)
            var call = TransferCall(from: from, to: to, "300.00")
            call.currency = "USD"
            let reply = await bank.signedIn(amina).transfer(call)
            // 0.02 % of 300.00 is 0.06, the least is 0.10; excise 15 % of 0.10 is 0.015, rounded half up.
            #expect(reply.text("fee") == "0.10")
            #expect(reply.text("excise") == "0.02")
            #expect(reply.text("balanceAfter") == "699.88")
        }
    }

    @Test func ownAccountsAreFreeAndCountForNothing() async throws {
        try await Bank.run { bank in
            let amina = try await bank.person("Amina", "Wanjiru")
            let (from, to) = (try await bank.account(of: amina, 300_000_000), try await bank.account(of: amina))
            // Above the limit of one transfer, above the limit of a day, above the threshold of the second factor.
            for _ in 0..<2 {
                let reply = await bank.signedIn(amina).transfer(TransferCall(from: from, to: to, "1200000.00"))
                #expect(reply.outcome == "201")
                #expect(reply.text("fee") == "0.00")
                #expect(reply.text("excise") == "0.00")
            }
            #expect(try await bank.balance(to) == 240_000_000)
            #expect(bank.gate.challengeCount == 0)
            #expect(try await bank.state(from).outgoingAmount == 0)
        }
    }

    @Test func theSourceMayBeNamedByIdOrNumberOrBoth() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, second) = (try await bank.account(of: amina, 1_000_000), try await bank.account(of: amina))
            let to = try await bank.account(of: brian)
            let client = bank.signedIn(amina)
            var call = TransferCall(from: from, to: to, "100.00")
            (call.from, call.fromID) = (nil, from.id.description)
            #expect(await client.transfer(call).outcome == "201")
            (call.from, call.key) = (from.number, Bank.freshKey())
            #expect(await client.transfer(call).outcome == "201")
            (call.from, call.key) = (second.number, Bank.freshKey())
            #expect(await client.transfer(call).outcome == "422 validation_failed fromAccountNumber")
            // Somebody else's number beside the own id is missing, not mistaken.
            call.from = to.number
            #expect(await client.transfer(call).outcome == "404 account_not_found")
            (call.from, call.fromID) = (nil, nil)
            #expect(await client.transfer(call).outcome == "422 validation_failed fromAccountNumber")
        }
    }

    @Test func aClientsTransactionIdentifierIsKeptAndUsedOnce() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, to) = (try await bank.account(of: amina, 1_000_000), try await bank.account(of: brian))
            let client = bank.signedIn(amina)
            let id = "0195f0c2-0000-7000-8000-00000000abcd"
            var call = TransferCall(from: from, to: to, "100.00")
            call.extra = "\"transactionId\":\"\(id)\""
            let first = await client.transfer(call)
            #expect(first.text("transactionId") == id)
            // The same content under another key is the same transfer.
            call.key = Bank.freshKey()
            let again = await client.transfer(call)
            #expect(again.status == 201)
            #expect(again.body == first.body)
            #expect(again.headers["Idempotent-Replayed"] == "true")
            call.key = Bank.freshKey()
            call.amount = "101.00"
            #expect(await client.transfer(call).outcome == "409 id_in_use transactionId")
            let other = try await bank.account(of: brian, 1_000_000)
            var others = TransferCall(from: other, to: from, "100.00")
            others.extra = call.extra
            #expect(await bank.signedIn(brian).transfer(others).outcome == "409 id_in_use transactionId")
            #expect(await client.get("/api/customer-portal/transactions/\(id)").text("transactionId") == id)
            #expect(try await bank.transferCount() == 1)
        }
    }

    @Test func jointHoldersUseTheAccountByItsMandate() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let chege = try await bank.person("Chege", "Mwangi")
            let shared = try await bank.account(of: amina, 1_000_000, jointWith: [brian])
            let together = try await bank.account(of: amina, 1_000_000, jointWith: [brian], rule: .all)
            let to = try await bank.account(of: chege)
            #expect(await bank.signedIn(brian).transfer(TransferCall(from: shared, to: to, "100.00")).outcome == "201")
            #expect(await bank.signedIn(amina).transfer(TransferCall(from: together, to: to, "100.00")).outcome == "403 forbidden")
            #expect(await bank.signedIn(brian).transfer(TransferCall(from: together, to: to, "100.00")).outcome == "403 forbidden")
            #expect(await bank.signedIn(chege).transfer(TransferCall(from: shared, to: to, "100.00")).outcome == "404 account_not_found")
        }
    }

    @Test func theDayItWasPricedOnIsTheDayItIsBookedOn() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, to) = (try await bank.account(of: amina, 1_000_000), try await bank.account(of: brian))
            let client = bank.signedIn(amina)
            #expect(await client.transfer(TransferCall(from: from, to: to, "100.00")).text("businessDate") == "2026-03-02")
            // The next day opens while this process still believes in the old one, and brings a new tariff with it.
            let days = BusinessDays(clock: bank.clock)
            try await bank.arrange { transaction in
                _ = try days.open(BusinessDate(of: Bank.opening).adding(days: 1), in: transaction)
            }
            let reply = await client.transfer(TransferCall(from: from, to: to, "100.00"))
            #expect(reply.status == 201)
            #expect(reply.text("businessDate") == "2026-03-03")
        }
    }
}

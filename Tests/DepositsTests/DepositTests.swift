import Accounts
import CloseOfDay
import Deposits
import HTTPEdge
import Kernel
import Parties
import Postgres
import TestKit
import Testing

extension InProcessClient {
    func post(_ path: String, _ json: String = "{}", key: String = DayBank.freshKey()) async -> InProcessResponse {
        await send(.post, path, json: json, headers: [(name: "Idempotency-Key", value: key)])
    }
}

extension InProcessResponse {
    /// Elements of an array of the answer.
    func count(of name: String) -> Int {
        guard case .object(let object)? = json, case .array(let items)? = object[name] else { return -1 }
        return items.count
    }

    var outcome: String { status >= 400 ? "\(status) \(problemCode ?? "?")" : "\(status)" }
}

@Suite struct DepositTests {
    private func fixed(_ source: AccountIdentity, _ amount: String, days: Int, _ more: String = "", product: String = "FD01") -> String {
        """
        {"fromAccountNumber":"\(source.number)","productCode":"\(product)","amount":"\(amount)","currency":"\(source.currency.code)",
         "termInDays":\(days),"rate":"99"\(more)}
        """
    }

    /// The golden vector: a million at 11 % for 90 days, from the order to the payment.
    @Test func aFixedDepositFromOrderToMaturity() async throws {
        try await DayBank.run(from: "2026-01-05") { bank in
            let amina = try await bank.person()
            let current = try await bank.account(of: amina, "CUR01", 150_000_000)
            let owner = bank.client.signedIn("customer:\(amina.id)")
            let placed = await owner.post("/api/deposits/fixed-deposits", fixed(current, "1000000.00", days: 90), key: "place")
            #expect(placed.status == 201 && placed.headers["Location"]?.hasPrefix("/api/deposits/") == true)
            #expect(placed.text("status") == "active" && placed.text("interestRate") == "11" && placed.text("dayCount") == "actual365")
            #expect(placed.text("expectedInterest") == "27123.29" && placed.text("withholdingTax") == "4068.49")
            #expect(placed.text("maturityAmount") == "1023054.80" && placed.text("maturityDate") == "2026-04-05")
            #expect(placed.text("accruedInterest") == "0.00" && placed.text("journalId") != nil)
            #expect(try await bank.balance(current) == 50_000_000)
            let again = await owner.post("/api/deposits/fixed-deposits", fixed(current, "1000000.00", days: 90), key: "place")
            #expect(again.status == 201 && again.body == placed.body && again.headers["Idempotent-Replayed"] == "true")
            let other = await owner.post("/api/deposits/fixed-deposits", fixed(current, "1000001.00", days: 90), key: "place")
            #expect(other.outcome == "422 idempotency_key_reused")

            let id = try #require(placed.text("depositId"))
            let schedule = await owner.send(.get, "/api/deposits/\(id)/schedule")
            #expect(schedule.status == 200 && schedule.text("items", 1, "amount") == "27123.29")
            try await bank.close(through: "2026-01-14")
            let read = await owner.send(.get, "/api/deposits/\(id)")
            // Ten days of 301.3698….
            #expect(read.text("accruedInterest") == "3013.70")
            #expect(
                await bank.client.signedIn("customer:\(try await bank.person("Jane").id)").send(.get, "/api/deposits/\(id)").status == 404)

            // 5 April is Easter Sunday, Monday is a holiday: paid on Tuesday, with interest to it.
            try await bank.close(through: "2026-04-06")
            #expect(await owner.send(.get, "/api/deposits/\(id)").text("status") == "active")
            try await bank.close()
            let ended = await owner.send(.get, "/api/deposits/\(id)")
            #expect(ended.text("status") == "closed" && ended.text("closedDate") == "2026-04-07")
            // 92 days: 27,726.03, tax 4,158.90.
            #expect(try await bank.balance(current) == 50_000_000 + 100_000_000 + 2_772_603 - 415_890)
            let account = await bank.client.signedIn("Teller").send(.get, "/api/accounts/\(placed.text("accountNumber") ?? "")")
            #expect(account.text("balance") == "0.00" && account.text("status") == "closed")
            try await bank.close()
            #expect(try await bank.count("SELECT coalesce(sum(amount), 0)::bigint FROM ledger.posting WHERE gl_code = 2100") == 0)
            #expect(try await bank.isSound())
        }
    }

    @Test func dollarsCountOn360() async throws {
        try await DayBank.run { bank in
            let amina = try await bank.person()
            let dollars = try await bank.account(of: amina, "FCY01", 5_000_000, currency: .usd)
            let placed = await bank.client.signedIn("Teller").post("/api/deposits/fixed-deposits", fixed(dollars, "10000", days: 180))
            #expect(placed.status == 201 && placed.text("dayCount") == "actual360")
            #expect(placed.text("expectedInterest") == "425.00" && placed.text("interestRate") == "8.5")
        }
    }

    @Test func refusalsInTheirOrder() async throws {
        try await DayBank.run { bank in
            let amina = try await bank.person()
            let current = try await bank.account(of: amina, "CUR01", 50_000_000)
            let stranger = try await bank.account(of: try await bank.person("Jane"), "CUR01", 50_000_000)
            let owner = bank.client.signedIn("customer:\(amina.id)")
            func place(_ body: String) async -> String { await owner.post("/api/deposits/fixed-deposits", body).outcome }
            #expect(await place(fixed(stranger, "20000", days: 90)) == "404 account_not_found")
            #expect(await place(fixed(current, "20000", days: 90, product: "NOPE")) == "404 product_not_found")
            #expect(await place(fixed(current, "20000", days: 6)) == "422 validation_failed")
            #expect(await place(fixed(current, "9999.99", days: 90)) == "422 amount_out_of_range")
            // The source's refusals come before the product's.
            #expect(await place(fixed(current, "900000000", days: 90)) == "422 insufficient_funds")
            #expect(await place(fixed(current, "600000", days: 90)) == "422 insufficient_funds")
            #expect(await place(fixed(current, "20000", days: 90, product: "SAV01")) == "422 product_not_active")
            #expect(await place(fixed(current, "20000", days: 90).replacing("KES", with: "USD")) == "422 currency_mismatch")
            let supervisor = bank.client.signedIn("Supervisor")
            _ = await supervisor.send(.patch, "/api/accounts/\(current.number)/freeze", json: #"{"reason":"court order","scope":"debits"}"#)
            #expect(await place(fixed(current, "20000", days: 90)) == "422 account_frozen")
            #expect(await place(fixed(current, "5", days: 90)) == "422 account_frozen")
            #expect(
                await bank.client.signedIn("CorporateMaker").post("/api/deposits/fixed-deposits", fixed(current, "20000", days: 90)).status
                    == 403)
            #expect(
                await bank.client.signedIn("Auditor").post("/api/deposits/fixed-deposits", fixed(current, "20000", days: 90)).status == 403)
            // Nothing is left of what was refused.
            #expect(try await bank.count("SELECT count(*) FROM deposits.deposit") == 0)
            #expect(try await bank.count("SELECT count(*) FROM accounts.account") == 2)
        }
    }

    @Test func earlyBreaks() async throws {
        try await DayBank.run(from: "2026-01-05") { bank in
            let amina = try await bank.person()
            let current = try await bank.account(of: amina, "CUR01", 300_000_000)
            let owner = bank.client.signedIn("customer:\(amina.id)")
            var ids: [String] = []
            for _ in 0..<2 {
                let placed = await owner.post("/api/deposits/fixed-deposits", fixed(current, "1000000", days: 90))
                ids.append(try #require(placed.text("depositId")))
            }
            try await bank.close(through: "2026-01-10")
            // Day 6: nothing.
            let soon = await owner.send(.post, "/api/deposits/\(ids[0])/close-quote", json: "{}")
            #expect(soon.text("interestEarned") == "0.00" && soon.text("payout") == "1000000.00" && soon.text("date") == "2026-01-11")
            let later = await owner.send(.post, "/api/deposits/\(ids[0])/close-quote", json: #"{"date":"2026-02-04"}"#)
            // 30 days at 11 % = 9,041.10, less 2 % = 1,643.84; tax on 7,397.26 = 1,109.59.
            #expect(later.text("interestEarned") == "9041.10" && later.text("penalty") == "1643.84")
            #expect(later.text("withholdingTax") == "1109.59" && later.text("payout") == "1006287.67")
            #expect(await owner.send(.post, "/api/deposits/\(ids[0])/close-quote", json: #"{"date":"2026-01-01"}"#).status == 422)

            let closed = await owner.post("/api/deposits/\(ids[0])/close", key: "end")
            #expect(closed.status == 200 && closed.text("status") == "prematurelyClosed" && closed.text("payout") == "1000000.00")
            #expect(closed.text("transactionId") != nil)
            let replay = await owner.post("/api/deposits/\(ids[0])/close", key: "end")
            #expect(replay.status == 200 && replay.body == closed.body && replay.headers["Idempotent-Replayed"] == "true")
            #expect(await owner.post("/api/deposits/\(ids[0])/close").outcome == "409 invalid_state")
            #expect(try await bank.balance(current) == 200_000_000)

            try await bank.close(through: "2026-02-03")
            let second = await owner.post("/api/deposits/\(ids[1])/close")
            #expect(second.text("payout") == "1006287.67")
            #expect(try await bank.balance(current) == 300_628_767)
            #expect(try await bank.isSound())
        }
    }

    @Test func twoWhoBreakAtOnceArePaidOnce() async throws {
        try await DayBank.run { bank in
            let amina = try await bank.person()
            let current = try await bank.account(of: amina, "CUR01", 100_000_000)
            let owner = bank.client.signedIn("customer:\(amina.id)")
            let placed = await owner.post("/api/deposits/fixed-deposits", fixed(current, "1000000", days: 90))
            let id = try #require(placed.text("depositId"))
            let statuses = await withTaskGroup(of: Int.self) { group in
                for _ in 0..<6 { group.addTask { await owner.post("/api/deposits/\(id)/close").status } }
                return await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.filter { $0 == 200 }.count == 1)
            #expect(statuses.allSatisfy { [200, 409, 503].contains($0) })
            #expect(try await bank.balance(current) == 100_000_000)
        }
    }

    @Test func instructionsAndRenewals() async throws {
        try await DayBank.run(from: "2026-01-05") { bank in
            let amina = try await bank.person()
            let (current, savings) = (try await bank.account(of: amina, "CUR01", 300_000_000), try await bank.account(of: amina, "SAV01"))
            let owner = bank.client.signedIn("customer:\(amina.id)")
            func place(_ more: String) async throws -> String {
                let placed = await owner.post("/api/deposits/fixed-deposits", fixed(current, "1000000", days: 7, more))
                return try #require(placed.text("depositId"))
            }
            let principal = try await place(#","maturityInstruction":"renewPrincipal""#)
            let all = try await place(#","maturityInstruction":"renewAll""#)
            let paid = try await place("")
            let path = "/api/deposits/\(paid)/maturity-instruction"
            #expect(await owner.send(.put, path, json: #"{"instruction":"payOut","version":9}"#).outcome == "409 version_conflict")
            let changed = await owner.send(
                .put, path, json: #"{"instruction":"payOut","payoutAccountId":"\#(savings.id)","version":1}"#)
            #expect(changed.status == 200 && changed.text("version") == "2" && changed.text("payoutAccountId") == "\(savings.id)")
            try await bank.close(through: "2026-01-11")
            #expect(await owner.send(.put, path, json: #"{"instruction":"payOut","version":2}"#).outcome == "409 invalid_state")
            let maturing = await bank.client.signedIn("Teller").send(.get, "/api/deposits/maturing?days=1")
            #expect(maturing.count(of: "items") == 3)
            var (seen, cursor): ([String], String?) = ([], "")
            while let place = cursor {
                let page = await bank.client.signedIn("Teller").send(
                    .get, "/api/deposits/maturing?days=1&limit=1" + (place.isEmpty ? "" : "&cursor=\(place)"))
                seen.append(page.text("items", 0, "depositId") ?? "")
                cursor = page.text("nextCursor")
            }
            #expect(seen == (0..<3).map { maturing.text("items", $0, "depositId") })
            try await bank.close()
            // 7 days: 2,109.59, tax 316.44, net 1,793.15.
            #expect(await owner.send(.get, "/api/deposits/\(principal)").text("status") == "renewed")
            #expect(await owner.send(.get, "/api/deposits/\(all)").text("status") == "renewed")
            #expect(try await bank.balance(savings) == 100_179_315)
            #expect(try await bank.balance(current) == 179_315)
            let renewed = await owner.send(.get, "/api/deposits?status=active")
            let amounts = (0..<2).compactMap { renewed.text("items", $0, "principalAmount") }.sorted()
            #expect(amounts == ["1000000.00", "1001793.15"])
            #expect(renewed.text("items", 0, "startDate") == "2026-01-12")
            #expect(try await bank.isSound())
        }
    }

    @Test func recurringDepositsByThemselvesAndDiscontinued() async throws {
        try await DayBank.run(from: "2026-01-31") { bank in
            let amina = try await bank.person()
            let (rich, poor) = (
                try await bank.account(of: amina, "CUR01", 100_000_000), try await bank.account(of: amina, "CUR01", 1_500_000)
            )
            let owner = bank.client.signedIn("customer:\(amina.id)")
            func open(_ source: AccountIdentity) async -> InProcessResponse {
                await owner.post(
                    "/api/deposits/recurring-deposits",
                    """
                    {"fromAccountId":"\(source.id)","productCode":"RD01","monthlyInstallment":"10000","currency":"KES","tenureInMonths":6,
                     "autoDebit":true}
                    """)
            }
            let good = await open(rich)
            // 10,000 a month, 8.75 %, 6 months: the calculator says the same.
            let calculated = await bank.client.send(
                .get, "/api/deposits/recurring-deposits/calculate-maturity?monthlyInstallment=10000&rate=8.75&months=6&currency=KES")
            #expect(good.status == 201 && good.text("expectedInterest") == calculated.text("interestAmount"))
            #expect(good.text("maturityAmount") == calculated.text("maturityAmount") && good.text("maturityDate") == "2026-07-31")
            let bad = await open(poor)
            let (goodID, badID) = (try #require(good.text("depositId")), try #require(bad.text("depositId")))
            try await bank.close(through: "2026-02-28")
            #expect(await owner.send(.get, "/api/deposits/\(goodID)").text("installmentsPaid") == "2")
            #expect(await owner.send(.get, "/api/deposits/\(badID)").text("installmentsPaid") == "1")
            // One paid late by hand; three more missed end it.
            try await bank.move(500_000, to: poor.id)
            let paid = await owner.post("/api/deposits/recurring-deposits/\(badID)/installments")
            #expect(paid.status == 201 && paid.text("amount") == "10000.00" && paid.text("installmentsPaid") == "2")
            try await bank.close(through: "2026-05-30")
            #expect(await owner.send(.get, "/api/deposits/\(badID)").text("status") == "active")
            try await bank.close()
            let ended = await owner.send(.get, "/api/deposits/\(badID)")
            #expect(ended.text("status") == "discontinued" && ended.text("closedDate") == "2026-05-31")
            let run = try await bank.close(through: "2026-07-31")
            #expect(run.exceptions.isEmpty)
            let matured = await owner.send(.get, "/api/deposits/\(goodID)")
            #expect(matured.text("status") == "closed" && matured.text("payout") == good.text("maturityAmount"))
            #expect(try await bank.isSound())
        }
    }

    @Test func termDepositsPayOutInParts() async throws {
        try await DayBank.run(from: "2026-01-05") { bank in
            let amina = try await bank.person()
            let current = try await bank.account(of: amina, "CUR01", 100_000_000)
            let owner = bank.client.signedIn("customer:\(amina.id)")
            func open(_ allowed: Bool) async throws -> String {
                let opened = await owner.post(
                    "/api/deposits/term-deposits",
                    """
                    {"fromAccountNumber":"\(current.number)","productCode":"TD01","amount":"200000","currency":"KES","termInDays":100,
                     "allowPartialWithdrawal":\(allowed)}
                    """)
                return try #require(opened.text("depositId"))
            }
            let (open, closed) = (try await open(true), try await open(false))
            func withdraw(_ id: String, _ amount: String) async -> InProcessResponse {
                await owner.post("/api/deposits/term-deposits/\(id)/withdrawals", #"{"amount":"\#(amount)","currency":"KES"}"#)
            }
            try await bank.close(through: "2026-01-24")
            #expect(await withdraw(closed, "50000").outcome == "422 partial_withdrawal_not_allowed")
            #expect(await withdraw(open, "180000.01").outcome == "422 below_minimum")
            let paid = await withdraw(open, "100000")
            #expect(paid.status == 201 && paid.text("principalAmount") == "100000.00")
            // 20 days on 200,000 and 80 on 100,000, at 8.75 %: 958.90 + 1,917.81.
            let read = await owner.send(.get, "/api/deposits/\(open)")
            #expect(read.text("expectedInterest") == "2876.71" && read.text("accruedInterest") == "958.90")
            try await bank.close(through: "2026-04-15")
            #expect(await owner.send(.get, "/api/deposits/\(open)").text("status") == "closed")
            #expect(try await bank.isSound())
        }
    }

    @Test func callDepositsGoByNotice() async throws {
        try await DayBank.run(from: "2026-01-05") { bank in
            let amina = try await bank.person()
            let current = try await bank.account(of: amina, "CUR01", 100_000_000)
            let owner = bank.client.signedIn("customer:\(amina.id)")
            let opened = await owner.post(
                "/api/deposits/call-deposits",
                """
                {"fromAccountNumber":"\(current.number)","productCode":"CALL01","amount":"500000","currency":"KES","noticePeriodDays":5}
                """)
            let id = try #require(opened.text("depositId"))
            #expect(opened.status == 201 && opened.text("interestRate") == "5.5" && opened.text("maturityDate") == nil)
            func notice(_ amount: String) async -> InProcessResponse {
                await owner.post("/api/deposits/call-deposits/\(id)/withdrawals", #"{"amount":"\#(amount)","currency":"KES"}"#)
            }
            #expect(await owner.post("/api/deposits/\(id)/close").outcome == "422 notice_required")
            #expect(await notice("480000").outcome == "422 below_minimum")
            let given = await notice("200000")
            // Monday and 5 days is Saturday: payable on Monday.
            #expect(given.status == 202 && given.text("payableDate") == "2026-01-12" && given.text("noticeId") != nil)
            let pending = await owner.send(.get, "/api/deposits/call-deposits/\(id)/withdrawals")
            #expect(pending.text("items", 0, "noticeId") == given.text("noticeId") && pending.count(of: "items") == 1)
            try await bank.close(through: "2026-01-11")
            #expect(try await bank.balance(current) == 50_000_000)
            try await bank.close()
            #expect(try await bank.balance(current) == 70_000_000)
            #expect(await notice("300000").status == 202)
            try await bank.close(through: "2026-01-19")
            #expect(await owner.send(.get, "/api/deposits/\(id)").text("status") == "closed")
            // 7 days on 500,000 and 7 on 300,000 at 5.5 %: 843.84, tax 126.58.
            #expect(try await bank.balance(current) == 100_000_000 + 84_384 - 12_658)
            #expect(try await bank.isSound())
        }
    }

    @Test func calculatorsSayWhatContractsSay() async throws {
        try await DayBank.run { bank in
            let client = bank.client
            let fixed = await client.send(
                .post, "/api/calculators/deposit-maturity",
                json: #"{"amount":"1000000","currency":"KES","annualRate":"11","termInDays":90}"#)
            #expect(fixed.text("interestAmount") == "27123.29" && fixed.text("maturityAmount") == "1023054.80")
            let get = await client.send(
                .get, "/api/deposits/fixed-deposits/calculate-maturity?principal=1000000&rate=11&days=90&currency=KES")
            #expect(get.status == 200 && get.text("netInterest") == "23054.80")
            let interest = await client.send(
                .post, "/api/calculators/interest",
                json: """
                    {"amount":"1000000","currency":"KES","annualRate":"10","from":"2024-01-15","to":"2024-07-15","dayCount":"actualActual",
                     "compounding":"none"}
                    """)
            #expect(interest.text("interestAmount") == "49726.78" && interest.text("days") == "182")
            let count = await client.send(
                .post, "/api/calculators/day-count", json: #"{"from":"2003-11-01","to":"2004-05-01","convention":"actualActual"}"#)
            #expect(count.text("yearFraction") == "0.497724380567")
            for wrong in [#"{"from":"2003-11-01","to":"2004-05-01","convention":"lunar"}"#, #"{"from":"2003-11-01"}"#, "{}"] {
                #expect(await client.send(.post, "/api/calculators/day-count", json: wrong).status == 422)
            }
            let huge = await client.send(
                .post, "/api/calculators/interest",
                json: #"{"amount":"9999999999999.99","currency":"KES","annualRate":"1000","days":36600,"compounding":"daily"}"#)
            #expect(huge.outcome == "422 amount_out_of_range")
        }
    }
}

import Accounts
import Application
import CloseOfDay
import Deposits
import HTTPEdge
import Interest
import Kernel
import Ledger
import Parties
import Postgres
import Products
import TestKit
import Testing

@Suite struct SavingsTests {
    /// A month of one balance: round half even of balance × rate × days / 365, tax half up, and both at the month's end.
    @Test func aMonthOfSavings() async throws {
        try await DayBank.run(from: "2026-03-01") { bank in
            let amina = try await bank.person()
            let savings = try await bank.account(of: amina, "SAV01", 12_000_000)
            try await bank.close(through: "2026-03-30")
            #expect(try await bank.balance(savings) == 12_000_000)
            #expect(try await bank.accrual(savings).micro == 12_000_000 * 4_500_000 * 30 / 36_500)
            try await bank.close()
            // 120,000.00 × 4.5 % × 31 / 365 = 458.63, tax 68.79.
            #expect(try await bank.balance(savings) == 12_000_000 + 45_863 - 6_879)
            #expect(try await bank.accrual(savings).micro == 0)
            #expect(try await bank.today == day("2026-04-01"))
            #expect(try await bank.count("SELECT sum(amount)::bigint FROM ledger.posting WHERE gl_code = 2210") == 6_879)
            #expect(try await bank.count("SELECT coalesce(sum(amount), 0)::bigint FROM ledger.posting WHERE gl_code = 2100") == 0)
            #expect(try await bank.isSound())

            // The next month earns on the new balance from its first day on, and not on the day of the posting.
            try await bank.close(through: "2026-04-30")
            let second = 12_000_000 + 45_863 - 6_879
            let interest = Int64(Rounding.halfEven.divide(Int128(second) * 4_500_000 * 30, by: 36_500_000_000))
            let tax = (interest * 15 + 50) / 100
            #expect(try await bank.balance(savings) == Int64(second) + interest - tax)
        }
    }

    /// The SQL over all accounts equals the rule in Swift, day by day, whatever moves when: before the close, while the day is being
    /// closed, over tiers, over a leap day and month ends.
    @Test func setBasedAccrualEqualsTheRule() async throws {
        try await DayBank.run(from: "2028-02-26") { bank in
            let amina = try await bank.person()
            let tiers = TieredRate([
                RateTier(from: 0, rate: Rate(millionthsOfPercent: 3_000_000)),
                RateTier(from: 5_000_000, rate: Rate(millionthsOfPercent: 4_500_000)),
                RateTier(from: 50_000_000, rate: Rate(millionthsOfPercent: 6_000_000)),
                RateTier(from: 500_000_000, rate: Rate(millionthsOfPercent: 7_000_000)),
            ])
            var accounts: [AccountIdentity] = []
            for _ in 0..<6 { accounts.append(try await bank.account(of: amina, "SAV01")) }
            let choices = SystemRandomNumberGenerator()
            var random = choices
            let accrual = SavingsAccrual(bank.workshop)
            var expected = [Accrual](repeating: .zero, count: accounts.count)
            var date = day("2028-02-26")
            var posted: [[Int64]] = Array(repeating: [], count: accounts.count)
            for index in 0..<12 {
                for account in accounts where Bool.random(using: &random) {
                    try await bank.move(Int64.random(in: 1...700_000_000, using: &random), to: account.id)
                }
                // The day is reckoned, and then some move again before it ends.
                for part in try await accrual.parts(on: date) { _ = try await accrual.run(part, on: date) }
                for part in try await accrual.parts(on: date) {
                    #expect(try await accrual.run(part, on: date).processed == 0, "a day is reckoned once")
                }
                for account in accounts where Bool.random(using: &random) {
                    try await bank.move(Int64.random(in: 1...700_000_000, using: &random), to: account.id)
                }
                for (at, account) in accounts.enumerated() {
                    let close = try await bank.balance(account)
                    posted[at].append(close)
                }
                date = date.adding(days: 1)
                let next = date
                let clock = bank.clock
                _ = try await bank.pool.transaction { try BusinessDays(clock: clock).open(next, in: $0) }
                bank.businessDay.invalidate()
                _ = index
            }
            // One more day brings the corrections of the last one.
            for part in try await accrual.parts(on: date) { _ = try await accrual.run(part, on: date) }
            for (at, account) in accounts.enumerated() {
                for close in posted[at] + [try await bank.balance(account)] {
                    expected[at] = expected[at].adding(balance: close, rate: tiers.rate(for: close), basis: 365)
                }
                let stored = try await bank.accrual(account)
                #expect(stored.micro == expected[at].micro && stored.remainder == Int64(expected[at].remainder))
            }
        }
    }

    /// A reference rate that changes in the middle of the month changes what the days after it earn.
    @Test func aRateChangeInTheMiddleOfThePeriod() async throws {
        try await DayBank.run(from: "2026-05-30") { bank in
            let (author, second) = (bank.client.signedIn("ProductManager"), bank.client.signedIn("FinanceController"))
            func key() -> [(name: String, value: String)] { [(name: "Idempotency-Key", value: DayBank.freshKey())] }
            let body = """
                {"productCode":"FLT01","category":"deposits","type":"savingsAccount","name":"Floating Savings","currencies":["KES"],
                 "interest":{"referenceRate":"CBR","margin":"1","dayCount":"actual365","calculation":"simple","postingFrequency":"monthly"},
                 "accounting":{"principalGl":"2002","interestExpenseGl":"5001","payableGl":"2100"}}
                """
            #expect(await author.send(.post, "/api/products", json: body, headers: key()).status == 201)
            #expect(await second.send(.post, "/api/products/FLT01/activate", json: "{}", headers: key()).status == 200)
            let change = #"{"rateCode":"CBR","rate":"11","effectiveDate":"2026-06-11"}"#
            #expect(await second.send(.post, "/api/products/reference-rates", json: change, headers: key()).status == 201)
            let amina = try await bank.person()
            let savings = try await bank.account(of: amina, "FLT01", 10_000_000)
            try await bank.close(through: "2026-06-29")
            // 30 and 31 May at 10 % were posted at the end of May: 2 days, 5,479 less tax 822.
            let balance = 10_000_000 + 5_479 - 822
            #expect(try await bank.balance(savings) == Int64(balance))
            let expected = Int64(balance) * 10_000_000 * 10 + Int64(balance) * 12_000_000 * 19
            let stored = try await bank.accrual(savings)
            #expect(stored.micro * 36_500 + stored.remainder == expected)
        }
    }

    @Test func exemptHoldersKeepTheirTaxAndSmallSumsWait() async throws {
        try await DayBank.run(from: "2026-01-30") { bank in
            let amina = try await bank.person()
            let (large, small) = (try await bank.account(of: amina, "SAV01", 1_000_000_000), try await bank.account(of: amina, "SAV01", 5))
            let customer = amina.id
            _ = try await bank.pool.transaction {
                try $0.execute(
                    """
                    INSERT INTO deposits.tax_exemption (customer_id, valid_from, certificate) VALUES (\(customer), '2026-01-01', 'KRA/1')
                    """)
            }
            try await bank.close(through: "2026-01-31")
            let interest = Int64(Rounding.halfEven.divide(Int128(1_000_000_000) * 7_000_000 * 2, by: 36_500_000_000))
            #expect(try await bank.balance(large) == 1_000_000_000 + interest)
            #expect(try await bank.balance(small) == 5)
            #expect(try await bank.accrual(small).micro > 0)
        }
    }

    /// Accrued interest is paid and taxed before an account closes.
    @Test func closingAnAccountPaysItsInterest() async throws {
        try await DayBank.run(from: "2026-01-05") { bank in
            let amina = try await bank.person()
            let (savings, current) = (try await bank.account(of: amina, "SAV01", 10_000_000), try await bank.account(of: amina))
            try await bank.close(through: "2026-01-14")
            let manager = bank.client.signedIn("BranchManager")
            let body = #"{"reason":"moved away","transferToAccountNumber":"\#(current.number)"}"#
            let closed = await manager.send(
                .post, "/api/accounts/\(savings.number)/close", json: body, headers: [(name: "Idempotency-Key", value: "close")])
            #expect(closed.status == 200 && closed.text("status") == "closed")
            // 100,000.00 × 4.5 % × 10 / 365 = 123.29, tax 18.49.
            #expect(try await bank.balance(current) == 10_000_000 + 12_329 - 1_849)
            try await bank.close()
            #expect(try await bank.isSound())
        }
    }

    /// An accrual for a date is made once, alone or with the close of the day, and a dry run keeps nothing.
    @Test func accrualOnDemandIsOncePerDate() async throws {
        try await DayBank.run { bank in
            let amina = try await bank.person()
            let savings = try await bank.account(of: amina, "SAV01", 10_000_000)
            let administrator = bank.client.signedIn("Administrator")
            let path = "/api/deposits/interest-accrual"
            let dry = await administrator.send(.post, path, json: #"{"processingDate":"2026-01-05","dryRun":true}"#)
            #expect(dry.status == 200)
            #expect(dry.text("totals", 0, "accruedInterest") == "12.33")
            #expect(try await bank.accrual(savings).micro == 0)
            for expected in ["1", "0"] {
                let run = await administrator.send(.post, path, json: #"{"processingDate":"2026-01-05","dryRun":false}"#)
                #expect(run.status == 200 && run.text("accountsProcessed") == expected)
            }
            let once = try await bank.accrual(savings)
            try await bank.close()
            #expect(try await bank.accrual(savings) == once)
            let future = await administrator.send(.post, path, json: #"{"processingDate":"2026-01-08","dryRun":false}"#)
            #expect(future.status == 422 && future.faults == ["processingDate:in_future"])
            let history = await administrator.send(.get, path + "/history")
            #expect(history.text("items", 0, "processingDate") == "2026-01-05")
            #expect(await bank.client.signedIn("Teller").send(.post, path, json: "{}").status == 403)
        }
    }
}

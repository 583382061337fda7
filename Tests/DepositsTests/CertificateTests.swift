import Accounts
import Documents
import HTTPEdge
import Kernel
import Ledger
import Parties
import Postgres
import Testing

/// What the bank confirms in writing, from the postings.
@Suite struct CertificateTests {
    private func path(_ account: AccountIdentity, _ rest: String) -> String {
        "/api/customer-portal/accounts/\(account.number)/certificates/\(rest)"
    }

    /// A year of savings: the certificate holds every payment that was posted, with its tax, and nothing that was only accrued.
    @Test func interestAndTaxOfAYear() async throws {
        try await DayBank.run(from: "2025-12-30") { bank in
            let amina = try await bank.person()
            let savings = try await bank.account(of: amina, "SAV01", 12_000_000)
            let owner = bank.client.signedIn("customer:\(amina.id)")
            try await bank.close(through: "2026-03-01")
            var totals = (gross: Int64(0), tax: Int64(0))
            for (year, months) in [("2025", ["2025-12-31"]), ("2026", ["2026-01-31", "2026-02-28"])] {
                totals = (0, 0)
                for kind in ["interest", "withholding-tax"] {
                    let answer = await owner.send(.get, path(savings, "\(kind)?year=\(year)&format=json"))
                    #expect(answer.status == 200, "\(answer.text)")
                    var sums = (gross: Int64(0), tax: Int64(0))
                    for (index, date) in months.enumerated() {
                        #expect(answer.text("payments", index, "date") == date)
                        #expect(answer.text("payments", index, "taxRate") == "15")
                        let (gross, tax) = try await posted(bank, on: date)
                        #expect(gross > 0 && tax == (gross * 15 + 50) / 100)
                        #expect(answer.text("payments", index, "grossInterest") == Money(minorUnits: gross, currency: .kes).decimalString)
                        #expect(answer.text("payments", index, "withholdingTax") == Money(minorUnits: tax, currency: .kes).decimalString)
                        sums = (sums.gross + gross, sums.tax + tax)
                    }
                    #expect(answer["payments", months.count] == nil)
                    #expect(answer.text("grossInterest") == Money(minorUnits: sums.gross, currency: .kes).decimalString)
                    #expect(answer.text("withholdingTax") == Money(minorUnits: sums.tax, currency: .kes).decimalString)
                    #expect(answer.text("netInterest") == Money(minorUnits: sums.gross - sums.tax, currency: .kes).decimalString)
                    totals = sums
                }
            }
            #expect(totals.gross > 0)
            // A year that is not over ends with the open day; one that has not begun has no certificate.
            let running = await owner.send(.get, path(savings, "interest?year=2026&format=json"))
            #expect(running.text("fromDate") == "2026-01-01" && running.text("toDate") == "2026-03-02")
            #expect(await owner.send(.get, path(savings, "interest?year=2025&format=json")).text("toDate") == "2025-12-31")
            let none = await owner.send(.get, path(savings, "interest?year=2024&format=json"))
            #expect(none.text("grossInterest") == "0.00" && none["payments", 0] == nil)
            #expect(await owner.send(.get, path(savings, "interest?year=2027")).outcome == "422 validation_failed")
            #expect(await owner.send(.get, path(savings, "interest")).outcome == "422 validation_failed")
            #expect(await owner.send(.get, path(savings, "interest?year=MMXXV")).outcome == "422 validation_failed")
            #expect(await owner.send(.get, path(savings, "interest?year=2025&format=docx")).outcome == "422 validation_failed")
        }
    }

    private func posted(_ bank: DayBank, on date: String) async throws -> (gross: Int64, tax: Int64) {
        let date = day(date)
        let gross = try await bank.count(
            "SELECT sum(gross)::bigint FROM deposits.interest_payment WHERE business_date = \(date)")
        return (gross, try await bank.count("SELECT sum(tax)::bigint FROM deposits.interest_payment WHERE business_date = \(date)"))
    }

    /// Exempt holders are certified at no rate, and interest that was taken back lowers the sum.
    @Test func exemptionsAndReversals() async throws {
        try await DayBank.run(from: "2026-01-30") { bank in
            let amina = try await bank.person()
            let savings = try await bank.account(of: amina, "SAV01", 1_000_000_000)
            let customer = amina.id
            _ = try await bank.pool.transaction {
                try $0.execute(
                    "INSERT INTO deposits.tax_exemption (customer_id, valid_from, certificate) VALUES (\(customer), '2026-01-01', 'KRA/1')")
            }
            try await bank.close(through: "2026-02-01")
            let teller = bank.client.signedIn("Teller")
            let url = "/api/accounts/\(savings.number)/certificates/withholding-tax?year=2026&format=json"
            let before = await teller.send(.get, url)
            #expect(before.text("payments", 0, "taxRate") == "0" && before.text("withholdingTax") == "0.00")
            let gross = try #require(before.text("grossInterest"))
            #expect(gross != "0.00")
            // The bank takes it back: the journal's mirror.
            let account = savings.id
            let journal = try await bank.pool.read { transaction in
                try transaction.query(
                    "SELECT journal_id FROM ledger.posting WHERE account_id = \(account) AND type = \(TransactionType.interest.rawValue)"
                )
                .first.map { try $0.identifier(0, as: Journal.self) }
            }
            try await bank.reverse(try #require(journal))
            let after = await teller.send(.get, url)
            #expect(after.text("grossInterest") == "0.00" && after.text("payments", 1, "grossInterest") == "-\(gross)")
        }
    }

    @Test func balancesAtADate() async throws {
        try await DayBank.run(from: "2026-01-05") { bank in
            let amina = try await bank.person()
            let account = try await bank.account(of: amina, "CUR01", 150_000)
            try await bank.close()
            try await bank.move(-50_000, to: account.id)
            let owner = bank.client.signedIn("customer:\(amina.id)")
            for (query, balance, date) in [
                ("date=2026-01-05&", "1500.00", "2026-01-05"), ("date=2026-01-06&", "1000.00", "2026-01-06"), ("", "1000.00", "2026-01-06"),
                ("date=2026-01-04&", "0.00", "2026-01-04"),
            ] {
                let answer = await owner.send(.get, path(account, "balance?\(query)format=json"))
                #expect(answer.text("balance") == balance && answer.text("date") == date, "\(query) \(answer.text)")
                #expect((answer["asOf"] == nil) == (date != "2026-01-06"))
            }
            #expect(await owner.send(.get, path(account, "balance?date=2026-01-07")).outcome == "422 validation_failed")
            #expect(await owner.send(.get, path(account, "balance?date=yesterday")).outcome == "422 validation_failed")
            // A closed day's letter is the same file for ever.
            let letter = await owner.send(.get, path(account, "balance?date=2026-01-05"))
            #expect(letter.headers["Content-Type"] == "application/pdf" && letter.body.starts(with: "%PDF-".utf8))
            #expect(
                letter.headers["Content-Disposition"] == "attachment; filename=\"balance-confirmation-\(account.number)-2026-01-05.pdf\"")
            try await bank.close()
            #expect(await owner.send(.get, path(account, "balance?date=2026-01-05")).body == letter.body)
        }
    }

    @Test func ownAccountsOnlyAndStaff() async throws {
        try await DayBank.run(from: "2026-01-05") { bank in
            let (amina, brian) = (try await bank.person(), try await bank.person("Brian"))
            let account = try await bank.account(of: amina, "SAV01", 150_000)
            for rest in ["interest?year=2026", "withholding-tax?year=2026", "balance"] {
                let own = await bank.client.signedIn("customer:\(amina.id)").send(.get, path(account, rest))
                #expect(own.status == 200 && own.body.starts(with: "%PDF-".utf8), "\(rest) \(own.status)")
                let staff = await bank.client.signedIn("Teller").send(.get, "/api/accounts/\(account.number)/certificates/\(rest)")
                #expect(staff.status == 200 && staff.headers["Content-Disposition"]?.contains(account.number) == true)
                let stranger = bank.client.signedIn("customer:\(brian.id)")
                #expect(await stranger.send(.get, path(account, rest)).outcome == "404 account_not_found")
                #expect(
                    await stranger.send(.get, "/api/accounts/\(account.number)/certificates/\(rest)").outcome == "404 account_not_found")
                #expect(await bank.client.signedIn("Teller").send(.get, path(account, rest)).status == 403)
                #expect(await bank.client.send(.get, path(account, rest)).status == 401)
            }
        }
    }

    /// Whoever holds a certificate can ask whether the bank made it: not one character may be another.
    @Test func codesAreChecked() async throws {
        try await DayBank.run(from: "2026-01-05") { bank in
            let amina = try await bank.person()
            let account = try await bank.account(of: amina, "CUR01", 50_000_000)
            let owner = bank.client.signedIn("customer:\(amina.id)")
            let placed = await owner.post(
                "/api/deposits/fixed-deposits",
                #"{"fromAccountNumber":"\#(account.number)","productCode":"FD01","amount":"100000","currency":"KES","termInDays":90}"#)
            let deposit = try #require(placed.text("depositId"))
            for url in [
                path(account, "balance?format=json"), path(account, "interest?year=2026&format=json"),
                "/api/customer-portal/deposits/\(deposit)/certificate?format=json",
            ] {
                let certificate = await owner.send(.get, url)
                let content = try #require(certificate.text("verificationContent"), "\(certificate.text)")
                let code = try #require(certificate.text("verificationCode"))
                #expect(content.hasSuffix("|\(code)") && code.utf8.count == 14)
                #expect(await check(bank, content) == "true")
                for index in content.indices.dropLast() where content[index].isNumber {
                    var forged = content
                    forged.replaceSubrange(index...index, with: content[index] == "7" ? "8" : "7")
                    #expect(await check(bank, forged) == "false", "\(forged)")
                }
                for other in ["", "|", code, content + "|", "X" + content, String(content.dropLast())] where !other.isEmpty {
                    #expect(await check(bank, other) == "false", "\(other)")
                }
            }
            let certificate = await owner.send(.get, "/api/deposits/\(deposit)/certificate")
            #expect(certificate.status == 200 && certificate.body.starts(with: "%PDF-".utf8))
            let stranger = bank.client.signedIn("customer:\(try await bank.person("Brian").id)")
            #expect(await stranger.send(.get, "/api/customer-portal/deposits/\(deposit)/certificate").outcome == "404 not_found")
        }
    }

    private func check(_ bank: DayBank, _ content: String) async -> String? {
        let escaped = content.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        let answer = await bank.client.send(.post, "/api/certificates/verify", json: "{\"content\":\"\(escaped)\"}")
        guard case .boolean(let isValid)? = answer["valid"] else { return nil }
        return "\(isValid)"
    }
}

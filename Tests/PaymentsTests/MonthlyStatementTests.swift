import Accounts
import Application
import HTTPEdge
import Kernel
import Ledger
import Parties
import Postgres
import Statements
import Testing

/// The statements that the bank makes by itself when a month is over.
@Suite struct MonthlyStatementTests {
    private func list(_ account: AccountIdentity) -> String { "/api/customer-portal/accounts/\(account.number)/statements" }

    /// All parts, as the close of a day would.
    @discardableResult
    private func makeAll(_ bank: Bank, on date: BusinessDate) async throws -> Int64 {
        let step = bank.statements.monthly
        var made: Int64 = 0
        for part in try await step.parts(on: date) { made += try await step.run(part, on: date).processed }
        try await step.finish(on: date)
        return made
    }

    private func day(_ text: String) -> BusinessDate { BusinessDate(iso: text) ?? BusinessDate(epochDay: 0) }

    @Test func theyAreMadeOnceInPartsAndStay() async throws {
        try await Bank.run { bank in
            let amina = try await bank.person("Amina", "Wanjiru")
            var accounts: [AccountIdentity] = []
            for balance in 1...5 { accounts.append(try await bank.account(of: amina, Int64(balance) * 1_000)) }
            try await bank.open(day: 30)
            let step = bank.statements.monthly
            let first = day("2026-04-01")
            // Two accounts a part here. One part alone was done when the machine stopped: the next run does what is left.
            let parts = try await step.parts(on: first)
            #expect(parts.count == 3)
            #expect(try await step.run(parts[1], on: first).processed == 2)
            #expect(try await makeAll(bank, on: first) == 3)
            #expect(try await step.parts(on: first) == [])
            #expect(try await makeAll(bank, on: first) == 0)
            #expect(try await bank.count("SELECT count(*) FROM statements.statement") == 5)
            let reader = bank.signedIn(amina)
            for (index, account) in accounts.enumerated() {
                let found = await reader.get(list(account))
                #expect(found.text("items", 0, "closingBalance") == "\((index + 1) * 10).00" && found["items", 1] == nil)
                #expect(found.text("items", 0, "statementNumber") == "26090" && found.text("items", 0, "entryCount") == "1")
            }
            for change in [
                "UPDATE statements.statement SET closing_balance = 0", "DELETE FROM statements.statement", "TRUNCATE statements.statement",
            ] {
                await #expect(throws: PostgresError.self) {
                    _ = try await bank.pool.transaction { try $0.execute("\(raw: change)") }
                }
            }
        }
    }

    /// Every month's opening balance is the closing balance of the one before, and its own figures are those of its entries.
    @Test func aYearHasNoGaps() async throws {
        try await Bank.run { bank in
            let amina = try await bank.person("Amina", "Wanjiru")
            let (from, to) = (try await bank.account(of: amina, 10_000_000), try await bank.account(of: amina))
            let payer = bank.signedIn(amina)
            var date = BusinessDate(of: Bank.opening)
            let start = date
            while date < day("2027-04-02") {
                try await bank.open(day: Int64(date.days(since: start)))
                if date.day == 1 { try await makeAll(bank, on: date) }
                // On the last and the first day of months above all, and not in every month.
                if date.month % 4 != 0, [1, 15].contains(date.day) || date.adding(days: 1).day == 1 {
                    #expect(await payer.transfer(TransferCall(from: from, to: to, "\(date.day).00")).status == 201)
                }
                date = date.adding(
                    days: date.day == 1 || date.day == 14 ? 1 : date.adding(days: 1).day == 1 ? 1 : max(1, 14 - Int32(date.day)))
            }
            for account in [from, to] {
                let answer = await payer.get(list(account) + "?limit=200")
                guard case .array(let items)? = answer["items"] else { throw Bank.Missing() }
                #expect(items.count == 13)
                for index in items.indices {
                    let number = try #require(answer.text("items", index, "statementNumber"))
                    if index + 1 < items.count {
                        #expect(answer.text("items", index, "openingBalance") == answer.text("items", index + 1, "closingBalance"))
                        let (later, earlier) = (answer.text("items", index, "fromDate"), answer.text("items", index + 1, "toDate"))
                        #expect(later.map { day($0) } == earlier.map { day($0).adding(days: 1) })
                    }
                    let one = await payer.get(list(account) + "/\(number)")
                    #expect(one.status == 200, "\(one.text)")
                    for field in ["openingBalance", "closingBalance", "fromDate", "toDate", "statementNumber"] {
                        #expect(one.text(field) == answer.text("items", index, field))
                    }
                }
            }
        }
    }

    /// What is corrected afterwards is an entry of the day on which it is corrected: the statement says what it said, to the letter.
    @Test func aBackDatedCorrectionChangesNoStatement() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let (from, to) = (try await bank.account(of: amina, 10_000_000), try await bank.account(of: brian))
            let payer = bank.signedIn(amina)
            #expect(await payer.transfer(TransferCall(from: from, to: to, "1000.00")).status == 201)
            try await bank.open(day: 30)
            try await makeAll(bank, on: day("2026-04-01"))
            let path = list(from) + "/26090"
            var before: [String: [UInt8]] = [:]
            for format in ["json", "pdf", "csv", "camt.053", "mt940"] {
                let answer = await payer.get(path + "?format=\(format)")
                #expect(answer.status == 200)
                before[format] = answer.body
            }
            let listed = await payer.get(list(from)).body

            let context = RequestContext.system(at: bank.clock.now(), idempotencyKey: Bank.freshKey())
            let correction = JournalDraft(
                type: .adjustment, referencePrefix: "ADJ", sourceType: "test", valueDate: day("2026-03-10"),
                legs: [
                    Leg(.generalLedger(GLCode(1110)), amount: -7_700, currency: .kes, type: .adjustment),
                    Leg(.account(from.id), amount: 7_700, currency: .kes, type: .adjustment),
                ])
            _ = try await bank.engine.post(
                PostingUnit(
                    commands: [.journal(correction)], context: context, idempotency: nil,
                    audit: AuditRecord(
                        action: "test.correct", outcome: .success, actor: nil, subjectType: "account", subjectID: from.id.description,
                        context: context)))
            // The customer is called otherwise now.
            let name = "Amina Njeri"
            let id = from.id
            try await bank.arrange { _ = try $0.execute("UPDATE accounts.account SET name = \(name) WHERE id = \(id)") }

            for (format, body) in before { #expect(await payer.get(path + "?format=\(format)").body == body, "\(format)") }
            #expect(await payer.get(list(from)).body == listed)
            let april = await payer.get("/api/customer-portal/accounts/\(from.number)/statement?from=2026-04-01&to=2026-04-30")
            #expect(april.text("entries", 0, "date") == "2026-04-01" && april.text("entries", 0, "valueDate") == "2026-03-10")
            #expect(april.text("entries", 0, "credit") == "77.00" && april["entries", 1] == nil)
        }
    }

    /// Own accounts for customers, all for staff; what is not there is not there.
    @Test func whoMayReadThem() async throws {
        try await Bank.run { bank in
            let (amina, brian) = (try await bank.person("Amina", "Wanjiru"), try await bank.person("Brian", "Otieno"))
            let account = try await bank.account(of: amina, 1_000)
            try await bank.open(day: 30)
            try await makeAll(bank, on: day("2026-04-01"))
            let staffPath = "/api/accounts/\(account.number)/statements"
            for (client, path) in [
                (bank.signedIn(amina), list(account)), (bank.signedIn(amina), staffPath), (bank.staff(.teller), staffPath),
            ] {
                #expect(await client.get(path).text("items", 0, "statementNumber") == "26090")
                #expect(await client.get(path + "/26090").text("closingBalance") == "10.00")
                #expect(await client.get(path + "/26090?format=pdf").headers["Content-Type"] == "application/pdf")
                for number in ["26059", "26091", "26000", "26366", "2609", "x", "99999", "-6090"] {
                    #expect(await client.get(path + "/\(number)").outcome == "404 not_found", "\(number)")
                }
            }
            for path in [list(account), staffPath, list(account) + "/26090", staffPath + "/26090"] {
                #expect(await bank.signedIn(brian).get(path).outcome == "404 account_not_found")
            }
        }
    }
}

import Accounts
import Foundation
import FoundationXML
import HTTPEdge
import Kernel
import Ledger
import Parties
import Postgres
import Statements
import Testing

/// Statements in all their formats, from one set of entries.
@Suite struct StatementTests {
    private static func path(_ account: AccountIdentity, _ query: String) -> String {
        "/api/customer-portal/accounts/\(account.number)/statement?\(query)"
    }

    /// March and April of an account that was paid, paid out, and once described by somebody with a spreadsheet in mind.
    private func story(_ bank: Bank) async throws -> (payer: InProcessClient, account: AccountIdentity) {
        let (amina, brian) = (try await bank.person("Amina", "Wanjir\u{169}"), try await bank.person("Brian", "Otieno"))
        let (from, to) = (try await bank.account(of: amina, 10_000_000), try await bank.account(of: brian, 1_000_000))
        let payer = bank.signedIn(amina)
        for (amount, narration) in [("1000.00", "=HYPERLINK(\"x\"), rent"), ("20.50", "caf\u{e9} & <b>Λ</b>")] {
            var call = TransferCall(from: from, to: to, amount)
            call.narration = narration
            let made = await payer.transfer(call)
            #expect(made.status == 201, "\(made.text)")
        }
        try await bank.open(day: 31)
        #expect(await bank.signedIn(brian).transfer(TransferCall(from: to, to: from, "300.00")).status == 201)
        return (payer, from)
    }

    @Test func everyPeriodFollowsFromTheOneBefore() async throws {
        try await Bank.run { bank in
            let (payer, account) = try await story(bank)
            let march = await payer.get(Self.path(account, "from=2026-03-01&to=2026-03-31"))
            #expect(march.status == 200, "\(march.text)")
            #expect(march.text("openingBalance") == "0.00" && march.text("closingBalance") == "98968.00")
            #expect(march.text("totalCredits") == "100000.00" && march.text("totalDebits") == "1032.00")
            #expect(march.text("creditCount") == "1" && march.text("debitCount") == "4")
            #expect(march.text("statementNumber") == "26090")
            #expect(march.text("entries", 0, "credit") == "100000.00" && march["entries", 0, "debit"] == nil)
            #expect(march.text("entries", 1, "debit") == "1000.00" && march.text("entries", 1, "balance") == "99000.00")
            #expect(march.text("entries", 1, "description") == "Transfer to Brian O*** – =HYPERLINK(\"x\"), rent")
            let april = await payer.get(Self.path(account, "from=2026-04-01&to=2026-04-30"))
            #expect(april.text("openingBalance") == march.text("closingBalance") && april.text("closingBalance") == "99268.00")
            // A period without entries is a statement too.
            let empty = await payer.get(Self.path(account, "from=2026-02-01&to=2026-02-28"))
            #expect(empty.text("closingBalance") == "0.00" && empty["entries", 0] == nil && empty.status == 200)
            #expect(await payer.get(Self.path(account, "from=2024-01-01&to=2025-01-01")).outcome == "422 range_too_long from")
            #expect(await payer.get(Self.path(account, "from=2024-01-01&to=2024-12-31")).status == 200)
            #expect(await payer.get(Self.path(account, "from=2026-04-02&to=2026-04-01")).outcome == "422 validation_failed from")
            #expect(await payer.get(Self.path(account, "format=docx")).outcome == "422 validation_failed format")
            // Staff under the other path, strangers under neither.
            let general = "/api/transactions/statement/\(account.number)?from=2026-03-01&to=2026-03-31"
            #expect(await bank.staff(.teller).get(general).text("closingBalance") == "98968.00")
            let stranger = bank.signedIn(try await bank.person("Chege", "Mwangi"))
            #expect(await stranger.get(general).outcome == "404 account_not_found")
            #expect(await stranger.get(Self.path(account, "")).outcome == "404 account_not_found")
        }
    }

    @Test func allFormatsSayTheSame() async throws {
        try await Bank.run { bank in
            let (payer, account) = try await story(bank)
            let period = "from=2026-03-01&to=2026-03-31"
            func file(_ format: String) async -> InProcessResponse {
                let file = await payer.get(Self.path(account, "\(period)&format=\(format)"))
                #expect(file.status == 200 && file.isComplete, "\(format) \(file.text)")
                // Five entries do not fit the three of a page: what is not on paper comes in pieces.
                #expect(file.isStreamed == (format != "pdf"))
                #expect(file.headers["Content-Disposition"]?.contains(account.number) == true)
                return file
            }
            let csv = await file("csv")
            let lines = csv.text.components(separatedBy: "\r\n")
            #expect(csv.headers["Content-Type"]?.hasPrefix("text/csv") == true)
            try #require(lines.count == 9, "\(csv.text)")
            #expect(lines[0] == "date,valueDate,reference,description,debit,credit,balance,currency")
            #expect(lines[1] == "2026-03-01,2026-03-01,,Opening balance,,,0.00,KES")
            #expect(lines[7] == "2026-03-31,2026-03-31,,Closing balance,,,98968.00,KES")
            #expect(lines[3].contains(",\"Transfer to Brian O*** – =HYPERLINK(\"\"x\"\"), rent\",1000.00,,99000.00,KES"))

            let mt940 = await file("mt940").text
            #expect(mt940.utf8.allSatisfy { $0 < 0x80 })
            #expect(mt940.contains(":25:\(account.number)\r\n:28C:26090/1\r\n:60F:C260301KES0,00\r\n"))
            #expect(mt940.contains(":61:2603020302D1000,00NTRFNONREF//") && mt940.contains(":62F:C260331KES98968,00\r\n:64:"))
            #expect(mt940.contains(":86:Transfer to Brian O... - .HYPERLINK(.x.), rent"))
            #expect(mt940.contains("cafe . .b.../b."))

            let document = try XMLDocument(data: Data(await file("camt.053").body))
            #expect(CAMT053Schema.faults(in: document) == [])
            // The check itself is checked: what must be there cannot go, and nothing may stand elsewhere or be another.
            for required in ["GrpHdr", "MsgId", "Acct", "Amt", "CdtDbtInd", "Sts", "BkTxCd", "Cd"] {
                let damaged = try XMLDocument(data: document.xmlData)
                try #require(try damaged.nodes(forXPath: "//*[local-name()='\(required)']").first).detach()
                #expect(!CAMT053Schema.faults(in: damaged).isEmpty, "\(required)")
            }
            let status = "<Sts><Cd>BOOK</Cd></Sts>"
            for (right, wrong) in [
                (status, ""), ("BOOK", "BOOKED"), ("CRDT", "CR"), (" Ccy=\"KES\"", ""), ("</Stmt>", "<Extra/></Stmt>"),
                (status + "<BookgDt>", "<BookgDt>"), ("<ValDt>", status + "<ValDt>"), ("camt.053.001.08", "camt.053.001.02"),
            ] {
                let text = document.xmlString
                #expect(text.contains(right))
                let damaged = try XMLDocument(data: Data(text.replacing(right, with: wrong).utf8))
                #expect(!CAMT053Schema.faults(in: damaged).isEmpty, "\(wrong)")
            }
            func values(_ path: String) throws -> [String] { try document.nodes(forXPath: path).compactMap(\.stringValue) }
            func at(_ names: String...) -> String { names.map { "*[local-name()='\($0)']" }.joined(separator: "/") }
            #expect(document.rootElement()?.namespaces?.first?.stringValue == "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08")
            #expect(try values("//" + at("Bal", "Amt")) == ["0.00", "98968.00"])
            #expect(try values("//" + at("Bal", "Tp", "CdOrPrtry", "Cd")) == ["OPBD", "CLBD"])
            #expect(try values("//" + at("Ntry", "Amt")) == ["100000.00", "1000.00", "10.00", "1.50", "20.50"])
            #expect(try values("//" + at("Acct", "Id", "Othr", "Id")) == [account.number])
            #expect(try values("//" + at("RmtInf", "Ustrd")).contains("Transfer to Brian O*** – caf\u{e9} & <b>Λ</b>"))

            let pdf = await file("pdf")
            #expect(pdf.headers["Content-Type"] == "application/pdf" && pdf.body.starts(with: "%PDF-".utf8))
            #expect(await file("pdf").body == pdf.body)
        }
    }

    @Test func longStatementsHandTheirBalanceFromPageToPage() async throws {
        try await Bank.run { bank in
            let amina = try await bank.person("Amina", "Wanjiru")
            let (from, to) = (try await bank.account(of: amina, 10_000_000), try await bank.account(of: amina))
            let payer = bank.signedIn(amina)
            for _ in 0..<40 { #expect(await payer.transfer(TransferCall(from: from, to: to, "10.00")).status == 201) }
            let text = await payer.get(Self.path(from, "from=2026-03-01&to=2026-03-31&format=mt940")).text
            let messages = text.components(separatedBy: "-\r\n").filter { !$0.isEmpty }
            #expect(messages.count > 2 && messages.allSatisfy { $0.utf8.count < 2_000 })
            for (one, next) in zip(messages, messages.dropFirst()) {
                let closing = one.components(separatedBy: ":62M:").last?.prefix { $0 != "\r\n" }
                let opening = next.components(separatedBy: ":60M:").last?.prefix { $0 != "\r\n" }
                #expect(closing == opening && closing?.isEmpty == false)
            }
            #expect(messages.last?.contains(":62F:C260331KES99600,00") == true)
        }
    }
}

import Kernel
import Testing

@testable import DataImport

@Suite struct CzechBankRowTests {
    private static let good = ["695247", "2378", "930131", "PRIJEM", "VKLAD", "700.50", "-1700.5", " ", "YZ", "87144583"]

    private func row(_ changes: [Int: String] = [:]) throws -> TransactionRow {
        var fields = Self.good
        for (index, text) in changes { fields[index] = text }
        return try TransactionRow(row: 2, fields: fields)
    }

    @Test func readsATransaction() throws {
        let row = try row()
        #expect(row.externalID == 695_247 && row.account == 2_378 && row.isCredit && row.operation == .cashDeposit)
        #expect(row.date == BusinessDate(year: 1993, month: 1, day: 31))
        #expect(row.amount == 70_050 && row.signedAmount == 70_050 && row.recordedBalance == -170_050)
        #expect(row.symbol == "" && row.partnerBank == "YZ" && row.partnerAccount == "87144583")
    }

    @Test func aWithdrawalIsADebit() throws {
        #expect(try row([3: "VYBER", 4: "VYBER"]).signedAmount == -70_050)
        #expect(try row([3: "VYDAJ", 4: "PREVOD NA UCET"]).signedAmount == -70_050)
        #expect(try row([3: "VYDAJ", 4: ""]).signedAmount == -70_050)
    }

    @Test(arguments: [
        (0, "x", "invalid_format"), (0, "", "invalid_format"), (0, "0", "invalid_format"), (0, "-5", "invalid_format"),
        (0, "1234567890123456789", "invalid_format"), (1, "2 3", "invalid_format"), (2, "931332", "invalid_format"),
        (2, "930229", "invalid_format"), (2, "1993-01-31", "invalid_format"), (2, "", "invalid_format"), (3, "PRIJEN", "unknown_value"),
        (3, "", "unknown_value"), (4, "VKLAD2", "unknown_value"), (4, "VYBER", "not_allowed"), (4, "PREVOD NA UCET", "not_allowed"),
        (5, "-700.00", "not_positive"), (5, "0.00", "not_positive"), (5, "7,50", "invalid_format"), (5, "1e3", "invalid_format"),
        (5, "NaN", "invalid_format"), (5, "", "invalid_format"), (5, "1.005", "too_many_decimals"),
        (5, "99999999999999.00", "out_of_range"), (6, "x", "invalid_format"), (6, "--1", "invalid_format"),
        (7, String(repeating: "S", count: 21), "too_long"), (8, "Y\u{0}Z", "invalid_format"), (9, "1\u{1B}[2J", "invalid_format"),
    ])
    func refusesABadField(_ index: Int, _ text: String, _ code: String) throws {
        let refusal = #expect(throws: Refusal.self) { try row([index: text]) }
        #expect(refusal?.fields.first?.code == code)
        #expect(refusal?.fields.first?.field == TransactionRow.file.columns[index])
    }

    @Test func whatARefusalShowsIsHarmless() {
        #expect(FieldText.shown("a\u{1B}[31m\u{0}b") == "\"a?[31m?b\"")
        #expect(FieldText.shown(String(repeating: "9", count: 50)).count == 43)
    }

    @Test func spellingDoesNotMakeAnotherRow() throws {
        #expect(try row([0: "0695247", 5: "700.5"]).canonicalText == row().canonicalText)
        #expect(try row([5: "700.51"]).canonicalText != row().canonicalText)
        #expect(try row([6: "1.00"]).canonicalText != row().canonicalText)
    }

    @Test func readsBirthNumbersOfMenAndWomen() throws {
        #expect(try FieldText.birthDate("706213", "birth_number") == BusinessDate(year: 1970, month: 12, day: 13))
        #expect(try FieldText.birthDate("450204", "birth_number") == BusinessDate(year: 1945, month: 2, day: 4))
        for bad in ["701313", "706313", "70621", "7062134", "70x213"] {
            #expect(throws: Refusal.self) { try FieldText.birthDate(bad, "birth_number") }
        }
    }

    @Test func aFileKeepsTheFirstOfTwoRowsWithOneNumber() throws {
        let text = "\"client_id\";\"birth_number\";\"district_id\"\n1;\"706213\";18\n2;x;1\n1;\"450204\";1\n3;\"450204\";1;4\n"
        let file = try ParsedFile<ClientRow>(Array(text.utf8))
        #expect(file.rows.map(\.externalID) == [1])
        #expect(file.rowsRead == 4)
        #expect(file.refusals.map(\.row) == [3, 4, 5])
        #expect(file.refusals.map(\.code) == ["invalid_format", "duplicate", "invalid_format"])
        #expect(file.refusals.map(\.externalID) == [2, 1, nil])
    }

    @Test func aFileNeedsItsHeader() {
        #expect(throws: ImportFailure.empty(.clients)) { try ParsedFile<ClientRow>([]) }
        #expect(throws: ImportFailure.wrongHeader(.clients)) { try ParsedFile<ClientRow>(Array("1;\"706213\";18\n".utf8)) }
        #expect(throws: ImportFailure.wrongHeader(.clients)) {
            try ParsedFile<ClientRow>(Array("client_id,birth_number,district_id\n".utf8))
        }
    }
}

import Kernel
import Ledger
import Testing

@testable import DataImport

@Suite struct CzechBankBookingTests {
    private func booking(
        _ type: String, _ operation: String, symbol: String = "", bank: String = "", account: String = ""
    ) throws -> CzechBankBooking {
        CzechBankBooking(
            try TransactionRow(row: 2, fields: ["1", "1", "930131", type, operation, "10.00", "10.00", symbol, bank, account]))
    }

    @Test(arguments: [
        ("PRIJEM", "VKLAD", "", 1010, TransactionType.deposit, "Cash deposit"),
        ("VYBER", "VYBER", "", 1010, .withdrawal, "Cash withdrawal"),
        ("VYDAJ", "VYBER", "SIPO", 1010, .withdrawal, "Household payment (SIPO), cash withdrawal"),
        ("VYDAJ", "VYBER KARTOU", "", 1050, .withdrawal, "Card withdrawal"),
        ("PRIJEM", "", "UROK", 5001, .interest, "Interest (UROK)"),
        ("VYDAJ", "VYBER", "SLUZBY", 4001, .fee, "Statement fee (SLUZBY)"),
        ("VYDAJ", "VYBER", "SANKC. UROK", 4101, .interest, "Penalty interest (SANKC. UROK)"),
        ("PRIJEM", "", "", 1900, .adjustment, "Credit"),
        ("VYDAJ", "", "NOVY", 1900, .adjustment, "NOVY"),
    ])
    func booksAgainstTheRightAccount(
        _ type: String, _ operation: String, _ symbol: String, _ contra: Int32, _ transactionType: TransactionType, _ narration: String
    ) throws {
        let booking = try booking(type, operation, symbol: symbol)
        #expect(booking.contra == GLCode(contra))
        #expect(booking.type == transactionType)
        #expect(booking.narration == narration)
    }

    @Test func transfersNameTheirPartner() throws {
        let outgoing = try booking("VYDAJ", "PREVOD NA UCET", symbol: "SIPO", bank: "YZ", account: "87144583")
        #expect(outgoing.contra == GLCode(1140) && outgoing.type == .externalPayment)
        #expect(outgoing.narration == "Household payment (SIPO), transfer to bank YZ account 87144583")
        let incoming = try booking("PRIJEM", "PREVOD Z UCTU", symbol: "DUCHOD", bank: "AB")
        #expect(incoming.narration == "Pension (DUCHOD), transfer from bank AB")
        #expect(try booking("PRIJEM", "PREVOD Z UCTU").narration == "Transfer from another bank")
    }

    @Test func aJournalBalancesAndCarriesTheRowsDate() throws {
        let row = try TransactionRow(row: 2, fields: ["1", "1", "930131", "VYDAJ", "VYBER", "10.25", "0.00", "", "", ""])
        let draft = CzechBankBooking(row).draft(row, account: Identifier(bits: 7), source: 9)
        #expect(draft.valueDate == BusinessDate(year: 1993, month: 1, day: 31))
        #expect(draft.legs.map(\.amount) == [-1_025, 1_025])
        #expect(draft.legs.allSatisfy { $0.authority == .bank && $0.currency == .czk })
        #expect(draft.sourceID == 9)
    }
}

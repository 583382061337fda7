import HTTPEdge
import Kernel
import Ledger

/// The answer to a transfer, drawn from the journal alone, so that a replay says the same as the first answer.
struct TransferView: Representation {
    static let schemaName = "Transfer"

    let transactionID: Identifier<TransactionRecord>
    let reference: String
    let fromAccountNumber: String
    let toAccountNumber: String
    let amount: Money
    let fee: Money
    let excise: Money
    let narration: String?
    let postedAt: Timestamp
    let businessDate: BusinessDate
    /// The source's booked balance after amount, fee and excise.
    let balanceAfter: Money
    let journalID: Identifier<Journal>

    func write(to object: inout ObjectWriter) {
        object.identifier("transactionId", transactionID)
        object.text("reference", reference)
        object.text("status", "completed")
        object.text("fromAccountNumber", fromAccountNumber)
        object.text("toAccountNumber", toAccountNumber)
        object.moneyAndCurrency(amount)
        object.money("fee", fee)
        object.money("excise", excise)
        object.optionalText("narration", narration)
        object.timestamp("postedAt", postedAt)
        object.date("businessDate", businessDate)
        object.money("balanceAfter", balanceAfter)
        object.identifier("journalId", journalID)
    }
}

extension TransferView {
    static let example = TransferView(
        transactionID: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0001), reference: "TRF0G4S8Q2M9K7V3X1B5N6A",
        fromAccountNumber: "0012000000017", toAccountNumber: "0012000000025", amount: Money(minorUnits: 150_000, currency: .kes),
        fee: Money(minorUnits: 3_000, currency: .kes), excise: Money(minorUnits: 450, currency: .kes), narration: "Rent",
        postedAt: Timestamp(microseconds: 1_780_000_000_000_000), businessDate: BusinessDate(epochDay: 20_602),
        balanceAfter: Money(minorUnits: 8_846_550, currency: .kes), journalID: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0000))

    /// - Returns: nil when the journal is no transfer between two customer accounts
    init?(journal: PostedJournal, fromAccountNumber: String, toAccountNumber: String) {
        let own = journal.lines.filter { $0.account != nil }
        guard let debit = own.first(where: { $0.ordinal == 1 && $0.amount < 0 }),
            let balanceAfter = own.last(where: { $0.account == debit.account })?.balanceAfter
        else { return nil }
        let currency = debit.currency
        self.init(
            transactionID: journal.transactionID, reference: journal.reference, fromAccountNumber: fromAccountNumber,
            toAccountNumber: toAccountNumber, amount: Money(minorUnits: -debit.amount, currency: currency),
            fee: Money(minorUnits: journal.charged(.fee), currency: currency),
            excise: Money(minorUnits: journal.charged(.excise), currency: currency), narration: journal.narration,
            postedAt: journal.postedAt, businessDate: journal.businessDate,
            balanceAfter: Money(minorUnits: balanceAfter, currency: currency), journalID: journal.id)
    }
}

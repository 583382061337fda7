import HTTPEdge
import Kernel

/// The contract's statement (section 13).
struct StatementView: Representation {
    static let schemaName = "Statement"
    static let example: StatementView = {
        func money(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: .kes) }
        let date = BusinessDate(epochDay: 20_514)
        let entry = StatementEntryView.example.entry
        let statement = try? AccountStatement(
            accountID: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0001), accountNumber: "0010100000017",
            accountName: "Amina Wanjiru", branchCode: "001", fromDate: date, toDate: date, openingBalance: money(20_000_000),
            closingBalance: entry.balance, totalDebits: entry.magnitude, totalCredits: money(0), debitCount: 1, creditCount: 0)
        guard let statement else { preconditionFailure("the example adds up") }
        return StatementView(statement: statement, entries: [entry])
    }()

    let statement: AccountStatement
    let entries: [AccountStatement.Entry]

    func write(to object: inout ObjectWriter) {
        object.text("accountNumber", statement.accountNumber)
        object.text("accountName", statement.accountName)
        object.currency("currency", statement.currency)
        object.date("fromDate", statement.fromDate)
        object.date("toDate", statement.toDate)
        object.money("openingBalance", statement.openingBalance)
        object.money("closingBalance", statement.closingBalance)
        object.money("totalDebits", statement.totalDebits)
        object.money("totalCredits", statement.totalCredits)
        object.integer("debitCount", statement.debitCount)
        object.integer("creditCount", statement.creditCount)
        object.text("statementNumber", statement.number)
        object.array("entries", entries.lazy.map { StatementEntryView(entry: $0) })
    }
}

/// The contract's statement with its entries page by page: they are its last field.
struct StatementJSON: StatementWriter {
    private static let end = Array("]}".utf8)
    private var isFirst = true

    init() {}

    func head(_ statement: AccountStatement) -> [UInt8] {
        let whole = StatementView(statement: statement, entries: []).json()
        precondition(whole.suffix(2).elementsEqual(Self.end), "the entries are the last field")
        return Array(whole.dropLast(2))
    }

    mutating func entries(_ entries: [AccountStatement.Entry]) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            bytes += StatementEntryView(entry: entry).json()
        }
        return bytes
    }

    func tail(_: AccountStatement) -> [UInt8] { Self.end }
}

struct StatementEntryView: Representation {
    static let schemaName = "StatementEntry"
    static let example = StatementEntryView(
        entry: AccountStatement.Entry(
            date: BusinessDate(epochDay: 20_514), valueDate: BusinessDate(epochDay: 20_514), reference: "TRF0G4S8Q2M9K7V3X1B5N6A",
            description: "Transfer to Brian O*** – Rent", type: "transfer", amount: Money(minorUnits: -150_000, currency: .kes),
            balance: Money(minorUnits: 19_850_000, currency: .kes), isReversal: false, counterparty: "Brian O***",
            transactionID: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0001),
            postedAt: Timestamp(microseconds: 1_772_442_000_000_000)))

    let entry: AccountStatement.Entry

    func write(to object: inout ObjectWriter) {
        object.date("date", entry.date)
        object.date("valueDate", entry.valueDate)
        object.text("reference", entry.reference)
        object.text("description", entry.description)
        object.optionalMoney("debit", entry.debit)
        object.optionalMoney("credit", entry.credit)
        object.money("balance", entry.balance)
        object.identifier("transactionId", entry.transactionID)
    }
}

/// A monthly statement that the bank has made; the statement itself is asked for by its dates.
struct StoredStatementView: Representation {
    static let schemaName = "StoredStatement"
    static let example = StoredStatementView(
        statement: StoredStatement(
            account: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0001), fromDate: BusinessDate(epochDay: 20_513),
            toDate: BusinessDate(epochDay: 20_543), number: "26090", openingBalance: Money(minorUnits: 0, currency: .kes),
            closingBalance: Money(minorUnits: 19_850_000, currency: .kes), entryCount: 4,
            createdAt: Timestamp(microseconds: 1_775_000_000_000_000), accountName: "Amina Wanjiru", branchCode: "001"))

    let statement: StoredStatement

    func write(to object: inout ObjectWriter) {
        object.date("fromDate", statement.fromDate)
        object.date("toDate", statement.toDate)
        object.text("statementNumber", statement.number)
        object.currency("currency", statement.openingBalance.currency)
        object.money("openingBalance", statement.openingBalance)
        object.money("closingBalance", statement.closingBalance)
        object.integer("entryCount", statement.entryCount)
        object.timestamp("createdAt", statement.createdAt)
    }
}

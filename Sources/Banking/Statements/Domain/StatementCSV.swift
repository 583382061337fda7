import Kernel

/// A statement as comma-separated values (RFC 4180), safe to open in a spreadsheet.
struct StatementCSV: StatementWriter {
    static let header = "date,valueDate,reference,description,debit,credit,balance,currency"

    func head(_ statement: AccountStatement) -> [UInt8] {
        Self.line([Self.header]) + Self.balance("Opening balance", statement.openingBalance, statement.fromDate)
    }

    func entries(_ entries: [AccountStatement.Entry]) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            bytes += Self.line([
                entry.date.description, entry.valueDate.description, Self.text(entry.reference), Self.text(entry.description),
                entry.debit?.decimalString ?? "", entry.credit?.decimalString ?? "", entry.balance.decimalString,
                entry.amount.currency.code,
            ])
        }
        return bytes
    }

    func tail(_ statement: AccountStatement) -> [UInt8] {
        Self.balance("Closing balance", statement.closingBalance, statement.toDate)
    }

    private static func balance(_ name: String, _ balance: Money, _ date: BusinessDate) -> [UInt8] {
        line([date.description, date.description, "", name, "", "", balance.decimalString, balance.currency.code])
    }

    private static func line(_ cells: [String]) -> [UInt8] { Array((cells.joined(separator: ",") + "\r\n").utf8) }

    /// A text that no spreadsheet takes for a formula, quoted where it must be.
    static func text(_ value: String) -> String {
        var value = value
        if let first = value.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first) { value = "'" + value }
        guard value.unicodeScalars.contains(where: { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" }) else { return value }
        return "\"" + value.replacing("\"", with: "\"\"") + "\""
    }
}

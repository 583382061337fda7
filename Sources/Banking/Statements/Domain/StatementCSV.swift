import Kernel

/// A statement as comma-separated values (RFC 4180), safe to open in a spreadsheet.
enum StatementCSV {
    static let header = "date,valueDate,reference,description,debit,credit,balance,currency"

    static func bytes(_ statement: AccountStatement) -> [UInt8] {
        let currency = statement.currency.code
        var bytes: [UInt8] = []
        func line(_ cells: [String]) {
            bytes.append(contentsOf: cells.joined(separator: ",").utf8)
            bytes.append(contentsOf: "\r\n".utf8)
        }
        line([header])
        line([
            statement.fromDate.description, statement.fromDate.description, "", "Opening balance", "", "",
            statement.openingBalance.decimalString, currency,
        ])
        for entry in statement.entries {
            line([
                entry.date.description, entry.valueDate.description, text(entry.reference), text(entry.description),
                entry.debit?.decimalString ?? "", entry.credit?.decimalString ?? "", entry.balance.decimalString, currency,
            ])
        }
        line([
            statement.toDate.description, statement.toDate.description, "", "Closing balance", "", "",
            statement.closingBalance.decimalString, currency,
        ])
        return bytes
    }

    /// A text that no spreadsheet takes for a formula, quoted where it must be.
    static func text(_ value: String) -> String {
        var value = value
        if let first = value.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first) { value = "'" + value }
        guard value.unicodeScalars.contains(where: { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" }) else { return value }
        return "\"" + value.replacing("\"", with: "\"\"") + "\""
    }
}

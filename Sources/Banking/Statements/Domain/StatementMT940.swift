import Foundation
import Kernel

/// A statement as SWIFT MT940 customer statement messages: text in the X character set, decimal comma, pages of at most 2,000
/// characters that hand their balance on (60M and 62M).
enum StatementMT940 {
    private static let pageLimit = 1_800

    static func bytes(_ statement: AccountStatement) -> [UInt8] {
        var pages: [[String]] = [[]]
        var length = 0
        for entry in statement.entries {
            let lines = entryLines(entry)
            let size = lines.reduce(0) { $0 + $1.utf8.count + 2 }
            if length + size > pageLimit {
                pages.append([])
                length = 0
            }
            pages[pages.count - 1] += lines
            length += size
        }
        var balances: [(money: Money, date: BusinessDate)] = []
        var index = 0
        for page in pages {
            index += page.count { $0.hasPrefix(":61:") }
            let last = index > 0 ? statement.entries[index - 1] : nil
            balances.append((last?.balance ?? statement.openingBalance, last?.date ?? statement.fromDate))
        }
        var text = ""
        for (number, page) in pages.enumerated() {
            let (isFirst, isLast) = (number == 0, number == pages.count - 1)
            let opening = isFirst ? (statement.openingBalance, statement.fromDate) : balances[number - 1]
            let closing = isLast ? (statement.closingBalance, statement.toDate) : balances[number]
            var lines = [
                ":20:ST\(statement.number)\(statement.accountNumber.suffix(8))",
                ":25:\(statement.accountNumber)",
                ":28C:\(statement.number)/\(number + 1)",
                ":60\(isFirst ? "F" : "M"):" + balance(opening.0, opening.1),
            ]
            lines += page
            lines.append(":62\(isLast ? "F" : "M"):" + balance(closing.0, closing.1))
            if isLast { lines.append(":64:" + balance(closing.0, closing.1)) }
            lines.append("-")
            text += lines.map { $0 + "\r\n" }.joined()
        }
        return Array(text.utf8)
    }

    /// Tag 61 with its second line, and tag 86.
    private static func entryLines(_ entry: AccountStatement.Entry) -> [String] {
        let mark = entry.isReversal ? (entry.isCredit ? "RD" : "RC") : (entry.isCredit ? "C" : "D")
        let main =
            ":61:\(day(entry.valueDate))\(day(entry.date).dropFirst(2))\(mark)\(amount(entry.magnitude))N\(code(entry.type))NONREF"
            + "//\(entry.reference.suffix(16))"
        let narrative = wrapped(swift(entry.description), width: 65, lines: 6)
        return [main, entry.reference] + (narrative.isEmpty ? [] : [":86:" + narrative[0]] + narrative.dropFirst())
    }

    /// The transaction type of field 61: three letters after an N.
    private static func code(_ type: String) -> String {
        switch type {
        case "transfer", "externalPayment", "mobileMoneyIn", "mobileMoneyOut": "TRF"
        case "fee", "excise", "withholdingTax": "CHG"
        case "interest": "INT"
        case "loanDisbursement", "loanRepayment": "LDP"
        case "fx": "FEX"
        case "billPayment", "airtime": "DDT"
        default: "MSC"
        }
    }

    private static func balance(_ money: Money, _ date: BusinessDate) -> String {
        let magnitude = Money(minorUnits: Int64(clamping: money.minorUnits.magnitude), currency: money.currency)
        return "\(money.isNegative ? "D" : "C")\(day(date))\(money.currency.code)\(amount(magnitude))"
    }

    /// `1500,00`; a comma is always there, also without decimals.
    private static func amount(_ money: Money) -> String {
        let text = money.decimalString.replacing(".", with: ",")
        return text.contains(",") ? text : text + ","
    }

    /// YYMMDD.
    private static func day(_ date: BusinessDate) -> String { String(date.description.dropFirst(2).replacing("-", with: "")) }

    /// The text in SWIFT's X character set: marks fall off their letters, everything else becomes a full stop.
    static func swift(_ text: String) -> String {
        var result = ""
        for scalar in text.decomposedStringWithCompatibilityMapping.unicodeScalars {
            if scalar.properties.generalCategory == .nonspacingMark || scalar.properties.isDefaultIgnorableCodePoint { continue }
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "/", "-", ":", "(", ")", ".", ",", "'", "+", " ": result.unicodeScalars.append(scalar)
            case "\u{2019}", "\u{2018}", "`": result.append("'")
            case "\u{2013}", "\u{2014}", "\u{2212}": result.append("-")
            case "đ", "Đ": result.append(scalar == "đ" ? "d" : "D")
            case "ł", "Ł": result.append(scalar == "ł" ? "l" : "L")
            case "ø", "Ø": result.append(scalar == "ø" ? "o" : "O")
            case "ß": result.append("ss")
            case _ where scalar.properties.isWhitespace: result.append(" ")
            default: result.append(".")
            }
        }
        return result
    }

    /// Lines of a width; none begins with a colon or a hyphen, which would end the field.
    private static func wrapped(_ text: String, width: Int, lines count: Int) -> [String] {
        var lines: [String] = []
        var rest = Substring(text.split(separator: " ").joined(separator: " "))
        while !rest.isEmpty, lines.count < count {
            while let first = rest.first, first == ":" || first == "-" || first == " " { rest = rest.dropFirst() }
            guard !rest.isEmpty else { break }
            var line = rest.prefix(width)
            if line.endIndex < rest.endIndex, let blank = line.lastIndex(of: " "), blank > line.startIndex { line = rest[..<blank] }
            lines.append(String(line))
            rest = rest[line.endIndex...]
        }
        return lines
    }
}

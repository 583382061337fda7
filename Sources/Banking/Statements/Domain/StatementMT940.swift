import Foundation
import Kernel

/// A statement as SWIFT MT940 customer statement messages: text in the X character set, decimal comma, pages of at most 2,000
/// characters that hand their balance on (60M and 62M).
struct StatementMT940: StatementWriter {
    private static let pageLimit = 1_800

    private typealias Standing = (money: Money, date: BusinessDate)

    /// What the page that is being filled holds.
    private var lines: [String] = []
    private var length = 0
    private var number = 1
    /// What it began with, and what the entries in it have led to.
    private var opening: Standing?
    private var reached: Standing?
    private var preamble: [String] = []
    private var sequence = ""

    init() {}

    mutating func head(_ statement: AccountStatement) -> [UInt8] {
        opening = (statement.openingBalance, statement.fromDate)
        reached = opening
        preamble = [":20:ST\(statement.number)\(statement.accountNumber.suffix(8))", ":25:\(statement.accountNumber)"]
        sequence = statement.number
        return []
    }

    mutating func entries(_ entries: [AccountStatement.Entry]) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            let entryLines = Self.entryLines(entry)
            let size = entryLines.reduce(0) { $0 + $1.utf8.count + 2 }
            if length + size > Self.pageLimit { bytes += page(closing: nil) }
            lines += entryLines
            length += size
            reached = (entry.balance, entry.date)
        }
        return bytes
    }

    mutating func tail(_ statement: AccountStatement) -> [UInt8] { page(closing: (statement.closingBalance, statement.toDate)) }

    /// The page as it stands; a new one begins where it ends.
    /// - Parameter closing: of the last page
    private mutating func page(closing: Standing?) -> [UInt8] {
        guard let opening, let end = closing ?? reached else { return [] }
        let isLast = closing != nil
        var text = preamble
        text.append(":28C:\(sequence)/\(number)")
        text.append(":60\(number == 1 ? "F" : "M"):" + Self.balance(opening.money, opening.date))
        text += lines
        text.append(":62\(isLast ? "F" : "M"):" + Self.balance(end.money, end.date))
        if isLast { text.append(":64:" + Self.balance(end.money, end.date)) }
        text.append("-")
        self.opening = end
        (lines, length) = ([], 0)
        number += 1
        return Array(text.map { $0 + "\r\n" }.joined().utf8)
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

import Kernel

/// Reads the fields of an imported row. What is wrong is refused with the field to blame (`validation_failed`).
enum FieldText {
    /// A number that the other bank gave to something: 1 to 18 digits.
    static func number(_ text: String, _ name: String) throws(Refusal) -> Int64 {
        guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy(isDigit), let number = Int64(text), number > 0 else {
            throw refusal(name, "invalid_format", "\(shown(text)) is not a number of 1 to 18 digits")
        }
        return number
    }

    /// `YYMMDD`. The source's years are those of the 20th century; two digits below 50 mean the 21st.
    static func date(_ text: String, _ name: String) throws(Refusal) -> BusinessDate {
        guard text.utf8.count == 6, text.utf8.allSatisfy(isDigit), let digits = Int(text),
            let date = date(year: digits / 10_000, month: digits / 100 % 100, day: digits % 100)
        else { throw refusal(name, "invalid_format", "\(shown(text)) is not a day in the form YYMMDD") }
        return date
    }

    /// A Czech birth number's date part: `YYMMDD`, 50 added to the month of a woman.
    static func birthDate(_ text: String, _ name: String) throws(Refusal) -> BusinessDate {
        guard text.utf8.count == 6, text.utf8.allSatisfy(isDigit), let digits = Int(text),
            let date = BusinessDate(year: 1_900 + digits / 10_000, month: digits / 100 % 100 % 50, day: digits % 100)
        else { throw refusal(name, "invalid_format", "\(shown(text)) is not a birth number") }
        return date
    }

    /// A positive amount in minor units.
    static func amount(_ text: String, _ name: String, exponent: Int) throws(Refusal) -> Int64 {
        let value = try signedAmount(text, name, exponent: exponent)
        guard value > 0 else { throw refusal(name, "not_positive", "\(shown(text)) is not a positive amount") }
        return value
    }

    /// An amount in minor units that may be negative.
    static func signedAmount(_ text: String, _ name: String, exponent: Int) throws(Refusal) -> Int64 {
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        do throws(DecimalText.Failure) {
            let value = try DecimalText.amount(isNegative ? text.dropFirst() : text[...], exponent: exponent)
            return isNegative ? -value : value
        } catch {
            switch error {
            case .malformed: throw refusal(name, "invalid_format", "\(shown(text)) is not an amount")
            case .tooManyDecimals: throw refusal(name, "too_many_decimals", "\(shown(text)) has more than \(exponent) decimals")
            case .tooLarge: throw refusal(name, "out_of_range", "\(shown(text)) is too large")
            }
        }
    }

    /// Free text without blanks around it; empty is allowed.
    static func label(_ text: String, _ name: String, maximum: Int) throws(Refusal) -> String {
        let trimmed = trim(text)
        guard trimmed.count <= maximum else { throw refusal(name, "too_long", "the text is longer than \(maximum) characters") }
        guard trimmed.unicodeScalars.allSatisfy({ !isControl($0) }) else {
            throw refusal(name, "invalid_format", "the text has control characters")
        }
        return trimmed
    }

    static func choice<Choice: RawRepresentable>(
        _ text: String, _ name: String, as _: Choice.Type = Choice.self
    ) throws(Refusal) -> Choice where Choice.RawValue == String {
        guard let choice = Choice(rawValue: trim(text)) else { throw refusal(name, "unknown_value", "\(shown(text)) is not known") }
        return choice
    }

    static func refusal(_ field: String, _ code: String, _ message: String) -> Refusal { .validation([.init(field, code, message)]) }

    /// Somebody else's text as it may stand in a report: short, and without anything that a terminal would obey.
    static func shown(_ text: String) -> String {
        var safe = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(40) { safe.append(isControl(scalar) ? "?" : scalar) }
        return "\"\(String(safe))\(text.unicodeScalars.count > 40 ? "…" : "")\""
    }

    private static func date(year: Int, month: Int, day: Int) -> BusinessDate? {
        BusinessDate(year: year < 50 ? 2_000 + year : 1_900 + year, month: month, day: day)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: true
        default: false
        }
    }

    private static func trim(_ text: String) -> String {
        var trimmed = text[...]
        while trimmed.first == " " { trimmed.removeFirst() }
        while trimmed.last == " " { trimmed.removeLast() }
        return String(trimmed)
    }
}

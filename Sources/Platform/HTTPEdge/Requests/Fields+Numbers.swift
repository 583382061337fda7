import Kernel

extension Fields {
    /// A whole number within `range`. `3`, `3.0` and `3e0` are the same number; `3.5` and `"3"` have the wrong type.
    public mutating func integer(_ name: String, _ range: ClosedRange<Int>) -> Int {
        value(name, schema: Self.integerSchema(range), isRequired: true) { $0.checkedInteger(name, $1, range) } ?? range.lowerBound
    }

    public mutating func optionalInteger(_ name: String, _ range: ClosedRange<Int>) -> Int? {
        value(name, schema: Self.integerSchema(range), isRequired: false) { $0.checkedInteger(name, $1, range) }
    }

    /// The `version` that every change of an editable record sends back.
    public mutating func version(_ name: String = "version") -> Int {
        integer(name, 0...Int(Int32.max))
    }

    public mutating func boolean(_ name: String) -> Bool {
        value(name, schema: Schema(type: "boolean"), isRequired: true) { $0.checkedBoolean(name, $1) } ?? false
    }

    public mutating func optionalBoolean(_ name: String) -> Bool? {
        value(name, schema: Schema(type: "boolean"), isRequired: false) { $0.checkedBoolean(name, $1) }
    }

    /// A consent: anything but `true` is refused.
    public mutating func mustBeTrue(_ name: String) {
        let isSent = isPresent(name)
        if !boolean(name), isSent { fail(name, "not_allowed", "This must be accepted") }
    }

    /// A calendar day, `YYYY-MM-DD`.
    public mutating func date(_ name: String) -> BusinessDate {
        value(name, schema: Schema(type: "string", format: "date"), isRequired: true) { $0.checkedDate(name, $1) }
            ?? BusinessDate(epochDay: 0)
    }

    public mutating func optionalDate(_ name: String) -> BusinessDate? {
        value(name, schema: Schema(type: "string", format: "date"), isRequired: false) { fields, sent in
            if case .form = fields.source, case .text("") = sent { return nil }
            return fields.checkedDate(name, sent)
        }
    }

    /// `from` and `to`, both included; `from` after `to` is out of range.
    public mutating func optionalDates(from fromName: String = "from", to toName: String = "to") -> (from: BusinessDate?, to: BusinessDate?)
    {
        let from = optionalDate(fromName)
        let to = optionalDate(toName)
        if let from, let to, from > to { fail(fromName, "out_of_range", "\(fromName) is after \(toName)") }
        return (from, to)
    }

    /// RFC 3339 with any offset, kept in UTC with microseconds.
    public mutating func timestamp(_ name: String) -> Timestamp {
        value(name, schema: Schema(type: "string", format: "date-time"), isRequired: true) { $0.checkedTimestamp(name, $1) }
            ?? Timestamp(microseconds: 0)
    }

    public mutating func optionalTimestamp(_ name: String) -> Timestamp? {
        value(name, schema: Schema(type: "string", format: "date-time"), isRequired: false) { $0.checkedTimestamp(name, $1) }
    }

    /// A point in the past: a business date (its close) or an instant.
    public mutating func optionalMoment(_ name: String = "asOf") -> Moment? {
        value(name, schema: Schema(type: "string", description: "a date (YYYY-MM-DD) or an RFC 3339 timestamp"), isRequired: false) {
            fields, sent in
            guard case .text(let text) = sent else {
                fields.wrongType(name, "a date or a timestamp")
                return nil
            }
            if let date = BusinessDate(iso: text) { return .date(date) }
            if let instant = Timestamp(rfc3339: text) { return .instant(instant) }
            fields.fail(name, "invalid_format", "This is neither a date nor a timestamp")
            return nil
        }
    }

    // MARK: Rules

    static func integerSchema(_ range: ClosedRange<Int>) -> Schema {
        var schema = Schema(type: "integer")
        schema.minimum = range.lowerBound
        schema.maximum = range.upperBound
        return schema
    }

    private mutating func checkedInteger(_ name: String, _ sent: Sent, _ range: ClosedRange<Int>) -> Int? {
        let written: String
        switch sent {
        case .number(let text): written = text
        case .text(let text) where isQuery && Self.isInteger(text): written = text
        default:
            wrongType(name, "a whole number")
            return nil
        }
        do throws(DecimalText.Failure) {
            let number = Int(try DecimalText.jsonNumber(written, exponent: 0))
            if range.contains(number) { return number }
        } catch {
            guard error == .tooLarge else {
                wrongType(name, "a whole number")
                return nil
            }
        }
        fail(name, "out_of_range", "This must be between \(range.lowerBound) and \(range.upperBound)")
        return nil
    }

    private static func isInteger(_ text: String) -> Bool {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        return !digits.isEmpty && digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private mutating func checkedBoolean(_ name: String, _ sent: Sent) -> Bool? {
        switch sent {
        case .boolean(let flag): return flag
        case .text("true") where isQuery: return true
        case .text("false") where isQuery: return false
        default:
            wrongType(name, "true or false")
            return nil
        }
    }

    private mutating func checkedDate(_ name: String, _ sent: Sent) -> BusinessDate? {
        guard case .text(let text) = sent else {
            wrongType(name, "a date")
            return nil
        }
        guard let date = BusinessDate(iso: text) else {
            fail(name, "invalid_format", "This is not a date of the form YYYY-MM-DD")
            return nil
        }
        return date
    }

    private mutating func checkedTimestamp(_ name: String, _ sent: Sent) -> Timestamp? {
        guard case .text(let text) = sent else {
            wrongType(name, "a timestamp")
            return nil
        }
        guard let instant = Timestamp(rfc3339: text) else {
            fail(name, "invalid_format", "This is not an RFC 3339 timestamp")
            return nil
        }
        return instant
    }
}

/// What `asOf` can name (contract, 5): the close of a business date, or an instant.
public enum Moment: Sendable, Equatable {
    case date(BusinessDate)
    case instant(Timestamp)
}

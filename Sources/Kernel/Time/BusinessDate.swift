/// A calendar day of the bank, in Africa/Nairobi (UTC+3 all year).
public struct BusinessDate: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Days since 1970-01-01.
    public let epochDay: Int32

    public init(epochDay: Int32) {
        self.epochDay = epochDay
    }

    /// The day `year-month-day` of the Gregorian calendar; nil when there is no such day. Years 1900 to 9999.
    public init?(year: Int, month: Int, day: Int) {
        guard (1900...9999).contains(year), (1...12).contains(month), day >= 1, day <= CivilDate.daysInMonth(year: year, month: month)
        else { return nil }
        epochDay = CivilDate.epochDay(year: year, month: month, day: day)
    }

    /// Reads exactly `YYYY-MM-DD`.
    public init?(iso text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            var value = 0
            for byte in bytes[range] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10) else { return nil }
        self.init(year: year, month: month, day: day)
    }

    /// The Nairobi day that contains an instant.
    public init(of instant: Timestamp) {
        let nairobiOffsetMicroseconds: Int64 = 3 * 3_600_000_000
        epochDay = Int32(Timestamp.floorDivide(instant.microseconds + nairobiOffsetMicroseconds, 86_400_000_000).quotient)
    }

    /// Midnight in Nairobi at which this day begins.
    public var startOfDay: Timestamp { Timestamp(microseconds: (Int64(epochDay) * 86_400 - 3 * 3_600) * 1_000_000) }

    public var year: Int { CivilDate.date(ofEpochDay: epochDay).year }
    public var month: Int { CivilDate.date(ofEpochDay: epochDay).month }
    public var day: Int { CivilDate.date(ofEpochDay: epochDay).day }

    /// 1 is Monday, 7 is Sunday (ISO 8601).
    public var weekday: Int {
        let shifted = (Int(epochDay) + 3) % 7
        return (shifted + 7) % 7 + 1
    }

    public func adding(days: Int32) -> BusinessDate { BusinessDate(epochDay: epochDay + days) }
    public func days(since earlier: BusinessDate) -> Int32 { epochDay - earlier.epochDay }

    public static func < (left: BusinessDate, right: BusinessDate) -> Bool { left.epochDay < right.epochDay }

    public var description: String {
        let (year, month, day) = CivilDate.date(ofEpochDay: epochDay)
        func padded(_ value: Int, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }
}

/// Arithmetic of the proleptic Gregorian calendar on days since 1970-01-01 (Howard Hinnant's civil-day algorithm).
enum CivilDate {
    static func epochDay(year: Int, month: Int, day: Int) -> Int32 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int32(era * 146_097 + dayOfEra - 719_468)
    }

    static func date(ofEpochDay epochDay: Int32) -> (year: Int, month: Int, day: Int) {
        let shifted = Int(epochDay) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    static func daysInMonth(year: Int, month: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// Written as `YYYY-MM-DD`.
extension BusinessDate: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let date = BusinessDate(iso: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a date of the form YYYY-MM-DD")
        }
        self = date
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

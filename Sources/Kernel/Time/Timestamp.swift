/// An instant in microseconds since 1970-01-01T00:00:00Z: what PostgreSQL's timestamptz holds exactly.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let microseconds: Int64

    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    public func adding(seconds: Int64) -> Timestamp { Timestamp(microseconds: microseconds + seconds * 1_000_000) }
    public func adding(microseconds delta: Int64) -> Timestamp { Timestamp(microseconds: microseconds + delta) }
    public func seconds(since earlier: Timestamp) -> Int64 { (microseconds - earlier.microseconds) / 1_000_000 }

    /// RFC 3339 in UTC with six decimals: `2026-11-22T20:54:25.123456Z`.
    public var description: String {
        let (days, ofDay) = Self.floorDivide(microseconds, 86_400_000_000)
        let (year, month, day) = CivilDate.date(ofEpochDay: Int32(days))
        let seconds = ofDay / 1_000_000
        var text: [UInt8] = []
        text.reserveCapacity(27)
        func digits(_ value: Int64, _ count: Int) {
            var divisor: Int64 = 1
            for _ in 1..<count { divisor *= 10 }
            while divisor > 0 {
                text.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
                divisor /= 10
            }
        }
        digits(Int64(year), 4)
        text.append(UInt8(ascii: "-"))
        digits(Int64(month), 2)
        text.append(UInt8(ascii: "-"))
        digits(Int64(day), 2)
        text.append(UInt8(ascii: "T"))
        digits(seconds / 3600, 2)
        text.append(UInt8(ascii: ":"))
        digits(seconds / 60 % 60, 2)
        text.append(UInt8(ascii: ":"))
        digits(seconds % 60, 2)
        text.append(UInt8(ascii: "."))
        digits(ofDay % 1_000_000, 6)
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads RFC 3339 with any offset and at most microseconds; nil for anything else, impossible dates and years outside 1900–9999.
    public init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: "t"),
            let date = BusinessDate(iso: String(decoding: bytes[0..<10], as: UTF8.self))
        else { return nil }
        func two(_ at: Int) -> Int64? {
            guard at + 2 <= bytes.count, let high = Self.digit(bytes[at]), let low = Self.digit(bytes[at + 1]) else { return nil }
            return high * 10 + low
        }
        guard let hour = two(11), bytes[13] == UInt8(ascii: ":"), let minute = two(14), bytes[16] == UInt8(ascii: ":"),
            let second = two(17), hour < 24, minute < 60, second < 60
        else { return nil }
        var at = 19
        var fraction: Int64 = 0
        if bytes[at] == UInt8(ascii: ".") {
            at += 1
            var count = 0
            while at < bytes.count, let digit = Self.digit(bytes[at]) {
                guard count < 6 else { return nil }
                fraction = fraction * 10 + digit
                count += 1
                at += 1
            }
            guard count > 0 else { return nil }
            for _ in count..<6 { fraction *= 10 }
        }
        guard at < bytes.count else { return nil }
        var offsetSeconds: Int64 = 0
        switch bytes[at] {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"):
            guard at + 1 == bytes.count else { return nil }
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            guard at + 6 == bytes.count, let hours = two(at + 1), bytes[at + 3] == UInt8(ascii: ":"), let minutes = two(at + 4),
                hours < 24, minutes < 60
            else { return nil }
            offsetSeconds = (hours * 3600 + minutes * 60) * (bytes[at] == UInt8(ascii: "-") ? -1 : 1)
        default: return nil
        }
        let seconds = Int64(date.epochDay) * 86_400 + hour * 3600 + minute * 60 + second - offsetSeconds
        // An offset can carry the instant into a year that has no four digits, or one before 1900.
        guard Self.readableSeconds.contains(seconds) else { return nil }
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }

    /// 1900-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
    private static let readableSeconds: ClosedRange<Int64> = -2_208_988_800...253_402_300_799

    private static func digit(_ byte: UInt8) -> Int64? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? Int64(byte - UInt8(ascii: "0")) : nil
    }

    static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

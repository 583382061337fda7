import Kernel

/// A schedule in the five fields of cron (minute, hour, day of month, month, day of week), in Africa/Nairobi, which has no summer time.
///
/// Each field is `*`, numbers, ranges `a-b`, steps `*/n` or `a-b/n`, and lists of these. Sunday is 0 or 7. As in cron, when both days are
/// restricted, either is enough.
public struct CronSchedule: Sendable, Equatable, CustomStringConvertible {
    public let description: String
    private let minutes: Set<Int>
    private let hours: Set<Int>
    private let days: Set<Int>
    private let months: Set<Int>
    private let weekdays: Set<Int>
    private let eitherDay: Bool

    /// Nil when the text is no schedule.
    public init?(_ text: String) {
        let fields = text.split(separator: " ")
        guard fields.count == 5, let minutes = Self.values(fields[0], 0...59), let hours = Self.values(fields[1], 0...23),
            let days = Self.values(fields[2], 1...31), let months = Self.values(fields[3], 1...12),
            let weekdays = Self.values(fields[4], 0...7)
        else { return nil }
        description = text
        self.minutes = minutes
        self.hours = hours
        self.days = days
        self.months = months
        self.weekdays = Set(weekdays.map { $0 == 0 ? 7 : $0 })
        eitherDay = fields[2] != "*" && fields[4] != "*"
    }

    /// The first moment after an instant; nil when there is none within four years, as for 30 February.
    public func next(after instant: Timestamp) -> Timestamp? {
        let minuteMicroseconds: Int64 = 60_000_000
        var date = BusinessDate(of: instant)
        let last = date.adding(days: 4 * 366)
        // Counted from midnight in Nairobi, the minute after the instant's own.
        var minute = Int((instant.microseconds - date.startOfDay.microseconds) / minuteMicroseconds) + 1
        while date <= last {
            if isDay(date) {
                while minute < 24 * 60 {
                    if hours.contains(minute / 60), minutes.contains(minute % 60) {
                        return date.startOfDay.adding(microseconds: Int64(minute) * minuteMicroseconds)
                    }
                    minute += hours.contains(minute / 60) ? 1 : 60 - minute % 60
                }
            }
            date = date.adding(days: 1)
            minute = 0
        }
        return nil
    }

    private func isDay(_ date: BusinessDate) -> Bool {
        guard months.contains(date.month) else { return false }
        let (isDay, isWeekday) = (days.contains(date.day), weekdays.contains(date.weekday))
        return eitherDay ? isDay || isWeekday : isDay && isWeekday
    }

    private static func values(_ field: Substring, _ range: ClosedRange<Int>) -> Set<Int>? {
        var values: Set<Int> = []
        for part in field.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "/", omittingEmptySubsequences: false)
            guard pieces.count <= 2, let span = span(pieces[0], range) else { return nil }
            var step = 1
            if pieces.count == 2 {
                guard let written = Int(pieces[1]), written > 0 else { return nil }
                step = written
            }
            let upper = pieces.count == 2 && !pieces[0].contains("-") && pieces[0] != "*" ? range.upperBound : span.upperBound
            values.formUnion(stride(from: span.lowerBound, through: upper, by: step))
        }
        return values.isEmpty ? nil : values
    }

    private static func span(_ text: Substring, _ range: ClosedRange<Int>) -> ClosedRange<Int>? {
        if text == "*" { return range }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2, let first = Int(ends[0]), let last = Int(ends[ends.count - 1]), first <= last, range.contains(first),
            range.contains(last)
        else { return nil }
        return first...last
    }
}

/// When a job runs by itself.
public enum JobSchedule: Sendable, Equatable, CustomStringConvertible {
    case cron(CronSchedule)
    case every(seconds: Int64)

    public func next(after instant: Timestamp) -> Timestamp? {
        switch self {
        case .cron(let schedule): schedule.next(after: instant)
        case .every(let seconds): instant.adding(seconds: seconds)
        }
    }

    public var description: String {
        switch self {
        case .cron(let schedule): schedule.description
        case .every(let seconds): "every \(seconds) s"
        }
    }
}

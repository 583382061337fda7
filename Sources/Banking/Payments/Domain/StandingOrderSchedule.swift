import Kernel

/// How often a standing order runs.
public enum StandingOrderFrequency: String, Sendable, CaseIterable {
    case weekly, monthly, quarterly, yearly

    /// Months from one run to the next; nil counts in days.
    var months: Int? {
        switch self {
        case .weekly: nil
        case .monthly: 1
        case .quarterly: 3
        case .yearly: 12
        }
    }
}

/// The days on which an order falls due, worked out from its beginning each time, so that a short month never moves the later ones:
/// an order of the 31st runs on 28 February and again on 31 March.
public struct StandingOrderSchedule: Sendable, Equatable {
    public let frequency: StandingOrderFrequency
    /// 1–31, the month's last day where it is shorter; nil is the day of the start date. Weekly orders keep the weekday of the start.
    public let dayOfMonth: Int?
    public let startDate: BusinessDate
    public let endDate: BusinessDate?

    public init(frequency: StandingOrderFrequency, dayOfMonth: Int?, startDate: BusinessDate, endDate: BusinessDate?) {
        precondition(dayOfMonth.map { (1...31).contains($0) } ?? true, "months have at most 31 days")
        self.frequency = frequency
        self.dayOfMonth = frequency.months == nil ? nil : dayOfMonth
        self.startDate = startDate
        self.endDate = endDate
    }

    /// The first day on or after `date` on which the order falls due; nil when it has ended by then.
    public func first(onOrAfter date: BusinessDate) -> BusinessDate? {
        let from = max(date, startDate)
        let due: BusinessDate
        if let step = frequency.months {
            let wantedDay = dayOfMonth ?? startDate.day
            let startMonth = startDate.year * 12 + startDate.month - 1
            // The run of the month itself, or the next one when the day is over; at most one step too early.
            var count = max(0, (from.year * 12 + from.month - 1 - startMonth) / step)
            while true {
                guard let candidate = Self.day(wantedDay, ofMonth: startMonth + count * step) else { return nil }
                if candidate >= from { due = candidate; break }
                count += 1
            }
        } else {
            let days = from.days(since: startDate)
            due = startDate.adding(days: (days + 6) / 7 * 7)
        }
        if let endDate, due > endDate { return nil }
        return due
    }

    /// The due day after another one.
    public func next(after date: BusinessDate) -> BusinessDate? { first(onOrAfter: date.adding(days: 1)) }

    /// A day of a month, or the last one before it that the month has; nil beyond the calendar.
    private static func day(_ day: Int, ofMonth months: Int) -> BusinessDate? {
        let (year, month) = (months / 12, months % 12 + 1)
        for candidate in stride(from: day, through: 28, by: -1) {
            if let date = BusinessDate(year: year, month: month, day: candidate) { return date }
        }
        return BusinessDate(year: year, month: month, day: day)
    }
}

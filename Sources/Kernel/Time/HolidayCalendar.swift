/// Which days the bank works: Monday to Friday except the holidays that were given, because gazetted holidays are data.
public struct HolidayCalendar: Sendable {
    public let holidays: Set<BusinessDate>

    public init(holidays: Set<BusinessDate>) {
        self.holidays = holidays
    }

    public func isBusinessDay(_ date: BusinessDate) -> Bool { date.weekday <= 5 && !holidays.contains(date) }

    /// The date itself when it is a business day, otherwise the next one.
    public func onOrAfter(_ date: BusinessDate) -> BusinessDate {
        var candidate = date
        while !isBusinessDay(candidate) { candidate = candidate.adding(days: 1) }
        return candidate
    }

    /// The first business day after the date.
    public func next(after date: BusinessDate) -> BusinessDate { onOrAfter(date.adding(days: 1)) }

    /// Kenyan public holidays with a fixed date (Public Holidays Act, Cap. 110) and Easter (Western reckoning) for a span of years.
    /// A holiday on a Sunday moves to the next day that is not a holiday itself. Moon-dependent holidays (Idd) are gazetted each year
    /// and come in as data.
    public static func kenya(years: ClosedRange<Int>, gazetted: Set<BusinessDate> = []) -> HolidayCalendar {
        let fixed = [(1, 1), (5, 1), (6, 1), (10, 10), (10, 20), (12, 12), (12, 25), (12, 26)]
        let days = years.flatMap { year in
            let easter = easterSunday(year: year)
            return fixed.compactMap { BusinessDate(year: year, month: $0.0, day: $0.1) }
                + [easter.adding(days: -2), easter.adding(days: 1)]
        }
        var holidays = gazetted.union(days)
        for sunday in days where sunday.weekday == 7 {
            var observed = sunday.adding(days: 1)
            while holidays.contains(observed) { observed = observed.adding(days: 1) }
            holidays.insert(observed)
        }
        return HolidayCalendar(holidays: holidays)
    }

    /// The anonymous Gregorian computus (Meeus, Jones, Butcher).
    static func easterSunday(year: Int) -> BusinessDate {
        let a = year % 19
        let (b, c) = year.quotientAndRemainder(dividingBy: 100)
        let (d, e) = b.quotientAndRemainder(dividingBy: 4)
        let g = (8 * b + 13) / 25
        let h = (19 * a + b - d - g + 15) % 30
        let (i, k) = c.quotientAndRemainder(dividingBy: 4)
        let l = (32 + 2 * e + 2 * i - h - k) % 7
        let m = (a + 11 * h + 19 * l) / 433
        let month = (h + l - 7 * m + 90) / 25
        let day = (h + l - 7 * m + 33 * month + 19) % 32
        guard let date = BusinessDate(year: year, month: month, day: day) else { preconditionFailure("the computus yields a date") }
        return date
    }
}

import Foundation
import Kernel
import TestKit
import Testing

@Suite struct BusinessDateTests {
    @Test(arguments: [
        ("1970-01-01", 0), ("1969-12-31", -1), ("2000-02-29", 11_016), ("2000-03-01", 11_017), ("2024-02-29", 19_782),
        ("2026-01-05", 20_458),
        ("1900-01-01", -25_567), ("9999-12-31", 2_932_896),
    ])
    func countsDaysSince1970(text: String, epochDay: Int32) throws {
        let date = try #require(BusinessDate(iso: text))
        #expect(date.epochDay == epochDay)
        #expect(date.description == text)
    }

    @Test(arguments: ["2024-02-29", "2000-02-29", "2400-02-29", "2023-02-28", "2023-12-31", "2023-04-30"])
    func knowsDaysThatExist(text: String) {
        #expect(BusinessDate(iso: text)?.description == text)
    }

    @Test(arguments: [
        "2023-02-29", "1900-02-29", "2100-02-29", "2023-04-31", "2023-06-31", "2023-09-31", "2023-11-31", "2023-13-01", "2023-00-10",
        "2023-01-00", "2023-01-32", "1899-12-31", "10000-01-01", "2023-1-01", "2023-01-1", "23-01-01", "2023/01/01", "20230101", "",
        "2023-01-01T00:00:00Z", " 2023-01-01", "2023-01-01 ", "-023-01-01", "２０２３-01-01", "2023-0a-01", "2023-01-0١",
    ])
    func refusesDaysThatDoNot(text: String) {
        #expect(BusinessDate(iso: text) == nil)
    }

    @Test(arguments: [
        ("2026-01-05", 1), ("2026-01-10", 6), ("2026-01-11", 7), ("1970-01-01", 4), ("1969-12-31", 3), ("2000-01-01", 6), ("1900-01-01", 1),
    ])
    func knowsTheDayOfTheWeek(text: String, weekday: Int) throws {
        #expect(try #require(BusinessDate(iso: text)).weekday == weekday)
    }

    @Test func crossesMonthEndsAndLeapDays() throws {
        func next(_ text: String, _ days: Int32 = 1) -> String? { BusinessDate(iso: text)?.adding(days: days).description }
        #expect(next("2023-02-28") == "2023-03-01")
        #expect(next("2024-02-28") == "2024-02-29")
        #expect(next("2024-02-29") == "2024-03-01")
        #expect(next("2023-12-31") == "2024-01-01")
        #expect(next("2024-01-01", -1) == "2023-12-31")
        #expect(next("2024-01-01", 366) == "2025-01-01")
        #expect(next("2023-01-01", 365) == "2024-01-01")
        #expect(next("1970-01-01", -1) == "1969-12-31")
    }

    @Test func beginsAtMidnightInNairobi() throws {
        let date = try #require(BusinessDate(iso: "2026-01-05"))
        #expect(date.startOfDay.description == "2026-01-04T21:00:00.000000Z")
        #expect(BusinessDate(of: date.startOfDay) == date)
        #expect(BusinessDate(of: date.startOfDay.adding(microseconds: -1)) == date.adding(days: -1))
        #expect(BusinessDate(of: date.startOfDay.adding(seconds: 86_399)) == date)
        #expect(BusinessDate(of: date.startOfDay.adding(seconds: 86_400)) == date.adding(days: 1))
        #expect(BusinessDate(of: Timestamp(microseconds: -1)).description == "1970-01-01")
        #expect(BusinessDate(of: Timestamp(microseconds: -10_800_000_001)).description == "1969-12-31")
    }

    /// Foundation's Gregorian calendar counts in another way, so agreement means something.
    @Test func agreesWithFoundationOnEveryDayOfFourCenturies() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        let first = try #require(BusinessDate(iso: "1900-01-01"))
        for offset in stride(from: Int32(0), to: 146_097, by: 13) {
            let date = first.adding(days: offset)
            let instant = Date(timeIntervalSince1970: Double(date.epochDay) * 86_400)
            let parts = calendar.dateComponents([.year, .month, .day, .weekday], from: instant)
            guard parts.year == date.year, parts.month == date.month, parts.day == date.day, parts.weekday == date.weekday % 7 + 1 else {
                Issue.record("\(date) differs from Foundation's \(parts)")
                return
            }
        }
    }

    @Test func readsBackWhatItWrites() async {
        await checkProperty(runs: 1_000) { choices in
            let date = BusinessDate(epochDay: Int32(choices.integer(-25_567...2_932_896)))
            try ensureEqual(BusinessDate(iso: date.description), date)
            try ensureEqual(BusinessDate(year: date.year, month: date.month, day: date.day), date)
            let days = Int32(choices.integer(-20_000...20_000))
            try ensureEqual(date.adding(days: days).days(since: date), days)
            try ensureEqual(date.adding(days: days) < date, days < 0)
            try ensureEqual((date.weekday - 1 + 1) % 7, date.adding(days: 1).weekday - 1)
        }
    }
}

@Suite struct HolidayCalendarTests {
    private let kenya = HolidayCalendar.kenya(years: 2020...2030)

    private func isHoliday(_ text: String) throws -> Bool { kenya.holidays.contains(try #require(BusinessDate(iso: text))) }

    /// Easter Sundays as published by the United States Naval Observatory.
    @Test(arguments: [
        ("2000", "2000-04-23"), ("2008", "2008-03-23"), ("2011", "2011-04-24"), ("2019", "2019-04-21"), ("2024", "2024-03-31"),
        ("2025", "2025-04-20"), ("2026", "2026-04-05"), ("2038", "2038-04-25"),
    ])
    func restsOnGoodFridayAndEasterMonday(year: String, sunday: String) throws {
        let number = try #require(Int(year))
        let easter = try #require(BusinessDate(iso: sunday))
        let holidays = HolidayCalendar.kenya(years: number...number).holidays
        #expect(easter.weekday == 7)
        #expect(holidays.contains(easter.adding(days: -2)))
        #expect(holidays.contains(easter.adding(days: 1)))
    }

    @Test(arguments: [
        "2026-01-01", "2026-05-01", "2026-06-01", "2026-10-10", "2026-10-20", "2026-12-12", "2026-12-25", "2026-12-26",
    ])
    func restsOnTheDaysOfTheAct(text: String) throws {
        #expect(try isHoliday(text))
    }

    /// Public Holidays Act: a holiday on a Sunday moves to the next day that is no public holiday itself.
    @Test func movesSundaysToTheNextFreeDay() throws {
        // 1 January 2023 was a Sunday.
        #expect(try isHoliday("2023-01-02"))
        #expect(try !isHoliday("2023-01-03"))
        // Christmas Day 2022 was a Sunday and the Monday was Boxing Day.
        #expect(try isHoliday("2022-12-26"))
        #expect(try isHoliday("2022-12-27"))
        #expect(try !isHoliday("2022-12-28"))
        // Boxing Day 2021 was a Sunday.
        #expect(try isHoliday("2021-12-27"))
        #expect(try !isHoliday("2021-12-28"))
        // A Saturday stays where it is.
        #expect(try !isHoliday("2026-10-12"))
    }

    @Test func worksFromMondayToFriday() throws {
        let friday = try #require(BusinessDate(iso: "2026-01-09"))
        #expect(kenya.isBusinessDay(friday))
        #expect(!kenya.isBusinessDay(friday.adding(days: 1)))
        #expect(!kenya.isBusinessDay(friday.adding(days: 2)))
        #expect(kenya.next(after: friday).description == "2026-01-12")
        #expect(kenya.onOrAfter(friday) == friday)
    }

    @Test func skipsALongEaster() throws {
        // Good Friday 3 April to Easter Monday 6 April 2026.
        let thursday = try #require(BusinessDate(iso: "2026-04-02"))
        #expect(kenya.next(after: thursday).description == "2026-04-07")
        #expect(kenya.onOrAfter(thursday.adding(days: 1)).description == "2026-04-07")
    }

    @Test func takesGazettedDaysAsData() throws {
        let idd = try #require(BusinessDate(iso: "2026-03-20"))
        #expect(kenya.isBusinessDay(idd))
        let calendar = HolidayCalendar.kenya(years: 2026...2026, gazetted: [idd])
        #expect(!calendar.isBusinessDay(idd))
        #expect(calendar.onOrAfter(idd).description == "2026-03-23")
    }
}

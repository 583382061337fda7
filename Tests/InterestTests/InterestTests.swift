import Interest
import Kernel
import TestKit
import Testing

func date(_ text: String) -> BusinessDate { BusinessDate(iso: text) ?? BusinessDate(epochDay: 0) }
func rate(_ percent: String) -> Rate { Rate(percent: percent) ?? Rate(millionthsOfPercent: -1) }
func shillings(_ cents: Int64) -> Money { Money(minorUnits: cents, currency: .kes) }

/// The published figures of the golden vectors, section 3, and those of ISDA's and ICMA's own examples.
@Suite struct DayCountTests {
    @Test(arguments: [
        ("2006-08-31", "2007-02-28", DayCount.thirty360, 178 as Int64), ("2007-02-28", "2007-08-31", .thirty360, 183),
        ("2008-02-28", "2008-03-31", .thirty360, 33), ("2006-08-31", "2007-02-28", .thirtyE360, 178),
        ("2007-02-28", "2007-08-31", .thirtyE360, 182), ("2006-08-31", "2007-02-28", .thirty360Us, 180),
        ("2007-02-28", "2007-08-31", .thirty360Us, 180), ("2008-02-29", "2008-08-31", .thirty360Us, 180),
        ("2006-08-31", "2007-02-28", .thirtyE360Isda, 180), ("2007-02-28", "2007-08-31", .thirtyE360Isda, 180),
        ("2024-01-15", "2024-07-15", .actual365, 182), ("2024-01-15", "2024-07-15", .thirty360, 180),
    ])
    func countsDays(from: String, to: String, convention: DayCount, days: Int64) {
        #expect(convention.days(from: date(from), to: date(to)) == days)
    }

    @Test func terminationKeepsTheEndOfFebruary() {
        #expect(DayCount.thirtyE360Isda.days(from: date("2011-08-31"), to: date("2012-02-29"), termination: date("2012-02-29")) == 179)
        #expect(DayCount.thirtyE360Isda.days(from: date("2011-08-31"), to: date("2012-02-29")) == 180)
    }

    @Test func splitsTheYearAsISDADoes() {
        let fraction = DayCount.actualActual.yearFraction(from: date("2003-11-01"), to: date("2004-05-01"))
        #expect(fraction.decimal(decimals: 12) == "0.497724380567")
        #expect(
            DayCount.actualActual.yearFraction(from: date("1999-02-01"), to: date("1999-07-01")).decimal(decimals: 9) == "0.410958904")
        #expect(
            DayCount.actualActual.yearFraction(from: date("2002-08-15"), to: date("2003-07-15")).decimal(decimals: 9) == "0.915068493")
    }

    @Test(arguments: [
        ("2003-11-01", "2004-05-01", 2 as Int64, false, "0.500000000"), ("1999-02-01", "1999-07-01", 1, false, "0.410958904"),
        ("2002-08-15", "2003-07-15", 2, false, "0.915760870"), ("2000-01-30", "2000-06-30", 2, true, "0.417582418"),
        ("1999-11-30", "2000-04-30", 4, true, "0.415760870"),
    ])
    func couponPeriodsAsICMACountsThem(from: String, to: String, periods: Int64, isLast: Bool, expected: String) {
        let fraction = DayCount.actualActualIcma.yearFraction(
            from: date(from), to: date(to), termination: isLast ? date(to) : nil, periodsPerYear: periods)
        #expect(fraction.decimal(decimals: 9) == expected)
    }

    @Test func currenciesHaveTheirBasis() {
        #expect(DayCount.standard(for: .kes) == .actual365 && DayCount.standard(for: .gbp) == .actual365)
        #expect(DayCount.standard(for: .usd) == .actual360 && DayCount.standard(for: .eur) == .actual360)
    }

    @Test func monthsAreClampedAndCounted() {
        #expect(date("2025-01-31").addingMonths(1) == date("2025-02-28"))
        #expect(date("2024-01-31").addingMonths(1) == date("2024-02-29"))
        #expect(date("2025-01-31").addingMonths(2) == date("2025-03-31"))
        #expect(date("2025-03-31").addingMonths(-13) == date("2024-02-29"))
        #expect(date("2024-02-29").addingMonths(6, keepsEndOfMonth: true) == date("2024-08-31"))
        #expect(date("2025-02-28").wholeMonths(since: date("2025-01-31")) == 1)
        #expect(date("2025-02-27").wholeMonths(since: date("2025-01-31")) == 0)
        #expect(date("2026-01-30").wholeMonths(since: date("2025-01-31")) == 11)
    }
}

@Suite struct InterestRuleTests {
    @Test(arguments: [
        (DayCount.actual365, 4_986_301 as Int64), (.actual360, 5_055_556), (.thirty360, 5_000_000), (.actualActual, 4_972_678),
    ])
    func aMillionAtTenPercentOverHalfAYear(convention: DayCount, cents: Int64) throws {
        let interest = try InterestRule.interest(
            on: shillings(100_000_000), rate: rate("10"), from: date("2024-01-15"), to: date("2024-07-15"), dayCount: convention,
            compounding: .none)
        #expect(interest == shillings(cents))
    }

    @Test func fixedDepositAndItsTax() throws {
        let interest = try InterestRule.interest(
            on: shillings(100_000_000), rate: rate("11"), days: 90, basis: 365, compounding: .none)
        #expect(interest == shillings(2_712_329))
        let tax = try WithholdingTax.of(interest, rate: rate("15"))
        #expect(tax == shillings(406_849))
        #expect(interest.minorUnits - tax.minorUnits == 2_305_480)
    }

    @Test func compoundsByHalfYearsAndDays() throws {
        let byDays = try InterestRule.interest(on: shillings(1_000_000), rate: rate("5"), days: 365, basis: 365, compounding: .semiAnnual)
        #expect(byDays == shillings(50_625))
        let byDates = try InterestRule.interest(
            on: shillings(1_000_000), rate: rate("5"), from: date("2023-03-31"), to: date("2024-03-31"), dayCount: .actual365,
            compounding: .semiAnnual)
        #expect(byDates == shillings(50_625))
        // 33.7016 on a thousand: on ten million times as much its digits show.
        let daily = try InterestRule.interest(
            on: shillings(100_000_000_000), rate: rate("10"), from: date("2013-12-01"), to: date("2014-04-01"), dayCount: .actual365,
            compounding: .daily)
        #expect(daily.minorUnits / 100_000 == 33_701)
        let small = try InterestRule.interest(
            on: shillings(100_000), rate: rate("10"), from: date("2013-12-01"), to: date("2014-04-01"), dayCount: .actual365,
            compounding: .daily)
        #expect(small == shillings(3_370))
    }

    @Test func recurringGrowsMonthly() throws {
        // 1,000 a month, 12 months, 12 %: 1,000 × Σ 1.01^k = 12,809.33.
        #expect(try InterestRule.recurringInterest(installment: shillings(100_000), rate: rate("12"), months: 12) == shillings(80_933))
        #expect(try InterestRule.recurringInterest(installment: shillings(100_000), rate: rate("0"), months: 12) == shillings(0))
    }

    /// Payments on their days grow to the calculator's figure; one that comes late earns from its day.
    @Test func installmentsGrowFromTheirDays() throws {
        let start = date("2026-01-31")
        let grid = (0...6).map { start.addingMonths($0) }
        let onTime = try InterestRule.recurringInterest(
            installment: shillings(1_000_000), rate: rate("8.75"), starts: Array(grid.dropLast()), months: grid, end: grid[6],
            dayCount: .actual365)
        let calculated = try InterestRule.recurringInterest(installment: shillings(1_000_000), rate: rate("8.75"), months: 6)
        #expect(onTime == calculated)
        let late = try InterestRule.recurringInterest(
            installment: shillings(1_000_000), rate: rate("8.75"), starts: [start, date("2026-03-10")], months: Array(grid.prefix(2)),
            end: date("2026-03-20"), dayCount: .actual365)
        // 10,000 × (1 + r/12) × (1 + r × 20/365) and 10,000 × (1 + r × 10/365).
        #expect(late == shillings(7_292 + 4_829 + 2_397) || late.minorUnits > 14_400 && late.minorUnits < 14_600)
        #expect(
            try InterestRule.recurringInterest(
                installment: shillings(1), rate: rate("8.75"), starts: [], months: [], end: start, dayCount: .actual365) == shillings(0))
    }

    @Test func overflowIsRefusedAndNeverWraps() {
        #expect(throws: MoneyError.overflow) {
            try InterestRule.interest(
                on: Money(minorUnits: .max, currency: .kes), rate: rate("1000"), days: 3650, basis: 365, compounding: .none)
        }
        #expect(throws: MoneyError.overflow) {
            try InterestRule.interest(on: shillings(100_000), rate: rate("1000"), days: 3_650_000, basis: 365, compounding: .daily)
        }
    }

    /// Simple interest is additive in days as far as it is not rounded: any split of a term differs by at most half a cent a part.
    @Test func simpleInterestOfPartsIsThatOfTheWhole() async throws {
        await checkProperty(runs: 300) { choices in
            let principal = Money(minorUnits: choices.integer(1...10_000_000_000), currency: .kes)
            let percent = Rate(millionthsOfPercent: choices.integer(0...40_000_000))
            let (first, second) = (choices.integer(Int64(0)...2_000), choices.integer(Int64(0)...2_000))
            let parts = try [first, second].map {
                try InterestRule.interest(on: principal, rate: percent, days: $0, basis: 365, compounding: .none).minorUnits
            }
            let whole = try InterestRule.interest(on: principal, rate: percent, days: first + second, basis: 365, compounding: .none)
            try ensure(abs(whole.minorUnits - parts[0] - parts[1]) <= 1, "parts \(parts) and whole \(whole)")
        }
    }
}

@Suite struct AccrualTests {
    /// The accrual of a random history equals the exact sum worked out independently, to the millionth and its remainder.
    @Test func equalsAnIndependentRecomputation() async throws {
        await checkProperty(runs: 300) { choices in
            let basis = choices.element(of: [360, 364, 365] as [Int64])
            let tiers = TieredRate(
                choices.array(count: 1...4) { choices in
                    RateTier(
                        from: choices.integer(Int64(0)...50_000_000),
                        rate: Rate(millionthsOfPercent: choices.integer(Int64(0)...20_000_000)))
                })
            var accrual = Accrual.zero
            var numerator: Int128 = 0
            var balance = choices.integer(Int64(0)...100_000_000)
            for _ in 0..<choices.integer(1...400) {
                if choices.chance(percent: 20) { balance = choices.integer(Int64(-1_000)...100_000_000_000_000) }
                accrual = accrual.adding(balance: balance, rate: tiers.rate(for: balance), basis: basis)
                var rate: Int64 = 0
                for tier in tiers.tiers where tier.from <= balance { rate = tier.rate.millionthsOfPercent }
                if balance > 0 { numerator += Int128(balance) * Int128(rate) }
            }
            let divisor = Int128(100 * basis)
            try ensureEqual(Int128(accrual.micro) * divisor + Int128(accrual.remainder), numerator)
            try ensureEqual(
                accrual.rounded(basis: basis), Int64(Rounding.halfEven.divide(numerator, by: 1_000_000 * divisor)))
        }
    }

    /// A day that is corrected ends where it would have ended at once.
    @Test func aCorrectedDayIsAsIfItHadBeenRightAtOnce() async throws {
        await checkProperty(runs: 300) { choices in
            let start = Accrual(micro: choices.integer(Int64(0)...1_000_000_000), remainder: Int32(choices.integer(0...36_499)))
            let wrong = (
                balance: choices.integer(Int64(-5)...10_000_000_000), rate: Rate(millionthsOfPercent: choices.integer(0...10_000_000))
            )
            let right = (
                balance: choices.integer(Int64(-5)...10_000_000_000), rate: Rate(millionthsOfPercent: choices.integer(0...10_000_000))
            )
            let corrected = start.adding(balance: wrong.balance, rate: wrong.rate, basis: 365)
                .correcting(old: wrong, new: right, basis: 365)
            try ensureEqual(corrected, start.adding(balance: right.balance, rate: right.rate, basis: 365))
        }
    }

    @Test func dailyRoundingWouldBeADefect() {
        // 1,000 at 10 % over 121 days without compounding: 33.150685; rounded every day it would be 32.67 or 33.88.
        var accrual = Accrual.zero
        for _ in 0..<121 { accrual = accrual.adding(balance: 100_000, rate: rate("10"), basis: 365) }
        #expect(accrual.micro == 3_315_068_493)
        #expect(accrual.rounded(basis: 365) == 3_315)
    }
}

import Kernel

/// How interest joins the principal within a calculation (contract, section 30).
public enum Compounding: String, Sendable, CaseIterable {
    case none, daily, monthly, quarterly, semiAnnual, annual

    var periodsPerYear: Int64? {
        switch self {
        case .none, .daily: nil
        case .monthly: 12
        case .quarterly: 4
        case .semiAnnual: 2
        case .annual: 1
        }
    }
}

/// Interest worked out exactly and rounded once.
public enum InterestRule {
    /// A rate counts in millionths of a percent: one is this many.
    public static let rateUnits: Int128 = 100_000_000

    /// Simple interest: principal × rate × part of a year, HALF_EVEN in minor units.
    /// - Throws: `MoneyError.overflow`
    public static func simple(_ principal: Money, rate: Rate, over years: Fraction) throws(MoneyError) -> Money {
        let (product, overflow) = (Int128(principal.minorUnits) * Int128(rate.millionthsOfPercent))
            .multipliedReportingOverflow(by: years.numerator)
        guard !overflow else { throw .overflow }
        let (divisor, divisorOverflow) = rateUnits.multipliedReportingOverflow(by: years.denominator)
        guard !divisorOverflow else { throw .overflow }
        return try money(Rounding.halfEven.divide(product, by: divisor), principal.currency)
    }

    /// Interest between two dates.
    ///
    /// `daily` compounds once a day at rate ÷ basis; the others once a whole period of months at rate ÷ periods, and what is left behind
    /// the last whole period earns simple interest by the day count.
    /// - Throws: `MoneyError.overflow`
    public static func interest(
        on principal: Money, rate: Rate, from start: BusinessDate, to end: BusinessDate, dayCount: DayCount, compounding: Compounding
    ) throws(MoneyError) -> Money {
        if compounding == .none {
            return try simple(principal, rate: rate, over: dayCount.yearFraction(from: start, to: end))
        }
        if compounding == .daily {
            let days = dayCount.days(from: start, to: end)
            return try compounded(principal, rate: rate, periods: days, periodsPerYear: dayCount.basis ?? 365, rest: Fraction(0, 1))
        }
        let perYear = compounding.periodsPerYear ?? 1
        let months = Int(12 / perYear)
        let periods = end.wholeMonths(since: start) / months
        let last = start.addingMonths(periods * months)
        let rest = last < end ? dayCount.yearFraction(from: last, to: end) : Fraction(0, 1)
        return try compounded(principal, rate: rate, periods: Int64(periods), periodsPerYear: perYear, rest: rest)
    }

    /// As above over a number of days on a basis: a period is basis ÷ periods days long.
    public static func interest(
        on principal: Money, rate: Rate, days: Int64, basis: Int64, compounding: Compounding
    ) throws(MoneyError) -> Money {
        switch compounding {
        case .none: return try simple(principal, rate: rate, over: Fraction(Int128(days), Int128(basis)))
        case .daily: return try compounded(principal, rate: rate, periods: days, periodsPerYear: basis, rest: Fraction(0, 1))
        case .monthly, .quarterly, .semiAnnual, .annual:
            let perYear = compounding.periodsPerYear ?? 1
            let (periods, rest) = (days * perYear).quotientAndRemainder(dividingBy: basis)
            return try compounded(
                principal, rate: rate, periods: periods, periodsPerYear: perYear,
                rest: Fraction(Int128(rest), Int128(basis) * Int128(perYear)))
        }
    }

    /// What equal payments at the start of each month grow to, with monthly compounding: payment × Σ (1 + r/12)^k, k = 1 … months.
    /// - Returns: the interest in it
    /// - Throws: `MoneyError.overflow`
    public static func recurringInterest(installment: Money, rate: Rate, months: Int) throws(MoneyError) -> Money {
        precondition(months >= 0, "a number of months")
        let factor = try GrowthFactor.period(rate: rate, periodsPerYear: 12)
        var power = GrowthFactor.one
        var sum: UInt128 = 0
        for _ in 0..<months {
            power = try power.times(factor)
            let (next, overflow) = sum.addingReportingOverflow(power.scaled - GrowthFactor.scale)
            guard !overflow else { throw .overflow }
            sum = next
        }
        return try GrowthFactor(scaled: sum).of(installment)
    }

    /// Principal × ((1 + rate ÷ periods)^n × (1 + rate × rest) − 1), HALF_EVEN.
    static func compounded(
        _ principal: Money, rate: Rate, periods: Int64, periodsPerYear: Int64, rest: Fraction
    ) throws(MoneyError) -> Money {
        precondition(periods >= 0 && periodsPerYear > 0, "time does not run backwards")
        var growth = try GrowthFactor.period(rate: rate, periodsPerYear: periodsPerYear).power(periods)
        if rest.numerator > 0 {
            growth = try growth.times(GrowthFactor.simple(rate: rate, over: rest))
        }
        return try GrowthFactor(scaled: growth.scaled - GrowthFactor.scale).of(principal)
    }

    static func money(_ minorUnits: Int128, _ currency: Currency) throws(MoneyError) -> Money {
        guard let value = Int64(exactly: minorUnits) else { throw .overflow }
        return Money(minorUnits: value, currency: currency)
    }
}

/// What one unit grows to, in fixed point with 28 decimals: thousands of periods later the error of an amount of 15 digits is still far
/// below a millionth of a cent.
struct GrowthFactor: Equatable {
    static let scale: UInt128 = 10_000_000_000_000_000_000_000_000_000
    static let one = GrowthFactor(scaled: scale)

    let scaled: UInt128

    /// 1 + rate ÷ periods.
    static func period(rate: Rate, periodsPerYear: Int64) throws(MoneyError) -> GrowthFactor {
        try simple(rate: rate, over: Fraction(1, Int128(periodsPerYear)))
    }

    /// 1 + rate × years.
    static func simple(rate: Rate, over years: Fraction) throws(MoneyError) -> GrowthFactor {
        precondition(rate.millionthsOfPercent >= 0 && years.numerator >= 0, "nothing shrinks here")
        let (share, overflow) = UInt128(rate.millionthsOfPercent).multipliedReportingOverflow(by: years.numerator.magnitude)
        guard !overflow else { throw .overflow }
        let divisor = InterestRule.rateUnits.magnitude * years.denominator.magnitude
        let (sum, sumOverflow) = try product(scale, share, dividedBy: divisor).addingReportingOverflow(scale)
        guard !sumOverflow else { throw .overflow }
        return GrowthFactor(scaled: sum)
    }

    func times(_ other: GrowthFactor) throws(MoneyError) -> GrowthFactor {
        GrowthFactor(scaled: try Self.product(scaled, other.scaled, dividedBy: Self.scale))
    }

    func power(_ exponent: Int64) throws(MoneyError) -> GrowthFactor {
        var (result, base, left) = (GrowthFactor.one, self, exponent)
        while left > 0 {
            if left & 1 == 1 { result = try result.times(base) }
            left >>= 1
            if left > 0 { base = try base.times(base) }
        }
        return result
    }

    /// The factor's share of an amount, HALF_EVEN.
    func of(_ money: Money) throws(MoneyError) -> Money {
        precondition(!money.isNegative, "growth is of something")
        let wide = scaled.multipliedFullWidth(by: money.minorUnits.magnitude128)
        guard wide.high < Self.scale else { throw .overflow }
        let (quotient, remainder) = Self.scale.dividingFullWidth(wide)
        let half = Self.scale / 2
        let rounded = remainder > half || (remainder == half && quotient & 1 == 1) ? quotient + 1 : quotient
        guard let value = Int64(exactly: rounded) else { throw .overflow }
        return Money(minorUnits: value, currency: money.currency)
    }

    /// a × b ÷ d, rounded to the nearest, through 256 bits.
    private static func product(_ left: UInt128, _ right: UInt128, dividedBy divisor: UInt128) throws(MoneyError) -> UInt128 {
        let wide = left.multipliedFullWidth(by: right)
        guard wide.high < divisor else { throw .overflow }
        let (quotient, remainder) = divisor.dividingFullWidth(wide)
        return remainder >= divisor - remainder ? quotient + 1 : quotient
    }
}

extension Int64 {
    fileprivate var magnitude128: UInt128 { UInt128(magnitude) }
}

extension InterestRule {
    /// What equal payments made on given days have grown to on another: simple interest up to the next day of the grid, a whole month's
    /// compounding between its days, simple interest behind the last one; rounded once over all.
    /// - Parameters:
    ///   - starts: from when each payment earns
    ///   - months: the days, a month apart and ascending, on which interest joins the balance
    /// - Throws: `MoneyError.overflow`
    public static func recurringInterest(
        installment: Money, rate: Rate, starts: [BusinessDate], months: [BusinessDate], end: BusinessDate, dayCount: DayCount
    ) throws(MoneyError) -> Money {
        let monthly = try GrowthFactor.period(rate: rate, periodsPerYear: 12)
        var sum: UInt128 = 0
        for start in starts where start < end {
            let growth = try growth(from: start, to: end, months: months, monthly: monthly, rate: rate, dayCount: dayCount)
            let (next, overflow) = sum.addingReportingOverflow(growth.scaled - GrowthFactor.scale)
            guard !overflow else { throw .overflow }
            sum = next
        }
        return try GrowthFactor(scaled: sum).of(installment)
    }

    private static func growth(
        from start: BusinessDate, to end: BusinessDate, months: [BusinessDate], monthly: GrowthFactor, rate: Rate, dayCount: DayCount
    ) throws(MoneyError) -> GrowthFactor {
        var whole: Int64 = -1
        var first: BusinessDate?
        var last = start
        for month in months where month >= start && month <= end {
            if first == nil { first = month }
            whole += 1
            last = month
        }
        guard let first else { return try GrowthFactor.simple(rate: rate, over: dayCount.yearFraction(from: start, to: end)) }
        var growth = try monthly.power(whole)
        if start < first {
            growth = try growth.times(GrowthFactor.simple(rate: rate, over: dayCount.yearFraction(from: start, to: first)))
        }
        if last < end {
            growth = try growth.times(GrowthFactor.simple(rate: rate, over: dayCount.yearFraction(from: last, to: end)))
        }
        return growth
    }
}

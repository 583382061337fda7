import Kernel

/// How days between two dates become a part of a year (contract, section 30).
///
/// Sources: ISDA 2006 definitions, section 4.16; ICMA rule 251. A leap year does not change the basis of `actual365`.
public enum DayCount: String, Sendable, CaseIterable, Codable {
    case actual360, actual364, actual365
    /// ISDA: days of leap years over 366, all others over 365; the year is split at 1 January.
    case actualActual
    case actualActualIcma
    /// Bond basis: a first day 31 becomes 30; a last day 31 becomes 30 only after such a first day.
    case thirty360
    /// As bond basis, with the rule for the end of February.
    case thirty360Us
    case thirtyE360
    case thirtyE360Isda

    /// What a currency has when its product says nothing (contract, 1.9).
    public static func standard(for currency: Currency) -> DayCount {
        currency == .usd || currency == .eur ? .actual360 : .actual365
    }

    /// Days of the year in the denominator, where it is one number.
    public var basis: Int64? {
        switch self {
        case .actual360, .thirty360, .thirty360Us, .thirtyE360, .thirtyE360Isda: 360
        case .actual364: 364
        case .actual365: 365
        case .actualActual, .actualActualIcma: nil
        }
    }

    /// Days between two dates as the convention counts them; negative when `end` is before `start`.
    /// - Parameter termination: the last day of the contract, where 30E/360 ISDA leaves the end of February alone
    public func days(from start: BusinessDate, to end: BusinessDate, termination: BusinessDate? = nil) -> Int64 {
        switch self {
        case .actual360, .actual364, .actual365, .actualActual, .actualActualIcma:
            return Int64(end.days(since: start))
        case .thirty360, .thirty360Us, .thirtyE360, .thirtyE360Isda:
            let (first, last) = adjustedDays(from: start, to: end, termination: termination)
            return Int64(360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first)
        }
    }

    /// The part of a year between two dates as an exact fraction.
    /// - Parameters:
    ///   - termination: see `days`; for ICMA, an `end` on it makes the odd period the last one, so that periods run forward from `start`
    ///   - periodsPerYear: of the coupon, for ICMA only
    public func yearFraction(
        from start: BusinessDate, to end: BusinessDate, termination: BusinessDate? = nil, periodsPerYear: Int64 = 1
    ) -> Fraction {
        switch self {
        case .actualActual: return Self.splitAtYears(from: start, to: end)
        case .actualActualIcma:
            return CouponPeriods(periodsPerYear: periodsPerYear).fraction(from: start, to: end, isLast: end == termination)
        case .actual360, .actual364, .actual365, .thirty360, .thirty360Us, .thirtyE360, .thirtyE360Isda:
            guard let basis else { preconditionFailure("the other conventions have one basis") }
            return Fraction(Int128(days(from: start, to: end, termination: termination)), Int128(basis))
        }
    }

    private func adjustedDays(from start: BusinessDate, to end: BusinessDate, termination: BusinessDate?) -> (Int, Int) {
        var (first, last) = (start.day, end.day)
        switch self {
        case .thirtyE360:
            (first, last) = (min(first, 30), min(last, 30))
        case .thirtyE360Isda:
            if start.isEndOfMonth { first = 30 }
            if last == 31 || (end.isEndOfFebruary && end != termination) { last = 30 }
        case .thirty360Us:
            if start.isEndOfMonth, end.isEndOfFebruary { last = 30 }
            if start.isEndOfFebruary || first == 31 { first = 30 }
            if last == 31, first == 30 { last = 30 }
        case .thirty360, .actual360, .actual364, .actual365, .actualActual, .actualActualIcma:
            if first == 31 { first = 30 }
            if last == 31, first == 30 { last = 30 }
        }
        return (first, last)
    }

    private static func splitAtYears(from start: BusinessDate, to end: BusinessDate) -> Fraction {
        guard start <= end else {
            let reversed = splitAtYears(from: end, to: start)
            return Fraction(-reversed.numerator, reversed.denominator)
        }
        var commonDays: Int128 = 0
        var leapDays: Int128 = 0
        var from = start
        while from < end {
            guard let newYear = BusinessDate(year: from.year + 1, month: 1, day: 1) else { break }
            let to = min(newYear, end)
            if from.isInLeapYear { leapDays += Int128(to.days(since: from)) } else { commonDays += Int128(to.days(since: from)) }
            from = to
        }
        return Fraction(commonDays * 366 + leapDays * 365, 365 * 366)
    }
}

/// An exact quotient. Kept small by its makers, not reduced.
public struct Fraction: Hashable, Sendable {
    public let numerator: Int128
    public let denominator: Int128

    public init(_ numerator: Int128, _ denominator: Int128) {
        precondition(denominator > 0, "a denominator is positive")
        self.numerator = numerator
        self.denominator = denominator
    }

    /// Rounded HALF_EVEN to so many decimals.
    public func decimal(decimals: Int) -> String {
        var scale: Int128 = 1
        for _ in 0..<decimals { scale *= 10 }
        let scaled = Rounding.halfEven.divide(numerator * scale, by: denominator)
        let (units, rest) = scaled.magnitude.quotientAndRemainder(dividingBy: UInt128(scale))
        guard decimals > 0 else { return (scaled < 0 ? "-" : "") + "\(units)" }
        let digits = String(rest)
        return (scaled < 0 ? "-" : "") + "\(units)." + String(repeating: "0", count: decimals - digits.utf8.count) + digits
    }

    static func + (left: Fraction, right: Fraction) -> Fraction {
        if left.denominator == right.denominator { return Fraction(left.numerator + right.numerator, left.denominator) }
        let numerator = left.numerator * right.denominator + right.numerator * left.denominator
        let denominator = left.denominator * right.denominator
        let divisor = greatestCommonDivisor(numerator.magnitude, denominator.magnitude)
        guard divisor > 1 else { return Fraction(numerator, denominator) }
        return Fraction(numerator / Int128(divisor), denominator / Int128(divisor))
    }

    private static func greatestCommonDivisor(_ left: UInt128, _ right: UInt128) -> UInt128 {
        var (left, right) = (left, right)
        while right != 0 { (left, right) = (right, left % right) }
        return left
    }
}

/// ACT/ACT ICMA (rule 251): days over the days of their coupon period, times the periods of a year. Periods are counted back from the end,
/// or forward from the start when the odd period is the last one; from the end of a month they go to ends of months.
struct CouponPeriods {
    let months: Int
    let periodsPerYear: Int64

    init(periodsPerYear: Int64) {
        precondition([1, 2, 3, 4, 6, 12].contains(periodsPerYear), "a period is a number of whole months")
        self.periodsPerYear = periodsPerYear
        months = Int(12 / periodsPerYear)
    }

    func fraction(from start: BusinessDate, to end: BusinessDate, isLast: Bool) -> Fraction {
        guard start < end else {
            if start == end { return Fraction(0, 1) }
            let reversed = fraction(from: end, to: start, isLast: isLast)
            return Fraction(-reversed.numerator, reversed.denominator)
        }
        let anchor = isLast ? start : end
        let direction = isLast ? 1 : -1
        var sum = Fraction(0, 1)
        var index = 0
        while true {
            let near = anchor.addingMonths(direction * index * months, keepsEndOfMonth: true)
            let far = anchor.addingMonths(direction * (index + 1) * months, keepsEndOfMonth: true)
            let (periodStart, periodEnd) = isLast ? (near, far) : (far, near)
            let (from, to) = (max(periodStart, start), min(periodEnd, end))
            if from < to {
                let length = Int128(periodEnd.days(since: periodStart)) * Int128(periodsPerYear)
                sum = sum + Fraction(Int128(to.days(since: from)), length)
            }
            if isLast ? far >= end : far <= start { return sum }
            index += 1
        }
    }
}

extension BusinessDate {
    public var isInLeapYear: Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
    public var isEndOfMonth: Bool { adding(days: 1).day == 1 }
    var isEndOfFebruary: Bool { month == 2 && isEndOfMonth }

    /// The same day so many months later or earlier; a day that the month lacks becomes its last day.
    /// - Parameter keepsEndOfMonth: from the last day of a month to the last day of the other
    public func addingMonths(_ count: Int, keepsEndOfMonth: Bool = false) -> BusinessDate {
        addingMonths(count, day: keepsEndOfMonth && isEndOfMonth ? 31 : day)
    }

    /// As above, on a wanted day of the month.
    public func addingMonths(_ count: Int, day wanted: Int) -> BusinessDate {
        precondition((1...31).contains(wanted), "a month has at most 31 days")
        let months = year * 12 + (month - 1) + count
        let (targetYear, targetMonth) = (months / 12, months % 12 + 1)
        for candidate in stride(from: wanted, through: 28, by: -1) {
            if let date = BusinessDate(year: targetYear, month: targetMonth, day: candidate) { return date }
        }
        guard let date = BusinessDate(year: targetYear, month: targetMonth, day: min(wanted, 28)) else {
            preconditionFailure("the year \(targetYear) is beyond the calendar")
        }
        return date
    }

    /// Whole months from an earlier date: the greatest count with `earlier.addingMonths(count) <= self`.
    public func wholeMonths(since earlier: BusinessDate) -> Int {
        var count = (year - earlier.year) * 12 + month - earlier.month
        if earlier.addingMonths(count) > self { count -= 1 }
        return count
    }
}

import Interest
import Kernel

/// The interest of deposits (contract, section 12): principal × rate × days ÷ basis, rounded once when it is paid; installments of a
/// recurring deposit grow by months.
extension Deposit {
    /// Interest earned up to a day, at the contract's rate.
    /// - Throws: `MoneyError.overflow`
    public func interest(to date: BusinessDate) throws(MoneyError) -> Money { try interest(at: rate, to: date) }

    func interest(at rate: Rate, to date: BusinessDate) throws(MoneyError) -> Money {
        guard date > startDate else { return .zero(currency) }
        if let installment = monthlyInstallment {
            let payments = installmentStarts
            return try InterestRule.recurringInterest(
                installment: money(installment), rate: rate, starts: payments, months: monthGrid(to: date), end: date, dayCount: dayCount)
        }
        // What earlier principals earned was at the contract's rate; another rate takes its share of it.
        let share = self.rate.millionthsOfPercent == 0 ? 1 : self.rate.millionthsOfPercent
        let settled = Int128(settledMicro) * Int128(rate.millionthsOfPercent) / Int128(share)
        return try InterestRule.simple(
            principalMoney, rate: rate, over: dayCount.yearFraction(from: interestFrom, to: max(date, interestFrom)), settledMicro: settled)
    }

    /// Interest earned up to a day in millionths of a minor unit: what a change of the principal settles.
    func settlement(to date: BusinessDate) throws(MoneyError) -> Int64 {
        let years = dayCount.yearFraction(from: interestFrom, to: max(date, interestFrom))
        return settledMicro + (try InterestRule.micro(principalMoney, rate: rate, over: years))
    }

    /// What ending the contract on a day comes to.
    /// - Parameter taxRate: zero for exempt holders
    /// - Throws: `MoneyError.overflow`
    public func closeFigures(on date: BusinessDate, taxRate: Rate) throws(MoneyError) -> CloseFigures {
        let isPremature = maturityDate.map { date < $0 } ?? false
        let days = date.days(since: startDate)
        if isPremature, days < noInterestBeforeDays {
            return CloseFigures(principal: principal, interestEarned: 0, penalty: 0, withholdingTax: 0)
        }
        let earned = try interest(to: date)
        var penalty: Int64 = 0
        if isPremature {
            penalty = min(earned.minorUnits, try interest(at: min(penaltyRate, rate), to: date).minorUnits)
        }
        let paid = money(earned.minorUnits - penalty)
        let tax = try WithholdingTax.of(paid, rate: taxRate)
        return CloseFigures(
            principal: principal, interestEarned: earned.minorUnits, penalty: penalty, withholdingTax: tax.minorUnits)
    }

    // MARK: Installments

    /// From when each paid installment earns: its due day, or the day on which it came when that was later.
    private var installmentStarts: [BusinessDate] {
        var starts: [BusinessDate] = []
        for (index, day) in installmentsPaidOn.enumerated() { starts.append(max(day, dueDate(ofInstallment: index))) }
        return starts
    }

    /// When an installment is due; the first one is paid with the opening.
    public func dueDate(ofInstallment index: Int) -> BusinessDate {
        guard index > 0 else { return startDate }
        return startDate.addingMonths(index, day: Int(dayOfMonth ?? Int32(startDate.day)))
    }

    /// Installments due up to and with a day that have not been paid.
    public func missedInstallments(on date: BusinessDate) -> Int {
        guard let tenureInMonths else { return 0 }
        var due = 0
        while due < Int(tenureInMonths), dueDate(ofInstallment: due) <= date { due += 1 }
        return max(0, due - installmentsPaidOn.count)
    }

    public var areAllInstallmentsPaid: Bool { installmentsPaidOn.count >= Int(tenureInMonths ?? 0) }

    /// The days on which a recurring deposit's interest joins its balance, up to a day.
    private func monthGrid(to date: BusinessDate) -> [BusinessDate] {
        var grid: [BusinessDate] = []
        for month in 0...Int(tenureInMonths ?? 0) {
            let day = startDate.addingMonths(month)
            if day > date { break }
            grid.append(day)
        }
        return grid
    }

    // MARK: Expectations

    /// Interest over the agreed term when everything is paid on time; nil for a contract without an end.
    /// - Throws: `MoneyError.overflow`
    public func expectedInterest() throws(MoneyError) -> Money? {
        if let installment = monthlyInstallment, let tenureInMonths {
            return try InterestRule.recurringInterest(installment: money(installment), rate: rate, months: Int(tenureInMonths))
        }
        guard let maturityDate else { return nil }
        return try interest(to: maturityDate)
    }

    /// What will have been paid in at maturity.
    public var expectedPrincipal: Int64 {
        guard let monthlyInstallment, let tenureInMonths else { return principal }
        return monthlyInstallment * Int64(tenureInMonths)
    }
}

extension InterestRule {
    /// Simple interest on top of what was settled before, rounded once.
    static func simple(
        _ principal: Money, rate: Rate, over years: Fraction, settledMicro: Int128
    ) throws(MoneyError) -> Money {
        let divisor = rateUnits * years.denominator
        let product = Int128(principal.minorUnits) * Int128(rate.millionthsOfPercent) * years.numerator
        let (scaled, overflow) = product.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow else { throw .overflow }
        guard let value = Int64(exactly: Rounding.halfEven.divide(scaled + settledMicro * divisor, by: 1_000_000 * divisor)) else {
            throw .overflow
        }
        return Money(minorUnits: value, currency: principal.currency)
    }

    /// Simple interest in millionths of a minor unit.
    static func micro(_ principal: Money, rate: Rate, over years: Fraction) throws(MoneyError) -> Int64 {
        let product = Int128(principal.minorUnits) * Int128(rate.millionthsOfPercent) * years.numerator
        let (scaled, overflow) = product.multipliedReportingOverflow(by: 1_000_000)
        guard !overflow, let value = Int64(exactly: Rounding.halfEven.divide(scaled, by: rateUnits * years.denominator)) else {
            throw .overflow
        }
        return value
    }
}

import Kernel

/// Interest that has been earned and not yet posted, exactly: whole millionths of a minor unit and what is left of the next one.
///
/// A day earns balance × rate ÷ (100 × basis) millionths of a minor unit, with the rate in millionths of a percent. The remainder of that
/// division is carried along, so that a sum over any number of days, balances and rates is exact; it is rounded once, when it is posted.
/// The same arithmetic runs as SQL over whole sets of accounts; a test holds the two equal.
public struct Accrual: Hashable, Sendable {
    /// Millionths of a minor unit.
    public let micro: Int64
    /// In units of 1/(100 × basis) of a millionth: 0 to 100 × basis − 1.
    public let remainder: Int32

    public static let zero = Accrual(micro: 0, remainder: 0)
    /// A balance above this earns nothing by the machine: somebody looks at it first. A trillion shillings.
    public static let greatestBalance: Int64 = 100_000_000_000_000
    /// 100 percent a year.
    public static let greatestRate = Rate(millionthsOfPercent: 100_000_000)

    public init(micro: Int64, remainder: Int32) {
        self.micro = micro
        self.remainder = remainder
    }

    /// After further days on one balance. Balances below zero earn nothing.
    /// - Precondition: balance and rate within the bounds above
    public func adding(balance: Int64, rate: Rate, basis: Int64, days: Int64 = 1) -> Accrual {
        precondition(balance <= Self.greatestBalance && rate <= Self.greatestRate, "accruals are bounded")
        let divisor = 100 * basis
        let earned = Int128(max(0, balance)) * Int128(rate.millionthsOfPercent) * Int128(days) + Int128(remainder)
        let (quotient, rest) = earned.quotientAndRemainder(dividingBy: Int128(divisor))
        assert(rest >= 0 && rest < Int128(divisor), "what is left is less than a millionth")
        return Accrual(micro: micro + Int64(quotient), remainder: Int32(rest))
    }

    /// A day worked out again: what was earned on `old` is taken back, what is earned on `new` comes in its place.
    public func correcting(old: (balance: Int64, rate: Rate), new: (balance: Int64, rate: Rate), basis: Int64) -> Accrual {
        let divisor = Int128(100 * basis)
        let difference =
            Int128(max(0, new.balance)) * Int128(new.rate.millionthsOfPercent) - Int128(max(0, old.balance))
            * Int128(old.rate.millionthsOfPercent)
        let total = Int128(micro) * divisor + Int128(remainder) + difference
        let (quotient, rest) = total.quotientAndRemainder(dividingBy: divisor)
        return rest < 0
            ? Accrual(micro: Int64(quotient - 1), remainder: Int32(rest + divisor))
            : Accrual(micro: Int64(quotient), remainder: Int32(rest))
    }

    /// In minor units, HALF_EVEN: what is posted. What the remainder holds decides halves.
    public func rounded(basis: Int64) -> Int64 {
        let divisor = Int128(100 * basis)
        return Int64(Rounding.halfEven.divide(Int128(micro) * divisor + Int128(remainder), by: 1_000_000 * divisor))
    }
}

/// A band of balances with its rate. The whole balance earns the rate of the band it lies in.
public struct RateTier: Hashable, Sendable {
    /// The least balance of the band, in minor units.
    public let from: Int64
    public let rate: Rate

    public init(from: Int64, rate: Rate) {
        self.from = from
        self.rate = rate
    }
}

public struct TieredRate: Hashable, Sendable {
    /// Ascending. Below the first band nothing is earned.
    public let tiers: [RateTier]

    public init(_ tiers: [RateTier]) {
        self.tiers = tiers.sorted { $0.from < $1.from }
    }

    public func rate(for balance: Int64) -> Rate {
        tiers.last { $0.from <= balance }?.rate ?? Rate(millionthsOfPercent: 0)
    }
}

/// Tax that is kept back from interest: a share of each payment, HALF_UP (contract, 1.9).
public enum WithholdingTax {
    public static func of(_ interest: Money, rate: Rate) throws(MoneyError) -> Money {
        try rate.of(interest, rounding: .halfUp)
    }
}

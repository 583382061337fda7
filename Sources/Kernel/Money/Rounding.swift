/// How a quotient becomes a whole number of minor units.
public enum Rounding: Sendable {
    /// Banker's rounding: a half goes to the even neighbour. Interest and instalments.
    case halfEven
    /// A half goes away from zero. Fees, excise and taxes.
    case halfUp
    /// Toward zero.
    case down
    /// Away from zero.
    case up

    /// `numerator / denominator` rounded to a whole number.
    /// - Precondition: `denominator` is positive
    public func divide(_ numerator: Int128, by denominator: Int128) -> Int128 {
        precondition(denominator > 0, "a denominator is positive")
        let (quotient, remainder) = numerator.quotientAndRemainder(dividingBy: denominator)
        if remainder == 0 { return quotient }
        let away: Int128 = numerator < 0 ? -1 : 1
        let twice = Int128(remainder.magnitude) * 2
        switch self {
        case .down: return quotient
        case .up: return quotient + away
        case .halfUp: return twice >= denominator ? quotient + away : quotient
        case .halfEven:
            if twice == denominator { return quotient.isMultiple(of: 2) ? quotient : quotient + away }
            return twice > denominator ? quotient + away : quotient
        }
    }
}

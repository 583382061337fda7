import Kernel

/// Interest that an account was paid with one journal, and the tax that was kept back from it. A payment that was taken back is negative.
struct TaxedInterest: Sendable, Equatable {
    let date: BusinessDate
    let reference: String
    let gross: Money
    let tax: Money
    let taxRate: Rate

    /// - Parameter rateInForce: of withholding tax, on the day of the payment
    init(date: BusinessDate, reference: String, gross: Money, tax: Money, rateInForce: Rate) {
        self.date = date
        self.reference = reference
        self.gross = gross
        self.tax = tax
        taxRate = Self.rate(of: tax, on: gross, inForce: rateInForce)
    }

    var net: Money { Money(minorUnits: gross.minorUnits - tax.minorUnits, currency: gross.currency) }

    /// The rate that was applied: the one in force when it makes this tax, none for exempt holders. A tax that neither explains is shown
    /// with the share that it is.
    private static func rate(of tax: Money, on gross: Money, inForce: Rate) -> Rate {
        let (whole, part) = (Int128(gross.minorUnits.magnitude), Int128(tax.minorUnits.magnitude))
        let magnitude = Money(minorUnits: Int64(clamping: gross.minorUnits.magnitude), currency: gross.currency)
        if let expected = try? inForce.of(magnitude, rounding: .halfUp), Int128(expected.minorUnits) == part { return inForce }
        guard part > 0, whole > 0 else { return Rate(millionthsOfPercent: 0) }
        return Rate(millionthsOfPercent: Int64(Rounding.halfUp.divide(part * 100_000_000, by: whole)))
    }
}

/// What an account was paid in interest in a calendar year, and what was kept back.
struct InterestYear: Sendable, Equatable {
    let year: Int
    let from: BusinessDate
    /// The end of the year, or the open business date while the year is not over.
    let to: BusinessDate
    /// Oldest first.
    let payments: [TaxedInterest]
    let currency: Currency

    var gross: Money { sum(\.gross) }
    var tax: Money { sum(\.tax) }
    var net: Money { sum(\.net) }

    private func sum(_ part: (TaxedInterest) -> Money) -> Money {
        let total = payments.reduce(Int128(0)) { $0 + Int128(part($1).minorUnits) }
        return Money(minorUnits: Int64(clamping: total), currency: currency)
    }
}

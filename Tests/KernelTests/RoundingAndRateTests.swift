import Kernel
import TestKit
import Testing

@Suite struct RoundingTests {
    /// Halves and neighbours on both sides of zero: value in tenths, then halfEven, halfUp, down, up.
    @Test(arguments: [
        (4, 0, 0, 0, 1), (5, 0, 1, 0, 1), (6, 1, 1, 0, 1), (10, 1, 1, 1, 1), (15, 2, 2, 1, 2), (25, 2, 3, 2, 3), (35, 4, 4, 3, 4),
        (-4, 0, 0, 0, -1), (-5, 0, -1, 0, -1), (-15, -2, -2, -1, -2), (-25, -2, -3, -2, -3), (0, 0, 0, 0, 0),
    ])
    func roundsATenth(tenths: Int128, halfEven: Int128, halfUp: Int128, down: Int128, up: Int128) {
        #expect(Rounding.halfEven.divide(tenths, by: 10) == halfEven)
        #expect(Rounding.halfUp.divide(tenths, by: 10) == halfUp)
        #expect(Rounding.down.divide(tenths, by: 10) == down)
        #expect(Rounding.up.divide(tenths, by: 10) == up)
    }

    @Test func halvesOfOddDenominatorsDoNotExist() {
        // 7/3 = 2.33…, 8/3 = 2.66…
        for rounding in [Rounding.halfEven, .halfUp] {
            #expect(rounding.divide(7, by: 3) == 2)
            #expect(rounding.divide(8, by: 3) == 3)
        }
    }

    @Test func staysWithinAUnitAndMirrorsTheSign() async {
        await checkProperty(runs: 1_000) { choices in
            let numerator = Int128(choices.integer(Int64.min...Int64.max)) * Int128(choices.integer(1...1_000_000))
            let denominator = Int128(choices.integer(1...1_000_000_000_000))
            for rounding in [Rounding.halfEven, .halfUp, .down, .up] {
                let quotient = rounding.divide(numerator, by: denominator)
                let distance = (numerator - quotient * denominator).magnitude
                try ensure(distance < denominator.magnitude, "\(rounding): \(numerator)/\(denominator) became \(quotient)")
                try ensureEqual(rounding.divide(-numerator, by: denominator), -quotient, "\(rounding) is symmetric")
                switch rounding {
                case .halfEven, .halfUp: try ensure(distance * 2 <= denominator.magnitude, "\(rounding) goes to the nearest")
                case .down: try ensure((quotient * denominator).magnitude <= numerator.magnitude, "down is toward zero")
                case .up: try ensure((quotient * denominator).magnitude >= numerator.magnitude, "up is away from zero")
                }
            }
        }
    }
}

@Suite struct RateTests {
    @Test(arguments: [("13.5", 13_500_000), ("15", 15_000_000), ("0", 0), ("0.000001", 1), ("100", 100_000_000)])
    func readsAndWritesPercent(text: String, value: Int64) throws {
        let rate = try #require(Rate(percent: text))
        #expect(rate.millionthsOfPercent == value)
        #expect(rate.description == text)
    }

    @Test(arguments: ["", "-1", "1.0000001", "abc", "1e2", "15%", "10000000000000"])
    func refusesWhatIsNoRate(text: String) {
        #expect(Rate(percent: text) == nil)
    }

    @Test func writesNoTrailingZeros() {
        #expect(Rate(percent: "10.50")?.description == "10.5")
        #expect(Rate(percent: "100.000000")?.description == "100")
        #expect(Rate(millionthsOfPercent: -2_500_000).description == "-2.5")
    }

    @Test func ordersByValue() throws {
        let rates = try ["9", "10", "10.000001"].map { try #require(Rate(percent: $0)) }
        #expect(rates == rates.sorted())
    }

    @Test(arguments: [
        // Excise of 15 % on fees: 10.10 → 1.515, a half goes up.
        (10_10, "15", Rounding.halfUp, 1_52), (10_10, "15", .halfEven, 1_52), (10_30, "15", .halfEven, 1_54), (10_30, "15", .halfUp, 1_55),
        (10_00, "15", .halfUp, 1_50), (1, "15", .up, 1), (1, "15", .down, 0), (-10_10, "15", .halfUp, -1_52), (100_00, "0", .up, 0),
    ])
    func takesAPercentageAndRoundsOnce(minorUnits: Int64, percent: String, rounding: Rounding, expected: Int64) throws {
        let rate = try #require(Rate(percent: percent))
        #expect(try rate.of(Money(minorUnits: minorUnits, currency: .kes), rounding: rounding).minorUnits == expected)
    }

    @Test func refusesToOverflow() {
        #expect(throws: MoneyError.overflow) {
            try Rate(millionthsOfPercent: 200_000_000).of(Money(minorUnits: .max, currency: .kes), rounding: .halfUp)
        }
    }

    /// A fixed deposit of 1,000,000 at 11 % for 90 days, ACT/365: interest 27,123.29, withholding tax 4,068.49, net 23,054.80.
    @Test func reproducesAFixedDeposit() throws {
        let principal: Int128 = 1_000_000_00
        let rate = try #require(Rate(percent: "11"))
        let numerator = principal * Int128(rate.millionthsOfPercent) * 90
        let interest = Money(minorUnits: Int64(Rounding.halfEven.divide(numerator, by: 100_000_000 * 365)), currency: .kes)
        let tax = try #require(Rate(percent: "15")).of(interest, rounding: .halfUp)
        #expect(interest.decimalString == "27123.29")
        #expect(tax.decimalString == "4068.49")
        #expect(try interest.subtracting(tax).decimalString == "23054.80")
    }

    /// 1,000,000 at 10 % from 2024-01-15 to 2024-07-15: 182 days.
    @Test(arguments: [(365, "49863.01"), (360, "50555.56")])
    func reproducesDayCounts(basis: Int128, expected: String) throws {
        let from = try #require(BusinessDate(iso: "2024-01-15"))
        let to = try #require(BusinessDate(iso: "2024-07-15"))
        #expect(to.days(since: from) == 182)
        let rate = try #require(Rate(percent: "10"))
        let numerator = Int128(1_000_000_00) * Int128(rate.millionthsOfPercent) * Int128(to.days(since: from))
        let interest = Rounding.halfEven.divide(numerator, by: 100_000_000 * basis)
        #expect(Money(minorUnits: Int64(interest), currency: .kes).decimalString == expected)
    }

    /// A placement of KES 50 million at 10.25 % for 14 days: 196,575.34.
    @Test func reproducesAPlacement() throws {
        let rate = try #require(Rate(percent: "10.25"))
        let numerator = Int128(50_000_000_00) * Int128(rate.millionthsOfPercent) * 14
        let interest = Rounding.halfEven.divide(numerator, by: 100_000_000 * 365)
        #expect(Money(minorUnits: Int64(interest), currency: .kes).decimalString == "196575.34")
    }
}

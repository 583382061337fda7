import Kernel
import TestKit
import Testing

@Suite struct MoneyTests {
    @Test(arguments: [
        (150_000, "KES", "1500.00"), (-5, "KES", "-0.05"), (0, "KES", "0.00"), (7, "JPY", "7"), (-7, "UGX", "-7"), (1, "KWD", "0.001"),
        (1_234_567, "KWD", "1234.567"), (100, "USD", "1.00"), (99, "CZK", "0.99"),
    ])
    func writesExactlyTheDecimalsOfItsCurrency(minorUnits: Int64, code: String, text: String) throws {
        let money = Money(minorUnits: minorUnits, currency: try #require(Currency(code: code)))
        #expect(money.decimalString == text)
        #expect(money.description == "\(code) \(text)")
    }

    @Test func writesTheExtremesOfItsRange() {
        #expect(Money(minorUnits: .max, currency: .kes).decimalString == "92233720368547758.07")
        #expect(Money(minorUnits: .min, currency: .kes).decimalString == "-92233720368547758.08")
        #expect(Money(minorUnits: .min, currency: .jpy).decimalString == "-9223372036854775808")
    }

    @Test func addsAndSubtracts() throws {
        let ten = Money(minorUnits: 10_00, currency: .kes)
        let three = Money(minorUnits: 3_50, currency: .kes)
        #expect(try ten.adding(three).minorUnits == 13_50)
        #expect(try ten.subtracting(three).minorUnits == 6_50)
        #expect(try three.subtracting(ten).isNegative)
        #expect(try ten.subtracting(ten).isZero)
        #expect(try ten.negated().minorUnits == -10_00)
        #expect(Money.zero(.usd) == Money(minorUnits: 0, currency: .usd))
    }

    @Test func neverMixesCurrencies() {
        let shillings = Money(minorUnits: 1, currency: .kes)
        let dollars = Money(minorUnits: 1, currency: .usd)
        #expect(throws: MoneyError.currencyMismatch(.kes, .usd)) { try shillings.adding(dollars) }
        #expect(throws: MoneyError.currencyMismatch(.usd, .kes)) { try dollars.subtracting(shillings) }
        #expect(shillings != dollars)
    }

    @Test func neverWraps() {
        let largest = Money(minorUnits: .max, currency: .kes)
        let smallest = Money(minorUnits: .min, currency: .kes)
        let one = Money(minorUnits: 1, currency: .kes)
        #expect(throws: MoneyError.overflow) { try largest.adding(one) }
        #expect(throws: MoneyError.overflow) { try smallest.subtracting(one) }
        #expect(throws: MoneyError.overflow) { try smallest.negated() }
        #expect(throws: MoneyError.overflow) { try one.subtracting(smallest) }
    }

    @Test func additionIsUndoneBySubtraction() async {
        await checkProperty(runs: 300) { choices in
            let left = Money(minorUnits: choices.integer(-1_000_000_000_000...1_000_000_000_000), currency: .kes)
            let right = Money(minorUnits: choices.integer(-1_000_000_000_000...1_000_000_000_000), currency: .kes)
            try ensureEqual(try left.adding(right).subtracting(right), left)
            try ensureEqual(try left.adding(right), try right.adding(left))
        }
    }
}

@Suite struct AllocationTests {
    private func parts(_ minorUnits: Int64, _ weights: [Int64]) throws -> [Int64] {
        try Money(minorUnits: minorUnits, currency: .kes).allocated(over: weights).map(\.minorUnits)
    }

    @Test func givesTheLargestRemaindersTheOddUnits() throws {
        #expect(try parts(100, [1, 1, 1]) == [34, 33, 33])
        #expect(try parts(5, [3, 7]) == [2, 3])
        #expect(try parts(1_00, [50, 30, 20]) == [50, 30, 20])
        // 14.285…, 28.571…, 57.142…: the middle one has the largest remainder.
        #expect(try parts(100, [1, 2, 4]) == [14, 29, 57])
        #expect(try parts(2, [1, 1, 1]) == [1, 1, 0])
    }

    @Test func mirrorsNegativeAmounts() throws {
        #expect(try parts(-100, [1, 1, 1]) == [-34, -33, -33])
        #expect(try parts(-5, [3, 7]) == [-2, -3])
    }

    @Test func givesNothingToAWeightOfZero() throws {
        #expect(try parts(100, [0, 1, 0]) == [0, 100, 0])
        #expect(try parts(1, [0, 0, 5]) == [0, 0, 1])
        #expect(try parts(0, [1, 2]) == [0, 0])
    }

    @Test func refusesWeightsThatSayNothing() {
        for weights in [[], [0], [0, 0], [1, -1], [-3]] as [[Int64]] {
            #expect(throws: MoneyError.invalidWeights) { try parts(100, weights) }
        }
    }

    @Test func bearsTheLargestAmountsAndWeights() throws {
        for whole in [Int64.max, .min] {
            for weights in [[.max, .max, .max], [1], [.max, 1], [1, .max, 0]] as [[Int64]] {
                let parts = try parts(whole, weights)
                #expect(parts.reduce(Int128(0)) { $0 + Int128($1) } == Int128(whole))
            }
        }
    }

    @Test func partsSumToTheWholeAndStayWithinOneUnitOfTheirShare() async {
        await checkProperty(runs: 1_000) { choices in
            let whole = choices.integer(Int64.min...Int64.max)
            let weights = choices.array(count: 1...12) { $0.integer(0...Int64.max) }
            choices.note("whole \(whole), weights \(weights)")
            let total = weights.reduce(Int128(0)) { $0 + Int128($1) }
            guard total > 0 else { return }
            let parts = try Money(minorUnits: whole, currency: .jpy).allocated(over: weights)
            try ensureEqual(parts.count, weights.count)
            try ensureEqual(parts.reduce(Int128(0)) { $0 + Int128($1.minorUnits) }, Int128(whole), "the sum of the parts")
            for (part, weight) in zip(parts, weights) {
                try ensure(part.currency == .jpy, "parts keep the currency")
                try ensure(part.minorUnits == 0 || (part.minorUnits < 0) == (whole < 0), "parts have the sign of the whole")
                try ensure(weight > 0 || part.minorUnits == 0, "a weight of zero gets nothing")
                let floor = Int128(whole.magnitude) * Int128(weight) / total
                let magnitude = Int128(part.minorUnits.magnitude)
                try ensure(magnitude == floor || magnitude == floor + 1, "\(part.minorUnits) is not within one unit of \(floor)")
            }
            try ensureEqual(parts, try Money(minorUnits: whole, currency: .jpy).allocated(over: weights), "the same parts every time")
        }
    }
}

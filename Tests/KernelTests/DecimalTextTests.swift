import Kernel
import TestKit
import Testing

@Suite struct DecimalTextTests {
    @Test(arguments: [
        ("0", 2, 0), ("1", 2, 100), ("1.5", 2, 150), ("1.50", 2, 150), ("0.01", 2, 1), ("0007", 2, 700), ("1500.00", 2, 150_000),
        ("7", 0, 7),
        ("0.001", 3, 1), ("9999999999999.99", 2, 999_999_999_999_999), ("9999999999999.999", 3, 9_999_999_999_999_999),
        ("13.5", 6, 13_500_000), ("0.000001", 6, 1),
    ])
    func readsAmounts(text: String, exponent: Int, value: Int64) throws {
        #expect(try DecimalText.amount(text, exponent: exponent) == value)
    }

    @Test(arguments: [
        "", " ", ".", "1.", ".5", "-1", "+1", "1,5", "1 000", "1_000", "1e3", "0x10", "1.2.3", "12abc", "abc", "NaN", "∞", "١", "１", "1\0",
        " 1", "1 ", "1\n", "'1'", "1.-5",
    ])
    func refusesWhatIsNoAmount(text: String) {
        #expect(throws: DecimalText.Failure.malformed) { try DecimalText.amount(text, exponent: 2) }
    }

    @Test(arguments: [("1.000", 2), ("1.005", 2), ("0.0", 0), ("5.0", 0), ("0.0000", 3), ("1.0000000", 6), ("99999999999999.999", 2)])
    func countsTheWrittenDecimals(text: String, exponent: Int) {
        #expect(throws: DecimalText.Failure.tooManyDecimals) { try DecimalText.amount(text, exponent: exponent) }
    }

    @Test(arguments: [
        ("10000000000000", 2), ("12345678901234", 0), ("99999999999999.99", 2), (String(repeating: "9", count: 400), 2),
        ("9999999999999.999999", 6),
    ])
    func refusesMoreThanThirteenDigitsBeforeThePoint(text: String, exponent: Int) {
        #expect(throws: DecimalText.Failure.tooLarge) { try DecimalText.amount(text, exponent: exponent) }
    }

    @Test(arguments: [
        ("0", 2, 0), ("-0", 2, 0), ("1", 2, 100), ("1.500", 2, 150), ("15e2", 2, 150_000), ("1.5E+3", 2, 150_000), ("150e-2", 2, 150),
        ("0.1", 2, 10), ("0.10000000000000000000", 2, 10), ("-2.5", 2, -250), ("1e0", 0, 1), ("5.0", 0, 5), ("0e99", 2, 0),
        ("0.00e-5", 2, 0),
        ("9999999999999.99", 2, 999_999_999_999_999), ("1000000000000e-10", 2, 10_000),
    ])
    func readsJSONNumbersByTheirValue(text: String, exponent: Int, value: Int64) throws {
        #expect(try DecimalText.jsonNumber(text, exponent: exponent) == value)
    }

    @Test(arguments: ["1.005", "0.001", "1e-3", "0.1e-2", "1e-400", "1.0000000000000000000000000000000000001"])
    func refusesJSONNumbersThatNeedMoreDecimals(text: String) {
        #expect(throws: DecimalText.Failure.tooManyDecimals) { try DecimalText.jsonNumber(text, exponent: 2) }
    }

    @Test(arguments: ["1e13", "10000000000000", "-1e13", "1e400", "1e99999999999999999999", "123456789012345678901234567890123456789"])
    func refusesJSONNumbersThatAreTooLarge(text: String) {
        #expect(throws: DecimalText.Failure.tooLarge) { try DecimalText.jsonNumber(text, exponent: 2) }
    }

    @Test(arguments: ["", "-", "e5", "1.2.3", "1,5", "abc", "1 ", "--1", "0x1"])
    func refusesWhatIsNoJSONNumber(text: String) {
        #expect(throws: DecimalText.Failure.malformed) { try DecimalText.jsonNumber(text, exponent: 2) }
    }

    @Test func readsBackWhatMoneyWrites() async {
        await checkProperty(runs: 1_000) { choices in
            let currency = choices.element(of: [.kes, .jpy, .kwd] as [Currency])
            var largest: Int64 = 1
            for _ in 0..<(DecimalText.maximumIntegerDigits + currency.exponent) { largest *= 10 }
            let money = Money(minorUnits: choices.integer(0...(largest - 1)), currency: currency)
            choices.note("\(money)")
            try ensureEqual(try DecimalText.amount(money.decimalString, exponent: currency.exponent), money.minorUnits)
            try ensureEqual(try DecimalText.jsonNumber(money.decimalString, exponent: currency.exponent), money.minorUnits)
            let negative = try money.negated()
            try ensureEqual(try DecimalText.jsonNumber(negative.decimalString, exponent: currency.exponent), negative.minorUnits)
        }
    }

    @Test func neverCrashesAndNeverGuesses() async {
        await checkProperty(runs: 2_000) { choices in
            let text = choices.text(count: 0...12, alphabet: Array("0159.-+eE \0x٣"))
            choices.note("\(text.debugDescription)")
            let exponent = choices.integer(0...6)
            let isPlain =
                text.wholeMatch(of: /[0-9]+(\.[0-9]+)?/) != nil
            if let value = try? DecimalText.amount(text, exponent: exponent) {
                try ensure(isPlain, "only digits and a point are an amount")
                try ensure(value >= 0, "an amount has no sign")
                try ensureEqual(try DecimalText.jsonNumber(text, exponent: exponent), value, "both readings agree")
            }
            _ = try? DecimalText.jsonNumber(text, exponent: exponent)
        }
    }
}

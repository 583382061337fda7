import Kernel
import Testing

@Suite struct CurrencyTests {
    /// ISO 4217, table A.1.
    @Test(arguments: [
        ("KES", 2), ("USD", 2), ("EUR", 2), ("GBP", 2), ("TZS", 2), ("CZK", 2), ("ZAR", 2), ("ETB", 2), ("UGX", 0), ("RWF", 0), ("JPY", 0),
        ("BIF", 0), ("XOF", 0), ("XAF", 0), ("KMF", 0), ("DJF", 0), ("KWD", 3), ("BHD", 3), ("TND", 3), ("JOD", 3), ("OMR", 3),
    ])
    func knowsTheDecimalsOfTheStandard(code: String, exponent: Int) throws {
        let currency = try #require(Currency(code: code))
        #expect(currency.code == code)
        #expect(currency.description == code)
        #expect(currency.exponent == exponent)
        #expect(currency.minorUnitsPerUnit == [1, 10, 100, 1_000][exponent])
    }

    @Test(arguments: ["", "K", "KE", "kes", "Kes", "KESX", "KES ", " KES", "K3S", "XXX", "ABC", "KÉS", "ＫＥＳ", "KES\0"])
    func knowsNoOtherCode(code: String) {
        #expect(Currency(code: code) == nil)
    }

    @Test func namesItsCurrenciesOnce() {
        let codes = Currency.all.map(\.code)
        #expect(codes == codes.sorted())
        #expect(Set(codes).count == codes.count)
        for currency in Currency.all { #expect(Currency(code: currency.code) == currency) }
        for currency in [Currency.kes, .usd, .eur, .gbp, .ugx, .tzs, .rwf, .czk, .jpy, .kwd] { #expect(codes.contains(currency.code)) }
    }
}

import Kernel
import Testing

@Suite struct NumberTests {
    @Test(arguments: [
        ("id-12345678.pdf", "id-****5678.pdf"), ("mobileMoney +254712345678", "mobileMoney +****5678"), ("scan 2024.png", "scan 2024.png"),
        ("A123456789Z 98765", "A****6789Z ****8765"), ("", ""),
    ])
    func longNumbersAreMasked(text: String, kept: String) { #expect(LongNumbers.masked(in: text) == kept) }

    @Test func countriesAreThoseOfISO() {
        for code in ["KE", "TZ", "SS", "GB", "AX"] { #expect(CountryCode.isAssigned(code)) }
        for code in ["ZZ", "UK", "EU", "XK", "ke", "", "KEN"] { #expect(!CountryCode.isAssigned(code)) }
    }
}

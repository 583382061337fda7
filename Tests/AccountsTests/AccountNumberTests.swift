import Testing

@testable import Accounts

@Suite struct AccountNumberTests {
    @Test(arguments: ["79927398713", "4417123456789113", "378282246310005", "6011000990139424"])
    func checkDigitFollowsLuhn(valid: String) {
        let digits = Array(valid.utf8)
        #expect(AccountNumber.checkDigit(digits.dropLast()) == digits[digits.count - 1] - UInt8(ascii: "0"))
    }

    @Test func numberIsBranchClassSerialAndCheckDigit() {
        let number = AccountNumber(branchCode: "001", numberClass: 2, serial: 42)
        #expect(number.text.hasPrefix("001020000042"))
        #expect(number.text.utf8.count == 13)
        #expect(AccountNumber(number.text) == number)
        #expect(number.branchCode == "001")
        #expect(number.masked == "*********" + number.text.suffix(4))
    }

    /// Luhn finds every wrong digit.
    @Test func everySingleDigitErrorIsFound() {
        for serial: Int64 in [1, 90, 123_456, 9_999_999] {
            let digits = Array(AccountNumber(branchCode: "017", numberClass: 1, serial: serial).text.utf8)
            for position in digits.indices {
                for digit in UInt8(ascii: "0")...UInt8(ascii: "9") where digit != digits[position] {
                    var wrong = digits
                    wrong[position] = digit
                    #expect(AccountNumber(String(decoding: wrong, as: UTF8.self)) == nil)
                }
            }
        }
    }

    @Test(arguments: ["", "12", "0010100000010 ", "00101000000A1", "00101000000011", "٠٠١٠١٠٠٠٠٠٠١١"])
    func otherTextsAreNoNumbers(text: String) {
        #expect(AccountNumber(text) == nil)
    }
}

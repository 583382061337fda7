import HTTPEdge
import Kernel
import Logging
import Observability
import Testing

@testable import Accounts

/// Golden vectors, section 5: identifiers with check digits.
@Suite struct IdentifierCheckTests {
    private func reason(_ kind: IdentifierKind, _ value: String) -> String {
        switch kind.judge(value) {
        case .success(let kept): "valid \(kept)"
        case .failure(let fault): fault.reason
        }
    }

    @Test(arguments: ["4417123456789113", "378282246310005", "6011000990139424"])
    func luhnNumbers(valid: String) {
        #expect(reason(.luhn, valid) == "valid \(valid)")
        for digit in "0123456789" where digit != valid.last {
            #expect(reason(.luhn, valid.dropLast() + String(digit)) == "wrong_check_digits")
        }
    }

    @Test func luhnRefusals() {
        #expect(reason(.luhn, "4417 1234-5678 9113") == "valid 4417123456789113")
        #expect(reason(.luhn, String(repeating: "0", count: 16)) == "all_zeros")
        #expect(reason(.luhn, "4417123456789l13") == "invalid_format" && reason(.luhn, "-") == "invalid_format")
        #expect(reason(.luhn, "٤") == "invalid_format" && reason(.luhn, "8") == "wrong_length")
    }

    @Test(arguments: ["GB29NWBK60161331926819", "DE89370400440532013000", "MU17BOMM0101101030300200000MUR"])
    func ibans(valid: String) {
        #expect(reason(.iban, valid) == "valid \(valid)")
        #expect(reason(.iban, valid.lowercased()) == "valid \(valid)")
        // MOD 97-10 finds every digit and every letter that is another, and every exchange of two neighbours.
        let characters = Array(valid)
        for position in characters.indices.dropFirst(2) {
            for other in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
            where other != characters[position] && other.isNumber == characters[position].isNumber {
                var wrong = characters
                wrong[position] = other
                #expect(!reason(.iban, String(wrong)).hasPrefix("valid"))
            }
            guard position + 1 < characters.count, characters[position] != characters[position + 1] else { continue }
            var exchanged = characters
            exchanged.swapAt(position, position + 1)
            #expect(!reason(.iban, String(exchanged)).hasPrefix("valid"))
        }
    }

    @Test func ibanRefusals() {
        #expect(reason(.iban, "GB29 NWBK 6016 1331 9268 19") == "valid GB29NWBK60161331926819")
        #expect(reason(.iban, "AA0000000000089") == "wrong_check_digits")
        #expect(reason(.iban, "KE6812345678901234567890") == "unknown_country")
        #expect(reason(.iban, "GB29NWBK6016133192681") == "wrong_length")
        #expect(reason(.iban, "GB2XNWBK60161331926819") == "invalid_format" && reason(.iban, "") == "invalid_format")
    }

    /// Of the three check digits that leave the same remainder only the middle one is legal.
    @Test(arguments: ["DE", "GB", "NO"])
    func illegalCheckDigits(country: String) {
        let body = ["DE": "000000000000000000", "GB": "AAAA00000000000000", "NO": "00000000000"][country] ?? ""
        let legal = (2...98).filter { reason(.iban, country + (($0 < 10 ? "0" : "") + String($0)) + body).hasPrefix("valid") }
        #expect(legal.count == 1)
        for illegal in ["00", "01", "99"] { #expect(reason(.iban, country + illegal + body) == "wrong_check_digits") }
    }

    @Test func creditorReferences() {
        #expect(reason(.creditorReference, "RF18539007547034") == "valid RF18539007547034")
        #expect(reason(.creditorReference, "rf18 5390 0754 7034") == "valid RF18539007547034")
        #expect(reason(.creditorReference, "RF18539007547035") == "wrong_check_digits")
        #expect(reason(.creditorReference, "RF99539007547034") == "wrong_check_digits")
        #expect(reason(.creditorReference, "RF18") == "wrong_length")
        #expect(reason(.creditorReference, "RF185390075470341234567890") == "wrong_length")
        #expect(reason(.creditorReference, "XX18539007547034") == "invalid_format")
    }

    @Test func whatTheBankKeeps() {
        let number = AccountNumber(branchCode: "001", numberClass: 2, serial: 42).text
        #expect(reason(.accountNumber, number) == "valid \(number)")
        let last = number.last == "9" ? "0" : "9"
        #expect(reason(.accountNumber, number.dropLast() + last) == "wrong_check_digits")
        #expect(reason(.accountNumber, "12") == "wrong_length" && reason(.accountNumber, "x") == "invalid_format")
        for spelling in ["0712345678", "254712345678", "+254 712 345 678", "+254-712345678"] {
            #expect(reason(.phone, spelling) == "valid +254712345678")
        }
        #expect(reason(.phone, "0812345678") == "invalid_format" && reason(.phone, "25407123456789") == "invalid_format")
        #expect(reason(.kraPin, "a123456789z") == "valid A123456789Z" && reason(.kraPin, "B123456789Z") == "invalid_format")
        #expect(reason(.bic, "NWBKGB2L") == "valid NWBKGB2L" && reason(.bic, "NWBKGB2LXX") == "invalid_format")
    }

    private struct Nobody: Authenticator {
        func authenticate(bearerToken: String, context: RequestContext) async throws -> Principal {
            throw Refusal(.unauthenticated, "invalid_token", "The token is not valid")
        }
    }

    @Test func overHTTP() async throws {
        var configuration = EdgeConfiguration(cursorKey: Array(repeating: 7, count: 32))
        configuration.rateLimits.isEnabled = false
        let client = InProcessClient(
            HTTPServer(
                endpoints: [IdentifierEndpoint.check], authenticator: Nobody(), rateLimiter: InProcessRateLimiter(clock: SystemClock()),
                configuration: configuration, metrics: MetricsRegistry(), logger: .init(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        func check(_ json: String) async -> InProcessResponse {
            await client.send(.post, "/api/calculators/identifiers", json: json)
        }
        let good = await check(#"{"kind":"iban","value":"gb29 nwbk 6016 1331 9268 19"}"#)
        #expect(good.status == 200 && good.text("normalised") == "GB29NWBK60161331926819" && good["valid"] == .boolean(true))
        let bad = await check(#"{"kind":"luhn","value":"0000000000000000"}"#)
        #expect(bad.status == 200 && bad["valid"] == .boolean(false) && bad.text("reason") == "all_zeros")
        for body in ["{}", #"{"kind":"isbn","value":"1"}"#, #"{"kind":"iban"}"#, #"{"kind":"iban","value":7}"#] {
            #expect(await check(body).status == 422)
        }
    }
}

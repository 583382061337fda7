import HTTPEdge
import Kernel
import Testing

@Suite struct FieldsTests {
    let edge = Edge()

    func faults(_ json: String) async -> [String] {
        let response = await edge.client.signedIn("customer").send(.post, "/api/accounts/1/holds", json: json)
        if response.status == 201 { return [] }
        #expect(response.status == 422)
        #expect(response.problemCode == "validation_failed")
        return response.faults
    }

    func amountFaults(_ amount: String, currency: String = "\"KES\"") async -> [String] {
        await faults("{\"amount\":\(amount),\"currency\":\(currency),\"reason\":\"because\"}")
    }

    @Test(arguments: [
        ("\"1500.00\"", ""), ("\"1500\"", ""), ("\"0.01\"", ""), ("1500", ""), ("1500.5", ""), ("1500.500000", ""), ("15e2", ""),
        ("1.5E+3", ""), ("150000e-2", ""), ("\"9999999999999.99\"", ""), ("9999999999999.99", ""),
        ("0", "not_positive"), ("\"0.00\"", "not_positive"), ("-1", "not_positive"), ("\"-1.00\"", "not_positive"), ("-0", "not_positive"),
        ("-1e400", "not_positive"), ("\"-99999999999999999999999999.999999999999\"", "not_positive"),
        ("\"1.005\"", "too_many_decimals"), ("\"1.500\"", "too_many_decimals"), ("1.005", "too_many_decimals"),
        ("1e-3", "too_many_decimals"),
        ("1e-999999999", "too_many_decimals"),
        ("\"10000000000000\"", "out_of_range"), ("10000000000000", "out_of_range"), ("1e13", "out_of_range"), ("1e400", "out_of_range"),
        ("1e99999999999999999999", "out_of_range"), ("\"99999999999999999999999999999999999999\"", "out_of_range"),
        ("\"\"", "invalid_format"), ("\" 1\"", "invalid_format"), ("\"1 \"", "invalid_format"), ("\"+1\"", "invalid_format"),
        ("\"1,000\"", "invalid_format"), ("\"1e3\"", "invalid_format"), ("\"1.\"", "invalid_format"), ("\".5\"", "invalid_format"),
        ("\"１\"", "invalid_format"), ("\"NaN\"", "invalid_format"), ("\"0x10\"", "invalid_format"), ("\"--1\"", "invalid_format"),
        ("null", "required"), ("true", "wrong_type"), ("[]", "wrong_type"), ("{}", "wrong_type"),
    ])
    func amounts(written: String, code: String) async {
        #expect(await amountFaults(written) == (code.isEmpty ? [] : ["amount:\(code)"]))
    }

    @Test func decimalsFollowTheCurrency() async {
        #expect(await amountFaults("\"1\"", currency: "\"UGX\"") == [])
        #expect(await amountFaults("\"1.0\"", currency: "\"UGX\"") == ["amount:too_many_decimals"])
        #expect(await amountFaults("1.0", currency: "\"UGX\"") == [])
        #expect(await amountFaults("\"1.005\"", currency: "\"KWD\"") == [])
    }

    @Test(arguments: [
        ("\"XXX\"", "unknown_currency"), ("\"kes\"", "unknown_currency"), ("\"\"", "unknown_currency"), ("1", "wrong_type"),
        ("null", "required"),
    ])
    func currencies(written: String, code: String) async {
        #expect(await amountFaults("\"1.00\"", currency: written) == ["currency:\(code)"])
    }

    @Test func allFaultyFieldsComeAtOnceAndNestedOnesWithTheirPath() async {
        let found = await faults(
            """
            {"amount":"-5","currency":"XXX","reason":"no","customerId":"abc","count":3.5,"direction":"sideways","on":"2026-02-30",
             "status":"active","lines":[{"amount":"1","currency":"KES"},{"amount":"0","currency":"KES","note":"\\u0000"},7],
             "first":{"amount":1}}
            """)
        #expect(
            Set(found) == [
                "status:not_allowed", "amount:not_positive", "currency:unknown_currency", "reason:too_short", "customerId:invalid_format",
                "count:wrong_type", "direction:unknown_value", "on:invalid_format", "lines[1].amount:not_positive",
                "lines[1].note:invalid_format", "lines[2]:wrong_type", "first.currency:required",
            ])
    }

    @Test(arguments: [
        ("3", ""), ("3.0", ""), ("3e0", ""), ("30e-1", ""), ("3.5", "wrong_type"), ("\"3\"", "wrong_type"), ("0", "out_of_range"),
        ("11", "out_of_range"), ("1e30", "out_of_range"), ("-1", "out_of_range"), ("true", "wrong_type"), ("null", ""),
    ])
    func integers(written: String, code: String) async {
        let found = await faults("{\"amount\":1,\"currency\":\"KES\",\"reason\":\"because\",\"count\":\(written)}")
        #expect(found == (code.isEmpty ? [] : ["count:\(code)"]))
    }

    @Test(arguments: [
        ("\"12345\"", ""), ("\"  12345  \"", ""), ("\"1234\"", "too_short"), ("\"    1234    \"", "too_short"), ("\"\"", "too_short"),
        ("\"a\\u0000bcde\"", "invalid_format"), ("\"abc\\ndef\"", "invalid_format"), ("\"abc\\u0085def\"", "invalid_format"),
        ("\"abcde\\u007f\"", "invalid_format"), ("5", "wrong_type"), ("null", "required"), ("\"مرحبا بالعالم 👨‍👩‍👧\"", ""),
    ])
    func texts(written: String, code: String) async {
        #expect(await faults("{\"amount\":1,\"currency\":\"KES\",\"reason\":\(written)}") == (code.isEmpty ? [] : ["reason:\(code)"]))
    }

    @Test func lengthIsCountedInCharactersNotBytes() async {
        let fifty = String(repeating: "é", count: 50)
        #expect(await faults("{\"amount\":1,\"currency\":\"KES\",\"reason\":\"\(fifty)\"}") == [])
        #expect(await faults("{\"amount\":1,\"currency\":\"KES\",\"reason\":\"\(fifty)é\"}") == ["reason:too_long"])
    }

    @Test func tooManyElementsAreOneFault() async {
        let line = "{\"amount\":1,\"currency\":\"KES\"}"
        let lines = Array(repeating: line, count: 4).joined(separator: ",")
        #expect(await faults("{\"amount\":1,\"currency\":\"KES\",\"reason\":\"because\",\"lines\":[\(lines)]}") == ["lines:too_long"])
        #expect(await faults("{\"amount\":1,\"currency\":\"KES\",\"reason\":\"because\",\"lines\":{}}") == ["lines:wrong_type"])
        #expect(await faults("{\"amount\":1,\"currency\":\"KES\",\"reason\":\"because\",\"lines\":null}") == [])
    }

    @Test(arguments: [
        ("limit=0", "limit:out_of_range"), ("limit=201", "limit:out_of_range"), ("limit=abc", "limit:wrong_type"),
        ("limit=", "limit:wrong_type"),
        ("limit=3.5", "limit:wrong_type"), ("limit=1e1", "limit:wrong_type"), ("limit=1&limit=2", "limit:duplicate"),
        ("direction=up", "direction:unknown_value"), ("direction=", "direction:unknown_value"), ("from=yesterday", "from:invalid_format"),
        ("from=2026-05-02&to=2026-05-01", "from:out_of_range"), ("q=%ff", "q:invalid_format"), ("q=%00", "q:invalid_format"),
        ("q=%zz", "q:invalid_format"), ("limit=10&from=2026-05-01&to=2026-05-01&q=a+b%20c&unknown=%ff", ""), ("", ""), ("&&&", ""),
        ("q=", ""),
    ])
    func queries(query: String, fault: String) async {
        let response = await edge.client.send(.get, "/api/accounts/1/transactions?\(query)")
        #expect(response.status == (fault.isEmpty ? 200 : 422))
        #expect(response.faults == (fault.isEmpty ? [] : [fault]))
    }

    /// Random bodies, in type and in value, end in 201 or a well-formed 4xx, never in anything else.
    @Test(arguments: 0..<10)
    func randomBodiesNeverDoHarm(seed: Int) async {
        var random = SeededGenerator(state: UInt64(seed) &* 77)
        let client = edge.client.signedIn("customer")
        let names = ["amount", "currency", "reason", "customerId", "count", "direction", "on", "lines", "first", "status"]
        for _ in 0..<200 {
            var members: [JSONObject.Member] = []
            for name in names where Bool.random(using: &random) {
                members.append(.init(name: name, value: JSONTests.value(depth: 0, &random)))
            }
            let response = await client.send(.post, "/api/accounts/1/holds", json: JSONTests.text(.object(JSONObject(members: members))))
            #expect([201, 422].contains(response.status))
            if response.status != 201 { #expect(response.text("traceId")?.utf8.count == 32 && !response.faults.isEmpty) }
        }
    }

    @Test(arguments: [
        ("0712345678", "+254712345678"), ("254112345678", "+254112345678"), ("+254712345678", "+254712345678"),
        ("+447911123456", "+447911123456"),
        ("0812345678", nil), ("712345678", nil), ("+25471234567", nil), ("07 12345678", nil), ("+2548", nil), ("++44", nil),
    ])
    func phones(written: String, kept: String?) {
        #expect(TextFormat.phone.normalize(written) == kept)
    }

    @Test func formats() {
        #expect(TextFormat.cifNumber.normalize("CIF000000001") != nil && TextFormat.cifNumber.normalize("CIF00000001") == nil)
        #expect(TextFormat.kraPin.normalize("A123456789Z") != nil && TextFormat.kraPin.normalize("B123456789Z") == nil)
        #expect(TextFormat.email.normalize("amina@example.com") != nil && TextFormat.email.normalize("amina@example") == nil)
        #expect(TextFormat.email.normalize("a b@example.com") == nil && TextFormat.email.normalize("@example.com") == nil)
        #expect(TextFormat.accountNumber.normalize("0012000000017") != nil && TextFormat.accountNumber.normalize("001200000001x") == nil)
        #expect(TextFormat.bic.normalize("KCBLKENX") != nil && TextFormat.bic.normalize("KCBLKEN") == nil)
    }
}

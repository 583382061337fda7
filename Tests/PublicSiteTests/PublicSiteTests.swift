import HTTPEdge
import PublicSite
import Testing

@Suite("The public website")
struct PublicSiteTests {
    static let pages = [
        "/", "/products", "/products/sav01", "/rates", "/calculators", "/branches", "/about", "/security", "/contact", "/privacy", "/terms",
        "/open-account",
    ]

    @Test("shows every page whole, with its title, its canonical address and no value left out", arguments: pages)
    func pageIsWhole(path: String) async throws {
        let page = try #require(await makeSite(CannedBank()).get(path))
        #expect(page.status == 200)
        #expect(page.text.contains("<link rel=\"canonical\" href=\"http://127.0.0.1:3000\(path)\">"))
        #expect(page.text.contains("href=\"/assets/site-1.css\""))
        #expect(page.text.contains("http://127.0.0.1:3001/"), "the way to personal banking")
        #expect(page.text.hasSuffix("</html>\n"))
        #expect(!page.text.contains("{{"))
        #expect(!page.text.contains("Optional("))
        #expect(page.text.utf8.count < 40_000)
        #expect(page.text.components(of: "<h1").count == 2, "one heading of the first level")
    }

    @Test("escapes whatever the catalogue says")
    func escapes() async throws {
        let page = try #require(await makeSite(CannedBank()).get("/products"))
        #expect(!page.text.contains("<script>alert"))
        #expect(page.text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
        #expect(!page.text.contains("\"onmouseover=\"x"))
    }

    @Test("shows rates, fees and terms as people read them")
    func figures() async throws {
        let site = try makeSite(CannedBank())
        let product = try #require(await site.get("/products/sav01")).text
        #expect(product.contains("up to 4.5 %"))
        #expect(product.contains("Below KES 50,000"))
        #expect(product.contains("KES 50,000 and above"))
        #expect(product.contains("KES 50.00"))
        #expect(product.contains("1 January 2026"))
        let rates = try #require(await site.get("/rates")).text
        #expect(rates.contains("23 November 2026"))
        #expect(rates.contains("0.01 to 500"))
        #expect(rates.contains("<strong>Free</strong>"))
        #expect(rates.contains("500.01 and more") && rates.contains("KES 25.00"))
        // Shillings first, whatever order the guide has.
        let currencies = rates.matches(of: #/<td>(KES|CZK)<\/td>/#).map { String($0.output.1) }
        #expect(currencies == ["KES", "KES", "CZK"])
        #expect(try #require(await site.get("/products/fd01")).text.contains("The rate is lowered by 2 percentage points"))
        #expect(rates.contains("15 %"))
    }

    @Test("lets the bank compute, at the rate of the amount's band")
    func calculators() async throws {
        let bank = CannedBank()
        let page = try #require(await makeSite(bank).get("/calculators", query: "calculator=fixed&amount=100%2C000&term=182"))
        #expect(page.text.contains("KES 103,602.61"))
        #expect(page.text.contains("− KES 635.75"))
        let asked = try #require(bank.requests.first { $0.uri == "/api/calculators/deposit-maturity" })
        #expect(String(decoding: asked.body, as: UTF8.self) == #"{"amount":"100000","currency":"KES","annualRate":"8.5","termInDays":182}"#)
    }

    @Test(
        "says beside the field what a calculator cannot take",
        arguments: [
            ("calculator=fixed&amount=abc&term=182", "Enter an amount in shillings, such as 100,000"),
            ("calculator=fixed&amount=500&term=182", "This starts at KES 10,000"),
            ("calculator=fixed&amount=20000&term=", "Enter a whole number"),
            ("calculator=fixed&amount=&term=-1", "Enter a whole number"),
        ])
    func calculatorFaults(query: String, message: String) async throws {
        let page = try #require(await makeSite(CannedBank()).get("/calculators", query: query))
        #expect(page.status == 200)
        #expect(page.text.contains(message))
        #expect(page.text.contains("aria-invalid=\"true\""))
    }

    @Test("keeps what was written and says what is wrong beside the field")
    func contactFaults() async throws {
        let bank = CannedBank(["POST /api/contact": (422, CannedBank.problem)])
        let reply = try #require(await makeSite(bank).post("/contact", "name=Asha+%3Cb%3E&email=x&message=Hello+there+bank"))
        #expect(reply.status == 422)
        #expect(reply.text.contains("Asha &lt;b&gt;"))
        #expect(reply.text.contains("This is not an e-mail address"))
        #expect(reply.text.contains("aria-describedby=\"email-fault\""))
    }

    @Test("leaves out what was left empty, and asks for it in plain words")
    func emptyFields() async throws {
        let required = #"{"status":422,"code":"validation_failed","errors":[{"field":"name","code":"required","message":"technical"}]}"#
        let bank = CannedBank(["POST /api/contact": (422, required)])
        let reply = try #require(await makeSite(bank).post("/contact", "name=&email=a%40b.co.ke&message="))
        #expect(reply.text.contains("Please fill this in") && !reply.text.contains("technical"))
        let sent = String(decoding: try #require(bank.requests.first).body, as: UTF8.self)
        #expect(!sent.contains("\"name\"") && !sent.contains("\"message\""))
    }

    @Test("answers a sent form with a redirect, so that a reload does not send it again")
    func contactSent() async throws {
        let site = try makeSite(CannedBank())
        let reply = try #require(await site.post("/contact", "name=Asha&email=a%40b.co.ke&message=Hello+there+bank"))
        #expect(reply.status == 303)
        #expect(reply.location == "/contact?ticket=TKT123456789012")
    }

    @Test("refuses forms of other sites", arguments: ["cross-site", "same-site"])
    func crossSite(site: String) async throws {
        let bank = CannedBank()
        let reply = try #require(await makeSite(bank).post("/contact", "name=Asha", fetchSite: site))
        #expect(reply.status == 403)
        #expect(bank.requests.isEmpty)
    }

    @Test("leaves the API's paths to the API and knows nothing else")
    func otherPaths() async throws {
        let site = try makeSite(CannedBank())
        #expect(await site.get("/api/products/catalog") == nil)
        #expect(await site.get("/openapi.json") == nil)
        for path in ["/nowhere", "/products/none1", "/products/../x", "/products/%00", "/open-account/nowhere", "/.env"] {
            #expect(await site.get(path)?.status == 404, "\(path)")
        }
    }

    @Test("says that nothing is lost when the bank does not answer")
    func unavailable() async throws {
        let bank = CannedBank(["GET /api/products/tariff": (503, "{}")])
        let reply = try #require(await makeSite(bank).get("/rates"))
        #expect(reply.status == 503)
        #expect(reply.text.contains("Nothing is lost"))
    }

    @Test("names every page in the site map")
    func sitemap() async throws {
        let text = try #require(await makeSite(CannedBank()).get("/sitemap.xml")).text
        for path in ["/rates", "/products/sav01", "/open-account"] { #expect(text.contains("<loc>http://127.0.0.1:3000\(path)</loc>")) }
    }
}

@Suite("Opening an account on the public website")
struct OpenAccountTests {
    private let cookie = ["wekeza_application": "0190-a.tok_en-1"]

    @Test("starts with a cookie that scripts cannot read, and goes on to the phone")
    func start() async throws {
        let bank = CannedBank()
        let request = PageRequest(
            method: "POST", path: "/open-account", host: "127.0.0.1:3000", isSecure: true,
            contentType: "application/x-www-form-urlencoded",
            body: Array(
                "firstName=Asha&lastName=Wanjiru&idNumber=12345678&phoneNumber=0712+345+678&email=a%40b.ke&dateOfBirth=1990-02-28&acceptTerms=yes&acceptPrivacy=yes&product=sav01"
                    .utf8),
            fetchSite: "same-origin")
        let reply = try #require(await makeSite(bank).respond(to: request))
        #expect(reply.status == 303)
        let cookies = reply.headers.filter { $0.name == "Set-Cookie" }.map(\.value)
        #expect(cookies.first == "wekeza_application=0190-a.tok_en-1; Path=/open-account; HttpOnly; SameSite=Lax; Max-Age=604800; Secure")
        #expect(cookies.last?.hasPrefix("wekeza_product=SAV01;") == true)
        let sent = try #require(bank.requests.first)
        #expect(String(decoding: sent.body, as: UTF8.self).contains(#""phoneNumber":"0712345678""#))
        #expect(String(decoding: sent.body, as: UTF8.self).contains(#""acceptTerms":true"#))
    }

    @Test("goes on where it stopped, and shows no step out of order")
    func resumes() async throws {
        let site = try makeSite(CannedBank())
        for path in ["/open-account", "/open-account/phone", "/open-account/account"] {
            let reply = try #require(await site.get(path, cookies: cookie))
            #expect(reply.reply.headers.first { $0.name == "Location" }?.value == "/open-account/documents", "\(path)")
        }
        #expect(await site.get("/open-account/documents", cookies: cookie)?.status == 200)
    }

    @Test("starts anew without an application", arguments: [nil, "", "abc", "a.b.<script>", "0190-unknown.x"])
    func withoutApplication(value: String?) async throws {
        let site = try makeSite(CannedBank())
        let reply = try #require(await site.get("/open-account/documents", cookies: value.map { ["wekeza_application": $0] } ?? [:]))
        #expect(reply.status == 303)
        #expect(reply.reply.headers.first { $0.name == "Location" }?.value.hasPrefix("/open-account") == true)
    }

    @Test("hands files on as they came, with the application's token")
    func documents() async throws {
        let bank = CannedBank()
        let reply = try #require(
            await makeSite(bank).post(
                "/open-account/documents", "--x\r\nanything", cookies: cookie, contentType: "multipart/form-data; boundary=x"))
        #expect(reply.location == "/open-account/account")
        let sent = try #require(bank.requests.first { $0.uri.hasSuffix("/onboard/documents") })
        #expect(sent.headers.contains { $0 == ("Content-Type", "multipart/form-data; boundary=x") })
        #expect(sent.headers.contains { $0 == ("X-Onboarding-Token", "tok_en-1") })
        #expect(String(decoding: sent.body, as: UTF8.self) == "--x\r\nanything")
    }

    @Test("never shows a password again")
    func passwords() async throws {
        let reply = try #require(
            await makeSite(CannedBank()).post(
                "/open-account/account", "productCode=SAV01&username=asha&password=secret-words&repeat=other-words", cookies: cookie))
        #expect(reply.status == 422)
        #expect(reply.text.contains("The two passwords differ"))
        #expect(!reply.text.contains("secret-words"))
    }
}

extension String {
    fileprivate func components(of separator: String) -> [Substring] { split(separator: separator, omittingEmptySubsequences: false) }
}

import HTTPEdge
import Kernel
import PublicSite
import Synchronization

/// Answers as the API would, and keeps what it was asked.
final class CannedBank: BankAPI {
    private let answers: [String: (status: Int, json: String)]
    private let asked = Mutex<[BankRequest]>([])

    /// - Parameter answers: by method and path without query
    init(_ answers: [String: (Int, String)] = [:]) {
        self.answers = Self.standard.merging(answers) { $1 }.mapValues { (status: $0.0, json: $0.1) }
    }

    var requests: [BankRequest] { asked.withLock { $0 } }

    func send(_ request: BankRequest) async -> BankAnswer {
        asked.withLock { $0.append(request) }
        let path = request.uri.prefix { $0 != "?" }
        guard let answer = answers["\(request.method) \(path)"] else { return BankAnswer(status: 404, body: Array("{}".utf8)) }
        return BankAnswer(status: answer.status, body: Array(answer.json.utf8))
    }

    static let savings = """
        {"productCode":"SAV01","version":1,"category":"deposits","type":"savingsAccount","name":"Savings Account",
         "description":"Earns interest on every day's balance","features":["Paid every month"],"currencies":["KES"],"status":"active",
         "effectiveDate":"2026-01-01","interest":{"dayCount":"actual365","calculation":"simple","postingFrequency":"monthly",
         "tiers":[{"fromAmount":"0.00","toAmount":"50000.00","rate":"3"},{"fromAmount":"50000.00","rate":"4.500000"}]},
         "fees":[{"feeCode":"MNT01","event":"monthlyMaintenance","calculation":"flat","amount":"50.00","tiers":[],"waivable":true}],
         "limits":{"minBalance":"500.00"},"eligibility":[]}
        """
    static let fixed = """
        {"productCode":"FD01","version":1,"category":"deposits","type":"fixedDeposit","name":"Fixed Deposit","description":"A fixed sum",
         "features":[],"currencies":["KES","USD"],"status":"active","interest":{"dayCount":"actual365","calculation":"simple",
         "postingFrequency":"maturity","tiers":[{"fromAmount":"10000.00","rate":"8.5"}]},
         "deposit":{"minAmount":"10000.00","minTermDays":7,"maxTermDays":3650,"earlyBreakPenaltyRate":"2","noInterestBeforeDays":7},
         "fees":[],"limits":{},"eligibility":[]}
        """
    static let hostile = """
        {"productCode":"EVIL1","version":1,"category":"deposits","type":"currentAccount","name":"<script>alert(1)</script>",
         "description":"\\"onmouseover=\\"x","features":["<b>"],"currencies":["KES"],"status":"active","fees":[],"limits":{},"eligibility":[]}
        """
    static let problem = """
        {"status":422,"code":"validation_failed","detail":"Not valid","errors":[
         {"field":"email","code":"invalid_format","message":"This is not an e-mail address"}]}
        """

    private static let standard: [String: (Int, String)] = [
        "GET /api/products/deposits": (200, "{\"items\":[\(savings),\(fixed),\(hostile)],\"nextCursor\":null}"),
        "GET /api/products/SAV01": (200, savings), "GET /api/products/FD01": (200, fixed),
        "GET /api/products/tariff": (
            200,
            """
            {"asOf":"2026-11-23","currency":"KES","exciseRate":"15","items":[{"feeCode":"TRF","name":"Transfer","appliesTo":"transfer",
             "calculation":"tiered","tiers":[{"fromAmount":"0.01","toAmount":"500.00","amount":"0.00"},
             {"fromAmount":"500.01","amount":"25.00"}],"excisable":true},{"feeCode":"TRF","name":"Transfer","appliesTo":"transfer",
             "calculation":"flat","amount":"1.00","currency":"CZK","excisable":true},{"feeCode":"LPF","name":"Loan","appliesTo":"loan",
             "calculation":"flat","amount":"500.00","currency":"KES","excisable":true}]}
            """
        ),
        "GET /api/contact/branches": (
            200,
            """
            {"items":[{"branchCode":"001","name":"Nairobi","address":"Kenyatta Avenue 1","city":"Nairobi","phone":"+254712345678",
             "latitude":"-1.28","longitude":"36.82","openingHours":["Mon–Fri 09:00–16:00"]}],"nextCursor":null}
            """
        ),
        "POST /api/calculators/deposit-maturity": (
            200,
            #"{"principalAmount":"100000.00","interestAmount":"4238.36","withholdingTax":"635.75","netInterest":"3602.61","maturityAmount":"103602.61"}"#
        ),
        "POST /api/calculators/interest": (
            200, #"{"days":365,"interestAmount":"2250.00","withholdingTax":"337.50","netInterest":"1912.50","maturityAmount":"51912.50"}"#
        ),
        "POST /api/contact": (202, #"{"ticketNumber":"TKT123456789012"}"#),
        "POST /api/customer-portal/onboard/basic-info": (
            201, #"{"onboardingId":"0190-a","onboardingToken":"tok_en-1","nextStep":"verifyPhone","expiresAt":"2026-11-30T00:00:00Z"}"#
        ),
        "GET /api/customer-portal/onboard/status/0190-a": (
            200, #"{"onboardingId":"0190-a","status":"inProgress","currentStep":"documents","percentComplete":50}"#
        ),
        "POST /api/customer-portal/onboard/documents": (200, #"{"nextStep":"accountSetup","documents":[]}"#),
    ]
}

struct FixedClock: WallClock {
    func now() -> Timestamp { Timestamp(microseconds: 1_795_000_000_000_000) }
}

func makeSite(_ bank: CannedBank) throws -> PublicSite {
    try PublicSite(
        api: bank, assets: SiteAssets(style: "site-1.css", script: "site-1.js", icon: "icon-1.svg"), personalPort: 3001, clock: FixedClock()
    )
}

extension PublicSite {
    func get(
        _ path: String, query: String = "", cookies: [String: String] = [:]
    ) async -> (status: Int, text: String, reply: PageReply)? {
        let request = PageRequest(method: "GET", path: path, query: QueryItems(parsing: query), host: "127.0.0.1:3000", cookies: cookies)
        return await respond(to: request).map { ($0.status, String(decoding: $0.body, as: UTF8.self), $0) }
    }

    func post(
        _ path: String, _ form: String, cookies: [String: String] = [:], contentType: String = "application/x-www-form-urlencoded",
        fetchSite: String? = "same-origin"
    ) async -> (status: Int, text: String, location: String?)? {
        let request = PageRequest(
            method: "POST", path: path, host: "127.0.0.1:3000", cookies: cookies, contentType: contentType, body: Array(form.utf8),
            fetchSite: fetchSite)
        return await respond(to: request).map { reply in
            (reply.status, String(decoding: reply.body, as: UTF8.self), reply.headers.first { $0.name == "Location" }?.value)
        }
    }
}

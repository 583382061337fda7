import HTTPEdge

/// The calculators: forms that send their figures in the address, so that a result can be kept and shared. The API computes.
struct CalculatorPages: Sendable {
    let site: PublicSite

    struct Calculators {
        let fixed: Form
        let savings: Form
        let monthly: Form
    }

    struct Form {
        var amount: String
        var term: String
        var rate: String?
        var productName: String
        var faults: [String: String] = [:]
        var result: Result?
    }

    struct Result {
        let paidIn: String
        let interest: String
        let tax: String
        let net: String
        let total: String
    }

    func page(_ request: PageRequest) async -> PageReply {
        let products = await CataloguePages(site: site).offered(request)
        guard !products.isEmpty else { return site.unavailable(request) }
        let asked = request.query["calculator"] ?? ""
        func form(_ name: String, _ kind: String, amount: String, term: String) -> (Form, ProductFacts?) {
            let product = products.first { $0.kind == kind }
            let isAsked = asked == name
            let form = Form(
                amount: isAsked ? (request.query["amount"] ?? "") : amount, term: isAsked ? (request.query["term"] ?? "") : term,
                productName: product?.name ?? "")
            return (form, product)
        }
        var (fixed, fixedProduct) = form("fixed", "fixedDeposit", amount: "100000", term: "182")
        var (savings, savingsProduct) = form("savings", "savingsAccount", amount: "50000", term: "365")
        var (monthly, monthlyProduct) = form("monthly", "recurringDeposit", amount: "5000", term: "12")
        await compute(&fixed, fixedProduct, request) { amount, rate, term in
            (
                "/api/calculators/deposit-maturity",
                [
                    ("amount", .text(amount)), ("currency", .text("KES")), ("annualRate", .text(rate)), ("termInDays", .number(term)),
                ]
            )
        }
        await compute(&savings, savingsProduct, request) { amount, rate, term in
            (
                "/api/calculators/interest",
                [
                    ("amount", .text(amount)), ("currency", .text("KES")), ("annualRate", .text(rate)), ("days", .number(term)),
                    ("dayCount", .text(savingsProduct?.dayCount ?? "actual365")),
                    ("compounding", .text(savingsProduct?.compounding ?? "none")),
                ]
            )
        }
        await compute(&monthly, monthlyProduct, request) { amount, rate, term in
            (
                "/api/calculators/deposit-maturity",
                [
                    ("monthlyInstallment", .text(amount)), ("currency", .text("KES")), ("annualRate", .text(rate)),
                    ("tenureInMonths", .number(term)),
                ]
            )
        }
        let frame = site.frame(
            "Savings and deposit calculators", "See what a deposit or regular saving earns at today's rates, after tax.", request)
        return .html(site.views.page("calculators", Calculators(fixed: fixed, savings: savings, monthly: monthly), frame: frame))
    }

    private typealias Question = (path: String, body: [(name: String, value: JSONMember?)])

    private func compute(
        _ form: inout Form, _ product: ProductFacts?, _ request: PageRequest,
        question: (_ amount: String, _ rate: String, _ term: Int) -> Question
    ) async {
        let amount = form.amount.filter { $0 != "," && $0 != " " }
        let isDecimal = !amount.isEmpty && amount.allSatisfy { ("0"..."9").contains($0) || $0 == "." } && amount.contains { $0 != "." }
        if !isDecimal { form.faults["amount"] = "Enter an amount in shillings, such as 100,000" }
        guard let term = Int(form.term.filter { $0 != "," && $0 != " " }), (1...3_650).contains(term) else {
            form.faults["term"] = "Enter a whole number"
            return
        }
        guard isDecimal else { return }
        guard let rate = product?.rate(for: amount) else {
            form.faults["amount"] =
                product?.tiers.first.map { "This starts at \(Formatting.money($0.fromAmount, "KES", dropsZeroCents: true))" }
                ?? "This is not on offer today"
            return
        }
        let (path, body) = question(amount, rate, term)
        let answer = await site.post(path, Escaping.json(body), request)
        guard answer.isSuccess, let total = answer.json.text("maturityAmount"), let interest = answer.json.text("interestAmount"),
            let tax = answer.json.text("withholdingTax"), let net = answer.json.text("netInterest")
        else {
            note(answer, in: &form)
            return
        }
        form.rate = Formatting.percent(rate)
        form.result = Result(
            paidIn: Formatting.money(answer.json.text("principalAmount") ?? amount, "KES"), interest: Formatting.money(interest, "KES"),
            tax: Formatting.money(tax, "KES"), net: Formatting.money(net, "KES"), total: Formatting.money(total, "KES"))
    }

    private func note(_ answer: BankAnswer, in form: inout Form) {
        for (field, message) in answer.faults {
            form.faults[field.hasPrefix("term") || field.hasPrefix("tenure") || field == "days" ? "term" : "amount"] = message
        }
        if form.faults.isEmpty { form.faults["form"] = site.message(for: answer) }
    }
}

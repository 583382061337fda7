import HTTPEdge

/// A product of the catalogue as the pages show it.
struct ProductFacts: Sendable {
    let code: String
    /// Where the product is shown.
    let path: String
    let name: String
    let description: String
    let features: [String]
    let currencies: String
    let currency: String
    let kind: String
    /// `up to 11.75 %`, or `8 %`; nil when the product bears no interest.
    let headlineRate: String?
    let tiers: [Tier]
    let interestNotes: [Fact]
    let terms: [Fact]
    let fees: [Fee]
    let effectiveDate: String?
    let isOpenedOnline: Bool
    /// As the calculators take them.
    let dayCount: String?
    let compounding: String

    struct Tier: Sendable {
        let band: String
        let rate: String
        let fromAmount: String
        let plainRate: String
    }

    struct Fact: Sendable {
        let name: String
        let value: String
    }

    struct Fee: Sendable {
        let name: String
        let price: String
    }

    init?(_ product: JSONValue) {
        guard let code = product.text("productCode"), let name = product.text("name") else { return nil }
        let currency = product.texts("currencies").first ?? "KES"
        self.code = code
        self.name = name
        self.currency = currency
        path = "/products/\(code.lowercased())"
        description = product.text("description") ?? ""
        features = product.texts("features")
        currencies = product.texts("currencies").joined(separator: ", ")
        kind = product.text("type") ?? ""
        effectiveDate = product.text("effectiveDate").map(Formatting.date)
        isOpenedOnline = kind == "currentAccount" || kind == "savingsAccount"
        let interest = product.member("interest") ?? .null
        dayCount = interest.text("dayCount")
        // What is paid to the account bears interest from then on.
        compounding = interest.text("postingFrequency").map { ["monthly", "quarterly", "daily"].contains($0) ? $0 : "none" } ?? "none"
        tiers = Self.tiers(interest, currency: currency)
        headlineRate = Self.headline(tiers, single: interest.text("rate"))
        interestNotes = Self.notes(interest)
        terms = Self.terms(product, currency: currency)
        fees = product.items("fees").map { Fee(name: Self.words($0.text("event") ?? ""), price: Self.price($0, currency: currency)) }
    }

    /// The rate of the band that an amount falls into; nil below the first band.
    func rate(for amount: String) -> String? {
        tiers.last { !Formatting.isLess(amount, than: $0.fromAmount) }?.plainRate
    }

    private static func tiers(_ interest: JSONValue, currency: String) -> [Tier] {
        interest.items("tiers").compactMap { tier in
            guard let from = tier.text("fromAmount"), let rate = tier.text("rate") else { return nil }
            let start = Formatting.grouped(from, dropsZeroCents: true)
            let band =
                if let to = tier.text("toAmount") {
                    start == "0"
                        ? "Below \(currency) \(Formatting.grouped(to, dropsZeroCents: true))"
                        : "\(currency) \(start) to below \(Formatting.grouped(to, dropsZeroCents: true))"
                } else {
                    start == "0" ? "Any balance" : "\(currency) \(start) and above"
                }
            return Tier(band: band, rate: Formatting.percent(rate), fromAmount: from, plainRate: rate)
        }
    }

    private static func headline(_ tiers: [Tier], single: String?) -> String? {
        if let best = tiers.max(by: { Formatting.isLess($0.plainRate, than: $1.plainRate) }) {
            return tiers.count > 1 ? "up to \(best.rate)" : best.rate
        }
        return single.map(Formatting.percent)
    }

    private static let dayCounts = [
        "actual365": "Actual days, year of 365", "actual360": "Actual days, year of 360", "actualActual": "Actual days, actual year",
        "thirty360": "Months of 30 days, year of 360",
    ]
    private static let calculations = [
        "simple": "Simple", "compoundDaily": "Compounded daily", "compoundMonthly": "Compounded monthly",
    ]
    private static let frequencies = [
        "monthly": "Every month", "quarterly": "Every quarter", "yearly": "Every year", "annually": "Every year",
        "atMaturity": "At maturity", "maturity": "At maturity", "daily": "Every day",
    ]

    private static func notes(_ interest: JSONValue) -> [Fact] {
        var notes: [Fact] = []
        if let text = interest.text("calculation") { notes.append(Fact(name: "Interest", value: calculations[text] ?? words(text))) }
        if let text = interest.text("dayCount") { notes.append(Fact(name: "Day count", value: dayCounts[text] ?? words(text))) }
        if let text = interest.text("postingFrequency") { notes.append(Fact(name: "Paid", value: frequencies[text] ?? words(text))) }
        return notes
    }

    private static func terms(_ product: JSONValue, currency: String) -> [Fact] {
        var facts: [Fact] = []
        func add(_ name: String, money: String?) {
            if let money { facts.append(Fact(name: name, value: Formatting.money(money, currency, dropsZeroCents: true))) }
        }
        func add(_ name: String, from: String?, to: String?, unit: String) {
            switch (from, to) {
            case (let from?, let to?): facts.append(Fact(name: name, value: "\(from) to \(Formatting.grouped(to)) \(unit)"))
            case (let from?, nil): facts.append(Fact(name: name, value: "\(from) \(unit) or longer"))
            default: break
            }
        }
        let deposit = product.member("deposit") ?? .null
        let limits = product.member("limits") ?? .null
        add("Smallest amount", money: deposit.text("minAmount"))
        add("Largest amount", money: deposit.text("maxAmount"))
        add("Term", from: deposit.text("minTermDays"), to: deposit.text("maxTermDays"), unit: "days")
        add("Term", from: deposit.text("minTermMonths"), to: deposit.text("maxTermMonths"), unit: "months")
        add("Notice", from: deposit.text("minNoticeDays"), to: deposit.text("maxNoticeDays"), unit: "days")
        if let rate = deposit.text("earlyBreakPenaltyRate"), rate.contains(where: { ("1"..."9").contains($0) }) {
            let points = Formatting.percent(rate).replacing(" %", with: "")
            facts.append(Fact(name: "When ended early", value: "The rate is lowered by \(points) percentage points"))
        }
        add("Smallest balance", money: limits.text("minBalance"))
        add("Largest balance", money: limits.text("maxBalance"))
        add("Per transaction", money: limits.text("maxTransactionAmount"))
        add("Per day", money: limits.text("dailyAmount"))
        return facts
    }

    /// A fee of the product or of the tariff as one line.
    static func price(_ fee: JSONValue, currency: String) -> String {
        var parts: [String] = []
        if let amount = fee.text("amount") { parts.append(Formatting.money(amount, currency)) }
        if let percentage = fee.text("percentage") {
            var text = "\(Formatting.percent(percentage)) of the amount"
            if let minimum = fee.text("minAmount") { text += ", at least \(Formatting.money(minimum, currency))" }
            if let maximum = fee.text("maxAmount") { text += ", at most \(Formatting.money(maximum, currency))" }
            parts.append(text)
        }
        if parts.isEmpty, !fee.items("tiers").isEmpty { parts.append("By amount") }
        return parts.isEmpty ? "Free" : parts.joined(separator: " and ")
    }

    /// `monthlyMaintenance` as `Monthly maintenance`.
    static func words(_ name: String) -> String {
        var words = ""
        for character in name {
            if character.isUppercase { words += " " + character.lowercased() } else { words.append(character) }
        }
        return words.prefix(1).uppercased() + words.dropFirst()
    }
}

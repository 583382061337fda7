import HTTPEdge

/// Home, products, and the page of rates and fees: all from the catalogue in force.
struct CataloguePages: Sendable {
    let site: PublicSite

    struct Home {
        let products: [ProductFacts]
    }

    func home(_ request: PageRequest) async -> PageReply {
        let content = Home(products: await offered(request))
        let frame = site.frame(
            "Wekeza Bank: put something aside, and watch it grow",
            "Current accounts, savings and deposits with rates and fees in the open. Open an account from your phone.", request)
        return .html(site.views.page("home", content, frame: frame))
    }

    struct List {
        let products: [ProductFacts]
    }

    func list(_ request: PageRequest) async -> PageReply {
        let list = List(products: await offered(request))
        let frame = site.frame("Accounts and deposits", "Every account and deposit Wekeza Bank offers today, with its rate.", request)
        return .html(site.views.page("products", list, frame: frame))
    }

    func product(_ slug: String, _ request: PageRequest) async -> PageReply? {
        guard slug.utf8.count <= 20, slug.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else { return nil }
        let answer = await site.get("/api/products/\(slug.uppercased())", request)
        guard answer.isSuccess, answer.json.text("category") == "deposits", let product = ProductFacts(answer.json) else {
            return answer.status >= 500 ? site.unavailable(request) : nil
        }
        let frame = site.frame(product.name, product.description, request)
        return .html(site.views.page("product", product, frame: frame))
    }

    struct Rates {
        let asOf: String
        let asOfInput: String
        let fault: String?
        let products: [ProductFacts]
        let fees: [Fee]
        let exciseRate: String

        struct Fee {
            let name: String
            let currency: String
            let price: String
            let bands: [Band]
            let isExcisable: Bool
        }

        struct Band {
            let amounts: String
            let price: String
        }
    }

    func rates(_ request: PageRequest) async -> PageReply {
        let wanted = request.query["asOf"].flatMap { $0.isEmpty ? nil : $0 }
        var fault: String?
        var answer = await site.get("/api/products/tariff" + (wanted.map { "?asOf=\(Escaping.query($0))" } ?? ""), request)
        if answer.status == 422 {
            fault = answer.faults["asOf"] ?? "This is not a date we have rates for"
            answer = await site.get("/api/products/tariff", request)
        }
        guard answer.isSuccess else { return site.unavailable(request) }
        let currency = answer.json.text("currency") ?? "KES"
        let fees = answer.json.items("items").map { item in
            let currency = item.text("currency") ?? currency
            return Rates.Fee(
                name: item.text("name") ?? item.text("feeCode") ?? "", currency: currency,
                price: ProductFacts.price(item, currency: currency),
                bands: item.items("tiers").map { band(of: $0, currency: currency) }, isExcisable: item.flag("excisable"))
        }
        // The bank's own currency first: a phone shows a long way of the others.
        let ordered = fees.filter { $0.currency == currency } + fees.filter { $0.currency != currency }
        let asOf = answer.json.text("asOf") ?? ""
        let content = Rates(
            asOf: Formatting.date(asOf), asOfInput: fault == nil ? String(asOf.prefix(10)) : (wanted ?? ""), fault: fault,
            products: await offered(request).filter { !$0.tiers.isEmpty }, fees: ordered,
            exciseRate: Formatting.percent(answer.json.text("exciseRate") ?? "0"))
        let frame = site.frame(
            "Rates and fees", "Interest rates, fees and excise duty of Wekeza Bank, with the date they hold from.", request)
        return .html(site.views.page("rates", content, frame: frame), status: fault == nil ? 200 : 422)
    }

    private func band(of tier: JSONValue, currency: String) -> Rates.Band {
        let from = Formatting.grouped(tier.text("fromAmount") ?? "0", dropsZeroCents: true)
        let amounts = tier.text("toAmount").map { "\(from) to \(Formatting.grouped($0, dropsZeroCents: true))" } ?? "\(from) and more"
        let amount = tier.text("amount") ?? "0"
        let isFree = amount.allSatisfy { $0 == "0" || $0 == "." }
        return Rates.Band(amounts: amounts, price: isFree ? "Free" : Formatting.money(amount, currency))
    }

    /// Deposit products on offer; empty when the bank cannot say at the moment.
    func offered(_ request: PageRequest) async -> [ProductFacts] {
        let answer = await site.get("/api/products/deposits?limit=200", request)
        let products = answer.json.items("items").compactMap(ProductFacts.init)
        return products.sorted { (Self.rank(of: $0), $0.name) < (Self.rank(of: $1), $1.name) }
    }

    /// Everyday accounts first, then what binds money longer.
    private static let order = ["currentAccount", "savingsAccount", "fixedDeposit", "recurringDeposit", "termDeposit", "callDeposit"]

    private static func rank(of product: ProductFacts) -> Int {
        let rank = order.firstIndex(of: product.kind) ?? order.count
        return product.currency == "KES" ? rank : rank + order.count
    }
}

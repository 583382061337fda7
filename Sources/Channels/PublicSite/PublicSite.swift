import Foundation
import HTTPEdge
import Kernel

/// The public website: pages rendered here from what the API says, readable without scripts, forms that work without them.
public struct PublicSite: Sendable {
    let views: Views
    private var api: any BankAPI
    private let personalPort: Int
    private let clock: any WallClock

    /// - Throws: when a template is missing or broken
    public init(api: any BankAPI = ClosedBank(), assets: SiteAssets, personalPort: Int, clock: any WallClock) throws {
        views = try Views(assets: assets)
        self.api = api
        self.personalPort = personalPort
        self.clock = clock
    }

    /// The same site, asking the bank on behalf of one visitor.
    func asking(_ api: any BankAPI) -> PublicSite {
        var site = self
        site.api = api
        return site
    }

    /// - Returns: nil for paths that are the API's
    public func respond(to request: PageRequest) async -> PageReply? {
        let path = request.path.count > 1 && request.path.hasSuffix("/") ? String(request.path.dropLast()) : request.path
        if path == "/api" || path.hasPrefix("/api/") || path == "/openapi.json" || path.hasPrefix("/health") { return nil }
        switch request.method {
        case "GET", "HEAD": return await page(path, request)
        case "POST":
            guard request.comesFromOurPages else { return notFound(request, status: 403) }
            return await submission(path, request)
        default:
            var reply = notFound(request, status: 405)
            reply.headers.append(("Allow", "GET, HEAD, POST"))
            return reply
        }
    }

    private func page(_ path: String, _ request: PageRequest) async -> PageReply {
        let catalogue = CataloguePages(site: self)
        switch path {
        case "/": return await catalogue.home(request)
        case "/products": return await catalogue.list(request)
        case "/rates": return await catalogue.rates(request)
        case "/calculators": return await CalculatorPages(site: self).page(request)
        case "/branches": return await ContactPages(site: self).branches(request)
        case "/contact": return await ContactPages(site: self).contact(request)
        case "/about": return text("about", "About us", "Who Wekeza Bank is and how it keeps your money provable to the cent.", request)
        case "/security": return text("security", "Security", "How Wekeza protects your account, and what we never ask for.", request)
        case "/privacy": return text("privacy", "Privacy", "What Wekeza Bank knows about you, why, and your rights.", request)
        case "/terms": return text("terms", "Terms of use", "The terms on which Wekeza Bank opens and keeps accounts.", request)
        case "/robots.txt": return robots(request)
        case "/sitemap.xml": return await sitemap(request)
        default: break
        }
        if path == "/open-account" || path.hasPrefix("/open-account/") {
            return await OpenAccountPages(site: self).page(path, request) ?? notFound(request)
        }
        if path.hasPrefix("/products/") { return await catalogue.product(String(path.dropFirst(10)), request) ?? notFound(request) }
        return notFound(request)
    }

    private func submission(_ path: String, _ request: PageRequest) async -> PageReply {
        if path == "/contact" { return await ContactPages(site: self).contact(request) }
        return await OpenAccountPages(site: self).submission(path, request) ?? notFound(request)
    }

    // MARK: Pages without data

    private func text(_ template: String, _ title: String, _ description: String, _ request: PageRequest) -> PageReply {
        .html(views.page(template, 0, frame: frame(title, description, request)))
    }

    private struct Fault {
        let heading: String
        let text: String
    }

    func notFound(_ request: PageRequest, status: Int = 404) -> PageReply {
        let fault =
            status == 403
            ? Fault(
                heading: "This form came from elsewhere",
                text: "For your safety we accept forms from our own pages only. Please open the page again.")
            : Fault(heading: "There is nothing here", text: "The page may have moved, or the address has a slip in it.")
        return .html(views.page("fault", fault, frame: frame("Not found", "", request, isIndexed: false)), status: status)
    }

    /// What a visitor sees when the bank behind the site does not answer.
    func unavailable(_ request: PageRequest) -> PageReply {
        let fault = Fault(
            heading: "We cannot show this page at the moment", text: "Nothing is lost. Please try again in a minute.")
        var reply = PageReply.html(views.page("fault", fault, frame: frame("One moment", "", request, isIndexed: false)), status: 503)
        reply.headers.append(("Retry-After", "30"))
        return reply
    }

    private func robots(_ request: PageRequest) -> PageReply {
        let frame = frame("", "", request)
        return .plain(
            "User-agent: *\nDisallow: /open-account/\nDisallow: /api/\nSitemap: \(frame.origin)/sitemap.xml\n",
            contentType: "text/plain; charset=utf-8")
    }

    private func sitemap(_ request: PageRequest) async -> PageReply {
        let origin = frame("", "", request).origin
        let fixed = [
            "/", "/products", "/calculators", "/rates", "/branches", "/about", "/security", "/contact", "/open-account", "/privacy",
            "/terms",
        ]
        let products = await CataloguePages(site: self).offered(request).map(\.path)
        let entries = (fixed + products).map { "<url><loc>\(origin)\($0)</loc></url>" }.joined()
        return .plain(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\(entries)</urlset>",
            contentType: "application/xml; charset=utf-8")
    }

    // MARK: What pages share

    func frame(_ title: String, _ description: String, _ request: PageRequest, isIndexed: Bool = true) -> Frame {
        Frame(
            title: title, description: description, request: request, personalPort: personalPort,
            year: BusinessDate(of: clock.now()).year, isIndexed: isIndexed)
    }

    func get(_ uri: String, _ request: PageRequest) async -> BankAnswer {
        await api.send(BankRequest("GET", uri))
    }

    func post(_ uri: String, _ json: [UInt8], _ request: PageRequest, headers: [(name: String, value: String)] = []) async -> BankAnswer {
        await api.send(
            BankRequest("POST", uri, headers: [("Content-Type", "application/json")] + headers, body: json))
    }

    func send(_ bankRequest: BankRequest) async -> BankAnswer { await api.send(bankRequest) }

    /// One sentence that says what to do, for refusals that no field is to blame for.
    func message(for answer: BankAnswer) -> String {
        switch answer.status {
        case 429:
            let minutes = max(1, ((answer.retryAfterSeconds ?? 60) + 59) / 60)
            return "Too many attempts from here. Please try again in \(minutes) \(minutes == 1 ? "minute" : "minutes")."
        case 413: return "A file is larger than 10 MB. Please send a smaller one."
        case 500...: return "The bank does not answer at the moment. Nothing is lost; please try again in a minute."
        default: return answer.json.text("detail") ?? "This was not accepted. Please check what you entered."
        }
    }
}

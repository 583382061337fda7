import Application
import HTTPEdge
import Kernel

/// The catalogue, its maintenance, the fee guide and the reference rates (contract, section 11).
public struct ProductEndpoints: Sendable {
    private static let tag = "Products"
    private static let cacheSeconds = 30

    private let tariffs: TariffBookCache
    private let commands: CatalogueCommands
    private let businessDate: @Sendable () async throws -> BusinessDate

    public init(
        tariffs: TariffBookCache, commands: CatalogueCommands, businessDate: @escaping @Sendable () async throws -> BusinessDate
    ) {
        self.tariffs = tariffs
        self.commands = commands
        self.businessDate = businessDate
    }

    public var all: [Endpoint] {
        [
            list("catalog", nil, "Products on offer"), list("deposits", .deposits, "Deposit products on offer"),
            list("loans", .loans, "Loan products on offer"), list("cards", .cards, "Card products on offer"), tariff, referenceRates,
            setReferenceRate, product, versions, create, revise, activate, deactivate,
        ]
    }

    // MARK: Reading

    private func list(_ path: String, _ category: ProductCategory?, _ summary: String) -> Endpoint {
        Endpoint(
            .get, "/api/products/\(path)", summary: summary, tag: Self.tag, access: .everyone, query: CatalogueQuery.self,
            reply: Page<ProductView>.self, options: EndpointOptions(cacheSeconds: Self.cacheSeconds)
        ) { call in
            let (book, today) = (try await tariffs.current(), try await businessDate())
            let wanted = category ?? call.query.category
            let products = book.products(on: today).filter { product in
                product.isOffered(on: today) && wanted.map { product.category == $0 } ?? true
                    && call.query.currency.map { product.currencies.contains($0) } ?? true
                    && call.query.text.map { product.matches($0) } ?? true
            }
            let views = products.map { ProductView(product: $0, showsAccounting: false) }
            return Reply(try call.page(ofAll: views) { $0.product.code })
        }
    }

    private var product: Endpoint {
        Endpoint(
            .get, "/api/products/{productCode}", summary: "One product; staff see every state and the accounting", tag: Self.tag,
            access: .everyoneOrSignedIn, query: DateQuery.self, reply: ProductView.self, errors: ["product_not_found"]
        ) { call in
            let book = try await tariffs.current()
            let today = try await businessDate()
            let date = call.query.asOf ?? today
            let code = call.path("productCode")
            if call.context.principal?.roles.intersects(.staff) == true {
                guard let product = book.product(code, on: date) ?? (call.query.asOf == nil ? book.versions(of: code).first : nil) else {
                    throw Self.notFound
                }
                return Reply(ProductView(product: product, showsAccounting: true))
            }
            guard let product = book.product(code, on: date), product.status == .active else { throw Self.notFound }
            return Reply(ProductView(product: product, showsAccounting: false))
        }
    }

    private var versions: Endpoint {
        Endpoint(
            .get, "/api/products/{productCode}/versions", summary: "Every version, newest first", tag: Self.tag, access: .roles(.staff),
            query: PageQuery.self, reply: Page<ProductView>.self, errors: ["product_not_found"]
        ) { call in
            let versions = try await tariffs.current().versions(of: call.path("productCode"))
            guard !versions.isEmpty else { throw Self.notFound }
            let views = versions.map { ProductView(product: $0, showsAccounting: true) }
            return Reply(try call.page(ofAll: views) { String($0.product.version) })
        }
    }

    private var tariff: Endpoint {
        Endpoint(
            .get, "/api/products/tariff", summary: "Fee guide", tag: Self.tag, access: .everyone, query: DateQuery.self,
            reply: TariffView.self, options: EndpointOptions(cacheSeconds: Self.cacheSeconds)
        ) { call in
            let book = try await tariffs.current()
            let today = try await businessDate()
            let date = call.query.asOf ?? today
            let fees = book.products(on: date).filter { $0.isOffered(on: date) }.flatMap { product in
                product.terms.fees.map { TariffItemView($0, of: product) }
            }
            let items = book.fees.tariffs(on: date).map { TariffItemView($0) } + fees
            return Reply(
                TariffView(
                    asOf: date, items: items, exciseRate: book.fees.rate(of: .excise, on: date) ?? Rate(millionthsOfPercent: 0)))
        }
    }

    private var referenceRates: Endpoint {
        Endpoint(
            .get, "/api/products/reference-rates", summary: "Reference and policy rates with their history", tag: Self.tag,
            access: .everyone, query: PageQuery.self, reply: Page<ReferenceRateView>.self,
            options: EndpointOptions(cacheSeconds: Self.cacheSeconds)
        ) { call in
            let history = try await tariffs.current().referenceRateHistory
            let views = history.map { ReferenceRateView(rate: ReferenceRate(code: $0.code, rate: $0.rate, effectiveDate: $0.from)) }
            return Reply(try call.page(ofAll: views) { "\($0.rate.code) \($0.rate.effectiveDate)" })
        }
    }

    // MARK: Maintenance

    private var setReferenceRate: Endpoint {
        Endpoint(
            .post, "/api/products/reference-rates", summary: "Enter a reference rate from a day on", tag: Self.tag,
            access: .roles(RoleSet(.financeController)), body: ReferenceRateRequest.self, reply: ReferenceRateView.self, status: 201
        ) { call in
            Self.reply(
                try await commands.setReferenceRate(call.body.rate, context: call.context) { ReferenceRateView(rate: $0).json() })
        }
    }

    private static let authors = Access.roles(RoleSet(.productManager))
    private static let render: CatalogueCommands.Render = { ProductView(product: $0, showsAccounting: true).json() }

    private var create: Endpoint {
        Endpoint(
            .post, "/api/products", summary: "A new product, as a draft", tag: Self.tag, access: Self.authors, body: ProductRequest.self,
            reply: ProductView.self, status: 201, errors: ["tiers_invalid", "gl_account_not_found", "id_in_use"]
        ) { call in
            guard !call.body.draft.code.isEmpty else {
                throw Refusal.validation([.init("productCode", "required", "This field is required")])
            }
            return Self.reply(try await commands.create(call.body.draft, context: call.context, render: Self.render))
        }
    }

    private var revise: Endpoint {
        Endpoint(
            .put, "/api/products/{productCode}", summary: "A new draft version of a product", tag: Self.tag, access: Self.authors,
            body: ProductRequest.self, reply: ProductView.self,
            errors: ["product_not_found", "version_conflict", "tiers_invalid", "gl_account_not_found"]
        ) { call in
            guard let version = call.body.version else {
                throw Refusal.validation([.init("version", "required", "Send back the version that you have seen")])
            }
            var draft = call.body.draft
            draft.code = call.path("productCode")
            return Self.reply(
                try await commands.revise(
                    draft, version: Int32(version), context: call.context, render: Self.render))
        }
    }

    private var activate: Endpoint {
        Endpoint(
            .post, "/api/products/{productCode}/activate", summary: "Put the newest draft in force; not by its author", tag: Self.tag,
            access: .roles(RoleSet([.productManager, .financeController, .administrator])), body: ActivateRequest.self,
            reply: ProductView.self, errors: ["product_not_found", "maker_cannot_approve", "invalid_state"],
            options: EndpointOptions(allowsEmptyBody: true)
        ) { call in
            Self.reply(
                try await commands.activate(
                    call.path("productCode"), effectiveDate: call.body.effectiveDate, today: try await businessDate(),
                    context: call.context, render: Self.render))
        }
    }

    private var deactivate: Endpoint {
        Endpoint(
            .post, "/api/products/{productCode}/deactivate", summary: "No new contracts from now on", tag: Self.tag, access: Self.authors,
            body: DeactivateRequest.self, reply: ProductView.self, errors: ["product_not_found", "invalid_state"]
        ) { call in
            Self.reply(
                try await commands.deactivate(
                    call.path("productCode"), reason: call.body.reason, today: try await businessDate(), context: call.context,
                    render: Self.render))
        }
    }

    private static let notFound = Refusal.notFound("product_not_found", "There is no such product")

    private static func reply<Value: Representation>(_ reply: CommandReply) -> Reply<Value> {
        Reply(
            stored: EncodedReply(
                status: Int(reply.status), contentType: MediaType.json, body: reply.body,
                headers: reply.location.map { [ReplyHeader("Location", $0)] } ?? []),
            isReplay: reply.isReplay)
    }
}

extension Product {
    /// Whether a text is found in the code, the name or the description, in any case.
    fileprivate func matches(_ text: String) -> Bool {
        let wanted = text.lowercased()
        return [code, name, description].contains { $0.lowercased().contains(wanted) }
    }
}

import Application
import Kernel
import Postgres

/// Which numbers of the general ledger exist. Products asks, the ledger answers; neither knows the other.
public protocol GeneralLedgerCodes: Sendable {
    func existing(among numbers: [Int32]) async throws -> Set<Int32>
}

/// A version of a product as its author wants it.
public struct ProductDraft: Sendable, Equatable {
    public var code: String
    public var type: ProductType
    public var name: String
    public var description: String
    public var currencies: [Currency]
    public var terms: ProductTerms

    public init(code: String, type: ProductType, name: String, description: String, currencies: [Currency], terms: ProductTerms) {
        self.code = code
        self.type = type
        self.name = name
        self.description = description
        self.currencies = currencies
        self.terms = terms
    }

    /// The version that keeps this draft.
    func product(version: Int32, author: Identifier<User>?) -> Product {
        let segments = terms.eligibility.first { $0.ruleType == .segment && $0.isChoice }?.values
        let tier = terms.eligibility.first { $0.ruleType == .kycTier && $0.isLowerBound }.flatMap { Int16($0.value) }
        return Product(
            code: code, version: version, category: type.category, type: type, name: name, description: description,
            currencies: currencies, status: .draft, glNumber: terms.accounting?.principal,
            minimumBalance: terms.limits.minBalance.flatMap { amount in currencies.first.map { amount.minorUnits(in: $0) } } ?? 0,
            minimumKYCTier: min(3, max(0, tier ?? 1)),
            isForIndividuals: segments.map { $0.contains("retail") || $0.contains("affluent") } ?? true,
            isForOrganisations: segments.map { $0.contains("sme") || $0.contains("corporate") } ?? true, terms: terms, period: nil,
            authoredBy: author)
    }
}

/// The life of a product: draft, active, inactive, withdrawn. What an author wrote somebody else puts in force.
public struct CatalogueCommands: Sendable {
    public typealias Render = @Sendable (Product) -> [UInt8]

    private let pipeline: CommandPipeline
    private let tariffs: TariffBookCache
    private let codes: any GeneralLedgerCodes

    public init(pipeline: CommandPipeline, tariffs: TariffBookCache, codes: any GeneralLedgerCodes) {
        self.pipeline = pipeline
        self.tariffs = tariffs
        self.codes = codes
    }

    /// A new product, as a draft.
    /// - Throws: 422 `tiers_invalid`; 404 `gl_account_not_found`; 409 `id_in_use` when the code is taken
    public func create(_ draft: ProductDraft, context: RequestContext, render: @escaping Render) async throws -> CommandReply {
        try await check(draft)
        let product = draft.product(version: 1, author: context.principal?.userID)
        let reply = try await pipeline.run(context) { transaction in
            let taken = try transaction.query("SELECT 1 FROM products.product WHERE product_code = \(product.code)")
            guard taken.isEmpty else { throw Self.codeInUse }
            for statement in try TariffRows.insert(product) { _ = try transaction.execute(statement) }
            return CommandResult(
                status: 201, body: render(product), location: "/api/products/\(product.code)",
                audit: [Self.audit("products.create", product, context)])
        }
        tariffs.invalidate()
        return reply
    }

    /// A new draft version of a product; contracts keep the version under which they were made.
    /// - Parameter version: the newest version that the author knows
    /// - Throws: 404 `product_not_found`; 409 `version_conflict`, `invalid_state` for a withdrawn product; 422 `tiers_invalid`;
    ///   404 `gl_account_not_found`
    public func revise(
        _ draft: ProductDraft, version: Int32, context: RequestContext, render: @escaping Render
    ) async throws -> CommandReply {
        let known = try await tariffs.current().versions(of: draft.code)
        guard !known.isEmpty else { throw Self.notFound }
        try await check(draft)
        let reply = try await pipeline.run(context, isIdempotent: false) { transaction in
            let newest = try Self.newest(draft.code, in: transaction)
            guard newest.version == version else {
                throw Refusal(
                    .conflict, "version_conflict", "The product has changed in the meantime",
                    members: [.init("currentVersion", .integer(Int64(newest.version)))])
            }
            guard newest.type == draft.type.rawValue else {
                throw Refusal.validation([.init("type", "not_allowed", "A product keeps its type")])
            }
            let product = draft.product(version: version + 1, author: context.principal?.userID)
            for statement in try TariffRows.insert(product) { _ = try transaction.execute(statement) }
            return CommandResult(body: render(product), audit: [Self.audit("products.revise", product, context)])
        }
        tariffs.invalidate()
        return reply
    }

    /// Puts the newest draft in force from a day on, or offers an inactive product again.
    /// - Throws: 404 `product_not_found`; 403 `maker_cannot_approve`; 409 `invalid_state`; 422 `out_of_range` for a day that is over
    public func activate(
        _ code: String, effectiveDate: BusinessDate?, today: BusinessDate, context: RequestContext, render: @escaping Render
    ) async throws -> CommandReply {
        if let effectiveDate, effectiveDate < today {
            throw Refusal.validation([.init("effectiveDate", "in_past", "A version begins today or later")])
        }
        let date = effectiveDate ?? today
        let reply = try await pipeline.run(context, isIdempotent: false) { transaction in
            _ = try Self.newest(code, in: transaction)
            let versions = try TariffBookCache.read(in: transaction).versions(of: code)
            guard let candidate = versions.first(where: { $0.status == .draft }) ?? versions.first(where: { $0.status == .inactive })
            else {
                throw Refusal.invalidState(versions.first?.status.rawValue ?? "active", "There is nothing to activate")
            }
            if candidate.status == .draft, let author = candidate.authoredBy, author == context.principal?.userID {
                throw Refusal(.forbidden, "maker_cannot_approve", "Whoever wrote a version cannot put it in force")
            }
            for statement in Self.putInForce(candidate, from: date, among: versions, by: context.principal?.userID) {
                _ = try transaction.execute(statement)
            }
            guard let product = try TariffBookCache.read(in: transaction).product(code, version: candidate.version) else {
                throw Refusal.unavailable()
            }
            return CommandResult(
                body: render(product), audit: [Self.audit("products.activate", product, context, [("from", date.description)])])
        }
        tariffs.invalidate()
        return reply
    }

    /// No new contracts from now on; those there are go on.
    /// - Throws: 404 `product_not_found`; 409 `invalid_state` when it is not active
    public func deactivate(
        _ code: String, reason: String, today: BusinessDate, context: RequestContext, render: @escaping Render
    ) async throws -> CommandReply {
        let reply = try await pipeline.run(context, isIdempotent: false) { transaction in
            let newest = try Self.newest(code, in: transaction)
            let versions = try TariffBookCache.read(in: transaction).versions(of: code)
            guard
                let active = versions.first(where: { $0.status == .active && $0.inForce?.contains(today) == true })
                    ?? versions.first(where: { $0.status == .active })
            else {
                throw Refusal.invalidState(newest.status, "Only an active product can be deactivated")
            }
            // Later versions that were to begin by themselves do not, either.
            _ = try transaction.execute(
                "UPDATE products.product_version SET status = 'inactive' WHERE product_code = \(code) AND status = 'active'")
            guard let product = try TariffBookCache.read(in: transaction).product(code, version: active.version) else {
                throw Refusal.unavailable()
            }
            return CommandResult(
                body: render(product), audit: [Self.audit("products.deactivate", product, context, [("reason", reason)])])
        }
        tariffs.invalidate()
        return reply
    }

    /// A reference rate from a day on.
    /// - Throws: 422 `out_of_range` when a value that begins on that day or later has been entered
    public func setReferenceRate(
        _ rate: ReferenceRate, context: RequestContext, render: @escaping @Sendable (ReferenceRate) -> [UInt8]
    ) async throws -> CommandReply {
        let reply: CommandReply
        do {
            reply = try await pipeline.run(context) { transaction in
                let newest = try transaction.query(
                    "SELECT max(valid_from) FROM products.reference_rate WHERE rate_code = \(rate.code)"
                ).first?.dateOrNil(0)
                if let newest, newest >= rate.effectiveDate { throw Self.overtaken(newest) }
                _ = try transaction.execute(ReferenceRateRows.insert(rate, by: context.principal?.userID))
                return CommandResult(
                    status: 201, body: render(rate), location: "/api/products/reference-rates",
                    audit: [
                        AuditRecord(
                            action: "products.setReferenceRate", outcome: .success, actor: context.principal?.userID,
                            subjectType: "referenceRate", subjectID: rate.code, context: context,
                            detail: [("rate", rate.rate.description), ("from", rate.effectiveDate.description)])
                    ])
            }
        } catch let error as PostgresError where error.isUniqueViolation {
            throw Self.overtaken(rate.effectiveDate)
        }
        tariffs.invalidate()
        return reply
    }

    /// Replaces the gazetted holidays of a year. Those that the law fixes are computed and stay.
    public func setHolidays(
        _ holidays: [(date: BusinessDate, name: String)], year: Int, context: RequestContext
    ) async throws {
        _ = try await pipeline.run(context, isIdempotent: false) { transaction in
            guard let first = BusinessDate(year: year, month: 1, day: 1), let last = BusinessDate(year: year, month: 12, day: 31) else {
                throw Refusal.validation([.init("year", "out_of_range", "There is no such year")])
            }
            _ = try transaction.execute("DELETE FROM products.holiday WHERE holiday_date BETWEEN \(first) AND \(last)")
            _ = try transaction.execute(
                """
                INSERT INTO products.holiday (holiday_date, name)
                SELECT d, n FROM unnest(\(holidays.map(\.date))::date[], \(holidays.map(\.name))::text[]) AS u (d, n)
                """)
            return CommandResult(audit: [
                AuditRecord(
                    action: "products.setHolidays", outcome: .success, actor: context.principal?.userID, subjectType: "calendar",
                    subjectID: String(year), context: context,
                    detail: [("holidays", holidays.map(\.date.description).joined(separator: " "))])
            ])
        }
        tariffs.invalidate()
    }

    /// The gazetted holidays of a year, in order.
    public static func gazettedHolidays(
        year: Int, in transaction: Transaction
    ) throws -> [(date: BusinessDate, name: String)] {
        try transaction.query(
            """
            SELECT holiday_date, name FROM products.holiday WHERE extract(year FROM holiday_date) = \(Int32(year)) ORDER BY holiday_date
            """
        ).map { (try $0.date(0), try $0.text(1)) }
    }

    // MARK: Parts

    private func check(_ draft: ProductDraft) async throws {
        try TermRules.check(draft.terms)
        guard let accounting = draft.terms.accounting else { return }
        let existing = try await codes.existing(among: accounting.all.map(\.number))
        guard let unknown = accounting.all.first(where: { !existing.contains($0.number) }) else { return }
        throw Refusal(
            .notFound, "gl_account_not_found", "There is no general-ledger account \(unknown.number)",
            fields: [.init(unknown.field, "gl_account_not_found", "There is no such account")])
    }

    /// The newest version under a lock on all of them, so that two changes come one after the other.
    private static func newest(_ code: String, in transaction: Transaction) throws -> (version: Int32, type: String, status: String) {
        _ = try transaction.query("SELECT 1 FROM products.product_version WHERE product_code = \(code) FOR UPDATE")
        guard let row = try transaction.query("SELECT type FROM products.product WHERE product_code = \(code)").first else {
            throw notFound
        }
        let newest = try transaction.query(
            "SELECT version, status FROM products.product_version WHERE product_code = \(code) ORDER BY version DESC LIMIT 1"
        ).first
        guard let newest else { throw notFound }
        return (try newest.int32(0), try row.text(0), try newest.text(1))
    }

    /// Ends what was in force on the day, takes back what was to begin on it or later, and begins the version.
    private static func putInForce(
        _ product: Product, from date: BusinessDate, among versions: [Product], by user: Identifier<User>?
    ) -> [SQL] {
        if product.status == .inactive, let period = product.inForce, period.contains(date) {
            return [
                """
                UPDATE products.product_version SET status = 'active', activated_by = \(user)
                WHERE product_code = \(product.code) AND version = \(product.version)
                """
            ]
        }
        var statements: [SQL] = []
        for other in versions where other.version != product.version {
            guard let period = other.inForce else {
                if other.status == .draft, other.version < product.version {
                    statements.append(status("withdrawn", other))
                }
                continue
            }
            if period.validFrom >= date {
                statements.append(
                    """
                    UPDATE products.product_version SET status = 'withdrawn', valid_from = NULL, valid_to = NULL
                    WHERE product_code = \(other.code) AND version = \(other.version)
                    """)
            } else if period.validTo.map({ $0 > date }) ?? true {
                statements.append(
                    """
                    UPDATE products.product_version SET valid_to = \(date)
                    WHERE product_code = \(other.code) AND version = \(other.version)
                    """)
            }
        }
        statements.append(
            """
            UPDATE products.product_version SET status = 'active', valid_from = \(date), valid_to = NULL, activated_by = \(user)
            WHERE product_code = \(product.code) AND version = \(product.version)
            """)
        return statements
    }

    private static func status(_ status: String, _ product: Product) -> SQL {
        """
        UPDATE products.product_version SET status = \(status)
        WHERE product_code = \(product.code) AND version = \(product.version)
        """
    }

    private static let notFound = Refusal.notFound("product_not_found", "There is no such product")
    private static let codeInUse = Refusal(
        .conflict, "id_in_use", "A product has this code already",
        fields: [.init("productCode", "id_in_use", "A product has this code already")])

    private static func overtaken(_ newest: BusinessDate) -> Refusal {
        .validation([.init("effectiveDate", "out_of_range", "A value that begins on \(newest) has been entered already")])
    }

    private static func audit(
        _ action: String, _ product: Product, _ context: RequestContext, _ detail: [(String, String)] = []
    ) -> AuditRecord {
        AuditRecord(
            action: action, outcome: .success, actor: context.principal?.userID, subjectType: "product", subjectID: product.code,
            context: context, detail: [("version", String(product.version))] + detail)
    }
}

import Application
import Kernel
import Postgres

/// Changes of products, prices, taxes, limits and rates. A change never touches what was in force before its first day: it ends the
/// row in force there and adds one.
public struct ProductCommands: Sendable {
    private let pipeline: CommandPipeline
    private let identifiers: any IdentifierSource
    private let tariffs: TariffBookCache

    public init(pipeline: CommandPipeline, identifiers: any IdentifierSource, tariffs: TariffBookCache) {
        self.pipeline = pipeline
        self.identifiers = identifiers
        self.tariffs = tariffs
    }

    /// - Throws: 422 `out_of_range` when a row of the parameter begins on that day or later
    public func setLimit(_ parameter: LimitParameter, to amount: Money, from date: BusinessDate, context: RequestContext) async throws {
        guard amount.currency == .kes, !amount.isNegative else {
            throw Refusal.validation([.init("value", "out_of_range", "Limits are amounts of shillings")])
        }
        try await change(
            context, action: "products.setLimit", subject: parameter.rawValue, from: date, table: "limit_parameter",
            key: "key = \(parameter.rawValue)", detail: [("amount", amount.decimalString)]
        ) { _ in
            [
                """
                INSERT INTO products.limit_parameter (key, amount, currency, valid_from)
                VALUES (\(parameter.rawValue), \(amount.minorUnits), 'KES', \(date))
                """
            ]
        }
    }

    /// - Throws: 422 `out_of_range` when a rate of the currency begins on that day or later
    public func setMidRate(_ rate: MidRate, of currency: Currency, from date: BusinessDate, context: RequestContext) async throws {
        guard currency != .kes else {
            throw Refusal.validation([.init("currency", "not_allowed", "The shilling has no rate against itself")])
        }
        try await change(
            context, action: "products.setMidRate", subject: currency.code, from: date, table: "mid_rate",
            key: "currency = \(currency)::char(3)", detail: [("rate", rate.description)]
        ) { _ in
            [
                """
                INSERT INTO products.mid_rate (currency, rate_hundred_millionths, valid_from)
                VALUES (\(currency)::char(3), \(rate.hundredMillionths), \(date))
                """
            ]
        }
    }

    /// - Parameter source: the law or judgment that sets the rate
    /// - Throws: 422 `out_of_range` when a rate of the tax begins on that day or later
    public func setTaxRate(_ rate: Rate, of tax: Tax, from date: BusinessDate, source: String, context: RequestContext) async throws {
        guard (0...100_000_000).contains(rate.millionthsOfPercent) else {
            throw Refusal.validation([.init("rate", "out_of_range", "A tax is between 0 and 100 percent")])
        }
        try await change(
            context, action: "products.setTaxRate", subject: tax.rawValue, from: date, table: "tax_rate",
            key: "tax_code = \(tax.rawValue)", detail: [("rate", rate.description), ("source", source)]
        ) { _ in
            [
                """
                INSERT INTO products.tax_rate (tax_code, rate_millionths, source, valid_from)
                VALUES (\(tax.rawValue), \(rate.millionthsOfPercent), \(source), \(date))
                """
            ]
        }
    }

    /// Puts a price in force from a day on.
    /// - Throws: 422 `tiers_invalid`; 422 `out_of_range` when a price for the event and currency begins on that day or later
    public func publish(_ tariff: Tariff, from date: BusinessDate, context: RequestContext) async throws {
        try TariffRules.check(tariff.calculation)
        let id = identifiers.nextBits()
        try await change(
            context, action: "products.publishTariff", subject: "\(tariff.feeCode) \(tariff.currency.code)", from: date, table: "tariff",
            key: "applies_to = \(tariff.event.rawValue) AND currency = \(tariff.currency)::char(3)",
            detail: [("calculation", tariff.calculation.name)]
        ) { _ in TariffRows.insert(tariff, id: id, from: date) }
    }

    /// Ends the row that would overlap and adds the new one, both under a lock on the key's rows.
    private func change(
        _ context: RequestContext, action: String, subject: String, from date: BusinessDate, table: String, key: SQL,
        detail: [(String, String)], _ insert: @escaping @Sendable (Transaction) throws -> [SQL]
    ) async throws {
        let audit = AuditRecord(
            action: action, outcome: .success, actor: context.principal?.userID, subjectType: "parameter", subjectID: subject,
            context: context, detail: detail + [("validFrom", date.description)])
        do {
            _ = try await pipeline.run(context, isIdempotent: false) { transaction in
                // The lock first, by itself: only a statement begun after it sees what whoever held it before has added.
                _ = try transaction.query("SELECT 1 FROM products.\(raw: table) WHERE \(key) FOR UPDATE")
                let newest = try transaction.query("SELECT max(valid_from) FROM products.\(raw: table) WHERE \(key)")
                if let newest = try newest.first?.dateOrNil(0), newest >= date { throw Self.overtaken(newest) }
                _ = try transaction.execute(
                    "UPDATE products.\(raw: table) SET valid_to = \(date) WHERE \(key) AND (valid_to IS NULL OR valid_to > \(date))")
                for statement in try insert(transaction) { _ = try transaction.execute(statement) }
                return CommandResult(audit: [audit])
            }
        } catch let error as PostgresError where error.isUniqueViolation {
            // Two changes for one day met; the other one was first.
            throw Self.overtaken(date)
        }
        tariffs.invalidate()
    }

    private static func overtaken(_ newest: BusinessDate) -> Refusal {
        .validation([.init("effectiveDate", "out_of_range", "A value that begins on \(newest) has been entered already")])
    }
}

enum TariffRules {
    /// - Throws: 422 `tiers_invalid`
    static func check(_ calculation: FeeCalculation) throws(Refusal) {
        switch calculation {
        case .flat(let fee):
            guard fee >= 0 else { throw .rule("tiers_invalid", "A fee is not negative", field: "amount") }
        case .percentage(let rate, let minimum, let maximum):
            guard (0...100_000_000).contains(rate.millionthsOfPercent), minimum ?? 0 >= 0, maximum ?? 0 >= minimum ?? 0 || maximum == nil
            else { throw .rule("tiers_invalid", "A percentage is between 0 and 100 and its bounds are in order", field: "percentage") }
        case .tiered(let tiers):
            guard let last = tiers.last, last.upTo == nil else {
                throw .rule("tiers_invalid", "The last tier has no upper end", field: "tiers")
            }
            var previous: Int64 = 0
            for tier in tiers {
                guard tier.fee >= 0 else { throw .rule("tiers_invalid", "A fee is not negative", field: "tiers") }
                guard let upTo = tier.upTo else { continue }
                guard upTo > previous else { throw .rule("tiers_invalid", "Tiers grow and do not overlap", field: "tiers") }
                previous = upTo
            }
            guard tiers.dropLast().allSatisfy({ $0.upTo != nil }) else {
                throw .rule("tiers_invalid", "Only the last tier has no upper end", field: "tiers")
            }
        }
    }
}

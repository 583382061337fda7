import Application
import Kernel
import Postgres

/// The catalogue of the demonstration bank (contract, 2.2): products, a fee guide and rates. All of it is data that a bank replaces.
public struct DemonstrationProducts: Sendable {
    private let pipeline: CommandPipeline
    private let identifiers: any IdentifierSource
    private let tariffs: TariffBookCache

    public init(pipeline: CommandPipeline, identifiers: any IdentifierSource, tariffs: TariffBookCache) {
        self.pipeline = pipeline
        self.identifiers = identifiers
        self.tariffs = tariffs
    }

    /// Stores the catalogue once; a bank that has a product already is left as it is.
    public func seed(_ context: RequestContext) async throws {
        do {
            try await store(context)
        } catch let error as PostgresError where error.isUniqueViolation {
            // Another program seeds the same database at this moment and was first.
        }
        tariffs.invalidate()
    }

    private func store(_ context: RequestContext) async throws {
        let identifiers = identifiers
        _ = try await pipeline.run(context, isIdempotent: false) { transaction in
            guard try transaction.query("SELECT 1 FROM products.product LIMIT 1").isEmpty else { return CommandResult(audit: []) }
            var statements =
                try Self.products.flatMap { try TariffRows.insert($0) } + Self.referenceRates.map { ReferenceRateRows.insert($0) }
            for tariff in Self.transferTariffs {
                statements += TariffRows.insert(tariff, id: identifiers.nextBits(), from: Self.beginning)
            }
            for (code, before, now) in Self.midRates {
                guard let currency = Currency(code: code), let before = MidRate(before), let now = MidRate(now) else { continue }
                statements.append(TariffRows.insert(before, of: currency, EffectivePeriod(from: Self.beginning, to: Self.thisYear)))
                statements.append(TariffRows.insert(now, of: currency, EffectivePeriod(from: Self.thisYear)))
            }
            _ = try transaction.pipeline(statements)
            return CommandResult(audit: [
                AuditRecord(
                    action: "products.seed", outcome: .success, actor: nil, subjectType: "catalogue", subjectID: "demonstration",
                    context: context, detail: [("products", String(Self.products.count))])
            ])
        }
    }

    private static func day(_ year: Int, _ month: Int, _ day: Int) -> BusinessDate {
        guard let date = BusinessDate(year: year, month: month, day: day) else { preconditionFailure("no such day") }
        return date
    }

    /// Early enough for every posting that a bank may bring along.
    static let beginning = day(1990, 1, 1)
    static let thisYear = day(2026, 1, 1)

    static let foreignCurrencies: [Currency] = [.usd, .eur, .gbp, .czk, .ugx, .tzs, .rwf, .jpy]

    static let products: [Product] = DemonstrationTerms.products(beginning: beginning, foreign: foreignCurrencies)

    /// Reference rates of the demonstration bank, effective-dated.
    static let referenceRates: [ReferenceRate] = [
        ("CBR", "10.75", day(2025, 2, 5)), ("CBR", "9.25", day(2025, 10, 7)), ("CBR", "9", day(2025, 12, 9)),
        ("KESONIA", "9.2", day(2025, 9, 1)), ("KESONIA", "8.9", day(2026, 1, 1)),
    ].compactMap { code, percent, date in
        Rate(percent: percent).map { ReferenceRate(code: code, rate: $0, effectiveDate: date) }
    }

    /// Small transfers are free, larger ones cost a fixed sum by band, as banks in Kenya publish it. Amounts in minor units.
    static let transferTariffs: [Tariff] = {
        func banded(_ currency: Currency, _ tiers: [(upTo: Int64?, fee: Int64)]) -> Tariff {
            Tariff(
                feeCode: "TRF01", name: "Transfer inside the bank", event: .internalTransfer, currency: currency,
                calculation: .tiered(tiers.map { FeeTier(upTo: $0.upTo, fee: $0.fee) }))
        }
        func share(_ currency: Currency, _ percent: String, minimum: Int64, maximum: Int64) -> Tariff {
            guard let rate = Rate(percent: percent) else { preconditionFailure("\(percent) is no percentage") }
            return Tariff(
                feeCode: "TRF01", name: "Transfer inside the bank", event: .internalTransfer, currency: currency,
                calculation: .percentage(rate, minimum: minimum, maximum: maximum))
        }
        return [
            banded(.kes, [(50_000, 0), (500_000, 1_000), (2_000_000, 2_000), (10_000_000, 3_500), (nil, 5_000)]),
            share(.usd, "0.02", minimum: 10, maximum: 50),
            share(.eur, "0.02", minimum: 10, maximum: 50),
            share(.gbp, "0.02", minimum: 10, maximum: 40),
            banded(.czk, [(10_000, 0), (1_000_000, 200), (nil, 1_000)]),
            banded(.ugx, [(15_000, 0), (700_000, 600), (nil, 1_500)]),
            banded(.tzs, [(1_000_000, 0), (40_000_000, 40_000), (nil, 100_000)]),
            banded(.rwf, [(5_000, 0), (230_000, 200), (nil, 600)]),
            banded(.jpy, [(500, 0), (25_000, 20), (nil, 60)]),
        ]
    }()

    /// Shillings for one unit: before 2026, and since.
    static let midRates: [(String, String, String)] = [
        ("USD", "129.10", "129.25"), ("EUR", "145.90", "146.70"), ("GBP", "171.35", "170.60"), ("CZK", "5.98", "6.05"),
        ("UGX", "0.0352", "0.0354"), ("TZS", "0.0518", "0.0525"), ("RWF", "0.0894", "0.0890"), ("JPY", "0.8425", "0.8300"),
    ]
}

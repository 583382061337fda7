import Kernel
import Postgres

enum TariffRows {
    /// The statements that store a price with its tiers.
    static func insert(_ tariff: Tariff, id: UInt128, from date: BusinessDate) -> [SQL] {
        var amount: Int64?
        var percentage: Int64?
        var minimum: Int64?
        var maximum: Int64?
        var tiers: [FeeTier] = []
        switch tariff.calculation {
        case .flat(let fee): amount = fee
        case .percentage(let rate, let least, let most): (percentage, minimum, maximum) = (rate.millionthsOfPercent, least, most)
        case .tiered(let stored): tiers = stored
        }
        let header: SQL = """
            INSERT INTO products.tariff (id, fee_code, name, applies_to, currency, calculation, amount, percentage_millionths,
                minimum_amount, maximum_amount, is_excisable, valid_from)
            VALUES (\(id), \(tariff.feeCode), \(tariff.name), \(tariff.event.rawValue), \(tariff.currency)::char(3),
                \(tariff.calculation.name), \(amount), \(percentage), \(minimum), \(maximum), \(tariff.isExcisable), \(date))
            """
        guard !tiers.isEmpty else { return [header] }
        return [
            header,
            """
            INSERT INTO products.tariff_tier (tariff_id, up_to, fee)
            SELECT \(id), u, f FROM unnest(\(tiers.map(\.upTo))::bigint[], \(tiers.map(\.fee))::bigint[]) AS t (u, f)
            """,
        ]
    }

    static func insert(_ product: Product) throws -> [SQL] {
        let terms = try TermsText.write(product.terms)
        return [
            """
            INSERT INTO products.product (product_code, category, type)
            VALUES (\(product.code), \(product.category.rawValue), \(product.type.rawValue)) ON CONFLICT DO NOTHING
            """,
            """
            INSERT INTO products.product_version (product_code, version, name, description, currencies, status, gl_number,
                minimum_balance, minimum_kyc_tier, is_for_individuals, is_for_organisations, valid_from, valid_to, terms, authored_by)
            VALUES (\(product.code), \(product.version), \(product.name), \(product.description), \(product.currencies.map(\.code)),
                \(product.status.rawValue), \(product.glNumber), \(product.minimumBalance), \(product.minimumKYCTier),
                \(product.isForIndividuals), \(product.isForOrganisations), \(product.inForce?.validFrom), \(product.inForce?.validTo),
                \(terms)::jsonb, \(product.authoredBy))
            """,
        ]
    }

    static func insert(_ rate: MidRate, of currency: Currency, _ period: EffectivePeriod) -> SQL {
        """
        INSERT INTO products.mid_rate (currency, rate_hundred_millionths, valid_from, valid_to)
        VALUES (\(currency)::char(3), \(rate.hundredMillionths), \(period.validFrom), \(period.validTo))
        """
    }
}

import Kernel
import Postgres

/// Reads the whole book: some dozens of rows in one round trip.
enum TariffBookStore {
    static func load(in transaction: Transaction) throws -> TariffBook {
        let answers = try transaction.pipeline([
            """
            SELECT valid_from, valid_to, id, fee_code, name, applies_to, currency, calculation, amount, percentage_millionths,
                minimum_amount, maximum_amount, is_excisable
            FROM products.tariff
            """,
            "SELECT tariff_id, up_to, fee FROM products.tariff_tier ORDER BY tariff_id, up_to NULLS LAST",
            "SELECT valid_from, valid_to, tax_code, rate_millionths FROM products.tax_rate",
            """
            SELECT DISTINCT ON (key, valid_from) valid_from, valid_to, key, amount FROM (
                SELECT valid_from, valid_to, key, amount, 0 AS ordinal FROM products.limit_parameter
                UNION ALL SELECT valid_from, NULL, key, amount, ordinal FROM products.limit_change) limits
            ORDER BY key, valid_from, ordinal DESC
            """,
            "SELECT valid_from, valid_to, currency, rate_hundred_millionths FROM products.mid_rate",
            """
            SELECT v.valid_from, v.valid_to, p.product_code, p.category, p.type, v.version, v.name, v.description, v.currencies, v.status,
                v.gl_number, v.minimum_balance, v.minimum_kyc_tier, v.is_for_individuals, v.is_for_organisations, v.terms::text,
                v.authored_by
            FROM products.product p JOIN products.product_version v USING (product_code)
            """,
            "SELECT holiday_date FROM products.holiday",
            "SELECT rate_code, rate_millionths, valid_from FROM products.reference_rate",
        ])
        var tiers: [UInt128: [FeeTier]] = [:]
        for row in answers[1] {
            tiers[try row.uuid(0), default: []].append(FeeTier(upTo: try row.int64OrNil(1), fee: try row.int64(2)))
        }
        let tariffs = try answers[0].compactMap { row in
            try tariff(row, tiers: tiers[try row.uuid(2)] ?? []).map { (period: try period(row), tariff: $0) }
        }
        // Rows of a newer program's kinds are none of ours.
        let taxes = try answers[2].compactMap { row in
            try Tax(rawValue: row.text(2)).map { (period: try period(row), tax: $0, rate: Rate(millionthsOfPercent: try row.int64(3))) }
        }
        let limits = try answers[3].compactMap { row in
            try LimitParameter(rawValue: row.text(2)).map {
                (period: try period(row), parameter: $0, amount: Money(minorUnits: try row.int64(3), currency: .kes))
            }
        }
        let rates = try answers[4].map { row in
            (period: try period(row), currency: try row.currency(2), rate: MidRate(hundredMillionths: try row.int64(3)))
        }
        let gazetted = Set(try answers[6].map { try $0.date(0) })
        return TariffBook(
            fees: FeeSchedule(tariffs: tariffs, taxes: taxes), limits: limits, rates: rates, products: try answers[5].compactMap(product),
            calendar: HolidayCalendar.kenya(years: 2020...2060, gazetted: gazetted),
            referenceRates: try answers[7].map {
                (code: try $0.text(0), rate: Rate(millionthsOfPercent: try $0.int64(1)), from: try $0.date(2))
            })
    }

    static func period(_ row: Row) throws -> EffectivePeriod {
        EffectivePeriod(from: try row.date(0), to: try row.dateOrNil(1))
    }

    private static func tariff(_ row: Row, tiers: [FeeTier]) throws -> Tariff? {
        guard let event = FeeEvent(rawValue: try row.text(5)) else { return nil }
        let calculation: FeeCalculation
        switch try row.text(7) {
        case "flat": calculation = .flat(try row.int64(8))
        case "percentage":
            calculation = .percentage(
                Rate(millionthsOfPercent: try row.int64(9)), minimum: try row.int64OrNil(10), maximum: try row.int64OrNil(11))
        default: calculation = .tiered(tiers)
        }
        return Tariff(
            feeCode: try row.text(3), name: try row.text(4), event: event, currency: try row.currency(6), calculation: calculation,
            isExcisable: try row.bool(12))
    }

    private static func product(_ row: Row) throws -> Product? {
        guard let category = ProductCategory(rawValue: try row.text(3)), let type = ProductType(rawValue: try row.text(4)),
            let status = ProductStatus(rawValue: try row.text(9))
        else { return nil }
        return Product(
            code: try row.text(2), version: try row.int32(5), category: category, type: type, name: try row.text(6),
            description: try row.text(7), currencies: try row.textArray(8).compactMap { Currency(code: $0) }, status: status,
            glNumber: try row.int32OrNil(10), minimumBalance: try row.int64(11), minimumKYCTier: try row.int16(12),
            isForIndividuals: try row.bool(13), isForOrganisations: try row.bool(14), terms: try TermsText.read(try row.text(15)),
            period: try row.dateOrNil(0).map { EffectivePeriod(from: $0, to: try row.dateOrNil(1)) },
            authoredBy: try row.identifierOrNil(16))
    }
}

import Kernel
import Testing

@testable import Products

@Suite struct FeeScheduleTests {
    private static let statutory: [(EffectivePeriod, Tax, String)] = [
        (EffectivePeriod(from: day("2013-01-01"), to: day("2018-09-28")), .excise, "10"),
        (EffectivePeriod(from: day("2018-09-28"), to: day("2023-07-01")), .excise, "20"),
        (EffectivePeriod(from: day("2023-07-01"), to: day("2024-08-01")), .excise, "15"),
        (EffectivePeriod(from: day("2024-08-01"), to: day("2024-08-20")), .excise, "20"),
        (EffectivePeriod(from: day("2024-08-20")), .excise, "15"),
    ]

    private func schedule(_ tariffs: [Tariff]) throws -> FeeSchedule {
        FeeSchedule(
            tariffs: tariffs.map { (period: EffectivePeriod(from: day("1990-01-01")), tariff: $0) },
            taxes: try Self.statutory.map { (period: $0.0, tax: $0.1, rate: try #require(Rate(percent: $0.2))) })
    }

    private func tariff(_ calculation: FeeCalculation, _ currency: Currency = .kes, isExcisable: Bool = true) -> Tariff {
        Tariff(
            feeCode: "T", name: "Test", event: .internalTransfer, currency: currency, calculation: calculation, isExcisable: isExcisable)
    }

    private func kes(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: .kes) }

    /// The demonstration bank's fee guide, at both ends of every tier.
    @Test(
        arguments: [
            (1, 0, 0), (50_000, 0, 0), (50_001, 1_000, 150), (500_000, 1_000, 150), (500_001, 2_000, 300), (2_000_000, 2_000, 300),
            (2_000_001, 3_500, 525), (10_000_000, 3_500, 525), (10_000_001, 5_000, 750), (Int64(999_999_999_999_999), 5_000, 750),
        ] as [(Int64, Int64, Int64)])
    func demonstrationTiers(amount: Int64, fee: Int64, excise: Int64) throws {
        let quote = try schedule(DemonstrationProducts.transferTariffs).quote(.internalTransfer, amount: kes(amount), on: day("2026-03-02"))
        #expect(quote == FeeQuote(fee: kes(fee), excise: kes(excise)))
    }

    /// Domain facts, 1.3: on both sides of every change.
    @Test(
        arguments: [
            ("2012-12-31", 0), ("2013-01-01", 1_000), ("2018-09-27", 1_000), ("2018-09-28", 2_000), ("2023-06-30", 2_000),
            ("2023-07-01", 1_500), ("2024-07-31", 1_500), ("2024-08-01", 2_000), ("2024-08-19", 2_000), ("2024-08-20", 1_500),
            ("2026-11-23", 1_500),
        ] as [(String, Int64)])
    func exciseFollowsItsHistory(date: String, excise: Int64) throws {
        let quote = try schedule([tariff(.flat(10_000))]).quote(.internalTransfer, amount: kes(1), on: day(date))
        #expect(quote == FeeQuote(fee: kes(10_000), excise: kes(excise)))
    }

    /// A half goes up, once for the fee and once for the excise on the rounded fee.
    @Test(
        arguments: [
            // 0.5 % of 1.00 is half a cent; 15 % of 0.01 is nothing.
            (100, "0.5", 1, 0), (99, "0.5", 0, 0), (700, "0.5", 4, 1), (2_000, "0.5", 10, 2), (46_000, "0.5", 230, 35),
            (46_600, "0.5", 233, 35), (46_900, "0.5", 235, 35),
        ] as [(Int64, String, Int64, Int64)])
    func roundingIsHalfUp(amount: Int64, percent: String, fee: Int64, excise: Int64) throws {
        let rate = try #require(Rate(percent: percent))
        let quote = try schedule([tariff(.percentage(rate, minimum: nil, maximum: nil))])
            .quote(.internalTransfer, amount: kes(amount), on: day("2026-01-05"))
        #expect(quote == FeeQuote(fee: kes(fee), excise: kes(excise)))
    }

    @Test func percentageStaysWithinItsBounds() throws {
        let rate = try #require(Rate(percent: "1"))
        let fees = try schedule([tariff(.percentage(rate, minimum: 500, maximum: 10_000))])
        let quotes = try [1, 50_000, 60_000, 1_000_000, 100_000_000].map {
            try fees.quote(.internalTransfer, amount: kes($0), on: day("2026-01-05")).fee.minorUnits
        }
        #expect(quotes == [500, 500, 600, 10_000, 10_000])
    }

    @Test func ownAccountsOtherCurrenciesAndUntaxedFees() throws {
        let fees = try schedule([tariff(.flat(5_000), isExcisable: false)])
        let date = day("2026-01-05")
        #expect(
            try fees.quote(.internalTransfer, amount: kes(100), betweenOwnAccounts: true, on: date)
                == FeeQuote(fee: kes(0), excise: kes(0)))
        #expect(try fees.quote(.internalTransfer, amount: kes(100), on: date) == FeeQuote(fee: kes(5_000), excise: kes(0)))
        let dollars = try fees.quote(.internalTransfer, amount: Money(minorUnits: 100, currency: .usd), on: date)
        #expect(dollars == FeeQuote(fee: .zero(.usd), excise: .zero(.usd)))
    }

    @Test func priceChangesWithTheBusinessDate() throws {
        let old = tariff(.flat(1_000))
        let new = tariff(.flat(2_000))
        let fees = FeeSchedule(
            tariffs: [
                (EffectivePeriod(from: day("2026-04-01")), new), (EffectivePeriod(from: day("2025-01-01"), to: day("2026-04-01")), old),
            ], taxes: [])
        let quotes = try ["2024-12-31", "2025-01-01", "2026-03-31", "2026-04-01"].map {
            try fees.quote(.internalTransfer, amount: kes(1), on: day($0)).fee.minorUnits
        }
        #expect(quotes == [0, 1_000, 1_000, 2_000])
    }

    @Test func everyDemonstrationTariffIsSound() throws {
        for tariff in DemonstrationProducts.transferTariffs { try TariffRules.check(tariff.calculation) }
        #expect(Set(DemonstrationProducts.transferTariffs.map(\.currency)).isSuperset(of: DemonstrationProducts.foreignCurrencies))
    }

    @Test(arguments: [
        FeeCalculation.tiered([]), .tiered([FeeTier(upTo: 100, fee: 0)]),
        .tiered([FeeTier(upTo: 100, fee: 0), FeeTier(upTo: 100, fee: 5), FeeTier(upTo: nil, fee: 9)]),
        .tiered([FeeTier(upTo: nil, fee: 0), FeeTier(upTo: nil, fee: 5)]), .flat(-1),
        .percentage(Rate(millionthsOfPercent: 1_000_000), minimum: 10, maximum: 9),
    ])
    func unsoundTariffsAreRefused(calculation: FeeCalculation) {
        let refusal = #expect(throws: Refusal.self) { try TariffRules.check(calculation) }
        #expect(refusal?.code == "tiers_invalid")
    }
}

@Suite struct MidRateTests {
    @Test(
        arguments: [
            ("129.25", "USD", 100, 12_925), ("129.25", "USD", 1, 129), ("129.25", "USD", 2, 259), ("0.83", "JPY", 100, 8_300),
            ("0.0354", "UGX", 1, 4), ("0.0354", "UGX", 15_000, 53_100), ("0.005", "USD", 100, 1),
        ] as [(String, String, Int64, Int64)])
    func shillingsAreRoundedHalfUp(rate: String, code: String, amount: Int64, cents: Int64) throws {
        let rate = try #require(MidRate(rate))
        let currency = try #require(Currency(code: code))
        #expect(try rate.shillings(Money(minorUnits: amount, currency: currency), rounding: .halfUp).minorUnits == cents)
    }

    @Test func limitsInOtherCurrenciesAreRoundedDown() throws {
        let rate = try #require(MidRate("129.25"))
        let limit = try rate.foreign(Money(minorUnits: 25_000_000, currency: .kes), in: .usd, rounding: .down)
        #expect(limit.minorUnits == 193_423)
        let yen = try #require(MidRate("0.83"))
        #expect(try yen.foreign(Money(minorUnits: 100, currency: .kes), in: .jpy, rounding: .down).minorUnits == 1)
    }

    @Test(arguments: ["0", "0.000000001", "-1", "1e3", "", "10000000"])
    func impossibleRates(text: String) {
        #expect(MidRate(text) == nil)
    }

    @Test func description() {
        #expect(MidRate("129.25")?.description == "129.25")
        #expect(MidRate("0.0354")?.description == "0.0354")
        #expect(MidRate("7")?.description == "7")
    }
}

@Suite struct EffectivePeriodTests {
    @Test func periodsAreHalfOpen() {
        let period = EffectivePeriod(from: day("2024-08-01"), to: day("2024-08-20"))
        #expect(!period.contains(day("2024-07-31")))
        #expect(period.contains(day("2024-08-01")))
        #expect(period.contains(day("2024-08-19")))
        #expect(!period.contains(day("2024-08-20")))
        #expect(EffectivePeriod(from: day("2024-08-01")).contains(day("2999-01-01")))
    }
}

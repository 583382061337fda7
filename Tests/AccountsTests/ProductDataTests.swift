import Application
import Kernel
import Parties
import Postgres
import Products
import TestKit
import Testing

@Suite struct NumberBlockTests {
    /// Three processes, each with its own pool, take numbers of one space at the same time.
    @Test func processesNeverShareANumber() async throws {
        try await TestDatabase.withDatabase(migrations: [PlatformMigrations.all, PartiesMigrations.all]) { database in
            let clock = ManualClock(.startOfTests)
            let pools = (0..<3).map { _ in database.anotherPool(size: 2) }
            let processes = pools.map {
                NumberBlocks(pool: $0, clock: clock, table: "parties.number_block", blockSize: 7, greatestNumber: 999_999_999)
            }
            let numbers = try await withThrowingTaskGroup(of: Int64.self) { group in
                for index in 0..<300 { group.addTask { try await processes[index % 3].next(in: "a") } }
                return try await group.reduce(into: [Int64]()) { $0.append($1) }
            }
            #expect(Set(numbers).count == 300)
            #expect(numbers.allSatisfy { $0 >= 1 })

            // A process that starts anew goes on behind everything that was claimed, and another space has its own numbers.
            let next = NumberBlocks(pool: pools[0], clock: clock, table: "parties.number_block", blockSize: 7, greatestNumber: 999_999_999)
            let following = try await next.next(in: "a")
            #expect(following > (numbers.max() ?? 0))
            let other = try await next.next(in: "b")
            #expect(other == 1)
            for pool in pools { await pool.shutdown() }
        }
    }

    @Test func usedUpSpaceRefusesAndBlocksStayForGood() async throws {
        try await TestDatabase.withDatabase(migrations: [PlatformMigrations.all, PartiesMigrations.all]) { database in
            let clock = ManualClock(.startOfTests)
            let numbers = NumberBlocks(pool: database.pool, clock: clock, table: "parties.number_block", blockSize: 2, greatestNumber: 3)
            var taken: [Int64] = []
            for _ in 0..<3 { taken.append(try await numbers.next()) }
            #expect(taken == [1, 2, 3])
            let refused = try await refusal { try await numbers.next() }
            #expect(refused?.code == "temporarily_unavailable")
            for statement: SQL in ["DELETE FROM parties.number_block", "UPDATE parties.number_block SET last_number = 99"] {
                let error = await #expect(throws: PostgresError.self) {
                    try await database.pool.transaction { try $0.execute(statement) }
                }
                #expect(error?.sqlState == "42501")
            }
        }
    }
}

@Suite struct ProductDataTests {
    @Test func seedingTwiceSeedsOnce() async throws {
        try await TestBank.run { bank in
            let seed = DemonstrationProducts(pipeline: bank.pipeline, identifiers: bank.identifiers, tariffs: bank.tariffs)
            try await seed.seed(bank.context())
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await seed.seed(bank.context()) } }
                try await group.waitForAll()
            }
            let book = try await bank.tariffs.current()
            let today = BusinessDate(of: bank.clock.now())
            #expect(
                book.products(on: today).map(\.code) == [
                    "ALN01", "BLN01", "CALL01", "CUR01", "EQF01", "FCY01", "FD01", "MLN01", "PLN01", "RD01", "SAV01", "TD01",
                ])
            #expect(book.product("SAV01", on: today)?.glNumber == 2002)
            #expect(try book.limit(.customerDaily, on: today) == Money(minorUnits: 100_000_000, currency: .kes))
            #expect(try book.shillings(Money(minorUnits: 100, currency: .usd), on: today).minorUnits == 12_925)
            #expect(try book.shillings(Money(minorUnits: 100, currency: .usd), on: day("2025-12-31")).minorUnits == 12_910)
            #expect(book.fees.rate(of: .excise, on: day("2024-08-10")) == Rate(percent: "20"))
            #expect(book.fees.rate(of: .withholdingOnInterest, on: today) == Rate(percent: "15"))
        }
    }

    /// A row entered ahead takes effect with its day, on the very book that was read before.
    @Test func newValueActsFromItsFirstDayOn() async throws {
        try await TestBank.run { bank in
            let today = BusinessDate(of: bank.clock.now())
            let tomorrow = today.adding(days: 1)
            try await bank.products.setLimit(
                .customerPerTransfer, to: Money(minorUnits: 70_000_000, currency: .kes), from: tomorrow, context: bank.context())
            let book = try await bank.tariffs.current()
            #expect(try book.limit(.customerPerTransfer, on: today).minorUnits == 50_000_000)
            #expect(try book.limit(.customerPerTransfer, on: tomorrow).minorUnits == 70_000_000)
            #expect(try book.limit(.customerPerTransfer, on: tomorrow.adding(days: 400)).minorUnits == 70_000_000)

            // Nothing is slipped in before or onto a value that was entered.
            for date in [today, tomorrow] {
                let refused = try await refusal {
                    try await bank.products.setLimit(
                        .customerPerTransfer, to: Money(minorUnits: 1, currency: .kes), from: date, context: bank.context())
                }
                #expect(refused?.fields.map(\.code) == ["out_of_range"])
            }
        }
    }

    @Test func pricesRatesAndTaxesHaveSuccessors() async throws {
        try await TestBank.run { bank in
            let today = BusinessDate(of: bank.clock.now())
            let next = today.adding(days: 10)
            let rate = try #require(MidRate("131.5"))
            let excise = try #require(Rate(percent: "12.5"))
            try await bank.products.setMidRate(rate, of: .usd, from: next, context: bank.context())
            try await bank.products.setTaxRate(excise, of: .excise, from: next, source: "Finance Act", context: bank.context())
            try await bank.products.publish(
                Tariff(
                    feeCode: "TRF02", name: "New price", event: .internalTransfer, currency: .kes,
                    calculation: .tiered([FeeTier(upTo: 100, fee: 0), FeeTier(upTo: nil, fee: 10_000)])), from: next,
                context: bank.context())
            let book = try await bank.tariffs.current()
            let amount = Money(minorUnits: 100_000, currency: .kes)
            #expect(try book.quote(.internalTransfer, amount: amount, on: next.adding(days: -1)).fee.minorUnits == 1_000)
            let quote = try book.quote(.internalTransfer, amount: amount, on: next)
            #expect(quote.fee.minorUnits == 10_000 && quote.excise.minorUnits == 1_250)
            #expect(book.midRate(of: .usd, on: next) == rate)
            #expect(book.midRate(of: .usd, on: next.adding(days: -1)) == MidRate("129.25"))
        }
    }

    /// Twins that enter a value for one day: one is stored, the other is refused, and no period overlaps.
    @Test func twinChangesDoNotOverlap() async throws {
        try await TestBank.run { bank in
            let from = BusinessDate(of: bank.clock.now()).adding(days: 5)
            let outcomes = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 1...6 {
                    group.addTask {
                        try await refusal {
                            try await bank.products.setLimit(
                                .customerDaily, to: Money(minorUnits: Int64(index), currency: .kes), from: from, context: bank.context())
                        } == nil
                    }
                }
                return try await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            #expect(outcomes.count { $0 } == 1)
            let rows = try await bank.pool.read { transaction in
                try transaction.query(
                    "SELECT valid_from, valid_to FROM products.limit_parameter WHERE key = 'limits.customerDaily' ORDER BY valid_from"
                ).map { (try $0.date(0), try $0.dateOrNil(1)) }
            }
            #expect(rows.map(\.0) == [day("2000-01-01"), from])
            #expect(rows.map(\.1) == [from, nil])
        }
    }

    @Test func valuesOfThePastCannotBeRewritten() async throws {
        try await TestBank.run { bank in
            for statement: SQL in [
                "UPDATE products.tax_rate SET rate_millionths = 0", "DELETE FROM products.mid_rate",
                "UPDATE products.tariff SET name = 'x'",
            ] {
                let error = await #expect(throws: PostgresError.self) { try await bank.pool.transaction { try $0.execute(statement) } }
                #expect(error?.sqlState == "42501")
            }
        }
    }

    /// Another process learns of a change within seconds, without being told.
    @Test func otherProcessesReadTheBookAgain() async throws {
        try await TestBank.run { bank in
            let other = TariffBookCache(pool: bank.pool, clock: bank.clock, refreshSeconds: 3, maximumAgeSeconds: 3)
            let from = BusinessDate(of: bank.clock.now()).adding(days: 1)
            let before = try await other.current()
            try await bank.products.setLimit(
                .customerDaily, to: Money(minorUnits: 5, currency: .kes), from: from, context: bank.context())
            #expect(try before.limit(.customerDaily, on: from).minorUnits == 100_000_000)
            bank.clock.advance(seconds: 3)
            let after = try await other.current()
            #expect(try after.limit(.customerDaily, on: from).minorUnits == 5)
        }
    }
}

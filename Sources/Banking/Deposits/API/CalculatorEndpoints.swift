import HTTPEdge
import Interest
import Kernel
import Products

/// The calculators of deposits (contract, sections 12 and 30): stateless, and reckoned by the same rules as the contracts.
public struct CalculatorEndpoints: Sendable {
    private static let tag = "Calculators"

    private let tariffs: TariffBookCache
    private let businessDate: @Sendable () async throws -> BusinessDate

    public init(tariffs: TariffBookCache, businessDate: @escaping @Sendable () async throws -> BusinessDate) {
        self.tariffs = tariffs
        self.businessDate = businessDate
    }

    public var all: [Endpoint] { [dayCount, interest, maturity, fixedMaturity, recurringMaturity] }

    private static let options = EndpointOptions(isIdempotent: false)

    private var dayCount: Endpoint {
        Endpoint(
            .post, "/api/calculators/day-count", summary: "Days and part of a year between two dates", tag: Self.tag, access: .everyone,
            body: DayCountRequest.self, reply: DayCountView.self, options: Self.options
        ) { call in
            let body = call.body
            let days = body.convention.days(from: body.from, to: body.to, termination: body.termination)
            let years = body.convention.yearFraction(
                from: body.from, to: body.to, termination: body.termination, periodsPerYear: body.periodsPerYear)
            return Reply(DayCountView(days: days, yearFraction: years.decimal(decimals: 12)))
        }
    }

    private var interest: Endpoint {
        Endpoint(
            .post, "/api/calculators/interest", summary: "Interest on an amount", tag: Self.tag, access: .everyone,
            body: InterestCalculationRequest.self, reply: InterestCalculationView.self, errors: ["amount_out_of_range"],
            options: Self.options
        ) { call in
            let body = call.body
            let (interest, days) = try Self.checked { () throws(MoneyError) in
                if let days = body.days {
                    let interest = try InterestRule.interest(
                        on: body.amount, rate: body.rate, days: days, basis: body.dayCount.basis ?? 365, compounding: body.compounding)
                    return (interest, days)
                }
                let interest = try InterestRule.interest(
                    on: body.amount, rate: body.rate, from: body.from, to: body.to, dayCount: body.dayCount, compounding: body.compounding)
                return (interest, body.dayCount.days(from: body.from, to: body.to))
            }
            return Reply(InterestCalculationView(days: days, figures: try await figures(principal: body.amount, interest: interest)))
        }
    }

    private var maturity: Endpoint {
        Endpoint(
            .post, "/api/calculators/deposit-maturity", summary: "What a deposit pays at maturity", tag: Self.tag, access: .everyone,
            body: DepositMaturityRequest.self, reply: MaturityView.self, errors: ["amount_out_of_range"], options: Self.options
        ) { call in
            Reply(MaturityView(figures: try await figures(call.body.plan)))
        }
    }

    private var fixedMaturity: Endpoint {
        Endpoint(
            .get, "/api/deposits/fixed-deposits/calculate-maturity", summary: "What a fixed deposit pays at maturity", tag: Self.tag,
            access: .everyone, query: FixedMaturityQuery.self, reply: MaturityView.self, errors: ["amount_out_of_range"]
        ) { call in
            Reply(MaturityView(figures: try await figures(call.query.plan)))
        }
    }

    private var recurringMaturity: Endpoint {
        Endpoint(
            .get, "/api/deposits/recurring-deposits/calculate-maturity", summary: "What a recurring deposit pays at maturity",
            tag: Self.tag,
            access: .everyone, query: RecurringMaturityQuery.self, reply: MaturityView.self, errors: ["amount_out_of_range"]
        ) { call in
            Reply(MaturityView(figures: try await figures(call.query.plan)))
        }
    }

    private func figures(_ plan: DepositPlan) async throws -> MaturityFigures {
        switch plan {
        case .fixed(let amount, let rate, let days):
            return try await figures(principal: amount, interest: Self.fixedInterest(amount, rate, days: days))
        case .recurring(let installment, let rate, let months):
            let (sum, overflow) = installment.minorUnits.multipliedReportingOverflow(by: Int64(months))
            guard !overflow else { throw Self.tooLarge }
            let principal = Money(minorUnits: sum, currency: installment.currency)
            return try await figures(principal: principal, interest: Self.recurringInterest(installment, rate, months: months))
        }
    }

    private static func fixedInterest(_ amount: Money, _ rate: Rate, days: Int64) throws(Refusal) -> Money {
        let basis = DayCount.standard(for: amount.currency).basis ?? 365
        do throws(MoneyError) {
            return try InterestRule.interest(on: amount, rate: rate, days: days, basis: basis, compounding: .none)
        } catch {
            throw tooLarge
        }
    }

    private static func recurringInterest(_ installment: Money, _ rate: Rate, months: Int) throws(Refusal) -> Money {
        do throws(MoneyError) {
            return try InterestRule.recurringInterest(installment: installment, rate: rate, months: months)
        } catch {
            throw tooLarge
        }
    }

    private static let tooLarge = Refusal.rule("amount_out_of_range", "The figures are too large to be reckoned", field: "amount")

    private func figures(principal: Money, interest: Money) async throws -> MaturityFigures {
        let rate = DepositsWorkshop.taxRate(on: try await businessDate(), book: try await tariffs.current())
        return try Self.checked { () throws(MoneyError) in
            let tax = try WithholdingTax.of(interest, rate: rate)
            let net = try interest.subtracting(tax)
            return MaturityFigures(principal: principal, interest: interest, tax: tax, net: net, maturity: try principal.adding(net))
        }
    }

    private static func checked<Value>(_ body: () throws(MoneyError) -> Value) throws(Refusal) -> Value {
        do throws(MoneyError) {
            return try body()
        } catch {
            throw tooLarge
        }
    }
}

struct MaturityFigures: Sendable {
    let principal: Money
    let interest: Money
    let tax: Money
    let net: Money
    let maturity: Money
}

enum DepositPlan: Sendable {
    case fixed(Money, Rate, days: Int64)
    case recurring(Money, Rate, months: Int)
}

struct DayCountRequest: RequestBody {
    let from: BusinessDate
    let to: BusinessDate
    let convention: DayCount
    let termination: BusinessDate?
    let periodsPerYear: Int64

    init(from fields: inout Fields) {
        from = fields.date("from")
        to = fields.date("to")
        convention = fields.choice("convention", DayCount.self)
        termination = fields.optionalDate("terminationDate")
        let periods = fields.optionalInteger("periodsPerYear", 1...12) ?? 1
        if ![1, 2, 3, 4, 6, 12].contains(periods) {
            fields.fail("periodsPerYear", "out_of_range", "A period is a number of whole months: 1, 2, 3, 4, 6 or 12 a year")
        }
        if !fields.hasFaults, from > to { fields.fail("from", "out_of_range", "from is after to") }
        periodsPerYear = Int64(periods)
    }
}

struct DayCountView: Representation {
    static let schemaName = "DayCountFraction"
    static let example = DayCountView(days: 182, yearFraction: "0.498630136986")
    let days: Int64
    let yearFraction: String

    func write(to object: inout ObjectWriter) {
        object.integer("days", days)
        object.text("yearFraction", yearFraction)
    }
}

struct InterestCalculationRequest: RequestBody {
    let amount: Money
    let rate: Rate
    let from: BusinessDate
    let to: BusinessDate
    let days: Int64?
    let dayCount: DayCount
    let compounding: Compounding

    init(from fields: inout Fields) {
        amount = fields.money("amount", currency: "currency")
        rate = fields.rate("annualRate", 0...1_000)
        days = fields.optionalInteger("days", 0...36_600).map { Int64($0) }
        let start = fields.optionalDate("from")
        let end = fields.optionalDate("to")
        if days == nil {
            if start == nil { fields.requireOne(of: "from", "days") }
            if end == nil, !fields.isPresent("to"), start != nil { fields.requireOne(of: "to") }
        }
        from = start ?? BusinessDate(epochDay: 0)
        to = end ?? from
        if !fields.hasFaults, from > to { fields.fail("from", "out_of_range", "from is after to") }
        if !fields.hasFaults, to.days(since: from) > 36_600 { fields.fail("to", "out_of_range", "A century is long enough") }
        dayCount = fields.optionalChoice("dayCount", DayCount.self) ?? DayCount.standard(for: amount.currency)
        compounding = fields.optionalChoice("compounding", Compounding.self) ?? .none
    }
}

struct InterestCalculationView: Representation {
    static let schemaName = "InterestCalculationResult"
    static let example = InterestCalculationView(days: 90, figures: MaturityView.example.figures)
    let days: Int64
    let figures: MaturityFigures

    func write(to object: inout ObjectWriter) {
        object.integer("days", days)
        object.money("interestAmount", figures.interest)
        object.money("withholdingTax", figures.tax)
        object.money("netInterest", figures.net)
        object.money("maturityAmount", figures.maturity)
        object.currency("currency", figures.principal.currency)
    }
}

struct MaturityView: Representation {
    static let schemaName = "DepositMaturityResult"
    static let example = MaturityView(
        figures: MaturityFigures(
            principal: Money(minorUnits: 100_000_000, currency: .kes), interest: Money(minorUnits: 2_712_329, currency: .kes),
            tax: Money(minorUnits: 406_849, currency: .kes), net: Money(minorUnits: 2_305_480, currency: .kes),
            maturity: Money(minorUnits: 102_305_480, currency: .kes)))
    let figures: MaturityFigures

    func write(to object: inout ObjectWriter) {
        object.money("principalAmount", figures.principal)
        object.money("interestAmount", figures.interest)
        object.money("withholdingTax", figures.tax)
        object.money("netInterest", figures.net)
        object.money("maturityAmount", figures.maturity)
        object.currency("currency", figures.principal.currency)
    }
}

struct DepositMaturityRequest: RequestBody {
    let plan: DepositPlan

    init(from fields: inout Fields) {
        let currency = fields.optionalCurrency("currency") ?? .kes
        let rate = fields.rate("annualRate", 0...100)
        if fields.isPresent("monthlyInstallment") || fields.isPresent("tenureInMonths") {
            plan = .recurring(
                fields.amount("monthlyInstallment", in: currency), rate, months: fields.integer("tenureInMonths", 1...480))
        } else {
            plan = .fixed(fields.amount("amount", in: currency), rate, days: Int64(fields.integer("termInDays", 1...36_600)))
        }
    }
}

struct FixedMaturityQuery: QueryParameters {
    let plan: DepositPlan

    init(from fields: inout Fields) {
        let currency = fields.optionalCurrency("currency") ?? .kes
        plan = .fixed(
            fields.amount("principal", in: currency), fields.rate("rate", 0...100), days: Int64(fields.integer("days", 1...36_600)))
    }
}

struct RecurringMaturityQuery: QueryParameters {
    let plan: DepositPlan

    init(from fields: inout Fields) {
        let currency = fields.optionalCurrency("currency") ?? .kes
        plan = .recurring(
            fields.amount("monthlyInstallment", in: currency), fields.rate("rate", 0...100), months: fields.integer("months", 1...480))
    }
}

import HTTPEdge
import Kernel

struct StatementLineRepresentation: Representation {
    let line: StatementLine
    let amount: Money

    static let schemaName = "StatementLine"
    static let example = StatementLineRepresentation(
        line: StatementLine(code: ChartOfAccounts.vaultCash, name: "Vault cash", category: "cash", amount: 500_000_00),
        amount: Money(minorUnits: 500_000_00, currency: .kes))

    func write(to object: inout ObjectWriter) {
        object.text("glCode", line.code.description)
        object.text("glName", line.name)
        object.text("category", line.category)
        object.moneyAndCurrency(amount)
    }
}

struct StatementSectionRepresentation: Representation {
    let lines: [StatementLineRepresentation]
    let total: Money

    static let schemaName = "StatementSection"
    static let example = StatementSectionRepresentation(lines: [.example], total: StatementLineRepresentation.example.amount)

    private init(lines: [StatementLineRepresentation], total: Money) {
        self.lines = lines
        self.total = total
    }

    init(_ section: StatementSection, _ currency: Currency) throws {
        lines = try section.lines.map { StatementLineRepresentation(line: $0, amount: try moneyTotal($0.amount, currency)) }
        total = try moneyTotal(section.total, currency)
    }

    func write(to object: inout ObjectWriter) {
        object.array("lines", lines)
        object.moneyAndCurrency(total, amount: "total")
    }
}

/// One currency of the balance sheet.
struct CurrencySheetRepresentation: Representation {
    let assets: StatementSectionRepresentation
    let liabilities: StatementSectionRepresentation
    let equity: StatementSectionRepresentation
    let positions: StatementSectionRepresentation
    let currentResult: Money
    let totalLiabilitiesAndEquity: Money

    static let schemaName = "CurrencyBalanceSheet"
    static let example: CurrencySheetRepresentation = {
        func section(_ code: GLCode, _ name: String, _ category: String, _ amount: Int128) -> StatementSection {
            StatementSection(lines: [StatementLine(code: code, name: name, category: category, amount: amount)])
        }
        let sheet = BalanceSheet(
            currency: .kes, assets: section(ChartOfAccounts.vaultCash, "Vault cash", "cash", 500_000_00),
            liabilities: section(ChartOfAccounts.currentAccounts, "Current accounts", "deposits", 399_000_00),
            equity: section(ChartOfAccounts.capital, "Share capital", "capital", 100_000_00), positions: StatementSection(lines: []),
            currentResult: 1_000_00)
        guard let example = try? CurrencySheetRepresentation(sheet) else { preconditionFailure("the example's figures can be shown") }
        return example
    }()

    init(_ sheet: BalanceSheet) throws {
        assets = try StatementSectionRepresentation(sheet.assets, sheet.currency)
        liabilities = try StatementSectionRepresentation(sheet.liabilities, sheet.currency)
        equity = try StatementSectionRepresentation(sheet.equity, sheet.currency)
        positions = try StatementSectionRepresentation(sheet.positions, sheet.currency)
        currentResult = try moneyTotal(sheet.currentResult, sheet.currency)
        totalLiabilitiesAndEquity = try moneyTotal(sheet.totalLiabilitiesAndEquity, sheet.currency)
    }

    func write(to object: inout ObjectWriter) {
        object.currency("currency", assets.total.currency)
        object.object("assets", assets)
        object.object("liabilities", liabilities)
        object.object("equity", equity)
        object.object("positions", positions)
        object.money("totalAssets", assets.total)
        object.money("totalLiabilities", liabilities.total)
        object.money("totalEquity", equity.total)
        object.money("totalPositions", positions.total)
        object.money("currentResult", currentResult)
        object.money("totalLiabilitiesAndEquity", totalLiabilitiesAndEquity)
        object.boolean("balanced", assets.total == totalLiabilitiesAndEquity)
    }
}

struct ShillingEquivalentRepresentation: Representation {
    let totalAssets: Money
    let rates: [(currency: Currency, rate: String)]

    static let schemaName = "ShillingEquivalent"
    static let example = ShillingEquivalentRepresentation(
        totalAssets: Money(minorUnits: 500_000_00, currency: .kes), rates: [(.usd, "129.25")])

    func write(to object: inout ObjectWriter) {
        object.moneyAndCurrency(totalAssets, amount: "totalAssets")
        object.array("rates", rates.map { MidRateRepresentation(currency: $0.currency, rate: $0.rate) })
    }
}

struct MidRateRepresentation: Representation {
    let currency: Currency
    let rate: String

    static let schemaName = "AppliedMidRate"
    static let example = MidRateRepresentation(currency: .usd, rate: "129.25")

    func write(to object: inout ObjectWriter) {
        object.currency("currency", currency)
        object.text("midRate", rate)
    }
}

struct BalanceSheetRepresentation: Representation {
    let asOf: BusinessDate
    let businessDate: BusinessDate
    let sheets: [CurrencySheetRepresentation]
    let equivalent: ShillingEquivalentRepresentation?
    let generatedAt: Timestamp

    static let schemaName = "BalanceSheet"
    static let example = BalanceSheetRepresentation(
        asOf: BusinessDate(epochDay: 20_779), businessDate: BusinessDate(epochDay: 20_779), sheets: [.example], equivalent: .example,
        generatedAt: Timestamp(microseconds: 1_795_000_000_000_000))

    func write(to object: inout ObjectWriter) {
        object.date("asOf", asOf)
        object.date("businessDate", businessDate)
        object.array("currencies", sheets)
        object.optionalObject("kesEquivalent", equivalent)
        object.timestamp("generatedAt", generatedAt)
    }
}

/// One currency of the income statement.
struct CurrencyIncomeRepresentation: Representation {
    let income: StatementSectionRepresentation
    let expenses: StatementSectionRepresentation
    let netInterestIncome: Money
    let result: Money

    static let schemaName = "CurrencyIncomeStatement"
    static let example: CurrencyIncomeRepresentation = {
        func section(_ code: GLCode, _ name: String, _ amount: Int128) -> StatementSection {
            StatementSection(lines: [StatementLine(code: code, name: name, category: "interest", amount: amount)])
        }
        let statement = IncomeStatement(
            currency: .kes, income: section(ChartOfAccounts.interestIncome, "Interest income", 90_000_00),
            expenses: section(ChartOfAccounts.interestExpense, "Interest expense", 30_000_00))
        guard let example = try? CurrencyIncomeRepresentation(statement) else { preconditionFailure("the example's figures can be shown") }
        return example
    }()

    init(_ statement: IncomeStatement) throws {
        income = try StatementSectionRepresentation(statement.income, statement.currency)
        expenses = try StatementSectionRepresentation(statement.expenses, statement.currency)
        netInterestIncome = try moneyTotal(statement.netInterestIncome, statement.currency)
        result = try moneyTotal(statement.result, statement.currency)
    }

    func write(to object: inout ObjectWriter) {
        object.currency("currency", result.currency)
        object.object("income", income)
        object.object("expenses", expenses)
        object.money("totalIncome", income.total)
        object.money("totalExpenses", expenses.total)
        object.money("netInterestIncome", netInterestIncome)
        object.money("result", result)
    }
}

struct IncomeStatementRepresentation: Representation {
    let from: BusinessDate
    let to: BusinessDate
    let businessDate: BusinessDate
    let statements: [CurrencyIncomeRepresentation]
    let generatedAt: Timestamp

    static let schemaName = "IncomeStatement"
    static let example = IncomeStatementRepresentation(
        from: BusinessDate(epochDay: 20_454), to: BusinessDate(epochDay: 20_779), businessDate: BusinessDate(epochDay: 20_779),
        statements: [.example], generatedAt: Timestamp(microseconds: 1_795_000_000_000_000))

    func write(to object: inout ObjectWriter) {
        object.date("from", from)
        object.date("to", to)
        object.date("businessDate", businessDate)
        object.array("currencies", statements)
        object.timestamp("generatedAt", generatedAt)
    }
}

import Kernel
import Postgres

/// An account's part in a financial statement, in minor units, on the side where accounts of its type normally stand. An account that
/// stands on the other side (a loss allowance among assets) has a negative amount.
public struct StatementLine: Sendable, Equatable {
    public let code: GLCode
    public let name: String
    public let category: String
    public let amount: Int128

    public init(code: GLCode, name: String, category: String, amount: Int128) {
        self.code = code
        self.name = name
        self.category = category
        self.amount = amount
    }
}

/// The lines of one section with their sum.
public struct StatementSection: Sendable, Equatable {
    public let lines: [StatementLine]

    public var total: Int128 { lines.reduce(0) { $0 + $1.amount } }
}

/// What the bank owns and owes in one currency at the close of a day. Currencies are never added up.
public struct BalanceSheet: Sendable, Equatable {
    public let currency: Currency
    public let assets: StatementSection
    public let liabilities: StatementSection
    public let equity: StatementSection
    /// Net credit of the memorandum accounts: the open currency position, which is what keeps a currency in balance after a deal, and
    /// contingent items, which cancel out.
    public let positions: StatementSection
    /// Income less expenses that no closing of a year has taken to the reserves yet.
    public let currentResult: Int128

    public var totalLiabilitiesAndEquity: Int128 { liabilities.total + equity.total + currentResult + positions.total }
    public var isBalanced: Bool { assets.total == totalLiabilitiesAndEquity }
}

/// What was earned and spent in one currency over a period.
public struct IncomeStatement: Sendable, Equatable {
    public let currency: Currency
    public let income: StatementSection
    public let expenses: StatementSection

    public var result: Int128 { income.total - expenses.total }
    /// Interest earned less interest paid.
    public var netInterestIncome: Int128 {
        func interest(_ section: StatementSection) -> Int128 {
            section.lines.reduce(0) { $0 + ($1.category == "interest" ? $1.amount : 0) }
        }
        return interest(income) - interest(expenses)
    }
}

/// Statements from the totals that the trial balance is made of: the same figures, so they agree with it to the cent, and repeatable
/// for closed days because a journal's business date never changes.
extension GeneralLedger {
    /// - Returns: a sheet for every currency in which anything was ever posted, by code
    /// - Throws: 422 `out_of_range` for a day that is not open yet
    public func balanceSheet(
        asOf: BusinessDate? = nil, in transaction: Transaction
    ) throws -> (date: BusinessDate, sheets: [BalanceSheet]) {
        let open = try openDay(notBefore: asOf, field: "asOf", in: transaction)
        let sheets = try nets(from: nil, upTo: asOf, in: transaction).map { currency, nets in
            BalanceSheet(
                currency: currency, assets: Self.section("asset", nets), liabilities: Self.section("liability", nets),
                equity: Self.section("equity", nets), positions: Self.section("memorandum", nets),
                currentResult: Self.section("income", nets).total - Self.section("expense", nets).total)
        }
        return (asOf ?? open, sheets)
    }

    /// - Parameters:
    ///   - from: nil: the first day of the year in which the period ends
    ///   - to: nil: the open day
    /// - Throws: 422 `out_of_range` for a period that ends in the future or before it begins
    public func incomeStatement(
        from: BusinessDate? = nil, to: BusinessDate? = nil, in transaction: Transaction
    ) throws -> (from: BusinessDate, to: BusinessDate, statements: [IncomeStatement]) {
        let end = try to ?? openDay(notBefore: from, field: "from", in: transaction)
        _ = try openDay(notBefore: to, field: "to", in: transaction)
        let start = from ?? BusinessDate(year: end.year, month: 1, day: 1) ?? end
        let statements = try nets(from: start, upTo: end, in: transaction).compactMap { currency, nets -> IncomeStatement? in
            let statement = IncomeStatement(
                currency: currency, income: Self.section("income", nets), expenses: Self.section("expense", nets))
            return statement.income.lines.isEmpty && statement.expenses.lines.isEmpty ? nil : statement
        }
        return (start, end, statements)
    }

    private struct Net {
        let code: GLCode
        let name: String
        let type: String
        let category: String
        /// Credits less debits.
        let amount: Int128
    }

    private func openDay(notBefore date: BusinessDate?, field: String, in transaction: Transaction) throws -> BusinessDate {
        let open = try days.require(in: transaction)
        if let date, date > open { throw Refusal.validation([.init(field, "out_of_range", "The day lies in the future")]) }
        return open
    }

    private func nets(
        from: BusinessDate?, upTo date: BusinessDate?, in transaction: Transaction
    ) throws -> [(currency: Currency, nets: [Net])] {
        let rows = try transaction.query(
            """
            SELECT t.currency, t.gl_code, a.gl_name, a.account_type, a.category, t.credit - t.debit
            FROM (\(GLRows.totals(from: from, upTo: date))) AS t (gl_code, currency, debit, credit)
            JOIN ledger.gl_account a ON a.gl_code = t.gl_code ORDER BY t.currency, t.gl_code
            """)
        var nets: [(currency: Currency, nets: [Net])] = []
        for row in rows {
            let currency = try row.currency(0)
            if nets.last?.currency != currency { nets.append((currency, [])) }
            nets[nets.count - 1].nets.append(
                Net(
                    code: GLCode(try row.int32(1)), name: try row.text(2), type: try row.text(3), category: try row.text(4),
                    amount: try row.int128(5)))
        }
        return nets
    }

    private static func section(_ type: String, _ nets: [Net]) -> StatementSection {
        let isDebitNormal = type == "asset" || type == "expense"
        return StatementSection(
            lines: nets.filter { $0.type == type }.map {
                StatementLine(code: $0.code, name: $0.name, category: $0.category, amount: isDebitNormal ? -$0.amount : $0.amount)
            })
    }
}

import HTTPEdge
import Kernel
import Postgres

/// Values amounts in shillings at the bank's own rates. Implemented where rates are kept.
public protocol ShillingValuation: Sendable {
    /// The mid rate of each currency on a day, as decimal text; those without a rate are left out.
    func midRates(of currencies: [Currency], on date: BusinessDate) async throws -> [Currency: String]
    /// An amount in shillings at the day's mid rate; nil when there is no rate or the amount cannot be shown.
    func shillings(_ money: Money, on date: BusinessDate) async throws -> Money?
}

/// Balance sheet and income statement (contract, section 8, stage 2).
struct FinancialStatementEndpoints: Sendable {
    let pool: ConnectionPool
    let clock: any WallClock
    let ledger: GeneralLedger
    let valuation: (any ShillingValuation)?
    let access: Access
    let tag: String

    var all: [Endpoint] { [balanceSheet, incomeStatement] }

    private var balanceSheet: Endpoint {
        Endpoint(
            .get, "/api/generalledger/balance-sheet", summary: "Balance sheet by currency, now or at the close of a day", tag: tag,
            access: access, query: GeneralLedgerEndpoints.AsOfQuery.self, reply: BalanceSheetRepresentation.self,
            options: EndpointOptions(
                details: """
                    From the same entries as the trial balance. In every currency: totalAssets = totalLiabilities + totalEquity + \
                    currentResult + totalPositions (the open currency position, zero while nothing is traded). Amounts stand on the \
                    side where accounts of their kind normally stand, so an allowance is a negative asset. Currencies are never added \
                    up; kesEquivalent values the total at the mid rates of the day and is left out when a currency has no rate. The \
                    answer for a closed day never changes.
                    """)
        ) { call in
            let asOf = call.query.asOf
            let (open, date, sheets) = try await pool.snapshot(deadline: call.context.deadline) { transaction in
                let (date, sheets) = try ledger.balanceSheet(asOf: asOf, in: transaction)
                return (try ledger.days.require(in: transaction), date, sheets)
            }
            return Reply(
                BalanceSheetRepresentation(
                    asOf: date, businessDate: open, sheets: try sheets.map { try CurrencySheetRepresentation($0) },
                    equivalent: try await equivalent(of: sheets, on: date), generatedAt: clock.now()))
        }
    }

    private var incomeStatement: Endpoint {
        Endpoint(
            .get, "/api/generalledger/income-statement", summary: "Income and expenses of a period by currency", tag: tag,
            access: access, query: PeriodQuery.self, reply: IncomeStatementRepresentation.self,
            options: EndpointOptions(
                details: """
                    From the same entries as the trial balance: what was posted on the business dates from `from` to `to`, both included. \
                    Without `to` the period ends with the open day, without `from` it begins with the year in which it ends. \
                    result = totalIncome - totalExpenses in every currency; nothing is converted.
                    """)
        ) { call in
            let query = call.query
            let (open, found) = try await pool.snapshot(deadline: call.context.deadline) { transaction in
                let found = try ledger.incomeStatement(from: query.from, to: query.to, in: transaction)
                return (try ledger.days.require(in: transaction), found)
            }
            return Reply(
                IncomeStatementRepresentation(
                    from: found.from, to: found.to, businessDate: open,
                    statements: try found.statements.map { try CurrencyIncomeRepresentation($0) }, generatedAt: clock.now()))
        }
    }

    /// The total in shillings, only when every currency has its rate.
    private func equivalent(of sheets: [BalanceSheet], on date: BusinessDate) async throws -> ShillingEquivalentRepresentation? {
        guard let valuation, !sheets.isEmpty else { return nil }
        let foreign = sheets.map(\.currency).filter { $0 != .kes }
        let rates = try await valuation.midRates(of: foreign, on: date)
        guard rates.count == foreign.count else { return nil }
        var total: Int128 = 0
        for sheet in sheets {
            let assets = try moneyTotal(sheet.assets.total, sheet.currency)
            guard let value = try await valuation.shillings(assets, on: date) else { return nil }
            total += Int128(value.minorUnits)
        }
        return ShillingEquivalentRepresentation(
            totalAssets: try moneyTotal(total, .kes), rates: foreign.compactMap { currency in rates[currency].map { (currency, $0) } })
    }

    struct PeriodQuery: QueryParameters {
        let from: BusinessDate?
        let to: BusinessDate?

        init(from fields: inout Fields) { (from, to) = fields.optionalDates() }
    }
}

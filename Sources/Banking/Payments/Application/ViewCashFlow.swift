import Accounts
import Kernel
import Ledger
import Parties
import Postgres

/// What a customer earned and spent, period by period.
struct CashFlowReport: Sendable {
    struct Point: Sendable {
        let name: String
        let from: BusinessDate
        let to: BusinessDate
        let flow: CashFlow.Flow
        let closingBalance: Int64
    }

    struct Party: Sendable {
        let name: String
        let flow: CashFlow.Flow
    }

    let accountID: Identifier<Account>?
    let currency: Currency
    let points: [Point]
    let counterparties: [Party]
    let types: [(type: TransactionType, flow: CashFlow.Flow)]
}

enum CashFlowGranularity: String, Sendable, CaseIterable {
    case day, week, month
}

struct ViewCashFlow: Sendable {
    static let longestDays: Int32 = 366
    private static let shownCounterparties = 5
    private static let monthsByDefault = 6

    let queries: AccountQueries
    let directory: AccountDirectory
    let businessDay: BusinessDayCache
    let pool: ConnectionPool
    let reader: LedgerReader

    struct Question: Sendable {
        let account: String?
        let currency: Currency?
        let from: BusinessDate?
        let to: BusinessDate?
        let granularity: CashFlowGranularity
    }

    /// - Throws: 404 `account_not_found`; 422 `range_too_long`, `currency_mismatch`
    func view(_ question: Question, of customer: Identifier<Customer>, context: RequestContext) async throws -> CashFlowReport {
        let today = try await businessDay.current()
        let to = question.to ?? today
        let from = question.from ?? Self.firstOfMonth(to, monthsBefore: Self.monthsByDefault - 1)
        guard from <= to else {
            throw Refusal.validation([.init("from", "out_of_range", "from is after to")])
        }
        guard to.days(since: from) < Self.longestDays else {
            throw Refusal.rule("range_too_long", "A report covers at most \(Self.longestDays) days", field: "from")
        }
        let (accounts, currency) = try await accounts(question, of: customer)
        let periods = Self.periods(from: from, to: to, by: question.granularity)
        let (reader, ids) = (reader, accounts.map(\.id))
        let flow = try await pool.snapshot(deadline: context.deadline) { transaction in
            try reader.cashFlow(of: ids, periods: periods, counterpartyLimit: Self.shownCounterparties, in: transaction)
        }
        let known = try await directory.accounts(ids: flow.counterparties.map(\.account))
        var balance = flow.openingBalance
        let points = zip(periods, flow.periods).map { period, flow in
            balance += flow.inflow - flow.outflow
            return CashFlowReport.Point(
                name: Self.name(of: period, question.granularity), from: period.lowerBound, to: period.upperBound, flow: flow,
                closingBalance: balance)
        }
        return CashFlowReport(
            accountID: question.account == nil ? nil : ids.first, currency: currency, points: points,
            counterparties: flow.counterparties.compactMap { account, flow in
                // Whoever paid in is known by name in the history; whoever was only paid, as far as a look-up would have shown.
                known[account].map { .init(name: flow.inflow > 0 ? $0.name : PartyName.masked($0.name), flow: flow) }
            },
            types: flow.types)
    }

    /// One account, or all of one currency: shillings unless something else is asked for or nothing is held in shillings.
    private func accounts(
        _ question: Question, of customer: Identifier<Customer>
    ) async throws -> ([AccountIdentity], Currency) {
        if let reference = question.account {
            let account = try await queries.access.requireViewable(reference, by: .customer(customer))
            if let currency = question.currency, currency != account.currency {
                throw Refusal.rule("currency_mismatch", "The account is kept in \(account.currency.code)", field: "currency")
            }
            return ([account], account.currency)
        }
        let all = try await queries.accounts(of: customer).map(\.identity)
        let currency = question.currency ?? (all.contains { $0.currency == .kes } ? .kes : all.last?.currency ?? .kes)
        return (all.filter { $0.currency == currency }, currency)
    }

    // MARK: Periods

    static func periods(
        from: BusinessDate, to: BusinessDate, by granularity: CashFlowGranularity
    ) -> [ClosedRange<BusinessDate>] {
        var periods: [ClosedRange<BusinessDate>] = []
        var start = from
        while start <= to {
            let last: BusinessDate
            switch granularity {
            case .day: last = start
            case .week: last = start.adding(days: Int32(7 - start.weekday))
            case .month:
                // After December 9999 there is no month any more; the report ends there.
                let next = firstOfMonth(start, monthsBefore: -1)
                last = next > start ? next.adding(days: -1) : to
            }
            periods.append(start...min(last, to))
            start = last.adding(days: 1)
        }
        return periods
    }

    static func firstOfMonth(_ date: BusinessDate, monthsBefore: Int) -> BusinessDate {
        let months = date.year * 12 + date.month - 1 - monthsBefore
        guard let first = BusinessDate(year: months / 12, month: months % 12 + 1, day: 1) else { return date }
        return first
    }

    /// `2026-03` for a month, otherwise the first day of the period.
    private static func name(of period: ClosedRange<BusinessDate>, _ granularity: CashFlowGranularity) -> String {
        let first = period.lowerBound.description
        return granularity == .month ? String(first.prefix(7)) : first
    }
}

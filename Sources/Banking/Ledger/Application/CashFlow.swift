import Kernel
import Postgres

/// What came in and went out over some accounts of one currency, in minor units. Movements between the accounts themselves are neither,
/// so in every period inflow minus outflow is the change of what they hold together.
public struct CashFlow: Sendable, Equatable {
    public struct Flow: Sendable, Equatable {
        public let inflow: Int64
        public let outflow: Int64
        public let count: Int64

        public init(inflow: Int64, outflow: Int64, count: Int64) {
            self.inflow = inflow
            self.outflow = outflow
            self.count = count
        }
    }

    /// What the accounts held together when the first period began.
    public let openingBalance: Int64
    /// One for each period asked for, in the same order.
    public let periods: [Flow]
    public let types: [(type: TransactionType, flow: Flow)]
    /// The accounts on the other side with the most moved, the greatest first.
    public let counterparties: [(account: Identifier<Account>, flow: Flow)]

    public static func == (left: CashFlow, right: CashFlow) -> Bool {
        left.openingBalance == right.openingBalance && left.periods == right.periods
            && left.types.elementsEqual(right.types, by: ==) && left.counterparties.elementsEqual(right.counterparties, by: ==)
    }
}

extension LedgerReader {
    /// Adds up entries in the database, by period, type and counterparty in one pass over the accounts' own index.
    /// - Parameters:
    ///   - accounts: of one currency
    ///   - periods: business dates, both ends included, in order and without gaps
    public func cashFlow(
        of accounts: [Identifier<Account>], periods: [ClosedRange<BusinessDate>], counterpartyLimit: Int, in transaction: Transaction
    ) throws -> CashFlow {
        guard let first = periods.first else { return CashFlow(openingBalance: 0, periods: [], types: [], counterparties: []) }
        let never = Identifier<Journal>(bits: UInt128.max)
        let days = try transaction.query(
            """
            SELECT business_date, first_journal FROM ledger.business_day WHERE business_date >= \(first.lowerBound)
            ORDER BY business_date LIMIT 800
            """
        ).map { (date: try $0.date(0), first: try $0.identifier(1, as: Journal.self)) }
        func start(of date: BusinessDate) -> Identifier<Journal> { days.first { $0.date >= date }?.first ?? never }
        let starts = periods.map { start(of: $0.lowerBound) }
        let ends = periods.map { start(of: $0.upperBound.adding(days: 1)) }
        let rows = try transaction.query(
            """
            WITH moved AS (
                SELECT b.n, p.type, p.amount, (
                    SELECT s.account FROM unnest(p.line_ordinals, p.line_accounts) AS s (ordinal, account)
                    WHERE s.ordinal = p.ordinal AND s.account <> p.account
                        AND s.account <> '00000000-0000-0000-0000-000000000000' LIMIT 1) AS other
                FROM unnest(\(starts)::uuid[], \(ends)::uuid[]) WITH ORDINALITY AS b (first, last, n)
                CROSS JOIN LATERAL (
                    SELECT l.ordinal, l.type, l.account, l.amount, j.line_ordinals, j.line_accounts
                    FROM ledger.entry e JOIN ledger.journal j ON j.id = e.journal_id
                    CROSS JOIN LATERAL unnest(j.line_ordinals, j.line_types, j.line_accounts, j.line_amounts)
                        AS l (ordinal, type, account, amount)
                    WHERE e.account_id = ANY(\(accounts)::uuid[]) AND e.journal_id >= b.first AND e.journal_id < b.last
                        AND l.account = e.account_id) AS p
            )
            SELECT grouping(n, type, other), n, type, other, coalesce(sum(amount) FILTER (WHERE amount > 0), 0)::numeric,
                coalesce(-sum(amount) FILTER (WHERE amount < 0), 0)::numeric, count(*)
            FROM moved WHERE other IS NULL OR NOT other = ANY(\(accounts)::uuid[])
            GROUP BY GROUPING SETS ((n), (type), (other))
            """)
        var byPeriod = Array(repeating: CashFlow.Flow(inflow: 0, outflow: 0, count: 0), count: periods.count)
        var types: [(type: TransactionType, flow: CashFlow.Flow)] = []
        var others: [(account: Identifier<Account>, flow: CashFlow.Flow)] = []
        for row in rows {
            let flow = CashFlow.Flow(
                inflow: Int64(clamping: try row.int128(4)), outflow: Int64(clamping: try row.int128(5)), count: try row.int64(6))
            // A bit is set for every column that a group is not about.
            switch try row.int32(0) {
            case 0b011: byPeriod[Int(try row.int64(1)) - 1] = flow
            case 0b101:
                if let type = TransactionType(rawValue: try row.int16(2)) { types.append((type, flow)) }
            default:
                if let other = try row.identifierOrNil(3, as: Account.self) { others.append((other, flow)) }
            }
        }
        others.sort { ($0.flow.inflow + $0.flow.outflow, $0.account) > ($1.flow.inflow + $1.flow.outflow, $1.account) }
        types.sort { $0.type.rawValue < $1.type.rawValue }
        return CashFlow(
            openingBalance: try balance(of: accounts, before: starts[0], in: transaction), periods: byPeriod, types: types,
            counterparties: Array(others.prefix(counterpartyLimit)))
    }

    /// What accounts held together before a place in the journal.
    private func balance(
        of accounts: [Identifier<Account>], before boundary: Identifier<Journal>, in transaction: Transaction
    ) throws -> Int64 {
        let row = try transaction.query(
            """
            SELECT coalesce(sum(l.balance_after), 0)::numeric FROM unnest(\(accounts)::uuid[]) AS a (id)
            CROSS JOIN LATERAL (
                SELECT b.balance_after FROM (
                    SELECT journal_id FROM ledger.entry WHERE account_id = a.id AND journal_id < \(boundary)
                    ORDER BY journal_id DESC LIMIT 1) AS e
                JOIN ledger.journal j ON j.id = e.journal_id
                CROSS JOIN LATERAL unnest(j.line_accounts, j.line_balances) WITH ORDINALITY AS b (account, balance_after, number)
                WHERE b.account = a.id ORDER BY b.number DESC LIMIT 1) AS l
            """
        ).first
        return Int64(clamping: try row?.int128(0) ?? 0)
    }
}

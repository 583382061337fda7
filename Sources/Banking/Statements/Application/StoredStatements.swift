import Accounts
import Kernel
import Ledger
import Postgres

/// The figures of a monthly statement as they were when it was made. They never change; the entries that make them up do not either.
public struct StoredStatement: Sendable, Equatable {
    public let account: Identifier<Account>
    public let fromDate: BusinessDate
    public let toDate: BusinessDate
    public let number: String
    public let openingBalance: Money
    public let closingBalance: Money
    public let entryCount: Int64
    public let createdAt: Timestamp
}

/// Makes the monthly statements and lists them.
public struct StoredStatements: Sendable {
    private static let chunk = 500

    let pool: ConnectionPool
    let readers: ConnectionPool
    let queries: AccountQueries
    let reader: LedgerReader
    let clock: any WallClock

    /// Makes the statements of a month that is over, for every account that was open in it, a chunk at a time. What is made already is
    /// left alone, so a run that was interrupted goes on where it stopped and a second run does nothing.
    /// - Returns: how many were made
    /// - Throws: 422 `out_of_range` while the month is not over; `StatementFailure` when the books do not add up
    @discardableResult
    public func makeMonthly(year: Int, month: Int) async throws -> Int {
        guard let from = BusinessDate(year: year, month: month, day: 1),
            let next = month == 12 ? BusinessDate(year: year + 1, month: 1, day: 1) : BusinessDate(year: year, month: month + 1, day: 1)
        else { throw Refusal.validation([.init("month", "out_of_range", "There is no such month")]) }
        let (to, reader, now) = (next.adding(days: -1), reader, clock.now())
        guard try await readers.read({ try reader.businessDate(in: $0) }) > to else {
            throw Refusal.validation([.init("month", "out_of_range", "The month is not over")])
        }
        var made = 0
        var place: Identifier<Account>?
        while true {
            let after = place
            let (last, count) = try await pool.transaction { transaction in
                let accounts = try AccountHoldings().accounts(openedBy: to, after: after, limit: Self.chunk, in: transaction)
                let periods = try reader.periods(of: accounts.map(\.id), from: from, to: to, in: transaction)
                guard periods.allSatisfy(\.addsUp) else { throw StatementFailure("the figures of \(from) to \(to) do not add up") }
                let currencies = Dictionary(accounts.map { ($0.id, $0.currency) }, uniquingKeysWith: { first, _ in first })
                let count = try StatementStore.insert(periods, currencies, from: from, to: to, at: now, in: transaction)
                return (accounts.count < Self.chunk ? nil : accounts.last?.id, count)
            }
            made += count
            guard let last else { return made }
            place = last
        }
    }

    func list(
        of reference: String, viewer: AccountViewer, before: BusinessDate?, limit: Int, context: RequestContext
    ) async throws -> [StoredStatement] {
        let account = try await queries.account(reference, viewer: viewer)
        return try await readers.read(deadline: context.deadline) {
            try StatementStore.list(of: account.record.id, before: before, limit: limit, in: $0)
        }
    }
}

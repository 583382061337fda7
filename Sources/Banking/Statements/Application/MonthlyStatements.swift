import Accounts
import Application
import Kernel
import Ledger
import Postgres

/// Makes the statements of a month, at the close of the first day after it: only then every entry of the month is there.
///
/// The accounts are divided into ranges that several workers take, each range goes in small commits, and what is made is left alone: a run
/// that was interrupted goes on where it stopped, and a second one does nothing. A month that is complete is marked.
public struct MonthlyStatements: DayStep {
    private static let chunk = 500

    public let name = "monthlyStatements"
    let pool: ConnectionPool
    let readers: ConnectionPool
    let reader: LedgerReader
    let clock: any WallClock
    let partSize: Int

    /// Accounts after the first, up to and with the second; nil has no bound there.
    private struct AccountRange {
        let after: Identifier<Account>?
        let through: Identifier<Account>?

        var text: String { [after, through].map { $0?.description ?? "-" }.joined(separator: " ") }

        init(after: Identifier<Account>?, through: Identifier<Account>?) {
            self.after = after
            self.through = through
        }

        init?(_ text: String) {
            let ends = text.split(separator: " ")
            guard ends.count == 2 else { return nil }
            self.init(after: Identifier(ends[0]), through: Identifier(ends[1]))
        }
    }

    public func parts(on date: BusinessDate) async throws -> [String] {
        let (month, size) = (StatementMonth(before: date), partSize)
        let bounds = try await readers.read { transaction -> [Identifier<Account>]? in
            if try StatementStore.isCompleted(month, in: transaction) { return nil }
            return try AccountHoldings().bounds(every: size, in: transaction)
        }
        guard let bounds else { return [] }
        let ends = bounds.map(Optional.some) + [nil]
        return zip([nil] + bounds, ends).map { AccountRange(after: $0, through: $1).text }
    }

    public func run(_ part: String, on date: BusinessDate) async throws -> DayOutcome {
        guard let range = AccountRange(part) else { return DayOutcome() }
        let (month, reader, now) = (StatementMonth(before: date), reader, clock.now())
        var outcome = DayOutcome()
        var place = range.after
        while true {
            let after = place
            let (last, made) = try await pool.transaction { transaction in
                let accounts = try AccountHoldings().accounts(
                    openBetween: month.from, and: month.to, after: after, through: range.through, limit: Self.chunk, in: transaction)
                let periods = try reader.periods(of: accounts.map(\.id), from: month.from, to: month.to, in: transaction)
                guard periods.allSatisfy(\.addsUp) else {
                    throw StatementFailure("the figures of \(month.from) to \(month.to) do not add up")
                }
                let made = try StatementStore.insert(periods, accounts, month, at: now, in: transaction)
                return (accounts.count < Self.chunk ? nil : accounts.last?.id, made)
            }
            outcome.processed += Int64(made)
            guard let last else { return outcome }
            place = last
        }
    }

    public func finish(on date: BusinessDate) async throws {
        let (month, now) = (StatementMonth(before: date), clock.now())
        try await pool.transaction { try StatementStore.complete(month, at: now, in: $0) }
    }
}

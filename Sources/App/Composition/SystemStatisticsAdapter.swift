import Accounts
import Application
import HTTPEdge
import Identity
import Kernel
import Ledger
import Organisation
import Parties
import Postgres

/// Asks every room for its figures, all of one moment.
struct SystemStatisticsAdapter: Sendable {
    /// The ledger's own accounts for what customers have with the bank and what they owe it (contract, section 8).
    private static let deposits = (2001...2005).map { GLCode(Int32($0)) }
    private static let loans = [GLCode(1200)]

    let pool: ConnectionPool
    let outbox: OutboxDispatcher
    let clock: any WallClock

    var endpoints: [Endpoint] { SystemStatisticsEndpoint(read: read).all }

    private func read(_ context: RequestContext) async throws -> SystemStatistics {
        let (clock, pending) = (clock, try await outbox.pending())
        return try await pool.snapshot(deadline: context.deadline) { transaction in
            let (date, lines) = try GeneralLedger(clock: clock).trialBalance(in: transaction)
            let size = try transaction.query("SELECT pg_database_size(current_database())").first?.int64(0)
            return SystemStatistics(
                customers: try PartyDirectory().count(in: transaction), accounts: try AccountRegister.count(in: transaction),
                transactionsToday: try LedgerReader(clock: clock).journalCount(from: date, in: transaction),
                deposits: try Self.totals(lines, of: Self.deposits) { $0.credit - $0.debit },
                loans: try Self.totals(lines, of: Self.loans) { $0.debit - $0.credit },
                activeUsers: try UserContacts().activeUsers(in: transaction), branches: try Branches.count(in: transaction),
                databaseSizeBytes: size ?? 0, outboxPending: pending)
        }
    }

    /// - Throws: 503 when a total does not fit a reply
    private static func totals(
        _ lines: [TrialBalanceLine], of codes: [GLCode], net: (TrialBalanceLine) -> Int128
    ) throws -> [Money] {
        let sums = Dictionary(lines.filter { codes.contains($0.code) }.map { ($0.currency, net($0)) }, uniquingKeysWith: +)
        return try sums.sorted { $0.key.code < $1.key.code }.map { currency, total in
            guard let minorUnits = Int64(exactly: total) else { throw Refusal.unavailable("A total is larger than the API can show") }
            return Money(minorUnits: minorUnits, currency: currency)
        }
    }
}

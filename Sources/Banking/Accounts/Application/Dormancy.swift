import Application
import Kernel
import Ledger
import Postgres

/// Finds accounts that nobody uses any more: dormant after a year without a transaction of the holder, unclaimed after further years
/// (Unclaimed Financial Assets Act, section 8). An account is looked at when its time can have come, not every day.
public struct Dormancy: DayStep {
    /// What the bank does to an account by itself is no use of it.
    private static let customerTypes: [TransactionType] = [
        .transfer, .deposit, .withdrawal, .billPayment, .airtime, .mobileMoneyIn, .mobileMoneyOut, .externalPayment, .cardPayment,
        .cardRefund, .loanDisbursement, .loanRepayment, .fx, .opening,
    ]
    private static let pageSize: Int64 = 500

    public let name = "dormancy"
    private let pool: ConnectionPool
    private let changes: AccountStateCommands
    private let clock: any WallClock
    private let reader: LedgerReader
    private let dormantAfterDays: Int32
    private let unclaimedAfterDays: Int32

    public init(
        pool: ConnectionPool, changes: AccountStateCommands, clock: any WallClock, dormantAfterDays: Int32 = 365,
        unclaimedAfterDays: Int32 = 5 * 365
    ) {
        self.pool = pool
        self.changes = changes
        self.clock = clock
        self.dormantAfterDays = dormantAfterDays
        self.unclaimedAfterDays = unclaimedAfterDays
        reader = LedgerReader(clock: clock)
    }

    private struct Due: Sendable {
        let account: Identifier<Account>
        let isDormant: Bool
        let openedDate: BusinessDate
    }

    public func run(_ part: String, on date: BusinessDate) async throws -> DayOutcome {
        var outcome = DayOutcome()
        var last = Identifier<Account>(bits: 0)
        while true {
            let after = last
            let page = try await pool.read { transaction in
                try transaction.query(
                    """
                    SELECT id, status, opened_date FROM accounts.account
                    WHERE activity_check_date <= \(date) AND status IN ('active', 'dormant') AND account_type IN ('current', 'savings')
                        AND id > \(after) ORDER BY id LIMIT \(Self.pageSize)
                    """
                ).map { Due(account: try $0.identifier(0), isDormant: try $0.text(1) == "dormant", openedDate: try $0.date(2)) }
            }
            guard let end = page.last else { return outcome }
            for due in page {
                do {
                    if try await look(at: due, on: date) { outcome.processed += 1 }
                } catch let refusal as Refusal where refusal.kind != .unavailable {
                    outcome.exceptions.append(
                        DayException(entityType: "account", entityID: due.account.description, refusal: refusal))
                }
            }
            last = end.account
        }
    }

    /// - Returns: whether the account's state changed
    private func look(at due: Due, on date: BusinessDate) async throws -> Bool {
        let reader = reader
        let used = try await pool.read { transaction in
            try reader.entries(of: [due.account], filter: EntryFilter(types: Self.customerTypes), limit: 1, in: transaction).first?
                .businessDate
        }
        let last = max(used ?? due.openedDate, due.openedDate)
        let idleDays = date.days(since: last)
        if due.isDormant {
            let isUnclaimed = idleDays >= unclaimedAfterDays
            try await schedule(due.account, next: isUnclaimed ? nil : last.adding(days: unclaimedAfterDays), isUnclaimed: isUnclaimed)
            return isUnclaimed
        }
        guard idleDays >= dormantAfterDays else {
            try await schedule(due.account, next: last.adding(days: dormantAfterDays), isUnclaimed: false)
            return false
        }
        let context = RequestContext.system(.batch, at: clock.now(), idempotencyKey: "dormancy/\(due.account)")
        try await changes.markDormant(due.account, reason: "No transaction since \(last)", context: context)
        try await schedule(due.account, next: last.adding(days: unclaimedAfterDays), isUnclaimed: false, dormantSince: date)
        return true
    }

    private func schedule(
        _ account: Identifier<Account>, next: BusinessDate?, isUnclaimed: Bool, dormantSince: BusinessDate? = nil
    ) async throws {
        _ = try await pool.transaction { transaction in
            try transaction.execute(
                """
                UPDATE accounts.account SET activity_check_date = \(next), is_unclaimed = is_unclaimed OR \(isUnclaimed),
                    dormant_since = coalesce(\(dormantSince)::date, dormant_since)
                WHERE id = \(account)
                """)
        }
    }
}

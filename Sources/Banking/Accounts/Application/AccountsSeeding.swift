import Application
import Kernel
import Ledger
import Postgres

/// Opens accounts and brings in their first money by the commands a bank would use, each under a key of its own, so that seeding twice
/// does everything once.
public struct AccountsSeeding: Sendable {
    private let opening: AccountOpening
    private let changes: AccountStateCommands
    private let engine: PostingEngine
    private let pool: ConnectionPool
    private let clock: any WallClock

    public init(
        opening: AccountOpening, changes: AccountStateCommands, engine: PostingEngine, pool: ConnectionPool, clock: any WallClock
    ) {
        self.opening = opening
        self.changes = changes
        self.engine = engine
        self.pool = pool
        self.clock = clock
    }

    /// Opens an account, an organisation's too, and approves it.
    /// - Parameter key: names this account in every run, such as `customer1/current`
    public func open(_ order: OpeningOrder, key: String) async throws -> Identifier<Account> {
        let context = RequestContext.system(at: clock.now(), idempotencyKey: "seed/account/\(key)")
        guard let id = try await opening.openAll([order], context: context).first else { throw Refusal.unavailable() }
        guard order.kind == .business else { return id }
        let state = try await pool.read { try LedgerAccounts().state(of: id, in: $0) }
        if state?.status == .pendingApproval {
            try await changes.approveOpening(id, reason: "Opened with the bank", context: context)
        }
        return id
    }

    /// Books the money an account begins with, against cash (1001) unless told otherwise.
    public func bookOpeningBalance(
        _ amount: Money, on account: Identifier<Account>, against contra: GLCode = GLCode(1001), key: String
    ) async throws {
        precondition(amount.isPositive, "an opening balance is an amount")
        let context = RequestContext.system(at: clock.now(), idempotencyKey: "seed/opening/\(key)")
        let draft = JournalDraft(
            kind: .opening, type: .opening, referencePrefix: "OPN", sourceType: "openingBalance", sourceID: account.bits,
            narration: "Opening balance",
            legs: [
                Leg(.generalLedger(contra), amount: -amount.minorUnits, currency: amount.currency, type: .opening),
                Leg(.account(account), amount: amount.minorUnits, currency: amount.currency, type: .opening),
            ])
        _ = try await engine.post(
            PostingUnit(
                commands: [.journal(draft)], context: context, idempotency: IdempotencyKey(context),
                audit: AuditRecord(
                    action: "accounts.bookOpeningBalance", outcome: .success, actor: nil, subjectType: "account",
                    subjectID: account.description, context: context,
                    detail: [("amount", amount.decimalString), ("currency", amount.currency.code)])))
    }
}

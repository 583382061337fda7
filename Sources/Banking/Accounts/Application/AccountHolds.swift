import Application
import Kernel
import Ledger
import Postgres

/// Amounts that the bank sets aside on an account (contract, section 6): placed and released through the posting engine, so that no
/// payment slips in between.
public struct AccountHolds: Sendable {
    private let pool: ConnectionPool
    private let engine: PostingEngine
    private let clock: any WallClock
    private let identifiers: any IdentifierSource
    private let directory: AccountDirectory
    private let reader: LedgerReader

    /// - Parameter pool: for reading
    public init(
        pool: ConnectionPool, engine: PostingEngine, clock: any WallClock, identifiers: any IdentifierSource, directory: AccountDirectory
    ) {
        self.pool = pool
        self.engine = engine
        self.clock = clock
        self.identifiers = identifiers
        self.directory = directory
        reader = LedgerReader(clock: clock)
    }

    /// A page of an account's holds, newest first, ended ones too.
    /// - Throws: 404 `account_not_found`
    func list(
        _ reference: String, status: HoldStatus?, limit: Int, before: Identifier<Hold>?, context: RequestContext
    ) async throws -> [HoldState] {
        let account = try await directory.require(reference)
        let reader = reader
        return try await pool.read(deadline: context.deadline) {
            try reader.holds(of: account.id, status: status, limit: limit, before: before, in: $0)
        }
    }

    struct Order: Sendable {
        let amount: Money
        let reason: String
        let expiresAt: Timestamp?
    }

    /// Sets an amount aside. What is not available cannot be set aside.
    /// - Returns: the hold as it was placed, and whether that had been done before under the same key
    /// - Throws: 404 `account_not_found`; 422 `in_past` on `expiresAt`, and the refusals of a debit: the account's state,
    ///   `currency_mismatch`, `customer_blocked`, `kyc_required`, `insufficient_funds`
    func place(_ order: Order, on reference: String, context: RequestContext) async throws -> (hold: HoldState, isReplay: Bool) {
        let account = try await directory.require(reference)
        let id = identifiers.next(Hold.self)
        let receipt = try await engine.post(
            PostingUnit(
                commands: [
                    .placeHold(
                        HoldDraft(
                            id: id, account: account.id, amount: order.amount.minorUnits, currency: order.amount.currency,
                            reason: order.reason, expiresAt: order.expiresAt))
                ], context: context, idempotency: IdempotencyKey(context),
                audit: record("accounts.placeHold", account, context, hold: id, [("reason", order.reason)])))
        guard let hold = receipt.holds.first else { throw Refusal.unavailable() }
        return (hold, receipt.isReplay)
    }

    /// Gives what is still set aside back.
    /// - Throws: 404 `account_not_found`, `not_found` for a hold that is not on this account; 409 `invalid_state` for one that has ended
    func release(_ id: Identifier<Hold>, on reference: String, context: RequestContext) async throws {
        let account = try await directory.require(reference)
        let reader = reader
        let hold = try await pool.read(deadline: context.deadline) { try reader.hold(id, in: $0) }
        guard let hold, hold.account == account.id else { throw Refusal.notFound("not_found", "The account has no such hold") }
        _ = try await engine.post(
            PostingUnit(
                commands: [.releaseHold(id)], context: context, idempotency: nil,
                audit: record("accounts.releaseHold", account, context, hold: id, [])))
    }

    private func record(
        _ action: String, _ account: AccountIdentity, _ context: RequestContext, hold: Identifier<Hold>, _ detail: [(String, String)]
    ) -> AuditRecord {
        AuditRecord(
            action: action, outcome: .success, actor: context.principal?.userID, subjectType: "account",
            subjectID: account.id.description, context: context,
            detail: [("accountNumber", account.number), ("holdId", hold.description)] + detail)
    }
}

import Application
import Kernel
import Ledger
import Postgres
import Products

/// What has to be paid and taxed before an account is closed (contract, section 6): steps for the unit that closes it, and rows for its
/// commit.
public struct SettledInterest: Sendable {
    public let commands: [LedgerCommand]
    public let companions: [SQL]

    public init(commands: [LedgerCommand], companions: [SQL]) {
        self.commands = commands
        self.companions = companions
    }
}

/// Whoever keeps the interest of accounts. The composition root connects it.
public protocol InterestSettlement: Sendable {
    /// Nil when nothing has accrued.
    func settlement(of account: Identifier<Account>, context: RequestContext) async throws -> SettledInterest?
    /// Interest earned and not yet posted; zero for an account that bears none.
    func accrued(on account: Identifier<Account>, currency: Currency) async throws -> Money
}

/// Closes accounts through the posting engine, which moves what is left and closes in one commit.
public struct AccountClosing: Sendable {
    /// Written by the engine in the commit that closes; `AccountClosing.handler` copies the closing into this room's tables.
    public static let event = "accounts.accountClosed"

    private let pool: ConnectionPool
    private let engine: PostingEngine
    private let clock: any WallClock
    private let directory: AccountDirectory
    private let identifiers: any IdentifierSource
    private let interest: (any InterestSettlement)?

    public init(
        pool: ConnectionPool, engine: PostingEngine, clock: any WallClock, identifiers: any IdentifierSource, directory: AccountDirectory,
        interest: (any InterestSettlement)? = nil
    ) {
        self.interest = interest
        self.pool = pool
        self.engine = engine
        self.clock = clock
        self.identifiers = identifiers
        self.directory = directory
    }

    /// Closes an account for good.
    /// - Parameters:
    ///   - reference: identifier or number
    ///   - transferTo: number of the account that takes the balance
    /// - Returns: the closed account, and whether this had been done before under the same key
    /// - Throws: 404 `account_not_found`, `destination_not_found` (missing, or another customer's); 422 `same_account`,
    ///   `currency_mismatch`; 409 `invalid_state`; 422 `balance_not_zero`, `holds_exist`, and the refusals of the destination
    public func close(
        _ reference: String, transferTo: String?, reason: String, context: RequestContext
    ) async throws -> (account: AccountIdentity, isReplay: Bool) {
        let account = try await directory.require(reference)
        guard account.accountType.isTransactional else {
            throw Refusal.invalidState("active", "A deposit's account is closed with its contract")
        }
        let destination = try await destination(transferTo, for: account)
        let now = clock.now()
        let settlement = try await interest?.settlement(of: account.id, context: context)
        let unit = PostingUnit(
            commands: (settlement?.commands ?? []) + [
                .sweepAndClose(
                    account.id, to: destination?.id,
                    JournalDraftTemplate(referencePrefix: "CLS", sourceType: "accountClosing", narration: "Balance of a closed account"))
            ],
            context: context, idempotency: IdempotencyKey(context),
            audit: AuditRecord(
                action: "accounts.close", outcome: .success, actor: context.principal?.userID, subjectType: "account",
                subjectID: account.id.description, context: context,
                detail: [("accountNumber", account.number), ("reason", reason)] + (destination.map { [("transferTo", $0.number)] } ?? [])),
            events: [
                DomainEvent(name: Self.event, subject: account.id.bits, occurredAt: now, payload: [])
            ], companions: settlement?.companions ?? [])
        let receipt = try await engine.post(unit)

        // The closing stands in the books. What follows is this room's copy of it: the event would bring it too, but the caller wants
        // to see it now.
        let (clock, changeID) = (clock, identifiers.nextBits())
        try await pool.transaction { transaction in
            try Self.copyClosing(of: account.id, clock: clock, in: transaction)
            _ = try transaction.execute(
                StateChangeStore.record(
                    .close, of: account.id, scope: nil, reason: reason, by: context.principal?.userID, id: changeID, at: now))
        }
        return (account, receipt.isReplay)
    }

    /// Marks the account closed in this room when the process that closed it did not live to do so.
    public static func handler(clock: any WallClock) -> OutboxDispatcher.Handler {
        { event, transaction in try copyClosing(of: Identifier(bits: event.subject), clock: clock, in: transaction) }
    }

    private static func copyClosing(of id: Identifier<Account>, clock: any WallClock, in transaction: Transaction) throws {
        let date = try LedgerReader(clock: clock).businessDate(in: transaction)
        _ = try transaction.execute(StateChangeStore.copyClosing(of: id, on: date))
    }

    private func destination(_ number: String?, for account: AccountIdentity) async throws -> AccountIdentity? {
        guard let number else { return nil }
        let field = "transferToAccountNumber"
        guard let destination = try await directory.account(number: number), destination.customerID == account.customerID else {
            throw Refusal(
                .notFound, "destination_not_found", "The customer has no such account",
                fields: [.init(field, "destination_not_found", "The customer has no such account")])
        }
        guard destination.id != account.id else {
            throw Refusal.rule("same_account", "The balance must go to another account", field: field)
        }
        guard destination.currency == account.currency else {
            throw Refusal.rule("currency_mismatch", "The accounts are kept in different currencies", field: field)
        }
        return destination
    }
}

import Application
import Kernel
import Ledger
import Parties
import Postgres
import Products

/// Changes of an account's state: each takes the row lock of the posting engine, so it is in force for the next posting, and each is
/// recorded with its reason in the same commit.
public struct AccountStateCommands: Sendable {
    public typealias Render = @Sendable (AccountDetails) -> CommandAnswer

    private let pipeline: CommandPipeline
    private let clock: any WallClock
    private let identifiers: any IdentifierSource
    private let directory: AccountDirectory
    private let tariffs: TariffBookCache
    private let ledger = LedgerAccounts()

    public init(
        pipeline: CommandPipeline, clock: any WallClock, identifiers: any IdentifierSource, directory: AccountDirectory,
        tariffs: TariffBookCache
    ) {
        self.pipeline = pipeline
        self.clock = clock
        self.identifiers = identifiers
        self.directory = directory
        self.tariffs = tariffs
    }

    /// active → frozen
    /// - Parameter reference: identifier or number
    /// - Throws: 404 `account_not_found`; 409 `invalid_state`
    public func freeze(
        _ reference: String, scope: FreezeScope, reason: String, context: RequestContext, render: @escaping Render
    ) async throws -> CommandReply {
        let ledger = ledger
        return try await change(.freeze, reference, scope: scope, reason: reason, context, render) { id, transaction in
            try ledger.freeze(id, scope: scope, in: transaction)
        }
    }

    /// frozen → active, by somebody else than who froze it
    /// - Throws: 404 `account_not_found`; 409 `invalid_state`; 403 `four_eyes_required`
    public func unfreeze(
        _ reference: String, reason: String, context: RequestContext, render: @escaping Render
    ) async throws -> CommandReply {
        let ledger = ledger
        return try await change(.unfreeze, reference, reason: reason, context, render) { id, transaction in
            let state = try ledger.unfreeze(id, in: transaction)
            let author = try StateChangeStore.lastAuthor(of: .freeze, on: id, in: transaction)
            if let author, author == context.principal?.userID {
                throw Refusal(.forbidden, "four_eyes_required", "Whoever froze an account cannot unfreeze it")
            }
            return state
        }
    }

    /// dormant → active
    /// - Throws: 404 `account_not_found`; 409 `invalid_state`
    public func reactivate(
        _ reference: String, reason: String, context: RequestContext, render: @escaping Render
    ) async throws -> CommandReply {
        let ledger = ledger
        return try await change(.reactivate, reference, reason: reason, context, render) { id, transaction in
            try ledger.reactivate(id, in: transaction)
        }
    }

    /// active → dormant, by the close of day
    /// - Throws: 404 `account_not_found`; 409 `invalid_state`
    public func markDormant(_ id: Identifier<Account>, reason: String, context: RequestContext) async throws {
        let ledger = ledger
        _ = try await change(.markDormant, id.description, reason: reason, context, Self.silent) { id, transaction in
            try ledger.markDormant(id, in: transaction)
        }
    }

    /// pendingApproval → active, by somebody else than who asked for it
    /// - Throws: 404 `account_not_found`; 409 `invalid_state`; 403 `maker_cannot_approve`
    public func approveOpening(_ id: Identifier<Account>, reason: String, context: RequestContext) async throws {
        let ledger = ledger
        _ = try await change(.approve, id.description, reason: reason, context, Self.silent) { id, transaction in
            let state = try ledger.activate(id, in: transaction)
            try Self.refuseMaker(of: id, context, in: transaction)
            return state
        }
    }

    /// pendingApproval → rejected
    /// - Throws: 404 `account_not_found`; 409 `invalid_state`; 403 `maker_cannot_approve`
    public func rejectOpening(_ id: Identifier<Account>, reason: String, context: RequestContext) async throws {
        let ledger = ledger
        _ = try await change(.reject, id.description, reason: reason, context, Self.silent) { id, transaction in
            let state = try ledger.reject(id, in: transaction)
            try Self.refuseMaker(of: id, context, in: transaction)
            return state
        }
    }

    private static let silent: Render = { _ in CommandAnswer(body: []) }

    private static func refuseMaker(of id: Identifier<Account>, _ context: RequestContext, in transaction: Transaction) throws {
        let maker = try AccountStore.record(id, in: transaction)?.openedBy
        if let maker, maker == context.principal?.userID {
            throw Refusal(.forbidden, "maker_cannot_approve", "Whoever asked for the account cannot decide on it")
        }
    }

    /// Everything that the changes have in common.
    private func change(
        _ change: StateChangeStore.Change, _ reference: String, scope: FreezeScope? = nil, reason: String, _ context: RequestContext,
        _ render: @escaping Render, _ apply: @escaping @Sendable (Identifier<Account>, Transaction) throws -> AccountState
    ) async throws -> CommandReply {
        let id = try await directory.require(reference).id
        let book = try await tariffs.current()
        let (now, changeID, clock) = (clock.now(), identifiers.nextBits(), clock)
        return try await pipeline.run(context, isIdempotent: false) { transaction in
            let state = try apply(id, transaction)
            _ = try transaction.pipeline([
                StateChangeStore.copyStatus(state.status, of: id),
                StateChangeStore.record(
                    change, of: id, scope: scope, reason: reason, by: context.principal?.userID, id: changeID, at: now),
            ])
            if change == .reactivate {
                let date = try LedgerReader(clock: clock).businessDate(in: transaction)
                _ = try transaction.execute(StateChangeStore.beginActivity(of: id, on: date))
            }
            let details = try AccountReading.details(id, book: book, in: transaction)
            let answer = render(details)
            let audit = AuditRecord(
                action: "accounts.\(change.rawValue)", outcome: .success, actor: context.principal?.userID, subjectType: "account",
                subjectID: id.description, context: context,
                detail: [("accountNumber", details.identity.number), ("reason", reason)] + (scope.map { [("scope", $0.name)] } ?? []))
            let event = DomainEvent(
                name: "accounts.stateChanged", subject: id.bits, occurredAt: now,
                payload: Array("{\"status\":\"\(state.status.name)\"}".utf8))
            return CommandResult(status: answer.status, body: answer.body, location: answer.location, audit: [audit], events: [event])
        }
    }
}

import Accounts
import Application
import Kernel
import Ledger
import Postgres
import Products

/// An order to move money between two accounts of this bank, its fields checked.
struct TransferOrder: Sendable {
    /// On whose word the money moves.
    enum Authority: Sendable, Equatable {
        /// A customer, from an account of the own record.
        case customer(Identifier<Customer>)
        /// Staff at the counter, from any account, on a customer's instruction that is kept with the transaction.
        case staff(instruction: String)
    }

    let source: AccountReference
    let destinationNumber: String
    let amount: Money
    let narration: String?
    let beneficiaryName: String?
    let transactionID: Identifier<TransactionRecord>?
    let authority: Authority
}

/// What became of a transfer, as the books tell it.
struct CompletedTransfer: Sendable {
    let journal: PostedJournal
    let fromAccountNumber: String
    let toAccountNumber: String
    let isReplay: Bool
}

/// The use case that everything rests on: one unit for the posting engine, with no statement of its own.
///
/// Only who the accounts are is looked up before (accounts never change their number, owner or currency). Whatever can change — state,
/// funds, limits used — the engine decides under its locks, in the contract's order.
struct TransferMoney: Sendable {
    /// Staff may move more only with approval, which comes with its own room; until then more is refused (contract, 1.6).
    static let staffLimit = Money(minorUnits: 10_000_000, currency: .kes)

    let directory: AccountDirectory
    let access: AccountAccess
    let engine: PostingEngine
    let tariffs: TariffBookCache
    let businessDay: BusinessDayCache
    let stepUp: StepUpConfirmation
    let usedKeys: UsedKeys

    /// - Throws: in this order 403 `forbidden` for staff above their limit; 422 `idempotency_key_reused`; 404 `account_not_found`,
    ///   `destination_not_found`; then what the engine refuses, 403 `step_up_required` last
    func run(_ order: TransferOrder, context: RequestContext) async throws -> CompletedTransfer {
        var attempts = 0
        while true {
            do {
                return try await attempt(order, context: context)
            } catch let refusal as Refusal where refusal == .businessDateChanged && attempts < 3 {
                attempts += 1
                businessDay.invalidate()
            }
        }
    }

    private func attempt(_ order: TransferOrder, context: RequestContext) async throws -> CompletedTransfer {
        let date = try await businessDay.current()
        let book = try await tariffs.current()
        if case .staff = order.authority, let shillings = try? book.shillings(order.amount, on: date),
            shillings.minorUnits > Self.staffLimit.minorUnits
        {
            throw Refusal.forbidden("Staff transfers above \(Self.staffLimit) need an approval")
        }
        let (source, destination) = try await parties(of: order, context: context)
        let terms = try TransferTerms(order: order, source: source, destination: destination, book: book, date: date)

        guard terms.needsStepUp else {
            return try await post(order, terms, source, destination, isStepUpMissing: false, context: context)
        }
        let action = StepUpAction(
            kind: .transfer, sourceAccountID: source.id, amount: order.amount, payee: destination.number)
        return try await stepUp.perform(action, context: context) { isConfirmed in
            try await post(order, terms, source, destination, isStepUpMissing: !isConfirmed, context: context)
        }
    }

    private func post(
        _ order: TransferOrder, _ terms: TransferTerms, _ source: AccountIdentity, _ destination: AccountIdentity, isStepUpMissing: Bool,
        context: RequestContext
    ) async throws -> CompletedTransfer {
        var draft = Self.draft(order, terms)
        draft.isStepUpMissing = isStepUpMissing
        let unit = PostingUnit(
            commands: [.journal(draft)], context: context, idempotency: IdempotencyKey(context), audit: record(order, source, context))
        let receipt = try await engine.post(unit)
        guard let journal = receipt.journals.first else { throw Refusal.unavailable() }
        return CompletedTransfer(
            journal: journal, fromAccountNumber: source.number, toAccountNumber: destination.number, isReplay: receipt.isReplay)
    }

    static func draft(_ order: TransferOrder, _ terms: TransferTerms) -> JournalDraft {
        JournalDraft(
            type: .transfer, referencePrefix: "TRF", sourceType: "transfer", narration: order.narration,
            beneficiaryName: order.beneficiaryName, clientTransactionID: order.transactionID, legs: terms.plan.legs,
            outgoingLimit: terms.outgoingLimit, pricedOn: terms.date)
    }

    /// The accounts of an order.
    /// - Throws: 404 for each, the source first; but 422 `idempotency_key_reused` before both
    func parties(of order: TransferOrder, context: RequestContext) async throws -> (AccountIdentity, AccountIdentity) {
        do {
            // One after the other: nearly always both are known already, and a task of its own would cost more than the look-up.
            let source = try await source(of: order)
            guard let destination = try await directory.account(number: order.destinationNumber) else {
                throw Refusal.notFound("destination_not_found", "There is no such account")
            }
            // A deposit's account is moved by its contract alone.
            for (account, field) in [(source, "fromAccountNumber"), (destination, "toAccountNumber")]
            where !account.accountType.isTransactional {
                throw Refusal.rule("account_not_active", "A deposit's account takes no transfers", field: field)
            }
            return (source, destination)
        } catch let refusal as Refusal where refusal.kind == .notFound {
            try await usedKeys.refuseReuse(context)
            throw refusal
        }
    }

    /// - Throws: 404 `account_not_found` when it is missing or not the customer's; 403 `forbidden` when other holders must consent;
    ///   422 when id and number name two accounts, both of which the caller may use
    private func source(of order: TransferOrder) async throws -> AccountIdentity {
        var source: AccountIdentity?
        for reference in [order.source.number, order.source.id?.description] {
            guard let reference else { continue }
            let found: AccountIdentity
            switch order.authority {
            case .customer(let customer): found = try await access.requireTransactable(reference, by: customer)
            case .staff: found = try await directory.require(reference)
            }
            if let source, source.id != found.id {
                throw Refusal.validation([
                    .init("fromAccountNumber", "incorrect", "fromAccountId and fromAccountNumber name different accounts")
                ])
            }
            source = found
        }
        guard let source else { throw Refusal.notFound("account_not_found", "There is no such account") }
        return source
    }

    private func record(_ order: TransferOrder, _ source: AccountIdentity, _ context: RequestContext) -> AuditRecord {
        var detail: [(String, String)] = []
        if case .staff(let instruction) = order.authority { detail.append(("customerInstruction", instruction)) }
        return AuditRecord(
            action: "payments.transfer", outcome: .success, actor: context.principal?.userID, subjectType: "account",
            subjectID: source.id.description, context: context, detail: detail)
    }
}

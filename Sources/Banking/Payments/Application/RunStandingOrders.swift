import Accounts
import Application
import Kernel
import Ledger
import Notifications
import Postgres
import Products

/// What a run of the standing orders did.
public struct StandingOrderRun: Sendable, Equatable {
    public var completed = 0
    /// Will be tried again on a later business day.
    public var postponed = 0
    /// Tried for the last time.
    public var missed = 0
    /// What went wrong in the machinery, by order; these stay due.
    public var failures: [(order: Identifier<StandingOrder>, reason: String)] = []

    public init() {}

    public var total: Int { completed + postponed + missed }

    public static func == (left: StandingOrderRun, right: StandingOrderRun) -> Bool {
        (left.completed, left.postponed, left.missed) == (right.completed, right.postponed, right.missed)
            && left.failures.elementsEqual(right.failures, by: ==)
    }
}

/// Carries out what is due. Any number of processes may run it at once, and it may be killed anywhere: an order is claimed by one runner
/// at a time, and each due day has one key in the ledger, under which money moves once.
public struct RunStandingOrders: Sendable {
    private static let chunk = 64
    private static let leaseSeconds: Int64 = 30
    /// Refusals that no later day mends.
    private static let finalRefusals: Set<String> = [
        "account_closed", "account_not_found", "destination_not_found", "same_account", "forbidden",
    ]

    let pool: ConnectionPool
    let transfer: TransferMoney
    let audit: any AuditSink
    let clock: any WallClock

    /// Runs every order that is due on a business date or before, several due days of one order one after the other.
    /// - Returns: what was done; orders that could not be tried for reasons of the machinery are named and stay due
    public func runDueStandingOrders(on date: BusinessDate) async throws -> StandingOrderRun {
        var run = StandingOrderRun()
        while !Task.isCancelled {
            let now = clock.now()
            let claimed = try await pool.transaction { transaction in
                try StandingOrderStore.claim(
                    dueOn: date, limit: Self.chunk, at: now, until: now.adding(seconds: Self.leaseSeconds), in: transaction)
            }
            if claimed.isEmpty { break }
            let outcomes = await withTaskGroup(of: (Identifier<StandingOrder>, Result<Outcome, any Error>).self) { group in
                for order in claimed {
                    group.addTask {
                        do { return (order.id, .success(try await attempt(order, on: date))) } catch { return (order.id, .failure(error)) }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            for (id, outcome) in outcomes.sorted(by: { $0.0 < $1.0 }) {
                switch outcome {
                case .success(.completed): run.completed += 1
                case .success(.postponed): run.postponed += 1
                case .success(.missed): run.missed += 1
                case .success(.overtaken): break
                case .failure(let error): run.failures.append((id, String(describing: error)))
                }
            }
            // What failed keeps its claim for a while, so this ends; the next call tries it again.
            if outcomes.allSatisfy({ if case .failure = $0.1 { true } else { false } }) { break }
        }
        return run
    }

    private enum Outcome: Sendable {
        case completed, postponed, missed
        /// Somebody else has dealt with this due day.
        case overtaken
    }

    private func attempt(_ order: StandingOrder, on date: BusinessDate) async throws -> Outcome {
        guard let due = order.dueDate else { return .overtaken }
        var refusal: Refusal?
        do {
            _ = try await post(order, due: due)
        } catch let caught as Refusal where caught.kind != .unavailable {
            refusal = caught
        }
        let calendar = try await transfer.tariffs.current().calendar
        let (audit, clock) = (audit, clock)
        return try await pool.transaction { [refusal] transaction in
            guard var present = try StandingOrderStore.claimed(order.id, dueOn: due, in: transaction) else { return .overtaken }
            let outcome: Outcome
            present.lastFailureCode = refusal?.code
            if let refusal {
                let isFinal = Self.finalRefusals.contains(refusal.code)
                present.failedAttempts += 1
                if !isFinal, present.failedAttempts <= StandingOrder.retries {
                    present.nextRunDate = calendar.next(after: max(date, present.nextRunDate ?? date))
                    outcome = .postponed
                } else {
                    present.missedCount += 1
                    if isFinal { present.end() } else { present.advance(past: due) }
                    outcome = .missed
                    try Outbox.append([Self.missedNotice(present, due: due, at: clock.now())], in: transaction)
                }
            } else {
                present.runCount += 1
                present.lastRunDate = due
                present.advance(past: due)
                outcome = .completed
            }
            present.version += 1
            try StandingOrderStore.update(present, in: transaction)
            if outcome == .missed {
                let context = RequestContext.system(at: clock.now(), idempotencyKey: "\(order.id)/\(due)")
                try audit.append(
                    [
                        AuditRecord(
                            action: "payments.missStandingOrder", outcome: .refused, actor: nil, subjectType: "standingOrder",
                            subjectID: order.id.description, context: context,
                            detail: [("dueDate", due.description), ("code", refusal?.code ?? "")])
                    ], in: transaction)
            }
            return outcome
        }
    }

    /// The transfer of one due day. Its key is made of the order and the day, so that whoever tries again finds what was done.
    private func post(_ order: StandingOrder, due: BusinessDate) async throws -> PostingReceipt {
        var attempts = 0
        while true {
            do {
                return try await postOnce(order, due: due)
            } catch let refusal as Refusal where refusal == .businessDateChanged && attempts < 3 {
                attempts += 1
                transfer.businessDay.invalidate()
            }
        }
    }

    private func postOnce(_ order: StandingOrder, due: BusinessDate) async throws -> PostingReceipt {
        let terms = order.terms
        let key = "\(order.id)/\(due)"
        var context = RequestContext.system(at: clock.now(), idempotencyKey: key)
        context.method = "RUN"
        context.path = "standing-orders"
        let request = TransferOrder(
            source: AccountReference(id: nil, number: terms.fromAccountNumber), destinationNumber: terms.toAccountNumber,
            amount: terms.amount, narration: terms.narration ?? "Standing order", beneficiaryName: terms.beneficiaryName,
            transactionID: nil, authority: .customer(order.customerID))
        let today = try await transfer.businessDay.current()
        let book = try await transfer.tariffs.current()
        let (source, destination) = try await transfer.parties(of: request, context: context)
        let priced = try TransferTerms(order: request, source: source, destination: destination, book: book, date: today)
        var draft = TransferMoney.draft(request, priced)
        draft.referencePrefix = "STO"
        draft.sourceType = "standingOrder"
        draft.sourceID = order.id.bits
        return try await transfer.engine.post(
            PostingUnit(
                commands: [.journal(draft)], context: context,
                idempotency: IdempotencyKey(
                    actor: order.id.bits, method: "RUN", path: "standing-orders", key: due.description, bodyDigest: []),
                audit: AuditRecord(
                    action: "payments.runStandingOrder", outcome: .success, actor: nil, subjectType: "standingOrder",
                    subjectID: order.id.description, context: context, detail: [("dueDate", due.description)])))
    }

    private static func missedNotice(_ order: StandingOrder, due: BusinessDate, at now: Timestamp) -> DomainEvent {
        Notice(
            template: "payments.standingOrderMissed", kind: .payment, to: .customer(order.customerID),
            source: "\(order.id)/\(due)",
            values: [
                "amount": order.terms.amount.description, "date": due.description,
                "account": order.terms.toAccountNumber, "reason": order.lastFailureCode ?? "",
            ], link: "/standing-orders"
        ).event(at: now)
    }
}

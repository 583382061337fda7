import Accounts
import Application
import Kernel
import Ledger
import Postgres
import Products

/// What a customer asks for, its fields checked.
struct StandingOrderRequestTerms: Sendable {
    let source: AccountReference
    let toAccountNumber: String
    let beneficiaryName: String?
    let amount: Money
    let narration: String?
    let schedule: StandingOrderSchedule
    let maxRuns: Int?
}

/// Giving, changing and ending standing orders. The runs are `RunStandingOrders`'.
struct StandingOrders: Sendable {
    let pool: ConnectionPool
    let readers: ConnectionPool
    let pipeline: CommandPipeline
    let transfer: TransferMoney
    let clock: any WallClock
    let identifiers: any IdentifierSource

    typealias Render = @Sendable (StandingOrder) -> [UInt8]

    func list(
        status: StandingOrderStatus?, before: Identifier<StandingOrder>?, limit: Int, context: RequestContext
    ) async throws -> [StandingOrder] {
        let customer = try context.requireCustomer()
        return try await readers.read(deadline: context.deadline) {
            try StandingOrderStore.list(of: customer, status: status, before: before, limit: limit, in: $0)
        }
    }

    /// - Throws: 404 `not_found`
    func find(_ id: Identifier<StandingOrder>, context: RequestContext) async throws -> StandingOrder {
        let customer = try context.requireCustomer()
        let found = try await readers.read(deadline: context.deadline) { try StandingOrderStore.find(id, of: customer, in: $0) }
        guard let found else { throw Refusal.notFound() }
        return found
    }

    /// - Throws: 404 `account_not_found`, `destination_not_found`; 422 on fields and `same_account`, `currency_mismatch`,
    ///   `limit_exceeded`; 403 `step_up_required` where a transfer of the amount would need it
    func create(_ request: StandingOrderRequestTerms, context: RequestContext, render: @escaping Render) async throws -> CommandReply {
        let customer = try context.requireCustomer()
        let user = try context.requirePrincipal().userID
        let today = try await transfer.businessDay.current()
        let checked = try await check(request, of: customer, on: today, context: context)
        guard request.schedule.startDate >= today else {
            throw Refusal.validation([.init("startDate", "in_past", "A standing order begins today or later")])
        }
        guard let first = checked.terms.schedule.first(onOrAfter: today) else { throw Self.neverDue() }
        let order = StandingOrder(
            id: identifiers.next(), customerID: customer, terms: checked.terms, status: .active, dueDate: first, nextRunDate: first,
            failedAttempts: 0, runCount: 0, missedCount: 0, lastRunDate: nil, lastFailureCode: nil, createdAt: clock.now(), version: 1)
        return try await transfer.stepUp.perform(checked.action, context: context) { isConfirmed in
            try await pipeline.run(context) { transaction in
                guard isConfirmed || !checked.needsStepUp else { throw StepUpConfirmation.missing }
                try StandingOrderStore.insert(order, by: user, in: transaction)
                return CommandResult(
                    status: 201, body: render(order), location: "/api/payments/standing-orders/\(order.id)",
                    audit: [Self.record("payments.createStandingOrder", order, context)])
            }
        }
    }

    /// Replaces what the customer said. Due days that are over stay over.
    /// - Parameter isPaused: true lets the order rest, false lets it go on with the next due day from today
    /// - Throws: as `create`; 404 `not_found`; 409 `version_conflict`, `invalid_state`
    func change(
        _ id: Identifier<StandingOrder>, to request: StandingOrderRequestTerms, isPaused: Bool, version: Int64, context: RequestContext,
        render: @escaping Render
    ) async throws -> CommandReply {
        let customer = try context.requireCustomer()
        let today = try await transfer.businessDay.current()
        // What is not there is missing, whatever else is wrong with the request.
        _ = try await find(id, context: context)
        let checked = try await check(request, of: customer, on: today, context: context)
        let clock = clock
        return try await transfer.stepUp.perform(checked.action, context: context) { isConfirmed in
            try await pipeline.run(context, isIdempotent: false) { transaction in
                var order = try Self.idle(id, of: customer, at: clock.now(), in: transaction)
                guard order.version == version else {
                    throw Refusal(.conflict, "version_conflict", "The order was changed in the meantime; please read it again")
                }
                guard order.status != .ended else { throw Refusal.invalidState("ended", "The order has ended") }
                guard request.schedule.startDate >= today || request.schedule.startDate == order.terms.schedule.startDate else {
                    throw Refusal.validation([.init("startDate", "in_past", "A standing order begins today or later")])
                }
                let isSafe =
                    checked.terms.toAccountNumber == order.terms.toAccountNumber
                    && checked.terms.fromAccountID == order.terms.fromAccountID
                    && checked.terms.amount.minorUnits <= order.terms.amount.minorUnits
                guard isConfirmed || !checked.needsStepUp || isSafe else { throw StepUpConfirmation.missing }
                if checked.terms.schedule != order.terms.schedule || checked.terms.maxRuns != order.terms.maxRuns
                    || order.status == .paused
                {
                    let earliest = order.lastRunDate.map { max(today, $0.adding(days: 1)) } ?? today
                    guard let due = checked.terms.schedule.first(onOrAfter: earliest),
                        checked.terms.maxRuns.map({ Int(order.runCount) + Int(order.missedCount) < $0 }) ?? true
                    else { throw Self.neverDue() }
                    order.dueDate = due
                    order.nextRunDate = due
                    order.failedAttempts = 0
                }
                order.terms = checked.terms
                order.status = isPaused ? .paused : .active
                order.version += 1
                try StandingOrderStore.update(order, in: transaction)
                return CommandResult(body: render(order), audit: [Self.record("payments.changeStandingOrder", order, context)])
            }
        }
    }

    /// - Throws: 404 `not_found`; 409 `invalid_state` in the moment in which the order runs
    func end(_ id: Identifier<StandingOrder>, context: RequestContext) async throws -> CommandReply {
        let customer = try context.requireCustomer()
        let clock = clock
        return try await pipeline.run(context, isIdempotent: false) { transaction in
            var order = try Self.idle(id, of: customer, at: clock.now(), in: transaction)
            guard order.status != .ended else { return CommandResult(status: 204, audit: []) }
            order.end()
            order.version += 1
            try StandingOrderStore.update(order, in: transaction)
            return CommandResult(status: 204, audit: [Self.record("payments.endStandingOrder", order, context)])
        }
    }

    private static func idle(
        _ id: Identifier<StandingOrder>, of customer: Identifier<Customer>, at now: Timestamp, in transaction: Transaction
    ) throws -> StandingOrder {
        guard let found = try StandingOrderStore.lock(id, of: customer, at: now, in: transaction) else { throw Refusal.notFound() }
        guard !found.isRunning else { throw Refusal.invalidState("running", "The order runs at this moment; please try again") }
        return found.order
    }

    // MARK: Checks

    private struct Checked: Sendable {
        let terms: StandingOrder.Terms
        let needsStepUp: Bool
        let action: StepUpAction
    }

    private func check(
        _ request: StandingOrderRequestTerms, of customer: Identifier<Customer>, on date: BusinessDate, context: RequestContext
    ) async throws -> Checked {
        let order = TransferOrder(
            source: request.source, destinationNumber: request.toAccountNumber, amount: request.amount, narration: request.narration,
            beneficiaryName: request.beneficiaryName, transactionID: nil, authority: .customer(customer))
        let (source, destination) = try await transfer.parties(of: order, context: context)
        guard source.id != destination.id else {
            throw Refusal.rule("same_account", "Source and destination are the same account", field: "toAccountNumber")
        }
        guard source.currency == request.amount.currency, destination.currency == source.currency else {
            throw Refusal.rule("currency_mismatch", "Both accounts must be kept in the order's currency", field: "currency")
        }
        let book = try await transfer.tariffs.current()
        let terms = try TransferTerms(order: order, source: source, destination: destination, book: book, date: date)
        if let limit = terms.outgoingLimit, limit.amount > limit.perTransaction {
            throw Refusal.rule("limit_exceeded", "The amount is over the limit for one transfer", field: "amount")
        }
        return Checked(
            terms: StandingOrder.Terms(
                fromAccountID: source.id, fromAccountNumber: source.number, toAccountNumber: destination.number,
                beneficiaryName: request.beneficiaryName, amount: request.amount, narration: request.narration,
                schedule: request.schedule, maxRuns: request.maxRuns),
            needsStepUp: terms.needsStepUp,
            action: StepUpAction(
                kind: .standingOrder, sourceAccountID: source.id, amount: request.amount, payee: destination.number))
    }

    private static func neverDue() -> Refusal {
        .validation([.init("endDate", "out_of_range", "The order would never run")])
    }

    static func record(_ action: String, _ order: StandingOrder, _ context: RequestContext) -> AuditRecord {
        AuditRecord(
            action: action, outcome: .success, actor: context.principal?.userID, subjectType: "standingOrder",
            subjectID: order.id.description, context: context,
            detail: [
                ("fromAccountNumber", order.terms.fromAccountNumber), ("toAccountNumber", order.terms.toAccountNumber),
                ("amount", order.terms.amount.decimalString), ("currency", order.terms.amount.currency.code),
                ("version", String(order.version)),
            ])
    }
}

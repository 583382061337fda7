import Accounts
import Application
import Interest
import Kernel
import Ledger
import Postgres
import Products

/// What the close of a day does with deposits: installments that are due, recurring deposits with too many missed, withdrawals whose notice is
/// over, and maturities. Each contract by itself, each in one commit; who refuses becomes an exception.
public struct DepositMaturity: DayStep {
    static let pageSize = 200
    static let missedInstallmentsAllowed = 3

    public let name = "depositMaturity"
    private let workshop: DepositsWorkshop
    private let ending: EndDeposit
    private let changes: ChangeDeposit

    public init(_ workshop: DepositsWorkshop) {
        self.workshop = workshop
        ending = EndDeposit(workshop: workshop)
        changes = ChangeDeposit(workshop: workshop)
    }

    public func run(_ part: String, on date: BusinessDate) async throws -> DayOutcome {
        var outcome = DayOutcome()
        for work in [installments, notices, maturities] {
            let done = try await work(date)
            outcome.processed += done.processed
            outcome.exceptions += done.exceptions
        }
        return outcome
    }

    public func preview(on date: BusinessDate) async throws -> [DayPreview] {
        let book = try await workshop.tariffs.current()
        let due = try await workshop.readers.read {
            try DepositStore.find("status IN ('active', 'matured') AND maturity_date <= \(date) ORDER BY id LIMIT 5000", in: $0)
        }
        var sums: [Currency: (count: Int64, amount: Int64)] = [:]
        for deposit in due where isPayable(deposit, on: date, book: book) {
            let figures = try await ending.figures(deposit, on: date, book: book)
            let sum = sums[deposit.currency] ?? (0, 0)
            sums[deposit.currency] = (sum.count + 1, sum.amount + figures.payout)
        }
        return sums.sorted { $0.key.code < $1.key.code }.map { currency, sum in
            DayPreview(what: "deposits maturing", count: sum.count, amount: Money(minorUnits: sum.amount, currency: currency))
        }
    }

    private func isPayable(_ deposit: Deposit, on date: BusinessDate, book: TariffBook) -> Bool {
        deposit.maturityDate.map { book.calendar.onOrAfter($0) <= date } ?? false
    }

    /// Every deposit that a condition names, in pages by identifier, so that one that stays as it is does not hold up the others.
    private func each(
        _ condition: @Sendable @escaping () -> SQL, _ body: @escaping @Sendable (Deposit) async throws -> Bool
    ) async throws -> DayOutcome {
        var outcome = DayOutcome()
        var last = Identifier<DepositContract>(bits: 0)
        while true {
            let after = last
            let page = try await workshop.readers.read {
                try DepositStore.find("\(condition()) AND id > \(after) ORDER BY id LIMIT \(Int64(Self.pageSize))", in: $0)
            }
            guard let end = page.last else { return outcome }
            for deposit in page {
                do {
                    if try await body(deposit) { outcome.processed += 1 }
                } catch let refusal as Refusal where refusal.kind != .unavailable {
                    outcome.exceptions.append(
                        DayException(entityType: "deposit", entityID: deposit.id.description, refusal: refusal))
                }
            }
            last = end.id
        }
    }

    private func context(_ deposit: Identifier<DepositContract>, on date: BusinessDate) -> RequestContext {
        var context = RequestContext.system(.batch, at: workshop.clock.now(), idempotencyKey: deposit.description)
        context.method = "COB"
        context.path = "\(name)/\(date)"
        return context
    }

    // MARK: Installments

    private func installments(_ date: BusinessDate) async throws -> DayOutcome {
        try await each({ "type = 'recurringDeposit' AND status = 'active'" }) { deposit in
            try await installments(of: deposit, on: date)
        }
    }

    /// - Returns: whether something was done
    private func installments(of opened: Deposit, on date: BusinessDate) async throws -> Bool {
        var deposit = opened
        var failure: Refusal?
        while deposit.isAutoDebit, failure == nil, deposit.missedInstallments(on: date) > 0 {
            failure = try await debit(deposit, on: date)
            if failure == nil { deposit = try await reread(deposit) }
        }
        if deposit.missedInstallments(on: date) >= Self.missedInstallmentsAllowed {
            try await end(deposit, as: .discontinued, on: date, book: try await workshop.tariffs.current())
            return true
        }
        if let failure { throw failure }
        return deposit.version != opened.version
    }

    /// - Returns: why the source does not pay
    private func debit(_ deposit: Deposit, on date: BusinessDate) async throws -> Refusal? {
        let unit = changes.installmentUnit(
            deposit, from: deposit.sourceAccount, on: date, context: context(deposit.id, on: date), key: nil)
        do {
            _ = try await workshop.engine.post(unit)
            return nil
        } catch let refusal as Refusal {
            if refusal.kind == .unavailable { throw refusal }
            return refusal
        }
    }

    private func reread(_ deposit: Deposit) async throws -> Deposit {
        let id = deposit.id
        guard let found = try await workshop.readers.read({ try DepositStore.find(id, in: $0) }) else { throw Refusal.depositNotFound }
        return found
    }

    // MARK: Notices

    private func notices(_ date: BusinessDate) async throws -> DayOutcome {
        var outcome = DayOutcome()
        let due = try await workshop.readers.read { try DepositStore.notices("payable_date <= \(date)", in: $0) }
        for notice in due {
            let found = try await workshop.readers.read { try DepositStore.find(notice.deposit, in: $0) }
            guard let deposit = found, deposit.status == .active else { continue }
            do {
                if notice.amount >= deposit.principal {
                    try await end(deposit, as: .closed, on: date, book: try await workshop.tariffs.current())
                } else {
                    _ = try await changes.pay(
                        deposit.money(notice.amount), from: deposit, on: date, context: context(deposit.id, on: date), key: nil,
                        further: [DepositStore.endNotice(notice.id, as: "paid")])
                }
                outcome.processed += 1
            } catch let refusal as Refusal where refusal.kind != .unavailable {
                outcome.exceptions.append(DayException(entityType: "deposit", entityID: deposit.id.description, refusal: refusal))
            }
        }
        return outcome
    }

    // MARK: Maturities

    private func maturities(_ date: BusinessDate) async throws -> DayOutcome {
        let book = try await workshop.tariffs.current()
        return try await each({ "status IN ('active', 'matured') AND maturity_date <= \(date)" }) { deposit in
            guard isPayable(deposit, on: date, book: book) else { return false }
            do {
                switch deposit.instruction {
                case .payOut: try await end(deposit, as: .closed, on: date, book: book)
                case .renewPrincipal, .renewAll:
                    // A product that is no longer offered, or an amount that no longer fits it, is paid out.
                    if try await !renew(deposit, on: date, book: book) { try await end(deposit, as: .closed, on: date, book: book) }
                }
            } catch let refusal as Refusal where refusal.kind != .unavailable {
                _ = try await workshop.pool.transaction { try $0.execute(DepositStore.markMatured(deposit.id)) }
                throw refusal
            }
            return true
        }
    }

    private func end(_ deposit: Deposit, as status: DepositStatus, on date: BusinessDate, book: TariffBook) async throws {
        let figures = try await ending.figures(deposit, on: date, book: book)
        let unit = try ending.unit(deposit, figures, as: status, on: date, context: context(deposit.id, on: date), key: nil)
        let receipt = try await workshop.engine.post(unit)
        guard let journal = receipt.journals.last else { return }
        _ = try await workshop.pool.transaction { try $0.execute(DepositStore.setClosingJournal(journal.id, of: deposit.id)) }
    }

    /// The principal, or everything, goes into a new contract of the same term at the conditions of the day; what is left is paid out.
    /// - Returns: false when there are no conditions for it any more
    private func renew(_ deposit: Deposit, on date: BusinessDate, book: TariffBook) async throws -> Bool {
        guard deposit.type == .fixedDeposit || deposit.type == .termDeposit else { return false }
        let figures = try await ending.figures(deposit, on: date, book: book)
        let amount = deposit.instruction == .renewAll ? figures.payout : figures.principal
        var order = DepositOrder(type: deposit.type, productCode: deposit.productCode, amount: deposit.money(amount))
        order.termInDays = deposit.termInDays
        order.allowsPartialWithdrawal = deposit.allowsPartialWithdrawal
        order.instruction = deposit.instruction
        guard let conditions = try? DepositConditions(order, book: book, date: date),
            let branch = try await workshop.directory.account(id: deposit.account)?.branchCode
        else { return false }
        let account = try await workshop.opening.prepareDepositAccount(
            of: deposit.customer, product: conditions.product, currency: deposit.currency, branchCode: branch, openedDate: date,
            openedBy: nil)
        let renewed = conditions.deposit(
            id: workshop.identifiers.next(), account: account.identity, order: order, source: deposit.sourceAccount,
            payout: deposit.payoutAccount, start: date)
        var commands: [LedgerCommand] = [.open(account.ledger)]
        if figures.interestPaid > 0 { commands.append(.journal(ending.interest(of: deposit, figures, on: date))) }
        commands.append(
            .journal(
                JournalDraft(
                    type: .transfer, referencePrefix: "DEP", sourceType: "deposit", sourceID: renewed.id.bits,
                    narration: "Renewal of deposit \(deposit.number) as \(renewed.number)",
                    legs: [
                        Leg(.account(deposit.account), amount: -amount, currency: deposit.currency, type: .transfer),
                        Leg(.account(renewed.account), amount: amount, currency: deposit.currency, type: .transfer),
                    ], pricedOn: date)))
        commands.append(
            .sweepAndClose(
                deposit.account, to: deposit.payoutAccount,
                JournalDraftTemplate(referencePrefix: "DEP", sourceType: "deposit", narration: "Interest of deposit \(deposit.number)")))
        let now = workshop.clock.now()
        let unit = PostingUnit(
            commands: commands, context: context(deposit.id, on: date), idempotency: nil,
            audit: workshop.audit("renew", deposit.id, context(deposit.id, on: date), [("renewedAs", renewed.number)]),
            events: [DomainEvent(name: AccountClosing.event, subject: deposit.account.bits, occurredAt: now, payload: [])],
            companions: account.statements + ending.companions(deposit, figures, as: .renewed, on: date) + [
                DepositStore.insert(renewed, renewalOf: deposit.id, openedBy: nil, at: now)
            ])
        let receipt = try await workshop.engine.post(unit)
        let opening = receipt.journals.first { $0.sourceID == renewed.id.bits }?.id
        if let opening {
            _ = try await workshop.pool.transaction { transaction in
                _ = try transaction.execute(DepositStore.setOpeningJournal(opening, of: renewed.id))
                return try transaction.execute(DepositStore.setClosingJournal(opening, of: deposit.id))
            }
        }
        return true
    }
}

import Accounts
import Application
import Interest
import Kernel
import Ledger
import Postgres
import Products

/// What became of an ended deposit.
struct EndedDeposit: Sendable {
    let deposit: Deposit
    let figures: CloseFigures
    let date: BusinessDate
    let transactionID: Identifier<TransactionRecord>
    let journalID: Identifier<Journal>
    let isReplay: Bool
}

/// Ends deposits: interest and tax on the deposit's account, everything that is then there to the payout account, the account closed and the
/// contract ended, in one commit.
struct EndDeposit: Sendable {
    let workshop: DepositsWorkshop

    /// What ending on a day comes to.
    /// - Throws: 409 `invalid_state`; 422 `in_past`
    func quote(_ deposit: Deposit, on date: BusinessDate?) async throws -> (figures: CloseFigures, date: BusinessDate) {
        guard deposit.status.isOpen else { throw Refusal.invalidState(deposit.status.rawValue, "The deposit has ended") }
        return try await workshop.onOpenDay { today, book in
            let date = date ?? today
            guard date >= today else { throw Refusal.validation([.init("date", "in_past", "The day is over")]) }
            return (try await figures(deposit, on: date, book: book), date)
        }
    }

    func figures(_ deposit: Deposit, on date: BusinessDate, book: TariffBook) async throws -> CloseFigures {
        let tax = try await workshop.taxRate(of: deposit.customer, on: date, book: book)
        // After the payment day nothing is earned any more: the money was there to be taken.
        let until = deposit.maturityDate.map { min(date, book.calendar.onOrAfter($0)) } ?? date
        do {
            return try deposit.closeFigures(on: until, taxRate: tax)
        } catch is MoneyError {
            throw Refusal.rule("amount_out_of_range", "The amount is too large to be reckoned")
        }
    }

    /// Ends a deposit at its holder's wish.
    /// - Throws: 409 `invalid_state`; 422 `notice_required` for a call deposit; the refusals of a transfer for the payout account
    func run(_ id: Identifier<DepositContract>, deposit: Deposit, context: RequestContext) async throws -> EndedDeposit {
        if let journal = try await workshop.journalOfKey(context) { return try await ended(by: journal, id) }
        return try await workshop.onOpenDay { date, book in
            guard deposit.status.isOpen else { throw Refusal.invalidState(deposit.status.rawValue, "The deposit has ended") }
            if deposit.type == .callDeposit { try await requireNotice(deposit, on: date) }
            let figures = try await figures(deposit, on: date, book: book)
            let isPremature = deposit.maturityDate.map { date < $0 } ?? false
            let status: DepositStatus = isPremature ? .prematurelyClosed : .closed
            let unit = try unit(deposit, figures, as: status, on: date, context: context, key: IdempotencyKey(context))
            let receipt = try await workshop.engine.post(unit)
            return try await finish(deposit, figures, receipt, on: date)
        }
    }

    /// The unit that ends a contract.
    func unit(
        _ deposit: Deposit, _ figures: CloseFigures, as status: DepositStatus, on date: BusinessDate, context: RequestContext,
        key: IdempotencyKey?
    ) throws -> PostingUnit {
        var commands: [LedgerCommand] = []
        if figures.interestPaid > 0 { commands.append(.journal(interest(of: deposit, figures, on: date))) }
        commands.append(
            .sweepAndClose(
                deposit.account, to: deposit.payoutAccount,
                JournalDraftTemplate(
                    referencePrefix: "DEP", sourceType: "deposit", narration: "Pay-out of deposit \(deposit.number)")))
        return PostingUnit(
            commands: commands, context: context, idempotency: key,
            audit: workshop.audit(
                "close", deposit.id, context,
                [("number", deposit.number), ("status", status.rawValue), ("payout", deposit.money(figures.payout).decimalString)]),
            events: [
                DomainEvent(name: AccountClosing.event, subject: deposit.account.bits, occurredAt: workshop.clock.now(), payload: []),
                DomainEvent(name: "deposits.closed", subject: deposit.id.bits, occurredAt: workshop.clock.now(), payload: []),
            ], companions: companions(deposit, figures, as: status, on: date))
    }

    func interest(of deposit: Deposit, _ figures: CloseFigures, on date: BusinessDate) -> JournalDraft {
        JournalDraft(
            type: .interest, referencePrefix: "INT", sourceType: "deposit", sourceID: deposit.id.bits,
            narration: "Interest on deposit \(deposit.number)",
            legs: DepositsWorkshop.interestLegs(
                to: deposit.account, gross: figures.interestPaid, tax: figures.withholdingTax, currency: deposit.currency), pricedOn: date)
    }

    func companions(
        _ deposit: Deposit, _ figures: CloseFigures, as status: DepositStatus, on date: BusinessDate
    ) -> [SQL] {
        let payment = InterestBooks.Payment(
            account: deposit.account, customer: deposit.customer, deposit: deposit.id, productCode: deposit.productCode,
            currency: deposit.currency, gross: figures.interestPaid, tax: figures.withholdingTax)
        return [
            DepositStore.close(deposit, as: status, on: date, figures: figures), DepositStore.cancelNotices(of: deposit.id),
        ] + InterestBooks.record([payment], on: date, identifiers: workshop.identifiers)
    }

    private func finish(
        _ deposit: Deposit, _ figures: CloseFigures, _ receipt: PostingReceipt, on date: BusinessDate
    ) async throws -> EndedDeposit {
        guard let journal = receipt.journals.last else { throw Refusal.unavailable() }
        let stored = try await workshop.pool.transaction { transaction in
            _ = try transaction.execute(DepositStore.setClosingJournal(journal.id, of: deposit.id))
            return try DepositStore.find(deposit.id, in: transaction)
        }
        return EndedDeposit(
            deposit: stored ?? deposit, figures: figures, date: date, transactionID: journal.transactionID, journalID: journal.id,
            isReplay: receipt.isReplay)
    }

    /// The answer of the first time.
    private func ended(by journal: PostedJournal, _ id: Identifier<DepositContract>) async throws -> EndedDeposit {
        let stored = try await workshop.readers.read { try DepositStore.find(id, in: $0) }
        guard let stored, let closing = stored.closing else { throw Refusal.depositNotFound }
        let final = closing.journal ?? journal.id
        return EndedDeposit(
            deposit: stored, figures: closing.figures, date: closing.date,
            transactionID: Identifier(bits: final.bits | 1), journalID: final, isReplay: true)
    }

    /// A call deposit is paid out whole only after notice of the whole sum.
    private func requireNotice(_ deposit: Deposit, on date: BusinessDate) async throws {
        guard deposit.noticePeriodDays ?? 0 > 0 else { return }
        let notices = try await workshop.readers.read {
            try DepositStore.notices("deposit_id = \(deposit.id) AND payable_date <= \(date)", in: $0)
        }
        guard notices.reduce(0, { $0 + $1.amount }) >= deposit.principal else {
            throw Refusal.rule("notice_required", "Give notice of \(deposit.noticePeriodDays ?? 0) days first")
        }
    }
}

import Accounts
import Application
import Interest
import Kernel
import Ledger
import Postgres
import Products

/// What happens to a deposit while it lives: withdrawals, notices, installments, instructions.
struct ChangeDeposit: Sendable {
    let workshop: DepositsWorkshop

    struct Movement: Sendable {
        let deposit: Deposit
        let amount: Money
        let journal: PostedJournal
        let isReplay: Bool
    }

    // MARK: Withdrawals

    /// Pays a part of a term deposit out.
    /// - Throws: 409 `invalid_state`; 422 `currency_mismatch`, `partial_withdrawal_not_allowed`, `amount_out_of_range`, `below_minimum`;
    ///   the refusals of a transfer for the payout account
    func withdraw(_ amount: Money, from deposit: Deposit, context: RequestContext) async throws -> Movement {
        if let journal = try await workshop.journalOfKey(context) { return try await moved(by: journal, deposit) }
        return try await workshop.onOpenDay { date, _ in
            try checkOpen(deposit, amount)
            guard deposit.allowsPartialWithdrawal else {
                throw Refusal.rule("partial_withdrawal_not_allowed", "This deposit is paid out whole")
            }
            if let maturity = deposit.maturityDate, date >= maturity {
                throw Refusal.invalidState("matured", "The deposit has matured; close it instead")
            }
            try checkRest(deposit, amount)
            return try await pay(amount, from: deposit, on: date, context: context, key: IdempotencyKey(context), further: [])
        }
    }

    /// Pays a part out; what the old principal has earned stays to its credit.
    func pay(
        _ amount: Money, from deposit: Deposit, on date: BusinessDate, context: RequestContext, key: IdempotencyKey?, further: [SQL]
    ) async throws -> Movement {
        let draft = JournalDraft(
            type: .transfer, referencePrefix: "DEP", sourceType: "deposit", sourceID: deposit.id.bits,
            narration: "Withdrawal from deposit \(deposit.number)",
            legs: [
                Leg(.account(deposit.account), amount: -amount.minorUnits, currency: amount.currency, type: .transfer),
                Leg(
                    .account(deposit.payoutAccount), amount: amount.minorUnits, currency: amount.currency, type: .transfer,
                    authority: .customer(field: "payoutAccountId")),
            ], pricedOn: date)
        let unit = PostingUnit(
            commands: [.journal(draft)], context: context, idempotency: key,
            audit: workshop.audit("withdraw", deposit.id, context, [("amount", amount.decimalString)]),
            companions: [
                DepositStore.withdraw(amount.minorUnits, from: deposit, settledMicro: try deposit.settlement(to: date), on: date)
            ] + further)
        let receipt = try await workshop.engine.post(unit)
        guard let journal = receipt.journals.first else { throw Refusal.unavailable() }
        return try await moved(by: journal, deposit, isReplay: receipt.isReplay)
    }

    /// Notice of a withdrawal from a call deposit.
    /// - Throws: 409 `invalid_state`; 422 `currency_mismatch`, `amount_out_of_range`, `below_minimum`
    func giveNotice(
        _ amount: Money, on deposit: Deposit, context: RequestContext,
        render: @escaping @Sendable (Identifier<DepositNotice>, BusinessDate) -> [UInt8]
    ) async throws -> CommandReply {
        let workshop = workshop
        let book = try await workshop.tariffs.current()
        let id: Identifier<DepositNotice> = workshop.identifiers.next()
        return try await workshop.pipeline.run(context) { transaction in
            try checkOpen(deposit, amount)
            let date = try workshop.reader.businessDate(in: transaction)
            _ = try transaction.query("SELECT 1 FROM deposits.deposit WHERE id = \(deposit.id) FOR UPDATE")
            let pending = try DepositStore.notices("deposit_id = \(deposit.id)", in: transaction).reduce(0) { $0 + $1.amount }
            guard amount.minorUnits + pending <= deposit.principal else {
                throw Refusal.rule("amount_out_of_range", "The deposit does not hold as much", field: "amount")
            }
            let rest = deposit.principal - pending - amount.minorUnits
            guard rest == 0 || rest >= deposit.minimumAmount else {
                throw Refusal.rule("below_minimum", "Less than the minimum would be left", field: "amount")
            }
            let payable = book.calendar.onOrAfter(date.adding(days: deposit.noticePeriodDays ?? 0))
            _ = try transaction.execute(
                """
                INSERT INTO deposits.notice (id, deposit_id, amount, given_on, payable_date, status, given_by)
                VALUES (\(id), \(deposit.id), \(amount.minorUnits), \(date), \(payable), 'pending', \(context.principal?.userID))
                """)
            return CommandResult(
                status: 202, body: render(id, payable),
                audit: [
                    workshop.audit("giveNotice", deposit.id, context, [("amount", amount.decimalString), ("payable", payable.description)])
                ])
        }
    }

    private func checkOpen(_ deposit: Deposit, _ amount: Money) throws(Refusal) {
        guard deposit.status == .active else { throw .invalidState(deposit.status.rawValue, "The deposit is not active") }
        guard amount.currency == deposit.currency else {
            throw .rule("currency_mismatch", "The deposit is kept in \(deposit.currency.code)", field: "currency")
        }
    }

    private func checkRest(_ deposit: Deposit, _ amount: Money) throws(Refusal) {
        guard amount.minorUnits <= deposit.principal else {
            throw .rule("amount_out_of_range", "The deposit does not hold as much", field: "amount")
        }
        guard deposit.principal - amount.minorUnits >= max(1, deposit.minimumAmount) else {
            throw .rule("below_minimum", "Less than the minimum would be left", field: "amount")
        }
    }

    // MARK: Installments

    /// An installment that somebody wants to pay.
    struct InstallmentOrder: Sendable {
        let deposit: Deposit
        let source: Identifier<Account>
        /// Must be the agreed one when it is named.
        let amount: Money?
    }

    /// Pays the next installment of a recurring deposit.
    /// - Throws: 409 `invalid_state` when none is left; the refusals of a transfer for the source
    func payInstallment(_ order: InstallmentOrder, context: RequestContext) async throws -> Movement {
        if let journal = try await workshop.journalOfKey(context) { return try await moved(by: journal, order.deposit) }
        var attempts = 0
        while true {
            let date = try await workshop.businessDay.current()
            try check(order)
            let unit = installmentUnit(
                order.deposit, from: order.source, on: date, context: context, key: IdempotencyKey(context))
            do {
                let receipt = try await workshop.engine.post(unit)
                guard let journal = receipt.journals.first else { throw Refusal.unavailable() }
                return try await moved(by: journal, order.deposit, isReplay: receipt.isReplay)
            } catch let refusal as Refusal {
                guard refusal == .businessDateChanged, attempts < 3 else { throw refusal }
                attempts += 1
                workshop.businessDay.invalidate()
            }
        }
    }

    private func check(_ order: InstallmentOrder) throws(Refusal) {
        let deposit = order.deposit
        guard let installment = deposit.monthlyInstallment, deposit.status == .active, !deposit.areAllInstallmentsPaid else {
            throw .invalidState(deposit.status.rawValue, "No installment is open")
        }
        guard let amount = order.amount else { return }
        guard amount.currency == deposit.currency else {
            throw .rule("currency_mismatch", "The deposit is kept in \(deposit.currency.code)", field: "currency")
        }
        guard amount.minorUnits == installment else {
            throw .rule("amount_out_of_range", "An installment is \(deposit.money(installment))", field: "amount")
        }
    }

    func installmentUnit(
        _ deposit: Deposit, from source: Identifier<Account>, on date: BusinessDate, context: RequestContext, key: IdempotencyKey?
    ) -> PostingUnit {
        let amount = deposit.monthlyInstallment ?? 0
        let number = deposit.installmentsPaidOn.count + 1
        let draft = JournalDraft(
            type: .transfer, referencePrefix: "DEP", sourceType: "deposit", sourceID: deposit.id.bits,
            narration: "Installment \(number) of deposit \(deposit.number)",
            legs: [
                Leg(
                    .account(source), amount: -amount, currency: deposit.currency, type: .transfer,
                    authority: .customer(field: "fromAccountNumber")),
                Leg(.account(deposit.account), amount: amount, currency: deposit.currency, type: .transfer),
            ], pricedOn: date)
        return PostingUnit(
            commands: [.journal(draft)], context: context, idempotency: key,
            audit: workshop.audit("payInstallment", deposit.id, context, [("installment", String(number))]),
            companions: [DepositStore.addInstallment(to: deposit, on: date)])
    }

    private func moved(by journal: PostedJournal, _ deposit: Deposit, isReplay: Bool = true) async throws -> Movement {
        let stored = try await workshop.readers.read { try DepositStore.find(deposit.id, in: $0) }
        let amount = journal.lines.first { $0.amount > 0 }.map { Money(minorUnits: $0.amount, currency: $0.currency) }
        guard journal.sourceID == deposit.id.bits, let stored, let amount else { throw IdempotencyKey.reused() }
        return Movement(deposit: stored, amount: amount, journal: journal, isReplay: isReplay)
    }

    // MARK: Instructions

    /// What becomes of the money at maturity; until the day before.
    /// - Throws: 409 `version_conflict`, `invalid_state`; 404 `account_not_found`; 422 `currency_mismatch`
    func setInstruction(
        _ instruction: MaturityInstruction, payoutAccount: Identifier<Account>?, version: Int64, of deposit: Deposit,
        context: RequestContext, render: @escaping @Sendable (Deposit) -> [UInt8]
    ) async throws -> CommandReply {
        if let payoutAccount {
            _ = try await PayoutAccounts(workshop).require(payoutAccount, customer: deposit.customer, currency: deposit.currency)
        }
        let workshop = workshop
        return try await workshop.pipeline.run(context, isIdempotent: false) { transaction in
            let date = try workshop.reader.businessDate(in: transaction)
            let current = try DepositStore.find("id = \(deposit.id) FOR UPDATE", in: transaction).first
            guard let current else { throw Refusal.depositNotFound }
            guard current.version == version else {
                throw Refusal(
                    .conflict, "version_conflict", "The deposit has changed in the meantime",
                    members: [.init("currentVersion", .integer(current.version))])
            }
            guard current.status == .active, current.maturityDate.map({ date < $0 }) ?? true else {
                throw Refusal.invalidState(current.status.rawValue, "Instructions are taken until the day before maturity")
            }
            _ = try transaction.execute(
                """
                UPDATE deposits.deposit SET instruction = \(instruction.rawValue),
                    payout_account_id = coalesce(\(payoutAccount)::uuid, payout_account_id), version = version + 1
                WHERE id = \(deposit.id)
                """)
            guard let changed = try DepositStore.find(deposit.id, in: transaction) else { throw Refusal.depositNotFound }
            return CommandResult(
                body: render(changed),
                audit: [workshop.audit("setInstruction", deposit.id, context, [("instruction", instruction.rawValue)])])
        }
    }
}

import Accounts
import Application
import Documents
import HTTPEdge
import Kernel
import Ledger
import Products

/// Deposits (contract, section 12).
public struct DepositEndpoints: Sendable {
    private static let tag = "Deposits"
    /// What a CorporateMaker starts needs a checker; until approvals exist it is refused (contract, 1.6).
    private static let placers = Access.roles(RoleSet([.customer, .smeOwner]).union(.branch))
    private static let viewers = Access.roles(RoleSet.staff.union(.owner))
    private static let sourceErrors = [
        "account_not_found", "product_not_found", "account_closed", "account_frozen", "account_dormant", "account_not_active",
        "currency_mismatch", "customer_blocked", "kyc_required", "limit_exceeded", "insufficient_funds", "product_not_active",
        "currency_not_offered", "amount_out_of_range", "term_out_of_range",
    ]

    private let opening: OpenDeposit
    private let ending: EndDeposit
    private let changes: ChangeDeposit
    private let queries: DepositQueries
    private let accruals: AccrualRuns
    private let certificateKey: [UInt8]

    /// - Parameter certificateKey: makes the codes of certificates
    public init(_ workshop: DepositsWorkshop, certificateKey: [UInt8]) {
        self.certificateKey = certificateKey
        opening = OpenDeposit(workshop: workshop)
        ending = EndDeposit(workshop: workshop)
        changes = ChangeDeposit(workshop: workshop)
        queries = DepositQueries(workshop: workshop)
        accruals = AccrualRuns(workshop: workshop, accrual: SavingsAccrual(workshop))
    }

    public var all: [Endpoint] {
        [
            place("fixed-deposits", "Place a fixed deposit", FixedDepositRequest.self) { $0.order },
            place("recurring-deposits", "Open a recurring deposit", RecurringDepositRequest.self) { $0.order },
            place("term-deposits", "Open a term deposit", TermDepositRequest.self) { $0.order },
            place("call-deposits", "Open a call deposit", CallDepositRequest.self) { $0.order },
            list("/api/deposits", Self.viewers), list("/api/customer-portal/deposits", .roles(.owner)), maturing, get, schedule, closeQuote,
            close, maturityInstruction, installment, withdrawal, notice, notices, accrue, accrualHistory,
            certificate("/api/deposits", Self.viewers), certificate("/api/customer-portal/deposits", .roles(.owner)),
        ]
    }

    // MARK: Opening

    private func place<Body: RequestBody>(
        _ path: String, _ summary: String, _: Body.Type, _ order: @escaping @Sendable (Body) -> DepositOrder
    ) -> Endpoint {
        Endpoint(
            .post, "/api/deposits/\(path)", summary: summary, tag: Self.tag, access: Self.placers, body: Body.self, reply: DepositView.self,
            status: 201, errors: Self.sourceErrors
        ) { call in
            let placed = try await opening.run(order(call.body), by: DepositAuthority(call.context), context: call.context)
            var reply = Reply.created(
                DepositView(details: try await queries.details(placed.deposit)), location: "/api/deposits/\(placed.deposit.id)")
            reply.isReplay = placed.isReplay
            return reply
        }
    }

    // MARK: Reading

    private func list(_ path: String, _ access: Access) -> Endpoint {
        Endpoint(
            .get, path, summary: "Deposits, newest first; customers see their own", tag: Self.tag, access: access,
            query: DepositListQuery.self, reply: Page<DepositView>.self
        ) { call in
            let authority =
                path.contains("portal") ? DepositAuthority.customer(try call.context.requireCustomer()) : try DepositAuthority(call.context)
            let rows = try await queries.list(
                call.query.filter, by: authority, limit: call.query.page.fetchCount, before: call.query.place())
            return Reply(call.page(rows.map { DepositView(details: $0) }) { Cursor().adding($0.details.deposit.id) })
        }
    }

    private var maturing: Endpoint {
        Endpoint(
            .get, "/api/deposits/maturing", summary: "Deposits that mature soon", tag: Self.tag, access: .roles(.staff),
            query: MaturingQuery.self, reply: Page<DepositView>.self
        ) { call in
            let rows = try await queries.maturing(
                within: call.query.days, after: call.query.place(), limit: call.query.page.fetchCount)
            return Reply(
                call.page(rows.map { DepositView(details: $0) }) { view in
                    let deposit = view.details.deposit
                    return Cursor().adding(deposit.maturityDate ?? deposit.startDate).adding(deposit.id)
                })
        }
    }

    private var get: Endpoint {
        Endpoint(
            .get, "/api/deposits/{depositId}", summary: "One deposit", tag: Self.tag, access: Self.viewers, reply: DepositView.self,
            errors: ["not_found"]
        ) { call in
            let deposit = try await queries.require(call.path("depositId"), by: DepositAuthority(call.context))
            return Reply(DepositView(details: try await queries.details(deposit)))
        }
    }

    private var schedule: Endpoint {
        Endpoint(
            .get, "/api/deposits/{depositId}/schedule", summary: "Expected installments, interest and tax", tag: Self.tag,
            access: Self.viewers, reply: ScheduleView.self, errors: ["not_found"]
        ) { call in
            let deposit = try await queries.require(call.path("depositId"), by: DepositAuthority(call.context))
            return Reply(ScheduleView(deposit: deposit, postings: try await queries.schedule(deposit)))
        }
    }

    /// An extension of the contract.
    private func certificate(_ path: String, _ access: Access) -> Endpoint {
        Endpoint(
            .get, "\(path)/{depositId}/certificate", summary: "Certificate of a deposit", tag: Self.tag, access: access,
            query: DepositCertificateQuery.self, reply: DepositCertificate.self, errors: ["not_found"],
            options: EndpointOptions(details: "A PDF file with the bank's verification code; with `format=json` the figures.")
        ) { call in
            let deposit = try await queries.require(call.path("depositId"), by: DepositAuthority(call.context))
            let certificate = DepositCertificate(
                details: try await queries.details(deposit), holderName: try await queries.holderName(of: deposit), key: certificateKey)
            guard call.query.format == .pdf else { return Reply(certificate) }
            return Reply.raw(try await PDFDocument.make { try certificate.pdf() }, contentType: "application/pdf")
                .adding("Content-Disposition", "attachment; filename=\"\(certificate.fileName)\"")
        }
    }

    // MARK: Ending

    private var closeQuote: Endpoint {
        Endpoint(
            .post, "/api/deposits/{depositId}/close-quote", summary: "What ending the deposit on a day comes to", tag: Self.tag,
            access: Self.viewers, body: CloseQuoteRequest.self, reply: CloseQuoteView.self, errors: ["not_found", "invalid_state"],
            options: EndpointOptions(isIdempotent: false, allowsEmptyBody: true)
        ) { call in
            let deposit = try await queries.require(call.path("depositId"), by: DepositAuthority(call.context))
            let quote = try await ending.quote(deposit, on: call.body.date)
            return Reply(CloseQuoteView(figures: quote.figures, currency: deposit.currency, date: quote.date))
        }
    }

    private var close: Endpoint {
        Endpoint(
            .post, "/api/deposits/{depositId}/close", summary: "End a deposit, before or at maturity", tag: Self.tag, access: Self.placers,
            body: CloseDepositRequest.self, reply: ClosedDepositView.self, errors: ["not_found", "invalid_state", "notice_required"],
            options: EndpointOptions(allowsEmptyBody: true)
        ) { call in
            let deposit = try await queries.require(call.path("depositId"), by: DepositAuthority(call.context))
            let ended = try await ending.run(deposit.id, deposit: deposit, context: call.context)
            return Reply(ClosedDepositView(ended: ended), isReplay: ended.isReplay)
        }
    }

    private var maturityInstruction: Endpoint {
        Endpoint(
            .put, "/api/deposits/{depositId}/maturity-instruction", summary: "What becomes of the money at maturity", tag: Self.tag,
            access: Self.placers, body: MaturityInstructionRequest.self, reply: DepositView.self,
            errors: ["not_found", "version_conflict", "invalid_state", "account_not_found", "currency_mismatch"]
        ) { call in
            let deposit = try await queries.require(call.path("depositId"), by: DepositAuthority(call.context))
            _ = try await changes.setInstruction(
                call.body.instruction, payoutAccount: call.body.payoutAccount, version: Int64(call.body.version), of: deposit,
                context: call.context, render: { _ in [] })
            let changed = try await queries.require(deposit.id.description, by: DepositAuthority(call.context))
            return Reply(DepositView(details: try await queries.details(changed)))
        }
    }

    // MARK: Movements

    private var installment: Endpoint {
        Endpoint(
            .post, "/api/deposits/recurring-deposits/{depositId}/installments", summary: "Pay the next installment", tag: Self.tag,
            access: Self.placers, body: InstallmentRequest.self, reply: DepositMovementView.self, status: 201,
            errors: ["not_found", "invalid_state", "account_not_found", "insufficient_funds", "amount_out_of_range"],
            options: EndpointOptions(allowsEmptyBody: true)
        ) { call in
            let authority = try DepositAuthority(call.context)
            let deposit = try await queries.require(call.path("depositId"), type: .recurringDeposit, by: authority)
            let source = try await queries.source(id: call.body.sourceID, number: call.body.sourceNumber, of: deposit, by: authority)
            let order = ChangeDeposit.InstallmentOrder(deposit: deposit, source: source, amount: call.body.amount)
            let movement = try await changes.payInstallment(order, context: call.context)
            return Self.reply(movement)
        }
    }

    private var withdrawal: Endpoint {
        Endpoint(
            .post, "/api/deposits/term-deposits/{depositId}/withdrawals", summary: "Withdraw a part of a term deposit", tag: Self.tag,
            access: Self.placers, body: WithdrawalRequest.self, reply: DepositMovementView.self, status: 201,
            errors: [
                "not_found", "invalid_state", "currency_mismatch", "partial_withdrawal_not_allowed", "amount_out_of_range", "below_minimum",
            ]
        ) { call in
            let deposit = try await queries.require(
                call.path("depositId"), type: .termDeposit, by: DepositAuthority(call.context))
            return Self.reply(try await changes.withdraw(call.body.amount, from: deposit, context: call.context))
        }
    }

    private var notice: Endpoint {
        Endpoint(
            .post, "/api/deposits/call-deposits/{depositId}/withdrawals", summary: "Give notice of a withdrawal", tag: Self.tag,
            access: Self.placers, body: WithdrawalRequest.self, reply: NoticeView.self, status: 202,
            errors: ["not_found", "invalid_state", "currency_mismatch", "amount_out_of_range", "below_minimum"]
        ) { call in
            let deposit = try await queries.require(
                call.path("depositId"), type: .callDeposit, by: DepositAuthority(call.context))
            let amount = call.body.amount
            let reply = try await changes.giveNotice(amount, on: deposit, context: call.context) { id, payable in
                NoticeView(id: id, payableDate: payable, amount: amount).json()
            }
            return Reply(
                stored: EncodedReply(status: Int(reply.status), contentType: MediaType.json, body: reply.body), isReplay: reply.isReplay)
        }
    }

    /// An extension of the contract: what was given notice of and is still to be paid, the next payment first.
    private var notices: Endpoint {
        Endpoint(
            .get, "/api/deposits/call-deposits/{depositId}/withdrawals", summary: "Withdrawals that notice was given of",
            tag: Self.tag, access: Self.viewers, query: NoQuery.self, reply: Page<NoticeView>.self, errors: ["not_found"]
        ) { call in
            let deposit = try await queries.require(call.path("depositId"), type: .callDeposit, by: DepositAuthority(call.context))
            let pending = try await queries.notices(of: deposit).map {
                NoticeView(id: $0.id, payableDate: $0.payableDate, amount: deposit.money($0.amount))
            }
            return Reply(Page(items: pending, nextCursor: nil))
        }
    }

    private static func reply(_ movement: ChangeDeposit.Movement) -> Reply<DepositMovementView> {
        let deposit = movement.deposit
        let view = DepositMovementView(
            depositID: deposit.id, amount: movement.amount, transactionID: movement.journal.transactionID,
            reference: movement.journal.reference, journalID: movement.journal.id, businessDate: movement.journal.businessDate,
            principal: deposit.principalMoney, installmentsPaid: deposit.type == .recurringDeposit ? deposit.installmentsPaidOn.count : nil)
        var reply = Reply.created(view, location: "/api/deposits/\(deposit.id)")
        reply.isReplay = movement.isReplay
        return reply
    }

    // MARK: Accrual

    private var accrue: Endpoint {
        Endpoint(
            .post, "/api/deposits/interest-accrual", summary: "Accrue interest for a date; once", tag: Self.tag,
            access: .roles(RoleSet(.administrator)), body: InterestAccrualRequest.self, reply: AccrualRunView.self,
            errors: ["product_not_found"], options: EndpointOptions(isIdempotent: false, timeLimitSeconds: 300)
        ) { call in
            let run = try await accruals.run(
                date: call.body.date, product: call.body.productCode, isDryRun: call.body.isDryRun, context: call.context)
            return Reply(AccrualRunView(run: run))
        }
    }

    private var accrualHistory: Endpoint {
        Endpoint(
            .get, "/api/deposits/interest-accrual/history", summary: "Accruals that were asked for, newest first", tag: Self.tag,
            access: .roles(.staff), query: PageQuery.self, reply: Page<AccrualRunView>.self
        ) { call in
            var place: Identifier<AccrualRun.Kind>?
            if var reader = call.query.page.cursor?.reader { place = try reader.identifier() }
            let runs = try await accruals.history(limit: call.query.page.fetchCount, before: place)
            return Reply(call.page(runs.map { AccrualRunView(run: $0) }) { Cursor().adding($0.run.id) })
        }
    }
}

extension DepositQueries {
    /// As the deposit's account is called.
    func holderName(of deposit: Deposit) async throws -> String {
        try await workshop.directory.account(id: deposit.account)?.name ?? ""
    }

    /// As `require`, of one type: another is missing there.
    func require(_ reference: String, type: DepositType, by authority: DepositAuthority) async throws -> Deposit {
        let deposit = try await require(reference, by: authority)
        guard deposit.type == type else { throw Refusal.depositNotFound }
        return deposit
    }

    /// The account that pays an installment: the one named, else the one that opened the deposit.
    /// - Throws: 404 `account_not_found`; 422 `account_not_active` for an account that does not pay
    func source(
        id: Identifier<Account>?, number: String?, of deposit: Deposit, by authority: DepositAuthority
    ) async throws -> Identifier<Account> {
        guard let reference = number ?? id?.description else { return deposit.sourceAccount }
        let account: AccountIdentity
        if case .customer(let customer) = authority {
            account = try await workshop.access.requireTransactable(reference, by: customer)
        } else {
            account = try await workshop.directory.require(reference)
        }
        guard account.accountType.isTransactional else {
            throw Refusal.rule("account_not_active", "A deposit's account is not paid from", field: "fromAccountNumber")
        }
        return account.id
    }
}

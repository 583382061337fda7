import Application
import Kernel
import Ledger
import Parties
import Postgres
import Products

/// Opens accounts: for persons at once, for organisations up to the approval.
public struct AccountOpening: Sendable {
    public static let headOffice = "001"

    let pool: ConnectionPool
    private let pipeline: CommandPipeline
    let clock: any WallClock
    let identifiers: any IdentifierSource
    private let tariffs: TariffBookCache
    let numbers: NumberBlocks
    private let observers: [any AccountOpeningObserver]

    public init(
        pool: ConnectionPool, pipeline: CommandPipeline, clock: any WallClock, identifiers: any IdentifierSource, tariffs: TariffBookCache,
        observers: [any AccountOpeningObserver] = []
    ) {
        self.observers = observers
        self.pool = pool
        self.pipeline = pipeline
        self.clock = clock
        self.identifiers = identifiers
        self.tariffs = tariffs
        numbers = NumberBlocks(
            pool: pool, clock: clock, table: "accounts.number_block", greatestNumber: AccountNumber.greatestSerial)
    }

    /// Opens one account.
    /// - Parameter render: the answer to keep under the caller's key
    /// - Throws: 404 `customer_not_found`, `product_not_found`; 422 `out_of_range` and `duplicate` on joint holders,
    ///   `product_not_active`, `currency_not_offered`, `kyc_required`, `not_eligible`, `customer_blocked`
    public func open(
        _ order: OpeningOrder, context: RequestContext, render: @escaping @Sendable (AccountDetails) -> CommandAnswer
    ) async throws -> CommandReply {
        try await open([order], context: context) { render($0[0]) }
    }

    /// Opens an account that a customer asks for in person.
    /// - Throws: as `open`, except `customer_not_found`
    public func openOwn(
        productCode: String, currency: Currency, alias: String?, context: RequestContext,
        render: @escaping @Sendable (AccountDetails) -> CommandAnswer
    ) async throws -> CommandReply {
        let id = try context.requireCustomer()
        guard let customer = try await pool.read(deadline: context.deadline, { try PartyDirectory().customer(id, in: $0) }) else {
            throw Refusal.forbidden("Only customers can do this")
        }
        var order = OpeningOrder(
            kind: customer.kind == .individual ? .individual : .business, customer: .id(id), productCode: productCode, currency: currency,
            alias: alias)
        order.isOwnOrder = true
        return try await open(order, context: context, render: render)
    }

    /// Opens many accounts in one commit, all or none: for imports and the demonstration bank.
    /// - Returns: identifiers in the order given; those of the first time on a repetition
    public func openAll(_ orders: [OpeningOrder], context: RequestContext) async throws -> [Identifier<Account>] {
        guard !orders.isEmpty else { return [] }
        let reply = try await open(orders, context: context) { accounts in
            CommandAnswer(status: 201, body: Array(accounts.map(\.record.id.description).joined(separator: ",").utf8))
        }
        return String(decoding: reply.body, as: UTF8.self).split(separator: ",").compactMap { Identifier<Account>($0) }
    }

    /// Orders with everything minted for them, ready to be carried out inside somebody's transaction.
    public struct Prepared: Sendable {
        let book: TariffBook
        let drafts: [OpeningDraft]
    }

    public func prepare(_ orders: [OpeningOrder], context: RequestContext) async throws -> Prepared {
        let book = try await tariffs.current()
        var drafts: [OpeningDraft] = []
        drafts.reserveCapacity(orders.count)
        for order in orders {
            let branch = order.branchCode ?? context.principal?.branchCode ?? Self.headOffice
            var number: AccountNumber?
            // An order that will be refused for its product needs no number.
            if let type = book.newestProduct(order.productCode)?.type.accountType, type.isTransactional {
                let serial = try await numbers.next(in: "\(branch)-\(type.numberClass)")
                number = AccountNumber(branchCode: branch, numberClass: type.numberClass, serial: serial)
            }
            drafts.append(
                OpeningDraft(
                    order: order, id: order.id ?? identifiers.next(), number: number, branchCode: branch,
                    workflowID: order.kind == .business && !order.isOwnOrder ? identifiers.nextBits() : nil))
        }
        return Prepared(book: book, drafts: drafts)
    }

    /// Opens accounts in the caller's transaction, with their audit records in the caller's hands.
    public func open(
        _ prepared: Prepared, context: RequestContext, in transaction: Transaction
    ) throws -> (accounts: [AccountDetails], audit: [AuditRecord], events: [DomainEvent]) {
        let opener = AccountOpener(book: prepared.book, now: clock.now(), clock: clock, context: context, observers: observers)
        let opened = try prepared.drafts.map { try opener.open($0, in: transaction) }
        return (opened, opened.map { opener.audit($0) }, opened.map { opener.event($0) })
    }

    private func open(
        _ orders: [OpeningOrder], context: RequestContext, render: @escaping @Sendable ([AccountDetails]) -> CommandAnswer
    ) async throws -> CommandReply {
        let prepared = try await prepare(orders, context: context)
        do {
            return try await pipeline.run(context) { transaction in
                let opened = try open(prepared, context: context, in: transaction)
                let answer = render(opened.accounts)
                return CommandResult(
                    status: answer.status, body: answer.body, location: answer.location, audit: opened.audit, events: opened.events)
            }
        } catch let error as PostgresError where error.isUniqueViolation(constraint: "account_pkey") {
            throw Refusal(.conflict, "id_in_use", "An account has this identifier already")
        }
    }
}

/// What a command answers: kept under the caller's key and given again when it is repeated.
public struct CommandAnswer: Sendable {
    public let status: Int16
    public let body: [UInt8]
    public let location: String?

    public init(status: Int16 = 200, body: [UInt8], location: String? = nil) {
        self.status = status
        self.body = body
        self.location = location
    }
}

/// An order with everything that was minted for it.
struct OpeningDraft: Sendable {
    let order: OpeningOrder
    let id: Identifier<Account>
    /// Nil when the product cannot be opened here, which the checks will say.
    let number: AccountNumber?
    let branchCode: String
    let workflowID: UInt128?
}

/// The opening itself, inside one transaction.
struct AccountOpener: Sendable {
    let book: TariffBook
    let now: Timestamp
    let clock: any WallClock
    let context: RequestContext
    let observers: [any AccountOpeningObserver]
    private let parties = PartyDirectory()
    private let ledger = LedgerAccounts()

    init(
        book: TariffBook, now: Timestamp, clock: any WallClock, context: RequestContext, observers: [any AccountOpeningObserver]
    ) {
        self.observers = observers
        self.book = book
        self.now = now
        self.clock = clock
        self.context = context
    }

    func open(_ draft: OpeningDraft, in transaction: Transaction) throws -> AccountDetails {
        let order = draft.order
        let businessDate = try LedgerReader(clock: clock).businessDate(in: transaction)
        let (customer, joint, signatories) = try people(of: order, in: transaction)
        guard book.newestProduct(order.productCode) != nil else {
            throw Refusal.notFound("product_not_found", "There is no such product")
        }
        let holdings = try Ownership.holdings(
            primary: customer.id,
            joint: zip(joint, order.jointHolders).map { ($0.id, $1.relationship, $1.basisPoints) })
        let product = try checkProduct(order, on: businessDate)
        try checkCustomers(customer, joint, order, product)
        guard let number = draft.number, let type = product.type.accountType, let glNumber = product.glNumber else {
            throw Refusal.rule("not_eligible", "This product is opened in its own section", field: "productCode")
        }

        let status: AccountStatus = order.kind == .business && !order.isOwnOrder ? .pendingApproval : .active
        let limitHolder = try AccountStore.limitHolder(of: customer.id, orElse: draft.id, in: transaction)
        let names = [customer.fullName] + holdings.dropFirst().compactMap { holding in joint.first { $0.id == holding.customer }?.fullName }
        let record = AccountRecord(
            identity: AccountIdentity(
                id: draft.id, number: number.text, currency: order.currency, accountType: type, productCode: product.code,
                branchCode: draft.branchCode, customerID: customer.id, limitHolder: limitHolder, operatingRule: order.operatingRule,
                name: names.joined(separator: " & ")),
            alias: order.alias, openedDate: order.openedDate ?? businessDate, closedDate: nil, workflowID: draft.workflowID,
            openedBy: context.principal?.userID, version: 1)
        _ = try transaction.pipeline(
            AccountStore.insert(
                AccountStore.NewRow(
                    record: record, status: status, productVersion: product.version, purpose: order.purpose,
                    sourceOfFunds: order.sourceOfFunds, boardResolution: order.boardResolution, holdings: holdings,
                    signatories: signatories, createdAt: now)))

        let limits = try TierLimits.of(kycTier: customer.kycTier, currency: order.currency, book: book, on: businessDate)
        try ledger.open(
            NewLedgerAccount(
                id: draft.id, glCode: GLCode(glNumber), currency: order.currency, owner: customer.id, status: status,
                limitHolder: limitHolder, minimumBalance: product.minimumBalance, transactionLimit: limits.transaction,
                maximumBalance: limits.balance, requiresKYC: !customer.isVerified, isCustomerBlocked: customer.isBlocked),
            in: transaction)
        guard let state = try ledger.state(of: draft.id, in: transaction) else { throw Refusal.unavailable() }
        assert(state.balance == 0, "an account begins with nothing")
        let registered = RegisteredAccount(
            id: draft.id, customer: customer.id, type: type, productCode: product.code, productVersion: product.version,
            currency: order.currency)
        for observer in observers { try observer.opened(registered, product: product, in: transaction) }
        return AccountDetails(record: record, state: state, productName: product.name, cifNumber: customer.cifNumber)
    }

    func audit(_ account: AccountDetails) -> AuditRecord {
        AuditRecord(
            action: account.state.status == .active ? "accounts.open" : "accounts.requestOpening", outcome: .success,
            actor: context.principal?.userID, subjectType: "account", subjectID: account.record.id.description, context: context,
            detail: [
                ("accountNumber", account.identity.number), ("productCode", account.identity.productCode),
                ("cifNumber", account.cifNumber),
            ])
    }

    func event(_ account: AccountDetails) -> DomainEvent {
        DomainEvent(
            name: account.state.status == .active ? "accounts.accountOpened" : "accounts.openingRequested",
            subject: account.record.id.bits, occurredAt: now, payload: [])
    }

    // MARK: Checks

    private func people(
        of order: OpeningOrder, in transaction: Transaction
    ) throws -> (customer: CustomerRecord, joint: [CustomerRecord], signatories: [Signatory]) {
        let primary = try find(order.customer, field: "cifNumber", in: transaction)
        let joint = try order.jointHolders.enumerated().map { index, holder in
            try find(.cifNumber(holder.cifNumber), field: "jointHolders[\(index)].cifNumber", in: transaction)
        }
        let signatories = try order.signatories.enumerated().map { index, named in
            let person = try find(.cifNumber(named.cifNumber), field: "signatories[\(index)].cifNumber", in: transaction)
            return Signatory(
                customer: person.id, cifNumber: person.cifNumber, name: person.fullName, role: named.role,
                canInitiate: named.canInitiate, canApprove: named.canApprove)
        }
        var seen: Set<Identifier<Customer>> = []
        for (index, signatory) in signatories.enumerated() where !seen.insert(signatory.customer).inserted {
            throw Refusal.validation([.init("signatories[\(index)].cifNumber", "duplicate", "This signatory is named twice")])
        }
        // The holders' standing must not change between this check and the commit. In order of identifiers, so that two openings that
        // share holders never wait for each other in a circle.
        var locked: [Identifier<Customer>: CustomerRecord] = [:]
        for id in Set([primary.id] + joint.map(\.id)).sorted() { locked[id] = try parties.lock(id, in: transaction) }
        return (locked[primary.id] ?? primary, joint.map { locked[$0.id] ?? $0 }, signatories)
    }

    private func find(_ reference: CustomerReference, field: String, in transaction: Transaction) throws -> CustomerRecord {
        let found: CustomerRecord?
        switch reference {
        case .id(let id): found = try parties.customer(id, in: transaction)
        case .cifNumber(let number): found = try parties.customer(cifNumber: number, in: transaction)
        case .both(let id, let number):
            let byNumber = try parties.customer(cifNumber: number, in: transaction)
            found = byNumber?.id == id ? byNumber : nil
        }
        guard let found else {
            throw Refusal(
                .notFound, "customer_not_found", "There is no such customer",
                fields: [.init(field, "customer_not_found", "There is no such customer")])
        }
        return found
    }

    private func checkProduct(_ order: OpeningOrder, on date: BusinessDate) throws -> Product {
        guard let product = book.product(order.productCode, on: date), product.isOffered(on: date) else {
            throw Refusal.rule("product_not_active", "This product is not offered today", field: "productCode")
        }
        guard product.currencies.contains(order.currency) else {
            throw Refusal.rule("currency_not_offered", "\(product.name) is not offered in \(order.currency.code)", field: "currency")
        }
        return product
    }

    private func checkCustomers(
        _ customer: CustomerRecord, _ joint: [CustomerRecord], _ order: OpeningOrder, _ product: Product
    ) throws {
        let holders = [customer] + joint
        guard holders.allSatisfy(\.isVerified) else {
            throw Refusal.rule("kyc_required", "The customer's identity has to be verified first")
        }
        let expected: CustomerKind = order.kind == .business ? .corporate : .individual
        let isOffered = expected == .corporate ? product.isForOrganisations : product.isForIndividuals
        guard holders.allSatisfy({ $0.kind == expected && $0.kycTier >= product.minimumKYCTier }), isOffered,
            product.type.accountType?.isTransactional == true
        else { throw Refusal.rule("not_eligible", "This product is not for this customer") }
        guard holders.allSatisfy({ $0.status == .active }) else {
            throw Refusal.rule("customer_blocked", "The customer is blocked")
        }
    }
}

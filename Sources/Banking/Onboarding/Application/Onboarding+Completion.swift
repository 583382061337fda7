import Accounts
import Application
import Identity
import Kernel
import Notifications
import Parties
import Postgres
import Screening

/// The last step: a customer, an account and a user in one commit, or a review by people.
extension Onboarding {
    struct SetupOrder: Sendable {
        let productCode: String
        let currency: Currency
        let username: String
        let password: String
        let kraPin: String?
        let sourceOfFunds: String?
    }

    struct Opened: Sendable {
        let customerID: Identifier<Customer>
        let cifNumber: String
        let accountID: Identifier<Account>
        let accountNumber: String
        let username: String
    }

    enum SetupOutcome: Sendable {
        case completed(Opened)
        case underReview(Identifier<OnboardingApplication>)
    }

    /// Everything that was prepared outside of the transaction.
    private struct Prepared: Sendable {
        let party: PreparedParty
        let accounts: AccountOpening.Prepared
        let user: PreparedUser
        let documents: [PartyFile.PreparedDocument]
    }

    /// - Throws: 404; 409 `step_out_of_order`, `username_taken`; 422 field faults and the refusals of opening an account
    func setUp(
        token: String?, _ order: SetupOrder, context: RequestContext, render: @escaping @Sendable (SetupOutcome) -> [UInt8]
    ) async throws -> CommandReply {
        let (needs, store) = (needs, store)
        let application = try await needs.pool.read(deadline: context.deadline) { try store.require(token: token, in: $0) }
        if application.status == .inProgress { try check(application, at: .accountSetup) }
        guard var applicant = application.applicant else {
            return try await needs.pipeline.run(scoped(context, application.id)) { _ in throw Self.finished }
        }
        // Checks the password before anything else, and hashes it once.
        let checked = try await needs.users.prepare(
            CreateUser(
                username: order.username, fullName: applicant.fullName, email: applicant.email, phone: applicant.phone,
                password: order.password, roles: RoleSet(.customer), customerID: Identifier(bits: 1)))
        applicant.setup = AccountSetup(
            productCode: order.productCode, currencyCode: order.currency.code, username: order.username,
            passwordHash: checked.passwordHash, kraPin: order.kraPin, sourceOfFunds: order.sourceOfFunds)
        let complete = applicant
        let prepared = try await prepare(complete, application.id, context)
        do {
            return try await needs.pipeline.run(scoped(context, application.id)) { transaction in
                let application = try store.require(token: token, locking: true, in: transaction)
                try check(application, at: .accountSetup)
                try needs.users.check(username: order.username, email: complete.email, in: transaction)
                let reasons = try reviewReasons(complete, application, prepared.party, context, in: transaction)
                guard reasons.isEmpty else {
                    try store.write(complete, of: application.id, in: transaction)
                    try store.set(
                        application.id, "status = 'underReview', step = 'review', review_reasons = \(reasons)", in: transaction)
                    return CommandResult(
                        status: 202, body: render(.underReview(application.id)),
                        audit: [record("underReview", application.id, context)])
                }
                let done = try finish(prepared, application.id, context, in: transaction)
                return CommandResult(
                    status: 201, body: render(.completed(done.opened)), location: "/api/accounts/\(done.opened.accountID)",
                    audit: done.audit, events: done.events)
            }
        } catch {
            throw Self.translated(error)
        }
    }

    private static let finished = Refusal(
        .conflict, "step_out_of_order", "This application is complete", members: [.init("nextStep", .text("review"))])

    /// Why people have to look at an application; empty when all is clear.
    private func reviewReasons(
        _ applicant: Applicant, _ application: ApplicationRecord, _ party: PreparedParty, _ context: RequestContext,
        in transaction: Transaction
    ) throws -> [String] {
        var reasons: [String] = []
        let query = ScreeningQuery(
            name: applicant.fullName, isPerson: true, dateOfBirth: applicant.birthDate, nationality: "Kenya",
            documentNumbers: [applicant.idNumber])
        let result = try needs.screening.screen(
            [query], subject: ScreeningSubject(kind: .application, id: application.id.bits), context: context, in: transaction)
        if result.decision != .clear { reasons.append("screening") }
        if try needs.parties.hasSimilar(party, in: transaction) { reasons.append("possibleDuplicate") }
        let kinds = Set(try store.files(of: application.id, in: transaction).map(\.kind))
        if !kinds.isSuperset(of: [OnboardingDocument.idFront.rawValue, OnboardingDocument.selfie.rawValue]) { reasons.append("documents") }
        return reasons
    }

    /// Mints, seals and hashes everything that takes time, before a connection is held.
    private func prepare(
        _ applicant: Applicant, _ id: Identifier<OnboardingApplication>, _ context: RequestContext
    ) async throws -> Prepared {
        guard let setup = applicant.setup else { throw Self.finished }
        let store = store
        var profile = PartyProfile()
        profile.identification = Identification(documentType: .nationalId, documentNumber: applicant.idNumber, issuingCountry: "KE")
        profile.kraPin = setup.kraPin
        profile.sourceOfFunds = setup.sourceOfFunds
        var draft = PartyDraft(
            kind: .individual, fullName: applicant.fullName, firstName: applicant.firstName, lastName: applicant.lastName,
            email: applicant.email, phone: applicant.phone, birthDate: applicant.birthDate, nationality: "KE", profile: profile)
        draft.kycStatus = .verified
        draft.kycTier = 1
        let party = try await needs.parties.prepare(draft)
        let accounts = try await needs.accounts.prepare(
            [
                OpeningOrder(
                    kind: .individual, customer: .id(party.id), productCode: setup.productCode,
                    currency: Currency(code: setup.currencyCode) ?? .kes)
            ], context: context)
        let user = needs.users.prepare(
            CreateUser(
                username: setup.username, fullName: applicant.fullName, email: applicant.email, phone: applicant.phone, password: "",
                roles: RoleSet(.customer), customerID: party.id), passwordHash: setup.passwordHash)
        let files = try await needs.pool.read(deadline: context.deadline) { transaction in
            try store.files(of: id, in: transaction).map { ($0, try store.content($0.id, in: transaction) ?? []) }
        }
        let documents = try files.map { file, bytes in
            try needs.documents.prepare(DocumentUpload(documentType: file.kind, fileName: file.fileName, bytes: bytes))
        }
        return Prepared(party: party, accounts: accounts, user: user, documents: documents)
    }

    /// Makes the customer, keeps the documents, opens the account, makes the user, and erases what the application knew.
    private func finish(
        _ prepared: Prepared, _ id: Identifier<OnboardingApplication>, _ context: RequestContext, in transaction: Transaction
    ) throws -> (opened: Opened, audit: [AuditRecord], events: [DomainEvent]) {
        let party = try needs.parties.insert(prepared.party, context: context, in: transaction)
        for document in prepared.documents { try needs.documents.store(document, for: party.customer.id, by: nil, in: transaction) }
        let accounts = try needs.accounts.open(prepared.accounts, context: context, in: transaction)
        guard let account = accounts.accounts.first else { throw Refusal.unavailable() }
        try needs.users.insert(prepared.user, context: context, in: transaction)
        try store.removeFiles(of: id, in: transaction)
        try store.set(
            id,
            """
            status = 'completed', step = 'review', key_id = NULL, sealed = NULL, customer_id = \(party.customer.id),
            account_id = \(account.record.id), finished_at = \(needs.clock.now())
            """, in: transaction)
        let opened = Opened(
            customerID: party.customer.id, cifNumber: party.customer.cifNumber, accountID: account.record.id,
            accountNumber: account.identity.number, username: prepared.user.username)
        if let phone = party.customer.phone {
            try needs.messages.enqueue(
                OutgoingMessage(
                    channel: .sms, recipient: phone, username: opened.username, template: "onboarding.completed",
                    body: """
                        Welcome to Wekeza. Your account \(opened.accountNumber) is open; sign in with the user name \(opened.username) and \
                        the password you chose.
                        """),
                in: transaction)
        }
        return (
            opened, [record("completed", id, context, [("cifNumber", opened.cifNumber)])] + accounts.audit,
            accounts.events
        )
    }

    /// The refusals of the database in the contract's words.
    private static func translated(_ error: any Error) -> any Error {
        UserCreation.refusal(for: error) ?? PartyRegistry.refusal(for: error) ?? error
    }

    // MARK: The bank decides

    func list(
        status: OnboardingStatus?, after: Identifier<OnboardingApplication>?, limit: Int, context: RequestContext
    ) async throws -> [ApplicationRecord] {
        let (store, now) = (store, needs.clock.now())
        return try await needs.pool.read(deadline: context.deadline) {
            try store.list(status: status, after: after, limit: limit, at: now, in: $0)
        }
    }

    /// - Throws: 404; 409 `invalid_state`, `not_ready` while a screening hit stands, `username_taken`, `duplicate_customer`
    func decide(
        _ id: Identifier<OnboardingApplication>, approves: Bool, remarks: String, context: RequestContext
    ) async throws -> ApplicationRecord {
        let (needs, store) = (needs, store)
        guard let found = try await needs.pool.read(deadline: context.deadline, { try store.find(id, in: $0) }) else {
            throw Refusal.notFound()
        }
        var prepared: Prepared?
        if approves, found.status == .underReview, let applicant = found.applicant { prepared = try await prepare(applicant, id, context) }
        let ready = prepared
        do {
            _ = try await needs.pipeline.run(context) { transaction in
                guard let application = try store.find(id, locking: true, in: transaction) else { throw Refusal.notFound() }
                guard application.status == .underReview, let applicant = application.applicant else {
                    throw Refusal.invalidState(application.status(at: needs.clock.now()).rawValue, "Nothing waits for a decision here")
                }
                let decided: SQL = """
                    decided_by = \(context.principal?.userID), decided_by_name = \(context.principal?.username), remarks = \(remarks)
                    """
                guard approves else {
                    try store.removeFiles(of: id, in: transaction)
                    try store.set(
                        id, decided + ", status = 'rejected', key_id = NULL, sealed = NULL, finished_at = \(needs.clock.now())",
                        in: transaction)
                    try needs.messages.enqueue(
                        OutgoingMessage(
                            channel: .sms, recipient: applicant.phone, template: "onboarding.rejected",
                            body: "We could not open your Wekeza account. Please visit a branch if you have questions."), in: transaction)
                    return CommandResult(audit: [record("reject", id, context, [("remarks", remarks)])])
                }
                let standing = try needs.review.standing(
                    of: ScreeningSubject(kind: .application, id: id.bits), in: transaction)
                // A weaker hit is decided with the application, but only by compliance.
                let isCompliance = context.principal?.roles.intersects(RoleSet(.complianceOfficer)) == true
                guard standing.decision == .clear || (standing.decision == .review && isCompliance) else {
                    throw Refusal(.conflict, "not_ready", "A screening hit has to be reviewed first")
                }
                guard let ready else { throw Refusal.unavailable() }
                try store.set(id, decided, in: transaction)
                let done = try finish(ready, id, context, in: transaction)
                return CommandResult(
                    audit: [record("approve", id, context, [("remarks", remarks)])] + done.audit, events: done.events)
            }
        } catch {
            throw Self.translated(error)
        }
        guard let decided = try await needs.pool.read(deadline: context.deadline, { try store.find(id, in: $0) }) else {
            throw Refusal.notFound()
        }
        return decided
    }

    /// A file of an application, for whoever decides; each view is audited.
    func content(
        _ file: Identifier<OnboardingFile>, of id: Identifier<OnboardingApplication>, context: RequestContext
    ) async throws -> (contentType: String, bytes: [UInt8]) {
        let (needs, store) = (needs, store)
        return try await needs.pool.transaction(deadline: context.deadline) { transaction in
            guard let found = try store.files(of: id, in: transaction).first(where: { $0.id == file }),
                let bytes = try store.content(file, in: transaction)
            else { throw Refusal.notFound() }
            try needs.audit.append([record("viewDocument", id, context, [("documentId", file.description)])], in: transaction)
            return (found.contentType, bytes)
        }
    }

    func files(of id: Identifier<OnboardingApplication>, context: RequestContext) async throws -> [ApplicationStore.StoredFile] {
        let store = store
        return try await needs.pool.read(deadline: context.deadline) { transaction in
            guard try store.find(id, in: transaction) != nil else { throw Refusal.notFound() }
            return try store.files(of: id, in: transaction)
        }
    }
}

import Accounts
import Application
import Identity
import Kernel
import Notifications
import Parties
import Postgres
import Safeguards
import Screening

/// The way from a stranger to a customer with an account and a sign-in. Every step is public and is admitted by the application's token.
public struct Onboarding: Sendable {
    public struct Needs: Sendable {
        let pool: ConnectionPool
        let pipeline: CommandPipeline
        let audit: any AuditSink
        let clock: any WallClock
        let identifiers: any IdentifierSource
        let vault: OnboardingVault
        let parties: PartyRegistry
        let documents: PartyFile
        let screening: ScreeningService
        let review: HitReview
        let accounts: AccountOpening
        let users: UserCreation
        let messages: MessageOutbox
        let isLimited: Bool
        let random: any RandomSource

        public init(
            pool: ConnectionPool, pipeline: CommandPipeline, audit: any AuditSink, clock: any WallClock,
            identifiers: any IdentifierSource, vault: OnboardingVault, parties: PartyRegistry, documents: PartyFile,
            screening: ScreeningService, review: HitReview, accounts: AccountOpening, users: UserCreation, messages: MessageOutbox,
            isLimited: Bool, random: any RandomSource = SystemRandom()
        ) {
            self.pool = pool
            self.pipeline = pipeline
            self.audit = audit
            self.clock = clock
            self.identifiers = identifiers
            self.vault = vault
            self.parties = parties
            self.documents = documents
            self.screening = screening
            self.review = review
            self.accounts = accounts
            self.users = users
            self.messages = messages
            self.isLimited = isLimited
            self.random = random
        }
    }

    let needs: Needs
    let store: ApplicationStore

    public init(_ needs: Needs) {
        self.needs = needs
        store = ApplicationStore(vault: needs.vault)
    }

    struct Started: Sendable {
        let id: Identifier<OnboardingApplication>
        let token: String
        let expiresAt: Timestamp
    }

    // MARK: Who

    /// Starts an application. Whoever is a customer already gets the same answer, and a message on the phone the bank knows.
    /// - Throws: 429 `rate_limited` for a phone from which too many start
    func start(
        _ applicant: Applicant, context: RequestContext, render: @escaping @Sendable (Started, _ showsSecret: Bool) -> [UInt8]
    ) async throws -> CommandReply {
        let (needs, store) = (needs, store)
        let started = Started(
            id: needs.identifiers.next(), token: needs.random.token(),
            expiresAt: needs.clock.now().adding(seconds: OnboardingPolicy.lifetimeSeconds))
        let code = needs.random.code(digits: 6)
        return try await needs.pipeline.run(context) { transaction in
            let now = needs.clock.now()
            if needs.isLimited,
                try store.startsInLastHour(phone: applicant.phone, at: now, in: transaction) >= OnboardingPolicy.startsPerPhoneAndHour
            {
                throw Refusal(.tooMany, "rate_limited", "Too many applications from this phone; please wait", retryAfterSeconds: 3_600)
            }
            let document = Identification(documentType: .nationalId, documentNumber: applicant.idNumber, issuingCountry: "KE")
            let known = try needs.parties.isRegistered(document, in: transaction)
            try store.insert(
                started.id, token: started.token, applicant: applicant, isKnown: known != nil, code: known == nil ? code : nil,
                ipAddress: context.ipAddress, at: now, in: transaction)
            if let known {
                if let phone = known.phone {
                    try needs.messages.enqueue(
                        OutgoingMessage(
                            channel: .sms, recipient: phone, template: "onboarding.alreadyCustomer",
                            body: """
                                Somebody has started to open a Wekeza account with your identity number. You are our customer already: please \
                                sign in, or call us if this was not you.
                                """),
                        in: transaction)
                }
            } else {
                try send(code, to: applicant.phone, in: transaction)
            }
            return CommandResult(
                status: 201, body: render(started, true), location: "/api/customer-portal/onboard/status/\(started.id)",
                secretFreeBody: render(started, false), audit: [record("start", started.id, context)])
        }
    }

    private func send(_ code: String, to phone: String, in transaction: Transaction) throws {
        try needs.messages.enqueue(
            OutgoingMessage(
                channel: .sms, recipient: phone, template: "onboarding.phoneCode",
                body: "Your Wekeza code is \(secret: code). It is good for 10 minutes. We never ask for it on the phone."),
            in: transaction)
    }

    // MARK: Phone

    private enum CodeOutcome: Sendable {
        case right, wrong(attemptsLeft: Int16), expired
    }

    /// - Throws: 404; 409 `step_out_of_order`; 422 `invalid_code` with `attemptsLeft`, `challenge_expired`
    func verifyPhone(token: String?, id: String?, code: String, context: RequestContext) async throws {
        let (needs, store) = (needs, store)
        let outcome = try await needs.pool.transaction(deadline: context.deadline) { transaction -> CodeOutcome in
            let application = try store.require(token: token, id: id, locking: true, in: transaction)
            try check(application, at: .verifyPhone)
            guard let expires = application.codeExpiresAt, needs.clock.now() < expires, application.codeTries < OnboardingPolicy.codeTries
            else { return .expired }
            // Nobody's code: one who is a customer already finds every code wrong, like anybody who guesses.
            let expected = application.codeDigest ?? []
            guard !application.isKnown, ConstantTime.equal(expected, needs.vault.digest("code/\(application.id)", code)) else {
                try store.set(application.id, "code_tries = code_tries + 1", in: transaction)
                return .wrong(attemptsLeft: OnboardingPolicy.codeTries - application.codeTries - 1)
            }
            try store.set(application.id, "step = 'documents', code_digest = NULL", in: transaction)
            try needs.audit.append([record("verifyPhone", application.id, context)], in: transaction)
            return .right
        }
        switch outcome {
        case .right: return
        case .wrong(let left):
            throw Refusal(
                .invalid, "invalid_code", "This code is not right",
                fields: [.init("code", "invalid_code", "This code is not right")], members: [.init("attemptsLeft", .integer(Int64(left)))])
        case .expired: throw Refusal(.invalid, "challenge_expired", "This code is not good any more; please ask for another")
        }
    }

    /// - Throws: 404; 409 `step_out_of_order`; 429 `too_many_attempts` after three
    func resendCode(token: String?, id: String?, context: RequestContext) async throws {
        let (needs, store) = (needs, store)
        let code = needs.random.code(digits: 6)
        try await needs.pool.transaction(deadline: context.deadline) { transaction in
            let application = try store.require(token: token, id: id, locking: true, in: transaction)
            try check(application, at: .verifyPhone)
            guard application.codeResends < OnboardingPolicy.codeResends else {
                throw Refusal(.tooMany, "too_many_attempts", "No more codes for this application", retryAfterSeconds: 3_600)
            }
            let expires = needs.clock.now().adding(seconds: OnboardingPolicy.codeSeconds)
            let digest = application.isKnown ? nil : needs.vault.digest("code/\(application.id)", code)
            try store.set(
                application.id,
                "code_digest = \(digest), code_expires_at = \(expires), code_tries = 0, code_resends = code_resends + 1", in: transaction)
            if !application.isKnown, let phone = application.applicant?.phone { try send(code, to: phone, in: transaction) }
        }
    }

    // MARK: Documents

    struct OfferedFile: Sendable {
        let kind: OnboardingDocument
        let fileName: String
        let bytes: [UInt8]
    }

    /// - Throws: 404; 409 `step_out_of_order`; 422 `unsupported_file`
    func keepDocuments(
        token: String?, _ files: [OfferedFile], context: RequestContext,
        render: @escaping @Sendable ([ApplicationStore.StoredFile]) -> [UInt8]
    ) async throws -> CommandReply {
        let (needs, store) = (needs, store)
        let application = try await needs.pool.read(deadline: context.deadline) { try store.require(token: token, in: $0) }
        var stored: [(file: ApplicationStore.StoredFile, sealed: DataKeys.Sealed)] = []
        for file in files {
            let upload = DocumentUpload(documentType: file.kind.rawValue, fileName: file.fileName, bytes: file.bytes)
            let kind = try upload.kind(field: file.kind.rawValue)
            let id = needs.identifiers.next(OnboardingFile.self)
            stored.append(
                (
                    ApplicationStore.StoredFile(
                        id: id, kind: file.kind.rawValue, fileName: upload.fileName, contentType: kind.contentType,
                        sizeBytes: Int32(file.bytes.count), sha256: Digests.sha256(file.bytes)), try needs.vault.sealFile(file.bytes, id)
                ))
        }
        let prepared = stored
        return try await needs.pipeline.run(scoped(context, application.id)) { transaction in
            let application = try store.require(token: token, locking: true, in: transaction)
            try check(application, at: .documents)
            for (file, sealed) in prepared { try store.insert(file, sealed, of: application.id, in: transaction) }
            try store.set(application.id, "step = 'accountSetup'", in: transaction)
            return CommandResult(body: render(prepared.map(\.file)), audit: [record("documents", application.id, context)])
        }
    }

    // MARK: Where it stands

    func status(token: String?, id: String, context: RequestContext) async throws -> (application: ApplicationRecord, now: Timestamp) {
        let (store, now) = (store, needs.clock.now())
        return (try await needs.pool.read(deadline: context.deadline) { try store.require(token: token, id: id, in: $0) }, now)
    }

    /// - Throws: 409 `step_out_of_order` with the step that is due; 409 `invalid_state` for an application that is over
    func check(_ application: ApplicationRecord, at step: OnboardingStep) throws(Refusal) {
        let status = application.status(at: needs.clock.now())
        guard status == .inProgress else {
            if status == .expired { throw Refusal.invalidState(status.rawValue, "This application has expired; please start again") }
            throw Refusal(
                .conflict, "step_out_of_order", "This application is complete",
                members: [.init("nextStep", .text(OnboardingStep.review.rawValue))])
        }
        guard application.step == step else {
            throw Refusal(
                .conflict, "step_out_of_order", "The next step is \(application.step.rawValue)",
                members: [.init("nextStep", .text(application.step.rawValue))])
        }
    }

    /// Keys belong to an application, not to a user: two applicants may choose the same.
    func scoped(_ context: RequestContext, _ id: Identifier<OnboardingApplication>) -> RequestContext {
        var scoped = context
        scoped.path += "#\(id)"
        return scoped
    }

    func record(
        _ action: String, _ id: Identifier<OnboardingApplication>, _ context: RequestContext, _ detail: [(String, String)] = []
    ) -> AuditRecord {
        AuditRecord(
            action: "onboarding." + action, outcome: .success, actor: context.principal?.userID, subjectType: "onboarding",
            subjectID: id.description, context: context, detail: detail)
    }
}

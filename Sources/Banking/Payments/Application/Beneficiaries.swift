import Accounts
import Application
import Kernel
import Postgres

/// Saving, changing and forgetting payees. What a customer cannot see does not exist here: every use case acts for the signed-in
/// person's own customer record.
struct Beneficiaries: Sendable {
    let pool: ConnectionPool
    let pipeline: CommandPipeline
    let stepUp: StepUpConfirmation
    let directory: AccountDirectory
    let clock: any WallClock
    let identifiers: any IdentifierSource

    func list(before: Identifier<Beneficiary>?, limit: Int, context: RequestContext) async throws -> [Beneficiary] {
        let customer = try context.requireCustomer()
        return try await pool.read(deadline: context.deadline) { transaction in
            try BeneficiaryStore.list(of: customer, before: before, limit: limit, in: transaction)
        }
    }

    /// What a command answers, in bytes.
    typealias Render = @Sendable (Beneficiary) -> [UInt8]

    /// - Throws: 404 `account_not_found` for an account of this bank that does not exist; 409 `duplicate_beneficiary`;
    ///   403 `step_up_required`
    func add(_ details: BeneficiaryDetails, context: RequestContext, render: @escaping Render) async throws -> CommandReply {
        let customer = try context.requireCustomer()
        let user = try context.requirePrincipal().userID
        let payeeExists = try await exists(details.payee)
        let beneficiary = Beneficiary(
            id: identifiers.next(), customerID: customer, details: details, createdAt: clock.now(), version: 1)
        let action = StepUpAction(kind: .addBeneficiary, payee: details.confirmed)
        return try await stepUp.perform(action, context: context) { isConfirmed in
            try await pipeline.run(context) { transaction in
                guard payeeExists else { throw Self.unknownAccount() }
                guard try !BeneficiaryStore.payeeIsTaken(details.payee, of: customer, besides: nil, in: transaction) else {
                    throw BeneficiaryStore.duplicate()
                }
                guard isConfirmed else { throw StepUpConfirmation.missing }
                try BeneficiaryStore.insert(beneficiary, in: transaction)
                return CommandResult(
                    status: 201, body: render(beneficiary),
                    location: "/api/customer-portal/beneficiaries/\(beneficiary.id)",
                    audit: [Self.record("payments.addBeneficiary", beneficiary, user, context)])
            }
        }
    }

    /// - Throws: 404 `not_found`, `account_not_found`; 409 `version_conflict`, `duplicate_beneficiary`; 403 `step_up_required`
    func change(
        _ id: Identifier<Beneficiary>, to details: BeneficiaryDetails, version: Int64, context: RequestContext,
        render: @escaping Render
    ) async throws -> CommandReply {
        let customer = try context.requireCustomer()
        let user = try context.requirePrincipal().userID
        let payeeExists = try await exists(details.payee)
        let action = StepUpAction(kind: .changeBeneficiary, payee: details.confirmed)
        return try await stepUp.perform(action, context: context) { isConfirmed in
            try await pipeline.run(context, isIdempotent: false) { transaction in
                guard let present = try BeneficiaryStore.find(id, of: customer, in: transaction) else { throw Refusal.notFound() }
                guard payeeExists else { throw Self.unknownAccount() }
                guard present.version == version else {
                    throw Refusal(.conflict, "version_conflict", "The payee was changed in the meantime; please read it again")
                }
                guard try !BeneficiaryStore.payeeIsTaken(details.payee, of: customer, besides: id, in: transaction) else {
                    throw BeneficiaryStore.duplicate()
                }
                guard isConfirmed else { throw StepUpConfirmation.missing }
                let changed = Beneficiary(
                    id: id, customerID: customer, details: details, createdAt: present.createdAt, version: version + 1)
                try BeneficiaryStore.update(changed, in: transaction)
                return CommandResult(
                    body: render(changed),
                    audit: [Self.record("payments.changeBeneficiary", changed, user, context)])
            }
        }
    }

    /// - Throws: 404 `not_found`
    func remove(_ id: Identifier<Beneficiary>, context: RequestContext) async throws -> CommandReply {
        let customer = try context.requireCustomer()
        let user = try context.requirePrincipal().userID
        return try await pipeline.run(context, isIdempotent: false) { transaction in
            guard let present = try BeneficiaryStore.find(id, of: customer, in: transaction) else { throw Refusal.notFound() }
            try BeneficiaryStore.delete(id, of: customer, in: transaction)
            return CommandResult(status: 204, audit: [Self.record("payments.removeBeneficiary", present, user, context)])
        }
    }

    /// Payees outside of the bank cannot be looked up here; an account of ours can.
    private func exists(_ payee: Payee) async throws -> Bool {
        guard case .internal(let accountNumber) = payee else { return true }
        return try await directory.account(number: accountNumber) != nil
    }

    private static func unknownAccount() -> Refusal { .notFound("account_not_found", "There is no such account") }

    private static func record(
        _ action: String, _ beneficiary: Beneficiary, _ user: Identifier<User>, _ context: RequestContext
    ) -> AuditRecord {
        AuditRecord(
            action: action, outcome: .success, actor: user, subjectType: "beneficiary", subjectID: beneficiary.id.description,
            context: context, detail: [("payee", beneficiary.details.payee.key), ("version", String(beneficiary.version))])
    }
}

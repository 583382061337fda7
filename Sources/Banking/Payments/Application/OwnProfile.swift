import Application
import Kernel
import Notifications
import Parties
import Postgres

/// What follows a customer's change of contact data in the same commit: the sign-in's own addresses. The composition root connects it.
public protocol ContactFollower: Sendable {
    /// - Throws: 409 `email_taken`
    func contactChanged(
        of customer: Identifier<Customer>, email: String?, phone: String?, in transaction: Transaction
    ) throws
}

/// The signed-in customer's own contact data: to read, and to change with a second factor where the bank's messages go.
struct OwnProfile: Sendable {
    let pool: ConnectionPool
    let readers: ConnectionPool
    let pipeline: CommandPipeline
    let stepUp: StepUpConfirmation
    let messages: MessageOutbox
    let follower: any ContactFollower
    private let contacts = PartyContacts()

    init(
        pool: ConnectionPool, readers: ConnectionPool, pipeline: CommandPipeline, stepUp: StepUpConfirmation, messages: MessageOutbox,
        follower: any ContactFollower
    ) {
        self.pool = pool
        self.readers = readers
        self.pipeline = pipeline
        self.stepUp = stepUp
        self.messages = messages
        self.follower = follower
    }

    typealias Render = @Sendable (ContactDetails) -> [UInt8]

    func view(context: RequestContext) async throws -> ContactDetails {
        let customer = try context.requireCustomer()
        let contacts = contacts
        guard let details = try await readers.read(deadline: context.deadline, { try contacts.details(of: customer, in: $0) }) else {
            throw Refusal.notFound()
        }
        return details
    }

    /// - Throws: 409 `version_conflict`, `email_taken`; 403 `step_up_required` when e-mail address or phone change
    func change(_ change: ContactChange, version: Int64, context: RequestContext, render: @escaping Render) async throws -> CommandReply {
        let customer = try context.requireCustomer()
        let principal = try context.requirePrincipal()
        let moved = [change.email, change.phone].compactMap(\.self).joined(separator: ", ")
        let action = StepUpAction(kind: .contactChange, payee: moved)
        let (contacts, follower) = (contacts, follower)
        return try await stepUp.perform(action, context: context) { isConfirmed in
            try await pipeline.run(context, isIdempotent: false) { transaction in
                guard let present = try contacts.details(of: customer, locking: true, in: transaction) else { throw Refusal.notFound() }
                guard present.customer.version == version else {
                    throw Refusal(.conflict, "version_conflict", "The profile was changed in the meantime; please read it again")
                }
                let moves = change.movesAddress(from: present)
                guard isConfirmed || !moves else { throw StepUpConfirmation.missing }
                let changed = try contacts.apply(
                    change, to: present, by: principal, at: context.receivedAt, in: transaction)
                if moves {
                    if present.customer.kind == .individual {
                        try follower.contactChanged(of: customer, email: change.email, phone: change.phone, in: transaction)
                    }
                    try notifyOldAddress(of: present, changed: changed, username: principal.username, in: transaction)
                }
                let fields = [
                    ("email", change.email != nil), ("phoneNumber", change.phone != nil), ("address", change.address != nil),
                    ("preferredLanguage", change.preferredLanguage != nil),
                ].filter(\.1).map(\.0)
                let record = AuditRecord(
                    action: "parties.changeContact", outcome: .success, actor: principal.userID, subjectType: "customer",
                    subjectID: customer.description, context: context,
                    detail: [("fields", fields.joined(separator: ",")), ("version", String(changed.customer.version))])
                return CommandResult(body: render(changed), audit: [record])
            }
        }
    }

    /// Whoever had the old address learns of it, so that nobody loses an account without a word.
    private func notifyOldAddress(
        of before: ContactDetails, changed: ContactDetails, username: String, in transaction: Transaction
    ) throws {
        if let old = before.customer.email, old != changed.customer.email {
            try messages.enqueue(
                OutgoingMessage(
                    channel: .email, recipient: old, username: username, template: "profile.contactChanged",
                    subject: "Your e-mail address was changed",
                    body: """
                        The e-mail address of your Wekeza profile was changed; this address gets no more messages from us. \
                        If that was not you, please call the bank at once.
                        """),
                in: transaction)
        }
        if let old = before.customer.phone, old != changed.customer.phone {
            try messages.enqueue(
                OutgoingMessage(
                    channel: .sms, recipient: old, username: username, template: "profile.contactChanged",
                    body: "The phone number of your Wekeza profile was changed. If that was not you, please call the bank at once."),
                in: transaction)
        }
    }
}

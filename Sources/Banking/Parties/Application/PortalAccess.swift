import Application
import Kernel
import Postgres

/// A user who will act for a customer.
public struct NewPortalUser: Sendable {
    public let username: String
    public let email: String
    public let fullName: String
    public let phone: String
    public let role: Role
    public let customerID: Identifier<Customer>

    public init(username: String, email: String, fullName: String, phone: String, role: Role, customerID: Identifier<Customer>) {
        self.username = username
        self.email = email
        self.fullName = fullName
        self.phone = phone
        self.role = role
        self.customerID = customerID
    }
}

/// Makes users. The room Identity does it; the composition root connects the two.
public protocol PortalUsers: Sendable {
    /// Checks and prepares a user with a first password that nobody but the customer will see.
    /// - Returns: what to do inside the transaction: it makes the user and leaves the message with the password
    func prepare(
        _ user: NewPortalUser, context: RequestContext
    ) async throws -> @Sendable (Transaction) throws -> Identifier<User>
    /// Turns the database's refusals of that work into the contract's.
    func refusal(for error: any Error) -> Refusal?
}

/// Gives a customer access to the channels.
public struct PortalAccess: Sendable {
    private let pool: ConnectionPool
    private let pipeline: CommandPipeline
    private let users: any PortalUsers

    public init(pool: ConnectionPool, pipeline: CommandPipeline, users: any PortalUsers) {
        self.pool = pool
        self.pipeline = pipeline
        self.users = users
    }

    /// - Throws: 404 `customer_not_found`; 409 `username_taken`, `email_taken`, `invalid_state`; 422 field faults
    public func grant(
        _ reference: String, username: String, email: String, role: Role, context: RequestContext
    ) async throws -> (userID: Identifier<User>, isReplay: Bool) {
        let customer = try await pool.read(deadline: context.deadline) { try PartyDirectory().require(reference, in: $0) }
        guard customer.status == .active else {
            throw Refusal.invalidState(customer.status.rawValue, "Only an active customer gets access")
        }
        guard (customer.kind == .individual) == (role == .customer) else {
            throw Refusal.validation([.init("role", "not_allowed", "This role is not for this kind of customer")])
        }
        guard let phone = customer.phone else {
            throw Refusal.validation([.init("primaryPhone", "required", "The customer has no phone for codes")])
        }
        let create = try await users.prepare(
            NewPortalUser(
                username: username, email: email, fullName: customer.fullName, phone: phone, role: role, customerID: customer.id),
            context: context)
        do {
            let reply = try await pipeline.run(context) { transaction in
                let user = try create(transaction)
                return CommandResult(
                    status: 201, body: Array(user.description.utf8),
                    audit: [
                        AuditRecord(
                            action: "parties.grantAccess", outcome: .success, actor: context.principal?.userID, subjectType: "customer",
                            subjectID: customer.id.description, context: context,
                            detail: [("userId", user.description), ("username", username), ("role", role.rawValue)])
                    ])
            }
            guard let user = Identifier<User>(String(decoding: reply.body, as: UTF8.self)) else { throw Refusal.unavailable() }
            return (user, reply.isReplay)
        } catch {
            throw users.refusal(for: error) ?? error
        }
    }
}

import Application
import Kernel
import Postgres
import Safeguards

/// A new user, as an administrator or the seeding describes it.
public struct CreateUser: Sendable {
    public let username: String
    public let fullName: String
    public let email: String
    /// E.164; needed for users who act for a customer, because codes go there.
    public let phone: String?
    public let password: String
    public let roles: RoleSet
    public let customerID: Identifier<Customer>?
    public let branchCode: String?
    public let mustChangePassword: Bool

    public init(
        username: String, fullName: String, email: String, phone: String? = nil, password: String, roles: RoleSet,
        customerID: Identifier<Customer>? = nil, branchCode: String? = nil, mustChangePassword: Bool = false
    ) {
        self.username = username
        self.fullName = fullName
        self.email = email
        self.phone = phone
        self.password = password
        self.roles = roles
        self.customerID = customerID
        self.branchCode = branchCode
        self.mustChangePassword = mustChangePassword
    }
}

/// Creating users.
public struct UserCreation: Sendable {
    let services: IdentityServices

    /// - Throws: 409 `username_taken`, `email_taken`; 422 `validation_failed`
    public func create(_ command: CreateUser, context: RequestContext) async throws -> Identifier<User> {
        var faults = Self.faults(command)
        if let fault = services.fault(ofNewPassword: command.password, username: command.username, field: "password") {
            faults.append(fault)
        }
        guard faults.isEmpty else { throw Refusal.validation(faults) }
        return try await store(command, context: context)
    }

    /// What people are called, for lists that know their identifiers only.
    public func names(of ids: [Identifier<User>], in transaction: Transaction) throws -> [Identifier<User>: String] {
        try UserStore.names(of: ids, in: transaction)
    }

    /// Creates the demonstration's users that are missing. Those of `DemoUsers.customers` act for the customer given under their name.
    /// - Throws: 403 in production mode
    public func seedDemoUsers(customers: [String: Identifier<Customer>], context: RequestContext) async throws {
        guard services.mode == .demo else { throw Refusal.forbidden("Demonstration users are for demonstrations") }
        for user in DemoUsers.all {
            let isOwner = user.roles.intersects(.owner)
            guard !isOwner || customers[user.username] != nil else { continue }
            guard try await services.user(named: user.username, deadline: context.deadline) == nil else { continue }
            let command = CreateUser(
                username: user.username, fullName: user.fullName, email: user.email, phone: user.phone, password: user.password,
                roles: user.roles, customerID: isOwner ? customers[user.username] : nil, branchCode: user.branchCode)
            do {
                // Their passwords are printed in the contract and break the rules for new ones; nobody else's may.
                _ = try await store(command, context: context)
            } catch let refusal as Refusal where refusal.code == "username_taken" {
                continue
            }
        }
    }

    private func store(_ command: CreateUser, context: RequestContext) async throws -> Identifier<User> {
        let services = services
        let user = UserAccount(
            id: services.identifiers.next(), username: command.username, fullName: command.fullName, email: command.email,
            phone: command.phone, roles: command.roles, customerID: command.customerID, branchCode: command.branchCode,
            mustChangePassword: command.mustChangePassword, isDisabled: false, isSecondFactorEnrolled: false,
            passwordHash: try await services.hasher.hash(command.password), roleNames: command.roles.roles.map(\.rawValue))
        do {
            try await services.pool.transaction(deadline: context.deadline) { transaction in
                try UserStore.insert(user, at: services.clock.now(), in: transaction)
                let roles = user.roles.roles.map(\.rawValue).joined(separator: ",")
                try services.audit.append(
                    [
                        services.record(
                            "userCreate", .success, user: user.id, context: context,
                            detail: [("username", user.username), ("roles", roles)]
                        )
                    ], in: transaction)
            }
        } catch let error as PostgresError where error.isUniqueViolation(constraint: "user_account_username_unique") {
            throw Refusal(.conflict, "username_taken", "This user name is taken")
        } catch let error as PostgresError where error.isUniqueViolation(constraint: "user_account_email_unique") {
            throw Refusal(.conflict, "email_taken", "This e-mail address is taken")
        }
        return user.id
    }

    static func faults(_ command: CreateUser) -> [Refusal.Field] {
        var faults: [Refusal.Field] = []
        if !Username.isPossible(command.username) {
            faults.append(.init("username", "invalid_format", "Letters, digits, dot, line and underscore only"))
        }
        if command.fullName.isEmpty { faults.append(.init("fullName", "required", "A name is needed")) }
        if !command.email.contains("@") { faults.append(.init("email", "invalid_format", "This is not an e-mail address")) }
        if command.roles.isEmpty { faults.append(.init("roles", "required", "At least one role is needed")) }
        if command.roles.intersects(.owner) {
            if command.customerID == nil { faults.append(.init("customerId", "required", "Whose user is this?")) }
            if command.phone == nil { faults.append(.init("phoneNumber", "required", "Codes are sent to this number")) }
        }
        return faults
    }
}

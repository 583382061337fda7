import Application
import Kernel
import Notifications
import Postgres
import Safeguards

/// A new user as somebody other than the user describes it. The first password is made here, goes to the user alone, and must be
/// changed.
public struct NewUser: Sendable {
    public let username: String
    public let fullName: String
    public let email: String
    public let phone: String?
    public let employeeID: String?
    /// Names of built-in roles and of the bank's own.
    public let roles: [String]
    /// Whom a user with an owner's role acts for.
    public let customerID: Identifier<Customer>?
    public let branchCode: String?

    public init(
        username: String, fullName: String, email: String, phone: String? = nil, employeeID: String? = nil, roles: [String],
        customerID: Identifier<Customer>? = nil, branchCode: String? = nil
    ) {
        self.username = username
        self.fullName = fullName
        self.email = email
        self.phone = phone
        self.employeeID = employeeID
        self.roles = roles
        self.customerID = customerID
        self.branchCode = branchCode
    }
}

/// A user who is checked and whose password is hashed, ready to be made in a transaction of the caller's.
public struct InvitedUser: Sendable {
    public let id: Identifier<User>
    let command: NewUser
    let password: String
    let passwordHash: String
    let services: IdentityServices

    /// Makes the user and leaves the message with the first password. Translate what it throws with `UserCreation.refusal(for:)`.
    /// - Returns: what to add to the audit trail of the caller's command
    /// - Throws: 404 `role_not_found`; 422 `role_conflict`
    public func create(context: RequestContext, in transaction: Transaction) throws -> AuditRecord {
        let now = services.clock.now()
        let roles = try services.grant(command.roles, in: transaction)
        if roles.effective.intersects(.owner) {
            var faults: [Refusal.Field] = []
            if command.customerID == nil { faults.append(.init("customerId", "required", "Whose user is this?")) }
            if command.phone == nil { faults.append(.init("phoneNumber", "required", "Codes are sent to this number")) }
            guard faults.isEmpty else { throw Refusal.validation(faults) }
        } else if command.customerID != nil {
            throw Refusal.validation([.init("customerId", "not_allowed", "Staff act for no customer")])
        }
        let expiresAt = now.adding(seconds: services.policy.temporaryPasswordSeconds)
        let user = UserAccount(
            id: id, username: command.username, fullName: command.fullName, email: command.email, phone: command.phone,
            roles: roles.effective, customerID: command.customerID, branchCode: command.branchCode, mustChangePassword: true,
            isDisabled: false, isSecondFactorEnrolled: false, passwordHash: passwordHash, roleNames: roles.names,
            ownPermissions: roles.ownPermissions, passwordExpiresAt: expiresAt)
        try UserStore.insert(user, employeeID: command.employeeID, at: now, in: transaction)
        try services.notify(
            user, template: "identity.firstPassword", subject: "Your sign-in at Wekeza",
            body: """
                Welcome to Wekeza. Your user name is \(user.username) and your first password is \(secret: password). It is good until \
                \(expiresAt.inNairobi) and you will be asked to choose your own.
                """, in: transaction)
        return services.record(
            "userCreate", .success, user: id, context: context,
            detail: [("username", user.username), ("roles", roles.names.joined(separator: ","))])
    }
}

extension UserCreation {
    /// Checks a new user and makes its first password. Hashing takes time, so it happens before the transaction.
    /// - Throws: 422 `validation_failed`; 503
    public func invite(_ command: NewUser) async throws -> InvitedUser {
        var faults: [Refusal.Field] = []
        if !Username.isPossible(command.username) {
            faults.append(.init("username", "invalid_format", "Letters, digits, dot, line and underscore only"))
        }
        if command.fullName.isEmpty { faults.append(.init("fullName", "required", "A name is needed")) }
        if !command.email.contains("@") { faults.append(.init("email", "invalid_format", "This is not an e-mail address")) }
        if command.roles.isEmpty { faults.append(.init("roles", "required", "At least one role is needed")) }
        guard faults.isEmpty else { throw Refusal.validation(faults) }
        let password = TemporaryPassword.make(from: services.random.bytes(15))
        return InvitedUser(
            id: services.identifiers.next(), command: command, password: password,
            passwordHash: try await services.hasher.hash(password), services: services)
    }
}

extension IdentityServices {
    /// Finds out what roles amount to, holding the bank's own roles until the transaction ends.
    /// - Throws: 404 `role_not_found`; 422 `role_conflict`
    func grant(_ names: [String], in transaction: Transaction) throws -> GrantedRoles {
        var seen: Set<String> = []
        let names = names.filter { seen.insert($0).inserted }
        let own = try RoleStore.hold(names.filter { !RoleRules.isBuiltIn($0) }, in: transaction)
        var effective = RoleSet()
        var permissions: [String] = []
        for name in names {
            if let role = Role(rawValue: name) {
                effective.formUnion(RoleSet(role))
            } else if let role = own[name] {
                effective.formUnion(RoleRules.worth(of: role.permissions))
                permissions += role.permissions
            } else {
                throw Refusal(
                    .notFound, "role_not_found", "There is no role \(name)",
                    fields: [.init("roles", "role_not_found", "There is no such role")])
            }
        }
        if let reason = RoleRules.conflict(among: effective) { throw RoleRules.conflictRefusal(reason) }
        return GrantedRoles(names: names, effective: effective, ownPermissions: permissions)
    }
}

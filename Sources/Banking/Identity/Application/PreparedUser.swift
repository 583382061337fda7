import Application
import Kernel
import Postgres
import Safeguards

/// A user that was checked and whose password was hashed, ready to be written inside somebody's transaction: hashing takes too long to
/// be done while a connection waits.
public struct PreparedUser: Sendable {
    let user: UserAccount

    public var id: Identifier<User> { user.id }
    public var username: String { user.username }
    /// Can be kept until the user is made, instead of the password.
    public var passwordHash: String { user.passwordHash }
}

extension UserCreation {
    /// - Throws: 422 `validation_failed`
    public func prepare(_ command: CreateUser) async throws -> PreparedUser {
        var faults = Self.faults(command)
        if let fault = services.fault(ofNewPassword: command.password, username: command.username, field: "password") {
            faults.append(fault)
        }
        guard faults.isEmpty else { throw Refusal.validation(faults) }
        return prepare(command, passwordHash: try await services.hasher.hash(command.password))
    }

    /// - Parameter passwordHash: of a password that was checked when it was chosen
    public func prepare(_ command: CreateUser, passwordHash: String) -> PreparedUser {
        PreparedUser(
            user: UserAccount(
                id: services.identifiers.next(), username: command.username, fullName: command.fullName, email: command.email,
                phone: command.phone, roles: command.roles, customerID: command.customerID, branchCode: command.branchCode,
                mustChangePassword: command.mustChangePassword, isDisabled: false, isSecondFactorEnrolled: false,
                passwordHash: passwordHash))
    }

    /// Writes the user. What the database refuses, `refusal(for:)` says in the contract's words.
    public func insert(_ prepared: PreparedUser, context: RequestContext, in transaction: Transaction) throws {
        let user = prepared.user
        try UserStore.insert(user, at: services.clock.now(), in: transaction)
        try services.audit.append(
            [
                services.record(
                    "userCreate", .success, user: user.id, context: context,
                    detail: [("username", user.username), ("roles", user.roles.roles.map(\.rawValue).joined(separator: ","))])
            ], in: transaction)
    }

    /// 409 `username_taken` and `email_taken`; nil for anything else.
    public static func refusal(for error: any Error) -> Refusal? {
        guard let error = error as? PostgresError else { return nil }
        if error.isUniqueViolation(constraint: "user_account_username_unique") {
            return Refusal(.conflict, "username_taken", "This user name is taken")
        }
        if error.isUniqueViolation(constraint: "user_account_email_unique") {
            return Refusal(.conflict, "email_taken", "This e-mail address is taken")
        }
        return nil
    }

    /// Whether a user name or an e-mail address can still be had.
    public func check(username: String, email: String, in transaction: Transaction) throws {
        if try UserStore.find(usernameKey: Username.key(username), in: transaction) != nil {
            throw Refusal(.conflict, "username_taken", "This user name is taken")
        }
    }
}

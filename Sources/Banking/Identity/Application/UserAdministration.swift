import Application
import Kernel
import Notifications
import Postgres
import Safeguards

/// What this room asks others before it stores a user.
public struct UserReferences: Sendable {
    public typealias Check<Value> = @Sendable (Value, Transaction) throws -> Bool

    let branchExists: Check<String>
    let customerExists: Check<Identifier<Customer>>

    public init(branchExists: @escaping Check<String>, customerExists: @escaping Check<Identifier<Customer>>) {
        self.branchExists = branchExists
        self.customerExists = customerExists
    }

    /// Takes every reference for good: for tests of this room alone.
    public static let unchecked = UserReferences(branchExists: { _, _ in true }, customerExists: { _, _ in true })

    /// - Throws: 404 `branch_not_found`, `customer_not_found`
    func check(branch: String?, customer: Identifier<Customer>?, in transaction: Transaction) throws {
        if let branch, try !branchExists(branch, transaction) {
            throw Refusal(
                .notFound, "branch_not_found", "There is no branch \(branch)",
                fields: [.init("branchCode", "branch_not_found", "There is no such branch")])
        }
        if let customer, try !customerExists(customer, transaction) { throw Refusal.notFound("customer_not_found") }
    }
}

/// What an administrator does with other people's users. Everything is recorded with its reason, and takes effect with the next
/// request of whom it concerns.
struct UserAdministration: Sendable {
    typealias Render = @Sendable (ManagedUser) -> CommandResult

    let services: IdentityServices
    let creation: UserCreation
    let pipeline: CommandPipeline
    let references: UserReferences

    static let notFound = Refusal.notFound()

    // MARK: Looking

    func list(
        _ filter: ManagedUserStore.Filter, before: Identifier<User>?, limit: Int, context: RequestContext
    ) async throws -> [ManagedUser] {
        let now = services.clock.now()
        return try await services.pool.read(deadline: context.deadline) { transaction in
            try ManagedUserStore.list(filter, before: before, limit: limit, at: now, in: transaction)
        }
    }

    /// - Throws: 404 `not_found`
    func user(_ id: Identifier<User>, context: RequestContext) async throws -> ManagedUser {
        let now = services.clock.now()
        let found = try await services.pool.read(deadline: context.deadline) { try ManagedUserStore.find(id, at: now, in: $0) }
        guard let found else { throw Self.notFound }
        return found
    }

    // MARK: Making and changing

    /// - Throws: 409 `username_taken`, `email_taken`; 404 `role_not_found`, `branch_not_found`, `customer_not_found`; 422 `role_conflict`
    func create(_ command: NewUser, context: RequestContext, render: @escaping Render) async throws -> CommandReply {
        let prepared = try await creation.invite(command)
        let (services, references) = (services, references)
        do {
            return try await pipeline.run(context) { transaction in
                try references.check(branch: command.branchCode, customer: command.customerID, in: transaction)
                let record = try prepared.create(context: context, in: transaction)
                guard let user = try ManagedUserStore.find(prepared.id, at: services.clock.now(), in: transaction) else {
                    throw Self.notFound
                }
                var result = render(user)
                result.audit = [record]
                return result
            }
        } catch {
            throw UserCreation.refusal(for: error) ?? error
        }
    }

    /// What a change of a user names; nil leaves a field as it is.
    struct Change: Sendable {
        var fullName: String?
        var email: String?
        var phone: String?
        var employeeID: String?
        var branchCode: String?
        let version: Int32
    }

    /// - Throws: 404 `not_found`, `branch_not_found`; 409 `version_conflict`, `email_taken`
    func update(
        _ id: Identifier<User>, _ change: Change, context: RequestContext, render: @escaping Render
    ) async throws -> CommandReply {
        let references = references
        return try await act(on: id, "userChange", isIdempotent: false, context: context, render: render) { user, now, transaction in
            try Self.check(change.version, against: user)
            try references.check(branch: change.branchCode, customer: nil, in: transaction)
            let changed = ManagedUser(
                id: user.id, username: user.username, fullName: change.fullName ?? user.fullName, email: change.email ?? user.email,
                phone: change.phone ?? user.phone, employeeID: change.employeeID ?? user.employeeID, roles: user.roles,
                customerID: user.customerID, branchCode: change.branchCode ?? user.branchCode, status: user.status,
                isSecondFactorEnrolled: user.isSecondFactorEnrolled, mustChangePassword: user.mustChangePassword,
                lastLoginAt: user.lastLoginAt, createdAt: user.createdAt, version: user.version)
            try ManagedUserStore.update(changed, at: now, in: transaction)
            if changed.email != user.email {
                // Whoever takes somebody's mail over must not be the only one who learns of it.
                try notifyContactChange(of: user, in: transaction)
            }
            return Self.differences(from: user, to: changed)
        }
    }

    /// - Throws: 403 `self_change_forbidden`; 404 `not_found`, `role_not_found`; 409 `version_conflict`; 422 `role_conflict`
    func setRoles(
        _ id: Identifier<User>, _ names: [String], version: Int32, context: RequestContext, render: @escaping Render
    ) async throws -> CommandReply {
        try Self.refuseSelf(id, context)
        let services = services
        return try await act(on: id, "rolesChange", isIdempotent: false, context: context, render: render) { user, now, transaction in
            try Self.check(version, against: user)
            let roles = try services.grant(names, in: transaction)
            guard roles.effective.intersects(.owner) == (user.customerID != nil) else {
                throw Refusal.validation([
                    .init("roles", "not_allowed", "Roles of customers are for users of customers, and those of staff for staff")
                ])
            }
            try ManagedUserStore.setRoles(roles, of: id, at: now, in: transaction)
            try notifyRoleChange(of: user, to: roles.names, in: transaction)
            return [("from", user.roles.joined(separator: ",")), ("to", roles.names.joined(separator: ","))]
        }
    }

    // MARK: Steps

    /// active, locked → disabled; every session ends.
    /// - Throws: 403 `self_change_forbidden`; 404 `not_found`; 409 `invalid_state`
    func deactivate(_ id: Identifier<User>, reason: String, context: RequestContext, render: @escaping Render) async throws -> CommandReply
    {
        try Self.refuseSelf(id, context)
        return try await act(on: id, "userDeactivate", reason: reason, context: context, render: render) { user, now, transaction in
            guard user.status != .disabled else { throw Refusal.invalidState(user.status.rawValue, "This user is disabled already") }
            try ManagedUserStore.setDisabled(true, of: id, at: now, in: transaction)
            try SignInChallengeStore.removeAll(of: id, in: transaction)
            try PasswordResetStore.cancel(of: id, at: now, in: transaction)
            let ended = try SessionStore.endOthers(of: id, keeping: nil, because: .disabled, at: now, in: transaction)
            return [("sessionsEnded", String(ended))]
        }
    }

    /// disabled → active
    /// - Throws: 404 `not_found`; 409 `invalid_state`
    func activate(_ id: Identifier<User>, reason: String, context: RequestContext, render: @escaping Render) async throws -> CommandReply {
        try await act(on: id, "userActivate", reason: reason, context: context, render: render) { user, now, transaction in
            guard user.status == .disabled else { throw Refusal.invalidState(user.status.rawValue, "This user is not disabled") }
            try ManagedUserStore.setDisabled(false, of: id, at: now, in: transaction)
            return []
        }
    }

    /// locked → active; without a lock nothing changes.
    func unlock(_ id: Identifier<User>, reason: String, context: RequestContext, render: @escaping Render) async throws -> CommandReply {
        let services = services
        return try await act(on: id, "userUnlock", reason: reason, context: context, render: render) { user, _, transaction in
            try services.clearFailures(of: user.username, id, in: transaction)
            try LoginFailureStore.clear(services.secondFactorDigest(id), in: transaction)
            return []
        }
    }

    /// A new first password goes to the user; the old one, and every session, end.
    /// - Throws: 403 `self_change_forbidden`; 404 `not_found`; 409 `invalid_state`
    func resetPassword(
        _ id: Identifier<User>, reason: String, context: RequestContext, render: @escaping Render
    ) async throws -> CommandReply {
        try Self.refuseSelf(id, context)
        let services = services
        let password = TemporaryPassword.make(from: services.random.bytes(15))
        let hash = try await services.hasher.hash(password)
        return try await act(on: id, "userPasswordReset", reason: reason, context: context, render: render) { user, now, transaction in
            guard user.status != .disabled else { throw Refusal.invalidState(user.status.rawValue, "This user is disabled") }
            let expiresAt = now.adding(seconds: services.policy.temporaryPasswordSeconds)
            try ManagedUserStore.setTemporaryPassword(hash, of: id, expiresAt: expiresAt, at: now, in: transaction)
            try services.clearFailures(of: user.username, id, in: transaction)
            let ended = try SessionStore.endOthers(of: id, keeping: nil, because: .administrator, at: now, in: transaction)
            try services.send(
                OutgoingMessage(
                    channel: .email, recipient: user.email, username: user.username, template: "identity.temporaryPassword",
                    subject: "Your new first password",
                    body: """
                        The bank has reset the password of \(user.username). Until \(expiresAt.inNairobi) you can sign in with \
                        \(secret: password) and will be asked to choose your own. If you did not ask for this, please call the bank.
                        """), in: transaction)
            return [("sessionsEnded", String(ended))]
        }
    }

    /// Takes the second factor away, for somebody who has lost it; every session ends.
    /// - Throws: 403 `self_change_forbidden`; 404 `not_found`; 409 `invalid_state`
    func resetSecondFactor(
        _ id: Identifier<User>, reason: String, context: RequestContext, render: @escaping Render
    ) async throws -> CommandReply {
        try Self.refuseSelf(id, context)
        let services = services
        return try await act(on: id, "userSecondFactorReset", reason: reason, context: context, render: render) { user, now, transaction in
            try SecondFactorStore.remove(id, at: now, in: transaction)
            try LoginFailureStore.clear(services.secondFactorDigest(id), in: transaction)
            try SignInChallengeStore.removeAll(of: id, in: transaction)
            let ended = try SessionStore.endOthers(of: id, keeping: nil, because: .administrator, at: now, in: transaction)
            try services.send(
                OutgoingMessage(
                    channel: .email, recipient: user.email, username: user.username, template: "identity.mfaDisabled",
                    subject: "Sign-in with a second factor is off",
                    body: """
                        The bank has removed the second factor of \(user.username). If you did not ask for this, please call the bank at \
                        once.
                        """), in: transaction)
            return [("sessionsEnded", String(ended))]
        }
    }

    /// - Throws: 404 `not_found`
    func endSessions(_ id: Identifier<User>, reason: String, context: RequestContext) async throws {
        _ = try await act(
            on: id, "userSessionsEnd", reason: reason, context: context, render: { _ in CommandResult(status: 204, audit: []) }
        ) { _, now, transaction in
            let ended = try SessionStore.endOthers(of: id, keeping: nil, because: .administrator, at: now, in: transaction)
            return [("sessionsEnded", String(ended))]
        }
    }

    // MARK: Inside

    /// Holds the user, changes it and answers with what it is then, in one commit with its record.
    private func act(
        on id: Identifier<User>, _ action: String, reason: String? = nil, isIdempotent: Bool = true, context: RequestContext,
        render: @escaping Render, _ change: @escaping @Sendable (ManagedUser, Timestamp, Transaction) throws -> [(String, String)]
    ) async throws -> CommandReply {
        let services = services
        do {
            return try await pipeline.run(context, isIdempotent: isIdempotent) { transaction in
                let now = services.clock.now()
                guard let user = try ManagedUserStore.lock(id, at: now, in: transaction) else { throw Self.notFound }
                let detail = try change(user, now, transaction)
                guard let changed = try ManagedUserStore.find(id, at: now, in: transaction) else { throw Self.notFound }
                var result = render(changed)
                result.audit = [
                    services.record(
                        action, .success, user: id, context: context, detail: (reason.map { [("reason", $0)] } ?? []) + detail)
                ]
                return result
            }
        } catch {
            throw UserCreation.refusal(for: error) ?? error
        }
    }

    private static func check(_ version: Int32, against user: ManagedUser) throws {
        guard version == user.version else {
            throw Refusal(.conflict, "version_conflict", "Somebody has changed this user in the meantime; please look again")
        }
    }

    private static func refuseSelf(_ id: Identifier<User>, _ context: RequestContext) throws {
        guard try context.requirePrincipal().userID != id else {
            throw Refusal(.forbidden, "self_change_forbidden", "Another administrator has to do this for you")
        }
    }

    private static func differences(from old: ManagedUser, to new: ManagedUser) -> [(String, String)] {
        let fields: [(String, String?, String?)] = [
            ("fullName", old.fullName, new.fullName), ("email", old.email, new.email), ("phoneNumber", old.phone, new.phone),
            ("employeeId", old.employeeID, new.employeeID), ("branchCode", old.branchCode, new.branchCode),
        ]
        return fields.filter { $0.1 != $0.2 }.map { ($0.0, "\($0.1 ?? "") → \($0.2 ?? "")") }
    }

    private func notifyContactChange(of user: ManagedUser, in transaction: Transaction) throws {
        try services.send(
            OutgoingMessage(
                channel: .email, recipient: user.email, username: user.username, template: "identity.emailChanged",
                subject: "Your e-mail address was changed",
                body: "The e-mail address of \(user.username) was changed by the bank. If you did not ask for this, please call the bank."),
            in: transaction)
    }

    private func notifyRoleChange(of user: ManagedUser, to roles: [String], in transaction: Transaction) throws {
        try services.send(
            OutgoingMessage(
                channel: .email, recipient: user.email, username: user.username, template: "identity.rolesChanged",
                subject: "Your roles were changed",
                body: "The roles of \(user.username) are now: \(roles.joined(separator: ", "))."), in: transaction)
    }
}

extension IdentityServices {
    func send(_ message: OutgoingMessage, in transaction: Transaction) throws {
        try messages.enqueue(message, in: transaction)
    }
}

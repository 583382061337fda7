import Application
import Kernel
import Notifications
import Postgres
import Safeguards

/// Changing one's own password. Every other session ends.
struct ChangePassword: Sendable {
    let services: IdentityServices

    private enum Outcome: Sendable {
        case changed
        case incorrect
        case locked(until: Timestamp)
    }

    /// - Throws: 422 with the field at fault; 429 `too_many_attempts`
    func callAsFunction(current: String, new: String, context: RequestContext) async throws {
        let services = services
        let principal = try context.requirePrincipal()
        let nameDigest = services.nameDigest(principal.username)
        if let fault = services.fault(ofNewPassword: new, username: principal.username, field: "newPassword") {
            throw Refusal.validation([fault])
        }
        let user = try await services.confirmPassword(current, field: "currentPassword", action: "passwordChange", context: context)
        guard new != current else {
            throw Refusal.validation([.init("newPassword", "unchanged", "The new password is the present one")])
        }
        let hash = try await services.hasher.hash(new)
        let outcome = try await services.pool.transaction(deadline: context.deadline) { transaction in
            try store(hash, replacing: user, nameDigest: nameDigest, keeping: principal.sessionID, context: context, in: transaction)
        }
        switch outcome {
        case .changed: return
        case .incorrect: throw services.incorrectPassword("currentPassword")
        case .locked(let until): throw services.tooManyAttempts(until: until)
        }
    }

    private func store(
        _ hash: String, replacing verified: UserAccount, nameDigest: [UInt8], keeping sessionID: Identifier<Session>,
        context: RequestContext, in transaction: Transaction
    ) throws -> Outcome {
        let now = services.clock.now()
        if let until = try LoginFailureStore.lockedUntil(nameDigest, at: now, isForUpdate: true, in: transaction) {
            return .locked(until: until)
        }
        // The password that was right a moment ago may have been changed from elsewhere since.
        guard let user = try UserStore.lock(verified.id, in: transaction), user.passwordHash == verified.passwordHash else {
            return .incorrect
        }
        try LoginFailureStore.clear(nameDigest, in: transaction)
        try UserStore.setPassword(hash, of: user.id, at: now, in: transaction)
        let ended = try SessionStore.endOthers(
            of: user.id, keeping: sessionID, because: .passwordChange, at: now, in: transaction)
        try services.notify(
            user, template: "identity.passwordChanged", subject: "Your password was changed",
            body: "The password of \(user.username) was changed. If that was not you, please call the bank at once.", in: transaction)
        try services.audit.append(
            [
                services.record(
                    "passwordChange", .success, user: user.id, context: context, detail: [("sessionsEnded", String(ended))])
            ], in: transaction)
        return .changed
    }
}

extension IdentityServices {
    func fault(ofNewPassword password: String, username: String, field: String) -> Refusal.Field? {
        PasswordRules.fault(password, username: username, field: field) { breached.contains($0) || isPublic($0) }
    }

    /// Asks for the own password once more before something that a stolen session must not do. A wrong one counts like one at sign-in.
    /// - Returns: the user whose password it is; the caller checks under a lock that it still is
    /// - Throws: 422 `incorrect` at `field`; 429 `too_many_attempts`
    func confirmPassword(_ password: String, field: String, action: String, context: RequestContext) async throws -> UserAccount {
        let principal = try context.requirePrincipal()
        let nameDigest = nameDigest(principal.username)
        let (user, lockedUntil) = try await pool.read(deadline: context.deadline) { transaction in
            (
                try UserStore.find(principal.userID, in: transaction),
                try LoginFailureStore.lockedUntil(nameDigest, at: clock.now(), in: transaction)
            )
        }
        if let lockedUntil { throw tooManyAttempts(until: lockedUntil) }
        guard let user else { throw Refusal(.unauthenticated, "invalid_token", "Please sign in again") }
        guard try await hasher.verify(password, against: user.passwordHash) else {
            let counted = try await pool.transaction(deadline: context.deadline) { transaction in
                try countFailure(nameDigest, user: user, action: action, context: context, in: transaction)
            }
            if case .alreadyLocked(let until) = counted { throw tooManyAttempts(until: until) }
            throw incorrectPassword(field)
        }
        return user
    }

    func incorrectPassword(_ field: String) -> Refusal {
        Refusal.validation([.init(field, "incorrect", "This is not your present password")])
    }
}

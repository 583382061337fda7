import Application
import Kernel
import Notifications
import Postgres
import Safeguards

/// A user's own second factor: to see it, to enrol, to confirm and to give it up.
struct OwnSecondFactor: Sendable {
    let services: IdentityServices

    struct Status: Sendable {
        let isEnrolled: Bool
        let recoveryCodesLeft: Int64
    }

    struct Enrolment: Sendable {
        /// Base32, as the app takes it.
        let secret: String
        let uri: String
        let expiresAt: Timestamp
    }

    func status(context: RequestContext) async throws -> Status {
        let principal = try context.requirePrincipal()
        return try await services.pool.read(deadline: context.deadline) { transaction in
            let user = try UserStore.find(principal.userID, in: transaction)
            return Status(
                isEnrolled: user?.isSecondFactorEnrolled ?? false,
                recoveryCodesLeft: try SecondFactorStore.recoveryCodesLeft(of: principal.userID, in: transaction))
        }
    }

    /// Makes a secret that becomes active with its first code. One that still waits is replaced.
    /// - Throws: 422 `incorrect` at `password`; 429; 409 `invalid_state` when a second factor is active
    func enrol(password: String, context: RequestContext) async throws -> Enrolment {
        let services = services
        let user = try await services.confirmPassword(password, field: "password", action: "mfaEnrol", context: context)
        // 160 bits: what RFC 4226 recommends.
        let secret = services.random.bytes(20)
        let expiresAt = try await services.pool.transaction(deadline: context.deadline) { transaction in
            let now = services.clock.now()
            try services.clearFailures(of: user, in: transaction)
            let expiresAt = now.adding(seconds: services.policy.enrolmentSeconds)
            let isStored = try SecondFactorStore.insertPending(
                services.sealSecret(secret, of: user.id), of: user.id, at: now, expiresAt: expiresAt, in: transaction)
            guard isStored else { throw Self.alreadyEnabled }
            try services.audit.append([services.record("mfaEnrol", .success, user: user.id, context: context)], in: transaction)
            return expiresAt
        }
        let text = Base32.encode(secret)
        return Enrolment(secret: text, uri: AuthenticatorLink.uri(secret: text, username: user.username), expiresAt: expiresAt)
    }

    private static let alreadyEnabled = Refusal.invalidState("enabled", "The second factor is active already; give it up first")

    private enum Confirmation: Sendable {
        case done
        case wrong(attemptsLeft: Int16)
        case expired
    }

    /// Activates the secret that waits, with a code of the app that was told it.
    /// - Returns: the recovery codes, which nobody can show again
    /// - Throws: 422 `invalid_code` with `attemptsLeft`; 422 `challenge_expired`; 409 `invalid_state` when one is active
    func confirm(code: String, context: RequestContext) async throws -> [String] {
        let services = services
        let principal = try context.requirePrincipal()
        var codes: Set<String> = []
        while codes.count < RecoveryCode.count { codes.insert(RecoveryCode.make(from: services.random.bytes(10))) }
        let recoveryCodes = codes.sorted()
        let outcome = try await services.pool.transaction(deadline: context.deadline) { transaction in
            try activate(code, recoveryCodes, principal: principal, context: context, in: transaction)
        }
        switch outcome {
        case .done: return recoveryCodes
        case .wrong(let attemptsLeft): throw Self.wrongCode(attemptsLeft: attemptsLeft)
        case .expired:
            throw Refusal(.invalid, "challenge_expired", "This enrolment is not open any more; please start again")
        }
    }

    static func wrongCode(attemptsLeft: Int16? = nil) -> Refusal {
        Refusal(
            .invalid, "invalid_code", "This code is not right", fields: [.init("code", "invalid_code", "This code is not right")],
            members: attemptsLeft.map { [.init("attemptsLeft", .integer(Int64($0)))] } ?? [])
    }

    private func activate(
        _ code: String, _ recoveryCodes: [String], principal: Principal, context: RequestContext, in transaction: Transaction
    ) throws -> Confirmation {
        let now = services.clock.now()
        guard let user = try UserStore.lock(principal.userID, in: transaction),
            let stored = try SecondFactorStore.lock(user.id, in: transaction)
        else { return .expired }
        guard let expiresAt = stored.expiresAt else { throw Self.alreadyEnabled }
        guard now < expiresAt, stored.wrongCodes < SecondFactorStore.maximumWrongCodes else { return .expired }
        let secret = try services.openSecret(stored.secret, of: user.id)
        guard let step = TimeBasedCode(secret: secret).matchingStep(code.filter { $0 != " " }, at: now) else {
            try SecondFactorStore.countWrongCode(user.id, in: transaction)
            try services.audit.append([services.record("mfaConfirm", .failure, user: user.id, context: context)], in: transaction)
            let attemptsLeft = SecondFactorStore.maximumWrongCodes - stored.wrongCodes - 1
            return attemptsLeft > 0 ? .wrong(attemptsLeft: attemptsLeft) : .expired
        }
        try SecondFactorStore.confirm(user.id, step: step, at: now, in: transaction)
        try SecondFactorStore.replaceRecoveryCodes(
            recoveryCodes.map { services.recoveryCodeDigest($0, of: user.id) }, of: user.id, at: now, in: transaction)
        try services.notify(
            user, template: "identity.mfaEnabled", subject: "Sign-in with a second factor is on",
            body: """
                From now on \(user.username) signs in with a password and a code of the authenticator app. If that was not you, please \
                call the bank at once.
                """, in: transaction)
        try services.audit.append([services.record("mfaConfirm", .success, user: user.id, context: context)], in: transaction)
        return .done
    }

    private enum Removal: Sendable {
        case done
        case wrongCode
        case incorrectPassword
        case paused(until: Timestamp)
    }

    /// - Parameter code: of the app, or a recovery code
    /// - Throws: 422 `incorrect` at `password`; 422 `invalid_code`; 429; 409 `invalid_state` when none is active
    func disable(password: String, code: String, context: RequestContext) async throws {
        let services = services
        let verified = try await services.confirmPassword(password, field: "password", action: "mfaDisable", context: context)
        let outcome = try await services.pool.transaction(deadline: context.deadline) { transaction in
            try remove(verified, code: code, context: context, in: transaction)
        }
        switch outcome {
        case .done: return
        case .wrongCode: throw Self.wrongCode()
        case .incorrectPassword: throw services.incorrectPassword("password")
        case .paused(let until): throw services.tooManyAttempts(until: until)
        }
    }

    private func remove(
        _ verified: UserAccount, code: String, context: RequestContext, in transaction: Transaction
    ) throws -> Removal {
        let now = services.clock.now()
        guard let user = try UserStore.lock(verified.id, in: transaction), user.passwordHash == verified.passwordHash else {
            return .incorrectPassword
        }
        try services.clearFailures(of: user, in: transaction)
        guard user.isSecondFactorEnrolled else { throw Refusal.invalidState("disabled", "There is no second factor to give up") }
        switch try services.checkSecondFactor(code, as: .guess(code), of: user, in: transaction) {
        case .paused(let until): return .paused(until: until)
        case .wrong:
            try services.audit.append([services.record("mfaDisable", .failure, user: user.id, context: context)], in: transaction)
            return .wrongCode
        case .right:
            try SecondFactorStore.remove(user.id, at: now, in: transaction)
            try services.notify(
                user, template: "identity.mfaDisabled", subject: "Sign-in with a second factor is off",
                body: """
                    From now on \(user.username) signs in with the password alone. If that was not you, please call the bank at once.
                    """, in: transaction)
            try services.audit.append([services.record("mfaDisable", .success, user: user.id, context: context)], in: transaction)
            return .done
        }
    }
}

extension IdentityServices {
    /// A right password ends the row of wrong ones.
    func clearFailures(of user: UserAccount, in transaction: Transaction) throws {
        try clearFailures(of: user.username, user.id, in: transaction)
    }

    func clearFailures(of username: String, _ id: Identifier<User>, in transaction: Transaction) throws {
        try LoginFailureStore.clear(nameDigest(username), in: transaction)
        try UserStore.setLocked(until: nil, id, in: transaction)
    }
}

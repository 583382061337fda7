import Application
import Kernel
import Notifications
import Postgres
import Safeguards

/// What a given second factor is worth.
enum SecondFactorVerdict: Sendable {
    case right(SecondFactorMethod)
    case wrong
    /// Too many wrong ones in a row: none is looked at before this instant.
    case paused(until: Timestamp)
}

extension IdentityServices {
    /// Checks a code and spends it. The row of the user's secret is held until the transaction ends, so that of two requests with one
    /// code, in whatever processes, one is right and the other is not.
    func checkSecondFactor(
        _ code: String, as method: SecondFactorMethod, of user: UserAccount, in transaction: Transaction
    ) throws -> SecondFactorVerdict {
        let now = clock.now()
        let counter = secondFactorDigest(user.id)
        if let until = try LoginFailureStore.lockedUntil(counter, at: now, isForUpdate: true, in: transaction) {
            return .paused(until: until)
        }
        guard let stored = try SecondFactorStore.lock(user.id, in: transaction), stored.isConfirmed else { return .wrong }
        let isRight =
            switch method {
            case .totp: try spendTimeBasedCode(code, of: user, stored, at: now, in: transaction)
            case .recoveryCode: try spendRecoveryCode(code, of: user, at: now, in: transaction)
            }
        guard isRight else {
            var policy = policy
            policy.failuresAllowed = policy.wrongSecondFactorsAllowed
            _ = try LoginFailureStore.count(counter, policy: policy, at: now, in: transaction)
            return .wrong
        }
        try LoginFailureStore.clear(counter, in: transaction)
        return .right(method)
    }

    private func spendTimeBasedCode(
        _ code: String, of user: UserAccount, _ stored: SecondFactorStore.Stored, at now: Timestamp, in transaction: Transaction
    ) throws -> Bool {
        let secret = try openSecret(stored.secret, of: user.id)
        let digits = code.filter { $0 != " " }
        guard let step = TimeBasedCode(secret: secret).matchingStep(digits, at: now) else { return false }
        guard try SecondFactorStore.spend(step: step, of: user.id, in: transaction) else {
            // A right code for the second time: somebody may have looked over a shoulder.
            try notify(
                user, template: "identity.codeReused", subject: "A code was used twice",
                body: """
                    A code of the authenticator app of \(user.username) was used a second time, \(now.inNairobi), and refused. If that was \
                    not you, please change your password.
                    """, in: transaction)
            return false
        }
        if stored.secret.keyID != dataKeys.currentKeyID {
            try SecondFactorStore.reseal(sealSecret(secret, of: user.id), of: user.id, in: transaction)
        }
        return true
    }

    private func spendRecoveryCode(_ code: String, of user: UserAccount, at now: Timestamp, in transaction: Transaction) throws -> Bool {
        let digest = recoveryCodeDigest(code, of: user.id)
        guard try SecondFactorStore.spend(recoveryCode: digest, of: user.id, at: now, in: transaction) else { return false }
        let left = try SecondFactorStore.recoveryCodesLeft(of: user.id, in: transaction)
        try notify(
            user, template: "identity.recoveryCodeUsed", subject: "A recovery code was used",
            body: """
                A recovery code of \(user.username) was used, \(now.inNairobi); \(left) are left. If that was not you, please call the \
                bank at once.
                """, in: transaction)
        return true
    }

    func sealSecret(_ secret: [UInt8], of user: Identifier<User>) throws -> DataKeys.Sealed {
        try dataKeys.seal(secret, place: "identity.second_factor/\(user)")
    }

    /// - Throws: 503 when the key is gone: nobody can tell whether a code is right, and nobody gets in without
    func openSecret(_ sealed: DataKeys.Sealed, of user: Identifier<User>) throws -> [UInt8] {
        guard let secret = try? dataKeys.open(sealed, place: "identity.second_factor/\(user)") else { throw Refusal.unavailable() }
        return secret
    }
}

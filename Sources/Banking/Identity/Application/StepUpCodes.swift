import Application
import Kernel
import Postgres
import Safeguards

/// Answering a step-up challenge: code in, token out.
struct StepUpCodes: Sendable {
    let services: IdentityServices

    struct Token: Sendable {
        let token: String
        let expiresInSeconds: Int64
    }

    struct Resent: Sendable {
        let challengeID: Identifier<StepUpChallenge>
        let expiresAt: Timestamp
        let resendsLeft: Int16
    }

    private enum Outcome: Sendable {
        case token
        case wrong(attemptsLeft: Int16)
        case expired
        case tooManyWrongCodes(retryAt: Timestamp)
    }

    private static let expired = Refusal(
        .invalid, "challenge_expired", "This confirmation is not open any more; please start again")

    /// - Parameter challengeID: nil for a text that is no identifier, which is a challenge that does not exist
    /// - Throws: 422 `invalid_code` with `attemptsLeft`; 422 `challenge_expired`; 429 `too_many_attempts`
    func verify(_ challengeID: Identifier<StepUpChallenge>?, method: String?, code: String, context: RequestContext) async throws -> Token {
        guard let challengeID else { throw Self.expired }
        let services = services
        let token = services.random.token()
        let outcome = try await services.pool.transaction(deadline: context.deadline) { transaction in
            try check(challengeID, method: method, code: code, token: token, context: context, in: transaction)
        }
        switch outcome {
        case .token: return Token(token: token, expiresInSeconds: services.policy.stepUpSeconds)
        case .wrong(let attemptsLeft):
            throw Refusal(
                .invalid, "invalid_code", "This code is not right",
                fields: [.init("code", "invalid_code", "This code is not right")],
                members: [.init("attemptsLeft", .integer(Int64(attemptsLeft)))])
        case .expired: throw Self.expired
        case .tooManyWrongCodes(let retryAt): throw services.tooManyAttempts(until: retryAt)
        }
    }

    private func check(
        _ challengeID: Identifier<StepUpChallenge>, method: String?, code: String, token: String, context: RequestContext,
        in transaction: Transaction
    ) throws -> Outcome {
        let now = services.clock.now()
        let principal = try context.requirePrincipal()
        guard let challenge = try StepUpStore.lock(challengeID, of: principal, in: transaction), now < challenge.expiresAt,
            challenge.wrongCodes < StepUpStore.maximumWrongCodes, !challenge.isAnswered
        else { return .expired }
        if let method, method != challenge.method {
            throw Refusal.validation([.init("method", "not_allowed", "This confirmation takes \(challenge.method)")])
        }
        let hourAgo = now.adding(seconds: -3_600)
        let wrongCodes = try StepUpStore.wrongCodes(of: principal.userID, since: hourAgo, in: transaction)
        guard wrongCodes < StepUp.wrongCodesAllowedPerHour else {
            return .tooManyWrongCodes(retryAt: now.adding(seconds: services.policy.lockoutSeconds))
        }
        let isRight: Bool
        switch try verdict(on: code, for: challenge, principal: principal, in: transaction) {
        case .right: isRight = true
        case .wrong: isRight = false
        case .paused(let until): return .tooManyWrongCodes(retryAt: until)
        }
        guard isRight else {
            try StepUpStore.countWrongCode(challengeID, in: transaction)
            try services.audit.append(
                [services.record("stepUpVerify", .failure, challenge.action, of: challengeID, context: context)], in: transaction)
            let attemptsLeft = StepUpStore.maximumWrongCodes - challenge.wrongCodes - 1
            return attemptsLeft > 0 ? .wrong(attemptsLeft: attemptsLeft) : .expired
        }
        try StepUpStore.answer(
            challengeID, tokenDigest: Digests.sha256(token), tokenExpiresAt: now.adding(seconds: services.policy.stepUpSeconds),
            in: transaction)
        try services.audit.append(
            [services.record("stepUpVerify", .success, challenge.action, of: challengeID, context: context)], in: transaction)
        return .token
    }

    private func verdict(
        on code: String, for challenge: StepUpStore.Stored, principal: Principal, in transaction: Transaction
    ) throws -> SecondFactorVerdict {
        if let expected = challenge.codeDigest {
            return ConstantTime.equal(services.codeDigest(code, of: challenge.id), expected) ? .right(.totp) : .wrong
        }
        guard let user = try UserStore.lock(principal.userID, in: transaction) else { return .wrong }
        return try services.checkSecondFactor(code, as: .totp, of: user, in: transaction)
    }

    /// Sends another code, which replaces the earlier one. Guesses already made still count.
    /// - Throws: 422 `challenge_expired`; 429 `too_many_attempts` after the third
    func resend(_ challengeID: Identifier<StepUpChallenge>?, context: RequestContext) async throws -> Resent {
        guard let challengeID else { throw Self.expired }
        let services = services
        let principal = try context.requirePrincipal()
        let code = services.random.code(digits: 6)
        return try await services.pool.transaction(deadline: context.deadline) { transaction in
            let now = services.clock.now()
            guard let challenge = try StepUpStore.lock(challengeID, of: principal, in: transaction), now < challenge.expiresAt,
                challenge.wrongCodes < StepUpStore.maximumWrongCodes, !challenge.isAnswered
            else { throw Self.expired }
            guard challenge.codeDigest != nil else {
                throw Refusal.validation([.init("challengeId", "not_allowed", "The code for this comes from your authenticator app")])
            }
            guard challenge.resends < StepUpStore.maximumResends else { throw services.tooManyAttempts(until: challenge.expiresAt) }
            try StepUpStore.renewCode(challengeID, codeDigest: services.codeDigest(code, of: challengeID), in: transaction)
            try services.send(code, for: challenge.action, to: principal.userID, in: transaction)
            try services.audit.append(
                [services.record("stepUpResend", .success, challenge.action, of: challengeID, context: context)], in: transaction)
            return Resent(
                challengeID: challengeID, expiresAt: challenge.expiresAt, resendsLeft: StepUpStore.maximumResends - challenge.resends - 1)
        }
    }
}

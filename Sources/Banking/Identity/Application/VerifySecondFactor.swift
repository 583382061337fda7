import Application
import Kernel
import Postgres
import Safeguards

/// The second step of a sign-in.
struct VerifySecondFactor: Sendable {
    let services: IdentityServices

    private enum Outcome: Sendable {
        case session(OpenedSession)
        case wrong(attemptsLeft: Int16)
        case expired
        case disabled
        case paused(until: Timestamp)
    }

    static let expired = Refusal(.unauthenticated, "challenge_expired", "This sign-in is not open any more; please start again")

    /// - Parameter challengeID: nil for a text that is no identifier, which is a challenge that does not exist
    /// - Throws: 401 `invalid_code` with `attemptsLeft`; 401 `challenge_expired`; 423 `user_disabled`; 429 `too_many_attempts`
    func callAsFunction(
        _ challengeID: Identifier<SignInChallenge>?, method: SecondFactorMethod?, code: String, context: RequestContext
    ) async throws -> SignedIn {
        guard let challengeID else { throw Self.expired }
        let services = services
        let refreshToken = services.random.token()
        let outcome = try await services.pool.transaction(deadline: context.deadline) { transaction in
            try check(
                challengeID, method: method ?? .guess(code), code: code, refreshToken: refreshToken, context: context, in: transaction)
        }
        switch outcome {
        case .session(let opened): return try services.signedIn(opened, refreshToken: refreshToken)
        case .wrong(let attemptsLeft):
            throw Refusal(
                .unauthenticated, "invalid_code", "This code is not right",
                fields: [.init("code", "invalid_code", "This code is not right")],
                members: [.init("attemptsLeft", .integer(Int64(attemptsLeft)))])
        case .expired: throw Self.expired
        case .disabled: throw SignIn.userDisabled
        case .paused(let until): throw services.tooManyAttempts(until: until)
        }
    }

    private func check(
        _ challengeID: Identifier<SignInChallenge>, method: SecondFactorMethod, code: String, refreshToken: String,
        context: RequestContext, in transaction: Transaction
    ) throws -> Outcome {
        let now = services.clock.now()
        // Begun on one channel, ended on the same: a challenge is no ticket for another one.
        guard let challenge = try SignInChallengeStore.lock(challengeID, in: transaction), now < challenge.expiresAt,
            challenge.wrongCodes < SignInChallengeStore.maximumWrongCodes, !challenge.isAnswered,
            challenge.channel == context.channel.rawValue, let user = try UserStore.lock(challenge.userID, in: transaction)
        else { return .expired }
        guard !user.isDisabled else {
            try services.audit.append(
                [services.record("login", .refused, user: user.id, context: context, detail: [("reason", "userDisabled")])],
                in: transaction)
            return .disabled
        }
        switch try services.checkSecondFactor(code, as: method, of: user, in: transaction) {
        case .paused(let until): return .paused(until: until)
        case .wrong:
            try SignInChallengeStore.countWrongCode(challengeID, in: transaction)
            try services.audit.append(
                [services.record("secondFactor", .failure, user: user.id, context: context, detail: [("method", method.rawValue)])],
                in: transaction)
            let attemptsLeft = SignInChallengeStore.maximumWrongCodes - challenge.wrongCodes - 1
            return attemptsLeft > 0 ? .wrong(attemptsLeft: attemptsLeft) : .expired
        case .right:
            try SignInChallengeStore.answer(challengeID, at: now, in: transaction)
            // A reset or an administrator may have taken the second factor away and the roles as well since the password was given.
            guard ChannelRule.admits(user.roles, to: context.channel) else { return .expired }
            return .session(
                try services.openSession(
                    for: user, refreshToken: refreshToken, factors: "password+\(method.rawValue)", context: context, in: transaction))
        }
    }
}

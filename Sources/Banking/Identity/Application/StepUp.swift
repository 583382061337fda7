import Application
import Kernel
import Notifications
import Postgres
import Safeguards

/// A confirmation held for one operation while it is carried out.
public struct StepUpReservation: Sendable, Hashable {
    public let challengeID: Identifier<StepUpChallenge>
    /// Digest of the operation's idempotency key in its scope: the only operation that may use the confirmation.
    public let operation: UInt128

    public init(challengeID: Identifier<StepUpChallenge>, operation: UInt128) {
        self.challengeID = challengeID
        self.operation = operation
    }
}

/// Confirmation of sensitive actions with a second factor (contract, section 1.7).
///
/// A request without a confirmation is refused with a challenge; the right code turns the challenge into a token; the token confirms
/// the one action it was given for, once.
///
/// **Once, in spite of crashes.** Money moves inside the posting engine's own transaction, so the token cannot always be spent in the
/// same commit as the effect. Instead it is reserved before the effect, for one operation: the digest of the request's idempotency key
/// in its scope. One conditional UPDATE decides which operation gets it. An operation has at most one effect, because its key is stored
/// in the commit of the effect; so a token that only one operation may ever use has at most one effect as well, wherever the program
/// dies:
/// - before the effect: the token stays with that key, and a repetition under the key goes on; another key gets a fresh challenge;
/// - between the effect and the spending: a repetition under the key is a replay, and no other key may use the token.
///
/// Refused operations give the token back (`release`); attempts of one operation that run at the same time are counted, so that one
/// refused attempt does not free what another still uses. An attempt whose outcome nobody knows gives nothing back. Commands that
/// have a transaction of their own may spend in it (`spend(_:in:)`), which leaves no gap at all.
public struct StepUp: Sendable {
    let services: IdentityServices

    /// Wrong codes of one user within an hour, over all challenges: guessing does not get further by asking for new ones.
    static let wrongCodesAllowedPerHour: Int64 = 30

    /// Reserves the confirmation that the request carries in `X-Step-Up-Token`.
    /// - Returns: nil when it carries none, or one for another user, session, action, account, amount, currency or payee, or one that
    ///   is spent, expired or in use by another operation
    public func reserve(_ action: SensitiveAction, context: RequestContext) async throws -> StepUpReservation? {
        guard let token = context.stepUpToken, !token.isEmpty else { return nil }
        let services = services
        let principal = try context.requirePrincipal()
        // PUT and PATCH have no key: each of their requests is an operation of its own.
        let operation = context.idempotencyKey.isEmpty ? services.identifiers.nextBits() : IdempotencyKey(context).digest
        let binding = Digests.sha256(action.binding(userID: principal.userID, sessionID: principal.sessionID))
        let challengeID = try await services.pool.transaction(deadline: context.deadline) { transaction in
            try StepUpStore.reserve(
                tokenDigest: Digests.sha256(token), binding: binding, operation: operation, at: services.clock.now(), in: transaction)
        }
        return challengeID.map { StepUpReservation(challengeID: $0, operation: operation) }
    }

    /// Opens a challenge and, unless the user has an authenticator app, sends its code.
    /// - Returns: 403 `step_up_required` with `challengeId`, `methods`, `expiresAt` and `action`, ready to be thrown
    public func challenge(for action: SensitiveAction, context: RequestContext) async throws -> Refusal {
        let services = services
        let principal = try context.requirePrincipal()
        let id = services.identifiers.next(StepUpChallenge.self)
        let code = services.random.code(digits: 6)
        let now = services.clock.now()
        let expiresAt = now.adding(seconds: services.policy.stepUpSeconds)
        let method = try await services.pool.transaction(deadline: context.deadline) { transaction in
            let isEnrolled = try UserStore.find(principal.userID, in: transaction)?.isSecondFactorEnrolled ?? false
            let binding = Digests.sha256(action.binding(userID: principal.userID, sessionID: principal.sessionID))
            try StepUpStore.insert(
                id, action: action, principal: principal, binding: binding,
                codeDigest: isEnrolled ? nil : services.codeDigest(code, of: id), at: now, expiresAt: expiresAt, in: transaction)
            // Who has an authenticator app is never asked for the weaker code.
            if !isEnrolled { try services.send(code, for: action, to: principal.userID, in: transaction) }
            try services.audit.append(
                [services.record("stepUpChallenge", .success, action, of: id, context: context)], in: transaction)
            return isEnrolled ? StepUpMethod.totp : .smsCode
        }
        let detail =
            method == .totp
            ? "Please confirm this with a code of your authenticator app" : "Please confirm this with the code that was sent to you"
        return Refusal(
            .forbidden, "step_up_required", detail,
            members: [
                .init("challengeId", .text(id.description)), .init("methods", .texts([method.rawValue])),
                .init("expiresAt", .text(expiresAt.description)), .init("action", .object(Self.members(of: action))),
            ])
    }

    /// Spends a confirmation in the transaction of its effect.
    /// - Throws: 503 when the operation does not hold it any more
    public func spend(_ reservation: StepUpReservation, in transaction: Transaction) throws {
        let isSpent = try StepUpStore.spend(
            reservation.challengeID, operation: reservation.operation, at: services.clock.now(), in: transaction)
        guard isSpent else { throw Refusal.unavailable() }
    }

    /// Spends a confirmation after its effect was committed elsewhere.
    public func spend(_ reservation: StepUpReservation) async throws {
        try await services.pool.transaction { try spend(reservation, in: $0) }
    }

    /// Gives a confirmation back after the operation was refused and certainly had no effect.
    public func release(_ reservation: StepUpReservation) async throws {
        try await services.pool.transaction { transaction in
            try StepUpStore.release(reservation.challengeID, operation: reservation.operation, in: transaction)
        }
    }

    static func members(of action: SensitiveAction) -> [Refusal.Member] {
        var members: [Refusal.Member] = [.init("type", .text(action.type))]
        if let amount = action.amount {
            members.append(.init("amount", .text(amount.decimalString)))
            members.append(.init("currency", .text(amount.currency.code)))
        }
        if !action.payee.isEmpty { members.append(.init("payee", .text(action.payee))) }
        return members
    }
}

extension IdentityServices {
    /// Sends a code by SMS, together with what it confirms: whoever reads it can see what they are about to sign.
    func send(_ code: String, for action: SensitiveAction, to userID: Identifier<User>, in transaction: Transaction) throws {
        guard let user = try UserStore.find(userID, in: transaction), let phone = user.phone else {
            throw Refusal.forbidden("There is no phone number to send a code to; please talk to the bank")
        }
        let minutes = policy.stepUpSeconds / 60
        try messages.enqueue(
            OutgoingMessage(
                channel: .sms, recipient: phone, username: user.username, template: "identity.stepUpCode",
                body: "Wekeza: \(secret: code) confirms \(action.inWords). Good for \(minutes) minutes. Never tell anybody this code."),
            in: transaction)
    }

    func record(
        _ name: String, _ outcome: AuditRecord.Outcome, _ action: SensitiveAction, of challenge: Identifier<StepUpChallenge>,
        context: RequestContext
    ) -> AuditRecord {
        var detail = [("challenge", challenge.description), ("type", action.type)]
        if let amount = action.amount { detail.append(("amount", amount.description)) }
        // The trail is for good and in the clear; the challenge itself says the whole payee for as long as it is kept.
        if !action.payee.isEmpty { detail.append(("payee", LongNumbers.masked(in: action.payee))) }
        return record(name, outcome, user: context.principal?.userID, context: context, detail: detail)
    }
}

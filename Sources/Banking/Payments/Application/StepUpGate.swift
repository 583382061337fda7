import Kernel

/// What a person is asked to confirm with a second factor, and what the confirmation is good for: nothing else than exactly this.
public struct StepUpAction: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        case transfer, addBeneficiary, changeBeneficiary, contactChange, standingOrder
    }

    public let kind: Kind
    /// The account the money leaves; nil when no money moves.
    public let sourceAccountID: Identifier<Account>?
    public let amount: Money?
    /// Whom it is about, as the person is shown it.
    public let payee: String

    public init(kind: Kind, sourceAccountID: Identifier<Account>? = nil, amount: Money? = nil, payee: String) {
        self.kind = kind
        self.sourceAccountID = sourceAccountID
        self.amount = amount
        self.payee = payee
    }
}

/// A confirmation that one request holds while it is carried out.
public struct StepUpReservation: Sendable, Hashable {
    public let challenge: UInt128
    /// The request that holds it: the digest of its key in its scope.
    public let operation: UInt128

    public init(challenge: UInt128, operation: UInt128) {
        self.challenge = challenge
        self.operation = operation
    }
}

/// The second factor, as this room needs it. Whoever knows sessions, codes and tokens implements it; the composition root joins them.
///
/// A confirmation is reserved before its action is carried out, spent when the action succeeded and released when it was refused.
/// A request that repeats another under the same Idempotency-Key may reserve what that one reserved: a crash between the two leaves
/// a confirmation that is good for this one action under this one key.
public protocol StepUpGate: Sendable {
    /// Opens a challenge for the action.
    /// - Returns: 403 `step_up_required` with `challengeId`, `methods`, `expiresAt` and `action`, ready to be thrown
    func challenge(for action: StepUpAction, context: RequestContext) async throws -> Refusal

    /// Reserves the confirmation that the request carries (`context.stepUpToken`).
    /// - Returns: nil when it carries none, or one for another person, session, action, account, amount or payee, or a spent or
    ///   expired one
    func reserve(_ action: StepUpAction, context: RequestContext) async throws -> StepUpReservation?

    func spend(_ reservation: StepUpReservation) async throws

    func release(_ reservation: StepUpReservation) async throws
}

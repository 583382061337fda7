import Identity
import Kernel
import Payments

/// Payments asks for a second factor, Identity has one; neither knows the other.
struct StepUpAdapter: StepUpGate {
    let stepUp: StepUp

    func challenge(for action: StepUpAction, context: RequestContext) async throws -> Refusal {
        try await stepUp.challenge(for: Self.sensitive(action), context: context)
    }

    func reserve(_ action: StepUpAction, context: RequestContext) async throws -> Payments.StepUpReservation? {
        let reservation = try await stepUp.reserve(Self.sensitive(action), context: context)
        return reservation.map { Payments.StepUpReservation(challenge: $0.challengeID.bits, operation: $0.operation) }
    }

    func spend(_ reservation: Payments.StepUpReservation) async throws {
        try await stepUp.spend(Self.held(reservation))
    }

    func release(_ reservation: Payments.StepUpReservation) async throws {
        try await stepUp.release(Self.held(reservation))
    }

    private static func sensitive(_ action: StepUpAction) -> SensitiveAction {
        SensitiveAction(
            type: action.kind.rawValue, sourceAccountID: action.sourceAccountID, amount: action.amount, payee: action.payee)
    }

    private static func held(_ reservation: Payments.StepUpReservation) -> Identity.StepUpReservation {
        Identity.StepUpReservation(challengeID: Identifier(bits: reservation.challenge), operation: reservation.operation)
    }
}

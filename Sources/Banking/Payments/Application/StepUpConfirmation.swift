import Kernel
import Ledger

/// Carries out actions that need a second factor: reserve, act, spend or release.
struct StepUpConfirmation: Sendable {
    private let gate: any StepUpGate

    init(gate: any StepUpGate) {
        self.gate = gate
    }

    /// What `perform` turns into a challenge: thrown by an action whose every other check has passed.
    static let missing = Refusal(.forbidden, "step_up_required", "Please confirm this with your second factor")

    /// Runs an action that is told whether the person has confirmed it.
    ///
    /// The action refuses `step_up_required` itself, as the last of its checks, because only it knows whether the request is a
    /// replay, which needs no second confirmation, and whether anything else stands against it, which comes first.
    func perform<Value: Sendable>(
        _ action: StepUpAction, context: RequestContext, _ body: @Sendable (_ isConfirmed: Bool) async throws -> Value
    ) async throws -> Value {
        let reservation = context.stepUpToken == nil ? nil : try await gate.reserve(action, context: context)
        let value: Value
        do {
            value = try await body(reservation != nil)
        } catch let refusal as Refusal {
            // After a refusal nothing has happened, and the confirmation is good for another try. When nobody knows what happened, the
            // reservation stays with this request's key.
            if let reservation, refusal.kind != .unavailable || refusal == .businessDateChanged {
                try await gate.release(reservation)
            }
            guard refusal.code == Self.missing.code else { throw refusal }
            throw try await gate.challenge(for: action, context: context)
        }
        if let reservation {
            // The money has moved: a failure here may not make the answer one. The reservation then stays with this request's key,
            // under which only a replay is possible.
            try? await gate.spend(reservation)
        }
        return value
    }
}

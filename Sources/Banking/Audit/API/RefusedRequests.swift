import Application
import HTTPEdge

extension RefusalTrail {
    public func note(_ refused: RefusedRequest) {
        guard Self.isWorthKeeping(status: refused.status, code: refused.code) else { return }
        note(
            AuditRecord(
                action: "request.refuse", outcome: .refused, actor: refused.userID, subjectType: "operation", subjectID: refused.operation,
                context: refused.context, detail: [("code", refused.code), ("path", String(refused.path.prefix(255)))]))
    }

    /// Faulty fields and too many requests are no decisions about a person; a missing second factor has a record of its own.
    static func isWorthKeeping(status: Int, code: String) -> Bool {
        [403, 404, 409, 422, 423].contains(status) && !["validation_failed", "invalid_cursor", "step_up_required"].contains(code)
    }
}

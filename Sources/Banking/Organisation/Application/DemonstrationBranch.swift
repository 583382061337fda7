import Application
import Kernel
import Postgres

/// How the demonstration bank's head office is reached; a real bank's administrator enters it.
public struct DemonstrationBranch: Sendable {
    private let pipeline: CommandPipeline

    public init(pipeline: CommandPipeline) { self.pipeline = pipeline }

    /// Leaves a branch alone that anybody has changed.
    public func seed(_ context: RequestContext) async throws {
        _ = try await pipeline.run(context, isIdempotent: false) { transaction in
            let count = try transaction.execute(
                """
                UPDATE organisation.branch SET phone = '+254709000100', email = 'headoffice@wekeza.example',
                    updated_at = \(context.receivedAt)
                WHERE branch_code = '001' AND version = 1 AND phone IS NULL
                """)
            let audit = AuditRecord(
                action: "organisation.branchChange", outcome: .success, actor: nil, subjectType: "branch", subjectID: "001",
                context: context)
            return CommandResult(audit: count > 0 ? [audit] : [])
        }
    }
}

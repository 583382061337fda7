import Application
import Kernel
import Postgres

/// The branches of the bank: seen by everybody, changed by administrators.
public struct Branches: Sendable {
    typealias Render = @Sendable (Branch) -> CommandResult

    let pool: ConnectionPool
    let pipeline: CommandPipeline
    let clock: any WallClock

    static let notFound = Refusal.notFound("branch_not_found")

    /// Whether somebody can be placed at this branch.
    public static func exists(_ code: String, in transaction: Transaction) throws -> Bool {
        try BranchStore.find(code, in: transaction)?.status == .active
    }

    /// How many branches are open.
    public static func count(in transaction: Transaction) throws -> Int64 {
        try transaction.query("SELECT count(*) FROM organisation.branch WHERE status = 'active'").first?.int64(0) ?? 0
    }

    func list(after: String?, limit: Int, context: RequestContext) async throws -> [Branch] {
        try await pool.read(deadline: context.deadline) { try BranchStore.list(after: after, limit: limit, in: $0) }
    }

    /// Open branches, the nearest first when a place is given.
    func find(text: String?, near: Location?, context: RequestContext) async throws -> [Branch] {
        let found = try await pool.read(deadline: context.deadline) { try BranchStore.list(text: text, isActive: true, in: $0) }
        guard let near else { return found }
        return found.enumerated().sorted { left, right in
            let (one, other) = (left.element.location?.remoteness(from: near), right.element.location?.remoteness(from: near))
            return (one ?? .max, left.offset) < (other ?? .max, right.offset)
        }.map(\.element)
    }

    /// - Throws: 404 `branch_not_found`
    func branch(_ code: String, context: RequestContext) async throws -> Branch {
        guard code.utf8.count == 3, let branch = try await pool.read(deadline: context.deadline, { try BranchStore.find(code, in: $0) })
        else { throw Self.notFound }
        return branch
    }

    /// - Throws: 422 `duplicate` at `branchCode`
    func create(_ branch: Branch, context: RequestContext, render: @escaping Render) async throws -> CommandReply {
        let clock = clock
        do {
            return try await pipeline.run(context) { transaction in
                try BranchStore.insert(branch, at: clock.now(), in: transaction)
                var result = render(branch)
                result.audit = [Self.record("branchCreate", branch, context)]
                return result
            }
        } catch let error as PostgresError where error.isUniqueViolation(constraint: "branch_pkey") {
            throw Refusal.validation([.init("branchCode", "duplicate", "There is a branch with this code")])
        }
    }

    /// - Throws: 404 `branch_not_found`; 409 `version_conflict`
    func update(_ branch: Branch, context: RequestContext, render: @escaping Render) async throws -> CommandReply {
        let clock = clock
        return try await pipeline.run(context, isIdempotent: false) { transaction in
            guard let old = try BranchStore.find(branch.code, isForUpdate: true, in: transaction) else { throw Self.notFound }
            guard old.version == branch.version else {
                throw Refusal(.conflict, "version_conflict", "Somebody has changed this branch in the meantime; please look again")
            }
            try BranchStore.update(branch, at: clock.now(), in: transaction)
            guard let changed = try BranchStore.find(branch.code, in: transaction) else { throw Self.notFound }
            var result = render(changed)
            result.audit = [Self.record("branchChange", changed, context)]
            return result
        }
    }

    private static func record(_ action: String, _ branch: Branch, _ context: RequestContext) -> AuditRecord {
        AuditRecord(
            action: "organisation.\(action)", outcome: .success, actor: context.principal?.userID, subjectType: "branch",
            subjectID: branch.code, context: context, detail: [("name", branch.name), ("status", branch.status.rawValue)])
    }
}

import Kernel
import Postgres

/// Who did what to which thing, when, from where, and how it ended.
public struct AuditRecord: Sendable {
    public enum Outcome: Int16, Sendable {
        case success = 1
        case refused = 2
        case failure = 3

        public var name: String {
            switch self {
            case .success: "success"
            case .refused: "refused"
            case .failure: "failure"
            }
        }
    }

    /// Dotted by room: `accounts.freeze`, `identity.loginFailed`.
    public let action: String
    public let outcome: Outcome
    public let actor: Identifier<User>?
    public let subjectType: String
    public let subjectID: String
    public let ipAddress: String
    public let userAgent: String
    public let traceID: String
    public let channel: Channel
    public private(set) var detail: [(String, String)]

    /// - Parameter detail: names and values worth keeping; never a password, code, token or full card number.
    public init(
        action: String, outcome: Outcome, actor: Identifier<User>?, subjectType: String, subjectID: String, context: RequestContext,
        detail: [(String, String)] = []
    ) {
        self.action = action
        self.outcome = outcome
        self.actor = actor
        self.subjectType = subjectType
        self.subjectID = subjectID
        ipAddress = context.ipAddress
        // What a client calls itself is theirs to choose; what we keep of it is not.
        userAgent = String(context.userAgent.prefix(200))
        traceID = context.traceID
        channel = context.channel
        self.detail = detail
    }

    /// The record with one more thing worth keeping, before the others.
    public func beginning(with name: String, _ value: String) -> AuditRecord {
        var record = self
        record.detail.insert((name, value), at: 0)
        return record
    }
}

/// Where audit records go. The room Audit implements it; every other room only knows this.
public protocol AuditSink: Sendable {
    /// Appends records inside the caller's transaction: they exist exactly when their cause does.
    func append(_ records: [AuditRecord], in transaction: Transaction) throws
}

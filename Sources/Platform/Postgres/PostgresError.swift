/// What PostgreSQL or the connection to it said no to.
public struct PostgresError: Error, Sendable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// The server refused a statement; the connection is usable.
        case statement
        /// The connection is gone and the transaction with it.
        case connectionLost
        /// The connection went away while COMMIT was under way: it may have happened or not.
        case outcomeUnknown
        /// A value or a use that this client cannot send or read.
        case misuse
    }

    public let kind: Kind
    /// Five characters, empty when the error does not come from the server.
    public let sqlState: String
    public let message: String
    public let detail: String?
    public let constraint: String?
    /// Which statement of a pipeline failed.
    public var statementIndex: Int?

    public init(
        kind: Kind, sqlState: String = "", message: String, detail: String? = nil, constraint: String? = nil, statementIndex: Int? = nil
    ) {
        self.kind = kind
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.constraint = constraint
        self.statementIndex = statementIndex
    }

    static func misuse(_ message: String) -> PostgresError { PostgresError(kind: .misuse, message: message) }

    public var isUniqueViolation: Bool { sqlState == "23505" }
    public var isForeignKeyViolation: Bool { sqlState == "23503" }
    public var isCheckViolation: Bool { sqlState == "23514" }
    public var isDeadlock: Bool { sqlState == "40P01" }
    public var isSerializationFailure: Bool { sqlState == "40001" }
    public var isLockTimeout: Bool { sqlState == "55P03" }
    public var isQueryCanceled: Bool { sqlState == "57014" }
    public var isConnectionLost: Bool { kind == .connectionLost || kind == .outcomeUnknown }
    /// The same transaction may succeed when it is run again.
    public var isRetryable: Bool { isDeadlock || isSerializationFailure }
    /// Nothing is wrong with the request: the database is away, full, too busy or starting.
    public var isTransient: Bool {
        isConnectionLost || isRetryable || isLockTimeout || isQueryCanceled || sqlState.hasPrefix("08") || sqlState.hasPrefix("53")
            || sqlState.hasPrefix("57")
    }

    public func isUniqueViolation(constraint name: String) -> Bool { isUniqueViolation && constraint == name }
    public func isCheckViolation(constraint name: String) -> Bool { isCheckViolation && constraint == name }

    public var description: String {
        var text = sqlState.isEmpty ? message : "\(sqlState): \(message)"
        if let detail { text += " (\(detail))" }
        return text
    }
}

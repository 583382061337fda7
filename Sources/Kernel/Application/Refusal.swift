/// Why a request is refused: a stable code, the kind of refusal, and the fields to blame.
///
/// Every layer refuses with this one type. The HTTP edge turns it into problem+json, the command line into one line, an import into
/// a line of its report. `detail` is for people and may change; it never shows SQL, file names or another customer's data.
public struct Refusal: Error, Sendable, Equatable {
    /// What sort of refusal this is; the HTTP edge maps it to a status.
    public enum Kind: Sendable, Equatable {
        /// 400: the request cannot be read at all.
        case malformed
        /// 401
        case unauthenticated
        /// 403
        case forbidden
        /// 404: missing, or not yours.
        case notFound
        /// 405
        case methodNotAllowed
        /// 409: conflict with the state of things.
        case conflict
        /// 413
        case tooLarge
        /// 415
        case unsupportedMediaType
        /// 422: a field or a business rule refuses.
        case invalid
        /// 423
        case locked
        /// 429
        case tooMany
        /// 503: try again.
        case unavailable
    }

    /// One faulty field: dotted path, code and a sentence.
    public struct Field: Sendable, Equatable {
        public let field: String
        public let code: String
        public let message: String

        public init(_ field: String, _ code: String, _ message: String) {
            self.field = field
            self.code = code
            self.message = message
        }
    }

    public let kind: Kind
    public let code: String
    public let detail: String
    public var fields: [Field]
    public var retryAfterSeconds: Int?
    /// Further members of the problem, such as `currentState` or `challengeId`: names and ready values.
    public var members: [Member]

    public struct Member: Sendable, Equatable {
        public enum Value: Sendable, Equatable {
            case text(String)
            case integer(Int64)
            case texts([String])
            case object([Member])
        }

        public let name: String
        public let value: Value

        public init(_ name: String, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    public init(
        _ kind: Kind, _ code: String, _ detail: String, fields: [Field] = [], retryAfterSeconds: Int? = nil, members: [Member] = []
    ) {
        self.kind = kind
        self.code = code
        self.detail = detail
        self.fields = fields
        self.retryAfterSeconds = retryAfterSeconds
        self.members = members
    }

    /// 422 `validation_failed` with its fields.
    public static func validation(_ fields: [Field]) -> Refusal {
        Refusal(
            .invalid, "validation_failed", fields.first.map { "\($0.field): \($0.message)" } ?? "The request is not valid", fields: fields)
    }

    /// A business rule refuses; when one field causes it, the code is repeated there.
    public static func rule(_ code: String, _ detail: String, field: String? = nil) -> Refusal {
        Refusal(.invalid, code, detail, fields: field.map { [Field($0, code, detail)] } ?? [])
    }

    public static func notFound(_ code: String = "not_found", _ detail: String = "There is no such thing here") -> Refusal {
        Refusal(.notFound, code, detail)
    }

    public static func forbidden(_ detail: String = "Your roles do not allow this") -> Refusal {
        Refusal(.forbidden, "forbidden", detail)
    }

    /// 409 `invalid_state` with the state the thing is in.
    public static func invalidState(_ currentState: String, _ detail: String) -> Refusal {
        Refusal(.conflict, "invalid_state", detail, members: [Member("currentState", .text(currentState))])
    }

    public static func unavailable(_ detail: String = "The bank is busy; nothing has happened, please try again") -> Refusal {
        Refusal(.unavailable, "temporarily_unavailable", detail, retryAfterSeconds: 1)
    }
}

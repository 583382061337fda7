import Crypto
import Kernel

/// One operation of the API. A single value registers the route, decodes and validates, checks who may call, limits, documents
/// itself in OpenAPI, and calls the handler.
///
/// A GET with a path parameter and a filter:
///
/// ```swift
/// struct TransactionFilter: QueryParameters, Paged {
///     let page: PageRequest
///     let direction: Direction?
///     let from: BusinessDate?, to: BusinessDate?
///
///     init(from fields: inout Fields) {
///         page = fields.page()
///         direction = fields.optionalChoice("direction", Direction.self)
///         (from, to) = fields.optionalDates()
///     }
/// }
///
/// Endpoint(
///     .get, "/api/accounts/{account}/transactions", summary: "Transactions of an account, newest first", tag: "Accounts",
///     access: .roles(RoleSet.staff.union(.owner)), query: TransactionFilter.self, reply: Page<TransactionView>.self,
///     errors: ["account_not_found"]
/// ) { call in
///     let rows = try await transactions.list(
///         account: call.path("account"), filter: call.query, count: call.query.page.fetchCount, caller: call.context)
///     return Reply(call.page(rows) { Cursor().adding($0.postedAt).adding($0.id) })
/// }
/// ```
///
/// A POST with a body. POSTs are idempotent unless told otherwise: `call.context.idempotencyKey` and `call.context.bodyDigest` are
/// set, the response carries the key, and a reply made with `isReplay: true` says so.
///
/// ```swift
/// struct HoldRequest: RequestBody {
///     let amount: Money
///     let reason: String
///     let expiresAt: Timestamp?
///
///     init(from fields: inout Fields) {
///         amount = fields.money("amount", currency: "currency")
///         reason = fields.text("reason", 5...500)
///         expiresAt = fields.optionalTimestamp("expiresAt")
///     }
/// }
///
/// Endpoint(
///     .post, "/api/accounts/{account}/holds", summary: "Place a hold", tag: "Accounts",
///     access: .roles([RoleSet(.supervisor), RoleSet(.branchManager)]), body: HoldRequest.self, reply: HoldView.self, status: 201,
///     errors: ["account_not_found", "insufficient_funds"]
/// ) { call in
///     let hold = try await holds.place(call.body, on: call.path("account"), caller: call.context)
///     return .created(HoldView(hold: hold), location: "/api/accounts/\(call.path("account"))/holds/\(hold.id)")
/// }
/// ```
///
/// Handlers refuse by throwing `Refusal`; anything else that they throw is a fault of ours and is answered 500 or 503.
public struct Endpoint: Sendable {
    public let method: HTTPMethod
    /// Literal segments and `{parameters}`: `/api/accounts/{account}/freeze`.
    public let path: String
    public let summary: String
    public let tag: String
    public let access: Access
    /// Codes of refusals that are particular to this operation; general ones are documented by themselves.
    public let errors: [String]
    public let status: Int
    public let options: EndpointOptions
    /// True for a POST that takes an `Idempotency-Key`.
    public let isIdempotent: Bool

    let invoke: @Sendable (Invocation) async throws -> EncodedReply
    let describe: @Sendable (SchemaRegistry) -> OperationDescription
    let expectsBody: Bool
    /// Set when the body is a form with files: how many bytes it may have.
    let maximumFormBytes: Int?

    /// `query`, `body` and `reply` may be left out when there is none.
    /// - Parameters:
    ///   - status: of a reply that names none; 200, or 204 without a reply or file
    ///   - errors: codes of appendix A that the handler refuses with; they are documented under the status of their kind
    ///   - handler: is called with everything decoded and checked
    public init<Query: QueryParameters, Body: RequestBody, Value: Representation>(
        _ method: HTTPMethod, _ path: String, summary: String, tag: String, access: Access, query: Query.Type,
        body: Body.Type, reply: Value.Type, status: Int? = nil, errors: [String] = [],
        options: EndpointOptions = EndpointOptions(),
        handler: @escaping @Sendable (Call<Query, Body>) async throws -> Reply<Value>
    ) {
        self.method = method
        self.path = path
        self.summary = summary
        self.tag = tag
        self.access = access.effective(for: method)
        self.errors = errors
        let defaultStatus = status ?? (Value.self == NoContent.self && options.contentType == nil ? 204 : 200)
        self.status = defaultStatus
        self.options = options
        isIdempotent = options.isIdempotent ?? (method == .post && !path.hasPrefix("/api/authentication/"))
        expectsBody = Body.self != NoBody.self
        maximumFormBytes = (Body.self as? any FormBody.Type)?.maximumBodyBytes
        invoke = { invocation in
            let call = try invocation.decode(Query.self, Body.self)
            return try await handler(call).encoded(defaultStatus: defaultStatus)
        }
        describe = { registry in
            OperationDescription(
                query: OperationDescription.parameters(of: Query.self, in: registry),
                body: Body.self == NoBody.self ? nil : Fields.schema(of: Body.self, in: registry),
                reply: Value.self == NoContent.self ? nil : (Value.schema(in: registry), Value.example.json()),
                alternatives: options.alternatives.map { ($0.status, $0.schema(registry)) })
        }
    }
}

/// What an endpoint does differently from most.
public struct EndpointOptions: Sendable {
    /// Nil: every POST outside of `/api/authentication/`.
    public var isIdempotent: Bool?
    public var rateLimit: RateLimitClass
    /// May be called by a user who must change the password first.
    public var allowsTemporaryPassword: Bool
    /// Reads the refresh cookie of a browser channel, and therefore demands an allowed origin when it is sent.
    public var usesRefreshCookie: Bool
    /// A public catalogue that caches may keep, for this many seconds. Nil: `Cache-Control: no-store` under `/api`.
    public var cacheSeconds: Int?
    /// An absent body stands for an empty object.
    public var allowsEmptyBody: Bool
    /// Asked for by machines every few seconds (probes, scrapes): left out of the access log.
    public var isQuiet: Bool
    /// Further replies than the main one, for the document.
    public var alternatives: [AlternativeReply]
    /// Content type of the main reply when it is not JSON.
    public var contentType: String?
    /// Further content types that the main reply can have, such as `application/pdf`, for the document.
    public var fileTypes: [String]
    /// Longer text for the document.
    public var details: String?
    /// How long a call may take when the usual limit is too short for it.
    public var timeLimitSeconds: Int64?

    public init(
        isIdempotent: Bool? = nil, rateLimit: RateLimitClass = .standard, allowsTemporaryPassword: Bool = false,
        usesRefreshCookie: Bool = false, cacheSeconds: Int? = nil, allowsEmptyBody: Bool = false, isQuiet: Bool = false,
        alternatives: [AlternativeReply] = [], contentType: String? = nil, fileTypes: [String] = [], details: String? = nil,
        timeLimitSeconds: Int64? = nil
    ) {
        self.isIdempotent = isIdempotent
        self.rateLimit = rateLimit
        self.allowsTemporaryPassword = allowsTemporaryPassword
        self.usesRefreshCookie = usesRefreshCookie
        self.cacheSeconds = cacheSeconds
        self.allowsEmptyBody = allowsEmptyBody
        self.isQuiet = isQuiet
        self.alternatives = alternatives
        self.contentType = contentType
        self.fileTypes = fileTypes
        self.details = details
        self.timeLimitSeconds = timeLimitSeconds
    }
}

/// A further reply of an operation, such as `202 pendingApproval`.
public struct AlternativeReply: Sendable {
    public let status: Int
    let schema: @Sendable (SchemaRegistry) -> Schema

    public init<Value: Representation>(_ status: Int, _: Value.Type) {
        self.status = status
        schema = { Value.schema(in: $0) }
    }
}

/// The body of a request, read but not yet judged field by field.
enum RequestContent: Sendable {
    case object(JSONObject)
    case form(MultipartForm)

    var source: Fields.Source {
        switch self {
        case .object(let object): .object(object)
        case .form(let form): .form(form)
        }
    }

    func digest() -> [UInt8] {
        switch self {
        case .object(let object): object.members.isEmpty ? JSONValue.emptyDigest : JSONValue.object(object).digest()
        case .form(let form): form.digest()
        }
    }
}

/// A request that has passed every check up to the decoding of its fields.
struct Invocation: Sendable {
    let request: HTTPRequest
    let context: RequestContext
    let body: RequestContent
    let cursorKey: SymmetricKey
    /// Faults found before the fields were read, such as a malformed `Idempotency-Key`.
    let faults: [Refusal.Field]

    /// Decodes query and body and reports the faults of both at once.
    func decode<Query: QueryParameters, Body: RequestBody>(_: Query.Type, _: Body.Type) throws -> Call<Query, Body> {
        var queryFields = Fields(.query(request.query))
        var bodyFields = Fields(body.source)
        let query = try Self.collecting(&queryFields) { try Query(from: &$0) }
        let decoded = try Self.collecting(&bodyFields) { try Body(from: &$0) }
        let allFaults = faults + queryFields.faults + bodyFields.faults
        guard allFaults.isEmpty, let query, let decoded else { throw Refusal.validation(allFaults) }

        let filters = Self.filters(read: queryFields.namesRead, request)
        if let token = queryFields.pageToVerify?.token {
            let seal = CursorSeal(key: cursorKey, caller: context.principal?.userID, path: context.path, filters: filters)
            if !seal.accepts(token) { throw Refusal.invalidCursor }
        }
        return Call(context: context, request: request, query: query, body: decoded, cursorKey: cursorKey, filters: filters)
    }

    /// An initializer may throw a refusal of its own; when it names fields, it joins the faults found so far.
    private static func collecting<Value>(_ fields: inout Fields, _ make: (inout Fields) throws -> Value) throws -> Value? {
        do {
            return try make(&fields)
        } catch let refusal as Refusal where !refusal.fields.isEmpty && refusal.code == "validation_failed" {
            for field in refusal.fields { fields.fail(field.field, field.code, field.message) }
            return nil
        } catch  where fields.hasFaults {
            // A rule that tripped over a placeholder says nothing; the faults do.
            return nil
        }
    }

    private static func filters(read names: [String], _ request: HTTPRequest) -> [(name: String, value: String)] {
        guard !request.query.items.isEmpty else { return [] }
        return request.query.items.compactMap { item in
            guard names.contains(item.name), item.name != "limit", item.name != "cursor", let value = item.value else { return nil }
            return (item.name, value)
        }
    }
}

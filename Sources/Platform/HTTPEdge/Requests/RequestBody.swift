/// What is read field by field from a request. One definition decodes, validates and describes itself.
///
/// An initializer reads every field through `Fields` and keeps what it got. Faulty fields do not stop it: the accessor notes the
/// fault and hands out a placeholder, so that one pass finds them all. The value is thrown away when there was any fault.
/// Recording mode runs the same initializer over placeholders to draw the schema; so it must not depend on what it reads except
/// through `fields.fail`.
public protocol FieldDecodable: Sendable {
    init(from fields: inout Fields) throws
}

/// The JSON object in the body of a request, or a nested object of one.
///
/// ```swift
/// struct FreezeRequest: RequestBody {
///     let reason: String
///     let scope: FreezeScope
///
///     init(from fields: inout Fields) {
///         reason = fields.text("reason", 5...500)
///         scope = fields.optionalChoice("scope", FreezeScope.self) ?? .all
///     }
/// }
/// ```
public protocol RequestBody: FieldDecodable {
    /// Name of the schema in the OpenAPI document; unique over the whole program. The type's own name unless stated.
    static var schemaName: String { get }
}

extension RequestBody {
    public static var schemaName: String { String(describing: Self.self) }
}

/// The query string of a request: filters, and the page for lists.
public protocol QueryParameters: FieldDecodable {}

/// The body of a request that needs none. What is sent is ignored, but must be JSON.
public struct NoBody: RequestBody {
    public init(from fields: inout Fields) {}
}

/// The query of an endpoint that looks at none.
public struct NoQuery: QueryParameters {
    public init(from fields: inout Fields) {}
}

/// The query of a list without filters: `limit` and `cursor`.
public struct PageQuery: QueryParameters, Paged {
    public let page: PageRequest

    public init(from fields: inout Fields) {
        page = fields.page()
    }
}

import Kernel

/// The forms of `Endpoint.init` in which `query`, `body` or `reply` is left out. Written out because Swift cannot infer a generic
/// parameter both from a default value and from a closure.
extension Endpoint {
    public init<Query: QueryParameters, Body: RequestBody>(
        _ method: HTTPMethod, _ path: String, summary: String, tag: String, access: Access, query: Query.Type, body: Body.Type,
        status: Int? = nil, errors: [String] = [], options: EndpointOptions = EndpointOptions(),
        handler: @escaping @Sendable (Call<Query, Body>) async throws -> Reply<NoContent>
    ) {
        self.init(
            method, path, summary: summary, tag: tag, access: access, query: Query.self, body: Body.self, reply: NoContent.self,
            status: status, errors: errors, options: options, handler: handler)
    }

    public init<Query: QueryParameters, Value: Representation>(
        _ method: HTTPMethod, _ path: String, summary: String, tag: String, access: Access, query: Query.Type, reply: Value.Type,
        status: Int? = nil, errors: [String] = [], options: EndpointOptions = EndpointOptions(),
        handler: @escaping @Sendable (Call<Query, NoBody>) async throws -> Reply<Value>
    ) {
        self.init(
            method, path, summary: summary, tag: tag, access: access, query: Query.self, body: NoBody.self, reply: Value.self,
            status: status, errors: errors, options: options, handler: handler)
    }

    public init<Body: RequestBody, Value: Representation>(
        _ method: HTTPMethod, _ path: String, summary: String, tag: String, access: Access, body: Body.Type, reply: Value.Type,
        status: Int? = nil, errors: [String] = [], options: EndpointOptions = EndpointOptions(),
        handler: @escaping @Sendable (Call<NoQuery, Body>) async throws -> Reply<Value>
    ) {
        self.init(
            method, path, summary: summary, tag: tag, access: access, query: NoQuery.self, body: Body.self, reply: Value.self,
            status: status, errors: errors, options: options, handler: handler)
    }

    public init<Query: QueryParameters>(
        _ method: HTTPMethod, _ path: String, summary: String, tag: String, access: Access, query: Query.Type,
        status: Int? = nil, errors: [String] = [], options: EndpointOptions = EndpointOptions(),
        handler: @escaping @Sendable (Call<Query, NoBody>) async throws -> Reply<NoContent>
    ) {
        self.init(
            method, path, summary: summary, tag: tag, access: access, query: Query.self, body: NoBody.self, reply: NoContent.self,
            status: status, errors: errors, options: options, handler: handler)
    }

    public init<Body: RequestBody>(
        _ method: HTTPMethod, _ path: String, summary: String, tag: String, access: Access, body: Body.Type,
        status: Int? = nil, errors: [String] = [], options: EndpointOptions = EndpointOptions(),
        handler: @escaping @Sendable (Call<NoQuery, Body>) async throws -> Reply<NoContent>
    ) {
        self.init(
            method, path, summary: summary, tag: tag, access: access, query: NoQuery.self, body: Body.self, reply: NoContent.self,
            status: status, errors: errors, options: options, handler: handler)
    }

    public init<Value: Representation>(
        _ method: HTTPMethod, _ path: String, summary: String, tag: String, access: Access, reply: Value.Type,
        status: Int? = nil, errors: [String] = [], options: EndpointOptions = EndpointOptions(),
        handler: @escaping @Sendable (Call<NoQuery, NoBody>) async throws -> Reply<Value>
    ) {
        self.init(
            method, path, summary: summary, tag: tag, access: access, query: NoQuery.self, body: NoBody.self, reply: Value.self,
            status: status, errors: errors, options: options, handler: handler)
    }

    public init(
        _ method: HTTPMethod, _ path: String, summary: String, tag: String, access: Access,
        status: Int? = nil, errors: [String] = [], options: EndpointOptions = EndpointOptions(),
        handler: @escaping @Sendable (Call<NoQuery, NoBody>) async throws -> Reply<NoContent>
    ) {
        self.init(
            method, path, summary: summary, tag: tag, access: access, query: NoQuery.self, body: NoBody.self, reply: NoContent.self,
            status: status, errors: errors, options: options, handler: handler)
    }
}

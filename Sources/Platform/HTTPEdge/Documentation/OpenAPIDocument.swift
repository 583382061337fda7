import Kernel

/// The OpenAPI 3.0 document of a set of endpoints, drawn from their types.
public struct OpenAPIDocument {
    private let endpoints: [Endpoint]
    private let title: String
    private let registry = SchemaRegistry()

    public init(endpoints: [Endpoint], title: String) {
        self.endpoints = endpoints
        self.title = title
    }

    /// Schema names that two different types claim. A document with one is wrong; a test holds this empty.
    public func conflicts() -> [String] {
        for endpoint in endpoints { _ = endpoint.describe(registry) }
        return registry.conflicts
    }

    /// The document in UTF-8.
    public func json() -> [UInt8] {
        let operations = endpoints.map { (endpoint: $0, description: $0.describe(registry)) }
        var paths: [(path: String, operations: [(endpoint: Endpoint, description: OperationDescription)])] = []
        for operation in operations {
            if let index = paths.firstIndex(where: { $0.path == operation.endpoint.path }) {
                paths[index].operations.append(operation)
            } else {
                paths.append((operation.endpoint.path, [operation]))
            }
        }

        var object = ObjectWriter()
        object.bytes.append(UInt8(ascii: "{"))
        object.text("openapi", "3.0.3")
        object.nested("info") { info in
            info.text("title", title)
            info.text("version", "1")
            info.text("description", "Amounts are decimal strings; refusals are problem+json with a stable code.")
        }
        object.nestedArray("tags", tags) { tag, nested in nested.text("name", tag) }
        object.nested("paths") { nested in
            for (path, operations) in paths {
                nested.nested(path) { item in
                    for operation in operations {
                        item.nested(operation.endpoint.method.rawValue.lowercased()) {
                            write(operation.endpoint, operation.description, &$0)
                        }
                    }
                }
            }
        }
        object.nested("components") { writeComponents(&$0) }
        object.bytes.append(UInt8(ascii: "}"))
        return object.bytes
    }

    private var tags: [String] {
        var tags: [String] = []
        for endpoint in endpoints where !tags.contains(endpoint.tag) { tags.append(endpoint.tag) }
        return tags
    }

    // MARK: One operation

    private func write(_ endpoint: Endpoint, _ description: OperationDescription, _ object: inout ObjectWriter) {
        object.text("operationId", Self.operationID(endpoint))
        object.text("summary", endpoint.summary)
        object.optionalText("description", Self.details(endpoint))
        object.texts("tags", [endpoint.tag])
        writeParameters(endpoint, description, &object)
        if let body = description.body {
            object.nested("requestBody") { nested in
                nested.boolean("required", !endpoint.options.allowsEmptyBody)
                nested.nested("content") {
                    $0.nested(endpoint.maximumFormBytes == nil ? "application/json" : "multipart/form-data") {
                        $0.nested("schema") { body.write(to: &$0) }
                    }
                }
            }
        }
        object.nested("responses") { writeResponses(endpoint, description, &$0) }
        switch endpoint.access {
        case .everyone: object.nestedArray("security", [] as [String]) { _, _ in }
        case .everyoneOrSignedIn: object.nestedArray("security", [false, true]) { if $0 { $1.texts("bearer", [] as [String]) } }
        case .signedIn, .roles: object.nestedArray("security", [true]) { $1.texts("bearer", [] as [String]) }
        }
    }

    private func writeParameters(_ endpoint: Endpoint, _ description: OperationDescription, _ object: inout ObjectWriter) {
        struct Parameter {
            let name: String
            let place: String
            let isRequired: Bool
            let schema: Schema
        }
        var parameters = endpoint.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { segment in
            Parameter(name: String(segment.dropFirst().dropLast()), place: "path", isRequired: true, schema: Schema(type: "string"))
        }
        for property in description.query {
            let isRequired = description.requiredQuery.contains(property.name)
            parameters.append(Parameter(name: property.name, place: "query", isRequired: isRequired, schema: property.schema))
        }
        if endpoint.isIdempotent {
            var schema = Schema(type: "string")
            schema.minimumLength = 1
            schema.maximumLength = 255
            parameters.append(Parameter(name: "Idempotency-Key", place: "header", isRequired: false, schema: schema))
        }
        if endpoint.errors.contains("step_up_required") {
            let schema = Schema(type: "string", description: "from /api/authentication/step-up/verify")
            parameters.append(Parameter(name: "X-Step-Up-Token", place: "header", isRequired: false, schema: schema))
        }
        guard !parameters.isEmpty else { return }
        object.nestedArray("parameters", parameters) { parameter, nested in
            nested.text("name", parameter.name)
            nested.text("in", parameter.place)
            nested.boolean("required", parameter.isRequired)
            nested.nested("schema") { parameter.schema.write(to: &$0) }
        }
    }

    private func writeResponses(_ endpoint: Endpoint, _ description: OperationDescription, _ object: inout ObjectWriter) {
        object.nested(String(endpoint.status)) { nested in
            nested.text("description", endpoint.status == 204 ? "Done" : endpoint.summary)
            if let type = endpoint.options.contentType {
                nested.nested("content") {
                    $0.nested(Self.bareType(type)) { $0.nested("schema") { Schema(type: "string").write(to: &$0) } }
                }
            } else if let reply = description.reply {
                nested.nested("content") { content in
                    content.nested("application/json") { media in
                        let others = description.alternatives.filter { $0.status == endpoint.status }.map(\.schema)
                        media.nested("schema") { Self.any(of: [reply.schema] + others).write(to: &$0) }
                        media.raw("example", reply.example)
                    }
                    for type in endpoint.options.fileTypes {
                        content.nested(Self.bareType(type)) { $0.nested("schema") { Schema(type: "string").write(to: &$0) } }
                    }
                }
            }
        }
        for alternative in description.alternatives where alternative.status != endpoint.status {
            object.nested(String(alternative.status)) { nested in
                nested.text("description", "Another outcome")
                nested.nested("content") { $0.nested("application/json") { $0.nested("schema") { alternative.schema.write(to: &$0) } } }
            }
        }
        let taken = [endpoint.status] + description.alternatives.map(\.status)
        for (status, codes) in Self.problems(of: endpoint, description) where !taken.contains(status) {
            object.nested(String(status)) { nested in
                nested.text("description", codes.joined(separator: ", "))
                nested.nested("content") {
                    $0.nested("application/problem+json") { $0.nested("schema") { Schema.reference("Problem").write(to: &$0) } }
                }
            }
        }
    }

    /// One schema as it is; of several, any.
    private static func any(of schemas: [Schema]) -> Schema {
        guard let first = schemas.first, schemas.count == 1 else {
            var any = Schema()
            any.anyOf = schemas
            return any
        }
        return first
    }

    /// The codes that an operation can refuse with, by status: its own, and those of the checks that it passes.
    private static func problems(of endpoint: Endpoint, _ description: OperationDescription) -> [(status: Int, codes: [String])] {
        var codes: [Int: [String]] = [:]
        func add(_ entry: String) {
            let (status, code) = ProblemCatalogue.documented(entry)
            if codes[status]?.contains(code) != true { codes[status, default: []].append(code) }
        }
        endpoint.errors.forEach(add)
        switch endpoint.access {
        case .everyone: break
        case .everyoneOrSignedIn: add("401 invalid_token")
        case .signedIn, .roles: ["authentication_required", "401 invalid_token", "forbidden", "password_change_required"].forEach(add)
        }
        if endpoint.options.usesRefreshCookie { add("origin_not_allowed") }
        if endpoint.path.contains("{"), codes[404] == nil { add("not_found") }
        if description.body != nil || endpoint.method.carriesBody { ["unsupported_media_type", "payload_too_large"].forEach(add) }
        // Headers can be at fault too: one that was sent twice, or an unknown channel.
        ["malformed_request", "validation_failed"].forEach(add)
        if description.query.contains(where: { $0.name == "cursor" }) { add("invalid_cursor") }
        if endpoint.isIdempotent { ["idempotency_key_reused", "idempotency_in_progress"].forEach(add) }
        if endpoint.options.rateLimit != .none { add("rate_limited") }
        add("temporarily_unavailable")
        return codes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private static func details(_ endpoint: Endpoint) -> String? {
        var parts: [String] = []
        if let details = endpoint.options.details { parts.append(details) }
        if case .roles(let roles) = endpoint.access { parts.append("Roles: " + roles.roles.map(\.rawValue).joined(separator: ", ") + ".") }
        return parts.isEmpty ? nil : parts.joined(separator: "\n\n")
    }

    private static func bareType(_ type: String) -> String { type.split(separator: ";").first.map(String.init) ?? type }

    /// `get_api_accounts_account_transactions`: unique because method and path are.
    static func operationID(_ endpoint: Endpoint) -> String {
        let words = endpoint.path.split { !$0.isLetter && !$0.isNumber }.map(String.init)
        return ([endpoint.method.rawValue.lowercased()] + words).joined(separator: "_")
    }

    // MARK: Components

    private func writeComponents(_ object: inout ObjectWriter) {
        object.nested("schemas") { nested in
            for property in registry.schemas { nested.nested(property.name) { property.schema.write(to: &$0) } }
            nested.nested("Problem") { Self.problemSchema.write(to: &$0) }
        }
        object.nested("securitySchemes") { nested in
            nested.nested("bearer") { scheme in
                scheme.text("type", "http")
                scheme.text("scheme", "bearer")
                scheme.text("bearerFormat", "JWT")
            }
        }
    }

    private static var problemSchema: Schema {
        var error = Schema(type: "object")
        error.properties = ["field", "code", "message"].map { Schema.Property(name: $0, schema: Schema(type: "string")) }
        error.required = ["field", "code", "message"]
        var problem = Schema(type: "object", description: "RFC 9457")
        problem.properties = ["type", "title", "detail", "instance", "code", "traceId"].map {
            Schema.Property(name: $0, schema: Schema(type: "string"))
        }
        problem.properties.insert(Schema.Property(name: "status", schema: Schema(type: "integer")), at: 2)
        problem.properties.append(Schema.Property(name: "errors", schema: .array(of: error)))
        problem.required = ["type", "title", "status", "detail", "instance", "code", "traceId"]
        return problem
    }
}

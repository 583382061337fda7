/// A JSON schema as OpenAPI 3.0 understands it. Built by running decoders and writers in recording mode, never by hand.
public struct Schema: Sendable, Equatable {
    public struct Property: Sendable, Equatable {
        public let name: String
        public var schema: Schema
    }

    /// Name of a schema under `components`; everything else is ignored when it is set.
    public var reference: String?
    public var type: String?
    public var format: String?
    public var pattern: String?
    public var description: String?
    public var minimumLength: Int?
    public var maximumLength: Int?
    public var minimum: Int?
    public var maximum: Int?
    public var minimumItems: Int?
    public var maximumItems: Int?
    public var choices: [String] = []
    public var isNullable = false
    public var properties: [Property] = []
    public var required: [String] = []
    /// The element of an array, or nothing.
    public var items: [Schema] = []
    /// The value of a map, or nothing.
    public var additionalProperties: [Schema] = []
    public var anyOf: [Schema] = []

    public init(type: String? = nil, format: String? = nil, description: String? = nil) {
        self.type = type
        self.format = format
        self.description = description
    }

    static func reference(_ name: String) -> Schema {
        var schema = Schema()
        schema.reference = name
        return schema
    }

    static func array(of items: Schema) -> Schema {
        var schema = Schema(type: "array")
        schema.items = [items]
        return schema
    }

    func write(to object: inout ObjectWriter) {
        if let reference {
            object.text("$ref", "#/components/schemas/\(reference)")
            return
        }
        object.optionalText("type", type)
        object.optionalText("format", format)
        object.optionalText("pattern", pattern)
        object.optionalText("description", description)
        object.optionalInteger("minLength", minimumLength)
        object.optionalInteger("maxLength", maximumLength)
        object.optionalInteger("minimum", minimum)
        object.optionalInteger("maximum", maximum)
        object.optionalInteger("minItems", minimumItems)
        object.optionalInteger("maxItems", maximumItems)
        if !choices.isEmpty { object.texts("enum", choices) }
        if isNullable { object.boolean("nullable", true) }
        if !required.isEmpty { object.texts("required", required) }
        if !properties.isEmpty {
            object.nested("properties") { nested in
                for property in properties { nested.nested(property.name) { property.schema.write(to: &$0) } }
            }
        }
        if let element = items.first { object.nested("items") { element.write(to: &$0) } }
        if let value = additionalProperties.first { object.nested("additionalProperties") { value.write(to: &$0) } }
        if !anyOf.isEmpty { object.nestedArray("anyOf", anyOf) { $0.write(to: &$1) } }
    }
}

/// The named schemas of one document, in the order in which they were first met.
final class SchemaRegistry {
    private(set) var schemas: [Schema.Property] = []
    private var positions: [String: Int] = [:]
    /// Names under which two different shapes were met. The document is wrong when there is one.
    private(set) var conflicts: [String] = []

    /// Defines `name` by running `build` once. A name met again while it is being built (a recursive type) is only referred to.
    func define(_ name: String, _ build: () -> Schema) -> Schema {
        if positions[name] == nil {
            positions[name] = schemas.count
            schemas.append(Schema.Property(name: name, schema: Schema(type: "object")))
            let built = build()
            if let position = positions[name] { schemas[position].schema = built }
        }
        return .reference(name)
    }

    /// As `define`, and notes a conflict when the name already stands for another shape.
    func define(_ name: String, type: Any.Type, _ build: () -> Schema) -> Schema {
        let identity = ObjectIdentifier(type)
        if let known = identities[name], known != identity, !conflicts.contains(name) { conflicts.append(name) }
        identities[name] = identity
        return define(name, build)
    }

    private var identities: [String: ObjectIdentifier] = [:]
}

/// Collects the properties of one object while a decoder or a writer runs over it.
final class SchemaRecorder {
    let registry: SchemaRegistry
    private(set) var properties: [Schema.Property] = []
    private(set) var required: [String] = []

    init(registry: SchemaRegistry) {
        self.registry = registry
    }

    func property(_ name: String, _ schema: Schema, isRequired: Bool) {
        // A writer with branches may name a field twice; the first description stands.
        guard !properties.contains(where: { $0.name == name }) else { return }
        properties.append(Schema.Property(name: name, schema: schema))
        if isRequired { required.append(name) }
    }

    var schema: Schema {
        var schema = Schema(type: "object")
        schema.properties = properties
        schema.required = required
        return schema
    }
}

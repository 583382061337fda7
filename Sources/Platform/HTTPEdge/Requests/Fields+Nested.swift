import Kernel

extension Fields {
    /// A nested object. Its faults carry the path `name.field`.
    public mutating func object<Body: RequestBody>(_ name: String, _: Body.Type = Body.self) throws -> Body {
        let read = try optionalObject(name, Body.self, isRequired: true)
        return try read ?? phantom(Body.self)
    }

    public mutating func optionalObject<Body: RequestBody>(_ name: String, _: Body.Type = Body.self) throws -> Body? {
        try optionalObject(name, Body.self, isRequired: false)
    }

    /// An array of objects. Faults carry the path `name[3].field`. When no element is needed, absent means empty.
    public mutating func array<Body: RequestBody>(_ name: String, _: Body.Type = Body.self, _ count: ClosedRange<Int>) throws -> [Body] {
        if case .recording(let recorder) = source {
            record(name, Self.arraySchema(of: Self.schema(of: Body.self, in: recorder.registry), count), isRequired: count.lowerBound > 0)
            return []
        }
        guard let items = sentArray(name, count) else { return [] }
        var bodies: [Body] = []
        bodies.reserveCapacity(items.count)
        for (index, item) in items.enumerated() {
            guard case .object(let object) = item else {
                wrongType("\(name)[\(index)]", "an object")
                continue
            }
            bodies.append(try nested(Body.self, object) { "\(name)[\(index)]" })
        }
        return bodies
    }

    /// An array of texts, each of `length`.
    public mutating func texts(_ name: String, _ length: ClosedRange<Int> = 0...255, count: ClosedRange<Int>) -> [String] {
        elements(name, Self.textSchema(length), count) { fields, path, sent in
            fields.checkedText(path, sent, length, allowsLineBreaks: false, isTrimmed: true)
        }
    }

    /// An array of an enumeration's values.
    public mutating func choices<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _: Choice.Type = Choice.self, count: ClosedRange<Int>
    ) -> [Choice] where Choice.RawValue == String {
        elements(name, Self.choiceSchema(Choice.self), count) { $0.checkedChoice($1, $2) }
    }

    /// An array of identifiers.
    public mutating func identifiers<Entity>(_ name: String, as _: Entity.Type = Entity.self, count: ClosedRange<Int>) -> [Identifier<
        Entity
    >] {
        elements(name, Schema(type: "string", format: "uuid"), count) { $0.checkedIdentifier($1, $2) }
    }

    // MARK: Rules

    private mutating func elements<Element>(
        _ name: String, _ schema: Schema, _ count: ClosedRange<Int>, read: (inout Fields, String, Sent) -> Element?
    ) -> [Element] {
        if isRecording {
            record(name, Self.arraySchema(of: schema, count), isRequired: count.lowerBound > 0)
            return []
        }
        guard let items = sentArray(name, count) else { return [] }
        var elements: [Element] = []
        for (index, item) in items.enumerated() {
            let sent: Sent?
            switch item {
            case .null: sent = nil
            case .text(let text): sent = .text(text)
            case .number(let number): sent = .number(number)
            case .boolean(let flag): sent = .boolean(flag)
            case .array(let nested): sent = .array(nested)
            case .object(let nested): sent = .object(nested)
            }
            let path = "\(name)[\(index)]"
            guard let sent else {
                fail(path, "required", "An element cannot be null")
                continue
            }
            if let element = read(&self, path, sent) { elements.append(element) }
        }
        return elements
    }

    private mutating func sentArray(_ name: String, _ count: ClosedRange<Int>) -> [JSONValue]? {
        guard let sent = sent(name) else {
            if count.lowerBound > 0 { fail(name, "required", "This field is required") }
            return nil
        }
        let items: [JSONValue]
        switch sent {
        case .array(let sentItems): items = sentItems
        case .text(let text) where isQuery:
            // In a query string a list is written with commas.
            items = text.split(separator: ",").map { .text(String($0)) }
        default:
            wrongType(name, "an array")
            return nil
        }
        if items.count < count.lowerBound {
            fail(name, "too_short", "At least \(count.lowerBound) elements are needed")
            return nil
        }
        if items.count > count.upperBound {
            fail(name, "too_long", "At most \(count.upperBound) elements are allowed")
            return nil
        }
        return items
    }

    private mutating func optionalObject<Body: RequestBody>(_ name: String, _: Body.Type, isRequired: Bool) throws -> Body? {
        if case .recording(let recorder) = source {
            record(name, Self.schema(of: Body.self, in: recorder.registry), isRequired: isRequired)
            return nil
        }
        guard let sent = sent(name) else {
            if isRequired { fail(name, "required", "This field is required") }
            return nil
        }
        guard case .object(let object) = sent else {
            wrongType(name, "an object")
            return nil
        }
        return try nested(Body.self, object) { name }
    }

    private mutating func nested<Body: RequestBody>(_: Body.Type, _ object: JSONObject, path: () -> String) throws -> Body {
        var fields = Fields(.object(object))
        do {
            let body = try Body(from: &fields)
            adopt(fields.faults, under: path)
            return body
        } catch let refusal as Refusal where !refusal.fields.isEmpty {
            adopt(fields.faults + refusal.fields, under: path)
            return try phantom(Body.self)
        }
    }

    private mutating func adopt(_ nestedFaults: [Refusal.Field], under path: () -> String) {
        guard !nestedFaults.isEmpty else { return }
        let prefix = path()
        for fault in nestedFaults { fail("\(prefix).\(fault.field)", fault.code, fault.message) }
    }

    /// A value made of placeholders, so that the outer initializer can go on and find its other faults.
    private func phantom<Body: RequestBody>(_: Body.Type) throws -> Body {
        var fields = Fields(.phantom)
        return try Body(from: &fields)
    }

    static func arraySchema(of element: Schema, _ count: ClosedRange<Int>) -> Schema {
        var schema = Schema.array(of: element)
        if count.lowerBound > 0 { schema.minimumItems = count.lowerBound }
        schema.maximumItems = count.upperBound
        return schema
    }

    static func schema<Body: RequestBody>(of _: Body.Type, in registry: SchemaRegistry) -> Schema {
        registry.define(Body.schemaName, type: Body.self) {
            let recorder = SchemaRecorder(registry: registry)
            var fields = Fields(.recording(recorder))
            // A rule of the initializer may refuse placeholders; what it read until then is described all the same.
            _ = try? Body(from: &fields)
            return recorder.schema
        }
    }
}

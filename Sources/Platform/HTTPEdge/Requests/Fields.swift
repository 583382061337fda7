import Kernel

/// The fields of a request object or query string, with accessors that note every fault instead of stopping at the first.
///
/// Accessors without `optional` in their name note `required` when the field is absent; a JSON `null` counts as absent. A faulty
/// field yields a placeholder of its type, so that the rest can be read; the caller of the initializer discards the value when
/// `faults` is not empty. Field codes are those of the contract, appendix A.
public struct Fields {
    enum Source {
        case object(JSONObject)
        case query(QueryItems)
        case form(MultipartForm)
        /// Nothing is there and nothing is noted: stands in for a nested object that is itself at fault.
        case phantom
        case recording(SchemaRecorder)
    }

    /// What was sent for one field, absent and null left out.
    enum Sent {
        case text(String)
        case number(String)
        case boolean(Bool)
        case array([JSONValue])
        case object(JSONObject)
    }

    let source: Source
    public internal(set) var faults: [Refusal.Field] = []
    /// The page asked for, whose cursor can be checked only when all filters have been read.
    var pageToVerify: PageRequest?
    /// Names of the query parameters that were read: what a cursor is bound to.
    var namesRead: [String] = []

    init(_ source: Source) {
        self.source = source
    }

    /// True when the accessors run only to describe themselves.
    var isRecording: Bool {
        if case .recording = source { true } else { false }
    }

    /// True when a field read so far was at fault. Rules that compare fields hold back then: they would judge placeholders.
    public var hasFaults: Bool { !faults.isEmpty }

    /// Notes a fault found by the caller's own rule. The first fault of a field stands.
    public mutating func fail(_ field: String, _ code: String, _ message: String) {
        switch source {
        case .phantom, .recording: return
        case .object, .query, .form:
            guard !faults.contains(where: { $0.field == field }) else { return }
            faults.append(Refusal.Field(field, code, message))
        }
    }

    /// Whether the field was sent with something other than null.
    public func isPresent(_ name: String) -> Bool {
        switch source {
        case .object(let object):
            if let value = object[name], value != .null { true } else { false }
        case .query(let items): items.first(name) != nil
        case .form(let form): form.parts.contains { $0.name == name }
        case .phantom, .recording: false
        }
    }

    /// Notes `not_allowed` when a field was sent that this caller may not set.
    public mutating func forbid(_ name: String) {
        if isPresent(name) { fail(name, "not_allowed", "This field cannot be set here") }
    }

    /// Notes `required` at the first of the names when none of them was sent.
    public mutating func requireOne(of names: String...) {
        guard let first = names.first, !names.contains(where: { isPresent($0) }) else { return }
        fail(first, "required", "One of \(names.joined(separator: ", ")) is required")
    }

    // MARK: What the accessors stand on

    mutating func record(_ name: String, _ schema: Schema, isRequired: Bool) {
        if case .recording(let recorder) = source { recorder.property(name, schema, isRequired: isRequired) }
    }

    mutating func sent(_ name: String) -> Sent? {
        switch source {
        case .object(let object):
            switch object[name] {
            case nil, .null: return nil
            case .text(let text): return .text(text)
            case .number(let number): return .number(number)
            case .boolean(let flag): return .boolean(flag)
            case .array(let items): return .array(items)
            case .object(let nested): return .object(nested)
            }
        case .query(let items):
            namesRead.append(name)
            guard let item = items.first(name) else { return nil }
            if items.count(of: name) > 1 { fail(name, "duplicate", "This parameter was sent more than once") }
            guard let value = item.value else {
                fail(name, "invalid_format", "This is not percent-encoded UTF-8")
                return .text("")
            }
            return .text(value)
        case .form(let form):
            let parts = form.parts.filter { $0.name == name }
            guard let part = parts.first else { return nil }
            if parts.count > 1 { fail(name, "duplicate", "This field was sent more than once") }
            guard part.fileName == nil, part.bytes.count <= 65_536 else {
                wrongType(name, "text")
                return .text("")
            }
            guard let text = String(validating: part.bytes, as: UTF8.self) else {
                fail(name, "invalid_format", "This is not UTF-8")
                return .text("")
            }
            return .text(text)
        case .phantom, .recording: return nil
        }
    }

    /// Reads one field through `read`, which returns nil after having noted a fault.
    /// - Returns: nil when the field is absent (noted when required) or at fault
    mutating func value<Value>(
        _ name: String, schema: @autoclosure () -> Schema, isRequired: Bool, read: (inout Fields, Sent) -> Value?
    ) -> Value? {
        if isRecording {
            record(name, schema(), isRequired: isRequired)
            return nil
        }
        guard let sent = sent(name) else {
            if isRequired { fail(name, "required", "This field is required") }
            return nil
        }
        return read(&self, sent)
    }

    mutating func wrongType(_ name: String, _ expected: String) {
        fail(name, "wrong_type", "This must be \(expected)")
    }

    /// Query strings and forms carry text only; numbers and booleans in them are read from it, and an empty optional field is none.
    var isQuery: Bool {
        switch source {
        case .query, .form: true
        case .object, .phantom, .recording: false
        }
    }
}

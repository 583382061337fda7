/// A JSON value as it was written: numbers keep their text, because money must never pass through binary floating point.
///
/// Made by `JSONValue(parsing:)`, which is stricter than most parsers: no duplicate names, no lone surrogates, no byte order mark,
/// nothing after the value, at most 32 levels. The reasons are in docs/decisions/0003-own-json.md.
public enum JSONValue: Sendable, Equatable {
    case null
    case boolean(Bool)
    /// The number's text, checked against the grammar of RFC 8259: `1`, `1.50`, `-2e3`.
    case number(String)
    case text(String)
    case array([JSONValue])
    case object(JSONObject)

    /// Reads one JSON value that fills the whole input.
    /// - Throws: `JSONError` with the place of the first fault
    public init(parsing bytes: some Collection<UInt8>) throws(JSONError) {
        let result: Result<JSONValue, JSONError>? = bytes.withContiguousStorageIfAvailable { JSONParser.parse($0) }
        switch result ?? Array(bytes).withUnsafeBufferPointer({ JSONParser.parse($0) }) {
        case .success(let value): self = value
        case .failure(let error): throw error
        }
    }

    public init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Array(text.utf8))
    }
}

/// The members of a JSON object in the order they were written. No name occurs twice.
public struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    public struct Member: Sendable, Equatable {
        public let name: String
        public let value: JSONValue

        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    public let members: [Member]

    /// - Precondition: no name occurs twice
    public init(members: [Member]) {
        self.members = members
    }

    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        members = elements.map { Member(name: $0.0, value: $0.1) }
    }

    /// The member's value; nil when there is no such member. Requests have few members, so a walk beats a dictionary.
    public subscript(name: String) -> JSONValue? {
        for member in members where member.name == name { return member.value }
        return nil
    }
}

/// Why a text is not acceptable JSON, and where.
public struct JSONError: Error, Equatable, Sendable {
    public enum Reason: String, Sendable {
        case empty = "there is no JSON here"
        case unexpectedEnd = "the JSON ends too early"
        case unexpectedByte = "this is not JSON"
        case trailingBytes = "something follows the JSON value"
        case invalidNumber = "this is not a JSON number"
        case invalidEscape = "this is not a JSON escape"
        case loneSurrogate = "half of a surrogate pair stands alone"
        case controlCharacter = "a control character must be escaped"
        case invalidUTF8 = "the text is not valid UTF-8"
        case duplicateName = "a name occurs twice in one object"
        case tooDeep = "the JSON is nested too deeply"
    }

    public let reason: Reason
    /// Offset in bytes from the start of the input.
    public let offset: Int

    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

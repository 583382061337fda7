import HTTPEdge

/// What the public site knows of the bank: the same API that every other caller uses, without a socket in between.
/// The site therefore shows nothing that a visitor could not ask for, and computes nothing itself.
public protocol BankAPI: Sendable {
    func send(_ request: BankRequest) async -> BankAnswer
}

/// The bank as long as nobody says which visitor asks.
public struct ClosedBank: BankAPI {
    public init() {}
    public func send(_ request: BankRequest) async -> BankAnswer { BankAnswer(status: 503, body: []) }
}

public struct BankRequest: Sendable {
    public let method: String
    /// Path and query.
    public let uri: String
    public var headers: [(name: String, value: String)]
    public let body: [UInt8]

    public init(_ method: String, _ uri: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.method = method
        self.uri = uri
        self.headers = headers
        self.body = body
    }
}

public struct BankAnswer: Sendable {
    public let status: Int
    public let json: JSONValue
    public let retryAfterSeconds: Int?

    public init(status: Int, body: [UInt8], retryAfterSeconds: Int? = nil) {
        self.status = status
        json = (try? JSONValue(parsing: body)) ?? .null
        self.retryAfterSeconds = retryAfterSeconds
    }

    var isSuccess: Bool { (200..<300).contains(status) }

    /// The stable code of a problem.
    var code: String? { json.text("code") }

    /// Message of each faulty field, by the field's path. The first message of a field counts.
    var faults: [String: String] {
        var faults: [String: String] = [:]
        for error in json.items("errors") {
            guard let field = error.text("field") else { continue }
            guard faults[field] == nil else { continue }
            let message = error.text("code") == "required" ? "Please fill this in" : error.text("message")
            faults[field] = message ?? error.text("code") ?? "This is not right"
        }
        return faults
    }
}

extension JSONValue {
    func member(_ name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    /// A text, or a number as it was written.
    func text(_ name: String) -> String? {
        switch member(name) {
        case .text(let text)?: text
        case .number(let number)?: number
        default: nil
        }
    }

    func flag(_ name: String) -> Bool {
        if case .boolean(true)? = member(name) { true } else { false }
    }

    func items(_ name: String) -> [JSONValue] {
        if case .array(let items)? = member(name) { items } else { [] }
    }

    func texts(_ name: String) -> [String] {
        items(name).compactMap { if case .text(let text) = $0 { text } else { nil } }
    }
}

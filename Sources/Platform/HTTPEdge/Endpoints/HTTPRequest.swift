import NIOHTTP1

/// What handlers may need of the HTTP request beyond its decoded query and body.
public struct HTTPRequest: Sendable {
    private final class Content: Sendable {
        let incoming: IncomingRequest
        let path: String
        let pathParameters: [PathParameter]
        let query: QueryItems
        let peer: String
        let isSecure: Bool

        init(
            _ incoming: IncomingRequest, path: String, pathParameters: [PathParameter], query: QueryItems, peer: String, isSecure: Bool
        ) {
            self.incoming = incoming
            self.path = path
            self.pathParameters = pathParameters
            self.query = query
            self.peer = peer
            self.isSecure = isSecure
        }
    }

    private let content: Content

    init(
        _ incoming: IncomingRequest, path: String, pathParameters: [PathParameter], query: QueryItems, peer: String, isSecure: Bool
    ) {
        content = Content(incoming, path: path, pathParameters: pathParameters, query: query, peer: peer, isSecure: isSecure)
    }

    public var method: String { content.incoming.method }
    /// The path as sent, without query.
    public var path: String { content.path }
    /// Values of the path's parameters by name, percent-decoded, case kept.
    public var pathParameters: [PathParameter] { content.pathParameters }
    public var query: QueryItems { content.query }
    public var headers: RequestHeaders { RequestHeaders(content.incoming.headers) }
    /// The caller's address: the socket's peer, or what a trusted proxy says.
    public var peer: String { content.peer }
    /// True when the request came over HTTPS, directly or to a trusted proxy: cookies are then `Secure`.
    public var isSecure: Bool { content.isSecure }

    public struct PathParameter: Sendable, Equatable {
        public let name: String
        public let value: String
    }

    /// A header's first value; names are compared without case.
    public func header(_ name: String) -> String? { headers[name] }

    /// The value of a cookie; nil when it was not sent.
    public func cookie(_ name: String) -> String? { headers.cookie(name) }

    public func pathParameter(_ name: String) -> String? {
        for parameter in pathParameters where parameter.name == name { return parameter.value }
        return nil
    }
}

/// The headers of a request, as sent.
public struct RequestHeaders: Sendable {
    let fields: HTTPHeaders

    public init(_ fields: [(name: String, value: String)]) {
        self.fields = HTTPHeaders(fields.map { ($0.name, $0.value) })
    }

    init(_ fields: HTTPHeaders) {
        self.fields = fields
    }

    public subscript(name: String) -> String? {
        for field in fields where Self.equalsIgnoringCase(field.name, name) { return field.value }
        return nil
    }

    public func all(_ name: String) -> [String] {
        fields.filter { Self.equalsIgnoringCase($0.name, name) }.map(\.value)
    }

    /// RFC 6265 section 4.2: `name=value` pairs set apart by `; `.
    public func cookie(_ name: String) -> String? {
        for field in fields where Self.equalsIgnoringCase(field.name, "cookie") {
            for pair in field.value.split(separator: ";") {
                guard let equals = pair.firstIndex(of: "=") else { continue }
                if pair[..<equals].drop(while: { $0 == " " }) == name { return String(pair[pair.index(after: equals)...]) }
            }
        }
        return nil
    }

    /// ASCII only, which header names are.
    static func equalsIgnoringCase(_ left: String, _ right: String) -> Bool {
        let left = left.utf8
        let right = right.utf8
        guard left.count == right.count else { return false }
        return zip(left, right).allSatisfy { ASCII.lowercased($0) == ASCII.lowercased($1) }
    }
}

enum ASCII {
    static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}

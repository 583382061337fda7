import NIOHTTP1

/// A request as the connection read it, before anything has been checked. An object, because it goes through many hands.
final class IncomingRequest: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// More than is allowed; reading stopped.
        case tooLarge
    }

    let method: String
    let uri: String
    let headers: HTTPHeaders
    let body: Body
    let peer: PeerAddress
    /// Whether it came over TLS that ends here.
    let isSecure: Bool
    /// False for HTTP/1.0, which need not name a host.
    let requiresHost: Bool

    init(
        method: String, uri: String, headers: HTTPHeaders, body: Body, peer: PeerAddress, isSecure: Bool = false, requiresHost: Bool = true
    ) {
        self.method = method
        self.uri = uri
        self.headers = headers
        self.body = body
        self.peer = peer
        self.isSecure = isSecure
        self.requiresHost = requiresHost
    }
}

/// A response before it is written to a connection. `Content-Length`, `Date` and `Connection` are the connection's business.
struct OutgoingResponse: Sendable {
    let status: Int
    var headers: [ReplyHeader]
    let body: [UInt8]
    /// Comes in the place of `body`, piece by piece.
    var stream: BodyStream?
    /// True for HEAD: the length is told, the body is not sent.
    var omitsBody = false
    /// True when the request was not read to its end, so that nothing after it can be understood.
    var closesConnection = false
}

/// The headers that the pipeline looks at, found in one pass.
final class HeaderScan {
    private(set) var authorization: String?
    private(set) var contentType: String?
    private(set) var contentEncoding: String?
    private(set) var cookie: String?
    private(set) var forwardedFor: [String] = []
    private(set) var forwardedProtocol: String?
    private(set) var host: String?
    private(set) var idempotencyKey: String?
    private(set) var origin: String?
    private(set) var preflightMethod: String?
    private(set) var stepUpToken: String?
    private(set) var traceparent: String?
    private(set) var userAgent: String?
    private(set) var wekezaChannel: String?
    /// A header that may stand only once was sent twice with different values.
    private(set) var hasConflict = false

    init(_ headers: HTTPHeaders) {
        for (name, value) in headers {
            switch name.utf8.count {
            case 4 where Self.matches(name, "host"): host = once(host, value)
            case 6 where Self.matches(name, "cookie"): cookie = cookie.map { $0 + "; " + value } ?? value
            case 6 where Self.matches(name, "origin"): origin = once(origin, value)
            case 10 where Self.matches(name, "user-agent"): userAgent = value
            case 11 where Self.matches(name, "traceparent"): traceparent = value
            case 12 where Self.matches(name, "content-type"): contentType = once(contentType, value)
            case 13 where Self.matches(name, "authorization"): authorization = once(authorization, value)
            case 15 where Self.matches(name, "idempotency-key"): idempotencyKey = once(idempotencyKey, value)
            case 15 where Self.matches(name, "x-step-up-token"): stepUpToken = once(stepUpToken, value)
            case 15 where Self.matches(name, "x-forwarded-for"): forwardedFor.append(value)
            case 16 where Self.matches(name, "x-wekeza-channel"): wekezaChannel = once(wekezaChannel, value)
            case 16 where Self.matches(name, "content-encoding"): contentEncoding = value
            case 17 where Self.matches(name, "x-forwarded-proto"): forwardedProtocol = value
            case 29 where Self.matches(name, "access-control-request-method"): preflightMethod = value
            default: break
            }
        }
    }

    private func once(_ known: String?, _ value: String) -> String {
        if let known, known != value { hasConflict = true }
        return value
    }

    private static func matches(_ name: String, _ lowercased: StaticString) -> Bool {
        var name = name
        return name.withUTF8 { utf8 in
            for index in 0..<utf8.count where ASCII.lowercased(utf8[index]) != lowercased.utf8Start[index] { return false }
            return true
        }
    }
}

/// Path and query of a request line.
struct RequestTarget {
    let path: Substring
    let query: Substring

    /// Takes origin form (`/path?query`) and absolute form (`http://host/path?query`). A fragment is cut off.
    init(_ uri: String) {
        var rest = uri[...]
        if !rest.hasPrefix("/"), let scheme = rest.utf8.firstIndex(of: UInt8(ascii: ":")), rest[scheme...].hasPrefix("://") {
            rest = rest[rest.index(scheme, offsetBy: 3)...]
            rest = rest.utf8.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }.map { rest[$0...] } ?? "/"
        }
        if let fragment = rest.utf8.firstIndex(of: UInt8(ascii: "#")) { rest = rest[..<fragment] }
        if let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) {
            path = rest[..<mark]
            query = rest[rest.utf8.index(after: mark)...]
        } else {
            path = rest
            query = ""
        }
    }
}

import Kernel
import NIOHTTP1

/// Pages beside the API, on a port of their own: what a site does not answer, the API's pipeline does, on the same origin and
/// without another connection in between, so cookies stay same-site and callers keep their address.
public protocol Site: Sendable {
    /// Answers at once, from memory: the event loop waits for it.
    /// - Returns: nil when the path is not the site's
    func respond(to request: SiteRequest) -> SiteReply?

    /// Answers what has to ask the bank first, such as pages that are rendered here. Asked only when `respond(to:)` had no answer.
    /// - Returns: nil when the path is the API's
    func render(_ request: SiteRequest, body: [UInt8], api: SiteAPI) async -> SiteReply?

    /// How large a form with files may be at a path of the site.
    /// - Returns: nil where only small bodies are taken
    func maximumFormBytes(method: String, path: Substring) -> Int?
}

extension Site {
    public func render(_ request: SiteRequest, body: [UInt8], api: SiteAPI) async -> SiteReply? { nil }
    public func maximumFormBytes(method: String, path: Substring) -> Int? { nil }
}

/// The API as a page of the same program calls it: through every check of a request over the wire, with the visitor's own address.
public struct SiteAPI: Sendable {
    let pipeline: Pipeline
    let visitor: IncomingRequest

    public func send(
        _ method: String, _ uri: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) async -> InProcessResponse {
        let kept = visitor.headers.filter { header in
            ["host", "x-forwarded-for", "x-forwarded-proto", "traceparent", "user-agent"].contains(header.name.lowercased())
        }
        let response = await pipeline.respond(
            to: IncomingRequest(
                method: method, uri: uri, headers: HTTPHeaders(kept + headers), body: .bytes(body), peer: visitor.peer,
                isSecure: visitor.isSecure, requiresHost: visitor.requiresHost))
        return InProcessResponse(
            status: response.status, headers: RequestHeaders(response.headers.map { ($0.name, $0.value) }), body: response.body)
    }
}

/// A port and what is shown there.
public struct SiteListener: Sendable {
    public let name: String
    public let port: Int
    public let site: any Site

    public init(name: String, port: Int, site: any Site) {
        self.name = name
        self.port = port
        self.site = site
    }
}

public struct SiteRequest: Sendable {
    public let method: String
    /// As sent, without the query, percent-encoded.
    public let path: Substring
    /// What follows the question mark, as sent.
    public let query: Substring
    public let headers: RequestHeaders
    public let isSecure: Bool

    public init(method: String, path: Substring, query: Substring = "", headers: RequestHeaders, isSecure: Bool) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.isSecure = isSecure
    }
}

/// `Content-Length`, `Date`, `X-Trace-Id` and HSTS are the edge's business.
public struct SiteReply: Sendable {
    public let status: Int
    public var headers: [ReplyHeader]
    public let body: [UInt8]

    public init(status: Int, headers: [ReplyHeader], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// What answers the requests of one port: its site first, then the API.
struct Responder: Sendable {
    let pipeline: Pipeline
    let site: (any Site)?

    func readLimits(method: String, uri: String, hasToken: Bool) -> (bytes: Int, seconds: Int64) {
        let limits = pipeline.readLimits(method: method, uri: uri, hasToken: hasToken)
        guard let bytes = site?.maximumFormBytes(method: method, path: RequestTarget(uri).path) else { return limits }
        return (bytes, max(120, limits.seconds))
    }

    func respond(to incoming: IncomingRequest) async -> OutgoingResponse {
        guard let site else { return await pipeline.respond(to: incoming) }
        if let response = await pipeline.respond(to: incoming, from: site) { return response }
        let response = await pipeline.respond(to: incoming)
        guard let path = FollowUp.path(of: incoming) else { return response }
        return await FollowUp.extend(response, to: incoming, with: path, pipeline: pipeline)
    }
}

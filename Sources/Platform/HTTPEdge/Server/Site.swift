import Kernel

/// Pages beside the API, on a port of their own: what a site does not answer, the API's pipeline does, on the same origin and
/// without another connection in between, so cookies stay same-site and callers keep their address.
public protocol Site: Sendable {
    /// Answers at once, from memory: the event loop waits for it.
    /// - Returns: nil when the path is not the site's
    func respond(to request: SiteRequest) -> SiteReply?
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
    public let headers: RequestHeaders
    public let isSecure: Bool

    public init(method: String, path: Substring, headers: RequestHeaders, isSecure: Bool) {
        self.method = method
        self.path = path
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

    func respond(to incoming: IncomingRequest) async -> OutgoingResponse {
        guard let site else { return await pipeline.respond(to: incoming) }
        if let response = pipeline.respond(to: incoming, from: site) { return response }
        let response = await pipeline.respond(to: incoming)
        guard let path = FollowUp.path(of: incoming) else { return response }
        return await FollowUp.extend(response, to: incoming, with: path, pipeline: pipeline)
    }
}

/// What a handler answers: a value, or ready bytes, or nothing, with a status and further headers.
public struct Reply<Value: Representation>: Sendable {
    enum Content: Sendable {
        case value(Value)
        case bytes([UInt8], contentType: String)
        case stream(BodyStream, contentType: String)
        case nothing
    }

    let content: Content
    /// Nil stands for the status that the endpoint declares.
    public var status: Int?
    public var headers: [ReplyHeader] = []
    /// True when this answer was given before: the response then carries `Idempotent-Replayed: true`.
    public var isReplay = false

    /// Answers with a value and the endpoint's own status.
    public init(_ value: Value, status: Int? = nil, isReplay: Bool = false) {
        content = .value(value)
        self.status = status
        self.isReplay = isReplay
    }

    private init(content: Content, status: Int?) {
        self.content = content
        self.status = status
    }

    /// 201 with `Location`.
    public static func created(_ value: Value, location: String) -> Reply {
        var reply = Reply(value, status: 201)
        reply.headers.append(ReplyHeader("Location", location))
        return reply
    }

    /// 204.
    public static var noContent: Reply { Reply(content: .nothing, status: 204) }

    /// Another shape than the endpoint's main one, such as `202 pendingApproval`. Name it in the endpoint's `alternatives`.
    public static func other(_ status: Int, _ value: some Representation) -> Reply {
        Reply(content: .bytes(value.json(), contentType: MediaType.json), status: status)
    }

    /// Ready bytes of any type: files, text, stored documents.
    public static func raw(_ bytes: [UInt8], contentType: String, status: Int? = nil) -> Reply {
        Reply(content: .bytes(bytes, contentType: contentType), status: status)
    }

    /// A body that is too long to be made before it is sent. Refuse before, not from within it: the status has left by then.
    public static func stream(_ body: BodyStream, contentType: String) -> Reply {
        Reply(content: .stream(body, contentType: contentType), status: nil)
    }

    /// An answer kept by the idempotency store.
    public init(stored: EncodedReply, isReplay: Bool) {
        content = stored.contentType.isEmpty ? .nothing : .bytes(stored.body, contentType: stored.contentType)
        status = stored.status
        headers = stored.headers
        self.isReplay = isReplay
    }

    /// Adds a header to the response.
    public func adding(_ name: String, _ value: String) -> Reply {
        var reply = self
        reply.headers.append(ReplyHeader(name, value))
        return reply
    }

    /// Adds a cookie to the response.
    public func setting(_ cookie: SetCookie) -> Reply {
        adding("Set-Cookie", cookie.headerValue)
    }

    /// The answer in bytes, as it goes out and as the idempotency store keeps it.
    public func encoded(defaultStatus: Int) -> EncodedReply {
        switch content {
        case .value(let value):
            EncodedReply(
                status: status ?? defaultStatus, contentType: Value.self == NoContent.self ? "" : MediaType.json,
                body: Value.self == NoContent.self ? [] : value.json(), headers: headers, isReplay: isReplay)
        case .bytes(let bytes, let contentType):
            EncodedReply(status: status ?? defaultStatus, contentType: contentType, body: bytes, headers: headers, isReplay: isReplay)
        case .stream(let body, let contentType):
            EncodedReply(
                status: status ?? defaultStatus, contentType: contentType, body: [], headers: headers, isReplay: isReplay, stream: body)
        case .nothing:
            EncodedReply(status: status ?? defaultStatus, contentType: "", body: [], headers: headers, isReplay: isReplay)
        }
    }
}

extension Reply where Value == NoContent {
    /// An answer without a body and with the endpoint's own status.
    public init() {
        self.init(NoContent())
    }
}

public struct ReplyHeader: Sendable, Equatable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// An answer in bytes. An empty `contentType` means no body.
public struct EncodedReply: Sendable, Equatable {
    public let status: Int
    public let contentType: String
    public let body: [UInt8]
    public var headers: [ReplyHeader]
    public let isReplay: Bool
    /// Comes in the place of `body`.
    public let stream: BodyStream?

    public init(
        status: Int, contentType: String, body: [UInt8], headers: [ReplyHeader] = [], isReplay: Bool = false, stream: BodyStream? = nil
    ) {
        self.stream = stream
        self.status = status
        self.contentType = contentType
        self.body = body
        self.headers = headers
        self.isReplay = isReplay
    }
}

/// A cookie to be kept by the browser (RFC 6265). HttpOnly always: no script of ours reads cookies.
public struct SetCookie: Sendable, Equatable {
    public enum SameSite: String, Sendable {
        case strict = "Strict"
        case lax = "Lax"
    }

    public let name: String
    public let value: String
    public let path: String
    /// Zero deletes the cookie; nil keeps it until the browser is closed.
    public let maximumAgeSeconds: Int?
    public let isSecure: Bool
    public let sameSite: SameSite

    public init(
        name: String, value: String, path: String, maximumAgeSeconds: Int?, isSecure: Bool, sameSite: SameSite = .strict
    ) {
        self.name = name
        self.value = value
        self.path = path
        self.maximumAgeSeconds = maximumAgeSeconds
        self.isSecure = isSecure
        self.sameSite = sameSite
    }

    var headerValue: String {
        var text = "\(name)=\(value); Path=\(path); HttpOnly; SameSite=\(sameSite.rawValue)"
        if let maximumAgeSeconds { text += "; Max-Age=\(maximumAgeSeconds)" }
        if isSecure { text += "; Secure" }
        return text
    }
}

/// Content types that the edge itself writes.
public enum MediaType {
    public static let json = "application/json; charset=utf-8"
    public static let problem = "application/problem+json"
    public static let plainText = "text/plain; charset=utf-8"
    public static let html = "text/html; charset=utf-8"
}

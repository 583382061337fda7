import Kernel
import NIOHTTP1

/// Calls a server without a socket, through every check that a request over the wire passes (framing and time limits excepted).
public struct InProcessClient: Sendable {
    private let server: HTTPServer
    /// Sent with every call unless it brings its own.
    public var headers: [(name: String, value: String)]
    public var address: String

    public init(_ server: HTTPServer, headers: [(name: String, value: String)] = [], address: String = "192.0.2.1") {
        self.server = server
        self.headers = headers
        self.address = address
    }

    /// The same client with a bearer token.
    public func signedIn(_ token: String) -> InProcessClient {
        var client = self
        client.headers.removeAll { RequestHeaders.equalsIgnoringCase($0.name, "authorization") }
        client.headers.append(("Authorization", "Bearer \(token)"))
        return client
    }

    /// - Parameters:
    ///   - uri: path and query as on the request line
    ///   - json: text of the body; brings its content type along
    public func send(
        _ method: HTTPMethod, _ uri: String, json: String? = nil, headers extra: [(name: String, value: String)] = []
    ) async -> InProcessResponse {
        var extra = extra
        if json != nil, !extra.contains(where: { RequestHeaders.equalsIgnoringCase($0.name, "content-type") }) {
            extra.append(("Content-Type", "application/json"))
        }
        return await send(method: method.rawValue, uri, body: Array((json ?? "").utf8), headers: extra)
    }

    /// A form with files.
    public func upload(
        _ uri: String, fields: [(name: String, value: String)] = [], files: [(name: String, file: UploadedFile)],
        headers extra: [(name: String, value: String)] = []
    ) async -> InProcessResponse {
        let boundary = "wekeza-in-process-boundary"
        var body: [UInt8] = []
        for field in fields {
            body += Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(field.name)\"\r\n\r\n\(field.value)\r\n".utf8)
        }
        for (name, file) in files {
            let head =
                "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"\(file.fileName)\"\r\n"
                + "Content-Type: \(file.declaredType ?? "application/octet-stream")\r\n\r\n"
            body += Array(head.utf8) + file.bytes + Array("\r\n".utf8)
        }
        body += Array("--\(boundary)--\r\n".utf8)
        return await send(
            method: "POST", uri, body: body, headers: extra + [("Content-Type", "multipart/form-data; boundary=\(boundary)")])
    }

    /// Any method, any bytes.
    public func send(
        method: String, _ uri: String, body: [UInt8] = [], headers extra: [(name: String, value: String)] = []
    ) async -> InProcessResponse {
        let own = headers.filter { header in !extra.contains { RequestHeaders.equalsIgnoringCase($0.name, header.name) } }
        let hasToken = (headers + extra).contains { RequestHeaders.equalsIgnoringCase($0.name, "authorization") }
        let isTooLarge = body.count > server.pipeline.readLimits(method: method, uri: uri, hasToken: hasToken).bytes
        let request = IncomingRequest(
            method: method, uri: uri, headers: HTTPHeaders([("Host", "localhost")] + own + extra),
            body: isTooLarge ? .tooLarge : .bytes(body),
            peer: PeerAddress(address))
        let response = await server.pipeline.respond(to: request)
        var body = response.omitsBody ? [] : response.body
        var isComplete = true
        if let stream = response.stream, !response.omitsBody {
            do {
                while let piece = try await stream.piece() { body += piece }
            } catch {
                isComplete = false
            }
        }
        return InProcessResponse(
            status: response.status, headers: RequestHeaders(HTTPHeaders(response.headers.map { ($0.name, $0.value) })), body: body,
            isStreamed: response.stream != nil, isComplete: isComplete)
    }
}

/// What came back.
public struct InProcessResponse: Sendable {
    public let status: Int
    public let headers: RequestHeaders
    public let body: [UInt8]
    /// Whether the body came in pieces, without a length told before.
    public var isStreamed = false
    /// False when the body broke off in its midst.
    public var isComplete = true

    public var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON; nil when it is none.
    public var json: JSONValue? { try? JSONValue(parsing: body) }

    /// The value at a path of the JSON body, such as `"items"`, `0`, `"amount"`.
    public subscript(path: any JSONStep...) -> JSONValue? {
        var value = json
        for step in path { value = value.flatMap { step.step(into: $0) } }
        return value
    }

    /// A text of the JSON body.
    public func text(_ path: any JSONStep...) -> String? {
        var value = json
        for step in path { value = value.flatMap { step.step(into: $0) } }
        if case .text(let text)? = value { return text }
        if case .number(let number)? = value { return number }
        return nil
    }

    /// `code` of a problem.
    public var problemCode: String? { text("code") }

    /// `field:code` of every entry of a problem's `errors`, in order.
    public var faults: [String] {
        guard case .array(let errors)? = self["errors"] else { return [] }
        return errors.compactMap { error in
            guard case .object(let object) = error, case .text(let field)? = object["field"], case .text(let code)? = object["code"] else {
                return nil
            }
            return "\(field):\(code)"
        }
    }
}

/// One step into a JSON value: a name or a position.
public protocol JSONStep: Sendable {
    func step(into value: JSONValue) -> JSONValue?
}

extension String: JSONStep {
    public func step(into value: JSONValue) -> JSONValue? {
        if case .object(let object) = value { object[self] } else { nil }
    }
}

extension Int: JSONStep {
    public func step(into value: JSONValue) -> JSONValue? {
        if case .array(let items) = value, items.indices.contains(self) { items[self] } else { nil }
    }
}

import Kernel

/// One request and what is known about its response so far.
final class Exchange {
    let incoming: IncomingRequest
    let scan: HeaderScan
    let target: RequestTarget
    let traceID: String
    var headers: [ReplyHeader] = []
    var peer: PeerAddress
    var isSecure = false
    var isUnderAPI: Bool
    var route: Route?
    var userID: Identifier<User>?

    init(incoming: IncomingRequest, scan: HeaderScan, target: RequestTarget, traceID: String) {
        self.incoming = incoming
        self.scan = scan
        self.target = target
        self.traceID = traceID
        peer = incoming.peer
        isUnderAPI = target.path.hasPrefix("/api")
        headers.reserveCapacity(16)
    }

    func response(to reply: EncodedReply) -> OutgoingResponse {
        var all = commonHeaders(isSuccess: reply.status < 300)
        if reply.isReplay { all.append(ReplyHeader("Idempotent-Replayed", "true")) }
        if !reply.contentType.isEmpty { all.append(ReplyHeader("Content-Type", reply.contentType)) }
        for header in reply.headers {
            // A handler's own Cache-Control replaces the general one.
            if RequestHeaders.equalsIgnoringCase(header.name, "cache-control") {
                all.removeAll { RequestHeaders.equalsIgnoringCase($0.name, "cache-control") }
            }
            all.append(header)
        }
        return OutgoingResponse(status: reply.status, headers: all, body: reply.body, stream: reply.stream)
    }

    func response(to problem: Problem) -> OutgoingResponse {
        let refusal = problem.refusal
        let status = problem.status ?? ProblemCatalogue.status(of: refusal.kind)
        var all = commonHeaders(isSuccess: false)
        all.append(ReplyHeader("Content-Type", MediaType.problem))
        if status == 401 { all.append(ReplyHeader("WWW-Authenticate", "Bearer")) }
        if let seconds = refusal.retryAfterSeconds ?? (status == 503 ? 1 : nil) {
            all.append(ReplyHeader("Retry-After", String(max(1, seconds))))
        }
        let body = ProblemDocument.json(refusal, status: status, instance: String(target.path), traceID: traceID)
        return OutgoingResponse(status: status, headers: all, body: body)
    }

    private static let noSniff = ReplyHeader("X-Content-Type-Options", "nosniff")
    private static let noReferrer = ReplyHeader("Referrer-Policy", "no-referrer")
    private static let noStore = ReplyHeader("Cache-Control", "no-store")

    private func commonHeaders(isSuccess: Bool) -> [ReplyHeader] {
        var all = headers
        headers = []
        all.append(ReplyHeader("X-Trace-Id", traceID))
        all.append(Self.noSniff)
        all.append(Self.noReferrer)
        if isSecure { all.append(.strictTransport) }
        if isSuccess, let seconds = route?.endpoint.options.cacheSeconds {
            all.append(ReplyHeader("Cache-Control", "public, max-age=\(seconds)"))
        } else if isUnderAPI || !isSuccess {
            all.append(Self.noStore)
        }
        return all
    }
}

extension ReplyHeader {
    static let strictTransport = ReplyHeader("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
}

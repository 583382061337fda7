import Crypto
import Kernel
import Logging
import Observability

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The way of every request, in the contract's order of checks:
/// route → rate limit → 401 → 403 → 413, 415, 400 → fields → handler → reply or problem.
///
/// One function calls the next; there is no chain of middleware, and nothing is looked up twice.
final class Pipeline: Sendable {
    private let routes: [Route]
    private let table: RouteTable
    private let unmatched: RouteMetrics
    private let pages: RouteMetrics
    private let limits: LimitPolicy
    private let crossOrigin: CrossOrigin
    private let authenticator: any Authenticator
    private let configuration: EdgeConfiguration
    private let trustedProxies: [AddressRange]
    private let cursorKey: SymmetricKey
    private let logger: Logger
    private let clock: any WallClock
    private let identifiers: any IdentifierSource
    private let errorTranslator: @Sendable (any Error) -> Refusal?

    init(
        endpoints: [Endpoint], authenticator: any Authenticator, rateLimiter: any RateLimiter, configuration: EdgeConfiguration,
        metrics: MetricsRegistry, logger: Logger, clock: any WallClock, identifiers: any IdentifierSource,
        errorTranslator: @escaping @Sendable (any Error) -> Refusal?
    ) {
        precondition(configuration.cursorKey.count >= 32, "the cursor key has at least 32 bytes")
        routes = endpoints.map {
            Route($0, metrics: RouteMetrics(registry: metrics, method: $0.method.rawValue, route: $0.path))
        }
        table = RouteTable(endpoints.map { ($0.method, $0.path) })
        unmatched = RouteMetrics(registry: metrics, method: "other", route: "unmatched")
        pages = RouteMetrics(registry: metrics, method: "GET", route: "pages")
        let fixedLimits = configuration.rateLimits
        limits = LimitPolicy(limiter: rateLimiter, current: configuration.currentRateLimits ?? { fixedLimits })
        crossOrigin = CrossOrigin(allowedOrigins: configuration.allowedOrigins)
        trustedProxies = configuration.trustedProxies.compactMap { AddressRange($0) }
        cursorKey = SymmetricKey(data: configuration.cursorKey)
        self.authenticator = authenticator
        self.configuration = configuration
        self.logger = logger
        self.clock = clock
        self.identifiers = identifiers
        self.errorTranslator = errorTranslator
    }

    /// Answers a request. Never throws: whatever happens becomes a response.
    func respond(to incoming: IncomingRequest) async -> OutgoingResponse {
        let startedAt = Self.monotonicNanoseconds()
        let scan = HeaderScan(incoming.headers)
        let exchange = Exchange(
            incoming: incoming, scan: scan, target: RequestTarget(incoming.uri), traceID: TraceContext.traceID(continuing: scan.traceparent)
        )
        var response: OutgoingResponse
        do {
            let reply = try await answer(exchange)
            response = exchange.response(to: reply)
        } catch {
            let problem = refusal(for: error, in: exchange)
            response = exchange.response(to: problem)
            tell(problem, status: response.status, of: exchange)
        }
        if let stream = response.stream { response.stream = watched(stream, exchange) }
        if incoming.method == "HEAD" { response.omitsBody = true }
        if case .tooLarge = incoming.body { response.closesConnection = true }
        note(exchange, status: response.status, nanoseconds: Self.monotonicNanoseconds() - startedAt)
        return response
    }

    /// A body that breaks off has had its status already: the log is all that is left to tell.
    private func watched(_ stream: BodyStream, _ exchange: Exchange) -> BodyStream {
        let (logger, traceID, route) = (logger, exchange.traceID, exchange.route?.endpoint.path ?? "unmatched")
        return BodyStream {
            do {
                return try await stream.piece()
            } catch {
                logger.error(
                    "A body broke off",
                    metadata: ["traceId": "\(traceID)", "route": "\(route)", "cause": "\(String(reflecting: error))"])
                throw error
            }
        }
    }

    /// The answer of a site; nil when the path is not the site's.
    func respond(to incoming: IncomingRequest, from site: any Site) async -> OutgoingResponse? {
        let startedAt = Self.monotonicNanoseconds()
        let scan = HeaderScan(incoming.headers)
        // What is no proper request gets the pipeline's refusal.
        guard case .bytes(let body) = incoming.body, scan.host != nil || !incoming.requiresHost,
            incoming.uri.utf8.count <= configuration.maximumURIBytes
        else { return nil }
        let isSecure = isSecure(incoming, scan)
        let target = RequestTarget(incoming.uri)
        let request = SiteRequest(
            method: incoming.method, path: target.path, query: target.query, headers: RequestHeaders(incoming.headers), isSecure: isSecure)
        var answer = site.respond(to: request)
        if answer == nil { answer = await site.render(request, body: body, api: SiteAPI(pipeline: self, visitor: incoming)) }
        guard let reply = answer else { return nil }
        var headers = reply.headers
        headers.append(ReplyHeader("X-Trace-Id", TraceContext.traceID(continuing: scan.traceparent)))
        if isSecure { headers.append(.strictTransport) }
        pages.count(status: reply.status, nanoseconds: Self.monotonicNanoseconds() - startedAt)
        return OutgoingResponse(status: reply.status, headers: headers, body: reply.body, omitsBody: incoming.method == "HEAD")
    }

    /// The answer to what the connection could not even read as a request.
    func respond(toUnreadable fault: UnreadableRequest) -> OutgoingResponse {
        let traceID = TraceContext.newTraceID()
        unmatched.count(status: fault.status, nanoseconds: 0)
        let refusal = Refusal(.malformed, fault.code, fault.detail)
        return OutgoingResponse(
            status: fault.status,
            headers: (fault.status == 503 ? [ReplyHeader("Retry-After", "1")] : []) + [
                ReplyHeader("Content-Type", MediaType.problem), ReplyHeader("X-Trace-Id", traceID),
                ReplyHeader("X-Content-Type-Options", "nosniff"), ReplyHeader("Referrer-Policy", "no-referrer"),
                ReplyHeader("Cache-Control", "no-store"),
            ],
            body: ProblemDocument.json(refusal, status: fault.status, instance: "", traceID: traceID), closesConnection: true)
    }

    /// How long a request may take: asked for only when it is already slow, so finding its route again costs nothing that matters.
    func timeLimitSeconds(of incoming: IncomingRequest) -> Int64 {
        guard case .route(let index, _) = table.match(method: incoming.method, path: RequestTarget(incoming.uri).path) else {
            return configuration.requestTimeLimitSeconds
        }
        return routes[index].endpoint.options.timeLimitSeconds ?? configuration.requestTimeLimitSeconds
    }

    /// What may be read of a request whose head has arrived: forms with files may be larger and take longer, but only from callers who
    /// say who they are where the endpoint will ask for it.
    func readLimits(method: String, uri: String, hasToken: Bool) -> (bytes: Int, seconds: Int64) {
        guard case .route(let index, _) = table.match(method: method, path: RequestTarget(uri).path),
            let formBytes = routes[index].endpoint.maximumFormBytes, hasToken || routes[index].endpoint.access == .everyone
        else { return (configuration.maximumBodyBytes, configuration.requestReadTimeLimitSeconds) }
        return (formBytes, max(120, configuration.requestReadTimeLimitSeconds))
    }

    /// The answer for a handler that did not let go in time. Its work may still be done, so the caller is told to ask again.
    func respond(toOverdue incoming: IncomingRequest) -> OutgoingResponse {
        let scan = HeaderScan(incoming.headers)
        let exchange = Exchange(
            incoming: incoming, scan: scan, target: RequestTarget(incoming.uri), traceID: TraceContext.traceID(continuing: scan.traceparent)
        )
        crossOrigin.addHeaders(to: exchange)
        if let key = scan.idempotencyKey, Self.keyFault(key) == nil { exchange.headers.append(ReplyHeader("Idempotency-Key", key)) }
        unmatched.count(status: 503, nanoseconds: UInt64(configuration.requestTimeLimitSeconds) * 1_000_000_000)
        logger.error("A handler exceeded its time limit and did not stop", metadata: ["traceId": "\(exchange.traceID)"])
        let detail = "This took too long; whether it was done is not known here: please repeat with the same Idempotency-Key"
        var response = exchange.response(to: Problem(refusal: .unavailable(detail), status: nil))
        response.closesConnection = true
        return response
    }

    // MARK: The checks, in order

    private func answer(_ exchange: Exchange) async throws -> EncodedReply {
        let scan = exchange.scan
        exchange.peer = exchange.incoming.peer.client(forwardedFor: scan.forwardedFor, trusted: trustedProxies)
        exchange.isSecure = isSecure(exchange.incoming, scan)
        crossOrigin.addHeaders(to: exchange)
        if exchange.incoming.uri.utf8.count > configuration.maximumURIBytes { throw UnreadableRequest.longURI }
        if scan.host == nil, exchange.incoming.requiresHost {
            throw Refusal(.malformed, "malformed_request", "The Host header is missing")
        }

        let route: Route
        let parameters: [HTTPRequest.PathParameter]
        switch table.match(method: exchange.incoming.method, path: exchange.target.path) {
        case .unknownPath: throw Refusal.notFound()
        case .otherMethods(let allowed):
            if exchange.incoming.method == "OPTIONS" { return crossOrigin.optionsReply(allowed: allowed, exchange: exchange) }
            exchange.headers.append(ReplyHeader("Allow", allowed))
            throw Refusal(.methodNotAllowed, "method_not_allowed", "This path offers \(allowed)")
        case .route(let index, let values):
            route = routes[index]
            parameters = values
        }
        exchange.route = route
        exchange.isUnderAPI = route.isUnderAPI
        if scan.hasConflict { throw Refusal(.malformed, "malformed_request", "A header was sent twice with different values") }

        var context = makeContext(exchange, route.endpoint, parameters)
        context.principal = try await admit(route.endpoint, context, exchange)
        let body = try readBody(route.endpoint, exchange)
        var faults: [Refusal.Field] = []
        if let fault = channelFault(scan) { faults.append(fault) }
        if route.endpoint.isIdempotent {
            if let fault = Self.keyFault(scan.idempotencyKey) {
                faults.append(fault)
            } else {
                exchange.headers.append(ReplyHeader("Idempotency-Key", context.idempotencyKey))
            }
            context.bodyDigest = body.digest()
        }
        let request = HTTPRequest(
            exchange.incoming, path: String(exchange.target.path), pathParameters: parameters,
            query: exchange.target.query.isEmpty ? .none : QueryItems(parsing: exchange.target.query), peer: exchange.peer.text,
            isSecure: exchange.isSecure)
        return try await route.endpoint.invoke(
            Invocation(request: request, context: context, body: body, cursorKey: cursorKey, faults: faults))
    }

    /// Rate limit, 401 and 403, in this order. A user is known only after the token was read, so a token comes first, but a bad one
    /// counts against the address before it is refused.
    private func admit(_ endpoint: Endpoint, _ context: RequestContext, _ exchange: Exchange) async throws -> Principal? {
        let token = Self.bearerToken(exchange.scan.authorization)
        var principal: Principal?
        var refusal: (any Error)?
        if endpoint.access != .everyone, let token {
            do {
                principal = try await authenticator.authenticate(bearerToken: token, context: context)
            } catch {
                refusal = error
            }
        } else if endpoint.access != .everyone, endpoint.access != .everyoneOrSignedIn {
            refusal = Refusal(.unauthenticated, "authentication_required", "Please sign in")
        }
        exchange.userID = principal?.userID
        if let decision = await limits.count(endpoint.options.rateLimit, user: principal?.userID, address: exchange.peer) {
            exchange.headers.append(ReplyHeader("RateLimit-Limit", String(decision.limit)))
            exchange.headers.append(ReplyHeader("RateLimit-Remaining", String(decision.remaining)))
            exchange.headers.append(ReplyHeader("RateLimit-Reset", String(decision.resetSeconds)))
            guard decision.isAllowed else {
                throw Refusal(
                    .tooMany, "rate_limited", "Too many requests; please wait", retryAfterSeconds: max(1, decision.resetSeconds))
            }
        }
        if let refusal { throw refusal }
        if let principal {
            if case .roles(let roles) = endpoint.access, !principal.roles.intersects(roles) { throw Refusal.forbidden() }
            if principal.mustChangePassword, !endpoint.options.allowsTemporaryPassword {
                throw Refusal(.forbidden, "password_change_required", "Please change your password first")
            }
        }
        if endpoint.options.usesRefreshCookie { try crossOrigin.checkCookieBearer(exchange.scan) }
        return principal
    }

    private func readBody(_ endpoint: Endpoint, _ exchange: Exchange) throws -> RequestContent {
        let maximumBytes = endpoint.maximumFormBytes ?? configuration.maximumBodyBytes
        guard case .bytes(let bytes) = exchange.incoming.body, bytes.count <= maximumBytes else {
            throw Refusal(.tooLarge, "payload_too_large", "The body may have at most \(maximumBytes) bytes")
        }
        if endpoint.maximumFormBytes != nil { return .form(try readForm(bytes, exchange.scan)) }
        return .object(try readObject(endpoint, bytes, exchange))
    }

    private func readForm(_ bytes: [UInt8], _ scan: HeaderScan) throws -> MultipartForm {
        guard let boundary = scan.contentType.flatMap({ MultipartForm.boundary(of: $0) }),
            scan.contentEncoding.map({ $0 == "identity" }) ?? true
        else { throw Refusal(.unsupportedMediaType, "unsupported_media_type", "The body must be multipart/form-data") }
        let form: MultipartForm
        do throws(MultipartForm.Failure) {
            form = try MultipartForm(parsing: bytes, boundary: boundary)
        } catch {
            throw Refusal(.malformed, "malformed_request", error.reason)
        }
        guard form.parts.allSatisfy({ $0.bytes.count <= UploadedFile.maximumBytes }) else {
            throw Refusal(.tooLarge, "payload_too_large", "A file may have at most \(UploadedFile.maximumBytes) bytes")
        }
        return form
    }

    private func readObject(_ endpoint: Endpoint, _ bytes: [UInt8], _ exchange: Exchange) throws -> JSONObject {
        guard endpoint.expectsBody || endpoint.method.carriesBody else { return [:] }
        if let type = exchange.scan.contentType, !bytes.isEmpty || endpoint.expectsBody, !Self.isJSON(type) {
            throw Refusal(.unsupportedMediaType, "unsupported_media_type", "The body must be application/json")
        }
        if bytes.isEmpty {
            guard endpoint.expectsBody, !endpoint.options.allowsEmptyBody else { return [:] }
            throw Refusal(.malformed, "malformed_request", "A JSON object is expected in the body")
        }
        guard exchange.scan.contentType != nil, exchange.scan.contentEncoding.map({ $0 == "identity" }) ?? true else {
            throw Refusal(.unsupportedMediaType, "unsupported_media_type", "The body must be application/json, not compressed")
        }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw Refusal(.malformed, "malformed_request", "\(error.reason.rawValue) (byte \(error.offset))")
        }
        guard case .object(let object) = value else {
            throw Refusal(.malformed, "malformed_request", "The body must be a JSON object")
        }
        return object
    }

    // MARK: Small rules

    private func makeContext(
        _ exchange: Exchange, _ endpoint: Endpoint, _ parameters: [HTTPRequest.PathParameter]
    ) -> RequestContext {
        let scan = exchange.scan
        let now = clock.now()
        var path = endpoint.path
        if !parameters.isEmpty {
            // The canonical path: literals as declared, parameters as sent, so that case and a trailing slash make no other scope.
            var values = parameters.makeIterator()
            path = endpoint.path.split(separator: "/").reduce(into: "") { text, segment in
                text += "/" + (segment.hasPrefix("{") ? values.next()?.value ?? "" : String(segment))
            }
        }
        var key = ""
        if endpoint.isIdempotent { key = scan.idempotencyKey ?? Identifier<Endpoint>(bits: identifiers.nextBits()).description }
        let browserChannel = scan.wekezaChannel.flatMap { Self.browserChannels[$0] }
        return RequestContext(
            traceID: exchange.traceID, channel: browserChannel ?? .api, isBrowserChannel: browserChannel != nil,
            ipAddress: exchange.peer.text, userAgent: String((scan.userAgent ?? "").prefix(255)), receivedAt: now,
            deadline: now.adding(seconds: endpoint.options.timeLimitSeconds ?? configuration.requestTimeLimitSeconds), idempotencyKey: key,
            method: endpoint.method.rawValue,
            path: path, stepUpToken: scan.stepUpToken)
    }

    private static let browserChannels: [String: Kernel.Channel] = [
        "personal": .personal, "corporate": .corporate, "sme": .sme, "staff": .staff,
    ]

    private func channelFault(_ scan: HeaderScan) -> Refusal.Field? {
        guard let channel = scan.wekezaChannel, Self.browserChannels[channel] == nil else { return nil }
        return Refusal.Field("X-Wekeza-Channel", "unknown_value", "This must be one of personal, corporate, sme, staff")
    }

    /// 1 to 255 visible ASCII characters.
    private static func keyFault(_ key: String?) -> Refusal.Field? {
        guard let key else { return nil }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return Refusal.Field("Idempotency-Key", "invalid_format", "1 to 255 visible ASCII characters are allowed")
        }
        return nil
    }

    /// The token of `Bearer …`; an empty text when the header has another form, which no authenticator accepts.
    private static func bearerToken(_ authorization: String?) -> String? {
        guard let authorization else { return nil }
        let scheme = authorization.prefix(7)
        guard RequestHeaders.equalsIgnoringCase(String(scheme), "bearer ") else { return "" }
        return String(authorization.dropFirst(7).drop { $0 == " " })
    }

    /// `application/json`, alone or with the charset that JSON has anyway.
    private static func isJSON(_ contentType: String) -> Bool {
        if contentType == "application/json" { return true }
        let parts = contentType.lowercased().split(separator: ";", omittingEmptySubsequences: false).map { part in
            part.filter { $0 != " " && $0 != "\t" && $0 != "\"" }
        }
        guard parts.first == "application/json" else { return false }
        return parts.dropFirst().allSatisfy { !$0.hasPrefix("charset=") || $0 == "charset=utf-8" || $0 == "charset=utf8" }
    }

    private func isSecure(_ incoming: IncomingRequest, _ scan: HeaderScan) -> Bool {
        incoming.isSecure || (scan.forwardedProtocol == "https" && isTrusted(incoming.peer))
    }

    private func isTrusted(_ peer: PeerAddress) -> Bool {
        trustedProxies.contains { $0.contains(peer) }
    }

    // MARK: Afterwards

    private func refusal(for error: any Error, in exchange: Exchange) -> Problem {
        if let refusal = error as? Refusal { return Problem(refusal: refusal, status: nil) }
        if let fault = error as? UnreadableRequest {
            return Problem(refusal: Refusal(.malformed, "malformed_request", fault.detail), status: fault.status)
        }
        if error is CancellationError { return Problem(refusal: .unavailable("This took too long; please try again"), status: nil) }
        if let refusal = errorTranslator(error) {
            logger.warning(
                "Request failed for the time being",
                metadata: ["traceId": "\(exchange.traceID)", "problem": "\(refusal.code)", "cause": "\(String(reflecting: error))"])
            return Problem(refusal: refusal, status: nil)
        }
        logger.error(
            "Request failed",
            metadata: [
                "traceId": "\(exchange.traceID)", "route": "\(exchange.route?.endpoint.path ?? "unmatched")",
                "cause": "\(String(reflecting: error))",
            ])
        let refusal = Refusal(.unavailable, "internal", "Something went wrong on our side; the trace identifier leads us to it")
        return Problem(refusal: refusal, status: 500)
    }

    private func tell(_ problem: Problem, status: Int, of exchange: Exchange) {
        guard let onRefusal = configuration.onRefusal, let route = exchange.route, let userID = exchange.userID else { return }
        onRefusal(
            RefusedRequest(
                context: makeContext(exchange, route.endpoint, []), userID: userID,
                operation: "\(route.endpoint.method.rawValue) \(route.endpoint.path)", path: String(exchange.target.path), status: status,
                code: problem.refusal.code))
    }

    private func note(_ exchange: Exchange, status: Int, nanoseconds: UInt64) {
        (exchange.route?.metrics ?? unmatched).count(status: status, nanoseconds: nanoseconds)
        guard configuration.accessLog.includes(status: status, nanoseconds: nanoseconds),
            exchange.route?.endpoint.options.isQuiet != true, logger.logLevel <= .info
        else { return }
        var metadata: Logger.Metadata = [
            "method": .string(exchange.incoming.method), "route": .string(exchange.route?.endpoint.path ?? "unmatched"),
            "status": .stringConvertible(status), "durationMicroseconds": .stringConvertible(nanoseconds / 1_000),
            "traceId": .string(exchange.traceID), "address": .string(exchange.peer.text),
        ]
        if let user = exchange.userID { metadata["userId"] = .string(user.description) }
        logger.info("request", metadata: metadata)
    }

    private static func monotonicNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// An endpoint with what is worked out once. An object, so that a request that finds its route copies nothing.
final class Route: Sendable {
    let endpoint: Endpoint
    let metrics: RouteMetrics
    let isUnderAPI: Bool

    init(_ endpoint: Endpoint, metrics: RouteMetrics) {
        self.endpoint = endpoint
        self.metrics = metrics
        isUnderAPI = endpoint.path == "/api" || endpoint.path.hasPrefix("/api/")
    }
}

/// What cannot be taken for a request of ours, with the status that RFC 9110 has for it.
struct UnreadableRequest: Error, Equatable {
    let status: Int
    let detail: String
    var code = "malformed_request"

    static let noRoom = UnreadableRequest(
        status: 503, detail: "The bank is busy; nothing has happened, please try again", code: "temporarily_unavailable")
    static let malformed = UnreadableRequest(status: 400, detail: "This is not an HTTP/1.1 request")
    static let longURI = UnreadableRequest(status: 414, detail: "The address is too long")
    static let largeHeaders = UnreadableRequest(status: 431, detail: "The headers are too large")
    static let slow = UnreadableRequest(status: 408, detail: "The request took too long to arrive")
}

/// A refusal on its way out. `status` is set where the kind does not tell it.
struct Problem {
    let refusal: Refusal
    let status: Int?
}

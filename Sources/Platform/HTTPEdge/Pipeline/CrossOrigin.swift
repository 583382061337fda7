import Kernel

/// Which web origins may call from a browser (contract, 1.8). Never `*`, because credentials travel.
struct CrossOrigin: Sendable {
    private static let requestHeaders =
        "Authorization, Content-Type, Idempotency-Key, X-Step-Up-Token, X-Wekeza-Channel, X-Onboarding-Token, traceparent"
    private static let exposedHeaders =
        "Location, Idempotency-Key, Idempotent-Replayed, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "
        + "X-Trace-Id, Content-Disposition"
    private static let preflightSeconds = "600"

    private let allowedOrigins: Set<String>

    init(allowedOrigins: [String]) {
        self.allowedOrigins = Set(allowedOrigins)
    }

    func allows(_ origin: String) -> Bool { allowedOrigins.contains(origin) }

    func addHeaders(to exchange: Exchange) {
        guard !allowedOrigins.isEmpty, let origin = exchange.scan.origin else { return }
        exchange.headers.append(ReplyHeader("Vary", "Origin"))
        guard allows(origin) else { return }
        exchange.headers.append(ReplyHeader("Access-Control-Allow-Origin", origin))
        exchange.headers.append(ReplyHeader("Access-Control-Allow-Credentials", "true"))
        exchange.headers.append(ReplyHeader("Access-Control-Expose-Headers", Self.exposedHeaders))
    }

    /// The answer to OPTIONS on a path that exists: a preflight for allowed origins, the methods for everybody.
    func optionsReply(allowed: String, exchange: Exchange) -> EncodedReply {
        var headers = [ReplyHeader("Allow", allowed)]
        if exchange.scan.preflightMethod != nil, let origin = exchange.scan.origin, allows(origin) {
            headers.append(ReplyHeader("Access-Control-Allow-Methods", allowed))
            headers.append(ReplyHeader("Access-Control-Allow-Headers", Self.requestHeaders))
            headers.append(ReplyHeader("Access-Control-Max-Age", Self.preflightSeconds))
        }
        return EncodedReply(status: 204, contentType: "", body: [], headers: headers)
    }

    /// A call that carries a refresh cookie acts with the power of that cookie, so it must come from one of our own pages and say
    /// from which: browsers set `Origin` themselves and let no foreign page add a header without a preflight.
    func checkCookieBearer(_ scan: HeaderScan) throws(Refusal) {
        guard let cookie = scan.cookie, Self.carriesRefreshCookie(cookie) else { return }
        guard scan.wekezaChannel != nil, let origin = scan.origin, allows(origin) else {
            throw Refusal(.forbidden, "origin_not_allowed", "This call with a cookie does not come from a page of the bank")
        }
    }

    private static func carriesRefreshCookie(_ header: String) -> Bool {
        header.split(separator: ";").contains { $0.drop { $0 == " " }.hasPrefix("wekeza_refresh_") }
    }
}

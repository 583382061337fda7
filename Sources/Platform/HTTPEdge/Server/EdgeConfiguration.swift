import Crypto
import Kernel

/// Everything the edge can be told. The composition root fills it from WEKEZA_* variables.
public struct EdgeConfiguration: Sendable {
    public var host: String = "127.0.0.1"
    public var port: Int = 5000
    /// Origins of the browser channels, such as `http://localhost:3001`. Compared exactly.
    public var allowedOrigins: [String] = []
    /// Addresses or networks (`10.0.0.0/8`) whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    public var trustedProxies: [String] = []
    public var maximumBodyBytes = 1_048_576
    /// Bytes of incomplete bodies that all connections together may hold; further ones are answered 503.
    public var maximumWaitingBodyBytes = 134_217_728
    /// URI with query; a longer one is answered 414.
    public var maximumURIBytes = 8_192
    /// All header fields together; more are answered 431.
    public var maximumHeaderBytes = 65_536
    public var maximumHeaderCount = 100
    /// A handler that takes longer is cancelled and answered 503.
    public var requestTimeLimitSeconds: Int64 = 15
    /// How long a cancelled handler may take to let go before it is answered for.
    public var cancellationGraceSeconds: Int64 = 2
    /// From the first byte of a request to its last.
    public var requestReadTimeLimitSeconds: Int64 = 20
    /// A connection on which nothing happens for longer is closed.
    public var idleTimeLimitSeconds: Int64 = 75
    /// Open at once on one port; further ones wait until one closes.
    public var maximumConnections = 4_096
    /// Open at once from one address (one /64 network of IPv6); further ones are closed. Trusted proxies may have any number.
    public var maximumConnectionsPerAddress = 256
    /// Threads that read and write sockets and carry requests; 0: one for each core.
    public var eventLoopThreads = 0
    public var rateLimits = RateLimits()
    /// Asked on every request when the limits may change while the program runs; nil: `rateLimits` as they are.
    public var currentRateLimits: (@Sendable () -> RateLimits)?
    /// Hears of every refusal of a signed-in user's request. Called on the request's own task, so it must not wait for anything.
    public var onRefusal: (@Sendable (RefusedRequest) -> Void)?
    /// Pages on ports of their own, which pass the API's paths on to it.
    public var sites: [SiteListener] = []
    /// Certificate and key for every port; nil: without encryption.
    public var encryption: Encryption?
    /// Signs cursors. At least 32 bytes; the same for all processes of one bank.
    public var cursorKey: [UInt8]
    /// Which requests leave a line at info.
    public var accessLog = AccessLog.notable
    /// Name in the root document and in OpenAPI.
    public var serviceName = "Wekeza"
    public var servesDocumentation = true
    /// Where the files of Swagger UI lie; nil or a missing directory gives a page that tells how to get them.
    public var swaggerUIDirectory: String?
    /// Addresses or networks that may read /metrics; empty admits all.
    public var metricsAddresses: [String] = []

    public init(cursorKey: [UInt8]) {
        self.cursorKey = cursorKey
    }
}

/// Which requests leave a line in the log. Every change is in the audit trail anyway, and every request in the metrics.
public enum AccessLog: Sendable, Equatable {
    case all
    /// Those that failed (5xx), were turned away (401, 403, 429), or took half a second or longer.
    case notable
    case off

    static let slowNanoseconds: UInt64 = 500_000_000

    func includes(status: Int, nanoseconds: UInt64) -> Bool {
        switch self {
        case .all: true
        case .notable: status >= 500 || [401, 403, 429].contains(status) || nanoseconds >= Self.slowNanoseconds
        case .off: false
        }
    }
}

/// A request of a signed-in user that was refused.
public struct RefusedRequest: Sendable {
    public let context: RequestContext
    public let userID: Identifier<User>
    /// Method and template of the path: `POST /api/accounts/{account}/close`.
    public let operation: String
    /// As sent.
    public let path: String
    public let status: Int
    public let code: String
}

import Kernel
import Logging
import Observability
import ServiceLifecycle

/// The HTTP edge: routes, checks and answers, over a socket (`run`) or in process (`respond`).
public final class HTTPServer: Service {
    let pipeline: Pipeline
    let configuration: EdgeConfiguration
    let logger: Logger

    /// - Parameters:
    ///   - errorTranslator: turns what is not a `Refusal` into one, above all lost database connections into
    ///     503 `temporarily_unavailable`; nil means a fault of ours, answered 500 and logged
    public init(
        endpoints: [Endpoint], authenticator: any Authenticator, rateLimiter: any RateLimiter, configuration: EdgeConfiguration,
        metrics: MetricsRegistry, logger: Logger, clock: any WallClock, identifiers: any IdentifierSource,
        errorTranslator: @escaping @Sendable (any Error) -> Refusal? = { _ in nil }
    ) {
        self.configuration = configuration
        self.logger = logger
        pipeline = Pipeline(
            endpoints: endpoints, authenticator: authenticator, rateLimiter: rateLimiter, configuration: configuration, metrics: metrics,
            logger: logger, clock: clock, identifiers: identifiers, errorTranslator: errorTranslator)
    }

    public func run() async throws {}
}

final class Pipeline: Sendable {
    init(
        endpoints: [Endpoint], authenticator: any Authenticator, rateLimiter: any RateLimiter, configuration: EdgeConfiguration,
        metrics: MetricsRegistry, logger: Logger, clock: any WallClock, identifiers: any IdentifierSource,
        errorTranslator: @escaping @Sendable (any Error) -> Refusal?
    ) {
    }
}

import HummingbirdCore
import Kernel
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Observability
import ServiceLifecycle
import Synchronization

/// The HTTP edge: routes, checks and answers, over a socket (`run`) or in process (`InProcessClient`).
///
/// Sockets, accepting, connection limits and graceful shutdown are Hummingbird's server; the connections are our own handler,
/// because a request may cost a few microseconds only.
public final class HTTPServer: Service {
    let pipeline: Pipeline
    let configuration: EdgeConfiguration
    let logger: Logger
    private let clock: any WallClock
    private let listening = ListeningState()

    /// - Parameters:
    ///   - endpoints: all of the program's; the documentation's own are added when the configuration serves it
    ///   - errorTranslator: turns what is not a `Refusal` into one, above all lost database connections into
    ///     503 `temporarily_unavailable`; nil means a fault of ours, answered 500 and logged
    public init(
        endpoints: [Endpoint], authenticator: any Authenticator, rateLimiter: any RateLimiter, configuration: EdgeConfiguration,
        metrics: MetricsRegistry, logger: Logger, clock: any WallClock = SystemClock(), identifiers: (any IdentifierSource)? = nil,
        errorTranslator: @escaping @Sendable (any Error) -> Refusal? = { _ in nil }
    ) {
        self.configuration = configuration
        self.logger = logger
        self.clock = clock
        let all = configuration.servesDocumentation ? endpoints + Documentation.endpoints(for: endpoints, configuration) : endpoints
        pipeline = Pipeline(
            endpoints: all, authenticator: authenticator, rateLimiter: rateLimiter, configuration: configuration, metrics: metrics,
            logger: logger, clock: clock, identifiers: identifiers ?? TimeOrderedIdentifiers(clock: clock),
            errorTranslator: errorTranslator)
    }

    /// The OpenAPI document that a server with these endpoints serves, for programs that need it without a server.
    public static func openAPIDocument(of endpoints: [Endpoint], _ configuration: EdgeConfiguration) -> [UInt8] {
        Documentation.json(for: endpoints, configuration)
    }

    /// Listens until the service group shuts down gracefully: then no connection is accepted, running requests are answered, and idle
    /// connections close.
    /// - Throws: when the address cannot be bound
    public func run() async throws {
        let ownGroup =
            configuration.eventLoopThreads > 0 ? MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoopThreads) : nil
        let group = ownGroup ?? MultiThreadedEventLoopGroup.singleton
        var executors: [ObjectIdentifier: EventLoopExecutor] = [:]
        for loop in group.makeIterator() { executors[ObjectIdentifier(loop)] = EventLoopExecutor(loop) }
        let channel = EdgeChannel(
            pipeline: pipeline, configuration: configuration, executors: executors, date: DateHeader(clock: clock),
            budget: BodyBudget(limit: configuration.maximumWaitingBodyBytes))
        let server = channel.server(
            configuration: ServerConfiguration(
                address: .hostname(configuration.host, port: configuration.port), backlog: 1_024,
                availableConnectionsDelegate: MaximumAvailableConnections(configuration.maximumConnections, logger: logger)),
            onServerRunning: { [listening] channel in listening.succeed(channel.localAddress?.port ?? 0) }, eventLoopGroup: group,
            logger: logger)
        do {
            try await server.run()
        } catch {
            listening.fail()
            try? await ownGroup?.shutdownGracefully()
            throw error
        }
        listening.fail()
        try await ownGroup?.shutdownGracefully()
    }

    /// The port, as soon as the server listens on it. Useful when the configured port is 0.
    /// - Returns: nil when the server ended without having listened
    public func listeningPort() async -> Int? { await listening.port() }
}

/// Builds the pipeline of a connection, and waits for its end on behalf of the server.
private struct EdgeChannel: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let channel: any NIOCore.Channel
    }

    let pipeline: Pipeline
    let configuration: EdgeConfiguration
    let executors: [ObjectIdentifier: EventLoopExecutor]
    let date: DateHeader
    let budget: BodyBudget

    func setup(channel: any NIOCore.Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = configuration.maximumHeaderBytes
            limits.maxHeaderListSize = configuration.maximumHeaderBytes
            limits.maxHeaderFieldCount = configuration.maximumHeaderCount
            let handlers = channel.pipeline.syncOperations
            try handlers.addHandler(ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)))
            let executor = executors[ObjectIdentifier(channel.eventLoop)] ?? EventLoopExecutor(channel.eventLoop)
            try handlers.addHandler(
                ConnectionHandler(pipeline: pipeline, configuration: configuration, executor: executor, date: date, budget: budget))
            return Value(channel: channel)
        }
    }

    func handle(value: Value, logger: Logger) async {
        await withTaskCancellationHandler {
            try? await value.channel.closeFuture.get()
        } onCancel: {
            value.channel.close(promise: nil)
        }
    }
}

/// Lets tests and the composition root wait for the port.
private final class ListeningState: Sendable {
    private struct State {
        var port: Int?
        var hasEnded = false
        var waiting: [CheckedContinuation<Int?, Never>] = []
    }

    private let state = Mutex(State())

    func succeed(_ port: Int) {
        resume { $0.port = port }
    }

    func fail() {
        resume { $0.hasEnded = true }
    }

    private func resume(_ change: (inout State) -> Void) {
        let (waiting, port) = state.withLock { state in
            change(&state)
            defer { state.waiting = [] }
            return (state.waiting, state.port)
        }
        for continuation in waiting { continuation.resume(returning: port) }
    }

    func port() async -> Int? {
        await withCheckedContinuation { continuation in
            let isKnown = state.withLock { state in
                if state.port != nil || state.hasEnded { return true }
                state.waiting.append(continuation)
                return false
            }
            if isKnown { continuation.resume(returning: state.withLock { $0.port }) }
        }
    }
}

import HummingbirdCore
import Kernel
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
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
    /// The API's port, then the sites'.
    private let listening: [ListeningState]

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
        listening = (0...configuration.sites.count).map { _ in ListeningState() }
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
        let date = DateHeader(clock: clock)
        let budget = BodyBudget(limit: configuration.maximumWaitingBodyBytes)
        let connections = ConnectionCounter(
            limit: configuration.maximumConnectionsPerAddress, trustedProxies: configuration.trustedProxies)
        let encryption = try configuration.encryption?.context()
        do {
            try await withThrowingTaskGroup(of: Void.self) { ports in
                for (index, port) in ([configuration.port] + configuration.sites.map(\.port)).enumerated() {
                    let channel = EdgeChannel(
                        responder: Responder(pipeline: pipeline, site: index == 0 ? nil : configuration.sites[index - 1].site),
                        configuration: configuration, executors: executors, date: date, budget: budget, connections: connections,
                        encryption: encryption)
                    ports.addTask { try await self.serve(channel, port: port, listening: self.listening[index], group: group) }
                }
                try await ports.waitForAll()
            }
        } catch {
            try? await ownGroup?.shutdownGracefully()
            throw error
        }
        try await ownGroup?.shutdownGracefully()
    }

    private func serve(_ channel: EdgeChannel, port: Int, listening: ListeningState, group: any EventLoopGroup) async throws {
        let server = channel.server(
            configuration: ServerConfiguration(
                address: .hostname(configuration.host, port: port), backlog: 1_024,
                availableConnectionsDelegate: MaximumAvailableConnections(configuration.maximumConnections, logger: logger)),
            onServerRunning: { channel in listening.succeed(channel.localAddress?.port ?? 0) }, eventLoopGroup: group,
            logger: logger)
        defer { listening.fail() }
        try await server.run()
    }

    /// The port, as soon as the server listens on it. Useful when the configured port is 0.
    /// - Parameter site: name of a site; nil means the API alone
    /// - Returns: nil when the server ended without having listened
    public func listeningPort(of site: String? = nil) async -> Int? {
        guard let site else { return await listening[0].port() }
        guard let index = configuration.sites.firstIndex(where: { $0.name == site }) else { return nil }
        return await listening[index + 1].port()
    }
}

/// Builds the pipeline of a connection, and waits for its end on behalf of the server.
private struct EdgeChannel: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let channel: any NIOCore.Channel
    }

    let responder: Responder
    let configuration: EdgeConfiguration
    let executors: [ObjectIdentifier: EventLoopExecutor]
    let date: DateHeader
    let budget: BodyBudget
    let connections: ConnectionCounter
    let encryption: NIOSSLContext?

    func setup(channel: any NIOCore.Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = configuration.maximumHeaderBytes
            limits.maxHeaderListSize = configuration.maximumHeaderBytes
            limits.maxHeaderFieldCount = configuration.maximumHeaderCount
            let handlers = channel.pipeline.syncOperations
            if let encryption { try handlers.addHandler(NIOSSLServerHandler(context: encryption)) }
            try handlers.addHandler(ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)))
            let executor = executors[ObjectIdentifier(channel.eventLoop)] ?? EventLoopExecutor(channel.eventLoop)
            try handlers.addHandler(
                ConnectionHandler(
                    responder: responder, configuration: configuration, executor: executor, date: date, budget: budget,
                    connections: connections, isSecure: encryption != nil))
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

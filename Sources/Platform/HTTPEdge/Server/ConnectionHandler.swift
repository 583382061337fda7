import NIOCore
import NIOHTTP1
import Synchronization

/// One HTTP/1.1 connection, on its event loop: reads requests one after the other, has each answered by the pipeline in a task on
/// the same loop, and writes the responses in order.
///
/// A request that came early (pipelining) waits; while one waits, nothing more is read. Every stage has a time limit, watched by
/// one coarse timer per connection.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = IOData

    private enum Stage {
        /// Between requests.
        case idle
        case reading(HTTPRequestHead, body: [UInt8])
        /// The pipeline works; `number` tells its response from one that came too late.
        case answering(number: Int, IncomingRequest, isKeptAlive: Bool, isVersion10: Bool)
        /// The head has left, and the body follows as it is made.
        case streaming(number: Int, isKeptAlive: Bool, isVersion10: Bool)
        /// The last response is on its way; what still arrives is thrown away.
        case flushing
        /// The last response has left; the caller gets a moment to read it, then the connection closes.
        case closing
    }

    private let responder: Responder
    private let configuration: EdgeConfiguration
    private let executor: EventLoopExecutor
    private let date: DateHeader
    private let isSecure: Bool
    private var peer = PeerAddress("")

    private var stage = Stage.idle
    /// The work on the request that is being answered, while it waits for something.
    private var answering: Task<Void, Never>?
    private var isContinuing = false
    private var stageSince = NIODeadline.now()
    private var waiting: [HTTPServerRequestPart] = []
    private var waitingFault: UnreadableRequest?
    private var requestNumber = 0
    private var isReadHeld = false
    private var isInputClosed = false
    private var isQuiescing = false
    private var isCancelled = false
    /// The body is longer than allowed: what still comes of it is thrown away.
    private var isDiscarding = false
    private var discardedBytes = 0
    private var timer: RepeatedTask?
    private let budget: BodyBudget
    private let connections: ConnectionCounter
    private var place: ConnectionCounter.Place?
    private var budgetedBytes = 0
    private var readLimits: (bytes: Int, seconds: Int64)

    /// - Parameter isSecure: whether the connection is encrypted
    init(
        responder: Responder, configuration: EdgeConfiguration, executor: EventLoopExecutor, date: DateHeader, budget: BodyBudget,
        connections: ConnectionCounter, isSecure: Bool
    ) {
        self.budget = budget
        self.connections = connections
        self.responder = responder
        self.isSecure = isSecure
        self.configuration = configuration
        readLimits = (configuration.maximumBodyBytes, configuration.requestReadTimeLimitSeconds)
        self.executor = executor
        self.date = date
    }

    // MARK: Life of the connection

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { start(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        start(context)
        context.fireChannelActive()
    }

    private func start(_ context: ChannelHandlerContext) {
        guard timer == nil, case .idle = stage else { return }
        peer = PeerAddress(context.remoteAddress?.ipAddress ?? "")
        place = connections.admit(peer)
        guard place != nil else {
            stage = .closing
            context.close(promise: nil)
            return
        }
        stageSince = .now()
        let shortest = min(
            configuration.requestTimeLimitSeconds, configuration.requestReadTimeLimitSeconds, configuration.idleTimeLimitSeconds,
            configuration.cancellationGraceSeconds)
        let tick = TimeAmount.milliseconds(max(50, min(1_000, shortest * 250)))
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { _ in
            bound.value.handler.watchTime(bound.value.context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stop()
    }

    private func stop() {
        timer?.cancel()
        timer = nil
        if let place { connections.leave(place) }
        place = nil
        // A handler that is at work finishes: the caller does not know the outcome and asks again with the same key.
        waiting = []
        budget.release(&budgetedBytes)
        stage = .closing
    }

    // MARK: Reading

    func read(context: ChannelHandlerContext) {
        if !waiting.isEmpty {
            isReadHeld = true
        } else {
            context.read()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if isDiscarding {
            discard(part, context)
            return
        }
        if isAnswering {
            waiting.append(part)
        } else if waiting.isEmpty {
            accept(part, context)
        } else {
            waiting.append(part)
        }
    }

    private var isAnswering: Bool {
        switch stage {
        case .answering, .streaming: true
        default: false
        }
    }

    private func accept(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        switch (stage, part) {
        case (.idle, .head(let head)): begin(head, context)
        case (.reading(let head, var body), .body(let bytes)):
            guard body.count + bytes.readableBytes <= readLimits.bytes else {
                refuseBody(head, context)
                return
            }
            guard budget.take(bytes.readableBytes, after: body.count, of: &budgetedBytes) else {
                stage = .idle
                refuse(.noRoom, context)
                return
            }
            // The stage lets go of the array first, so that appending does not copy it.
            stage = .idle
            body.append(contentsOf: bytes.readableBytesView)
            stage = .reading(head, body: body)
        case (.reading(let head, let body), .end):
            budget.release(&budgetedBytes)
            answer(head, .bytes(body), context)
        case (.flushing, _), (.closing, _): discard(part, context)
        default: break
        }
    }

    private func discard(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        guard case .body(let bytes) = part else { return }
        discardedBytes += bytes.readableBytes
        // A caller that does not stop sending is cut off; a polite one gets to read the response.
        if discardedBytes > 8 * readLimits.bytes { context.close(promise: nil) }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        enter(.reading(head, body: []))
        readLimits = (configuration.maximumBodyBytes, configuration.requestReadTimeLimitSeconds)
        if let type = head.headers.first(name: "content-type"), type.utf8.count >= 10, type.prefix(10).lowercased() == "multipart/" {
            readLimits = responder.readLimits(
                method: head.method.rawValue, uri: head.uri, hasToken: head.headers.contains(name: "authorization"))
        }
        if let length = head.headers.first(name: "content-length").flatMap({ Int($0) }), length > readLimits.bytes {
            refuseBody(head, context)
            return
        }
        if head.version.minor > 0, head.headers.contains(name: "expect"),
            head.headers[canonicalForm: "expect"].contains(where: { $0.lowercased() == "100-continue" })
        {
            var buffer = context.channel.allocator.buffer(capacity: 32)
            buffer.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
            context.writeAndFlush(wrapOutboundOut(.byteBuffer(buffer)), promise: nil)
        }
    }

    private func refuseBody(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        isDiscarding = true
        budget.release(&budgetedBytes)
        answer(head, .tooLarge, context)
    }

    // MARK: Answering

    private func answer(_ head: HTTPRequestHead, _ body: IncomingRequest.Body, _ context: ChannelHandlerContext) {
        requestNumber += 1
        let number = requestNumber
        let request = IncomingRequest(
            method: head.method.rawValue, uri: head.uri, headers: head.headers, body: body, peer: peer, isSecure: isSecure,
            requiresHost: head.version.minor > 0)
        isCancelled = false
        // An upgrade is never accepted, and the decoder reads nothing after a request for one.
        let isKeptAlive = head.isKeepAlive && !head.headers.contains(name: "upgrade") && head.method != .CONNECT
        enter(.answering(number: number, request, isKeptAlive: isKeptAlive, isVersion10: head.version.minor == 0))
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        // The task begins here and now, and prefers this loop's thread whenever it goes on after waiting for something.
        let task = Task.immediate(executorPreference: executor) { [responder] in
            let response = await responder.respond(to: request)
            if loop.inEventLoop {
                bound.value.handler.finish(number, response, bound.value.context)
            } else {
                loop.execute { bound.value.handler.finish(number, response, bound.value.context) }
            }
        }
        if case .answering(number, _, _, _) = stage { answering = task }
    }

    private func finish(_ number: Int, _ response: OutgoingResponse, _ context: ChannelHandlerContext) {
        guard case .answering(number, _, let isKeptAlive, let isVersion10) = stage else { return }
        answering = nil
        let staysOpen = isKeptAlive && !response.closesConnection && !isQuiescing && !(isInputClosed && waiting.isEmpty)
        if let stream = response.stream, !response.omitsBody {
            send(stream, of: response, number, isKeptAlive: staysOpen && !isVersion10, isVersion10: isVersion10, context)
        } else if staysOpen {
            context.writeAndFlush(wrapOutboundOut(bytes(of: response, isKeptAlive: true, isVersion10, context)), promise: nil)
            enter(.idle)
            continueWithWaiting(context)
        } else {
            writeLast(bytes(of: response, isKeptAlive: false, isVersion10, context), context)
        }
    }

    // MARK: Bodies that are made while they are sent

    private func send(
        _ body: BodyStream, of response: OutgoingResponse, _ number: Int, isKeptAlive: Bool, isVersion10: Bool,
        _ context: ChannelHandlerContext
    ) {
        context.write(wrapOutboundOut(bytes(of: response, isKeptAlive: isKeptAlive, isVersion10, context)), promise: nil)
        enter(.streaming(number: number, isKeptAlive: isKeptAlive, isVersion10: isVersion10))
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        Task(executorPreference: executor) {
            do {
                while let piece = try await body.piece() {
                    if piece.isEmpty { continue }
                    // The next piece is made when the socket has taken this one.
                    try await loop.flatSubmit { bound.value.handler.send(piece, number, bound.value.context) }.get()
                }
                loop.execute { bound.value.handler.endBody(number, bound.value.context) }
            } catch {
                loop.execute { bound.value.handler.breakOff(number, bound.value.context) }
            }
        }
    }

    private func send(_ piece: [UInt8], _ number: Int, _ context: ChannelHandlerContext) -> EventLoopFuture<Void> {
        guard case .streaming(number, _, let isVersion10) = stage else {
            return context.eventLoop.makeFailedFuture(ChannelError.ioOnClosedChannel)
        }
        stageSince = .now()
        var buffer = context.channel.allocator.buffer(capacity: piece.count + 16)
        if isVersion10 { buffer.writeBytes(piece) } else { ResponseBytes.writeChunk(piece, into: &buffer) }
        let written = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(buffer)), promise: written)
        return written.futureResult
    }

    private func endBody(_ number: Int, _ context: ChannelHandlerContext) {
        guard case .streaming(number, let isKeptAlive, let isVersion10) = stage else { return }
        var buffer = context.channel.allocator.buffer(capacity: 8)
        if !isVersion10 { buffer.writeStaticString("0\r\n\r\n") }
        if isKeptAlive, !isQuiescing, !(isInputClosed && waiting.isEmpty) {
            context.writeAndFlush(wrapOutboundOut(.byteBuffer(buffer)), promise: nil)
            enter(.idle)
            continueWithWaiting(context)
        } else {
            writeLast(.byteBuffer(buffer), context)
        }
    }

    /// Half a body must not look like a whole one.
    private func breakOff(_ number: Int, _ context: ChannelHandlerContext) {
        guard case .streaming(number, _, _) = stage else { return }
        context.close(promise: nil)
    }

    private func bytes(
        of response: OutgoingResponse, isKeptAlive: Bool, _ isVersion10: Bool, _ context: ChannelHandlerContext
    ) -> IOData {
        var buffer = context.channel.allocator.buffer(capacity: 768 + response.body.count)
        ResponseBytes.write(response, into: &buffer, isKeptAlive: isKeptAlive, isVersion10: isVersion10, date: date.bytes)
        return .byteBuffer(buffer)
    }

    /// Takes up what arrived during the last answer. Waits while the caller does not read its responses.
    private func continueWithWaiting(_ context: ChannelHandlerContext) {
        // An answer that is ready at once comes back here from below; the walk that is under way goes on with the next request.
        if isContinuing { return }
        isContinuing = true
        defer { isContinuing = false }
        var taken = 0
        while taken < waiting.count, case let part = waiting[taken], context.channel.isWritable {
            if isAnswering { break }
            taken += 1
            accept(part, context)
        }
        waiting.removeFirst(min(taken, waiting.count))
        if let fault = waitingFault, waiting.isEmpty, case .idle = stage {
            waitingFault = nil
            refuse(fault, context)
            return
        }
        if isReadHeld, waiting.isEmpty {
            isReadHeld = false
            context.read()
        }
        if waiting.isEmpty, isInputClosed {
            // Nothing more can come: what is incomplete stays so.
            switch stage {
            case .answering, .streaming, .flushing, .closing: break
            case .idle, .reading: closeWhenFlushed(context)
            }
        }
    }

    /// Ends a connection on which earlier responses may still be on their way.
    private func closeWhenFlushed(_ context: ChannelHandlerContext) {
        enter(.flushing)
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let empty = context.channel.allocator.buffer(capacity: 0)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenComplete { _ in bound.value.handler.closeAfterWriting(bound.value.context) }
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(empty)), promise: written)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, !waiting.isEmpty { continueWithWaiting(context) }
        context.fireChannelWritabilityChanged()
    }

    // MARK: Ending

    /// Writes the last response. When it has left, sends the end of our side and gives the caller a moment to read before the
    /// connection goes, because closing a socket with unread bytes would destroy the response on its way.
    private func writeLast(_ bytes: IOData, _ context: ChannelHandlerContext) {
        waiting = []
        waitingFault = nil
        budget.release(&budgetedBytes)
        enter(.flushing)
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.whenComplete { _ in bound.value.handler.closeAfterWriting(bound.value.context) }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: written)
        if isReadHeld {
            isReadHeld = false
            context.read()
        }
    }

    private func closeAfterWriting(_ context: ChannelHandlerContext) {
        guard case .flushing = stage else { return }
        enter(.closing)
        if isInputClosed {
            context.close(promise: nil)
        } else {
            context.close(mode: .output, promise: nil)
        }
    }

    private func refuse(_ fault: UnreadableRequest, _ context: ChannelHandlerContext) {
        writeLast(bytes(of: responder.pipeline.respond(toUnreadable: fault), isKeptAlive: false, false, context), context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let fault = Self.fault(of: error) else {
            context.close(promise: nil)
            return
        }
        switch stage {
        case .answering, .streaming: waitingFault = fault
        case .idle where !waiting.isEmpty: waitingFault = fault
        case .idle, .reading: refuse(fault, context)
        case .flushing: break
        case .closing: context.close(promise: nil)
        }
    }

    /// Nil for errors of the socket, after which nothing can be said to anybody.
    private static func fault(of error: any Error) -> UnreadableRequest? {
        guard let error = error as? HTTPParserError else { return nil }
        switch error {
        case .headerOverflow: return .largeHeaders
        case .invalidEOFState: return nil
        default: return .malformed
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            isInputClosed = true
            switch stage {
            case .answering, .streaming, .flushing: break
            case .idle where !waiting.isEmpty: break
            case .idle: closeWhenFlushed(context)
            case .reading, .closing: context.close(promise: nil)
            }
        case is ChannelShouldQuiesceEvent:
            isQuiescing = true
            if case .idle = stage, waiting.isEmpty { closeWhenFlushed(context) }
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: Time

    private func enter(_ next: Stage) {
        stage = next
        stageSince = .now()
    }

    private func watchTime(_ context: ChannelHandlerContext) {
        let elapsedNanoseconds = (NIODeadline.now() - stageSince).nanoseconds
        func exceeds(_ seconds: Int64) -> Bool { elapsedNanoseconds >= seconds * 1_000_000_000 }
        switch stage {
        case .idle:
            // A connection that never sent a request has only the time that one may take to arrive.
            let limit = requestNumber == 0 ? configuration.requestReadTimeLimitSeconds : configuration.idleTimeLimitSeconds
            if exceeds(limit) { context.close(promise: nil) }
        case .reading:
            if exceeds(readLimits.seconds) { refuse(.slow, context) }
        case .answering(let number, let request, _, _):
            guard exceeds(configuration.requestTimeLimitSeconds) else { break }
            let limit = responder.pipeline.timeLimitSeconds(of: request)
            if exceeds(limit + configuration.cancellationGraceSeconds) {
                finish(number, responder.pipeline.respond(toOverdue: request), context)
            } else if exceeds(limit), !isCancelled {
                isCancelled = true
                answering?.cancel()
            }
        case .streaming:
            // Neither may take longer over one piece: the caller to take it, or we to make the next.
            if exceeds(max(configuration.idleTimeLimitSeconds, configuration.requestTimeLimitSeconds)) { context.close(promise: nil) }
        case .flushing:
            if exceeds(configuration.idleTimeLimitSeconds) { context.close(promise: nil) }
        case .closing:
            if exceeds(2) { context.close(promise: nil) }
        }
    }
}

/// Runs the tasks of an event loop's requests on that loop's thread.
final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        loop.execute { job.runSynchronously(on: executor) }
    }
}

/// What all connections together may hold of bodies that are not complete yet, so that many callers who send slowly cannot fill the
/// memory. Small bodies are not counted.
final class BodyBudget: Sendable {
    private static let uncountedBytes = 65_536

    private let limit: Int
    private let used = Atomic<Int>(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// - Parameters:
    ///   - received: bytes of the body that came before
    ///   - account: what this connection has taken so far
    /// - Returns: false when there is no room
    func take(_ count: Int, after received: Int, of account: inout Int) -> Bool {
        guard received + count > Self.uncountedBytes else { return true }
        guard used.wrappingAdd(count, ordering: .relaxed).newValue <= limit else {
            used.wrappingSubtract(count, ordering: .relaxed)
            return false
        }
        account += count
        return true
    }

    func release(_ account: inout Int) {
        guard account > 0 else { return }
        used.wrappingSubtract(account, ordering: .relaxed)
        account = 0
    }
}

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A small Redis client: one connection on one thread, whose commands are gathered into pipelines by themselves under load.
///
/// When Redis is lost, commands fail at once with `unavailable` while the thread tries to connect again with growing pauses. Nothing
/// here waits for Redis longer than the configured time limits, so callers can always degrade.
public final class RedisClient: Sendable {
    private struct Pending {
        let arguments: [[UInt8]]
        let continuation: CheckedContinuation<Result<RedisValue, RedisError>, Never>
    }

    private struct State {
        var queue: [Pending] = []
        var isClosed = false
        var isConnected = false
    }

    private let configuration: RedisConfiguration
    private let state = Mutex(State())
    private let wakeUp = Signal()

    public init(configuration: RedisConfiguration) {
        self.configuration = configuration
        let worker = Worker(client: self)
        startThread { worker.run() }
    }

    /// True after a successful exchange with Redis, false after a failed one.
    public var isConnected: Bool { state.withLock { $0.isConnected } }

    /// Runs one command.
    /// - Throws: `RedisError`; `refused` carries Redis' own message
    public func command(_ arguments: String...) async throws(RedisError) -> RedisValue {
        try await command(arguments.map { Array($0.utf8) })
    }

    /// Runs one command with arguments of any bytes.
    public func command(_ arguments: [[UInt8]]) async throws(RedisError) -> RedisValue {
        let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<RedisValue, RedisError>, Never>) in
            let refusal: RedisError? = state.withLock { state in
                if state.isClosed { return .closed }
                if state.queue.count >= configuration.maximumQueueLength { return .busy }
                state.queue.append(Pending(arguments: arguments, continuation: continuation))
                return nil
            }
            if let refusal {
                continuation.resume(returning: .failure(refusal))
            } else {
                wakeUp.raise()
            }
        }
        let value = try result.get()
        if case .error(let message) = value { throw .refused(message) }
        return value
    }

    // MARK: Commands in use

    public func get(_ key: String) async throws(RedisError) -> [UInt8]? {
        if case .bytes(let bytes) = try await command("GET", key) { bytes } else { nil }
    }

    public func set(_ key: String, _ value: [UInt8], expiresAfterSeconds seconds: Int? = nil) async throws(RedisError) {
        var arguments = [Array("SET".utf8), Array(key.utf8), value]
        if let seconds { arguments += [Array("EX".utf8), Array(String(seconds).utf8)] }
        _ = try await command(arguments)
    }

    /// Sets the value only when the key is free.
    /// - Returns: whether it was free
    public func setIfAbsent(_ key: String, _ value: [UInt8], expiresAfterSeconds seconds: Int) async throws(RedisError) -> Bool {
        let arguments = [Array("SET".utf8), Array(key.utf8), value, Array("NX".utf8), Array("EX".utf8), Array(String(seconds).utf8)]
        return try await command(arguments) != .null
    }

    @discardableResult
    public func delete(_ key: String) async throws(RedisError) -> Bool {
        try await command("DEL", key).integer ?? 0 > 0
    }

    /// Adds one to a counter that disappears `seconds` after its first count.
    /// - Returns: the count, and how many milliseconds the counter has left
    public func countInWindow(_ key: String, seconds: Int) async throws(RedisError) -> (count: Int64, remainingMilliseconds: Int64) {
        let script = """
            local n = redis.call('INCR', KEYS[1])
            if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
            local left = redis.call('PTTL', KEYS[1])
            if left < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) left = tonumber(ARGV[1]) end
            return {n, left}
            """
        let reply = try await command("EVAL", script, "1", key, String(seconds * 1_000))
        guard let values = reply.array, values.count == 2, let count = values[0].integer, let left = values[1].integer else {
            throw .refused("unexpected reply")
        }
        return (count, left)
    }

    /// Whether Redis answers.
    public func ping() async -> Bool {
        (try? await command("PING"))?.text == "PONG"
    }

    /// Fails what waits and ends the thread. The client cannot be used again.
    public func shutdown() {
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { state.queue = [] }
            return state.queue
        }
        for pending in waiting { pending.continuation.resume(returning: .failure(.closed)) }
        wakeUp.raise()
    }

    deinit {
        // The worker holds the client weakly and sees that it is gone.
        wakeUp.raise()
    }

    // MARK: The thread

    private final class Worker: @unchecked Sendable {
        // Only the client's own thread touches what is in here after the start; hence unchecked.
        private weak var client: RedisClient?
        private let wakeUp: Signal
        private let configuration: RedisConfiguration
        private var connection: RedisConnection?
        private var pauseMilliseconds = 0
        private var retryAt: UInt64 = 0

        init(client: RedisClient) {
            self.client = client
            wakeUp = client.wakeUp
            configuration = client.configuration
        }

        func run() {
            // hiredis writes without MSG_NOSIGNAL: on a connection that Redis closed, that would end the whole process.
            var brokenPipe = sigset_t()
            sigemptyset(&brokenPipe)
            sigaddset(&brokenPipe, SIGPIPE)
            pthread_sigmask(SIG_BLOCK, &brokenPipe, nil)
            while true {
                wakeUp.wait()
                guard let client else { return }
                let (batch, isClosed) = client.take()
                if isClosed { return }
                if !batch.isEmpty { serve(batch, of: client) }
            }
        }

        private func serve(_ batch: [Pending], of client: RedisClient) {
            do throws(RedisError) {
                let connection = try connected()
                let replies = try connection.run(batch.map(\.arguments))
                client.setConnected(true)
                for (pending, reply) in zip(batch, replies) { pending.continuation.resume(returning: .success(reply)) }
            } catch {
                connection = nil
                client.setConnected(false)
                for pending in batch { pending.continuation.resume(returning: .failure(error)) }
            }
        }

        private func connected() throws(RedisError) -> RedisConnection {
            if let connection { return connection }
            let now = monotonicMilliseconds()
            guard now >= retryAt else { throw .unavailable("waiting before the next attempt to connect") }
            do throws(RedisError) {
                let opened = try RedisConnection(configuration)
                connection = opened
                pauseMilliseconds = 0
                return opened
            } catch {
                pauseMilliseconds = min(max(100, pauseMilliseconds * 2), 2_000)
                retryAt = monotonicMilliseconds() + UInt64(pauseMilliseconds)
                throw error
            }
        }
    }

    private func take() -> (batch: [Pending], isClosed: Bool) {
        state.withLock { state in
            let batch = Array(state.queue.prefix(256))
            state.queue.removeFirst(batch.count)
            if !state.queue.isEmpty { wakeUp.raise() }
            return (batch, state.isClosed)
        }
    }

    private func setConnected(_ isConnected: Bool) {
        state.withLock { $0.isConnected = isConnected }
    }
}

/// A counting signal between tasks and one thread.
final class Signal: @unchecked Sendable {
    // The semaphore is a C object that is safe to use from several threads; Swift cannot know that.
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func raise() { sem_post(semaphore) }

    func wait() {
        while sem_wait(semaphore) != 0, errno == EINTR {}
    }
}

func monotonicMilliseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000 + UInt64(time.tv_nsec) / 1_000_000
}

/// Starts a detached thread that runs `body` to its end.
private func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(Box(body)).toOpaque()
    let status = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, argument)
    precondition(status == 0, "a thread could not be started")
    pthread_detach(thread)
}

import Foundation
import Synchronization

/// A load generator of our own: one thread, sockets that never block, requests put together from prepared bytes, so that on two cores
/// it takes as little as possible from what it measures. It talks to loopback only and stops by itself.
struct HTTPLoad {
    let port: Int
    /// A connection has one request under way at a time.
    let connections: Int
    let seconds: Double
    /// Open loop: requests a second over all connections, each sent when its time has come whatever the others do, and its latency
    /// counted from that time. Nil: the next request follows the answer.
    var ratePerSecond: Double?

    struct Outcome: Sendable {
        var completed = 0
        /// Answers by status.
        var statuses: [Int: Int] = [:]
        var failures = 0
        var seconds: Double
        /// Microseconds, ascending.
        var latencies: [Int64] = []
        /// Processor time of this process while the load ran: the generator's own.
        var generatorMicroseconds: Double = 0

        var perSecond: Double { Double(completed) / seconds }
        var errors: Int { failures + statuses.filter { $0.key >= 400 }.values.reduce(0, +) }

        func percentile(_ fraction: Double) -> Double {
            guard !latencies.isEmpty else { return 0 }
            return Double(latencies[min(latencies.count - 1, Int(Double(latencies.count) * fraction))]) / 1_000
        }
    }

    /// Writes the n-th request of a connection behind what `bytes` holds.
    typealias Compose = @Sendable (_ connection: Int, _ number: Int, _ random: inout QuickRandom, _ bytes: inout [UInt8]) -> Void

    /// Runs on a thread of its own and returns when the time is over.
    func run(_ compose: @escaping Compose) -> Outcome {
        let result = Mutex(Outcome(seconds: seconds))
        let group = DispatchGroup()
        let box = Box(result)
        group.enter()
        let thread = Thread {
            let driver = Driver(load: self, compose: compose)
            let outcome = driver.run()
            box.outcome.withLock { $0 = outcome }
            group.leave()
        }
        thread.stackSize = 1 << 20
        thread.start()
        group.wait()
        return box.outcome.withLock { $0 }
    }

    private final class Box: Sendable {
        let outcome: Mutex<Outcome>
        init(_ outcome: consuming sending Mutex<Outcome>) { self.outcome = outcome }
    }

    static func nowMicroseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    static func threadMicroseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
    }
}

/// xorshift64*: a random choice for a nanosecond, where the system's generator makes a system call.
struct QuickRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    /// 0 up to `bound`, without it. The bias of 2^-40 is of no matter here.
    mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: (next() >> 24) % UInt64(bound)) }
}

/// All connections of a run, on one thread.
private final class Driver {
    private final class Connection {
        let socket: LoopbackSocket
        var request: [UInt8] = []
        var number = 0
        /// When the request under way was due, or the next one is.
        var due: Int64 = 0
        var isBusy = false
        var isDone = false

        init(_ socket: LoopbackSocket) { self.socket = socket }
    }

    private let load: HTTPLoad
    private let compose: HTTPLoad.Compose
    private var random = QuickRandom(seed: UInt64(bitPattern: HTTPLoad.nowMicroseconds()) &* 0x9E37_79B9_7F4A_7C15)
    private var connections: [Connection] = []
    private var watched = DescriptorSet()
    private var outcome: HTTPLoad.Outcome
    private var start: Int64 = 0
    private var end: Int64 = 0

    init(load: HTTPLoad, compose: @escaping HTTPLoad.Compose) {
        self.load = load
        self.compose = compose
        outcome = HTTPLoad.Outcome(seconds: load.seconds)
        outcome.latencies.reserveCapacity(Int(load.seconds * 20_000))
    }

    func run() -> HTTPLoad.Outcome {
        for _ in 0..<load.connections {
            guard let socket = LoopbackSocket(port: load.port, isBlocking: false) else {
                outcome.failures += 1
                continue
            }
            connections.append(Connection(socket))
            watched.insert(socket.descriptor)
        }
        let processorStart = HTTPLoad.threadMicroseconds()
        start = HTTPLoad.nowMicroseconds()
        end = start + Int64(load.seconds * 1_000_000)
        for index in connections.indices {
            connections[index].due = dueTime(index, 0)
            if load.ratePerSecond == nil { send(index) }
        }
        while let waitMicroseconds = sendWhatIsDue() {
            var limit = timeval(tv_sec: Int(waitMicroseconds / 1_000_000), tv_usec: Int(waitMicroseconds % 1_000_000))
            // `select` and not `poll`, because an open loop waits for fractions of a millisecond.
            var readable = watched.set
            guard select(watched.highest + 1, &readable, nil, nil, &limit) > 0 else { continue }
            let ready = DescriptorSet(set: readable)
            for index in connections.indices where ready.contains(connections[index].socket.descriptor) { receive(index) }
        }
        outcome.seconds = Double(HTTPLoad.nowMicroseconds() - start) / 1_000_000
        outcome.generatorMicroseconds = HTTPLoad.threadMicroseconds() - processorStart
        outcome.latencies.sort()
        return outcome
    }

    private func dueTime(_ index: Int, _ number: Int) -> Int64 {
        guard let rate = load.ratePerSecond else { return HTTPLoad.nowMicroseconds() }
        return start + Int64(Double(number * load.connections + index) * 1_000_000 / rate)
    }

    /// - Returns: how long to wait for answers at most; nil when everything is over
    private func sendWhatIsDue() -> Int64? {
        let now = HTTPLoad.nowMicroseconds()
        var next = now + 100_000
        var isUnderWay = false
        for index in connections.indices where !connections[index].isDone {
            let connection = connections[index]
            if !connection.isBusy {
                if connection.due >= end {
                    connection.isDone = true
                    continue
                }
                if connection.due <= now { send(index) } else { next = min(next, connection.due) }
            }
            isUnderWay = true
        }
        // An answer that never comes must not keep the run alive for ever.
        return isUnderWay && now < end + 20_000_000 ? max(0, next - now) : nil
    }

    private func send(_ index: Int) {
        let connection = connections[index]
        connection.request.removeAll(keepingCapacity: true)
        compose(index, connection.number, &random, &connection.request)
        connection.isBusy = true
        // A request is far smaller than a socket's buffer, and the buffer is empty: it goes out whole or the connection is lost.
        if !connection.socket.send(connection.request) { lose(index) }
    }

    private func receive(_ index: Int) {
        let connection = connections[index]
        guard !connection.isDone else { return }
        switch connection.socket.receive() {
        case .incomplete: return
        case .lost: lose(index)
        case .status(let status):
            outcome.latencies.append(HTTPLoad.nowMicroseconds() - connection.due)
            outcome.statuses[status, default: 0] += 1
            outcome.completed += 1
            connection.number += 1
            connection.isBusy = false
            connection.due = dueTime(index, connection.number)
            if load.ratePerSecond == nil, connection.due < end { send(index) }
        }
    }

    private func lose(_ index: Int) {
        outcome.failures += 1
        connections[index].isDone = true
        watched.remove(connections[index].socket.descriptor)
    }
}

/// `fd_set` without the macros that Swift cannot see.
private struct DescriptorSet {
    var set = fd_set()
    private(set) var highest: Int32 = 0

    init() {}
    init(set: fd_set) { self.set = set }

    mutating func insert(_ descriptor: Int32) {
        precondition(descriptor < 1_024, "select watches 1,024 descriptors")
        highest = max(highest, descriptor)
        withUnsafeMutableBytes(of: &set) { $0[Int(descriptor) / 8] |= 1 << UInt8(descriptor % 8) }
    }

    mutating func remove(_ descriptor: Int32) {
        withUnsafeMutableBytes(of: &set) { $0[Int(descriptor) / 8] &= ~(1 << UInt8(descriptor % 8)) }
    }

    func contains(_ descriptor: Int32) -> Bool {
        withUnsafeBytes(of: set) { $0[Int(descriptor) / 8] & (1 << UInt8(descriptor % 8)) != 0 }
    }
}

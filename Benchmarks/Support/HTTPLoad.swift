import Foundation
import Synchronization

/// A load generator of our own: threads with blocking sockets and requests made beforehand, so that on two cores it takes as little
/// as possible from what it measures. It talks to loopback only and stops by itself.
struct HTTPLoad {
    let port: Int
    /// One connection each; a connection has one request under way at a time.
    let connections: Int
    let seconds: Double
    /// Open loop: requests a second over all connections, each sent when its time has come whatever the others do, and its latency
    /// counted from that time. Nil: the next request follows the answer.
    var ratePerSecond: Double?

    struct Outcome {
        var completed = 0
        /// Answers by status.
        var statuses: [Int: Int] = [:]
        var failures = 0
        var seconds: Double
        /// Microseconds, ascending.
        var latencies: [Int64] = []

        var perSecond: Double { Double(completed) / seconds }
        var errors: Int { failures + statuses.filter { $0.key >= 400 }.values.reduce(0, +) }

        func percentile(_ fraction: Double) -> Double {
            guard !latencies.isEmpty else { return 0 }
            return Double(latencies[min(latencies.count - 1, Int(Double(latencies.count) * fraction))]) / 1_000
        }
    }

    /// - Parameter request: the bytes of the n-th request of a connection
    func run(_ request: @escaping @Sendable (_ connection: Int, _ number: Int) -> [UInt8]) -> Outcome {
        let merged = Mutex(Outcome(seconds: seconds))
        let group = DispatchGroup()
        let start = Self.nowMicroseconds()
        let end = start + Int64(seconds * 1_000_000)
        let box = Box(merged)
        for connection in 0..<connections {
            group.enter()
            let thread = Thread {
                let part = drive(connection, from: start, until: end, request)
                box.outcome.withLock { total in
                    total.completed += part.completed
                    total.failures += part.failures
                    total.statuses.merge(part.statuses, uniquingKeysWith: +)
                    total.latencies += part.latencies
                }
                group.leave()
            }
            thread.stackSize = 512 * 1024
            thread.start()
        }
        group.wait()
        return box.outcome.withLock { outcome in
            outcome.latencies.sort()
            outcome.seconds = Double(Self.nowMicroseconds() - start) / 1_000_000
            return outcome
        }
    }

    private final class Box: Sendable {
        let outcome: Mutex<Outcome>
        init(_ outcome: consuming sending Mutex<Outcome>) { self.outcome = outcome }
    }

    private func drive(
        _ connection: Int, from start: Int64, until end: Int64, _ request: (Int, Int) -> [UInt8]
    ) -> Outcome {
        var part = Outcome(seconds: seconds)
        guard let socket = LoopbackSocket(port: port) else {
            part.failures += 1
            return part
        }
        var number = 0
        while true {
            var due = Self.nowMicroseconds()
            if let ratePerSecond {
                due = start + Int64(Double(number * connections + connection) * 1_000_000 / ratePerSecond)
                let wait = due - Self.nowMicroseconds()
                if wait > 0 { usleep(UInt32(wait)) }
            }
            if due >= end { return part }
            guard let status = socket.exchange(request(connection, number)) else {
                part.failures += 1
                return part
            }
            part.latencies.append(Self.nowMicroseconds() - due)
            part.statuses[status, default: 0] += 1
            part.completed += 1
            number += 1
        }
    }

    static func nowMicroseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}

/// A keep-alive connection to 127.0.0.1.
final class LoopbackSocket {
    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    /// Body of the last answer.
    private(set) var body: [UInt8] = []

    init?(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { return nil }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    /// Sends a request and reads its whole answer.
    /// - Returns: the status; nil when the connection failed
    func exchange(_ request: [UInt8]) -> Int? {
        var sent = 0
        while sent < request.count {
            let count = request.withUnsafeBytes {
                send(descriptor, $0.baseAddress.map { $0 + sent }, request.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return nil }
            sent += count
        }
        var filled = 0
        var headerEnd: Int?
        var length = 0
        while true {
            let capacity = buffer.count - filled
            guard capacity > 0 else { return nil }
            let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress.map { $0 + filled }, capacity, 0) }
            guard count > 0 else { return nil }
            filled += count
            if headerEnd == nil, let end = Self.endOfHeader(buffer, filled) {
                headerEnd = end
                length = Self.contentLength(buffer, end)
            }
            if let headerEnd, filled >= headerEnd + length {
                body = Array(buffer[headerEnd..<(headerEnd + length)])
                // "HTTP/1.1 201": the status stands at 9 to 11.
                return buffer[9..<12].reduce(0) { $0 * 10 + Int($1) - 48 }
            }
        }
    }

    private static func endOfHeader(_ bytes: [UInt8], _ count: Int) -> Int? {
        guard count >= 4 else { return nil }
        for at in 0...(count - 4) where bytes[at] == 13 && bytes[at + 1] == 10 && bytes[at + 2] == 13 && bytes[at + 3] == 10 {
            return at + 4
        }
        return nil
    }

    private static let lengthName = Array("content-length:".utf8)

    private static func contentLength(_ bytes: [UInt8], _ end: Int) -> Int {
        var at = 0
        while at + lengthName.count < end {
            var matches = true
            for offset in 0..<lengthName.count where bytes[at + offset] | 0x20 != lengthName[offset] | 0x20 {
                matches = false
                break
            }
            if matches {
                var value = 0
                at += lengthName.count
                while bytes[at] == 32 { at += 1 }
                while bytes[at] >= 48, bytes[at] <= 57 {
                    value = value * 10 + Int(bytes[at]) - 48
                    at += 1
                }
                return value
            }
            at += 1
        }
        return 0
    }
}

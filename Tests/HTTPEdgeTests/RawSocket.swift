import Foundation
import Glibc
import HTTPEdge

/// What a raw socket does: send bytes, wait, stop sending, read.
enum SocketStep: Sendable {
    case send(String)
    case sendBytes([UInt8])
    case pause(milliseconds: Int)
    /// Does nothing until the test says so.
    case hold(until: DispatchSemaphore)
    /// Ends our side of the connection.
    case finish
    /// Reads until this text has come.
    case await(String)
}

enum RawSocket {
    /// Plays the steps on a new connection and returns everything that came until the server closed it or fell silent for 5 seconds.
    static func exchange(_ port: Int, _ steps: [SocketStep]) async -> String {
        await withCheckedContinuation { continuation in
            // A thread of its own: blocking calls must not occupy the threads on which the server's tasks run.
            Thread.detachNewThread { continuation.resume(returning: play(port, steps)) }
        }
    }

    private static func play(_ port: Int, _ steps: [SocketStep]) -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var timeout = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard connected == 0 else { return "no connection" }

        var received: [UInt8] = []
        for step in steps {
            switch step {
            case .send(let text): sendAll(descriptor, Array(text.utf8))
            case .sendBytes(let bytes): sendAll(descriptor, bytes)
            case .pause(let milliseconds): usleep(UInt32(milliseconds) * 1_000)
            case .hold(let semaphore): semaphore.wait()
            case .finish: shutdown(descriptor, Int32(SHUT_WR))
            case .await(let text):
                while !String(decoding: received, as: UTF8.self).contains(text) {
                    guard receive(descriptor, into: &received) else { break }
                }
            }
        }
        while receive(descriptor, into: &received) {}
        return String(decoding: received, as: UTF8.self)
    }

    private static func sendAll(_ descriptor: Int32, _ bytes: [UInt8]) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            // The server may have closed in the middle of what it does not want.
            guard count > 0 else { return }
            offset += count
        }
    }

    private static func receive(_ descriptor: Int32, into received: inout [UInt8]) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        received.append(contentsOf: chunk[..<count])
        return true
    }

    /// Runs the server for the time of `body`.
    static func withServer(_ edge: Edge, _ body: (Int) async throws -> Void) async throws {
        let running = Task { try await edge.server.run() }
        guard let port = await edge.server.listeningPort() else {
            _ = try await running.value
            return
        }
        do {
            try await body(port)
            running.cancel()
            _ = await running.result
        } catch {
            running.cancel()
            _ = await running.result
            throw error
        }
    }
}

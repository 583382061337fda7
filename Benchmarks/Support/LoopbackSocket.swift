import Foundation
import Glibc

/// A keep-alive connection to 127.0.0.1.
final class LoopbackSocket {
    enum Answer {
        case incomplete
        case lost
        case status(Int)
    }

    let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    private var filled = 0
    private var headerEnd = 0
    private var length = 0

    init?(port: Int, isBlocking: Bool = true) {
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
        if !isBlocking, fcntl(descriptor, F_SETFL, O_NONBLOCK) != 0 { return nil }
    }

    deinit { close(descriptor) }

    /// Sends a request and reads its whole answer.
    /// - Returns: the status; nil when the connection failed
    func exchange(_ request: [UInt8]) -> Int? {
        guard send(request) else { return nil }
        while true {
            switch receive() {
            case .incomplete: continue
            case .lost: return nil
            case .status(let status): return status
            }
        }
    }

    /// Body of the last answer.
    var body: [UInt8] { Array(buffer[headerEnd..<(headerEnd + length)]) }

    /// - Returns: false when the connection failed
    func send(_ request: [UInt8]) -> Bool {
        filled = 0
        headerEnd = 0
        length = 0
        var sent = 0
        while sent < request.count {
            let count = request.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress.map { $0 + sent }, request.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Reads what has come of the answer.
    func receive() -> Answer {
        let capacity = buffer.count - filled
        guard capacity > 0 else { return .lost }
        let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress.map { $0 + filled }, capacity, 0) }
        if count < 0, errno == EAGAIN || errno == EINTR { return .incomplete }
        guard count > 0 else { return .lost }
        filled += count
        if headerEnd == 0 {
            guard let header = buffer.withUnsafeBytes({ Self.header(UnsafeRawBufferPointer(rebasing: $0[..<filled])) }) else {
                return .incomplete
            }
            headerEnd = header.end
            length = header.length
        }
        guard filled >= headerEnd + length else { return .incomplete }
        // "HTTP/1.1 201": the status stands at 9 to 11.
        return .status(buffer[9..<12].reduce(0) { $0 * 10 + Int($1) - 48 })
    }

    private static let lengthName = Array("content-length:".utf8)

    /// Walks over the lines of the header.
    /// - Returns: where the body starts and how long it is; nil when the header is not complete
    private static func header(_ bytes: UnsafeRawBufferPointer) -> (end: Int, length: Int)? {
        guard let base = bytes.baseAddress else { return nil }
        var start = 0
        var length = 0
        while start < bytes.count, let newline = memchr(base + start, 10, bytes.count - start) {
            let end = UnsafeRawPointer(newline) - base
            if end - start <= 1 { return (end + 1, length) }
            if bytes[start] | 0x20 == lengthName[0], end - start > lengthName.count,
                lengthName.indices.allSatisfy({ bytes[start + $0] | 0x20 == lengthName[$0] | 0x20 })
            {
                for at in start + lengthName.count..<end where bytes[at] >= 48 && bytes[at] <= 57 {
                    length = length * 10 + Int(bytes[at]) - 48
                }
            }
            start = end + 1
        }
        return nil
    }
}

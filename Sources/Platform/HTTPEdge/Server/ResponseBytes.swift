import Kernel
import NIOCore
import Synchronization

/// Writes responses as HTTP/1.1 bytes: head and body in one buffer, so that one system call sends them.
enum ResponseBytes {
    static func write(
        _ response: OutgoingResponse, into buffer: inout ByteBuffer, isKeptAlive: Bool, isVersion10: Bool, date: [UInt8]
    ) {
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeString(statusLine(response.status))
        buffer.writeStaticString("\r\nDate: ")
        buffer.writeBytes(date)
        for header in response.headers { write(header, into: &buffer) }
        // A 304 speaks of a body that is elsewhere: zero would be its wrong length. What is made while it is sent has no length yet, and
        // HTTP/1.0 takes the end of the connection for its end.
        if response.stream != nil {
            if !isVersion10 { buffer.writeStaticString("\r\nTransfer-Encoding: chunked") }
        } else if response.status != 204, response.status != 304 {
            buffer.writeStaticString("\r\nContent-Length: ")
            buffer.writeString(String(response.body.count))
        }
        if !isKeptAlive {
            buffer.writeStaticString("\r\nConnection: close")
        } else if isVersion10 {
            buffer.writeStaticString("\r\nConnection: keep-alive")
        }
        buffer.writeStaticString("\r\n\r\n")
        if !response.omitsBody, response.status != 204, response.status != 304 { buffer.writeBytes(response.body) }
    }

    /// A piece of a body of unknown length (RFC 9112, 7.1).
    static func writeChunk(_ piece: [UInt8], into buffer: inout ByteBuffer) {
        buffer.writeString(String(piece.count, radix: 16))
        buffer.writeStaticString("\r\n")
        buffer.writeBytes(piece)
        buffer.writeStaticString("\r\n")
    }

    /// A header whose name or value would break the framing is left out: whatever a handler passes on, no caller can add headers.
    private static func write(_ header: ReplyHeader, into buffer: inout ByteBuffer) {
        guard isToken(header.name), isFieldValue(header.value) else { return }
        buffer.writeStaticString("\r\n")
        buffer.writeString(header.name)
        buffer.writeStaticString(": ")
        buffer.writeString(header.value)
    }

    static func isFieldValue(_ value: String) -> Bool {
        value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private static func statusLine(_ status: Int) -> String {
        switch status {
        case 200: "200 OK"
        case 201: "201 Created"
        case 202: "202 Accepted"
        case 204: "204 No Content"
        case 301: "301 Moved Permanently"
        case 302: "302 Found"
        case 304: "304 Not Modified"
        case 400: "400 Bad Request"
        case 401: "401 Unauthorized"
        case 403: "403 Forbidden"
        case 404: "404 Not Found"
        case 405: "405 Method Not Allowed"
        case 408: "408 Request Timeout"
        case 409: "409 Conflict"
        case 413: "413 Content Too Large"
        case 414: "414 URI Too Long"
        case 415: "415 Unsupported Media Type"
        case 422: "422 Unprocessable Content"
        case 423: "423 Locked"
        case 429: "429 Too Many Requests"
        case 431: "431 Request Header Fields Too Large"
        case 500: "500 Internal Server Error"
        case 503: "503 Service Unavailable"
        default: "\(status) Status"
        }
    }
}

/// The `Date` header, written anew once a second.
final class DateHeader: Sendable {
    private struct Written {
        var second: Int64 = -1
        var bytes: [UInt8] = []
    }

    private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private let clock: any WallClock
    private let written = Mutex(Written())

    init(clock: any WallClock) {
        self.clock = clock
    }

    var bytes: [UInt8] {
        let now = clock.now()
        let second = now.microseconds / 1_000_000
        return written.withLock { written in
            if written.second != second { written = Written(second: second, bytes: Self.text(second)) }
            return written.bytes
        }
    }

    /// RFC 9110, 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func text(_ second: Int64) -> [UInt8] {
        let date = BusinessDate(epochDay: Int32(second / 86_400))
        func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let ofDay = second % 86_400
        let day = "\(weekdays[date.weekday - 1]), \(two(Int64(date.day))) \(months[date.month - 1]) \(date.year)"
        return Array("\(day) \(two(ofDay / 3_600)):\(two(ofDay / 60 % 60)):\(two(ofDay % 60)) GMT".utf8)
    }
}

import Kernel
import Logging
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writes every event as one line of JSON: `{"time":…,"level":…,"logger":…,"message":…,"metadata":{…}}`.
///
/// Whatever a caller puts into a message or metadata, a line stays a line (control characters are escaped) and secrets stay secret
/// (`LogRedaction`).
public struct JSONLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let sink: any LogSink
    private let clock: any WallClock

    public init(label: String, level: Logger.Level = .info, sink: any LogSink = StandardErrorSink(), clock: any WallClock = SystemClock()) {
        self.label = label
        logLevel = level
        self.sink = sink
        self.clock = clock
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let explicit = event.metadata { all.merge(explicit) { $1 } }
        if let error = event.error { all["error"] = .string("\(error)") }

        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        bytes.append(contentsOf: "{\"time\":".utf8)
        LogJSON.append(clock.now().description, to: &bytes)
        bytes.append(contentsOf: ",\"level\":\"".utf8)
        bytes.append(contentsOf: event.level.rawValue.utf8)
        bytes.append(contentsOf: "\",\"logger\":".utf8)
        LogJSON.append(label, to: &bytes)
        bytes.append(contentsOf: ",\"message\":".utf8)
        LogJSON.append(LogRedaction.cleaned(event.message.description), to: &bytes)
        if !all.isEmpty {
            bytes.append(contentsOf: ",\"metadata\":".utf8)
            LogJSON.append(all, to: &bytes)
        }
        bytes.append(contentsOf: "}\n".utf8)
        sink.write(bytes)
    }
}

/// Where log lines go.
public protocol LogSink: Sendable {
    /// Takes one complete line with its line feed.
    func write(_ line: [UInt8])
}

/// Standard error, one `write` a line, so that lines of several threads never mix.
public struct StandardErrorSink: LogSink {
    public init() {}

    public func write(_ line: [UInt8]) { Self.writeAll(line, to: 2) }

    private static func writeAll(_ line: [UInt8], to descriptor: Int32) {
        line.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                guard let start = buffer.baseAddress else { return }
                let written = systemWrite(descriptor, start + offset, buffer.count - offset)
                if written < 0 {
                    // A log that cannot be written must not stop a bank.
                    guard errno == EINTR else { return }
                } else {
                    offset += written
                }
            }
        }
    }
}

/// The system call, named apart from the methods called `write`.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}

/// Keeps lines, for tests.
public final class MemoryLogSink: LogSink {
    private let kept = Mutex<[String]>([])

    public init() {}

    public func write(_ line: [UInt8]) {
        kept.withLock { $0.append(String(decoding: line, as: UTF8.self)) }
    }

    public var lines: [String] { kept.withLock { $0 } }
}

/// Just enough JSON for log lines.
enum LogJSON {
    private static let hexadecimal = Array("0123456789abcdef".utf8)

    static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }) {
            bytes.append(contentsOf: text.utf8)
            bytes.append(UInt8(ascii: "\""))
            return
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            case "\n": bytes.append(contentsOf: "\\n".utf8)
            case "\r": bytes.append(contentsOf: "\\r".utf8)
            case "\t": bytes.append(contentsOf: "\\t".utf8)
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                // C1 controls and the Unicode line separators too: a viewer may take them for the end of a line.
                bytes.append(contentsOf: "\\u".utf8)
                for shift in [12, 8, 4, 0] { bytes.append(hexadecimal[Int(scalar.value >> UInt32(shift)) & 0xF]) }
            default: bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    static func append(_ metadata: Logger.Metadata, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        var isFirst = true
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            append(key, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            if LogRedaction.isSecret(key) {
                append(LogRedaction.mask, to: &bytes)
            } else {
                append(value, to: &bytes)
            }
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private static func append(_ value: Logger.Metadata.Value, to bytes: inout [UInt8]) {
        switch value {
        case .string(let text): append(LogRedaction.cleaned(text), to: &bytes)
        case .stringConvertible(let convertible): append(LogRedaction.cleaned(convertible.description), to: &bytes)
        case .dictionary(let nested): append(nested, to: &bytes)
        case .array(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(element, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        }
    }
}

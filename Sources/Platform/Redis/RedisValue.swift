/// A reply of Redis.
public enum RedisValue: Sendable, Equatable {
    case null
    case integer(Int64)
    /// Bulk and simple strings alike.
    case bytes([UInt8])
    case array([RedisValue])
    /// Redis understood the command and refused it.
    case error(String)

    public var text: String? {
        if case .bytes(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { nil }
    }

    public var integer: Int64? {
        switch self {
        case .integer(let value): value
        case .bytes(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
        case .null, .array, .error: nil
        }
    }

    public var array: [RedisValue]? {
        if case .array(let values) = self { values } else { nil }
    }
}

/// Why a command has no answer.
public enum RedisError: Error, Sendable, Equatable {
    /// No connection, lost connection, or no answer in time. Whether the command ran is unknown.
    case unavailable(String)
    /// Redis refused the command.
    case refused(String)
    /// The client has been shut down.
    case closed
    /// The queue is full.
    case busy
}

/// Where Redis is.
public struct RedisConfiguration: Sendable, Equatable {
    public enum Address: Sendable, Equatable {
        case tcp(host: String, port: Int)
        case unix(path: String)
    }

    public var address: Address
    public var username: String?
    public var password: String?
    public var database: Int
    public var connectTimeoutMilliseconds = 500
    public var commandTimeoutMilliseconds = 250
    /// Commands that may wait; more are refused with `busy`.
    public var maximumQueueLength = 10_000

    public init(address: Address, username: String? = nil, password: String? = nil, database: Int = 0) {
        self.address = address
        self.username = username
        self.password = password
        self.database = database
    }

    /// Reads `redis://[user:password@]host[:port][/database]` or `unix:///path`. Nil when it is neither.
    public init?(url: String) {
        if let path = url.dropPrefix("unix://") {
            guard path.hasPrefix("/") else { return nil }
            self.init(address: .unix(path: String(path)))
            return
        }
        guard var rest = url.dropPrefix("redis://") else { return nil }
        var username: String?
        var password: String?
        if let at = rest.lastIndex(of: "@") {
            let credentials = rest[..<at]
            rest = rest[rest.index(after: at)...]
            let parts = credentials.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            username = parts.first.flatMap { $0.isEmpty ? nil : String($0) }
            password = parts.count > 1 ? String(parts[1]) : nil
        }
        var database = 0
        if let slash = rest.firstIndex(of: "/") {
            let number = rest[rest.index(after: slash)...]
            guard number.isEmpty || Int(number) != nil else { return nil }
            database = Int(number) ?? 0
            rest = rest[..<slash]
        }
        var port = 6379
        if let colon = rest.lastIndex(of: ":"), !rest.hasSuffix("]") {
            guard let number = Int(rest[rest.index(after: colon)...]), (1...65_535).contains(number) else { return nil }
            port = number
            rest = rest[..<colon]
        }
        let host = rest.hasPrefix("[") && rest.hasSuffix("]") ? rest.dropFirst().dropLast() : rest
        guard !host.isEmpty, database >= 0 else { return nil }
        self.init(address: .tcp(host: String(host), port: port), username: username, password: password, database: database)
    }
}

extension String {
    fileprivate func dropPrefix(_ prefix: String) -> Substring? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }
}

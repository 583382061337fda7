import CHiredis

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One hiredis connection. Blocking, and confined to the thread of `RedisClient`.
final class RedisConnection {
    private let context: UnsafeMutablePointer<redisContext>

    init(_ configuration: RedisConfiguration) throws(RedisError) {
        let connectTimeout = Self.duration(configuration.connectTimeoutMilliseconds)
        let opened: UnsafeMutablePointer<redisContext>?
        switch configuration.address {
        case .tcp(let host, let port): opened = redisConnectWithTimeout(host, Int32(port), connectTimeout)
        case .unix(let path): opened = redisConnectUnixWithTimeout(path, connectTimeout)
        }
        guard let opened else { throw .unavailable("out of memory") }
        context = opened
        guard opened.pointee.err == 0 else { throw .unavailable(Self.message(opened)) }
        redisSetTimeout(opened, Self.duration(configuration.commandTimeoutMilliseconds))
        // hiredis takes a Unix socket's refusal of this option for a broken connection.
        if case .tcp = configuration.address { redisEnableKeepAlive(opened) }
        if let password = configuration.password {
            let credentials = [configuration.username, password].compactMap { $0 }
            try expectSuccess([Array("AUTH".utf8)] + credentials.map { Array($0.utf8) })
        }
        if configuration.database != 0 {
            try expectSuccess([Array("SELECT".utf8), Array(String(configuration.database).utf8)])
        }
    }

    deinit {
        redisFree(context)
    }

    /// Writes all commands, then reads all replies: one round trip.
    /// - Throws: `unavailable` when the connection broke; then none of the replies that are missing is known
    func run(_ commands: [[[UInt8]]]) throws(RedisError) -> [RedisValue] {
        for command in commands { try append(command) }
        var replies: [RedisValue] = []
        replies.reserveCapacity(commands.count)
        for _ in commands { replies.append(try readReply()) }
        return replies
    }

    private func expectSuccess(_ command: [[UInt8]]) throws(RedisError) {
        if case .error(let message)? = try run([command]).first { throw .unavailable(message) }
    }

    private func append(_ arguments: [[UInt8]]) throws(RedisError) {
        // hiredis copies the arguments while formatting, so one flat buffer with offsets serves them all.
        let flat = arguments.flatMap { $0 }
        var offset = 0
        let lengths = arguments.map(\.count)
        let result = flat.withUnsafeBytes { buffer -> Int32 in
            // An empty array has no address, and hiredis never reads from one of length zero.
            let base = buffer.baseAddress ?? UnsafeRawPointer(context)
            var pointers: [UnsafePointer<CChar>?] = []
            for length in lengths {
                pointers.append((base + offset).assumingMemoryBound(to: CChar.self))
                offset += length
            }
            return redisAppendCommandArgv(context, Int32(arguments.count), &pointers, lengths)
        }
        guard result == REDIS_OK else { throw .unavailable(Self.message(context)) }
    }

    private func readReply() throws(RedisError) -> RedisValue {
        var raw: UnsafeMutableRawPointer?
        guard redisGetReply(context, &raw) == REDIS_OK, let raw else { throw .unavailable(Self.message(context)) }
        defer { freeReplyObject(raw) }
        return Self.value(raw.assumingMemoryBound(to: redisReply.self))
    }

    private static func value(_ reply: UnsafeMutablePointer<redisReply>) -> RedisValue {
        switch reply.pointee.type {
        case REDIS_REPLY_INTEGER: return .integer(reply.pointee.integer)
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: return .bytes(bytes(reply))
        case REDIS_REPLY_ERROR: return .error(String(decoding: bytes(reply), as: UTF8.self))
        case REDIS_REPLY_ARRAY:
            var values: [RedisValue] = []
            for index in 0..<reply.pointee.elements {
                guard let element = reply.pointee.element?[index] else { continue }
                values.append(value(element))
            }
            return .array(values)
        default: return .null
        }
    }

    private static func bytes(_ reply: UnsafeMutablePointer<redisReply>) -> [UInt8] {
        guard let start = reply.pointee.str else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: reply.pointee.len))
    }

    private static func message(_ context: UnsafeMutablePointer<redisContext>) -> String {
        withUnsafeBytes(of: context.pointee.errstr) { buffer in
            String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    private static func duration(_ milliseconds: Int) -> timeval {
        timeval(tv_sec: milliseconds / 1_000, tv_usec: milliseconds % 1_000 * 1_000)
    }
}

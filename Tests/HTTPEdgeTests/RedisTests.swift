import Glibc
import HTTPEdge
import Kernel
import Redis
import Testing

@Suite struct RedisTests {
    @Test(arguments: [
        ("redis://localhost", RedisConfiguration(address: .tcp(host: "localhost", port: 6379))),
        (
            "redis://:secret@10.0.0.1:7000/3",
            RedisConfiguration(address: .tcp(host: "10.0.0.1", port: 7000), password: "secret", database: 3)
        ),
        ("redis://user:se@cret@h/", RedisConfiguration(address: .tcp(host: "h", port: 6379), username: "user", password: "se@cret")),
        ("redis://[::1]:6380", RedisConfiguration(address: .tcp(host: "::1", port: 6380))),
        ("unix:///run/redis.sock", RedisConfiguration(address: .unix(path: "/run/redis.sock"))),
        ("http://localhost", nil), ("redis://", nil), ("redis://h:port", nil), ("redis://h/x", nil), ("unix://relative", nil),
    ])
    func urls(url: String, configuration: RedisConfiguration?) {
        #expect(RedisConfiguration(url: url) == configuration)
    }

    @Test func withoutRedisCommandsFailAndLimitsAreCountedHere() async {
        var configuration = RedisConfiguration(address: .unix(path: "/nowhere/redis.sock"))
        configuration.connectTimeoutMilliseconds = 50
        let client = RedisClient(configuration: configuration)
        await #expect(throws: RedisError.self) { try await client.command("PING") }
        #expect(await client.ping() == false && !client.isConnected)
        let limiter = RedisRateLimiter(redis: client, clock: ManualClock(Timestamp(microseconds: 0)))
        let key = RateLimitKey(kind: .standard, caller: 1, isUser: true)
        #expect(await limiter.count(key, limit: 1).isAllowed)
        #expect(await limiter.count(key, limit: 1).isAllowed == false)
        #expect(!limiter.isShared)
        client.shutdown()
        await #expect(throws: RedisError.closed) { try await client.command("PING") }
    }

    @Test(.enabled(if: RedisProcess.isInstalled)) func commandsReconnectAndShareCounts() async throws {
        let process = try #require(RedisProcess())
        defer { process.stop() }
        let client = RedisClient(configuration: RedisConfiguration(address: .unix(path: process.socket)))
        try await waitForAnswer(client)
        let bytes: [UInt8] = [0, 255, 10, 13]
        try await client.set("a", bytes, expiresAfterSeconds: 60)
        #expect(try await client.get("a") == bytes)
        #expect(try await client.get("b") == nil)
        #expect(try await client.setIfAbsent("a", [1], expiresAfterSeconds: 60) == false)
        #expect(try await client.setIfAbsent("c", [1], expiresAfterSeconds: 60))
        #expect(try await client.delete("a"))
        #expect(try await client.delete("a") == false)
        #expect(try await client.command([Array("SET".utf8), Array("empty".utf8), []]) == .bytes(Array("OK".utf8)))
        await #expect(throws: RedisError.self) { try await client.command("NOSUCH") }

        let counts = try await withThrowingTaskGroup(of: Int64.self) { group in
            for _ in 0..<500 { group.addTask { try await client.countInWindow("n", seconds: 60).count } }
            return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
        }
        #expect(counts == Set(1...500))

        let other = RedisRateLimiter(
            redis: RedisClient(configuration: RedisConfiguration(address: .unix(path: process.socket))), clock: SystemClock())
        let limiter = RedisRateLimiter(redis: client, clock: SystemClock())
        let key = RateLimitKey(kind: .signIn, caller: 7, isUser: false)
        #expect(await limiter.count(key, limit: 2).remaining == 1)
        #expect(await other.count(key, limit: 2).remaining == 0)
        #expect(await limiter.count(key, limit: 2).isAllowed == false)
        #expect(limiter.isShared)

        // A lost connection is opened again by itself.
        _ = try? await client.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
        try await waitForAnswer(client)
        #expect(client.isConnected)
    }

    private func waitForAnswer(_ client: RedisClient) async throws {
        for _ in 0..<500 {
            if await client.ping() { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        Issue.record("Redis does not answer")
    }
}

/// A Redis server of the test's own, on a Unix socket.
final class RedisProcess: Sendable {
    static let isInstalled = access("/usr/bin/redis-server", X_OK) == 0

    let socket: String
    private let directory: String
    private let pid: pid_t

    init?() {
        var template = Array("/tmp/wekeza-redis-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { return nil }
        directory = String(cString: made)
        socket = directory + "/redis.sock"
        let words = [
            "redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", directory, "--logfile", directory + "/log",
        ]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        // Without outputs of ours, which would stay open for as long as a forgotten server lives.
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        for descriptor: Int32 in 0...2 { posix_spawn_file_actions_addopen(&files, descriptor, "/dev/null", O_RDWR, 0) }
        var child: pid_t = 0
        guard posix_spawn(&child, "/usr/bin/redis-server", &files, nil, arguments, environ) == 0 else { return nil }
        pid = child
    }

    func stop() {
        // Threads of the test process block signals, and a child inherits that; only this one always works.
        kill(pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        unlink(directory + "/log")
        unlink(socket)
        rmdir(directory)
    }
}

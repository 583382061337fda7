import Foundation
import Kernel
import Logging
import Postgres
import Synchronization

/// A database of one test's own, a copy of a template that was migrated once for all tests with the same migrations.
public struct TestDatabase: Sendable {
    /// Connects as `wekeza_app`, as the program does.
    public let configuration: PostgresConfiguration
    /// Connects as the superuser that owns everything.
    public let superuserConfiguration: PostgresConfiguration
    /// Connections as `wekeza_app`.
    public let pool: ConnectionPool
    /// Connections as the superuser, for arranging and for tampering.
    public let superuserPool: ConnectionPool

    /// Runs a test on a fresh database, which is dropped afterwards. At most a few databases are open at a time; others wait, so a
    /// test must not open a second one inside.
    /// - Parameters:
    ///   - migrations: groups as `Migrator` takes them; the roles are there in any case
    ///   - poolSize: connections of `pool`; each opens when it is first needed
    public static func withDatabase<Value>(
        migrations: [[Migration]] = [], poolSize: Int = 4, isolation: isolated (any Actor)? = #isolation,
        _ body: (TestDatabase) async throws -> Value
    ) async throws -> Value {
        await places.take()
        defer { places.give() }
        let superuser = try await TestCluster.shared.superuserConfiguration()
        let template = try await TestTemplates.shared.template(migrations, superuser: superuser)
        let name = "test_\(ProcessInfo.processInfo.processIdentifier)_\(nextNumber())"
        try await TestTemplates.shared.createDatabase(name, from: template, superuser: superuser)
        let database = TestDatabase(superuser: superuser.with(database: name), poolSize: poolSize)
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(try await body(database))
        } catch {
            outcome = .failure(error)
        }
        await database.pool.shutdown()
        await database.superuserPool.shutdown()
        try await TestTemplates.shared.dropDatabase(name, superuser: superuser)
        return try outcome.get()
    }

    /// Another pool on the same database, as `wekeza_app`; the test shuts it down.
    public func anotherPool(size: Int) -> ConnectionPool {
        ConnectionPool(configuration: configuration, size: size, logger: .silent)
    }

    private init(superuser: PostgresConfiguration, poolSize: Int) {
        superuserConfiguration = superuser.with(applicationName: "test superuser")
        configuration = superuser.with(user: "wekeza_app").with(applicationName: "test")
        pool = ConnectionPool(configuration: configuration, size: poolSize, logger: .silent)
        superuserPool = ConnectionPool(configuration: superuserConfiguration, size: 2, logger: .silent)
    }

    private static let places = Places(count: 8)
    private static let number = Mutex(0)

    private static func nextNumber() -> Int {
        number.withLock { number in
            number += 1
            return number
        }
    }
}

extension Logger {
    /// Keeps everything to itself.
    public static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// The templates and the one connection that makes and drops databases.
private actor TestTemplates {
    static let shared = TestTemplates()

    private var templates: [String: Task<String, any Error>] = [:]
    private var keeper: DedicatedConnection?

    func template(_ migrations: [[Migration]], superuser: PostgresConfiguration) async throws -> String {
        let migrator = Migrator(migrations)
        let key = migrator.fingerprint
        if let known = templates[key] { return try await known.value }
        let keeper = keeper(superuser)
        let task = Task {
            let name = "wekeza_template_\(key.prefix(20))"
            let exists = try await keeper.run { try !$0.query("SELECT 1 FROM pg_database WHERE datname = \(name)").isEmpty }
            if exists { return name }
            // Built under another name and renamed when it is complete; other test processes may be at it too.
            let unfinished = "\(name)_\(ProcessInfo.processInfo.processIdentifier)"
            try await keeper.run { connection in
                try connection.executeScript("DROP DATABASE IF EXISTS \(unfinished) WITH (FORCE)")
                try connection.executeScript("CREATE DATABASE \(unfinished)")
            }
            let builder = DedicatedConnection(configuration: superuser.with(database: unfinished))
            _ = try await migrator.migrate(builder)
            builder.close()
            try await keeper.run { connection in
                try Self.untilUnused { try connection.executeScript("ALTER DATABASE \(unfinished) RENAME TO \(name)") }
            } otherwise: { connection in
                try connection.executeScript("DROP DATABASE \(unfinished) WITH (FORCE)")
            }
            return name
        }
        templates[key] = task
        return try await task.value
    }

    func createDatabase(_ name: String, from template: String, superuser: PostgresConfiguration) async throws {
        try await keeper(superuser).run { connection in
            try Self.untilUnused { try connection.executeScript("CREATE DATABASE \(name) TEMPLATE \(template)") }
        }
    }

    func dropDatabase(_ name: String, superuser: PostgresConfiguration) async throws {
        try await keeper(superuser).run { try $0.executeScript("DROP DATABASE \(name) WITH (FORCE)") }
    }

    private func keeper(_ superuser: PostgresConfiguration) -> DedicatedConnection {
        if let keeper { return keeper }
        let new = DedicatedConnection(configuration: superuser.with(applicationName: "test databases"))
        keeper = new
        return new
    }

    /// A session that was just closed may still be seen on the template for a moment.
    private static func untilUnused(_ body: () throws -> Void) throws {
        for _ in 0..<100 {
            do {
                return try body()
            } catch let error as PostgresError where error.sqlState == "55006" {
                usleep(20_000)
            }
        }
        try body()
    }
}

extension DedicatedConnection {
    /// Runs a closure, and another one when a database of that name came into being meanwhile.
    fileprivate func run(
        _ body: @escaping @Sendable (Connection) throws -> Void, otherwise: @escaping @Sendable (Connection) throws -> Void
    ) async throws {
        do {
            try await run(body)
        } catch let error as PostgresError where error.sqlState == "42P04" {
            try await run(otherwise)
        }
    }
}

/// A counted permit; who waits longest goes first.
private final class Places: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(count: Int) {
        state = Mutex(State(free: count))
    }

    func take() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    func give() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}

/// Where a database is and how long its sessions may take. Times in milliseconds.
public struct PostgresConfiguration: Sendable, Equatable {
    private var parameters: [String: String]
    private var url: String?
    public var applicationName = "wekeza"
    public var connectTimeoutMilliseconds = 5_000
    public var statementTimeoutMilliseconds = 30_000
    public var lockTimeoutMilliseconds = 10_000
    public var idleInTransactionTimeoutMilliseconds = 30_000
    /// Further session settings, such as `plan_cache_mode` for the posting engine.
    public var settings: [String: String] = [:]

    /// - Parameter host: a host name, or the directory of a unix socket
    public init(host: String, port: Int = 5432, user: String, database: String) {
        parameters = ["host": host, "port": String(port), "user": user, "dbname": database]
    }

    /// - Parameter url: `postgresql://user:password@host:port/database?parameters`, read by libpq itself
    public init(url: String) {
        self.url = url
        parameters = [:]
    }

    public func with(user: String, password: String? = nil) -> PostgresConfiguration {
        var copy = self
        copy.parameters["user"] = user
        if let password { copy.parameters["password"] = password }
        return copy
    }

    public func with(database: String) -> PostgresConfiguration {
        var copy = self
        copy.parameters["dbname"] = database
        return copy
    }

    public func with(applicationName: String) -> PostgresConfiguration {
        var copy = self
        copy.applicationName = applicationName
        return copy
    }

    /// Keywords and values for PQconnectdbParams with expand_dbname; later keywords win over the URL's.
    var keywords: [(String, String)] {
        var list: [(String, String)] = []
        if let url { list.append(("dbname", url)) }
        list += parameters.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        list.append(("application_name", applicationName))
        list.append(("connect_timeout", String(max(2, connectTimeoutMilliseconds / 1_000))))
        list.append(("client_encoding", "UTF8"))
        var options = [
            "statement_timeout": String(statementTimeoutMilliseconds), "lock_timeout": String(lockTimeoutMilliseconds),
            "idle_in_transaction_session_timeout": String(idleInTransactionTimeoutMilliseconds), "TimeZone": "UTC",
        ]
        options.merge(settings) { _, new in new }
        list.append(("options", options.sorted { $0.key < $1.key }.map { "-c \($0.key)=\(Self.escaped($0.value))" }.joined(separator: " ")))
        return list
    }

    /// The server splits its options at blanks unless a backslash protects them.
    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing(" ", with: "\\ ")
    }
}

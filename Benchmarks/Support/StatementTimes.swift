import Postgres

/// Where PostgreSQL spends its time, statement by statement, as `pg_stat_statements` counts it. It counts waiting too, so on a machine
/// whose cores are all busy the figures are upper bounds.
struct StatementTimes {
    /// What the cluster has to be started with.
    static let settings = ["shared_preload_libraries": "'pg_stat_statements'", "pg_stat_statements.track": "'top'"]

    let database: PostgresConfiguration

    func reset() async throws {
        try await run("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        try await run("SELECT pg_stat_statements_reset()")
    }

    /// The dearest statements, in microseconds for each of `units`, with how often one ran and what it logged.
    func lines(units: Int) async throws -> [String] {
        let connection = DedicatedConnection(configuration: database)
        defer { connection.close() }
        let sql: SQL = """
            SELECT regexp_replace(left(query, 70), '\\s+', ' ', 'g'), calls, (total_exec_time * 1000000)::bigint,
                (total_plan_time * 1000000)::bigint, wal_bytes::bigint
            FROM pg_stat_statements JOIN pg_database d ON d.oid = dbid WHERE d.datname = current_database()
            ORDER BY total_exec_time DESC LIMIT 24
            """
        return try await connection.run { connection in
            try connection.query(sql).map { row in
                let microseconds = Double(try row.int64(2) + (try row.int64(3))) / 1_000 / Double(units)
                let bytes = try row.int64(4) / Int64(max(1, units))
                return "\(rounded(microseconds, 2)) µs, \(try row.int64(1)) calls, \(bytes) bytes of log: \(try row.text(0))"
            }
        }
    }

    private func run(_ text: String) async throws {
        let connection = DedicatedConnection(configuration: database)
        defer { connection.close() }
        try await connection.run { try $0.executeScript(text) }
    }
}

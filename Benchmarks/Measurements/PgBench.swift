import Postgres

/// PostgreSQL's own benchmark, TPC-B-like, as the yardstick: scale 50, 16 clients, prepared statements.
struct PgBench {
    let host: String
    let user: String
    static let database = "pgbench"

    enum Failure: Error { case noResult(String) }

    func prepare(scale: Int) throws {
        _ = try run("createdb", ["-h", host, "-U", user, Self.database])
        _ = try run("pgbench", ["-h", host, "-U", user, "-i", "-q", "-s", String(scale), Self.database])
        // Its five million rows would otherwise be vacuumed while something else is measured.
        for table in ["accounts", "branches", "tellers", "history"] {
            let change = "ALTER TABLE pgbench_\(table) SET (autovacuum_enabled = off)"
            _ = try run("psql", ["-h", host, "-U", user, "-q", "-c", change, Self.database])
        }
    }

    /// - Returns: transactions a second
    func measure(seconds: Int) throws -> Double {
        let output = try run(
            "pgbench", ["-h", host, "-U", user, "-M", "prepared", "-c", "16", "-j", "2", "-T", String(seconds), Self.database])
        for line in output.split(separator: "\n") where line.hasPrefix("tps = ") {
            if let value = Double(line.dropFirst(6).prefix { $0 != " " }) { return value }
        }
        throw Failure.noResult(output)
    }

    /// Not Foundation's `Process`, whose children inherit a blocked SIGALRM: pgbench ends its run by that signal.
    private func run(_ program: String, _ arguments: [String]) throws -> String {
        let outcome = try Subprocess.run("/usr/bin/\(program)", arguments)
        guard outcome.status == 0 else { throw Failure.noResult(outcome.output) }
        return outcome.output
    }
}

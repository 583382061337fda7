import Foundation
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

    private func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}

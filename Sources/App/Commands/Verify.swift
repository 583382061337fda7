import ArgumentParser
import Kernel
import Ledger
import Logging
import Postgres

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prove the books: walk both hash chains, recompute every balance and control total.",
        discussion: "Reads one snapshot and holds no lock, so it may run beside a busy server. The first break ends with exit code 1.")

    func run() async throws {
        try await Terminal.run { settings in
            let report = try await Session.withDatabase(settings) { database in
                var configuration = database.application.with(applicationName: "wekeza-verify")
                // A walk over years of postings takes what it takes.
                configuration.statementTimeoutMilliseconds = 0
                let clock = SystemClock()
                let pool = ConnectionPool(configuration: configuration, size: 1, clock: clock, logger: Terminal.silentLogger)
                do {
                    let report = try await LedgerVerifier(clock: clock).verify(in: pool)
                    await pool.shutdown()
                    return report
                } catch {
                    await pool.shutdown()
                    throw error
                }
            }
            for line in Self.lines(report) { Terminal.say(line) }
            if !report.isSound { throw ExitCode(1) }
        }
    }

    static func lines(_ report: VerificationReport) -> [String] {
        let width = report.checks.map(\.name.count).max() ?? 0
        var lines = report.checks.map { check in
            let name = check.name + String(repeating: " ", count: width - check.name.count)
            return check.passed ? "\(name)  ok" : "\(name)  FAILED  \(check.firstFailure ?? "")"
        }
        lines.append(
            "\(report.journalsChecked) journals, \(report.entriesChecked) entries, \(report.accountsChecked) accounts, "
                + "\(report.auditRecordsChecked) audit records at \(report.checkedAt)")
        lines.append("chain head \(report.chainHead)")
        lines.append(report.firstFailure.map { "The books are broken: \($0)" } ?? "The books are right.")
        return lines
    }
}

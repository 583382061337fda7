import ArgumentParser
import Foundation
import Kernel
import Logging
import Observability
import Postgres
import Safeguards

/// How commands talk to the person at the terminal: results on standard output, one clear line on standard error when something fails.
enum Terminal {
    static func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    static func complain(_ line: String) {
        FileHandle.standardError.write(Data("wekeza: \(line)\n".utf8))
    }

    /// Reads the settings, runs the command, and turns whatever it throws into one line and an exit code: 2 for wrong settings,
    /// 1 for everything else.
    static func run(_ body: (Settings) async throws -> Void) async throws {
        let settings: Settings
        do throws(SettingsFailure) {
            let (read, warnings) = try Settings.read(from: .process())
            settings = read
            for warning in warnings { complain(warning) }
        } catch {
            for line in error.lines { complain(line) }
            throw ExitCode(2)
        }
        do {
            try DataDirectory.prepare(settings.dataDirectory)
            try await body(settings)
        } catch let exit as ExitCode {
            throw exit
        } catch {
            complain(line(for: error))
            throw ExitCode(1)
        }
    }

    /// One line for an error of any room.
    static func line(for error: any Error) -> String {
        let text =
            switch error {
            case let refusal as Refusal: refusal.detail
            case let postgres as PostgresError: "the database says: \(postgres.message)"
            default: String(describing: error)
            }
        // libpq writes a line for every address it tried; the first says what is wrong.
        return text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "unknown failure"
    }

    /// For commands whose output is for people: what goes wrong is their one line.
    static let silentLogger = Logger(label: "wekeza") { _ in SwiftLogNoOpLogHandler() }

    /// The server's logger: JSON lines on standard error.
    static func logger(_ settings: Settings) -> Logger {
        LoggingSystem.bootstrap { label in JSONLogHandler(label: label, level: settings.logLevel) }
        return Logger(label: "wekeza")
    }
}

import ArgumentParser
import DataImport
import Foundation
import Kernel
import Synchronization

struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take over another bank's records.", subcommands: [CzechBank.self])

    struct CzechBank: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "czech-bank",
            abstract: "Take over a Czech bank's year: clients, accounts, holders and every transaction, through the posting engine.",
            discussion: """
                Reads clients.csv, accounts.csv, dispositions.csv and transactions.csv of the folder. May run beside a server. Whatever \
                is there already is found and not posted twice, so an import that was stopped is finished by running it again.
                """)

        @Argument(help: "The folder with the bank's files.")
        var path: String

        @Option(help: "Write the whole report to this file, every refused row and exception by name.")
        var report: String?

        func run() async throws {
            let (path, reportPath) = (path, report)
            try await Terminal.run { settings in
                // Before a database is started for nothing.
                guard FileManager.default.fileExists(atPath: path) else { throw ImportFailure.noFolder(path) }
                let stop = StopSignal()
                let result = Mutex<ImportReport?>(nil)
                try await Session.run(settings, secrets: Secrets.load(settings)) { bank in
                    if settings.mode == .demo { try await Demonstration(bank: bank).seed() }
                    let services = CzechBankImport.Services(
                        pool: bank.commandPool, engine: bank.engine, parties: bank.parties, opening: bank.accountOpening,
                        clock: bank.clock, identifiers: bank.identifiers)
                    let progress = ProgressDisplay(clock: bank.clock)
                    let work = Task { try await CzechBankImport(services: services).run(folder: path) { progress.show($0) } }
                    stop.onStop { work.cancel() }
                    defer { progress.end() }
                    let report = try await work.value
                    result.withLock { $0 = report }
                }
                guard let report = result.withLock({ $0 }) else { return }
                try Self.show(report, in: reportPath)
                if !report.isBalanced { throw ExitCode(1) }
            }
        }

        private static func show(_ report: ImportReport, in path: String?) throws {
            let text = ImportReportText(report)
            for line in text.lines(shown: path == nil ? nil : 20) { Terminal.say(line) }
            guard let path else { return }
            do {
                try text.lines().joined(separator: "\n").appending("\n").write(toFile: path, atomically: true, encoding: .utf8)
            } catch {
                throw Refusal.unavailable("the import is done, but the report cannot be written to \(path)")
            }
        }
    }
}

/// Shows how far an import is: one line that is drawn again on a terminal, a line now and then elsewhere.
private final class ProgressDisplay: Sendable {
    private struct State {
        var phase: ImportProgress.Phase?
        var phaseBegan = Timestamp(microseconds: 0)
        var shownAt = Timestamp(microseconds: 0)
        var isLineOpen = false
    }

    private let clock: any WallClock
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let state = Mutex(State())

    init(clock: any WallClock) {
        self.clock = clock
    }

    func show(_ progress: ImportProgress) {
        let now = clock.now()
        state.withLock { state in
            if state.phase != progress.phase {
                if state.isLineOpen { write("\n") }
                state.phase = progress.phase
                state.phaseBegan = now
                state.shownAt = Timestamp(microseconds: 0)
                state.isLineOpen = false
            }
            let pause: Int64 = isTerminal ? 100_000 : 5_000_000
            guard progress.isFinished || now.microseconds - state.shownAt.microseconds >= pause else { return }
            state.shownAt = now
            let elapsed = now.microseconds - state.phaseBegan.microseconds
            if isTerminal {
                write("\r" + ImportProgressText.bar(progress, microseconds: elapsed))
                state.isLineOpen = true
            } else {
                write(ImportProgressText.line(progress, microseconds: elapsed) + "\n")
            }
        }
    }

    func end() {
        state.withLock { state in
            if state.isLineOpen { write("\n\n") }
            state.isLineOpen = false
        }
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}

import Accounts
import ArgumentParser
import DataImport
import Foundation
import Kernel
import Synchronization

struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take over another bank's books.", subcommands: [ImportCzechBank.self])
}

struct ImportCzechBank: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "czech-bank",
        abstract: "Import a folder in the form of the Czech bank of the PKDD'99 Discovery Challenge.",
        discussion: """
            Reads clients.csv, accounts.csv, dispositions.csv and transactions.csv; posts every transaction, by date, through the posting \
            engine in CZK, with its own date as value date; then compares sums, recorded balances and the trial balance.

            Works beside a running server or without one. May be stopped at any moment, even by kill -9, and run again: nothing is \
            posted twice and nothing is lost. A row that cannot be taken over is refused by name and does not stop the others.

            Exit codes: 0 everything was read, what was refused is in the report; 1 the folder cannot be read, or the import was \
            interrupted; 2 wrong settings; 3 the books are not balanced; 4 rows were refused and --strict was given.
            """)

    @Argument(help: "The folder with the four files.")
    var path: String

    @Option(help: ArgumentHelp("Write the whole report to a file, every refused row and every exception by name.", valueName: "file"))
    var report: String?

    @Option(help: ArgumentHelp("How many refused rows and exceptions to show on the screen.", valueName: "count"))
    var show = 20

    @Option(help: ArgumentHelp("The bank whose numbers the files use; files of one bank may come at several times.", valueName: "name"))
    var dataset = CzechBankImport.Options().dataset

    @Option(help: ArgumentHelp("The product that accounts are opened with; it must be offered in CZK.", valueName: "code"))
    var product = CzechBankImport.Options().productCode

    @Flag(help: "End with exit code 4 when rows were refused.")
    var strict = false

    func validate() throws {
        guard show >= 0 else { throw ValidationError("--show is a count from 0 on") }
        guard (1...40).contains(dataset.utf8.count), dataset.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }) else {
            throw ValidationError("--dataset is a name of 1 to 40 letters, digits and hyphens")
        }
    }

    func run() async throws {
        try await Terminal.run { settings in
            // Before a database is started for nothing.
            try CzechBankImport.check(folder: path)
            let file = try report.map { try ReportFile(path: $0) }
            let stop = StopSignal()
            try await Session.run(settings, secrets: Secrets.load(settings)) { bank in
                let report = try await importFolder(into: bank, stop: stop)
                for line in ImportReportText(report).lines(shown: show) { Terminal.say(line) }
                try file?.write(ImportReportText(report).lines())
                if !report.isBalanced { throw ExitCode(3) }
                if strict, !report.refusals.isEmpty { throw ExitCode(4) }
            }
        }
    }

    private func importFolder(into bank: Bank, stop: StopSignal) async throws -> ImportReport {
        // The products to open accounts with; a server's first start would bring them as well.
        if bank.settings.mode == .demo { try await Demonstration(bank: bank).seed() }
        let display = ImportProgressDisplay(clock: bank.clock)
        let importer = CzechBankImport(
            services: .init(
                pool: bank.commandPool, engine: bank.engine, parties: bank.parties, opening: bank.accountOpening, clock: bank.clock,
                identifiers: bank.identifiers),
            options: .init(dataset: dataset, productCode: product))
        let work = Task { [path] in try await importer.run(folder: path) { display.show($0) } }
        stop.onStop { work.cancel() }
        // Without a server beside it, nobody else starts a private database again that was killed.
        let watch = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: .seconds(1))
                _ = try? await bank.database.restartIfGone()
            }
        }
        let result = await work.result
        watch.cancel()
        // Or it might start the database again while the program stops it.
        _ = await watch.result
        display.finish()
        return try result.get()
    }
}

/// Where the whole report goes. Opened before the import, so that a wrong path costs nothing.
private struct ReportFile {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let path: String

    init(path: String) throws(Failure) {
        self.path = path
        guard FileManager.default.createFile(atPath: path, contents: nil) else { throw failure }
    }

    func write(_ lines: [String]) throws(Failure) {
        do {
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: path))
        } catch {
            throw failure
        }
    }

    private var failure: Failure { Failure(description: "the report cannot be written to \(path)") }
}

/// A bar on a terminal; elsewhere a plain line at every tenth of a phase.
private final class ImportProgressDisplay: Sendable {
    private struct State {
        var phase: ImportProgress.Phase?
        var began = Timestamp(microseconds: 0)
        var shown = Timestamp(microseconds: 0)
        var tenths = 0
        var isBarOpen = false
    }

    private static let barIntervalMicroseconds: Int64 = 100_000

    private let clock: any WallClock
    private let isTerminal = isatty(STDERR_FILENO) != 0
    private let state = Mutex(State())

    init(clock: any WallClock) {
        self.clock = clock
    }

    func show(_ progress: ImportProgress) {
        let now = clock.now()
        state.withLock { state in
            if state.phase != progress.phase {
                closeBar(&state)
                state = State(phase: progress.phase, began: now)
                if progress.phase == .checking { write("checking sums, balances and the trial balance\n") }
            }
            guard progress.phase != .checking else { return }
            let elapsed = now.microseconds - state.began.microseconds
            if isTerminal {
                let isDue = now.microseconds - state.shown.microseconds >= Self.barIntervalMicroseconds
                guard isDue || progress.isFinished else { return }
                state.shown = now
                state.isBarOpen = true
                // To the beginning of the line, and clear it.
                write("\r\u{1B}[2K" + ImportProgressText.bar(progress, microseconds: elapsed))
                if progress.isFinished { closeBar(&state) }
            } else {
                let tenths = progress.total > 0 ? 10 * progress.done / progress.total : 10
                guard tenths > state.tenths else { return }
                state.tenths = tenths
                write(ImportProgressText.line(progress, microseconds: elapsed) + "\n")
            }
        }
    }

    func finish() {
        state.withLock { closeBar(&$0) }
    }

    private func closeBar(_ state: inout State) {
        if state.isBarOpen { write("\n") }
        state.isBarOpen = false
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}

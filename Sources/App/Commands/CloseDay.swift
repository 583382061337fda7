import Application
import ArgumentParser
import CloseOfDay
import Kernel

struct CloseDay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close-day", abstract: "Close the open business date, or every date through another.",
        discussion: """
            Runs beside a server or alone; several may work on one run. Interrupted and started again it goes on where it stopped. A dry run
            posts nothing and shows what would be posted.
            """)

    @Option(help: "Close every date up to and including this one (YYYY-MM-DD).") var through: String?
    @Flag(help: "Show what closing the open date would post, and post nothing.") var dryRun = false

    func run() async throws {
        try await Terminal.run { settings in
            var last: BusinessDate?
            if let through {
                guard let date = BusinessDate(iso: through) else {
                    throw Refusal.validation([.init("through", "invalid_format", "\(through) is not a date of the form YYYY-MM-DD")])
                }
                last = date
            }
            let logger = Terminal.silentLogger
            try await Session.run(settings, secrets: Secrets.load(settings), logger: logger) { bank in
                if dryRun { return try await Self.preview(bank.days.closing) }
                try await Self.close(bank, through: last)
            }
        }
    }

    private static func preview(_ closing: CloseOfDay) async throws {
        let preview = try await closing.preview()
        Terminal.say("Closing \(preview.date) would do this:")
        for (step, line) in preview.lines {
            Terminal.say("  \(step): \(line.count) × \(line.what)\(line.amount.map { ", \($0)" } ?? "")")
        }
        if preview.lines.isEmpty { Terminal.say("  nothing to post") }
    }

    private static func close(_ bank: Bank, through last: BusinessDate?) async throws {
        let closing = bank.days.closing
        let context = RequestContext.system(.batch, at: bank.clock.now(), idempotencyKey: "close-day")
        var run: DayRun
        do {
            run = try await closing.start(through: last, context: context)
        } catch let refusal as Refusal where refusal.code == "run_in_progress" {
            // Somebody began one, perhaps a process that died: take part in it.
            guard let current = try await closing.runs(limit: 1, before: nil).first, current.status == .running else { throw refusal }
            Terminal.say("Taking part in the run of \(current.fromDate).")
            run = current
        }
        run = try await closing.work(on: run.id, worker: "close-day")
        for step in run.steps { Terminal.say("\(step.name): \(step.processed) done, \(step.failed) exceptions") }
        for exception in run.exceptions {
            Terminal.complain("\(exception.step), \(exception.entityType) \(exception.entityID): \(exception.message)")
        }
        guard run.status == .completed else {
            throw Refusal.unavailable("the run failed: \(run.error ?? "no reason was given")")
        }
        Terminal.say("Closed \(run.fromDate) through \(run.throughDate).")
    }
}

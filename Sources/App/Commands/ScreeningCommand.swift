import ArgumentParser
import Foundation
import Kernel
import Screening

struct ScreeningCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "screening", abstract: "Lists of people and organisations the bank must not serve.", subcommands: [Load.self])

    struct Load: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put lists into force, each as a whole; the bank then screens all customers again.")

        @Option(help: ArgumentHelp("The UN Security Council's consolidated list (XML).", valueName: "file"))
        var un: String?

        @Option(help: ArgumentHelp("OFAC's list of Specially Designated Nationals (sdn.csv).", valueName: "file"))
        var ofac: String?

        @Option(help: ArgumentHelp("The bank's own list (CSV with the columns id and name).", valueName: "file"))
        var local: String?

        @Option(help: ArgumentHelp("Politically exposed persons (CSV with the columns id and name).", valueName: "file"))
        var pep: String?

        func validate() throws {
            if un == nil, ofac == nil, local == nil, pep == nil { throw ValidationError("Name at least one list to load.") }
        }

        func run() async throws {
            let files: [(WatchlistCode, String)] = [(.un, un), (.ofac, ofac), (.local, local), (.pep, pep)].compactMap { code, path in
                path.map { (code, $0) }
            }
            try await Terminal.run { settings in
                let secrets = try Secrets.load(settings)
                try await Session.run(settings, secrets: secrets) { bank in
                    for (code, path) in files {
                        guard let data = FileManager.default.contents(atPath: path) else {
                            throw ValidationError("\(path) cannot be read.")
                        }
                        let context = RequestContext.system(
                            at: bank.clock.now(), idempotencyKey: "screening-load/\(bank.identifiers.nextBits())")
                        let (done, _) = try await bank.customers.screening.watchlists.load(Array(data), code: code, context: context)
                        Terminal.say(
                            "\(code.rawValue) \(done.version): \(done.entries) entries, \(done.added) added, \(done.changed) changed, "
                                + "\(done.removed) removed")
                        for problem in done.problems { Terminal.say("  \(problem)") }
                    }
                }
            }
        }
    }
}

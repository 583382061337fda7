import ArgumentParser
import Kernel

struct Seed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Seed the demonstration bank; what is there already stays as it is.",
        discussion: "For those who want the bank without a server: `wekeza serve` in demo mode seeds by itself.")

    func run() async throws {
        try await Terminal.run { settings in
            guard settings.mode == .demo else {
                throw Refusal.forbidden("seed is for demo mode only; WEKEZA_MODE is \(settings.mode.rawValue)")
            }
            try await Session.run(settings, secrets: Secrets.load(settings)) { bank in
                try await Demonstration(bank: bank).seed()
                Terminal.say("The demonstration bank is seeded.")
            }
        }
    }
}

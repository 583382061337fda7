import ArgumentParser
import HTTPEdge
import Kernel
import Logging
import Safeguards
import ServiceLifecycle

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the bank. In demo mode the first start seeds it and shows its logins.",
        discussion: "Ctrl-C stops it: what was accepted is finished first.", aliases: ["api"])

    func run() async throws {
        try await Terminal.run { settings in
            let stop = StopSignal()
            try PortProbe.check(host: settings.bindAddress, port: settings.ports.api, setting: SettingName.apiPort.rawValue)
            let channels = try WebChannels.open(settings)
            let encryption = try Encryption.load(settings)
            let logger = Terminal.logger(settings)
            let secrets = try Secrets.load(settings)
            let breached = BreachedPasswords(corpus: try settings.breachedPasswordsFile.map { try BreachFilter(path: $0) })
            try await Session.run(settings, secrets: secrets, breached: breached, logger: logger) { bank in
                if settings.mode == .demo, !stop.isAsked { try await Demonstration(bank: bank).seed() }
                if !stop.isAsked {
                    try await listen(bank, bank.server(secrets: secrets, sites: channels.listeners, encryption: encryption), channels, stop)
                }
            }
            logger.info("stopped")
        }
    }

    /// Serves until somebody asks to stop; then requests under way are answered, and only after them the jobs end.
    private func listen(_ bank: Bank, _ server: HTTPServer, _ channels: WebChannels, _ stop: StopSignal) async throws {
        let jobs = PeriodicJobs(jobs: bank.jobs, metrics: bank.registry, logger: bank.logger)
        var configuration = ServiceGroupConfiguration(services: [jobs, bank.days.workers(of: bank), server], logger: bank.logger)
        configuration.maximumGracefulShutdownDuration = .seconds(20)
        let group = ServiceGroup(configuration: configuration)
        stop.onStop { Task { await group.triggerGracefulShutdown() } }
        let settings = bank.settings
        async let welcome: Void = {
            for name in [nil] + channels.listeners.map(\.name) {
                guard await server.listeningPort(of: name) != nil else { return }
            }
            Welcome.show(settings, channels)
        }()
        try await group.run()
        await welcome
    }
}

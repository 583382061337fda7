import ArgumentParser
import HTTPEdge

struct OpenAPI: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi",
        abstract: "Print the OpenAPI document of this program, without a database.",
        discussion: "The web workspace generates its typed client from it, so that a change of the contract breaks the build.")

    func run() async throws {
        // The document is the same whatever the settings are, so none are read, and nothing connects, listens or is written.
        let (settings, _) = try Settings.read(from: .init(environment: [:], workingDirectory: "/"))
        let bank = Bank(settings: settings, secrets: .forDocumentation(), database: .nowhere, logger: Terminal.silentLogger)
        Terminal.say(bank.openAPIDocument())
        await bank.shutdown()
    }
}

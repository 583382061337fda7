import ArgumentParser

struct NewSecrets: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new-secrets",
        abstract: "Print fresh secrets for production, as lines of a .env file.",
        discussion: "Keep them where only the bank's processes can read them. A lost pepper makes every password useless.")

    func run() async throws {
        for line in Secrets.newEnvironmentLines() { Terminal.say(line) }
    }
}

import ArgumentParser

/// The program `wekeza`: commands and the composition root, nothing else.
@main
struct Wekeza: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wekeza",
        abstract: "Wekeza, a core bank.",
        discussion: "Settings are WEKEZA_* variables or lines of a .env file; README.md lists them.",
        subcommands: [
            Serve.self, Migrate.self, Seed.self, Import.self, CloseDay.self, Verify.self, NewSecrets.self, RotateKeys.self,
            ScreeningCommand.self,
            OpenAPI.self,
        ])
}

import ArgumentParser

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the database's schema up to date, and nothing else.",
        discussion: "Refuses a database that a newer version has migrated.")

    func run() async throws {
        try await Terminal.run { settings in
            let database = try await DatabaseAccess.open(settings)
            do {
                let applied = try await database.migrate()
                for name in applied { Terminal.say("applied \(name)") }
                Terminal.say("The schema is up to date.")
            } catch {
                await database.close()
                throw error
            }
            await database.close()
        }
    }
}

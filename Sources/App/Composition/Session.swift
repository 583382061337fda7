import Kernel
import Logging
import Organisation
import Safeguards

/// A stay in the bank by a command that is not the server: whatever happens, what was opened is closed again.
enum Session {
    /// With the database alone, its schema as this program knows it.
    static func withDatabase<Value>(
        _ settings: Settings, _ body: (DatabaseAccess) async throws -> Value
    ) async throws -> Value {
        let database = try await DatabaseAccess.open(settings)
        do {
            _ = try await database.migrate()
            let value = try await body(database)
            await database.close()
            return value
        } catch {
            await database.close()
            throw error
        }
    }

    /// With every room of the bank, its books open.
    static func run(
        _ settings: Settings, secrets: Secrets, breached: BreachedPasswords = BreachedPasswords(),
        logger: Logger = Terminal.silentLogger, _ body: (Bank) async throws -> Void
    ) async throws {
        try await withDatabase(settings) { database in
            let bank = Bank(settings: settings, secrets: secrets, database: database, breached: breached, logger: logger)
            do {
                try await bank.createPartitions()
                try await bank.openBusinessDay()
                try await bank.parameters.refresh()
                try await body(bank)
            } catch {
                await bank.shutdown()
                throw error
            }
            await bank.shutdown()
        }
    }
}

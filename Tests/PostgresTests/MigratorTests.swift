import Postgres
import TestKit
import Testing

@Suite struct MigratorTests {
    private static let first = Migration(
        name: "books/001_entry", sql: "CREATE SCHEMA books; CREATE TABLE books.entry (id bigint PRIMARY KEY)")
    private static let second = Migration(
        name: "books/002_note", sql: "ALTER TABLE books.entry ADD COLUMN note text; INSERT INTO books.entry VALUES (1, 'x')")

    private func migrate(_ migrations: [Migration], on database: TestDatabase) async throws -> [String] {
        let owner = DedicatedConnection(configuration: database.superuserConfiguration)
        defer { owner.close() }
        return try await Migrator([migrations]).migrate(owner)
    }

    @Test func appliesWhatIsMissingOnceAndInOrder() async throws {
        try await TestDatabase.withDatabase { database in
            #expect(try await migrate([Self.first], on: database) == [Self.first.name])
            #expect(try await migrate([Self.first, Self.second], on: database) == [Self.second.name])
            #expect(try await migrate([Self.first, Self.second], on: database) == [])
            let missing = try await database.pool.read { transaction in
                try Migrator([[Self.first, Self.second, Migration(name: "books/003", sql: "")]]).missing(in: transaction)
            }
            #expect(missing == ["books/003"])
        }
    }

    @Test func refusesADatabaseThatIsAhead() async throws {
        try await TestDatabase.withDatabase { database in
            _ = try await migrate([Self.first, Self.second], on: database)
            await #expect(throws: Migrator.Failure.databaseIsNewer([Self.second.name])) { try await migrate([Self.first], on: database) }
        }
    }

    @Test func refusesAMigrationThatWasEdited() async throws {
        try await TestDatabase.withDatabase { database in
            _ = try await migrate([Self.first], on: database)
            let edited = Migration(name: Self.first.name, sql: Self.first.sql + " ")
            await #expect(throws: Migrator.Failure.edited(Self.first.name)) { try await migrate([edited, Self.second], on: database) }
            #expect(try await migrate([Self.first, Self.second], on: database) == [Self.second.name])
        }
    }

    @Test func aMigrationThatFailsLeavesNothingBehind() async throws {
        try await TestDatabase.withDatabase { database in
            let broken = Migration(name: "books/002_broken", sql: "ALTER TABLE books.entry ADD COLUMN half int; SELECT 1 / 0")
            let failure = await #expect(throws: PostgresError.self) { try await migrate([Self.first, broken], on: database) }
            #expect(failure?.sqlState == "22012")
            // The first stays applied; of the second not even the column is there.
            #expect(try await migrate([Self.first, Self.second], on: database) == [Self.second.name])
            let columns = try await database.superuserPool.read { transaction in
                try transaction.query(
                    "SELECT attname::text FROM pg_attribute WHERE attrelid = 'books.entry'::regclass AND attnum > 0 ORDER BY 1"
                )
                .map { try $0.text(0) }
            }
            #expect(columns == ["id", "note"])
        }
    }

    @Test(.timeLimit(.minutes(10))) func programsThatStartTogetherTakeTurns() async throws {
        try await TestDatabase.withDatabase { database in
            let slow = Migration(name: "books/003_slow", sql: "SELECT pg_sleep(0.2); INSERT INTO books.entry VALUES (2)")
            let applied = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<4 { group.addTask { try await migrate([Self.first, Self.second, slow], on: database) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.sorted() == [Self.first.name, Self.second.name, slow.name])
            let found = try await database.superuserPool.read { try $0.query("SELECT id FROM books.entry").count }
            #expect(found == 2)
        }
    }

    @Test func theApplicationMayNotTouchTheListOfMigrations() async throws {
        try await TestDatabase.withDatabase { database in
            for statement in [
                "DELETE FROM platform.schema_migration", "CREATE TABLE platform.mine ()", "CREATE TABLE public.mine ()",
                "CREATE SCHEMA mine",
            ] {
                let failure = await #expect(throws: PostgresError.self) {
                    try await database.pool.transaction { _ = try $0.execute(SQL(statement)) }
                }
                #expect(failure?.sqlState == "42501")
            }
        }
    }
}

import Postgres
import TestKit
import Testing

@Suite struct TestDatabaseTests {
    private static let migrations = [
        [Migration(name: "t/001", sql: "CREATE TABLE platform.word (word text); GRANT ALL ON platform.word TO wekeza_app")]
    ]

    @Test(arguments: 0..<6) func givesEveryTestItsOwnDatabase(number: Int) async throws {
        try await TestDatabase.withDatabase(migrations: Self.migrations) { database in
            try await database.pool.transaction { transaction in
                #expect(try transaction.query("SELECT word FROM platform.word").isEmpty)
                _ = try transaction.execute("INSERT INTO platform.word VALUES (\("word \(number)"))")
                #expect(try transaction.query("SELECT current_user::text")[0].text(0) == "wekeza_app")
            }
            let words = try await database.superuserPool.read { try $0.query("SELECT word FROM platform.word").map { try $0.text(0) } }
            #expect(words == ["word \(number)"])
        }
    }
}

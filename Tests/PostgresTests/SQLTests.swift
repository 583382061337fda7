import Postgres
import TestKit
import Testing

/// What a caller sends is a value and never becomes a part of the statement.
@Suite struct SQLTests {
    @Test func interpolationsBecomeBinds() {
        let word = "x'; DROP TABLE t; --"
        let sql: SQL =
            "SELECT * FROM \(raw: "t") WHERE word = \(word) AND number > \(Int64(5)) AND place IS NOT DISTINCT FROM \(nil as String?)"
        #expect(sql.text == "SELECT * FROM t WHERE word = $1 AND number > $2 AND place IS NOT DISTINCT FROM $3")
        #expect(sql.binds.map(\.bytes) == [Array(word.utf8), [0, 0, 0, 0, 0, 0, 0, 5], nil])
    }

    @Test func piecesKeepTheirBinds() {
        let condition: SQL = "b = \(Int64(2)) AND c = 'costs $1' AND \"$1\" = \(Int64(3))"
        let sql: SQL = "SELECT \(Int64(1)) WHERE \(condition) OR d = \(Int64(4))"
        #expect(sql.text == "SELECT $1 WHERE b = $2 AND c = 'costs $1' AND \"$1\" = $3 OR d = $4")
        #expect(sql.binds.map { $0.bytes?.last } == [1, 2, 3, 4])
        #expect((SQL("SELECT 1") + " UNION ALL " + sql).text.hasPrefix("SELECT 1 UNION ALL SELECT $1"))
        let many = (1...12).reduce(SQL("SELECT 0")) { $0 + ", " + "\(Int64($1))" }
        #expect(many.text.hasSuffix("$10, $11, $12"))
    }

    @Test(arguments: [
        "'; DROP TABLE platform.word; --", "' OR '1'='1", "\\'; DELETE FROM platform.word; --", "$1", "%s", "\"",
        "); SELECT pg_sleep(10); --",
        "\u{2019} OR 1=1", "E'\\x27'", "😀'; COMMIT; DROP SCHEMA platform CASCADE; --",
    ]) func hostileTextIsOnlyText(word: String) async throws {
        let migrations = [Migration(name: "t/1", sql: "CREATE TABLE platform.word (word text); GRANT ALL ON platform.word TO wekeza_app")]
        try await TestDatabase.withDatabase(migrations: [migrations]) { database in
            try await database.superuserPool.transaction { transaction in
                _ = try transaction.execute("INSERT INTO platform.word VALUES (\(word))")
                _ = try transaction.pipeline(["INSERT INTO platform.word SELECT unnest(\([word, word]))", "SELECT 1"])
                let found = try transaction.query("SELECT word FROM platform.word WHERE word = \(word)").map { try $0.text(0) }
                #expect(found == [word, word, word])
            }
        }
    }

    @Test func aNullByteIsRefusedByTheServerAndHarmsNothing() async throws {
        try await TestDatabase.withDatabase(poolSize: 1) { database in
            await #expect { try await database.pool.read { _ = try $0.query("SELECT \("a\0b")") } } throws: { error in
                (error as? PostgresError)?.sqlState == "22021"
            }
            let length = try await database.pool.read { try $0.query("SELECT length(\([UInt8]([0, 0])))")[0].int32(0) }
            #expect(length == 2)
        }
    }
}

import Foundation
import Kernel
import Postgres
import TestKit
import Testing

@Suite struct ConnectionTests {
    private static let table = [
        [
            Migration(
                name: "t/1",
                sql:
                    """
                    CREATE TABLE platform.item (id bigint PRIMARY KEY, word text CHECK (word <> 'bad'));
                    GRANT ALL ON platform.item TO wekeza_app
                    """
            )
        ]
    ]

    /// Runs a closure on a session of its own.
    private func onConnection<Value: Sendable>(
        _ database: TestDatabase, _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws -> Value {
        let connection = DedicatedConnection(configuration: database.configuration)
        defer { connection.close() }
        return try await connection.run(body)
    }

    private static func count(_ connection: Connection) throws -> Int64 {
        try connection.query("SELECT count(*) FROM platform.item")[0].int64(0)
    }

    // MARK: Prepared statements

    @Test func statementsArePreparedOnceAndKeptWithinBounds() async throws {
        try await TestDatabase.withDatabase { database in
            try await onConnection(database) { connection in
                for number in 0..<50 { #expect(try connection.query("SELECT \(Int64(number))")[0].int64(0) == Int64(number)) }
                // The same text with another type is another statement.
                #expect(try connection.query("SELECT \("word")")[0].text(0) == "word")
                let counted = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1%'"
                #expect(try connection.query(SQL(counted))[0].int64(0) == 2)
                _ = try connection.pipeline((0..<20).map { "SELECT \(Int64($0))" })
                #expect(try connection.query(SQL(counted))[0].int64(0) == 2)

                for number in 0..<1_000 { #expect(try connection.query("SELECT \(raw: String(number))")[0].int32(0) == Int32(number)) }
                for number in stride(from: 0, to: 2_000, by: 200) {
                    let answers = try connection.pipeline((0..<200).map { "SELECT \(raw: String(number + $0)), 'in a pipeline'" as SQL })
                    #expect(try answers[199][0].int32(0) == Int32(number + 199))
                }
                #expect(try connection.query("SELECT count(*) FROM pg_prepared_statements")[0].int64(0) < 800)
            }
        }
    }

    @Test func aTableThatGotAnotherShapeIsReadAgain() async throws {
        try await TestDatabase.withDatabase(migrations: Self.table) { database in
            let connection = DedicatedConnection(configuration: database.configuration)
            defer { connection.close() }
            let read: @Sendable (Connection) throws -> Int = { connection in
                _ = try connection.query("SELECT * FROM platform.item")
                return 1
            }
            _ = try await connection.run(read)
            try await database.superuserPool.transaction { try $0.executeScript("ALTER TABLE platform.item ADD COLUMN more int") }
            _ = try? await connection.run(read)
            #expect(try await connection.run(read) == 1)
        }
    }

    // MARK: Pipelines

    @Test func answersComeInTheOrderOfTheStatements() async throws {
        try await TestDatabase.withDatabase(migrations: Self.table) { database in
            try await onConnection(database) { connection in
                let statements: [SQL] = (0..<1_000).map { number in
                    number % 3 == 0
                        ? "INSERT INTO platform.item VALUES (\(Int64(number)), \("w\(number)")) RETURNING id" : "SELECT \(Int64(number))"
                }
                let answers = try connection.pipeline(statements)
                #expect(try answers.map { try $0[0].int64(0) } == (0..<1_000).map { Int64($0) })
                #expect(answers[0].affected == 1)
                #expect(try Self.count(connection) == 334)
                #expect(try connection.pipeline([]).isEmpty)
            }
        }
    }

    @Test func anErrorMidwayNamesItsStatementAndUndoesTheTransaction() async throws {
        try await TestDatabase.withDatabase(migrations: Self.table) { database in
            try await onConnection(database) { connection in
                func insert(_ number: Int64, _ word: String = "good") -> SQL { "INSERT INTO platform.item VALUES (\(number), \(word))" }
                for explicit in [true, false] {
                    if explicit { try connection.begin() }
                    let failure = #expect(throws: PostgresError.self) {
                        _ = try connection.pipeline([
                            insert(1), insert(2, "bad"), insert(3), "SELECT 'never prepared before' WHERE \(true)",
                        ])
                    }
                    #expect(failure?.isCheckViolation == true)
                    #expect(failure?.constraint == "item_word_check")
                    #expect(failure?.statementIndex == 1)
                    #expect(!connection.isBroken)
                    if explicit { connection.rollback() }
                    #expect(try Self.count(connection) == 0)
                }
                // A statement that cannot even be prepared.
                let failure = #expect(throws: PostgresError.self) {
                    _ = try connection.pipeline([insert(1), "SELECT nonsense", insert(2)])
                }
                #expect(failure?.sqlState == "42703")
                #expect(failure?.statementIndex == 1)
                _ = try connection.pipeline([insert(1), "SELECT 'never prepared before' WHERE \(true)", insert(3)])
                #expect(try Self.count(connection) == 2)
            }
        }
    }

    @Test func bigPipelinesDoNotBlockEachOther() async throws {
        try await TestDatabase.withDatabase { database in
            try await onConnection(database) { connection in
                // Far more in both directions than the sockets hold.
                let block = [UInt8](repeating: 7, count: 300_000)
                let answers = try connection.pipeline((0..<60).map { _ in "SELECT \(block) || \(block)" })
                #expect(try answers.allSatisfy { try $0[0].bytes(0).count == 600_000 })
            }
        }
    }

    // MARK: Commit

    @Test func aSwallowedErrorIsNoCommit() async throws {
        try await TestDatabase.withDatabase(migrations: Self.table) { database in
            let failure = await #expect(throws: PostgresError.self) {
                try await database.pool.transaction { transaction in
                    _ = try transaction.execute("INSERT INTO platform.item VALUES (1, 'good')")
                    _ = try? transaction.execute("INSERT INTO platform.item VALUES (2, 'bad')")
                }
            }
            #expect(failure?.sqlState == "25P02")
            let found = try await database.pool.read { try $0.query("SELECT id FROM platform.item").count }
            #expect(found == 0)
        }
    }

    @Test func losingTheConnectionAtTheCommitIsAnUnknownOutcome() async throws {
        // The session ends in the middle of its own COMMIT.
        let suicidal = Migration(
            name: "t/2",
            sql: """
                CREATE FUNCTION platform.die() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL; END $$;
                CREATE CONSTRAINT TRIGGER die AFTER INSERT ON platform.item DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW WHEN (NEW.word = 'die') EXECUTE FUNCTION platform.die();
                """)
        try await TestDatabase.withDatabase(migrations: Self.table + [[suicidal]], poolSize: 1) { database in
            let failure = await #expect(throws: PostgresError.self) {
                try await database.pool.transaction { _ = try $0.execute("INSERT INTO platform.item VALUES (1, 'die')") }
            }
            #expect(failure?.kind == .outcomeUnknown)
            let elsewhere = await #expect(throws: PostgresError.self) {
                try await database.pool.transaction { _ = try $0.query("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(1)") }
            }
            #expect(elsewhere?.kind == .connectionLost)
            let found = try await database.pool.read { try $0.query("SELECT id FROM platform.item").count }
            #expect(found == 0)
        }
    }

    @Test func losingTheConnectionInsideAPipelineIsReportedAsSuch() async throws {
        try await TestDatabase.withDatabase { database in
            try await onConnection(database) { connection in
                let failure = #expect(throws: PostgresError.self) {
                    _ = try connection.pipeline(["SELECT 1", "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(1)", "SELECT 2"])
                }
                #expect(failure?.kind == .connectionLost)
                #expect(connection.isBroken)
                #expect(throws: PostgresError.self) { _ = try connection.query("SELECT 1") }
                try connection.reconnect()
                #expect(try connection.query("SELECT 1")[0].int32(0) == 1)
            }
        }
    }

    // MARK: COPY

    @Test func copiesAHundredThousandRows() async throws {
        try await TestDatabase.withDatabase(migrations: Self.table) { database in
            let rows = 100_000
            try await database.pool.transaction { transaction in
                let lines = (0..<rows).lazy.map { Array("\($0)\tword \($0)\n".utf8) }
                #expect(try transaction.copyIn("COPY platform.item FROM STDIN", rows: lines) == rows)
                let sums = try transaction.query("SELECT count(*), sum(id), max(word) FROM platform.item")[0]
                #expect(try sums.int64(0) == Int64(rows))
                #expect(try sums.int128(1) == Int128(rows) * Int128(rows - 1) / 2)
                #expect(try sums.text(2) == "word 99999")
            }
        }
    }

    @Test func aBadRowUndoesTheCopyAndLeavesTheSessionUsable() async throws {
        try await TestDatabase.withDatabase(migrations: Self.table, poolSize: 1) { database in
            let lines = (0..<50_000).map { Array("\($0)\t\($0 == 30_000 ? "bad" : "good")\n".utf8) }
            let failure = await #expect(throws: PostgresError.self) {
                try await database.pool.transaction { _ = try $0.copyIn("COPY platform.item FROM STDIN", rows: lines) }
            }
            #expect(failure?.isCheckViolation == true)
            let misused = await #expect(throws: PostgresError.self) {
                try await database.pool.transaction { _ = try $0.copyIn("SELECT 1", rows: lines) }
            }
            #expect(misused?.kind == .misuse)
            let found = try await database.pool.read { try $0.query("SELECT id FROM platform.item").count }
            #expect(found == 0)
        }
    }

    // MARK: Configuration

    @Test func settingsOfASessionArrive() async throws {
        try await TestDatabase.withDatabase { database in
            var configuration = database.configuration
            configuration.settings = ["search_path": "platform, public", "plan_cache_mode": "force_generic_plan"]
            configuration.statementTimeoutMilliseconds = 1_234
            let connection = DedicatedConnection(configuration: configuration)
            defer { connection.close() }
            let shown = try await connection.run { connection in
                try ["search_path", "plan_cache_mode", "statement_timeout", "lock_timeout", "TimeZone", "application_name"].map { name in
                    try connection.query("SELECT current_setting(\(name))")[0].text(0)
                }
            }
            #expect(shown == ["platform, public", "force_generic_plan", "1234ms", "10s", "UTC", "test"])
        }
    }

    @Test func aServerThatIsNotThereIsALostConnection() async throws {
        let connection = DedicatedConnection(configuration: PostgresConfiguration(url: "postgresql://nobody@127.0.0.1:1/nothing"))
        defer { connection.close() }
        let failure = await #expect(throws: PostgresError.self) { try await connection.run { _ = try $0.query("SELECT 1") } }
        #expect(failure?.kind == .connectionLost)
        #expect(failure?.isTransient == true)
        connection.close()
        await #expect(throws: PostgresError.self) { try await connection.run { _ in } }
    }
}

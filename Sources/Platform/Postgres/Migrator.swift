import Crypto
import Kernel

/// One named step of the schema. Applied once; never edited afterwards.
public struct Migration: Sendable {
    /// `room/number_subject`.
    public let name: String
    public let sql: String

    public init(name: String, sql: String) {
        self.name = name
        self.sql = sql
    }

    var checksum: String {
        SHA256.hash(data: Array(sql.utf8)).map { byte in
            let hex = String(byte, radix: 16)
            return byte < 16 ? "0" + hex : hex
        }.joined()
    }
}

/// Brings a database to the schema this program knows, and refuses one that is ahead of it.
public struct Migrator: Sendable {
    public enum Failure: Error, Equatable, CustomStringConvertible {
        case databaseIsNewer([String])
        case edited(String)

        public var description: String {
            switch self {
            case .databaseIsNewer(let names):
                "the database is newer than this program: it has \(names.joined(separator: ", ")), which this program does not know"
            case .edited(let name): "migration \(name) was applied in another form than this program has"
            }
        }
    }

    private let migrations: [Migration]

    /// - Parameter groups: each room's migrations in their order; rooms in the order of their dependencies
    public init(_ groups: [[Migration]]) {
        migrations = groups.flatMap { $0 }
        precondition(Set(migrations.map(\.name)).count == migrations.count, "every migration has its own name")
    }

    /// Identifies the schema these migrations make.
    public var fingerprint: String {
        Migration(name: "", sql: migrations.map { $0.name + $0.checksum }.joined()).checksum
    }

    /// Applies what is missing, each migration in its own transaction. Two programs that start at once take turns.
    /// - Returns: names of what was applied now
    /// - Throws: `Failure`; `PostgresError`
    public func migrate(_ owner: DedicatedConnection) async throws -> [String] {
        let migrations = migrations
        return try await owner.run { connection in
            try Self.prepare(connection)
            var applied: [String] = []
            let known = Dictionary(uniqueKeysWithValues: migrations.map { ($0.name, $0.checksum) })
            try Self.inLock(connection) {
                let rows = try connection.query("SELECT name, checksum FROM platform.schema_migration ORDER BY name")
                let existing = try rows.map { (try $0.text(0), try $0.text(1)) }
                let unknown = existing.map(\.0).filter { known[$0] == nil }
                guard unknown.isEmpty else { throw Failure.databaseIsNewer(unknown) }
                for (name, checksum) in existing where known[name] != checksum { throw Failure.edited(name) }
            }
            for migration in migrations {
                try Self.inLock(connection) {
                    let name = migration.name
                    guard try connection.query("SELECT 1 FROM platform.schema_migration WHERE name = \(name)").isEmpty else { return }
                    try connection.executeScript(migration.sql)
                    _ = try connection.execute(
                        "INSERT INTO platform.schema_migration (name, checksum) VALUES (\(name), \(migration.checksum))")
                    applied.append(name)
                }
            }
            return applied
        }
    }

    /// Names this program has and the database lacks.
    public func missing(in transaction: Transaction) throws -> [String] {
        let rows = try transaction.query("SELECT name FROM platform.schema_migration")
        let applied = Set(try rows.map { try $0.text(0) })
        return migrations.map(\.name).filter { !applied.contains($0) }
    }

    private static func prepare(_ connection: Connection) throws {
        try inLock(connection) {
            // Roles belong to the cluster, so another database's migration may be making this one right now.
            try connection.executeScript(
                """
                DO $do$ BEGIN
                    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'wekeza_app') THEN
                        CREATE ROLE wekeza_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
                    END IF;
                EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
                END $do$;
                -- An owner who is no superuser has to be a member of the role that its sessions take on.
                DO $do$ BEGIN
                    IF NOT pg_has_role(current_user, 'wekeza_app', 'MEMBER') THEN
                        EXECUTE format('GRANT wekeza_app TO %I', current_user);
                    END IF;
                END $do$;
                CREATE SCHEMA IF NOT EXISTS platform;
                CREATE TABLE IF NOT EXISTS platform.schema_migration (
                    name text PRIMARY KEY,
                    checksum text NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT now()
                );
                GRANT USAGE ON SCHEMA platform TO wekeza_app;
                GRANT SELECT ON platform.schema_migration TO wekeza_app;
                """)
        }
    }

    private static func inLock(_ connection: Connection, _ body: () throws -> Void) throws {
        try connection.begin()
        do {
            // Who waits for another program's long migration is not to be timed out.
            try connection.executeScript("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
            // A lock of the transaction, not of the session: it also works behind a transaction pooler.
            _ = try connection.query("SELECT pg_advisory_xact_lock(7237128432)")
            try body()
            try connection.commit()
        } catch {
            connection.rollback()
            throw error
        }
    }
}

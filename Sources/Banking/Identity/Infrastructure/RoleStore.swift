import Kernel
import Postgres

/// The bank's own roles in SQL.
enum RoleStore {
    static func all(in transaction: Transaction) throws -> [RoleDefinition] {
        try transaction.query("SELECT role_name, description, permissions, version FROM identity.role ORDER BY role_name").map(role)
    }

    static func find(_ name: String, isForUpdate: Bool = false, in transaction: Transaction) throws -> RoleDefinition? {
        let lock: SQL = isForUpdate ? "FOR UPDATE" : ""
        return try transaction.query(
            "SELECT role_name, description, permissions, version FROM identity.role WHERE role_name = \(name) \(lock)"
        ).first.map(role)
    }

    /// Own roles by name, held against change until the transaction ends.
    static func hold(_ names: [String], in transaction: Transaction) throws -> [String: RoleDefinition] {
        guard !names.isEmpty else { return [:] }
        let found = try transaction.query(
            """
            SELECT role_name, description, permissions, version FROM identity.role WHERE role_name = ANY(\(names)::text[])
            ORDER BY role_name FOR SHARE
            """
        ).map(role)
        return Dictionary(found.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    static func insert(_ role: RoleDefinition, at instant: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute(
            """
            INSERT INTO identity.role (role_name, description, permissions, created_at, updated_at)
            VALUES (\(role.name), \(role.description), \(role.permissions), \(instant), \(instant))
            """)
    }

    static func update(_ role: RoleDefinition, at instant: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute(
            """
            UPDATE identity.role SET description = \(role.description), permissions = \(role.permissions), version = version + 1,
                updated_at = \(instant)
            WHERE role_name = \(role.name)
            """)
    }

    private static func role(_ row: Row) throws -> RoleDefinition {
        RoleDefinition(
            name: try row.text(0), description: try row.text(1), permissions: try row.textArray(2), version: try row.int32(3))
    }
}

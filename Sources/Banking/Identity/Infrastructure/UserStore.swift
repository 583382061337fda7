import Kernel
import Postgres

/// The users of this room in SQL.
enum UserStore {
    private static let columns: SQL = """
        u.user_id, u.username, u.full_name, u.email, u.phone, u.roles, u.customer_id, u.branch_code, u.must_change_password,
        u.disabled_at IS NOT NULL, u.mfa_enabled, u.password_hash, coalesce(u.assigned_roles, u.roles), u.own_permissions,
        u.password_expires_at
        """

    static func find(usernameKey: String, in transaction: Transaction) throws -> UserAccount? {
        try transaction.query("SELECT \(columns) FROM identity.user_account u WHERE u.username_key = \(usernameKey)").first.map(user)
    }

    static func find(email: String, in transaction: Transaction) throws -> UserAccount? {
        try transaction.query(
            "SELECT \(columns) FROM identity.user_account u WHERE lower(u.email COLLATE \"C\") = lower(\(email) COLLATE \"C\")"
        ).first.map(user)
    }

    static func find(_ id: Identifier<User>, in transaction: Transaction) throws -> UserAccount? {
        try transaction.query("SELECT \(columns) FROM identity.user_account u WHERE u.user_id = \(id)").first.map(user)
    }

    static func names(of ids: [Identifier<User>], in transaction: Transaction) throws -> [Identifier<User>: String] {
        guard !ids.isEmpty else { return [:] }
        let rows = try transaction.query("SELECT user_id, username FROM identity.user_account WHERE user_id = ANY(\(ids)::uuid[])")
        return Dictionary(try rows.map { (try $0.identifier(0), try $0.text(1)) }, uniquingKeysWith: { first, _ in first })
    }

    /// The user as of now, unchanged by others until the transaction ends.
    static func lock(_ id: Identifier<User>, in transaction: Transaction) throws -> UserAccount? {
        try transaction.query("SELECT \(columns) FROM identity.user_account u WHERE u.user_id = \(id) FOR NO KEY UPDATE").first.map(user)
    }

    static func insert(_ user: UserAccount, employeeID: String? = nil, at instant: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute(
            """
            INSERT INTO identity.user_account (user_id, username, username_key, full_name, email, phone, password_hash,
                password_changed_at, must_change_password, roles, customer_id, branch_code, created_at, updated_at, employee_id,
                assigned_roles, own_permissions, password_expires_at)
            VALUES (\(user.id), \(user.username), \(Username.key(user.username)), \(user.fullName), \(user.email), \(user.phone),
                \(user.passwordHash), \(instant), \(user.mustChangePassword), \(user.roles.roles.map(\.rawValue)), \(user.customerID),
                \(user.branchCode), \(instant), \(instant), \(employeeID),
                \(user.roleNames.isEmpty ? nil : user.roleNames), \(user.ownPermissions),
                \(user.passwordExpiresAt))
            """)
    }

    static func noteLogin(_ id: Identifier<User>, at instant: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute("UPDATE identity.user_account SET last_login_at = \(instant) WHERE user_id = \(id)")
    }

    /// Replaces a hash that was made at another cost than today's; the password stays the same.
    static func renewHash(_ hash: String, of id: Identifier<User>, in transaction: Transaction) throws {
        _ = try transaction.execute("UPDATE identity.user_account SET password_hash = \(hash) WHERE user_id = \(id)")
    }

    /// Until when the name is locked out, for those who look; what decides is `LoginFailureStore`, which knows names nobody has.
    static func setLocked(until instant: Timestamp?, _ id: Identifier<User>, in transaction: Transaction) throws {
        _ = try transaction.execute(
            """
            UPDATE identity.user_account SET locked_until = \(instant)
            WHERE user_id = \(id) AND locked_until IS DISTINCT FROM \(instant)::timestamptz
            """)
    }

    /// Stores a password that the user has chosen. What was begun with the old one, sign-ins and resets, is over.
    static func setPassword(_ hash: String, of id: Identifier<User>, at instant: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute(
            """
            UPDATE identity.user_account SET password_hash = \(hash), password_changed_at = \(instant), must_change_password = false,
                password_expires_at = NULL, version = version + 1, updated_at = \(instant)
            WHERE user_id = \(id)
            """)
        try SignInChallengeStore.removeAll(of: id, in: transaction)
        try PasswordResetStore.cancel(of: id, at: instant, in: transaction)
    }

    /// A role that this program does not know gives no rights; it does not keep the others from working.
    static func roles(_ names: [String]) -> RoleSet { RoleSet(names.compactMap { Role(rawValue: $0) }) }

    private static func user(_ row: Row) throws -> UserAccount {
        UserAccount(
            id: try row.identifier(0), username: try row.text(1), fullName: try row.text(2), email: try row.text(3),
            phone: try row.textOrNil(4), roles: roles(try row.textArray(5)), customerID: try row.identifierOrNil(6),
            branchCode: try row.textOrNil(7), mustChangePassword: try row.bool(8), isDisabled: try row.bool(9),
            isSecondFactorEnrolled: try row.bool(10), passwordHash: try row.text(11), roleNames: try row.textArray(12),
            ownPermissions: try row.textArray(13), passwordExpiresAt: try row.timestampOrNil(14))
    }
}

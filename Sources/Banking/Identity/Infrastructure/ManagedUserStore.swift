import Kernel
import Postgres

/// Where a user stands, as administrators see it.
public enum UserStatus: String, Sendable, CaseIterable {
    case active, locked, disabled
}

/// A user as an administrator manages them.
public struct ManagedUser: Sendable, Equatable {
    public let id: Identifier<User>
    public let username: String
    public let fullName: String
    public let email: String
    public let phone: String?
    public let employeeID: String?
    /// As given: built-in roles and the bank's own.
    public let roles: [String]
    public let customerID: Identifier<Customer>?
    public let branchCode: String?
    public let status: UserStatus
    public let isSecondFactorEnrolled: Bool
    public let mustChangePassword: Bool
    public let lastLoginAt: Timestamp?
    public let createdAt: Timestamp
    public let version: Int32
}

/// Users in SQL, as administrators list and change them.
enum ManagedUserStore {
    struct Filter: Sendable {
        var text: String?
        var role: String?
        var status: UserStatus?
        var branchCode: String?
    }

    private static func select(at instant: Timestamp) -> SQL {
        """
        SELECT u.user_id, u.username, u.full_name, u.email, u.phone, u.employee_id, coalesce(u.assigned_roles, u.roles), u.customer_id,
            u.branch_code,
            CASE WHEN u.disabled_at IS NOT NULL THEN 'disabled' WHEN u.locked_until > \(instant) THEN 'locked' ELSE 'active' END,
            u.mfa_enabled, u.must_change_password, u.last_login_at, u.created_at, u.version
        FROM identity.user_account u
        """
    }

    /// Newest first.
    static func list(
        _ filter: Filter, before: Identifier<User>?, limit: Int, at instant: Timestamp, in transaction: Transaction
    ) throws -> [ManagedUser] {
        var sql = select(at: instant) + " WHERE true"
        if let text = filter.text {
            let pattern = "%" + text.lowercased().flatMap { "%_\\".contains($0) ? ["\\", $0] : [$0] } + "%"
            sql.append(
                " AND (u.username_key LIKE \(pattern) OR lower(u.full_name) LIKE \(pattern) OR lower(u.email COLLATE \"C\") LIKE \(pattern))"
            )
        }
        if let role = filter.role { sql.append(" AND \(role) = ANY(coalesce(u.assigned_roles, u.roles))") }
        if let branchCode = filter.branchCode { sql.append(" AND u.branch_code = \(branchCode)") }
        switch filter.status {
        case nil: break
        case .disabled: sql.append(" AND u.disabled_at IS NOT NULL")
        case .locked: sql.append(" AND u.disabled_at IS NULL AND u.locked_until > \(instant)")
        case .active: sql.append(" AND u.disabled_at IS NULL AND (u.locked_until IS NULL OR u.locked_until <= \(instant))")
        }
        if let before { sql.append(" AND u.user_id < \(before)") }
        sql.append(" ORDER BY u.user_id DESC LIMIT \(limit)")
        return try transaction.query(sql).map(user)
    }

    static func find(_ id: Identifier<User>, at instant: Timestamp, in transaction: Transaction) throws -> ManagedUser? {
        try transaction.query(select(at: instant) + " WHERE u.user_id = \(id)").first.map(user)
    }

    /// The user as of now, unchanged by others until the transaction ends.
    static func lock(_ id: Identifier<User>, at instant: Timestamp, in transaction: Transaction) throws -> ManagedUser? {
        try transaction.query(select(at: instant) + " WHERE u.user_id = \(id) FOR NO KEY UPDATE OF u").first.map(user)
    }

    /// Users to whom an own role was given, in the order of their identifiers.
    static func lockHolders(of role: String, at instant: Timestamp, in transaction: Transaction) throws -> [ManagedUser] {
        try transaction.query(
            select(at: instant) + " WHERE u.assigned_roles @> ARRAY[\(role)] ORDER BY u.user_id FOR NO KEY UPDATE OF u"
        ).map(user)
    }

    static func update(_ user: ManagedUser, at instant: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute(
            """
            UPDATE identity.user_account SET full_name = \(user.fullName), email = \(user.email), phone = \(user.phone),
                employee_id = \(user.employeeID), branch_code = \(user.branchCode), version = version + 1, updated_at = \(instant)
            WHERE user_id = \(user.id)
            """)
    }

    static func setRoles(_ roles: GrantedRoles, of id: Identifier<User>, at instant: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute(
            """
            UPDATE identity.user_account SET roles = \(roles.effective.roles.map(\.rawValue)), assigned_roles = \(roles.names),
                own_permissions = \(roles.ownPermissions), version = version + 1, updated_at = \(instant)
            WHERE user_id = \(id)
            """)
    }

    static func setDisabled(_ isDisabled: Bool, of id: Identifier<User>, at instant: Timestamp, in transaction: Transaction) throws {
        let disabledAt = isDisabled ? instant : nil
        _ = try transaction.execute(
            """
            UPDATE identity.user_account SET disabled_at = \(disabledAt), version = version + 1, updated_at = \(instant)
            WHERE user_id = \(id)
            """)
    }

    /// Stores a password that somebody else has chosen: good until `expiresAt`, and for nothing but choosing another one.
    static func setTemporaryPassword(
        _ hash: String, of id: Identifier<User>, expiresAt: Timestamp, at instant: Timestamp, in transaction: Transaction
    ) throws {
        try UserStore.setPassword(hash, of: id, at: instant, in: transaction)
        _ = try transaction.execute(
            """
            UPDATE identity.user_account SET must_change_password = true, password_expires_at = \(expiresAt) WHERE user_id = \(id)
            """)
    }

    private static func user(_ row: Row) throws -> ManagedUser {
        ManagedUser(
            id: try row.identifier(0), username: try row.text(1), fullName: try row.text(2), email: try row.text(3),
            phone: try row.textOrNil(4), employeeID: try row.textOrNil(5), roles: try row.textArray(6),
            customerID: try row.identifierOrNil(7), branchCode: try row.textOrNil(8),
            status: UserStatus(rawValue: try row.text(9)) ?? .disabled, isSecondFactorEnrolled: try row.bool(10),
            mustChangePassword: try row.bool(11), lastLoginAt: try row.timestampOrNil(12), createdAt: try row.timestamp(13),
            version: try row.int32(14))
    }
}

/// Roles as given, and what they amount to.
struct GrantedRoles: Sendable {
    let names: [String]
    let effective: RoleSet
    /// Permissions of own roles, beyond those of the built-in ones.
    let ownPermissions: [String]
}

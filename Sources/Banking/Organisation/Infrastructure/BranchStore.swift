import Kernel
import Postgres

enum BranchStore {
    private static let columns: SQL =
        "branch_code::text, name, address, city, phone, email, latitude, longitude, opening_hours, status, version"

    /// By code.
    static func list(
        after: String? = nil, text: String? = nil, isActive: Bool? = nil, limit: Int = 1_000, in transaction: Transaction
    ) throws -> [Branch] {
        var sql: SQL = "SELECT \(columns) FROM organisation.branch WHERE true"
        if let after { sql.append(" AND branch_code > \(after)::char(3)") }
        if let text {
            let pattern = "%" + text.lowercased().flatMap { "%_\\".contains($0) ? ["\\", $0] : [$0] } + "%"
            sql.append(" AND (lower(name) LIKE \(pattern) OR lower(city) LIKE \(pattern) OR lower(address) LIKE \(pattern)")
            sql.append(" OR branch_code::text LIKE \(pattern))")
        }
        if let isActive { sql.append(" AND (status = 'active') = \(isActive)") }
        sql.append(" ORDER BY branch_code LIMIT \(limit)")
        return try transaction.query(sql).map(branch)
    }

    static func find(_ code: String, isForUpdate: Bool = false, in transaction: Transaction) throws -> Branch? {
        let lock: SQL = isForUpdate ? "FOR UPDATE" : ""
        return try transaction.query(
            "SELECT \(columns) FROM organisation.branch WHERE branch_code = \(code)::char(3) \(lock)"
        ).first.map(branch)
    }

    static func insert(_ branch: Branch, at instant: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute(
            """
            INSERT INTO organisation.branch (branch_code, name, address, city, phone, email, latitude, longitude, opening_hours, status,
                created_at, updated_at)
            VALUES (\(branch.code)::char(3), \(branch.name), \(branch.address), \(branch.city), \(branch.phone), \(branch.email),
                \(branch.location?.latitude), \(branch.location?.longitude), \(branch.openingHours), \(branch.status.rawValue),
                \(instant), \(instant))
            """)
    }

    static func update(_ branch: Branch, at instant: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute(
            """
            UPDATE organisation.branch SET name = \(branch.name), address = \(branch.address), city = \(branch.city),
                phone = \(branch.phone), email = \(branch.email), latitude = \(branch.location?.latitude),
                longitude = \(branch.location?.longitude), opening_hours = \(branch.openingHours), status = \(branch.status.rawValue),
                version = version + 1, updated_at = \(instant)
            WHERE branch_code = \(branch.code)::char(3)
            """)
    }

    private static func branch(_ row: Row) throws -> Branch {
        var location: Location?
        if !row.isNull(6) { location = Location(latitude: try row.int32(6), longitude: try row.int32(7)) }
        return Branch(
            code: try row.text(0), name: try row.text(1), address: try row.text(2), city: try row.text(3), phone: try row.textOrNil(4),
            email: try row.textOrNil(5), location: location, openingHours: try row.textArray(8),
            status: Branch.Status(rawValue: try row.text(9)) ?? .closed, version: try row.int32(10))
    }
}

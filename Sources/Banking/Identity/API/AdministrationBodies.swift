import HTTPEdge
import Kernel

struct CreateUserRequest: RequestBody {
    let user: NewUser

    init(from fields: inout Fields) {
        user = NewUser(
            username: fields.formatted("username", .username), fullName: fields.text("fullName", 1...255),
            email: fields.formatted("email", .email), phone: fields.optionalFormatted("phoneNumber", .phone),
            employeeID: fields.optionalText("employeeId", 1...50), roles: fields.texts("roles", 1...40, count: 1...20),
            customerID: fields.optionalIdentifier("customerId"), branchCode: fields.optionalFormatted("branchCode", .branchCode))
    }
}

/// Fields that are left out stay as they are.
struct ChangeUserRequest: RequestBody {
    let change: UserAdministration.Change

    init(from fields: inout Fields) {
        change = UserAdministration.Change(
            fullName: fields.optionalText("fullName", 1...255), email: fields.optionalFormatted("email", .email),
            phone: fields.optionalFormatted("phoneNumber", .phone), employeeID: fields.optionalText("employeeId", 1...50),
            branchCode: fields.optionalFormatted("branchCode", .branchCode), version: Int32(clamping: fields.version()))
    }
}

struct UserRolesRequest: RequestBody {
    let roles: [String]
    let version: Int32

    init(from fields: inout Fields) {
        roles = fields.texts("roles", 1...40, count: 1...20)
        version = Int32(clamping: fields.version())
    }
}

struct UserReasonRequest: RequestBody {
    let reason: String

    init(from fields: inout Fields) {
        reason = fields.text("reason", 1...500, allowsLineBreaks: true)
    }
}

struct UserFilter: QueryParameters, Paged {
    let filter: ManagedUserStore.Filter
    let page: PageRequest

    init(from fields: inout Fields) {
        filter = ManagedUserStore.Filter(
            text: fields.optionalText("q", 0...100), role: fields.optionalText("role", 0...40),
            status: fields.optionalChoice("status", UserStatus.self), branchCode: fields.optionalFormatted("branchCode", .branchCode))
        page = fields.page()
    }
}

struct CreateRoleRequest: RequestBody {
    let name: String
    let description: String
    let permissions: [String]

    static let nameFormat = TextFormat("a role name", pattern: "^[A-Za-z][A-Za-z0-9]{2,39}$", maximumLength: 40) { text in
        let isFine = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard (3...40).contains(text.utf8.count), isFine, let first = text.utf8.first, first > UInt8(ascii: "9") else { return nil }
        return text
    }

    init(from fields: inout Fields) {
        name = fields.formatted("roleName", Self.nameFormat)
        description = fields.optionalText("description", 0...255) ?? ""
        permissions = fields.texts("permissions", 1...60, count: 1...60)
    }
}

struct ChangeRoleRequest: RequestBody {
    let description: String?
    let permissions: [String]?
    let version: Int32

    init(from fields: inout Fields) {
        description = fields.optionalText("description", 0...255)
        let isSent = fields.isPresent("permissions")
        let sent = fields.texts("permissions", 1...60, count: 0...60)
        if isSent, sent.isEmpty { fields.fail("permissions", "too_short", "At least 1 elements are needed") }
        permissions = isSent ? sent : nil
        version = Int32(clamping: fields.version())
    }
}

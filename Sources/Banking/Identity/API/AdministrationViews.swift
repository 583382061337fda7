import HTTPEdge
import Kernel

/// User of the contract, section 16.
struct ManagedUserView: Representation {
    let user: ManagedUser

    static let schemaName = "User"
    static let example = ManagedUserView(
        user: ManagedUser(
            id: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0001), username: "teller1", fullName: "Mercy Akinyi",
            email: "teller1@wekeza.example", phone: "+254711000001", employeeID: "E-0042", roles: ["Teller"],
            customerID: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0002), branchCode: "001", status: .active,
            isSecondFactorEnrolled: false, mustChangePassword: false, lastLoginAt: Timestamp(microseconds: 1_790_000_000_000_000),
            createdAt: Timestamp(microseconds: 1_780_000_000_000_000), version: 1))

    func write(to object: inout ObjectWriter) {
        object.identifier("userId", user.id)
        object.text("username", user.username)
        object.text("fullName", user.fullName)
        object.text("email", user.email)
        object.optionalText("phoneNumber", user.phone)
        object.optionalText("employeeId", user.employeeID)
        object.texts("roles", user.roles)
        object.optionalIdentifier("customerId", user.customerID)
        object.optionalText("branchCode", user.branchCode)
        object.choice("status", user.status)
        object.boolean("mfaEnabled", user.isSecondFactorEnrolled)
        object.boolean("mustChangePassword", user.mustChangePassword)
        object.optionalTimestamp("lastLoginAt", user.lastLoginAt)
        object.timestamp("createdAt", user.createdAt)
        object.integer("version", user.version)
    }
}

struct RoleView: Representation {
    let role: RoleDefinition

    static let schemaName = "Role"
    static let example = RoleView(role: RoleDefinition(.teller))

    func write(to object: inout ObjectWriter) {
        object.text("roleName", role.name)
        object.text("description", role.description)
        object.texts("permissions", role.permissions)
        object.boolean("isBuiltIn", role.isBuiltIn)
        object.integer("version", role.version)
    }
}

import Kernel

/// A role as administrators see it: one of the contract's, which are fixed, or one of the bank's own.
public struct RoleDefinition: Sendable, Equatable {
    public let name: String
    public let description: String
    public let permissions: [String]
    public let isBuiltIn: Bool
    public let version: Int32

    init(_ role: Role) {
        name = role.rawValue
        description = RoleSet.owner.contains(RoleSet(role)) ? "Acts for a customer of the bank" : "Staff"
        permissions = role.permissions
        isBuiltIn = true
        version = 1
    }

    init(name: String, description: String, permissions: [String], version: Int32) {
        self.name = name
        self.description = description
        self.permissions = permissions
        isBuiltIn = false
        self.version = version
    }
}

/// What roles a person may have together, and what an own role is worth.
///
/// Endpoints ask for built-in roles. An own role is worth every staff role whose permissions it holds in full: never more than it
/// says, and a permission alone, without the others of its role, opens nothing yet.
enum RoleRules {
    /// Permissions that an own role may be built of: those of staff. Acting for a customer is nothing an administrator hands out.
    static let grantablePermissions: Set<String> = Set(RoleSet.staff.roles.flatMap(\.permissions))
    /// Every permission there is.
    static let knownPermissions: Set<String> = Set(Role.allCases.flatMap(\.permissions))

    static func isBuiltIn(_ name: String) -> Bool { Role(rawValue: name) != nil }

    /// The staff roles that a set of permissions amounts to.
    static func worth(of permissions: [String]) -> RoleSet {
        let held = Set(permissions)
        return RoleSet(RoleSet.staff.roles.filter { $0.permissions.allSatisfy(held.contains) })
    }

    /// Roles with which money moves. RiskOfficer is not one of them (contract, section 16).
    static let movesMoney = RoleSet([
        .customer, .corporateMaker, .corporateChecker, .smeOwner, .teller, .supervisor, .branchManager, .loanOfficer, .treasuryDealer,
        .tradeFinanceOfficer, .paymentsOfficer, .financeController,
    ])

    /// Why these roles cannot be one person's; nil when they can.
    static func conflict(among roles: RoleSet) -> String? {
        if roles.contains(RoleSet([.corporateMaker, .corporateChecker])) { return "Who prepares cannot check what was prepared" }
        if roles.contains(RoleSet(.auditor)), roles.intersects(movesMoney) { return "An auditor has no part in moving money" }
        if roles.intersects(.owner), roles.intersects(.staff) { return "Staff and customers sign in with users of their own" }
        return nil
    }

    static func conflictRefusal(_ reason: String) -> Refusal { Refusal.rule("role_conflict", reason, field: "roles") }
}

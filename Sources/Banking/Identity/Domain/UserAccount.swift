import Kernel

/// A person who may sign in, as the table knows them.
public struct UserAccount: Sendable, Equatable {
    public let id: Identifier<User>
    public let username: String
    public let fullName: String
    public let email: String
    public let phone: String?
    public let roles: RoleSet
    public let customerID: Identifier<Customer>?
    public let branchCode: String?
    public let mustChangePassword: Bool
    public let isDisabled: Bool
    public let isSecondFactorEnrolled: Bool
    let passwordHash: String
    /// As given by an administrator: built-in roles and the bank's own. Rights follow from `roles`.
    var roleNames: [String] = []
    /// Permissions of own roles.
    var ownPermissions: [String] = []
    /// Of a password that somebody else has chosen: after this instant it opens nothing.
    var passwordExpiresAt: Timestamp?

    /// Rights of all roles together, each once, in the order of the roles.
    public var permissions: [String] {
        var seen: Set<String> = []
        return (roles.roles.flatMap(\.permissions) + ownPermissions).filter { seen.insert($0).inserted }
    }
}

/// Names that can be user names. Whatever else is typed is a name nobody has.
enum Username {
    static func isPossible(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// The form in which names are compared.
    static func key(_ name: String) -> String { name.lowercased() }
}

/// One sign-in of one person, from one place, until it ends.
public struct SessionRecord: Sendable, Equatable {
    public let id: Identifier<Session>
    public let channel: Channel
    public let ipAddress: String
    public let userAgent: String
    public let createdAt: Timestamp
    public let lastSeenAt: Timestamp
}

/// Why a session is over.
enum SessionEnd: String, CaseIterable {
    case logout, refreshReuse, passwordChange, passwordReset, revoked, disabled, administrator
}

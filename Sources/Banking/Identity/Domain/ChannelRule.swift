import Kernel

/// Which roles fit which browser channel (contract, section 2.1).
enum ChannelRule {
    static func roles(admittedTo channel: Channel) -> RoleSet {
        switch channel {
        case .personal: RoleSet(.customer)
        case .corporate: [RoleSet(.corporateMaker), RoleSet(.corporateChecker)]
        case .sme: RoleSet(.smeOwner)
        case .staff: .staff
        // Whoever calls the API without a channel header is held by roles alone.
        case .api, .system, .batch, .import: .all
        }
    }

    /// A user of the bank's own roles alone may have no built-in role at all, and is staff nevertheless.
    static func admits(_ roles: RoleSet, to channel: Channel) -> Bool {
        switch channel {
        case .api, .system, .batch, .import: true
        case .staff where roles.isEmpty: true
        case .personal, .corporate, .sme, .staff: roles.intersects(Self.roles(admittedTo: channel))
        }
    }
}

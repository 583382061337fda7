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

    static func admits(_ roles: RoleSet, to channel: Channel) -> Bool { roles.intersects(Self.roles(admittedTo: channel)) }
}

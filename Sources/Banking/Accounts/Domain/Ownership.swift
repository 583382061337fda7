import Kernel

/// Who of several holders must agree to an order.
public enum OperatingRule: String, Sendable, CaseIterable {
    case anyOne, anyTwo, all
}

/// Somebody's part in an account.
public struct Holding: Sendable, Equatable {
    public let customer: Identifier<Customer>
    public let relationship: String
    /// Share in hundredths of a percent.
    public let basisPoints: Int32
    public let isPrimary: Bool
    public var canView: Bool
    public var canTransact: Bool

    public init(
        customer: Identifier<Customer>, relationship: String, basisPoints: Int32, isPrimary: Bool, canView: Bool = true,
        canTransact: Bool = true
    ) {
        self.customer = customer
        self.relationship = relationship
        self.basisPoints = basisPoints
        self.isPrimary = isPrimary
        self.canView = canView
        self.canTransact = canTransact
    }
}

/// The shares of several holders in one account.
public enum Ownership {
    public static let whole: Int32 = 10_000

    /// The holdings of an account from its primary holder and the others as they were named. The primary holder may be among them with
    /// a share of his own; otherwise he has what the others leave.
    /// - Throws: 422 with the field to blame: `out_of_range` when the shares are not the whole, `duplicate` for a holder named twice
    public static func holdings(
        primary: Identifier<Customer>, joint: [(customer: Identifier<Customer>, relationship: String, basisPoints: Int32)]
    ) throws(Refusal) -> [Holding] {
        var seen: Set<Identifier<Customer>> = []
        for (index, holder) in joint.enumerated() where !seen.insert(holder.customer).inserted {
            throw .validation([.init("jointHolders[\(index)].cifNumber", "duplicate", "This holder is named twice")])
        }
        let named = joint.reduce(Int64(0)) { $0 + Int64($1.basisPoints) }
        let isPrimaryNamed = seen.contains(primary)
        guard isPrimaryNamed ? named == Int64(whole) : named <= Int64(whole) else {
            throw .validation([.init("jointHolders", "out_of_range", "The shares of all holders must sum to 100 percent")])
        }
        let others = joint.filter { $0.customer != primary }
        let rest = Int32(Int64(whole) - others.reduce(Int64(0)) { $0 + Int64($1.basisPoints) })
        let holdings =
            [Holding(customer: primary, relationship: "primary", basisPoints: rest, isPrimary: true)]
            + others.map {
                Holding(customer: $0.customer, relationship: $0.relationship, basisPoints: $0.basisPoints, isPrimary: false)
            }
        assert(holdings.reduce(Int64(0)) { $0 + Int64($1.basisPoints) } == Int64(whole), "the shares are the whole")
        return holdings
    }
}

/// Somebody who acts for an organisation on its account.
public struct Signatory: Sendable, Equatable {
    public let customer: Identifier<Customer>
    public let cifNumber: String
    public let name: String
    public let role: String
    public let canInitiate: Bool
    public let canApprove: Bool

    public init(customer: Identifier<Customer>, cifNumber: String, name: String, role: String, canInitiate: Bool, canApprove: Bool) {
        self.customer = customer
        self.cifNumber = cifNumber
        self.name = name
        self.role = role
        self.canInitiate = canInitiate
        self.canApprove = canApprove
    }
}

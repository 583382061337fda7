import Kernel

/// A customer as an order names him.
public enum CustomerReference: Sendable, Equatable {
    case id(Identifier<Customer>)
    case cifNumber(String)
    /// Both were sent and must name the same customer.
    case both(Identifier<Customer>, cifNumber: String)
}

/// An account that somebody wants opened.
public struct OpeningOrder: Sendable {
    public enum Kind: Sendable, Equatable {
        /// For one or several persons; active at once.
        case individual
        /// For an organisation; waits for approval with its number reserved.
        case business
    }

    public struct JointHolder: Sendable, Equatable {
        public let cifNumber: String
        public let relationship: String
        public let basisPoints: Int32

        public init(cifNumber: String, relationship: String, basisPoints: Int32) {
            self.cifNumber = cifNumber
            self.relationship = relationship
            self.basisPoints = basisPoints
        }
    }

    public struct NamedSignatory: Sendable, Equatable {
        public let cifNumber: String
        public let role: String
        public let canInitiate: Bool
        public let canApprove: Bool

        public init(cifNumber: String, role: String, canInitiate: Bool, canApprove: Bool) {
            self.cifNumber = cifNumber
            self.role = role
            self.canInitiate = canInitiate
            self.canApprove = canApprove
        }
    }

    public var kind: Kind
    public var customer: CustomerReference
    public var productCode: String
    public var currency: Currency
    /// Nil: the branch of whoever opens the account, or the head office.
    public var branchCode: String?
    public var alias: String?
    public var purpose: String?
    public var sourceOfFunds: String?
    public var jointHolders: [JointHolder]
    public var operatingRule: OperatingRule
    public var signatories: [NamedSignatory]
    public var boardResolution: UInt128?
    /// An identifier that an import has chosen.
    public var id: Identifier<Account>?
    /// A signatory who may decide alone asks for it, so an organisation's account too is active at once.
    public var isOwnOrder = false
    /// The day on which an imported account was opened elsewhere; nil is today.
    public var openedDate: BusinessDate?

    public init(
        kind: Kind = .individual, customer: CustomerReference, productCode: String, currency: Currency, branchCode: String? = nil,
        alias: String? = nil, purpose: String? = nil, sourceOfFunds: String? = nil, jointHolders: [JointHolder] = [],
        operatingRule: OperatingRule = .anyOne, signatories: [NamedSignatory] = [], boardResolution: UInt128? = nil,
        id: Identifier<Account>? = nil, openedDate: BusinessDate? = nil
    ) {
        self.kind = kind
        self.customer = customer
        self.productCode = productCode
        self.currency = currency
        self.branchCode = branchCode
        self.alias = alias
        self.purpose = purpose
        self.sourceOfFunds = sourceOfFunds
        self.jointHolders = jointHolders
        self.operatingRule = operatingRule
        self.signatories = signatories
        self.boardResolution = boardResolution
        self.id = id
        self.openedDate = openedDate
    }
}

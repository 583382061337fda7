/// The roles of the contract, section 2.1. Rights of several roles add up.
public enum Role: String, CaseIterable, Sendable {
    case customer = "Customer"
    case corporateMaker = "CorporateMaker"
    case corporateChecker = "CorporateChecker"
    case smeOwner = "SmeOwner"
    case teller = "Teller"
    case supervisor = "Supervisor"
    case branchManager = "BranchManager"
    case loanOfficer = "LoanOfficer"
    case complianceOfficer = "ComplianceOfficer"
    case riskOfficer = "RiskOfficer"
    case treasuryDealer = "TreasuryDealer"
    case tradeFinanceOfficer = "TradeFinanceOfficer"
    case paymentsOfficer = "PaymentsOfficer"
    case productManager = "ProductManager"
    case financeController = "FinanceController"
    case auditor = "Auditor"
    case administrator = "Administrator"

    /// Rights in the form area:action.
    public var permissions: [String] {
        switch self {
        case .customer: ["accounts:view", "transactions:create", "cards:manage", "loans:apply", "deposits:create"]
        case .corporateMaker: ["accounts:view", "transactions:prepare", "bulk:prepare", "trade:prepare", "treasury:prepare"]
        case .corporateChecker: ["accounts:view", "approvals:decide"]
        case .smeOwner:
            [
                "accounts:view", "transactions:create", "cards:manage", "loans:apply", "deposits:create", "bulk:create",
                "payroll:create", "analytics:view",
            ]
        case .teller: ["cash:operate", "customers:view", "accounts:open"]
        case .supervisor: ["approvals:decide", "accounts:freeze", "transactions:reverse"]
        case .branchManager: ["approvals:decide", "branch:manage", "accounts:manage"]
        case .loanOfficer: ["loans:manage"]
        case .complianceOfficer: ["compliance:manage", "kyc:decide", "accounts:freeze"]
        case .riskOfficer: ["risk:manage", "approvals:decide"]
        case .treasuryDealer: ["treasury:manage"]
        case .tradeFinanceOfficer: ["tradefinance:manage"]
        case .paymentsOfficer: ["payments:manage"]
        case .productManager: ["products:manage"]
        case .financeController: ["ledger:manage", "reports:view"]
        case .auditor: ["audit:view"]
        case .administrator: ["users:manage", "system:configure"]
        }
    }
}

/// A set of roles in one word of memory, so that a check costs one instruction.
public struct RoleSet: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    public init(_ roles: some Sequence<Role>) {
        self = roles.reduce(into: []) { $0.formUnion(RoleSet($1)) }
    }

    public init(_ role: Role) {
        guard let position = Role.allCases.firstIndex(of: role) else { preconditionFailure("every role is in allCases") }
        rawValue = 1 << UInt32(position)
    }

    public var roles: [Role] { Role.allCases.filter { contains(RoleSet($0)) } }
    public func intersects(_ other: RoleSet) -> Bool { !isDisjoint(with: other) }

    /// Customer, SmeOwner, CorporateMaker, CorporateChecker: each only for objects of the own customer.
    public static let owner = RoleSet([.customer, .smeOwner, .corporateMaker, .corporateChecker])
    /// Who may start orders; what a CorporateMaker starts needs a checker.
    public static let initiator = RoleSet([.customer, .smeOwner, .corporateMaker])
    public static let branch = RoleSet([.teller, .supervisor, .branchManager])
    public static let all = RoleSet(Role.allCases)
    public static let staff = RoleSet.all.subtracting(.owner)
    /// Auditor and Administrator may call every GET that a staff role may call.
    public static let readers = RoleSet([.auditor, .administrator])
}

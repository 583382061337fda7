import Kernel

/// The users of the demonstration bank (contract, section 2.2). Their passwords are printed in a public document: in production mode
/// they open nothing.
public enum DemoUsers {
    public struct DemoUser: Sendable {
        public let username: String
        public let password: String
        public let fullName: String
        public let phone: String?
        public let roles: RoleSet
        public let branchCode: String?

        public var email: String { "\(username)@wekeza.example" }
    }

    public static let staff: [DemoUser] = [
        member("admin", "Admin@123", "Grace Njeri", .administrator),
        member("executive1", "Executive@123", "Peter Ochieng", .riskOfficer, .auditor),
        member("manager1", "Manager@123", "Faith Chebet", .branchManager, branchCode: "001"),
        member("supervisor1", "Supervisor@123", "Joseph Mutua", .supervisor, branchCode: "001"),
        member("teller1", "Teller@123", "Mercy Akinyi", .teller, branchCode: "001"),
        member("loans1", "Loans@123", "Daniel Kiptoo", .loanOfficer),
        member("compliance1", "Compliance@123", "Halima Abdi", .complianceOfficer),
        member("treasury1", "Treasury@123", "Samuel Maina", .treasuryDealer),
        member("tradeFinance1", "Trade@123", "Esther Wairimu", .tradeFinanceOfficer),
        member("productGL1", "Product@123", "Brian Omondi", .productManager, .financeController),
        member("payments1", "Payments@123", "Ruth Nyambura", .paymentsOfficer),
    ]

    /// Users who act for a customer; whoever seeds them says for which.
    public static let customers: [DemoUser] = [
        customer("customer1", "Customer@123", "Amina Wanjiru", "+254711000001", .customer),
        customer("customer2", "Customer@123", "David Otieno", "+254711000002", .customer),
        customer("corporate_maker", "Corporate@123", "Lucy Wambui", "+254711000003", .corporateMaker),
        customer("corporate_checker", "Corporate@123", "James Kariuki", "+254711000004", .corporateChecker),
        customer("sme_owner", "SmeOwner@123", "Naomi Atieno", "+254711000005", .smeOwner),
    ]

    public static let all = staff + customers

    /// Passwords that production refuses whoever uses them.
    public static let passwords = Set(all.map(\.password))

    private static func member(
        _ username: String, _ password: String, _ fullName: String, _ roles: Role..., branchCode: String? = nil
    ) -> DemoUser {
        DemoUser(username: username, password: password, fullName: fullName, phone: nil, roles: RoleSet(roles), branchCode: branchCode)
    }

    private static func customer(
        _ username: String, _ password: String, _ fullName: String, _ phone: String, _ role: Role
    ) -> DemoUser {
        DemoUser(username: username, password: password, fullName: fullName, phone: phone, roles: RoleSet(role), branchCode: nil)
    }
}

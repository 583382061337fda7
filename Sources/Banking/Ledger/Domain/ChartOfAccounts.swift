/// The chart of accounts of a Kenyan bank (contract, section 8, core codes). More accounts are data; these have a part in the rules.
public enum ChartOfAccounts {
    public struct Entry: Sendable {
        public let code: GLCode
        public let name: String
        public let type: String
        public let category: String
        public let parent: GLCode?
        public let isLeaf: Bool
        public let allowsManualPosting: Bool
    }

    public static let vaultCash = GLCode(1001)
    public static let tellerCash = GLCode(1010)
    public static let nostro = GLCode(1100)
    public static let centralBankSettlement = GLCode(1110)
    public static let eftClearing = GLCode(1140)
    public static let suspense = GLCode(1900)
    public static let currentAccounts = GLCode(2001)
    public static let savingsAccounts = GLCode(2002)
    public static let excisePayable = GLCode(2200)
    public static let capital = GLCode(3001)
    public static let feeIncome = GLCode(4001)
    public static let interestIncome = GLCode(4101)
    public static let interestExpense = GLCode(5001)

    /// Code, name, category, whether a person may post to it by hand. A control account over customer sub-ledgers never may.
    private static let leaves: [(Int32, String, String, Bool)] = [
        (1001, "Vault cash", "cash", false), (1010, "Teller cash", "cash", false), (1050, "ATM cash", "cash", false),
        (1100, "Nostro accounts", "banks", true), (1110, "Central Bank of Kenya settlement", "banks", true),
        (1120, "Mobile-money settlement", "banks", true), (1130, "PesaLink clearing", "clearing", true),
        (1140, "EFT clearing", "clearing", true), (1200, "Loans and advances", "loans", false),
        (1210, "Interest receivable", "loans", true), (1290, "Loan-loss allowance", "loans", true),
        (1300, "Placements with banks", "investments", true), (1400, "Government securities", "investments", true),
        (1500, "Card receivable", "cards", true), (1900, "Suspense", "suspense", true),
        (2001, "Current accounts", "deposits", false), (2002, "Savings accounts", "deposits", false),
        (2003, "Fixed deposits", "deposits", false), (2004, "Recurring deposits", "deposits", false),
        (2005, "Call and term deposits", "deposits", false), (2100, "Interest payable", "payables", true),
        (2200, "Excise duty payable", "taxes", true), (2210, "Withholding tax payable", "taxes", true),
        (2220, "Payroll statutory payable", "taxes", true), (2300, "Unapplied receipts", "payables", true),
        (2400, "Trade finance margins", "payables", true), (2500, "Card settlement", "payables", true),
        (2600, "Borrowings", "borrowings", true), (3001, "Share capital", "capital", true),
        (3002, "Retained earnings", "capital", true), (3003, "Statutory loan-loss reserve", "reserves", true),
        (4001, "Fee and commission income", "fees", true), (4101, "Interest income", "interest", true),
        (4201, "Foreign-exchange result", "trading", true), (5001, "Interest expense", "interest", true),
        (5201, "Impairment", "impairment", true), (5301, "Operating expenses", "operating", true),
        (5901, "Rounding differences", "rounding", true), (5902, "Cash over and short", "cash", true),
        (9001, "Foreign-exchange position", "position", false), (9002, "Foreign-exchange position equivalent", "position", false),
        (9101, "Letters of credit issued", "contingent", false), (9102, "Guarantees issued", "contingent", false),
        (9199, "Contingent liabilities, contra", "contingent", false),
    ]

    private static let groups: [(Int32, String, String)] = [
        (1000, "Assets", "asset"), (2000, "Liabilities", "liability"), (3000, "Equity", "equity"), (4000, "Income", "income"),
        (5000, "Expenses", "expense"), (9000, "Memorandum", "memorandum"),
    ]

    public static let entries: [Entry] = {
        let heads = groups.map {
            Entry(code: GLCode($0.0), name: $0.1, type: $0.2, category: "group", parent: nil, isLeaf: false, allowsManualPosting: false)
        }
        let accounts = leaves.compactMap { leaf -> Entry? in
            guard let group = groups.last(where: { $0.0 <= leaf.0 }) else { return nil }
            return Entry(
                code: GLCode(leaf.0), name: leaf.1, type: group.2, category: leaf.2, parent: GLCode(group.0), isLeaf: true,
                allowsManualPosting: leaf.3)
        }
        return heads + accounts
    }()

    /// The rows as one statement for the migration; names hold no quote.
    static var insertSQL: String {
        let rows = entries.map { entry in
            "(\(entry.code), '\(entry.name)', '\(entry.type)', '\(entry.category)', \(entry.parent == nil ? 1 : 2), \(entry.isLeaf), "
                + "\(entry.parent.map(\.description) ?? "NULL"), \(entry.allowsManualPosting))"
        }
        return """
            INSERT INTO ledger.gl_account
                (gl_code, gl_name, account_type, category, level, is_leaf, parent_gl_code, allow_manual_posting)
            VALUES
            \(rows.joined(separator: ",\n"));
            """
    }
}

import Kernel

/// Where a product belongs (contract, section 11).
public enum ProductCategory: String, Sendable, CaseIterable {
    case deposits, loans, cards, tradeFinance, treasury
}

public enum ProductType: String, Sendable, CaseIterable {
    case currentAccount, savingsAccount, fixedDeposit, recurringDeposit, termDeposit, callDeposit
    case personalLoan, mortgageLoan, autoLoan, businessLoan, equipmentFinance, overdraft
    case debitCard, prepaidCard, creditCard

    /// What an account of such a product is; nil for products that are no account.
    public var accountType: AccountType? {
        switch self {
        case .currentAccount: .current
        case .savingsAccount: .savings
        case .fixedDeposit: .fixedDeposit
        case .recurringDeposit: .recurringDeposit
        case .termDeposit: .termDeposit
        case .callDeposit: .callDeposit
        case .personalLoan, .mortgageLoan, .autoLoan, .businessLoan, .equipmentFinance, .overdraft, .debitCard, .prepaidCard, .creditCard:
            nil
        }
    }
}

/// What a customer sees as the type of an account (contract, section 5).
public enum AccountType: String, Sendable, CaseIterable {
    case current, savings, fixedDeposit, recurringDeposit, termDeposit, callDeposit

    /// Accounts that are opened by themselves and pay in and out; deposits are opened with their money, in their own section.
    public var isTransactional: Bool { self == .current || self == .savings }

    /// The two digits that account numbers of this type carry after the branch.
    public var numberClass: Int64 {
        switch self {
        case .current: 1
        case .savings: 2
        case .fixedDeposit: 3
        case .recurringDeposit: 4
        case .termDeposit: 5
        case .callDeposit: 6
        }
    }
}

/// States of a product (contract, appendix B).
public enum ProductStatus: String, Sendable, CaseIterable {
    case draft, active, inactive, withdrawn
}

extension ProductType {
    /// Where a product of this type belongs.
    public var category: ProductCategory {
        switch self {
        case .currentAccount, .savingsAccount, .fixedDeposit, .recurringDeposit, .termDeposit, .callDeposit: .deposits
        case .personalLoan, .mortgageLoan, .autoLoan, .businessLoan, .equipmentFinance, .overdraft: .loans
        case .debitCard, .prepaidCard, .creditCard: .cards
        }
    }
}

/// One version of a product. Contracts keep the version under which they were made.
public struct Product: Sendable, Equatable {
    public let code: String
    public let version: Int32
    public let category: ProductCategory
    public let type: ProductType
    public let name: String
    public let description: String
    public let currencies: [Currency]
    public let status: ProductStatus
    /// Number of the control account in the general ledger that holds the principal; nil for products without a balance.
    public let glNumber: Int32?
    /// What has to stay on an account, in minor units of its currency.
    public let minimumBalance: Int64
    public let minimumKYCTier: Int16
    public let isForIndividuals: Bool
    public let isForOrganisations: Bool
    public let terms: ProductTerms
    /// The days on which this version is in force for new contracts; nil while it is a draft.
    public let inForce: EffectivePeriod?
    public let authoredBy: Identifier<User>?

    public init(
        code: String, version: Int32 = 1, category: ProductCategory, type: ProductType, name: String, description: String,
        currencies: [Currency], status: ProductStatus = .active, glNumber: Int32?, minimumBalance: Int64 = 0, minimumKYCTier: Int16 = 1,
        isForIndividuals: Bool = true, isForOrganisations: Bool = true, terms: ProductTerms = ProductTerms(), period: EffectivePeriod?,
        authoredBy: Identifier<User>? = nil
    ) {
        self.code = code
        self.version = version
        self.category = category
        self.type = type
        self.name = name
        self.description = description
        self.currencies = currencies
        self.status = status
        self.glNumber = glNumber
        self.minimumBalance = minimumBalance
        self.minimumKYCTier = minimumKYCTier
        self.isForIndividuals = isForIndividuals
        self.isForOrganisations = isForOrganisations
        self.terms = terms
        inForce = period
        self.authoredBy = authoredBy
    }

    /// Whether new contracts are made on a day.
    public func isOffered(on date: BusinessDate) -> Bool {
        status == .active && inForce?.contains(date) == true && terms.expiryDate.map { date <= $0 } ?? true
    }
}

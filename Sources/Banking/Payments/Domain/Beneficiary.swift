import Kernel

/// A payee that a customer saved.
public struct Beneficiary: Sendable, Equatable {
    public let id: Identifier<Beneficiary>
    public let customerID: Identifier<Customer>
    public let details: BeneficiaryDetails
    public let createdAt: Timestamp
    /// Counts the changes, from one.
    public let version: Int64

    public init(
        id: Identifier<Beneficiary>, customerID: Identifier<Customer>, details: BeneficiaryDetails, createdAt: Timestamp, version: Int64
    ) {
        self.id = id
        self.customerID = customerID
        self.details = details
        self.createdAt = createdAt
        self.version = version
    }
}

/// What a customer says about a payee.
public struct BeneficiaryDetails: Sendable, Equatable {
    public let nickname: String
    public let beneficiaryName: String
    public let payee: Payee

    public init(nickname: String, beneficiaryName: String, payee: Payee) {
        self.nickname = nickname
        self.beneficiaryName = beneficiaryName
        self.payee = payee
    }

    /// What a person confirms: whose and which payee. The nickname is his own affair.
    var confirmed: String { "\(beneficiaryName), \(payee.displayed)" }
}

/// Where the money of a beneficiary goes.
public enum Payee: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        case `internal`, bank, mobileMoney, biller
    }

    /// An account of this bank.
    case `internal`(accountNumber: String)
    /// An account of another bank, found by its clearing code or, abroad, by its BIC.
    case bank(accountNumber: String, bankCode: String?, bankBranchCode: String?, bic: String?)
    /// A mobile-money wallet of Kenya, by its number in the form `+254` and 9 digits.
    case mobileMoney(phoneNumber: String)
    /// A biller and the number of the customer at it.
    case biller(billerCode: String, billAccount: String)

    public var kind: Kind {
        switch self {
        case .internal: .internal
        case .bank: .bank
        case .mobileMoney: .mobileMoney
        case .biller: .biller
        }
    }

    /// The same for two entries that pay the same place, whatever their names: what "duplicate payee" compares.
    public var key: String {
        switch self {
        case .internal(let accountNumber): "internal:\(accountNumber)"
        case .bank(let accountNumber, let bankCode, _, let bic): "bank:\(bankCode ?? bic ?? ""):\(accountNumber.uppercased())"
        case .mobileMoney(let phone): "mobileMoney:\(phone)"
        case .biller(let code, let account): "biller:\(code.uppercased()):\(account.uppercased())"
        }
    }

    /// The payee in a few words.
    var displayed: String {
        switch self {
        case .internal(let accountNumber): accountNumber
        case .bank(let accountNumber, let bankCode, _, let bic): "\(bankCode ?? bic ?? "") \(accountNumber)"
        case .mobileMoney(let phoneNumber): phoneNumber
        case .biller(let billerCode, let billAccount): "\(billerCode) \(billAccount)"
        }
    }

    /// The fields that this payee has; all others are nil.
    struct Fields: Sendable, Equatable {
        var accountNumber: String?
        var bankCode: String?
        var bankBranchCode: String?
        var bic: String?
        var phoneNumber: String?
        var billerCode: String?
        var billAccount: String?
    }

    var fields: Fields {
        switch self {
        case .internal(let accountNumber): Fields(accountNumber: accountNumber)
        case .bank(let accountNumber, let bankCode, let bankBranchCode, let bic):
            Fields(accountNumber: accountNumber, bankCode: bankCode, bankBranchCode: bankBranchCode, bic: bic)
        case .mobileMoney(let phoneNumber): Fields(phoneNumber: phoneNumber)
        case .biller(let billerCode, let billAccount): Fields(billerCode: billerCode, billAccount: billAccount)
        }
    }
}

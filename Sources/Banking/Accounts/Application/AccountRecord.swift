import Kernel
import Ledger
import Products

/// What never changes about an account once it has its number, and its name: what the way of a payment needs to know.
public struct AccountIdentity: Sendable, Equatable {
    public let id: Identifier<Account>
    public let number: String
    public let currency: Currency
    public let accountType: AccountType
    public let productCode: String
    public let branchCode: String
    /// The primary holder: a person or an organisation.
    public let customerID: Identifier<Customer>
    /// The customer's account on which the day's outgoing sum is kept (`OutgoingLimit.holder`).
    public let limitHolder: Identifier<Account>
    public let operatingRule: OperatingRule
    public let name: String

    public init(
        id: Identifier<Account>, number: String, currency: Currency, accountType: AccountType, productCode: String, branchCode: String,
        customerID: Identifier<Customer>, limitHolder: Identifier<Account>, operatingRule: OperatingRule, name: String
    ) {
        self.id = id
        self.number = number
        self.currency = currency
        self.accountType = accountType
        self.productCode = productCode
        self.branchCode = branchCode
        self.customerID = customerID
        self.limitHolder = limitHolder
        self.operatingRule = operatingRule
        self.name = name
    }
}

/// An account as this room keeps it.
public struct AccountRecord: Sendable, Equatable {
    public let identity: AccountIdentity
    public let alias: String?
    public let openedDate: BusinessDate
    public let closedDate: BusinessDate?
    /// The approval that a pending account waits for.
    public let workflowID: UInt128?
    /// Who asked for it to be opened.
    public let openedBy: Identifier<User>?
    /// Grows with every change of the record; postings do not change it.
    public let version: Int64

    public init(
        identity: AccountIdentity, alias: String?, openedDate: BusinessDate, closedDate: BusinessDate?, workflowID: UInt128?,
        openedBy: Identifier<User>?, version: Int64
    ) {
        self.identity = identity
        self.alias = alias
        self.openedDate = openedDate
        self.closedDate = closedDate
        self.workflowID = workflowID
        self.openedBy = openedBy
        self.version = version
    }

    public var id: Identifier<Account> { identity.id }
}

/// An account with its figures and the names that go with it: everything that the contract's Account shows.
public struct AccountDetails: Sendable, Equatable {
    public let record: AccountRecord
    public let state: AccountState
    public let productName: String
    public let cifNumber: String

    public init(record: AccountRecord, state: AccountState, productName: String, cifNumber: String) {
        assert(record.id == state.id, "a record and the state of the same account")
        self.record = record
        self.state = state
        self.productName = productName
        self.cifNumber = cifNumber
    }

    public var identity: AccountIdentity { record.identity }
}

extension Refusal {
    /// Missing and somebody else's are one and the same (contract, 1.4).
    static let accountNotFound = Refusal.notFound("account_not_found", "There is no such account")
}

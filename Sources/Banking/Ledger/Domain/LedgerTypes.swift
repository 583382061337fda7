import Kernel

/// The number of a general-ledger account: 1001 vault cash, 2001 current accounts.
public struct GLCode: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let number: Int32

    public init(_ number: Int32) {
        self.number = number
    }

    /// Reads 4 to 9 digits without a leading zero.
    public init?(text: some StringProtocol) {
        guard (4...9).contains(text.utf8.count), text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            text.utf8.first != UInt8(ascii: "0"), let number = Int32(text)
        else { return nil }
        self.number = number
    }

    public static func < (left: GLCode, right: GLCode) -> Bool { left.number < right.number }
    public var description: String { String(number) }
}

/// States of an account (contract, appendix B).
public enum AccountStatus: Int16, Sendable, CaseIterable {
    case pendingApproval = 0
    case active = 1
    case frozen = 2
    case dormant = 3
    case closed = 4
    case rejected = 5

    public var name: String { "\(self)" }

    public init?(name: String) {
        guard let status = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = status
    }
}

/// What a freeze stops.
public enum FreezeScope: Int16, Sendable, CaseIterable {
    case none = 0
    case debits = 1
    case all = 2

    public var name: String { "\(self)" }
}

/// What a transaction is to the customer (contract, section 5).
public enum TransactionType: Int16, Sendable, CaseIterable {
    case transfer = 1
    case deposit = 2
    case withdrawal = 3
    case billPayment = 4
    case airtime = 5
    case mobileMoneyIn = 6
    case mobileMoneyOut = 7
    case externalPayment = 8
    case cardPayment = 9
    case cardRefund = 10
    case fee = 11
    case excise = 12
    case interest = 13
    case withholdingTax = 14
    case loanDisbursement = 15
    case loanRepayment = 16
    case reversal = 17
    case fx = 18
    case adjustment = 19
    case opening = 20

    public var name: String { "\(self)" }

    public init?(name: String) {
        guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = type
    }
}

/// What a journal is to the bookkeeper (contract, section 8).
public enum JournalKind: Int16, Sendable, CaseIterable {
    case standard = 1
    case adjustment = 2
    case reversal = 3
    case opening = 4
    case closing = 5
    case accrual = 6
    case provision = 7

    public var name: String { "\(self)" }
}

/// An account of the sub-ledger as the engine decides on it. Amounts in minor units of `currency`.
public struct AccountState: Sendable, Equatable {
    public let id: Identifier<Account>
    public let glCode: GLCode
    public let currency: Currency
    public let owner: Identifier<Customer>?
    public var status: AccountStatus
    public var freezeScope: FreezeScope
    public var isCustomerBlocked: Bool
    public var requiresKYC: Bool
    public var balance: Int64
    public var holdAmount: Int64
    public var overdraftLimit: Int64
    public var minimumBalance: Int64
    /// Most that one transaction may move, by KYC tier.
    public var transactionLimit: Int64?
    /// Most that the account may hold, by KYC tier.
    public var maximumBalance: Int64?
    /// Business date and sum (KES cents) of what the customer sent out, kept on the customer's limit-holding account.
    public var outgoingDate: BusinessDate?
    public var outgoingAmount: Int64
    /// Identifier of the newest journal on this account; zero when there is none.
    public var lastJournal: UInt128
    /// True while the balance is below its floor by the bank's own doing.
    public var isOverdrawnByBank: Bool
    public var version: Int64
    /// Grows with every change of the row; what a batch decided on.
    public internal(set) var revision: Int64
    /// Where the row lies, as the store knows it.
    var place: UInt64 = 0

    /// What an order of the customer may use: balance − holds + overdraft.
    public var available: Int64 { balance - holdAmount + overdraftLimit }
    /// What is left above the floor.
    public var spendable: Int64 { available - minimumBalance }
    public var lastTransactionAt: Timestamp? {
        lastJournal == 0 ? nil : Identifier<Journal>(bits: lastJournal).mintedAt
    }

    public init(
        id: Identifier<Account>, glCode: GLCode, currency: Currency, owner: Identifier<Customer>?, status: AccountStatus = .active,
        freezeScope: FreezeScope = .none, isCustomerBlocked: Bool = false, requiresKYC: Bool = false, balance: Int64 = 0,
        holdAmount: Int64 = 0, overdraftLimit: Int64 = 0, minimumBalance: Int64 = 0, transactionLimit: Int64? = nil,
        maximumBalance: Int64? = nil, outgoingDate: BusinessDate? = nil, outgoingAmount: Int64 = 0, lastJournal: UInt128 = 0,
        isOverdrawnByBank: Bool = false, version: Int64 = 1, revision: Int64 = 1
    ) {
        self.id = id
        self.glCode = glCode
        self.currency = currency
        self.owner = owner
        self.status = status
        self.freezeScope = freezeScope
        self.isCustomerBlocked = isCustomerBlocked
        self.requiresKYC = requiresKYC
        self.balance = balance
        self.holdAmount = holdAmount
        self.overdraftLimit = overdraftLimit
        self.minimumBalance = minimumBalance
        self.transactionLimit = transactionLimit
        self.maximumBalance = maximumBalance
        self.outgoingDate = outgoingDate
        self.outgoingAmount = outgoingAmount
        self.lastJournal = lastJournal
        self.isOverdrawnByBank = isOverdrawnByBank
        self.version = version
        self.revision = revision
    }
}

/// One line that a journal will have. Positive amounts are credits, negative ones debits.
public struct Leg: Sendable, Equatable {
    public enum Target: Sendable, Hashable {
        case account(Identifier<Account>)
        case generalLedger(GLCode)
    }

    /// Who wants this leg, and so which checks it must pass.
    public enum Authority: Sendable, Equatable {
        /// A customer's order: state, ownership, limits and funds are checked; a refusal names this request field.
        case customer(field: String)
        /// The bank's own entry (interest, fees at close of day, corrections, imports): the account only has to exist and not be closed.
        case bank
    }

    public let target: Target
    public let amount: Int64
    public let currency: Currency
    public let type: TransactionType
    /// Which customer-visible transaction of the journal this leg belongs to: 1 the operation itself, 2 its fee, 3 its excise.
    public let ordinal: UInt8
    public let authority: Authority

    public init(
        _ target: Target, amount: Int64, currency: Currency, type: TransactionType, ordinal: UInt8 = 1, authority: Authority = .bank
    ) {
        self.target = target
        self.amount = amount
        self.currency = currency
        self.type = type
        self.ordinal = ordinal
        self.authority = authority
    }

    var account: Identifier<Account>? {
        if case .account(let id) = target { id } else { nil }
    }
}

/// The customer's limits on outgoing value, in KES cents, with the account that keeps the day's sum.
public struct OutgoingLimit: Sendable, Equatable {
    public let holder: Identifier<Account>
    public let amount: Int64
    public let perTransaction: Int64
    public let perDay: Int64

    public init(holder: Identifier<Account>, amount: Int64, perTransaction: Int64, perDay: Int64) {
        self.holder = holder
        self.amount = amount
        self.perTransaction = perTransaction
        self.perDay = perDay
    }
}

/// A journal that somebody wants posted.
public struct JournalDraft: Sendable {
    public var kind: JournalKind
    public var type: TransactionType
    /// Three capitals that begin the reference.
    public var referencePrefix: String
    public var sourceType: String
    public var sourceID: UInt128?
    /// Nil means the business date of the posting.
    public var valueDate: BusinessDate?
    public var narration: String?
    public var beneficiaryName: String?
    /// A transaction identifier that the caller chose (contract, 1.2 "client id").
    public var clientTransactionID: Identifier<TransactionRecord>?
    public var legs: [Leg]
    /// The customer whose order this is; debited accounts must be theirs. Nil for the bank's own entries and for joint holders, whose
    /// right has been checked already.
    public var owner: Identifier<Customer>?
    public var outgoingLimit: OutgoingLimit?
    /// The order needs a second factor that has not been shown: refuse, but only when nothing else refuses first.
    public var isStepUpMissing: Bool
    public var reversalOf: Identifier<Journal>?
    /// The business date that charges and limits were worked out for. When another one is open by the time of posting, the engine
    /// refuses with `Refusal.businessDateChanged` and the caller works them out again. Nil when nothing depends on the day.
    public var pricedOn: BusinessDate?

    public init(
        kind: JournalKind = .standard, type: TransactionType, referencePrefix: String, sourceType: String, sourceID: UInt128? = nil,
        valueDate: BusinessDate? = nil, narration: String? = nil, beneficiaryName: String? = nil,
        clientTransactionID: Identifier<TransactionRecord>? = nil, legs: [Leg], owner: Identifier<Customer>? = nil,
        outgoingLimit: OutgoingLimit? = nil, isStepUpMissing: Bool = false, reversalOf: Identifier<Journal>? = nil,
        pricedOn: BusinessDate? = nil
    ) {
        self.kind = kind
        self.type = type
        self.referencePrefix = referencePrefix
        self.sourceType = sourceType
        self.sourceID = sourceID
        self.valueDate = valueDate
        self.narration = narration
        self.beneficiaryName = beneficiaryName
        self.clientTransactionID = clientTransactionID
        self.legs = legs
        self.owner = owner
        self.outgoingLimit = outgoingLimit
        self.isStepUpMissing = isStepUpMissing
        self.reversalOf = reversalOf
        self.pricedOn = pricedOn
    }
}

extension Refusal {
    /// The day was closed between pricing and posting. Nothing has happened; callers price again and never show this.
    public static let businessDateChanged = Refusal(
        .unavailable, "temporarily_unavailable", "The bank has just begun a new business day; please try again", retryAfterSeconds: 1,
        members: [Member("reason", .text("businessDateChanged"))])
}

public enum Hold {}

/// States of a hold (contract, appendix B).
public enum HoldStatus: Int16, Sendable, CaseIterable {
    case active = 1
    case released = 2
    case captured = 3
    case expired = 4

    public var name: String { "\(self)" }
}

/// An amount set aside: it lowers what is available, never the balance.
public struct HoldState: Sendable, Equatable {
    public let id: Identifier<Hold>
    public let account: Identifier<Account>
    /// What is still set aside.
    public var amount: Int64
    public var capturedAmount: Int64
    /// What was set aside at first.
    public let originalAmount: Int64
    public let currency: Currency
    public let reason: String
    public var status: HoldStatus
    public let placedAt: Timestamp
    public let expiresAt: Timestamp?

    public init(
        id: Identifier<Hold>, account: Identifier<Account>, amount: Int64, capturedAmount: Int64 = 0, originalAmount: Int64? = nil,
        currency: Currency, reason: String, status: HoldStatus = .active, placedAt: Timestamp, expiresAt: Timestamp?
    ) {
        self.id = id
        self.account = account
        self.amount = amount
        self.capturedAmount = capturedAmount
        self.originalAmount = originalAmount ?? amount + capturedAmount
        self.currency = currency
        self.reason = reason
        self.status = status
        self.placedAt = placedAt
        self.expiresAt = expiresAt
    }
}

/// A hold that somebody wants placed.
public struct HoldDraft: Sendable {
    public let id: Identifier<Hold>
    public let account: Identifier<Account>
    public let amount: Int64
    public let currency: Currency
    public let reason: String
    public let expiresAt: Timestamp?
    public let authority: Leg.Authority
    public let owner: Identifier<Customer>?

    public init(
        id: Identifier<Hold>, account: Identifier<Account>, amount: Int64, currency: Currency, reason: String, expiresAt: Timestamp?,
        authority: Leg.Authority = .customer(field: "amount"), owner: Identifier<Customer>? = nil
    ) {
        self.id = id
        self.account = account
        self.amount = amount
        self.currency = currency
        self.reason = reason
        self.expiresAt = expiresAt
        self.authority = authority
        self.owner = owner
    }
}

/// One step that the engine can take. The steps of a unit succeed or fail together.
public enum LedgerCommand: Sendable {
    case journal(JournalDraft)
    case placeHold(HoldDraft)
    /// Gives the whole rest of a hold back.
    case releaseHold(Identifier<Hold>)
    /// Takes `amount` out of a hold and posts the journal that spends it, in one commit. `isFinal` gives the rest back.
    case captureHold(Identifier<Hold>, amount: Int64, isFinal: Bool, JournalDraft)
    /// Ends a hold whose time is over; refused while it still runs.
    case expireHold(Identifier<Hold>)
    /// Moves the whole balance to another account of the same owner and currency, when there is one to move, and closes the account.
    case sweepAndClose(Identifier<Account>, to: Identifier<Account>?, JournalDraftTemplate)
    /// Opens an account with balance zero, so that its first money comes in the commit that opens it.
    case open(NewLedgerAccount)
}

/// What a sweep's journal says besides its legs.
public struct JournalDraftTemplate: Sendable {
    public let referencePrefix: String
    public let sourceType: String
    public let narration: String

    public init(referencePrefix: String, sourceType: String, narration: String) {
        self.referencePrefix = referencePrefix
        self.sourceType = sourceType
        self.narration = narration
    }
}

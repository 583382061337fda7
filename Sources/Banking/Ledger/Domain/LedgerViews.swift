import Kernel

/// Which moment a question is about.
public enum AsOf: Sendable, Equatable {
    case now
    /// The close of a business date; the open day counts as now.
    case closeOf(BusinessDate)
    /// What had been posted up to an instant.
    case instant(Timestamp)
}

/// An account's figures at a moment, in minor units.
public struct BalanceView: Sendable, Equatable {
    public let account: Identifier<Account>
    public let currency: Currency
    public let balance: Int64
    public let holdAmount: Int64
    public let overdraftLimit: Int64
    public let status: AccountStatus
    public let lastTransactionAt: Timestamp?
    public let businessDate: BusinessDate

    public init(
        account: Identifier<Account>, currency: Currency, balance: Int64, holdAmount: Int64, overdraftLimit: Int64,
        status: AccountStatus, lastTransactionAt: Timestamp?, businessDate: BusinessDate
    ) {
        self.account = account
        self.currency = currency
        self.balance = balance
        self.holdAmount = holdAmount
        self.overdraftLimit = overdraftLimit
        self.status = status
        self.lastTransactionAt = lastTransactionAt
        self.businessDate = businessDate
    }

    public var available: Int64 { balance - holdAmount + overdraftLimit }
}

/// One line of an account's history, seen from that account.
public struct EntryView: Sendable, Equatable {
    public let account: Identifier<Account>
    public let journal: Identifier<Journal>
    public let lineNumber: Int16
    public let transactionID: Identifier<TransactionRecord>
    public let reference: String
    public let type: TransactionType
    public let isReversed: Bool
    /// Positive is a credit.
    public let amount: Int64
    public let currency: Currency
    /// What this account was charged in the same journal; zero on the charge lines themselves and on the other side.
    public let fee: Int64
    public let excise: Int64
    public let narration: String?
    public let beneficiaryName: String?
    public let counterpartyAccount: Identifier<Account>?
    public let channel: Channel
    public let initiatedBy: Identifier<User>?
    public let businessDate: BusinessDate
    public let valueDate: BusinessDate
    public let balanceAfter: Int64
    public let reversalOf: Identifier<Journal>?
    public let reversedBy: Identifier<Journal>?

    public init(
        account: Identifier<Account>, journal: Identifier<Journal>, lineNumber: Int16, transactionID: Identifier<TransactionRecord>,
        reference: String, type: TransactionType, isReversed: Bool, amount: Int64, currency: Currency, fee: Int64, excise: Int64,
        narration: String?, beneficiaryName: String?, counterpartyAccount: Identifier<Account>?, channel: Channel,
        initiatedBy: Identifier<User>?, businessDate: BusinessDate, valueDate: BusinessDate, balanceAfter: Int64,
        reversalOf: Identifier<Journal>?, reversedBy: Identifier<Journal>?
    ) {
        self.account = account
        self.journal = journal
        self.lineNumber = lineNumber
        self.transactionID = transactionID
        self.reference = reference
        self.type = type
        self.isReversed = isReversed
        self.amount = amount
        self.currency = currency
        self.fee = fee
        self.excise = excise
        self.narration = narration
        self.beneficiaryName = beneficiaryName
        self.counterpartyAccount = counterpartyAccount
        self.channel = channel
        self.initiatedBy = initiatedBy
        self.businessDate = businessDate
        self.valueDate = valueDate
        self.balanceAfter = balanceAfter
        self.reversalOf = reversalOf
        self.reversedBy = reversedBy
    }

    public var postedAt: Timestamp { journal.mintedAt }
    public var cursor: EntryCursor { EntryCursor(journal: journal, lineNumber: lineNumber) }
}

/// A place in an account's history. Pages go on from it, whatever is added meanwhile.
public struct EntryCursor: Sendable, Hashable, Comparable {
    public let journal: Identifier<Journal>
    public let lineNumber: Int16

    public init(journal: Identifier<Journal>, lineNumber: Int16) {
        self.journal = journal
        self.lineNumber = lineNumber
    }

    public static func < (left: EntryCursor, right: EntryCursor) -> Bool {
        (left.journal, left.lineNumber) < (right.journal, right.lineNumber)
    }
}

/// What to show of a history. Dates are business dates, both ends included; amounts are in minor units without sign.
public struct EntryFilter: Sendable, Equatable {
    public var from: BusinessDate?
    public var to: BusinessDate?
    public var types: [TransactionType]
    public var isCredit: Bool?
    public var minimumAmount: Int64?
    public var maximumAmount: Int64?
    /// Bounds in thousandths of a unit, for searches over accounts of several currencies.
    public var minimumThousandths: Int64?
    public var maximumThousandths: Int64?
    /// Found in the narration, the beneficiary's name or the reference, in any case.
    public var text: String?
    public var channel: Channel?
    public var isReversed: Bool?

    public init(
        from: BusinessDate? = nil, to: BusinessDate? = nil, types: [TransactionType] = [], isCredit: Bool? = nil,
        minimumAmount: Int64? = nil, maximumAmount: Int64? = nil, text: String? = nil, channel: Channel? = nil, isReversed: Bool? = nil
    ) {
        self.from = from
        self.to = to
        self.types = types
        self.isCredit = isCredit
        self.minimumAmount = minimumAmount
        self.maximumAmount = maximumAmount
        self.text = text
        self.channel = channel
        self.isReversed = isReversed
    }
}

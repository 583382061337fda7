import Interest
import Kernel

/// A deposit contract.
public enum DepositContract {}
public enum DepositNotice {}

public enum DepositType: String, Sendable, CaseIterable {
    case fixedDeposit, recurringDeposit, termDeposit, callDeposit

    /// Letters that begin the contract's number.
    var numberPrefix: String {
        switch self {
        case .fixedDeposit: "FD"
        case .recurringDeposit: "RD"
        case .termDeposit: "TD"
        case .callDeposit: "CD"
        }
    }
}

/// States of a deposit (contract, appendix B).
public enum DepositStatus: String, Sendable, CaseIterable {
    case active, matured, renewed, closed, prematurelyClosed, discontinued

    var isOpen: Bool { self == .active || self == .matured }
}

public enum MaturityInstruction: String, Sendable, CaseIterable {
    case payOut, renewPrincipal, renewAll
}

/// A deposit as it stands. Amounts in minor units of its currency.
public struct Deposit: Sendable, Equatable {
    public let id: Identifier<DepositContract>
    public let number: String
    public let type: DepositType
    public let account: Identifier<Account>
    public let accountNumber: String
    public let customer: Identifier<Customer>
    public let productCode: String
    public let productVersion: Int32
    public let currency: Currency
    public var status: DepositStatus
    /// What it began with; the first installment of a recurring deposit.
    public let bookedPrincipal: Int64
    public var principal: Int64
    public let rate: Rate
    public let dayCount: DayCount
    public let startDate: BusinessDate
    public let maturityDate: BusinessDate?
    public let termInDays: Int32?
    public let tenureInMonths: Int32?
    public let monthlyInstallment: Int64?
    public let dayOfMonth: Int32?
    public let isAutoDebit: Bool
    public let allowsPartialWithdrawal: Bool
    public let noticePeriodDays: Int32?
    public let sourceAccount: Identifier<Account>
    public var payoutAccount: Identifier<Account>
    public var instruction: MaturityInstruction
    public let penaltyRate: Rate
    public let noInterestBeforeDays: Int32
    public let minimumAmount: Int64
    /// Interest earned before `interestFrom`, in millionths of a minor unit.
    public var settledMicro: Int64
    /// Since when the principal of now has been there.
    public var interestFrom: BusinessDate
    /// Days on which installments were paid, the first one first.
    public var installmentsPaidOn: [BusinessDate]
    public var openingJournal: Identifier<Journal>?
    public var closing: Closing?
    public var version: Int64

    /// What was paid out at the end.
    public struct Closing: Sendable, Equatable {
        public let date: BusinessDate
        public let figures: CloseFigures
        public let journal: Identifier<Journal>?
    }

    public func money(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits, currency: currency) }
    public var principalMoney: Money { money(principal) }
}

/// What ending a deposit on a day comes to. payout = principal + interestEarned − penalty − withholdingTax.
public struct CloseFigures: Sendable, Equatable {
    public let principal: Int64
    public let interestEarned: Int64
    public let penalty: Int64
    public let withholdingTax: Int64

    public var interestPaid: Int64 { interestEarned - penalty }
    public var payout: Int64 { principal + interestPaid - withholdingTax }

    public init(principal: Int64, interestEarned: Int64, penalty: Int64, withholdingTax: Int64) {
        self.principal = principal
        self.interestEarned = interestEarned
        self.penalty = penalty
        self.withholdingTax = withholdingTax
    }
}

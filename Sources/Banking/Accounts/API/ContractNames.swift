import Ledger

// The names that requests and answers use. The ledger keeps numbers; a test holds both sets equal.

/// States of an account.
public enum AccountStatusName: String, Sendable, CaseIterable {
    case pendingApproval, active, frozen, dormant, closed, rejected

    public init(_ status: AccountStatus) {
        switch status {
        case .pendingApproval: self = .pendingApproval
        case .active: self = .active
        case .frozen: self = .frozen
        case .dormant: self = .dormant
        case .closed: self = .closed
        case .rejected: self = .rejected
        }
    }

    var status: AccountStatus {
        switch self {
        case .pendingApproval: .pendingApproval
        case .active: .active
        case .frozen: .frozen
        case .dormant: .dormant
        case .closed: .closed
        case .rejected: .rejected
        }
    }
}

public enum FreezeScopeName: String, Sendable, CaseIterable {
    case none, debits, all

    public init(_ scope: FreezeScope) {
        switch scope {
        case .none: self = .none
        case .debits: self = .debits
        case .all: self = .all
        }
    }
}

/// What a freeze may stop.
enum RequestedFreezeScope: String, Sendable, CaseIterable {
    case all, debits

    var scope: FreezeScope { self == .all ? .all : .debits }
}

public enum TransactionTypeName: String, Sendable, CaseIterable {
    case transfer, deposit, withdrawal, billPayment, airtime, mobileMoneyIn, mobileMoneyOut, externalPayment, cardPayment, cardRefund
    case fee, excise, interest, withholdingTax, loanDisbursement, loanRepayment, reversal, fx, adjustment, opening

    public init(_ type: TransactionType) {
        switch type {
        case .transfer: self = .transfer
        case .deposit: self = .deposit
        case .withdrawal: self = .withdrawal
        case .billPayment: self = .billPayment
        case .airtime: self = .airtime
        case .mobileMoneyIn: self = .mobileMoneyIn
        case .mobileMoneyOut: self = .mobileMoneyOut
        case .externalPayment: self = .externalPayment
        case .cardPayment: self = .cardPayment
        case .cardRefund: self = .cardRefund
        case .fee: self = .fee
        case .excise: self = .excise
        case .interest: self = .interest
        case .withholdingTax: self = .withholdingTax
        case .loanDisbursement: self = .loanDisbursement
        case .loanRepayment: self = .loanRepayment
        case .reversal: self = .reversal
        case .fx: self = .fx
        case .adjustment: self = .adjustment
        case .opening: self = .opening
        }
    }

    public var type: TransactionType {
        guard let type = TransactionType(name: rawValue) else { preconditionFailure("the ledger knows every type of the contract") }
        return type
    }
}

/// States of a transaction.
public enum TransactionStatusName: String, Sendable, CaseIterable {
    case completed, pending, heldForReview, reversed, failed
}

public enum DirectionName: String, Sendable, CaseIterable {
    case debit, credit
}

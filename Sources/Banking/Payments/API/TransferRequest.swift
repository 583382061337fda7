import HTTPEdge
import Kernel

/// An account that a request names by id, by number, or by both.
struct AccountReference: Sendable, Equatable {
    let id: Identifier<Account>?
    let number: String?

    /// Reads `<prefix>AccountId` and `<prefix>AccountNumber`, of which one is required.
    init(from fields: inout Fields, prefix: String) {
        id = fields.optionalIdentifier("\(prefix)AccountId", as: Account.self)
        number = fields.optionalFormatted("\(prefix)AccountNumber", .accountNumber)
        fields.requireOne(of: "\(prefix)AccountNumber", "\(prefix)AccountId")
    }

    init(id: Identifier<Account>?, number: String?) {
        self.id = id
        self.number = number
    }
}

/// The body of a transfer inside the bank (contract, section 5).
struct TransferRequest: RequestBody {
    let source: AccountReference
    let toAccountNumber: String
    let amount: Money
    let narration: String?
    let beneficiaryName: String?
    let transactionID: Identifier<TransactionRecord>?
    /// Only for staff, who act on a customer's word and keep it with the transaction.
    let customerInstruction: String?

    init(from fields: inout Fields) {
        source = AccountReference(from: &fields, prefix: "from")
        toAccountNumber = fields.formatted("toAccountNumber", .accountNumber)
        amount = fields.money("amount", currency: "currency")
        narration = fields.optionalText("narration", 0...140)
        beneficiaryName = fields.optionalText("beneficiaryName", 0...100)
        transactionID = fields.optionalIdentifier("transactionId", as: TransactionRecord.self)
        customerInstruction = fields.optionalText("customerInstruction", 5...200)
    }
}

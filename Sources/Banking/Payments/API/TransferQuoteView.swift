import HTTPEdge
import Kernel

/// `?from=&to=&amount=&currency=`: `from` is the id or the number of an own account, `to` any account number of this bank.
struct TransferQuoteQuery: QueryParameters {
    let from: String
    let to: String
    let amount: Money

    init(from fields: inout Fields) {
        from = fields.text("from", 1...36)
        to = fields.formatted("to", .accountNumber)
        amount = fields.money("amount", currency: "currency")
    }

    func order(by customer: Identifier<Customer>) -> TransferOrder {
        TransferOrder(
            source: AccountReference(id: nil, number: from), destinationNumber: to, amount: amount, narration: nil, beneficiaryName: nil,
            transactionID: nil, authority: .customer(customer))
    }
}

/// An extension of the contract: what the confirmation page of a transfer shows before the order is given.
struct TransferQuoteView: Representation {
    static let schemaName = "TransferQuote"
    static let example = TransferQuoteView(
        quote: TransferQuote(
            fromAccountNumber: "0012000000017", toAccountNumber: "0012000000025", recipientName: "Jane W***",
            amount: Money(minorUnits: 150_000, currency: .kes), fee: Money(minorUnits: 3_000, currency: .kes),
            excise: Money(minorUnits: 450, currency: .kes), total: Money(minorUnits: 153_450, currency: .kes), requiresStepUp: false,
            balanceAfter: Money(minorUnits: 8_846_550, currency: .kes)))

    let quote: TransferQuote

    func write(to object: inout ObjectWriter) {
        object.text("fromAccountNumber", quote.fromAccountNumber)
        object.text("toAccountNumber", quote.toAccountNumber)
        object.text("recipientName", quote.recipientName)
        object.moneyAndCurrency(quote.amount)
        object.money("fee", quote.fee)
        object.money("excise", quote.excise)
        object.money("total", quote.total)
        object.boolean("requiresStepUp", quote.requiresStepUp)
        object.money("balanceAfter", quote.balanceAfter)
    }
}

import Accounts
import Kernel
import Ledger
import Products

/// What a transfer costs, what it counts against and whether it must be confirmed, on one business date.
struct TransferTerms: Sendable {
    let date: BusinessDate
    let plan: TransferPlan
    let outgoingLimit: OutgoingLimit?
    let needsStepUp: Bool

    /// - Throws: 422 `currency_not_offered` when the day has no rate for the accounts' currency; 503 when a limit has no value
    init(
        order: TransferOrder, source: AccountIdentity, destination: AccountIdentity, book: TariffBook, date: BusinessDate
    ) throws(Refusal) {
        self.date = date
        let free = Money.zero(order.amount.currency)
        // Between accounts of one customer nothing is charged, counted or confirmed. In another currency than the source's nothing
        // can be worked out, and the engine refuses it anyway.
        guard source.customerID != destination.customerID, order.amount.currency == source.currency else {
            plan = TransferPlan(source: source.id, destination: destination.id, amount: order.amount, fee: free, excise: free)
            outgoingLimit = nil
            needsStepUp = false
            return
        }
        let quote = try book.quote(.internalTransfer, amount: order.amount, on: date)
        plan = TransferPlan(
            source: source.id, destination: destination.id, amount: order.amount, fee: quote.fee, excise: quote.excise)
        let shillings = try book.shillings(order.amount, on: date)
        outgoingLimit = OutgoingLimit(
            holder: source.limitHolder, amount: shillings.minorUnits,
            perTransaction: try book.limit(.customerPerTransfer, on: date).minorUnits,
            perDay: try book.limit(.customerDaily, on: date).minorUnits)
        switch order.authority {
        case .customer:
            needsStepUp = shillings.minorUnits > (try book.limit(.stepUpTransferThreshold, on: date).minorUnits)
        case .staff:
            needsStepUp = false
        }
    }
}

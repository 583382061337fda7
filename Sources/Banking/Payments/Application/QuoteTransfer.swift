import Accounts
import Kernel
import Ledger
import Parties
import Postgres
import Products

/// What a transfer would do, worked out without doing it.
struct TransferQuote: Sendable {
    let fromAccountNumber: String
    let toAccountNumber: String
    /// As far as a payer may know it.
    let recipientName: String
    let amount: Money
    let fee: Money
    let excise: Money
    let total: Money
    let requiresStepUp: Bool
    /// The source's booked balance after amount, fee and excise.
    let balanceAfter: Money
}

/// Prices a transfer and asks the ledger's rules about it: the same refusals in the same order, and nothing stored.
struct QuoteTransfer: Sendable {
    let transfer: TransferMoney
    let pool: ConnectionPool
    let reader: LedgerReader

    /// - Throws: whatever the transfer itself would be refused with, except `step_up_required`
    func quote(_ order: TransferOrder, context: RequestContext) async throws -> TransferQuote {
        var attempts = 0
        while true {
            do {
                return try await attempt(order, context: context)
            } catch let refusal as Refusal where refusal == .businessDateChanged && attempts < 3 {
                attempts += 1
                transfer.businessDay.invalidate()
            }
        }
    }

    private func attempt(_ order: TransferOrder, context: RequestContext) async throws -> TransferQuote {
        let date = try await transfer.businessDay.current()
        let book = try await transfer.tariffs.current()
        let (source, destination) = try await transfer.parties(of: order, context: context)
        let terms = try TransferTerms(order: order, source: source, destination: destination, book: book, date: date)
        let (draft, reader) = (TransferMoney.draft(order, terms), reader)
        let states = try await pool.snapshot(deadline: context.deadline) { try reader.preview(draft, in: $0) }
        guard let state = states[source.id] else { throw Refusal.notFound("account_not_found", "There is no such account") }
        let plan = terms.plan
        let total = try plan.amount.adding(plan.fee).adding(plan.excise)
        let isOwn = source.customerID == destination.customerID
        return TransferQuote(
            fromAccountNumber: source.number, toAccountNumber: destination.number,
            recipientName: isOwn ? destination.name : PartyName.masked(destination.name), amount: plan.amount, fee: plan.fee,
            excise: plan.excise, total: total, requiresStepUp: terms.needsStepUp,
            balanceAfter: Money(minorUnits: state.balance - total.minorUnits, currency: total.currency))
    }
}

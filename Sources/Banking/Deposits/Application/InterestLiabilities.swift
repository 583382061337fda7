import Application
import Interest
import Kernel
import Ledger
import Postgres
import Products

/// What the bank owes in interest, kept on 2100: after every day it is what has accrued, rounded once for each product and currency.
struct InterestLiabilities: Sendable {
    enum Contra: String, Sendable {
        /// What a day added.
        case expense
        /// What roundings left behind.
        case rounding
    }

    private struct Deviation: Sendable {
        let key: InterestBooks.ProductCurrency
        let amount: Int64
    }

    private let workshop: DepositsWorkshop

    init(_ workshop: DepositsWorkshop) {
        self.workshop = workshop
    }

    /// Brings interest payable to what has accrued. Twice on a day, or from two workers at once, posts once.
    func recognise(on date: BusinessDate, against contra: Contra) async throws {
        let workshop = workshop
        let book = try await workshop.tariffs.current()
        let deviations = try await workshop.readers.snapshot { transaction -> [Deviation] in
            let accrued = try Self.accrued(on: date, book: book, in: transaction)
            let liabilities = try InterestBooks.liabilities(in: transaction)
            return Set(accrued.keys).union(liabilities.keys).sorted().compactMap { key in
                let difference = (accrued[key] ?? 0) - (liabilities[key] ?? 0)
                return difference == 0 ? nil : Deviation(key: key, amount: difference)
            }
        }
        for deviation in deviations { try await post(deviation, on: date, contra) }
        if deviations.isEmpty { return }
        _ = try await workshop.pool.transaction { try $0.execute(InterestBooks.fold) }
    }

    private func post(_ deviation: Deviation, on date: BusinessDate, _ contra: Contra) async throws {
        let (key, amount) = (deviation.key, deviation.amount)
        let now = workshop.clock.now()
        var context = RequestContext.system(
            .batch, at: now, idempotencyKey: "\(contra.rawValue)/\(key.product)/\(key.currency.code)")
        context.method = "COB"
        context.path = "interest/\(date)"
        let account = contra == .expense ? DepositsWorkshop.interestExpense : DepositsWorkshop.rounding
        let draft = JournalDraft(
            kind: .accrual, type: .interest, referencePrefix: "ACC", sourceType: "interestAccrual",
            narration: "\(contra == .expense ? "Interest accrued" : "Rounding of interest"), \(key.product), \(date)",
            legs: [
                Leg(.generalLedger(account), amount: -amount, currency: key.currency, type: .interest),
                Leg(.generalLedger(DepositsWorkshop.interestPayable), amount: amount, currency: key.currency, type: .interest),
            ], pricedOn: date)
        let unit = PostingUnit(
            commands: [.journal(draft)], context: context, idempotency: IdempotencyKey(context),
            audit: AuditRecord(
                action: "deposits.recogniseInterest", outcome: .success, actor: nil, subjectType: "product", subjectID: key.product,
                context: context,
                detail: [("date", date.description), ("amount", Money(minorUnits: amount, currency: key.currency).decimalString)]),
            companions: [InterestBooks.move(amount, product: key.product, currency: key.currency)])
        do {
            _ = try await workshop.engine.post(unit)
        } catch let refusal as Refusal where refusal == .businessDateChanged {
            // The day is over: the next one recognises what is missing.
        }
    }

    /// What has accrued on accounts and deposits, rounded once for each product and currency.
    private static func accrued(
        on date: BusinessDate, book: TariffBook, in transaction: Transaction
    ) throws -> [InterestBooks.ProductCurrency: Int64] {
        var micro: [InterestBooks.ProductCurrency: Int128] = [:]
        let totals = try InterestAccountStore.totals(in: transaction)
        for terms in try InterestAccountStore.terms(in: transaction) {
            guard let total = totals[terms.key] else { continue }
            let basis = book.product(terms.productCode, version: terms.productVersion)?.terms.interest?.dayCount(in: terms.currency).basis
            let key = InterestBooks.ProductCurrency(product: terms.productCode, currency: terms.currency)
            micro[key, default: 0] += total.micro + total.remainder / Int128(100 * (basis ?? 365))
        }
        // A deposit's day belongs to it once the day is over, as an account's does at its close.
        let until = date.adding(days: 1)
        var last = Identifier<DepositContract>(bits: 0)
        while true {
            let page = try DepositStore.find("status IN ('active', 'matured') AND id > \(last) ORDER BY id LIMIT 2000", in: transaction)
            guard let end = page.last else { break }
            for deposit in page {
                let key = InterestBooks.ProductCurrency(product: deposit.productCode, currency: deposit.currency)
                let payable = deposit.maturityDate.map { book.calendar.onOrAfter($0) }
                micro[key, default: 0] += try deposit.accruedMicro(to: payable.map { min($0, until) } ?? until)
            }
            last = end.id
        }
        return micro.mapValues { Int64(clamping: Rounding.halfEven.divide($0, by: 1_000_000)) }
    }
}

extension Deposit {
    /// For the books: in millionths of a minor unit.
    func accruedMicro(to date: BusinessDate) throws -> Int128 {
        monthlyInstallment == nil
            ? Int128(try settlement(to: date)) : Int128(try interest(to: date).minorUnits) * 1_000_000
    }
}

import Accounts
import Application
import Interest
import Kernel
import Ledger
import Parties
import Postgres
import Products

struct DepositFilter: Sendable {
    var type: DepositType?
    var status: DepositStatus?
    var cifNumber: String?
    var maturingBefore: BusinessDate?
}

/// A deposit with the figures that depend on the day and on its holder.
struct DepositDetails: Sendable {
    let deposit: Deposit
    let accruedInterest: Money
    let expectedInterest: Money
    let withholdingTax: Money
    var maturityAmount: Money { deposit.money(deposit.expectedPrincipal + expectedInterest.minorUnits - withholdingTax.minorUnits) }
}

/// A posting that a deposit leads one to expect.
struct ScheduledPosting: Sendable {
    enum Kind: String, Sendable, CaseIterable {
        case principal, installment, interest, withholdingTax, payout
    }

    let date: BusinessDate
    let kind: Kind
    let amount: Money
    /// Of an installment.
    let isPaid: Bool?
}

/// Questions about deposits: staff see all, customers their own, and everything else is missing.
struct DepositQueries: Sendable {
    let workshop: DepositsWorkshop

    /// - Throws: 404 `not_found`
    func require(_ reference: String, by authority: DepositAuthority) async throws -> Deposit {
        let found = try await workshop.readers.read { transaction -> Deposit? in
            if let id = Identifier<DepositContract>(reference) { return try DepositStore.find(id, in: transaction) }
            return try DepositStore.find("number = \(reference)", in: transaction).first
        }
        guard let found else { throw Refusal.depositNotFound }
        if case .customer(let customer) = authority, found.customer != customer { throw Refusal.depositNotFound }
        return found
    }

    func list(
        _ filter: DepositFilter, by authority: DepositAuthority, limit: Int, before place: Identifier<DepositContract>?
    ) async throws -> [DepositDetails] {
        let deposits = try await workshop.readers.read { transaction -> [Deposit] in
            var condition: SQL = "true"
            if case .customer(let customer) = authority { condition.append(" AND customer_id = \(customer)") }
            if let cif = filter.cifNumber {
                guard let customer = try PartyDirectory().customer(cifNumber: cif, in: transaction) else { return [] }
                condition.append(" AND customer_id = \(customer.id)")
            }
            if let type = filter.type { condition.append(" AND type = \(type.rawValue)") }
            if let status = filter.status { condition.append(" AND status = \(status.rawValue)") }
            if let date = filter.maturingBefore { condition.append(" AND maturity_date < \(date)") }
            if let place { condition.append(" AND id < \(place)") }
            condition.append(" ORDER BY id DESC LIMIT \(Int64(limit))")
            return try DepositStore.find(condition, in: transaction)
        }
        return try await details(deposits)
    }

    /// Deposits that mature within so many days, the next one first.
    func maturing(
        within days: Int, after place: (date: BusinessDate, id: Identifier<DepositContract>)?, limit: Int
    ) async throws -> [DepositDetails] {
        let until = try await workshop.businessDay.current().adding(days: Int32(days))
        var condition: SQL = "status IN ('active', 'matured') AND maturity_date <= \(until)"
        if let place { condition.append(" AND (maturity_date, id) > (\(place.date), \(place.id))") }
        condition.append(" ORDER BY maturity_date, id LIMIT \(Int64(limit))")
        let wanted = condition
        let deposits = try await workshop.readers.read { try DepositStore.find(wanted, in: $0) }
        return try await details(deposits)
    }

    func notices(of deposit: Deposit) async throws -> [DepositStore.Notice] {
        try await workshop.readers.read { try DepositStore.notices("deposit_id = \(deposit.id)", in: $0) }
    }

    func details(_ deposit: Deposit) async throws -> DepositDetails {
        guard let details = try await details([deposit]).first else { throw Refusal.depositNotFound }
        return details
    }

    func details(_ deposits: [Deposit]) async throws -> [DepositDetails] {
        guard !deposits.isEmpty else { return [] }
        let (today, book) = (try await workshop.businessDay.current(), try await workshop.tariffs.current())
        let exempt = try await workshop.readers.read { try InterestBooks.exempt(among: deposits.map(\.customer), on: today, in: $0) }
        let rate = DepositsWorkshop.taxRate(on: today, book: book)
        return try deposits.map { deposit in
            let taxRate = exempt.contains(deposit.customer) ? Rate(millionthsOfPercent: 0) : rate
            let expected = try deposit.expectedInterest() ?? .zero(deposit.currency)
            let accrued: Money
            if let closing = deposit.closing {
                accrued = deposit.money(closing.figures.interestPaid)
            } else {
                let until = deposit.maturityDate.map { min(today, book.calendar.onOrAfter($0)) } ?? today
                accrued = try deposit.interest(to: until)
            }
            return DepositDetails(
                deposit: deposit, accruedInterest: accrued, expectedInterest: expected,
                withholdingTax: try WithholdingTax.of(expected, rate: taxRate))
        }
    }

    /// What is still to come, and which installments were paid.
    func schedule(_ deposit: Deposit) async throws -> [ScheduledPosting] {
        let book = try await workshop.tariffs.current()
        var postings: [ScheduledPosting] = []
        if let installment = deposit.monthlyInstallment, let tenure = deposit.tenureInMonths {
            for index in 0..<Int(tenure) {
                postings.append(
                    ScheduledPosting(
                        date: deposit.dueDate(ofInstallment: index), kind: .installment, amount: deposit.money(installment),
                        isPaid: index < deposit.installmentsPaidOn.count))
            }
        } else {
            postings.append(
                ScheduledPosting(
                    date: deposit.startDate, kind: .principal, amount: deposit.money(deposit.bookedPrincipal), isPaid: nil))
        }
        guard let maturity = deposit.maturityDate else { return postings }
        let details = try await details(deposit)
        let date = book.calendar.onOrAfter(maturity)
        postings.append(ScheduledPosting(date: date, kind: .interest, amount: details.expectedInterest, isPaid: nil))
        postings.append(ScheduledPosting(date: date, kind: .withholdingTax, amount: details.withholdingTax, isPaid: nil))
        postings.append(ScheduledPosting(date: date, kind: .payout, amount: details.maturityAmount, isPaid: nil))
        return postings
    }
}

/// What has accrued on accounts, for the rooms that show it or close them.
public struct AccruedInterest: InterestSettlement {
    private let workshop: DepositsWorkshop

    public init(_ workshop: DepositsWorkshop) {
        self.workshop = workshop
    }

    /// Interest earned and not yet posted; zero for an account that bears none.
    public func accrued(on account: Identifier<Account>, currency: Currency) async throws -> Money {
        guard let (due, terms, basis) = try await state(of: account) else { return .zero(currency) }
        return Money(minorUnits: due.accrual.rounded(basis: basis), currency: terms.currency)
    }

    public func settlement(of account: Identifier<Account>, context: RequestContext) async throws -> SettledInterest? {
        guard let (due, terms, basis) = try await state(of: account) else { return nil }
        let gross = due.accrual.rounded(basis: basis)
        guard gross > 0 else { return nil }
        let (date, book) = (try await workshop.businessDay.current(), try await workshop.tariffs.current())
        let rate = try await workshop.taxRate(of: due.customer, on: date, book: book)
        let tax = try WithholdingTax.of(Money(minorUnits: gross, currency: terms.currency), rate: rate).minorUnits
        let draft = JournalDraft(
            type: .interest, referencePrefix: "INT", sourceType: "interestPosting", sourceID: account.bits,
            narration: "Interest to the closing of the account",
            legs: DepositsWorkshop.interestLegs(to: account, gross: gross, tax: tax, currency: terms.currency))
        let payment = InterestBooks.Payment(
            account: account, customer: due.customer, deposit: nil, productCode: terms.productCode, currency: terms.currency, gross: gross,
            tax: tax)
        return SettledInterest(
            commands: [.journal(draft)],
            companions: [InterestAccountStore.markPosted([(due, gross - tax)], on: date)]
                + InterestBooks.record([payment], on: date, identifiers: workshop.identifiers))
    }

    private func state(
        of account: Identifier<Account>
    ) async throws -> (InterestAccountStore.Due, InterestAccountStore.Terms, Int64)? {
        let found = try await workshop.readers.read { transaction in
            try InterestAccountStore.accrual(of: account, in: transaction).map { due in
                (due, try InterestAccountStore.terms(in: transaction).first { $0.key == due.termsKey })
            }
        }
        guard let (due, terms) = found, let terms else { return nil }
        let book = try await workshop.tariffs.current()
        let interest = book.product(terms.productCode, version: terms.productVersion)?.terms.interest
        return (due, terms, interest?.dayCount(in: terms.currency).basis ?? 365)
    }
}

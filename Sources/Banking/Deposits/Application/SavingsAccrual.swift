import Accounts
import Application
import Interest
import Kernel
import Ledger
import Postgres
import Products

/// Interest on accounts, day by day (contract, section 12: savings accrue daily on the close-of-day balance).
///
/// The day is reckoned while it is still open, so that no customer is locked out. Whoever moves money after that moment and before the day
/// ends is reckoned again with the next day: what accrued in the end is exactly the balance at each close.
public struct SavingsAccrual: DayStep {
    static let rangeSize: Int64 = 125_000

    public let name = "interestAccrual"
    private let workshop: DepositsWorkshop
    private let liabilities: InterestLiabilities

    public init(_ workshop: DepositsWorkshop) {
        self.workshop = workshop
        liabilities = InterestLiabilities(workshop)
    }

    public func parts(on date: BusinessDate) async throws -> [String] {
        try await Enrolment(workshop).completeOnce()
        let ranges = try await workshop.readers.read { try InterestAccountStore.ranges(size: Self.rangeSize, in: $0) }
        return ranges.map(\.text)
    }

    public func run(_ part: String, on date: BusinessDate) async throws -> DayOutcome {
        guard let range = InterestAccountStore.AccountRange(part) else { return DayOutcome() }
        return try await accrue(range, on: date, product: nil)
    }

    public func finish(on date: BusinessDate) async throws {
        try await liabilities.recognise(on: date, against: .expense)
    }

    public func preview(on date: BusinessDate) async throws -> [DayPreview] {
        try await dryRun(on: date, product: nil).map { total in
            DayPreview(what: "interest accrued on \(total.product)", count: total.accounts, amount: total.amount)
        }
    }

    /// Adds the day to every account of a range that does not have it.
    func accrue(_ range: InterestAccountStore.AccountRange, on date: BusinessDate, product: String?) async throws -> DayOutcome {
        let dayBefore = date.adding(days: -1)
        return try await workshop.pool.transaction { transaction in
            // The rates as they are stored now: one that was entered a moment ago counts.
            let book = try TariffBookCache.read(in: transaction)
            _ = try transaction.execute(InterestAccountStore.planForValues)
            var outcome = DayOutcome()
            for terms in try InterestAccountStore.terms(in: transaction) where product == nil || terms.productCode == product {
                let (before, today) = (Self.rates(terms, on: dayBefore, book: book), Self.rates(terms, on: date, book: book))
                if let today {
                    let share: InterestAccountStore.Share = before == nil ? .all : .unmoved
                    outcome.processed += Int64(try transaction.execute(InterestAccountStore.accrue(today, range, on: date, share)))
                }
                if let before { _ = try transaction.execute(InterestAccountStore.correct(before, range, dayBefore: dayBefore)) }
                guard let today else {
                    outcome.exceptions.append(
                        DayException(
                            entityType: "product", entityID: terms.productCode, code: "rate_missing",
                            message: "There is no rate for \(terms.currency.code) on \(date)"))
                    continue
                }
                outcome.processed += Int64(try transaction.execute(InterestAccountStore.accrue(today, range, on: date, .rest)))
            }
            for account in try InterestAccountStore.tooLarge(range, on: date, in: transaction) {
                outcome.exceptions.append(
                    DayException(
                        entityType: "account", entityID: account.description, code: "amount_out_of_range",
                        message: "The balance is too large to be reckoned by itself"))
            }
            return outcome
        }
    }

    static func rates(
        _ terms: InterestAccountStore.Terms, on date: BusinessDate, book: TariffBook
    ) -> InterestAccountStore.DayTerms? {
        guard let product = book.product(terms.productCode, version: terms.productVersion), let interest = product.terms.interest,
            let rates = book.tieredRate(product, in: terms.currency, on: date),
            rates.tiers.allSatisfy({ $0.rate <= Accrual.greatestRate })
        else { return nil }
        // A basis that changes with the year has no place in a daily sum; such a product accrues on 365.
        return InterestAccountStore.DayTerms(
            key: terms.key, basis: interest.dayCount(in: terms.currency).basis ?? 365, rates: rates)
    }

    struct Total: Sendable {
        let product: String
        let accounts: Int64
        let amount: Money
    }

    /// What the day would add, with nothing kept.
    func dryRun(on date: BusinessDate, product: String?) async throws -> [Total] {
        let book = try await workshop.tariffs.current()
        do {
            _ = try await workshop.pool.transaction { transaction -> Bool in
                let terms = try InterestAccountStore.terms(in: transaction).filter { product == nil || $0.productCode == product }
                let before = try InterestAccountStore.totals(in: transaction)
                for terms in terms {
                    guard let today = Self.rates(terms, on: date, book: book) else { continue }
                    _ = try transaction.execute(InterestAccountStore.accrue(today, .all, on: date))
                }
                let after = try InterestAccountStore.totals(in: transaction)
                throw Undo(totals: try Self.differences(terms, before, after))
            }
            return []
        } catch let undo as Undo {
            return undo.totals
        }
    }

    /// Thrown to roll a dry run back.
    private struct Undo: Error {
        let totals: [Total]
    }

    private static func differences(
        _ terms: [InterestAccountStore.Terms], _ before: [Int32: (accounts: Int64, micro: Int128, remainder: Int128)],
        _ after: [Int32: (accounts: Int64, micro: Int128, remainder: Int128)]
    ) throws -> [Total] {
        var sums: [InterestBooks.ProductCurrency: (accounts: Int64, micro: Int128)] = [:]
        for terms in terms {
            guard let now = after[terms.key] else { continue }
            let key = InterestBooks.ProductCurrency(product: terms.productCode, currency: terms.currency)
            let sum = sums[key] ?? (0, 0)
            sums[key] = (sum.accounts + now.accounts, sum.micro + now.micro - (before[terms.key]?.micro ?? 0))
        }
        return sums.sorted { $0.key < $1.key }.map { key, sum in
            let minor = Int64(clamping: Rounding.halfEven.divide(sum.micro, by: 1_000_000))
            return Total(product: key.product, accounts: sum.accounts, amount: Money(minorUnits: minor, currency: key.currency))
        }
    }
}

/// Brings the accounts that were there before this room into its books, once.
struct Enrolment: Sendable {
    let workshop: DepositsWorkshop

    init(_ workshop: DepositsWorkshop) {
        self.workshop = workshop
    }

    func completeOnce() async throws {
        let isComplete = try await workshop.readers.read { try !$0.query("SELECT FROM deposits.enrolment").isEmpty }
        if isComplete { return }
        let book = try await workshop.tariffs.current()
        var last: Identifier<Account>?
        while true {
            let after = last
            let page = try await workshop.readers.read { try AccountRegister.page(after: after, limit: 5_000, in: $0) }
            guard let end = page.last else { break }
            let bearing = page.filter { book.product($0.productCode, version: $0.productVersion)?.terms.interest != nil }
            try await workshop.pool.transaction { transaction in
                try InterestAccountStore.enrol(bearing.filter { $0.type.isTransactional }.map { Self.new($0) }, in: transaction)
            }
            last = end.id
        }
        let now = workshop.clock.now()
        _ = try await workshop.pool.transaction { try $0.execute("INSERT INTO deposits.enrolment VALUES (\(now))") }
    }

    static func new(_ account: RegisteredAccount) -> InterestAccountStore.NewAccount {
        InterestAccountStore.NewAccount(
            account: account.id, customer: account.customer, productCode: account.productCode, productVersion: account.productVersion,
            currency: account.currency)
    }
}

/// Brings an account into the books of interest in the commit that opens it.
public struct InterestEnrolment: AccountOpeningObserver {
    public init() {}

    public func opened(_ account: RegisteredAccount, product: Product, in transaction: Transaction) throws {
        guard product.terms.interest != nil, account.type.isTransactional else { return }
        try InterestAccountStore.enrol([Enrolment.new(account)], in: transaction)
    }
}

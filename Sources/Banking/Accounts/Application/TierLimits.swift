import Kernel
import Ledger
import Parties
import Postgres
import Products

/// What a KYC tier allows on an account, in minor units of its currency; nil is no limit (contract, section 5, limits).
struct TierLimits: Sendable, Equatable {
    let transaction: Int64?
    let balance: Int64?

    static func of(
        kycTier: Int16, currency: Currency, book: TariffBook, on date: BusinessDate
    ) throws(Refusal) -> TierLimits {
        // Tier 0 may not send anything; what it receives is bounded as tier 1 is.
        guard kycTier <= 1 else { return TierLimits(transaction: nil, balance: nil) }
        let transaction = try book.foreign(try book.limit(.kycTier1PerTransaction, on: date), in: currency, on: date)
        let balance = try book.foreign(try book.limit(.kycTier1Balance, on: date), in: currency, on: date)
        return TierLimits(transaction: transaction.minorUnits, balance: balance.minorUnits)
    }
}

/// Carries a change of a customer's standing to the accounts, in the same commit: from then on the engine decides by it.
public struct AccountConstraints: CustomerStandingObserver {
    private let clock: any WallClock

    public init(clock: any WallClock) {
        self.clock = clock
    }

    public func standingChanged(of customer: Identifier<Customer>, to standing: CustomerStanding, in transaction: Transaction) throws {
        let currencies = try transaction.query("SELECT DISTINCT currency FROM accounts.account WHERE customer_id = \(customer)")
            .map { try $0.currency(0) }
        guard !currencies.isEmpty else { return }
        let book = try TariffBookCache.read(in: transaction)
        let date = try LedgerReader(clock: clock).businessDate(in: transaction)
        let limits = try currencies.map { currency in
            let limits = try TierLimits.of(kycTier: standing.kycTier, currency: currency, book: book, on: date)
            return CurrencyLimits(currency: currency, transactionLimit: limits.transaction, maximumBalance: limits.balance)
        }
        try LedgerAccounts().constrain(
            owner: customer, isBlocked: standing.isBlocked, requiresKYC: !standing.isVerified, limits: limits, in: transaction)
    }
}

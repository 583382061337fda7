import Kernel
import Ledger
import Products

/// The ledger values foreign totals for its balance sheet; the bank's rates are kept with its prices.
struct ShillingValuationAdapter: ShillingValuation {
    let tariffs: TariffBookCache

    func midRates(of currencies: [Currency], on date: BusinessDate) async throws -> [Currency: String] {
        let book = try await tariffs.current()
        let rates = currencies.compactMap { currency in book.midRate(of: currency, on: date).map { (currency, $0.description) } }
        return Dictionary(rates, uniquingKeysWith: { first, _ in first })
    }

    func shillings(_ money: Money, on date: BusinessDate) async throws -> Money? {
        let book = try await tariffs.current()
        return try? book.shillings(money, on: date)
    }
}

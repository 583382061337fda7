import Kernel
import Ledger
import Observability
import Postgres
import Synchronization

/// Figures about the bank itself, beside those the HTTP edge counts.
final class BankMetrics: PostingObserver {
    private let registry: MetricsRegistry
    /// Handles by label, so that counting a posting looks nothing up in the registry.
    private let posted: [TransactionType: CounterMetric]
    private let failures: Mutex<[String: CounterMetric]>
    let outboxPending: GaugeMetric
    let businessDateLagDays: GaugeMetric

    init(registry: MetricsRegistry) {
        self.registry = registry
        // Every type is there from the start: a series that appears with its first transaction hides that transaction from rates.
        posted = Dictionary(uniqueKeysWithValues: TransactionType.allCases.map { ($0, Self.postedCounter($0, in: registry)) })
        failures = Mutex(
            Dictionary(uniqueKeysWithValues: Self.usualFailures.map { ($0, Self.failureCounter($0, in: registry)) }))
        outboxPending = registry.gauge("outbox_pending", help: "Events that wait for their handlers.")
        businessDateLagDays = registry.gauge("cob_business_date_lag_days", help: "Days the business date is behind the calendar.")
    }

    /// Refusals that every bank sees (contract, appendix A, money); others appear with the first of them.
    private static let usualFailures = [
        "insufficient_funds", "limit_exceeded", "account_frozen", "account_closed", "account_dormant", "currency_mismatch",
        "customer_blocked", "kyc_required", "same_account", "step_up_required",
    ]

    private static func postedCounter(_ type: TransactionType, in registry: MetricsRegistry) -> CounterMetric {
        registry.counter(
            "transactions_posted_total", help: "Transactions in the books, by type.", labels: [MetricLabel("type", type.name)])
    }

    private static func failureCounter(_ code: String, in registry: MetricsRegistry) -> CounterMetric {
        registry.counter(
            "transaction_failures_total", help: "Orders that were refused, by problem code.", labels: [MetricLabel("code", code)])
    }

    func posted(_ journals: [PostedJournal]) {
        for journal in journals { posted[journal.type]?.increment() }
    }

    func refused(code: String) {
        let counter = failures.withLock { counters in
            if let known = counters[code] { return known }
            let made = Self.failureCounter(code, in: registry)
            counters[code] = made
            return made
        }
        counter.increment()
    }

    func committed(units: Int) {}

    /// How much of a pool is in use, from 0 to 1.
    func watch(_ pool: ConnectionPool, name: String) {
        registry.callbackGauge(
            "database_connection_pool_usage", help: "Share of a pool's connections in use.", labels: [MetricLabel("pool", name)]
        ) {
            let usage = pool.usage
            return Double(usage.inUse) / Double(max(1, usage.size))
        }
    }

    func setImbalance(_ minorUnits: Int64, of currency: Currency) {
        registry.gauge(
            "ledger_imbalance_minor_units", help: "Debits minus credits of the whole ledger; always 0.",
            labels: [MetricLabel("currency", currency.code)]
        ).set(Double(minorUnits))
    }
}

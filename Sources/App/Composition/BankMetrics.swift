import Kernel
import Ledger
import Observability
import Postgres
import Synchronization

/// Figures about the bank itself, beside those the HTTP edge counts.
final class BankMetrics: PostingObserver {
    private let registry: MetricsRegistry
    /// Handles by label, so that counting a posting looks nothing up in the registry.
    private let posted: Mutex<[TransactionType: CounterMetric]>
    private let failures: Mutex<[String: CounterMetric]>
    let outboxPending: GaugeMetric
    let businessDateLagDays: GaugeMetric

    init(registry: MetricsRegistry) {
        self.registry = registry
        posted = Mutex([:])
        failures = Mutex([:])
        outboxPending = registry.gauge("outbox_pending", help: "Events that wait for their handlers.")
        businessDateLagDays = registry.gauge("cob_business_date_lag_days", help: "Days the business date is behind the calendar.")
    }

    func posted(_ journals: [PostedJournal]) {
        for journal in journals {
            let counter = posted.withLock { counters in
                counters[journal.type]
                    ?? {
                        let made = registry.counter(
                            "transactions_posted_total", help: "Transactions in the books, by type.",
                            labels: [MetricLabel("type", journal.type.name)])
                        counters[journal.type] = made
                        return made
                    }()
            }
            counter.increment()
        }
    }

    func refused(code: String) {
        let counter = failures.withLock { counters in
            counters[code]
                ?? {
                    let made = registry.counter(
                        "transaction_failures_total", help: "Orders that were refused, by problem code.",
                        labels: [MetricLabel("code", code)])
                    counters[code] = made
                    return made
                }()
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

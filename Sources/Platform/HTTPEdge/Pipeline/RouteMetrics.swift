import Observability
import Synchronization

/// The figures of one route, with handles resolved once.
final class RouteMetrics: Sendable {
    private let registry: MetricsRegistry
    private let method: String
    private let route: String
    private let duration: HistogramMetric
    private let byStatus = Mutex<[Int: CounterMetric]>([:])

    init(registry: MetricsRegistry, method: String, route: String) {
        self.registry = registry
        self.method = method
        self.route = route
        duration = registry.histogram(
            "http_request_duration_seconds", help: "Time from the complete request to the ready response",
            labels: [MetricLabel("method", method), MetricLabel("route", route)])
    }

    func count(status: Int, nanoseconds: UInt64) {
        duration.observe(Double(nanoseconds) / 1e9)
        let counter = byStatus.withLock { known in
            if let counter = known[status] { return counter }
            let counter = registry.counter(
                "http_requests_total", help: "Requests answered",
                labels: [MetricLabel("method", method), MetricLabel("route", route), MetricLabel("status", String(status))])
            known[status] = counter
            return counter
        }
        counter.increment()
    }
}

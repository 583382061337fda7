import CoreMetrics
import Synchronization

/// All figures of the process, readable as Prometheus text. Also a swift-metrics factory, so that libraries count here too.
///
/// Handles are resolved once (per endpoint, per job) and then counted on without looking anything up.
public final class MetricsRegistry: MetricsFactory {
    /// Series that one family may have. A label with unbounded values would otherwise eat the memory; further series are not counted.
    private static let maximumSeriesPerFamily = 5_000
    /// Seconds, from half a millisecond to ten seconds.
    public static let latencyBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private struct Family {
        let kind: String
        let help: String
        var series: [String: any MetricSeries] = [:]
        var callbacks: [@Sendable () -> [MetricSample]] = []
    }

    private let families = Mutex<[String: Family]>([:])

    public init() {}

    // MARK: Handles

    /// A figure that only grows. Name it `…_total`.
    public func counter(_ name: String, help: String = "", labels: [MetricLabel] = []) -> CounterMetric {
        series(name, kind: "counter", help: help, labels: labels) { CounterMetric() }
    }

    /// A figure that goes up and down.
    public func gauge(_ name: String, help: String = "", labels: [MetricLabel] = []) -> GaugeMetric {
        series(name, kind: "gauge", help: help, labels: labels) { GaugeMetric() }
    }

    /// A distribution over fixed buckets.
    public func histogram(
        _ name: String, help: String = "", labels: [MetricLabel] = [], buckets: [Double] = MetricsRegistry.latencyBuckets
    ) -> HistogramMetric {
        series(name, kind: "histogram", help: help, labels: labels) { HistogramMetric(buckets: buckets) }
    }

    /// A figure that is read when somebody asks, such as the use of a pool. Several calls with one name add up to several series.
    public func callbackGauge(
        _ name: String, help: String = "", labels: [MetricLabel] = [], read: @escaping @Sendable () -> Double
    ) {
        callbackGauges(name, help: help) { [MetricSample(labels: labels, value: read())] }
    }

    /// As `callbackGauge`, for a set of series that is known only when it is read.
    public func callbackGauges(_ name: String, help: String = "", read: @escaping @Sendable () -> [MetricSample]) {
        families.withLock { families in
            var family = families[Self.cleanName(name)] ?? Family(kind: "gauge", help: help)
            family.callbacks.append(read)
            families[Self.cleanName(name)] = family
        }
    }

    private func series<Series: MetricSeries>(
        _ name: String, kind: String, help: String, labels: [MetricLabel], make: () -> Series
    ) -> Series {
        let name = Self.cleanName(name)
        let key = MetricLabel.text(labels)
        return families.withLock { families in
            var family = families[name] ?? Family(kind: kind, help: help)
            if let known = family.series[key] as? Series { return known }
            let made = make()
            if family.kind == kind, family.series.count < Self.maximumSeriesPerFamily {
                family.series[key] = made
                families[name] = family
            }
            return made
        }
    }

    // MARK: Exposition

    /// Prometheus text format 0.0.4, families and series in alphabetical order.
    public func exposition() -> String {
        let snapshot = families.withLock { $0 }
        var text = ""
        for (name, family) in snapshot.sorted(by: { $0.key < $1.key }) {
            if !family.help.isEmpty { text += "# HELP \(name) \(Self.escapedHelp(family.help))\n" }
            text += "# TYPE \(name) \(family.kind)\n"
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                series.expose(name: name, labels: labels, into: &text)
            }
            for callback in family.callbacks {
                for sample in callback() {
                    Self.append(name: name, labels: MetricLabel.text(sample.labels), value: sample.value, to: &text)
                }
            }
        }
        return text
    }

    static func append(name: String, labels: String, value: Double, to text: inout String) {
        text += labels.isEmpty ? name : "\(name){\(labels)}"
        text += " \(number(value))\n"
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), value.magnitude < 1e15 { return String(Int64(value)) }
        return String(value)
    }

    private static func escapedHelp(_ help: String) -> String {
        help.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
            .split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n")
    }

    /// Letters, digits and underscores, which is all that a name may have.
    static func cleanName(_ name: String) -> String {
        let cleaned = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) || $0 == "_" || $0 == ":" ? $0 : "_" })
        return cleaned.first?.isNumber == true ? "_" + cleaned : cleaned
    }

    // MARK: swift-metrics

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label.hasSuffix("_total") ? label : label + "_total", labels: dimensions.map { MetricLabel($0.0, $0.1) })
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, labels: dimensions.map { MetricLabel($0.0, $0.1) })
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        let labels = dimensions.map { MetricLabel($0.0, $0.1) }
        return aggregate ? histogram(label, labels: labels) : gauge(label, labels: labels)
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, labels: dimensions.map { MetricLabel($0.0, $0.1) })
    }

    /// Handles live as long as the process: destroying one and making it again must not lose what was counted.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}
}

/// One label of a series. The value may be any text; it is escaped.
public struct MetricLabel: Sendable, Hashable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// `name="value",…` in alphabetical order, so that the order given makes no second series.
    static func text(_ labels: [MetricLabel]) -> String {
        labels.sorted { $0.name < $1.name }
            .map { "\(MetricsRegistry.cleanName($0.name))=\"\(escaped($0.value))\"" }
            .joined(separator: ",")
    }

    private static func escaped(_ value: String) -> String {
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

/// One value of a callback gauge.
public struct MetricSample: Sendable {
    public let labels: [MetricLabel]
    public let value: Double

    public init(labels: [MetricLabel] = [], value: Double) {
        self.labels = labels
        self.value = value
    }
}

import CoreMetrics
import Synchronization

/// One line, or one block of lines, of the exposition.
protocol MetricSeries: AnyObject, Sendable {
    func expose(name: String, labels: String, into text: inout String)
}

/// A figure that only grows.
public final class CounterMetric: MetricSeries, CounterHandler {
    private let count = Atomic<Int64>(0)

    public init() {}

    public func increment(by amount: Int64 = 1) {
        count.wrappingAdd(max(0, amount), ordering: .relaxed)
    }

    public func reset() {
        count.store(0, ordering: .relaxed)
    }

    public var value: Int64 { count.load(ordering: .relaxed) }

    func expose(name: String, labels: String, into text: inout String) {
        text += labels.isEmpty ? name : "\(name){\(labels)}"
        text += " \(value)\n"
    }
}

/// A figure that goes up and down.
public final class GaugeMetric: MetricSeries, MeterHandler, RecorderHandler {
    private let current = Mutex<Double>(0)

    public init() {}

    public func set(_ value: Double) { current.withLock { $0 = value } }
    public func set(_ value: Int64) { set(Double(value)) }
    public func increment(by amount: Double) { current.withLock { $0 += amount } }
    public func decrement(by amount: Double) { current.withLock { $0 -= amount } }
    public func record(_ value: Int64) { set(Double(value)) }
    public func record(_ value: Double) { set(value) }

    public var value: Double { current.withLock { $0 } }

    func expose(name: String, labels: String, into text: inout String) {
        MetricsRegistry.append(name: name, labels: labels, value: value, to: &text)
    }
}

/// A distribution over fixed buckets.
public final class HistogramMetric: MetricSeries, RecorderHandler, TimerHandler {
    private struct State {
        /// Per bucket, the last one for everything above; not yet cumulative.
        var counts: [Int64]
        var sum: Double = 0
    }

    private let buckets: [Double]
    private let state: Mutex<State>

    /// - Parameter buckets: upper bounds, ascending
    public init(buckets: [Double]) {
        self.buckets = buckets
        state = Mutex(State(counts: Array(repeating: 0, count: buckets.count + 1)))
    }

    public func observe(_ value: Double) {
        var index = 0
        while index < buckets.count, value > buckets[index] { index += 1 }
        state.withLock {
            $0.counts[index] += 1
            $0.sum += value
        }
    }

    public func record(_ value: Int64) { observe(Double(value)) }
    public func record(_ value: Double) { observe(value) }
    public func recordNanoseconds(_ duration: Int64) { observe(Double(duration) / 1e9) }

    /// How many values were observed.
    public var count: Int64 { state.withLock { $0.counts.reduce(0, +) } }

    func expose(name: String, labels: String, into text: inout String) {
        let snapshot = state.withLock { $0 }
        let separator = labels.isEmpty ? "" : ","
        var cumulative: Int64 = 0
        for (index, count) in snapshot.counts.enumerated() {
            cumulative += count
            let bound = index < buckets.count ? MetricsRegistry.number(buckets[index]) : "+Inf"
            text += "\(name)_bucket{\(labels)\(separator)le=\"\(bound)\"} \(cumulative)\n"
        }
        MetricsRegistry.append(name: name + "_sum", labels: labels, value: snapshot.sum, to: &text)
        text += labels.isEmpty ? "\(name)_count" : "\(name)_count{\(labels)}"
        text += " \(cumulative)\n"
    }
}

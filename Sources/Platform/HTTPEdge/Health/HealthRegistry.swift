import Kernel
import Synchronization

/// How one dependency is.
public enum HealthState: String, Sendable, CaseIterable {
    case up, degraded, down
}

/// Named checks of everything the process depends on, asked at most once a second however many probes come.
public final class HealthRegistry: Sendable {
    private struct Check: Sendable {
        let name: String
        let isRequired: Bool
        let timeoutMilliseconds: Int
        let run: @Sendable () async throws -> HealthState
    }

    private struct State {
        var checks: [Check] = []
        var report: HealthReport?
        var reportedAt = Timestamp(microseconds: 0)
        var running: Task<HealthReport, Never>?
    }

    private static let cacheMicroseconds: Int64 = 1_000_000

    private let state = Mutex(State())
    private let clock: any WallClock
    private let startedAt: Timestamp

    public init(clock: any WallClock = SystemClock()) {
        self.clock = clock
        startedAt = clock.now()
    }

    public var uptimeSeconds: Int64 { max(0, clock.now().seconds(since: startedAt)) }

    /// Adds a check. A check that throws or takes too long is down.
    /// - Parameter isRequired: the process is not ready while this check is down
    public func add(
        _ name: String, isRequired: Bool, timeoutMilliseconds: Int = 1_000, run: @escaping @Sendable () async throws -> HealthState
    ) {
        state.withLock { state in
            state.checks.append(Check(name: name, isRequired: isRequired, timeoutMilliseconds: timeoutMilliseconds, run: run))
            state.report = nil
        }
    }

    /// The state of every check, at most one second old.
    public func report() async -> HealthReport {
        let now = clock.now()
        let (fresh, task) = state.withLock { state -> (HealthReport?, Task<HealthReport, Never>?) in
            let age = now.microseconds - state.reportedAt.microseconds
            if let report = state.report, age >= 0, age < Self.cacheMicroseconds { return (report, nil) }
            if let running = state.running { return (nil, running) }
            let checks = state.checks
            let task = Task {
                let report = await Self.run(checks)
                self.keep(report)
                return report
            }
            state.running = task
            return (nil, task)
        }
        if let fresh { return fresh }
        guard let task else { return HealthReport(checks: []) }
        return await task.value
    }

    private func keep(_ report: HealthReport) {
        state.withLock { state in
            state.report = report
            state.reportedAt = clock.now()
            state.running = nil
        }
    }

    private static func run(_ checks: [Check]) async -> HealthReport {
        await withTaskGroup(of: (Int, HealthReport.Entry).self) { group in
            for (index, check) in checks.enumerated() {
                group.addTask { (index, await entry(of: check)) }
            }
            var entries: [(Int, HealthReport.Entry)] = []
            for await entry in group { entries.append(entry) }
            return HealthReport(checks: entries.sorted { $0.0 < $1.0 }.map(\.1))
        }
    }

    private static func entry(of check: Check) async -> HealthReport.Entry {
        let started = ContinuousClock.now
        let state = await withTimeLimit(milliseconds: check.timeoutMilliseconds) { (try? await check.run()) ?? .down } ?? .down
        let (seconds, attoseconds) = (ContinuousClock.now - started).components
        let latency = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        return HealthReport.Entry(name: check.name, state: state, isRequired: check.isRequired, latencyMilliseconds: latency)
    }

    /// Runs `body` and gives up waiting after the limit, even when the body does not react to cancellation.
    private static func withTimeLimit<Value: Sendable>(
        milliseconds: Int, _ body: @escaping @Sendable () async -> Value
    ) async -> Value? {
        await withCheckedContinuation { (continuation: CheckedContinuation<Value?, Never>) in
            let first = FirstOnly(continuation)
            let work = Task { first.resume(await body()) }
            Task {
                try? await Task.sleep(for: .milliseconds(milliseconds))
                if first.resume(nil) { work.cancel() }
            }
        }
    }
}

/// A continuation that two tasks race to resume.
private final class FirstOnly<Value: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Value?, Never>?>

    init(_ continuation: CheckedContinuation<Value?, Never>) {
        self.continuation = Mutex(continuation)
    }

    @discardableResult
    func resume(_ value: Value?) -> Bool {
        let waiting = continuation.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        waiting?.resume(returning: value)
        return waiting != nil
    }
}

/// What all checks said.
public struct HealthReport: Sendable {
    public struct Entry: Sendable {
        public let name: String
        public let state: HealthState
        public let isRequired: Bool
        public let latencyMilliseconds: Int64
    }

    public let checks: [Entry]

    /// False while a required check is down.
    public var isReady: Bool { !checks.contains { $0.isRequired && $0.state == .down } }

    /// True when something is not up, although the process can do its work.
    public var isDegraded: Bool { checks.contains { $0.state != .up } }
}

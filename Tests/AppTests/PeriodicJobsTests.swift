import Logging
import Observability
import ServiceLifecycle
import Synchronization
import Testing

@testable import App

@Suite struct PeriodicJobsTests {
    struct Mishap: Error {}

    @Test("A job that fails runs again, one that has more to do does not rest, and neither disturbs its neighbour")
    func failureAndHurry() async throws {
        let failing = Mutex(0)
        let hurrying = Mutex(0)
        let (done, signal) = AsyncStream.makeStream(of: Void.self)
        let jobs = PeriodicJobs(
            jobs: [
                PeriodicJob("failing", everyMilliseconds: 1) {
                    let turn = failing.withLock { count in
                        count += 1
                        return count
                    }
                    if turn == 3 { signal.yield() }
                    throw Mishap()
                },
                // An hour of rest: only hurrying gets it to its fifth turn.
                PeriodicJob("hurrying", everyMilliseconds: 3_600_000) {
                    let turn = hurrying.withLock { count in
                        count += 1
                        return count
                    }
                    if turn == 5 { signal.yield() }
                    return turn < 5
                },
            ], metrics: MetricsRegistry(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await jobs.run() }
        var signals = done.makeAsyncIterator()
        _ = await signals.next()
        _ = await signals.next()
        running.cancel()
        try await running.value
        #expect(failing.withLock { $0 } >= 3)
        #expect(hurrying.withLock { $0 } == 5)
    }
}

import Logging
import Observability
import ServiceLifecycle

/// Work the bank does by itself again and again. A job that fails is logged, counted and tried at its next turn.
struct PeriodicJob: Sendable {
    let name: String
    let everyMilliseconds: Int
    /// - Returns: true when there is more to do at once
    let run: @Sendable () async throws -> Bool

    init(_ name: String, everyMilliseconds: Int, _ run: @escaping @Sendable () async throws -> Bool) {
        precondition(everyMilliseconds > 0, "a job rests between its turns")
        self.name = name
        self.everyMilliseconds = everyMilliseconds
        self.run = run
    }
}

struct PeriodicJobs: Service {
    let jobs: [PeriodicJob]
    let metrics: MetricsRegistry
    let logger: Logger

    /// Runs every job on its own until the program stops; what is under way is finished or rolled back by its transaction.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                for job in jobs { group.addTask { await self.repeatUntilCancelled(job) } }
            }
        }
    }

    private func repeatUntilCancelled(_ job: PeriodicJob) async {
        let failures = metrics.counter("job_failures_total", help: "Turns of a job that failed.", labels: [MetricLabel("job", job.name)])
        var isFailing = false
        while !Task.isCancelled {
            var isMore = false
            do {
                isMore = try await job.run()
                if isFailing { logger.info("job works again", metadata: ["job": "\(job.name)"]) }
                isFailing = false
            } catch is CancellationError {
                return
            } catch {
                failures.increment()
                // The first failure is news; its repetitions every second would bury everything else.
                logger.log(
                    level: isFailing ? .debug : .warning, "job failed", metadata: ["job": "\(job.name)", "error": "\(error)"])
                isFailing = true
            }
            if isMore { continue }
            do { try await Task.sleep(for: .milliseconds(job.everyMilliseconds)) } catch { return }
        }
    }
}

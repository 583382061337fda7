import Kernel
import Logging
import ServiceLifecycle

/// Work of one kind, and how it is to be done.
public struct JobDefinition: Sendable {
    public let name: String
    public let schedule: JobSchedule?
    public let leaseSeconds: Int64
    /// The lease is renewed while it runs; when it is lost, the task is cancelled. A job may run twice and must bear it.
    public let run: @Sendable (ClaimedJob) async throws -> Void

    public init(
        _ name: String, schedule: JobSchedule? = nil, leaseSeconds: Int64 = 30, run: @escaping @Sendable (ClaimedJob) async throws -> Void
    ) {
        precondition(leaseSeconds >= 3, "a lease is long enough to be renewed")
        self.name = name
        self.schedule = schedule
        self.leaseSeconds = leaseSeconds
        self.run = run
    }
}

/// The workers of one process. Any number of processes may have some; they share the queue.
public struct JobWorkers: Service {
    private let definitions: [String: JobDefinition]
    private let queue: JobQueue
    private let schedules: JobSchedules
    private let count: Int
    private let idlePauseMilliseconds: Int
    private let worker: String
    private let logger: Logger

    /// - Parameter worker: names this process in the queue
    public init(
        definitions: [JobDefinition], queue: JobQueue, schedules: JobSchedules, count: Int = 2, idlePauseMilliseconds: Int = 500,
        worker: String, logger: Logger
    ) {
        self.definitions = Dictionary(definitions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.queue = queue
        self.schedules = schedules
        self.count = count
        self.idlePauseMilliseconds = idlePauseMilliseconds
        self.worker = worker
        self.logger = logger
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.keepSchedule() }
                for _ in 0..<count { group.addTask { await self.work() } }
            }
        }
    }

    /// Does one job that is due, when there is one.
    /// - Returns: whether there was one
    @discardableResult
    public func workOnce() async throws -> Bool {
        guard let job = try await queue.claim(Array(definitions.keys), worker: worker, leaseSeconds: longestLease) else { return false }
        await perform(job)
        return true
    }

    private func keepSchedule() async {
        var isRegistered = false
        while !Task.isCancelled {
            do {
                if !isRegistered { try await schedules.register() }
                isRegistered = true
                try await schedules.enqueueDue()
            } catch is CancellationError {
                return
            } catch {
                logger.debug("schedules cannot be read", metadata: ["error": "\(error)"])
            }
            do { try await Task.sleep(for: .seconds(1)) } catch { return }
        }
    }

    private func work() async {
        while !Task.isCancelled {
            let hasWorked = (try? await workOnce()) ?? false
            if hasWorked { continue }
            do { try await Task.sleep(for: .milliseconds(idlePauseMilliseconds)) } catch { return }
        }
    }

    private func perform(_ job: ClaimedJob) async {
        guard let definition = definitions[job.name] else { return }
        do {
            if definition.schedule != nil { try await schedules.started(job.name) }
            try await queue.holding(job, leaseSeconds: longestLease) { try await definition.run(job) }
            try await queue.complete(job)
            if definition.schedule != nil { try await schedules.finished(job.name, error: nil) }
        } catch {
            if Task.isCancelled { return }
            logger.warning("job failed", metadata: ["job": "\(job.name)", "attempt": "\(job.attempt)", "error": "\(error)"])
            try? await queue.fail(job, error: "\(error)")
            if definition.schedule != nil { try? await schedules.finished(job.name, error: "\(error)") }
        }
    }

    private var longestLease: Int64 { definitions.values.map(\.leaseSeconds).max() ?? 30 }
}

extension JobQueue {
    /// Somebody else has the job now.
    public struct LeaseLost: Error {}

    /// Does a job's work and renews its lease beside it; whichever ends first ends the other.
    public func holding(_ job: ClaimedJob, leaseSeconds: Int64, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await body() }
            group.addTask {
                while true {
                    try await Task.sleep(for: .seconds(max(1, leaseSeconds / 3)))
                    guard try await renew(job, leaseSeconds: leaseSeconds) else { throw LeaseLost() }
                }
            }
            _ = try await group.next()
            group.cancelAll()
        }
    }
}

import HTTPEdge
import Kernel

/// Background jobs for the administrator (contract, section 16).
public struct JobEndpoints: Sendable {
    private static let administrators = Access.roles(RoleSet(.administrator))
    private static let tag = "Administrator"

    private let schedules: JobSchedules

    public init(schedules: JobSchedules) {
        self.schedules = schedules
    }

    public var all: [Endpoint] {
        let schedules = schedules
        func change(
            _ verb: String, _ summary: String, status: Int, _ body: @escaping @Sendable (String) async throws -> JobState
        ) -> Endpoint {
            Endpoint(
                .post, "/api/administrator/jobs/{jobName}/\(verb)", summary: summary, tag: Self.tag, access: Self.administrators,
                reply: JobView.self, status: status, errors: ["not_found"]
            ) { call in
                Reply(JobView(job: try await body(call.path("jobName"))), status: status)
            }
        }
        return [
            Endpoint(
                .get, "/api/administrator/jobs", summary: "Background jobs with their last and next run", tag: Self.tag,
                access: Self.administrators, query: PageQuery.self, reply: Page<JobView>.self
            ) { call in Reply(try call.page(ofAll: try await schedules.all().map { JobView(job: $0) }) { $0.job.name }) },
            change("run", "Run a job now", status: 202) { try await schedules.runNow($0) },
            change("pause", "Let a job rest", status: 200) { try await schedules.setPaused($0, true) },
            change("resume", "Let a job run by its schedule again", status: 200) { try await schedules.setPaused($0, false) },
        ]
    }
}

struct JobView: Representation {
    static let schemaName = "Job"
    static let example = JobView(
        job: JobState(
            name: "close-of-day", schedule: "5 0 * * *", isPaused: false, isRunning: false,
            nextRunAt: Timestamp(microseconds: 1_780_000_000_000_000), lastStartedAt: Timestamp(microseconds: 1_779_900_000_000_000),
            lastFinishedAt: Timestamp(microseconds: 1_779_900_001_000_000), lastOutcome: "failed", lastError: "the database went away",
            deadJobs: 0))
    let job: JobState

    func write(to object: inout ObjectWriter) {
        object.text("jobName", job.name)
        object.text("schedule", job.schedule)
        object.text("status", job.isPaused ? "paused" : job.isRunning ? "running" : "scheduled")
        object.boolean("isPaused", job.isPaused)
        object.optionalTimestamp("lastRunAt", job.lastStartedAt)
        object.optionalTimestamp("lastFinishedAt", job.lastFinishedAt)
        object.optionalText("lastOutcome", job.lastOutcome)
        object.optionalText("lastError", job.lastError)
        object.optionalTimestamp("nextRunAt", job.nextRunAt)
        object.integer("deadJobs", job.deadJobs)
    }
}

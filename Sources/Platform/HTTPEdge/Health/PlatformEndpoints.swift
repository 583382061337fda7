import Kernel
import Observability

/// Health, metrics and the root document (contract, 3). The business date and the mode come from the composition root.
public enum PlatformEndpoints {
    /// What the root document and /health tell about the bank.
    public struct Information: Sendable {
        public let mode: String
        public let businessDate: BusinessDate?

        /// - Parameter businessDate: nil when it is not known at the moment, for want of a database
        public init(mode: String, businessDate: BusinessDate?) {
            self.mode = mode
            self.businessDate = businessDate
        }
    }

    public static func all(
        health: HealthRegistry, metrics: MetricsRegistry, configuration: EdgeConfiguration,
        information: @escaping @Sendable () async -> Information
    ) -> [Endpoint] {
        let probe = EndpointOptions(rateLimit: .none, isQuiet: true)
        var (readiness, wellness) = (probe, probe)
        readiness.alternatives = [AlternativeReply(503, ReadyView.self)]
        wellness.alternatives = [AlternativeReply(503, HealthView.self)]
        let name = configuration.serviceName
        return [
            Endpoint(
                .get, "/health/live", summary: "Whether the process runs", tag: "Platform", access: .everyone, reply: LiveView.self,
                options: probe
            ) { _ in Reply(LiveView()) },
            Endpoint(
                .get, "/health/ready", summary: "Whether the process can work", tag: "Platform", access: .everyone, reply: ReadyView.self,
                options: readiness
            ) { _ in
                let report = await health.report()
                return Reply(ReadyView(report: report), status: report.isReady ? 200 : 503)
            },
            Endpoint(
                .get, "/health", summary: "Readiness with uptime and business date", tag: "Platform", access: .everyone,
                reply: HealthView.self, options: wellness
            ) { _ in
                let report = await health.report()
                let view = HealthView(
                    report: report, uptimeSeconds: health.uptimeSeconds, businessDate: await information().businessDate)
                return Reply(view, status: report.isReady ? 200 : 503)
            },
            Endpoint(
                .get, "/api", summary: "What this is", tag: "Platform", access: .everyone, reply: RootView.self
            ) { _ in
                let information = await information()
                return Reply(RootView(name: name, mode: information.mode, businessDate: information.businessDate))
            },
            metricsEndpoint(metrics, configuration),
        ]
    }

    private static func metricsEndpoint(_ metrics: MetricsRegistry, _ configuration: EdgeConfiguration) -> Endpoint {
        let admitted = configuration.metricsAddresses.compactMap { AddressRange($0) }
        let contentType = "text/plain; version=0.0.4; charset=utf-8"
        let isOpen = configuration.metricsAddresses.isEmpty
        return Endpoint(
            .get, "/metrics", summary: "Figures in the Prometheus text format", tag: "Platform", access: .everyone,
            errors: isOpen ? [] : ["not_found"], options: EndpointOptions(rateLimit: .none, isQuiet: true, contentType: contentType)
        ) { call in
            let peer = PeerAddress(call.request.peer)
            // To others this path does not exist.
            guard isOpen || admitted.contains(where: { $0.contains(peer) }) else { throw Refusal.notFound() }
            return .raw(Array(metrics.exposition().utf8), contentType: contentType, status: 200)
        }
    }
}

struct LiveView: Representation {
    static let schemaName = "Live"
    static let example = LiveView()

    func write(to object: inout ObjectWriter) {
        object.text("status", "live")
    }
}

struct ReadyView: Representation {
    static let schemaName = "Ready"
    static let example = ReadyView(report: HealthReport(checks: [.example]))

    let report: HealthReport

    func write(to object: inout ObjectWriter) {
        object.text("status", report.isReady ? "ready" : "notReady")
        object.map("checks", report.checks.map { ($0.name, $0) })
    }
}

struct HealthView: Representation {
    static let schemaName = "Health"
    static let example = HealthView(
        report: HealthReport(checks: [.example]), uptimeSeconds: 60, businessDate: BusinessDate(epochDay: 20_000))

    let report: HealthReport
    let uptimeSeconds: Int64
    let businessDate: BusinessDate?

    func write(to object: inout ObjectWriter) {
        object.text("status", report.isReady ? (report.isDegraded ? "degraded" : "healthy") : "unhealthy")
        object.map("checks", report.checks.map { ($0.name, $0) })
        object.integer("uptimeSeconds", uptimeSeconds)
        object.optionalDate("businessDate", businessDate)
    }
}

struct RootView: Representation {
    static let schemaName = "Root"
    static let example = RootView(name: "Wekeza", mode: "demo", businessDate: BusinessDate(epochDay: 20_000))

    let name: String
    let mode: String
    let businessDate: BusinessDate?

    func write(to object: inout ObjectWriter) {
        object.text("name", name)
        object.text("apiVersion", "1")
        object.text("mode", mode)
        object.optionalDate("businessDate", businessDate)
        object.text("documentation", "/swagger")
    }
}

extension HealthReport.Entry: Representation {
    public static let schemaName = "HealthCheck"
    public static let example = HealthReport.Entry(name: "database", state: .up, isRequired: true, latencyMilliseconds: 1)

    public func write(to object: inout ObjectWriter) {
        object.choice("status", state)
        object.integer("latencyMs", latencyMilliseconds)
    }
}

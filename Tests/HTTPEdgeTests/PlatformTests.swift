import Foundation
import Kernel
import Observability
import Testing

@testable import HTTPEdge

@Suite struct PlatformTests {
    let edge = Edge()

    @Test func rootAndHealth() async {
        let root = await edge.client.send(.get, "/api")
        #expect(root.text("name") == "Wekeza" && root.text("apiVersion") == "1" && root.text("mode") == "demo")
        #expect(root.text("documentation") == "/swagger" && root.text("businessDate") == "2024-10-04")
        #expect(await edge.client.send(.get, "/health/live").text("status") == "live")
        let ready = await edge.client.send(.get, "/health/ready")
        #expect(ready.status == 200 && ready.text("status") == "ready" && ready.text("checks", "database", "status") == "up")
        edge.clock.advance(seconds: 5)
        let health = await edge.client.send(.get, "/health")
        #expect(health.text("status") == "healthy" && health.text("uptimeSeconds") == "5")
    }

    @Test func lostDependencies() async {
        let clock = ManualClock(Timestamp(microseconds: 0))
        let health = HealthRegistry(clock: clock)
        health.add("cache", isRequired: false) { .degraded }
        var report = await health.report()
        #expect(report.isReady && report.isDegraded)
        struct Lost: Error {}
        health.add("database", isRequired: true) { throw Lost() }
        report = await health.report()
        #expect(!report.isReady)
        health.add("stuck", isRequired: true, timeoutMilliseconds: 20) {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                // Resumed long after the limit: the registry does not wait for what does not stop.
                Task {
                    try? await Task.sleep(for: .milliseconds(300))
                    continuation.resume()
                }
            }
            return .up
        }
        report = await health.report()
        #expect(report.checks.map(\.state) == [.degraded, .down, .down])
    }

    @Test func answersAreKeptForASecond() async {
        let clock = ManualClock(Timestamp(microseconds: 0))
        let health = HealthRegistry(clock: clock)
        let runs = CounterMetric()
        health.add("database", isRequired: true) {
            runs.increment()
            return .up
        }
        for _ in 0..<5 { _ = await health.report() }
        #expect(runs.value == 1)
        clock.advance(seconds: 1)
        _ = await health.report()
        #expect(runs.value == 2)
    }

    @Test func metricsCountByRoute() async {
        _ = await edge.client.send(.get, "/api/things/x")
        _ = await edge.client.send(.get, "/API/THINGS/y")
        _ = await edge.client.send(.get, "/nowhere")
        let text = await edge.client.send(.get, "/metrics").text
        #expect(text.contains("http_requests_total{method=\"GET\",route=\"/api/things/{thing}\",status=\"200\"} 2\n"))
        #expect(text.contains("http_requests_total{method=\"other\",route=\"unmatched\",status=\"404\"} 1\n"))
        #expect(text.contains("http_request_duration_seconds_count{method=\"GET\",route=\"/api/things/{thing}\"} 2\n"))
        #expect(text.contains("# TYPE http_request_duration_seconds histogram\n"))
    }

    @Test func metricsCanBeRestricted() async {
        var configuration = Edge.configuration()
        configuration.metricsAddresses = ["127.0.0.0/8", "::1"]
        var client = Edge(configuration).client
        #expect(await client.send(.get, "/metrics").status == 404)
        client.address = "127.0.0.1"
        #expect(await client.send(.get, "/metrics").status == 200)
        client.address = "::1"
        #expect(await client.send(.get, "/metrics").status == 200)
    }

    @Test func documentNamesExactlyTheRoutes() async throws {
        let response = await edge.client.send(.get, "/openapi.json")
        #expect(response.status == 200 && response.headers["Content-Type"] == "application/json; charset=utf-8")
        guard case .object(let paths)? = response["paths"] else {
            Issue.record("no paths")
            return
        }
        var operations: Set<String> = []
        for member in paths.members {
            guard case .object(let item) = member.value else { continue }
            for operation in item.members { operations.insert("\(operation.name.uppercased()) \(member.name)") }
        }
        var expected = Set(Edge.endpoints.map { "\($0.method.rawValue) \($0.path)" })
        expected.formUnion(["GET /api", "GET /health", "GET /health/live", "GET /health/ready", "GET /metrics"])
        expected.formUnion(["GET /openapi.json", "GET /swagger", "GET /swagger/{file}"])
        #expect(operations == expected)
        let hold = "HoldRequest"
        #expect(response["components", "schemas", hold, "required"] == .array([.text("currency"), .text("amount"), .text("reason")]))
        #expect(
            response["components", "schemas", hold, "properties", "lines", "items", "$ref"] == .text("#/components/schemas/LineRequest"))
        #expect(response["components", "schemas", hold, "properties", "direction", "enum"] == .array([.text("debit"), .text("credit")]))
        #expect(OpenAPIDocument(endpoints: Edge.endpoints, title: "x").conflicts().isEmpty)
        func content(_ path: String, _ status: String) -> [String] {
            guard case .object(let types)? = response["paths", path, "get", "responses", status, "content"] else { return [] }
            return types.members.map(\.name)
        }
        #expect(content("/metrics", "200") == ["text/plain"] && content("/metrics", "204").isEmpty)
        // A bank that is not ready says so in the same form as one that is.
        #expect(content("/health/ready", "503") == ["application/json"] && content("/health", "503") == ["application/json"])
        // Headers can be at fault wherever nothing else can.
        #expect(content("/api", "400") == ["application/problem+json"] && content("/api", "422") == ["application/problem+json"])
    }

    @Test func swaggerTellsHowToGetIt() async {
        let response = await edge.client.send(.get, "/swagger")
        #expect(response.status == 200 && response.text.contains("drf-spectacular-sidecar"))
        #expect(response.headers["Content-Security-Policy"]?.contains("default-src 'none'") == true)
        #expect(await edge.client.send(.get, "/swagger/start.js").status == 200)
        for name in ["swagger-ui.css", "..%2f..%2fetc%2fpasswd", "index.html"] {
            #expect(await edge.client.send(.get, "/swagger/\(name)").status == 404)
        }
        var configuration = Edge.configuration()
        configuration.servesDocumentation = false
        #expect(await Edge(configuration).client.send(.get, "/openapi.json").status == 404)
    }

    @Test func swaggerServesTheInstalledFilesAndNoOthers() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("wekeza-swagger-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        for name in ["swagger-ui.css", "swagger-ui-bundle.js", "index.html"] {
            try Data("content of \(name)".utf8).write(to: directory.appendingPathComponent(name))
        }
        var configuration = Edge.configuration()
        configuration.swaggerUIDirectory = directory.path
        let client = Edge(configuration).client
        #expect(await client.send(.get, "/swagger/").text.contains("<script src=\"/swagger/swagger-ui-bundle.js\">"))
        let style = await client.send(.get, "/swagger/swagger-ui.css")
        #expect(style.text == "content of swagger-ui.css" && style.headers["Content-Type"] == "text/css; charset=utf-8")
        #expect(style.headers["Cache-Control"] == "public, max-age=86400")
        for name in ["index.html", "favicon-32x32.png", "..%2fswagger-ui.css"] {
            #expect(await client.send(.get, "/swagger/\(name)").status == 404)
        }
    }

    @Test func onlyNotableRequestsLeaveALineByDefault() {
        let configuration = EdgeConfiguration(cursorKey: Array(repeating: 7, count: 32))
        let quick: UInt64 = 1_000_000
        for status in [200, 201, 304, 400, 404, 409, 422] { #expect(!configuration.accessLog.includes(status: status, nanoseconds: quick)) }
        for status in [401, 403, 429, 500, 503] { #expect(configuration.accessLog.includes(status: status, nanoseconds: quick)) }
        #expect(configuration.accessLog.includes(status: 200, nanoseconds: 500_000_000))
        #expect(!AccessLog.off.includes(status: 500, nanoseconds: 0) && AccessLog.all.includes(status: 200, nanoseconds: 0))
    }

    @Test func accessLogHasNoSecretsAndNoForgedLines() async {
        _ = await edge.client.signedIn("customer").send(.get, "/api/me?token=abc")
        let line = edge.log.lines.last ?? ""
        #expect(line.contains("\"route\":\"/api/me\"") && line.contains("\"status\":\"200\"") && line.contains("\"userId\""))
        #expect(!line.contains("abc") && !line.contains("Bearer"))
        let count = edge.log.lines.count
        _ = await edge.client.send(.get, "/health/live")
        #expect(edge.log.lines.count == count)
    }
}

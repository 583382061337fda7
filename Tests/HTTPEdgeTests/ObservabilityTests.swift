import HTTPEdge
import Kernel
import Logging
import Observability
import Testing

@Suite struct ObservabilityTests {
    @Test func expositionIsPrometheusText() {
        let metrics = MetricsRegistry()
        metrics.counter("jobs_total", help: "Jobs\nrun", labels: [MetricLabel("name", "a\"b\\c\nd")]).increment(by: 3)
        metrics.gauge("pool.usage").set(0.5)
        let histogram = metrics.histogram("wait_seconds", buckets: [0.1, 1])
        for value in [0.05, 0.1, 0.5, 7] { histogram.observe(value) }
        metrics.callbackGauge("outbox_pending") { 12 }
        let text = metrics.exposition()
        #expect(
            text == """
                # HELP jobs_total Jobs\\nrun
                # TYPE jobs_total counter
                jobs_total{name="a\\"b\\\\c\\nd"} 3
                # TYPE outbox_pending gauge
                outbox_pending 12
                # TYPE pool_usage gauge
                pool_usage 0.5
                # TYPE wait_seconds histogram
                wait_seconds_bucket{le="0.1"} 2
                wait_seconds_bucket{le="1"} 3
                wait_seconds_bucket{le="+Inf"} 4
                wait_seconds_sum 7.65
                wait_seconds_count 4

                """)
    }

    @Test func handlesAreTheSameForTheSameLabels() {
        let metrics = MetricsRegistry()
        metrics.counter("x_total", labels: [MetricLabel("a", "1"), MetricLabel("b", "2")]).increment()
        metrics.counter("x_total", labels: [MetricLabel("b", "2"), MetricLabel("a", "1")]).increment()
        #expect(metrics.exposition().contains("x_total{a=\"1\",b=\"2\"} 2\n"))
    }

    @Test func linesStayLinesAndSecretsStaySecret() throws {
        let sink = MemoryLogSink()
        let logger = Logger(label: "test") { JSONLogHandler(label: $0, sink: sink, clock: ManualClock(Timestamp(microseconds: 0))) }
        logger.info(
            "first\n{\"level\":\"critical\"}\u{2028}\u{0}",
            metadata: [
                "password": "hunter2", "newPassword": "hunter2", "card-pan": "4111", "branchCode": "001", "refresh_token": "r",
                "code": "123456",
                "company": "pan-african", "nested": ["pin": "1234", "list": ["Bearer abc.def.ghi", "card 4111111111111111 here"]],
                "header": "Authorization: Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.sig", "account": "0012000000017",
            ])
        #expect(sink.lines.count == 1)
        let line = sink.lines[0]
        #expect(line.hasSuffix("}\n") && !line.dropLast().contains("\n") && !line.contains("\u{2028}"))
        let value = try JSONValue(parsing: line)
        guard case .object(let object) = value, case .object(let metadata)? = object["metadata"] else {
            Issue.record("not an object")
            return
        }
        for key in ["password", "newPassword", "card-pan", "refresh_token", "code"] {
            #expect(metadata[key] == .text("[redacted]"), "\(key)")
        }
        #expect(metadata["branchCode"] == .text("001") && metadata["company"] == .text("pan-african"))
        #expect(metadata["account"] == .text("0012000000017"))
        for secret in ["hunter2", "1234\"", "abc.def", "4111111111111111", "eyJ"] { #expect(!line.contains(secret), "\(secret)") }
        #expect(object["time"] == .text("1970-01-01T00:00:00.000000Z"))
    }
}

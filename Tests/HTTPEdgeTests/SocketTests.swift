import HTTPEdge
import Kernel
import Logging
import ServiceLifecycle
import Testing

@Suite struct SocketTests {
    private static func quickConfiguration() -> EdgeConfiguration {
        var configuration = Edge.configuration()
        configuration.requestTimeLimitSeconds = 1
        configuration.cancellationGraceSeconds = 1
        configuration.requestReadTimeLimitSeconds = 1
        configuration.idleTimeLimitSeconds = 2
        return configuration
    }

    private func exchange(_ edge: Edge = Edge(), _ steps: SocketStep...) async throws -> String {
        var answer = ""
        try await RawSocket.withServer(edge) { answer = await RawSocket.exchange($0, steps) }
        return answer
    }

    private func statuses(_ answer: String) -> [String] {
        answer.split(separator: "HTTP/1.1 ", omittingEmptySubsequences: false).dropFirst().map { String($0.prefix(3)) }
            .filter { Int($0) != nil }
    }

    private let get = "GET /api/things/one HTTP/1.1\r\nHost: x\r\n\r\n"
    private let last = "GET /api/things/last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    @Test func aResponseIsFramedAndTheConnectionKept() async throws {
        let answer = try await exchange(Edge(), .send(get), .await("one"), .send(last))
        #expect(statuses(answer) == ["200", "200"])
        #expect(answer.contains("Content-Length: 14\r\n") && answer.contains("\r\n\r\n{\"text\":\"one\"}"))
        #expect(answer.contains("Date: Fri, 15 Jan 2027 08:00:00 GMT\r\n"))
        #expect(answer.contains("Connection: close\r\n") && answer.hasSuffix("{\"text\":\"last\"}"))
    }

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        let many = (0..<50).map { "GET /api/things/n\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined()
        let answer = try await exchange(Edge(), .send(many + last))
        #expect(statuses(answer) == Array(repeating: "200", count: 51))
        let order = answer.split(separator: "{\"text\":\"").dropFirst().map { $0.prefix { $0 != "\"" } }
        #expect(order.map(String.init) == (0..<50).map { "n\($0)" } + ["last"])
    }

    @Test func pipelinedPostsWithBodies() async throws {
        let post = "POST /api/replay HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        let answer = try await exchange(Edge(), .send(post + post + get + "garbage\r\n\r\n"))
        #expect(statuses(answer) == ["201", "201", "200", "400"])
        #expect(answer.hasSuffix("}") && answer.contains("malformed_request"))
    }

    @Test func version10() async throws {
        #expect(statuses(try await exchange(Edge(), .send("GET /api/things/x HTTP/1.0\r\n\r\n"))) == ["200"])
        let kept = try await exchange(
            Edge(), .send("GET /api/things/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), .await("}"),
            .send("GET /api/things/x HTTP/1.0\r\n\r\n"))
        #expect(statuses(kept) == ["200", "200"] && kept.contains("Connection: keep-alive\r\n"))
    }

    @Test func headSendsNoBody() async throws {
        let answer = try await exchange(Edge(), .send("HEAD /api/things/one HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
        #expect(answer.contains("Content-Length: 14\r\n") && answer.hasSuffix("\r\n\r\n"))
    }

    @Test(arguments: [
        "garbage\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n",
        "POST /api/replay HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /api/replay HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n",
        "POST /api/replay HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "POST /api/replay HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /api/replay HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", "BREW /api HTTP/1.1\r\nHost: x\r\n\r\n",
    ])
    func whatIsNotHTTPIsRefusedAndClosed(bytes: String) async throws {
        let answer = try await exchange(Edge(), .send(bytes))
        #expect(statuses(answer) == ["400"])
        #expect(answer.contains("Content-Type: application/problem+json\r\n") && answer.contains("Connection: close"))
        #expect(answer.contains("\"code\":\"malformed_request\""))
    }

    @Test func missingHost() async throws {
        #expect(statuses(try await exchange(Edge(), .send("GET /api HTTP/1.1\r\nConnection: close\r\n\r\n"))) == ["400"])
    }

    @Test func largeHeadersAndLongAddresses() async throws {
        let header = "X-Big: " + String(repeating: "x", count: 70_000)
        #expect(statuses(try await exchange(Edge(), .send("GET /api HTTP/1.1\r\nHost: x\r\n\(header)\r\n\r\n"))) == ["431"])
        let many = (0..<200).map { "X-\($0): y\r\n" }.joined()
        #expect(statuses(try await exchange(Edge(), .send("GET /api HTTP/1.1\r\nHost: x\r\n\(many)\r\n"))) == ["431"])
        let long = "GET /api/things/\(String(repeating: "x", count: 9_000)) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        #expect(statuses(try await exchange(Edge(), .send(long))) == ["414"])
    }

    // MARK: Bodies

    @Test func declaredHugeBodiesAreRefusedBeforeTheyArrive() async throws {
        let head = "POST /api/replay HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000000000\r\n\r\n"
        let answer = try await exchange(Edge(), .send(head))
        #expect(statuses(answer) == ["413"] && answer.contains("payload_too_large") && answer.contains("Connection: close"))
        let expecting = head.replacing("\r\n\r\n", with: "\r\nExpect: 100-continue\r\n\r\n")
        #expect(statuses(try await exchange(Edge(), .send(expecting))) == ["413"])
    }

    @Test func chunkedHugeBodiesAreCutOff() async throws {
        let head = "POST /api/replay HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        let chunk = "10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n"
        let answer = try await exchange(Edge(), [.send(head)] + Array(repeating: .send(chunk), count: 40))
        #expect(statuses(answer) == ["413"] && answer.contains("payload_too_large"))
    }

    private func exchange(_ edge: Edge, _ steps: [SocketStep]) async throws -> String {
        var answer = ""
        try await RawSocket.withServer(edge) { answer = await RawSocket.exchange($0, steps) }
        return answer
    }

    @Test func hugeBodiesOfStrangersAreUnauthorized() async throws {
        let head = "POST /api/accounts/1/holds HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n"
        #expect(statuses(try await exchange(Edge(), .send(head))) == ["401"])
    }

    @Test func chunkedBodiesAndContinue() async throws {
        let head = "POST /api/accounts/1/holds HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer customer\r\nContent-Type: application/json\r\n"
        let body = ["{\"amount\":\"1.00\",", "\"currency\":\"KES\",", "\"reason\":\"because\"}"]
        let chunks = body.map { SocketStep.send(String($0.utf8.count, radix: 16) + "\r\n" + $0 + "\r\n") }
        let answer = try await exchange(
            Edge(),
            [.send(head + "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"), .await("100 Continue\r\n\r\n")] + chunks
                + [.send("0\r\n\r\n"), .await("}"), .send(last)])
        #expect(statuses(answer) == ["100", "201", "200"])
    }

    @Test func slowBodiesArriveOrRunOutOfTime() async throws {
        let head = "POST /api/replay HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
        let slow = try await exchange(
            Edge(), .send(head), .pause(milliseconds: 100), .send("{"), .pause(milliseconds: 100), .send("}"), .finish)
        #expect(statuses(slow) == ["201"])
        let stuck = try await exchange(Edge(Self.quickConfiguration()), .send(head + "{"))
        #expect(statuses(stuck) == ["408"] && stuck.contains("Connection: close"))
    }

    @Test func silentAndDrippingConnectionsAreClosed() async throws {
        let configuration = Self.quickConfiguration()
        #expect(try await exchange(Edge(configuration)) == "")
        let drip = Array("GET /api/things/x HTTP/1.1\r\nX-Slow: y".utf8).flatMap { [SocketStep.sendBytes([$0]), .pause(milliseconds: 60)] }
        #expect(try await exchange(Edge(configuration), drip) == "")
        #expect(statuses(try await exchange(Edge(configuration), .send(get))) == ["200"])
    }

    @Test func halfClosedConnectionsGetTheirAnswer() async throws {
        #expect(statuses(try await exchange(Edge(), .send(get + get), .finish)) == ["200", "200"])
        #expect(try await exchange(Edge(), .send("POST /api/replay HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{"), .finish) == "")
    }

    @Test func largeResponsesReachHalfClosedAndSlowReaders() async throws {
        let size = 12_000_000
        let large = Endpoint(.get, "/api/large", summary: "Large", tag: "Large", access: .everyone) { _ in
            .raw(Array(repeating: UInt8(ascii: "x"), count: size), contentType: "text/plain", status: 200)
        }
        let request = "GET /api/large HTTP/1.1\r\nHost: x\r\n\r\n"
        let twice = try await exchange(Edge(extra: [large]), .send(request + request), .finish, .pause(milliseconds: 200))
        #expect(twice.utf8.count(where: { $0 == UInt8(ascii: "x") }) >= 2 * size)
        let closing = request.replacing("Host", with: "Connection: close\r\nHost")
        let slow = try await exchange(Edge(Self.quickConfiguration(), extra: [large]), .send(closing), .pause(milliseconds: 1_500))
        #expect(slow.utf8.count(where: { $0 == UInt8(ascii: "x") }) >= size)
    }

    @Test func bodiesInArrivalHaveACommonBudget() async throws {
        var configuration = Edge.configuration()
        configuration.maximumWaitingBodyBytes = 100_000
        func request(_ count: Int) -> String {
            let body = "{\"a\":\"" + String(repeating: "x", count: count - 8) + "\"}"
            return "POST /api/replay HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: \(count)\r\n\r\n" + body
        }
        try await RawSocket.withServer(Edge(configuration)) { port in
            // What a refused or finished body took is given back: otherwise the later rounds would find no room.
            for _ in 0..<4 {
                let refused = await RawSocket.exchange(port, [.send(request(300_000))])
                #expect(statuses(refused) == ["503"] && refused.contains("temporarily_unavailable"))
                #expect(statuses(await RawSocket.exchange(port, [.send(request(90_000)), .finish])) == ["201"])
            }
        }
    }

    // MARK: Time limits of handlers

    private static func slowEndpoint(cooperates: Bool) -> Endpoint {
        Endpoint(.post, "/api/slow", summary: "Slow", tag: "Slow", access: .everyone) { _ in
            if cooperates {
                try await Task.sleep(for: .seconds(60))
            } else {
                await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                    Task.detached {
                        try? await Task.sleep(for: .seconds(4))
                        continuation.resume()
                    }
                }
            }
            return .noContent
        }
    }

    @Test(arguments: [true, false]) func overdueHandlersAreAnsweredFor(cooperates: Bool) async throws {
        let edge = Edge(Self.quickConfiguration(), extra: [Self.slowEndpoint(cooperates: cooperates)])
        let answer = try await exchange(
            edge, .send("POST /api/slow HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k1\r\nContent-Length: 0\r\n\r\n"), .await("}"), .finish)
        #expect(statuses(answer) == ["503"])
        #expect(
            answer.contains("temporarily_unavailable") && answer.contains("Retry-After: 1\r\n")
                && answer.contains("Idempotency-Key: k1\r\n"))
    }

    @Test func runningRequestsAreAnsweredDuringAGracefulShutdown() async throws {
        let started = AsyncStream<Void>.makeStream()
        let release = AsyncStream<Void>.makeStream()
        let endpoint = Endpoint(.post, "/api/gate", summary: "Gate", tag: "Gate", access: .everyone) { _ in
            started.continuation.yield()
            for await _ in release.stream { break }
            return .noContent
        }
        let served = AsyncStream<Void>.makeStream()
        let quick = Endpoint(.get, "/api/quick", summary: "Quick", tag: "Gate", access: .everyone) { _ in
            served.continuation.yield()
            return .noContent
        }
        let edge = Edge(extra: [endpoint, quick])
        let group = ServiceGroup(configuration: .init(services: [edge.server], logger: Logger(label: "test")))
        let running = Task { try await group.run() }
        let port = try #require(await edge.server.listeningPort())
        async let answer = RawSocket.exchange(port, [.send("POST /api/gate HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")])
        async let idle = RawSocket.exchange(port, [.send("GET /api/quick HTTP/1.1\r\nHost: x\r\n\r\n")])
        for await _ in started.stream { break }
        for await _ in served.stream { break }
        await group.triggerGracefulShutdown()
        #expect(statuses(await idle) == ["204"])
        release.continuation.yield()
        #expect(statuses(await answer) == ["204"])
        try await running.value
    }

    // MARK: Injection

    @Test func nobodyAddsHeadersThroughAValue() async throws {
        let uri = "/api/headers?value=a%0d%0aSet-Cookie:%20evil=1%0d%0a%0d%0abody"
        let answer = try await exchange(Edge(), .send("GET \(uri) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
        #expect(statuses(answer) == ["200"] && !answer.contains("evil") && !answer.contains("X-Echo"))
        let fine = try await exchange(Edge(), .send("GET /api/headers?value=fine HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
        #expect(fine.contains("X-Echo: fine\r\n"))
    }

    @Test func randomBytesNeverTakeTheServerDown() async throws {
        try await RawSocket.withServer(Edge()) { port in
            var random = SeededGenerator(state: 99)
            for round in 0..<60 {
                var bytes = Array((get + "POST /api/replay HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}").utf8)
                for _ in 0..<(1 + round % 5) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                let answer = await RawSocket.exchange(port, [.sendBytes(bytes), .finish])
                #expect(!statuses(answer).contains("500"))
            }
            #expect(statuses(await RawSocket.exchange(port, [.send(last)])) == ["200"])
        }
    }
}

import Dispatch
import HTTPEdge
import Kernel
import Synchronization
import Testing

/// Bodies that are made while they are sent.
@Suite struct StreamTests {
    /// Counts to a number, a line a piece; may fail on its way.
    private final class Counter: Sendable {
        private let state = Mutex((next: 0, made: 0))
        let limit: Int
        let failsAt: Int?
        let bytes: Int

        init(_ limit: Int, failsAt: Int? = nil, bytes: Int = 0) {
            self.limit = limit
            self.failsAt = failsAt
            self.bytes = bytes
        }

        var made: Int { state.withLock { $0.made } }

        func next() throws -> [UInt8]? {
            let number = state.withLock { state in
                defer { state.next += 1 }
                state.made = max(state.made, state.next)
                return state.next
            }
            if number == failsAt { throw TransientFailure() }
            return number < limit ? Array("line \(number)\n".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: bytes) : nil
        }
    }

    private func edge(_ counter: Counter, _ configuration: EdgeConfiguration = Edge.configuration()) -> Edge {
        Edge(
            configuration,
            extra: [
                Endpoint(.get, "/api/stream", summary: "Lines", tag: "Test", access: .everyone, reply: RowView.self) { _ in
                    .stream(BodyStream { try counter.next() }, contentType: "text/plain")
                }
            ])
    }

    private func exchange(_ edge: Edge, _ steps: SocketStep...) async throws -> String {
        var answer = ""
        try await RawSocket.withServer(edge) { answer = await RawSocket.exchange($0, steps) }
        return answer
    }

    private let get = "GET /api/stream HTTP/1.1\r\nHost: x\r\n\r\n"
    private let last = "GET /api/things/last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    @Test func piecesAreChunksAndTheConnectionIsKept() async throws {
        let answer = try await exchange(edge(Counter(3)), .send(get + last))
        #expect(answer.contains("Transfer-Encoding: chunked\r\n") && answer.contains("Content-Type: text/plain\r\n"))
        let body = "7\r\nline 0\n\r\n7\r\nline 1\n\r\n7\r\nline 2\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"
        #expect(answer.contains("\r\n\r\n" + body), "\(answer)")
        #expect(!answer.prefix { $0 != "7" }.contains("Content-Length") && answer.hasSuffix("{\"text\":\"last\"}"))
    }

    @Test func anEmptyBodyHasAnEnd() async throws {
        let answer = try await exchange(edge(Counter(0)), .send(get + last))
        #expect(answer.contains("\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n") && answer.hasSuffix("{\"text\":\"last\"}"))
    }

    @Test func headHasNoBody() async throws {
        let counter = Counter(3)
        let answer = try await exchange(edge(counter), .send("HEAD" + get.dropFirst(3) + last))
        #expect(!answer.contains("line") && answer.hasSuffix("{\"text\":\"last\"}") && counter.made == 0)
    }

    @Test func version10TakesTheEndOfTheConnection() async throws {
        let answer = try await exchange(edge(Counter(2)), .send("GET /api/stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"))
        #expect(!answer.contains("chunked") && answer.contains("Connection: close\r\n") && answer.hasSuffix("\r\n\r\nline 0\nline 1\n"))
    }

    /// What fails on its way has no end: nobody takes half of it for the whole.
    @Test func aBodyThatBreaksOffHasNoEnd() async throws {
        let edge = edge(Counter(5, failsAt: 2))
        let answer = try await exchange(edge, .send(get + last))
        #expect(answer.contains("line 1") && !answer.contains("0\r\n\r\n") && !answer.contains("last"))
        let inProcess = await self.edge(Counter(5, failsAt: 2)).client.send(.get, "/api/stream")
        #expect(inProcess.isStreamed && !inProcess.isComplete)
    }

    /// A caller that does not read holds up the maker; no more is made than the sockets' buffers take.
    @Test func nothingIsMadeThatNobodyTakes() async throws {
        let counter = Counter(2_000, bytes: 100_000)
        var configuration = Edge.configuration()
        configuration.idleTimeLimitSeconds = 60
        _ = try await RawSocket.withServer(edge(counter, configuration)) { port in
            let mayRead = DispatchSemaphore(value: 0)
            let reader = Task { await RawSocket.exchange(port, [.send(get), .hold(until: mayRead), .send(last)]) }
            // However slow the machine: the reader takes nothing until the maker has come to rest.
            var (before, rests) = (-1, 0)
            while rests < 5 {
                try await Task.sleep(for: .milliseconds(100))
                rests = counter.made > 0 && counter.made == before ? rests + 1 : 0
                before = counter.made
            }
            mayRead.signal()
            // 200 MB wait to be made; a socket's buffers hold a few.
            #expect(before < 500)
            let answer = await reader.value
            #expect(answer.utf8.count > 200_000_000 && answer.contains("line 1999\n"))
        }
    }
}

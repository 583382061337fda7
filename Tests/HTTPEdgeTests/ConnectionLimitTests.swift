import Kernel
import Observability
import Testing

@testable import HTTPEdge

@Suite struct ConnectionLimitTests {
    @Test func countsByAddressAndGivesPlacesBack() throws {
        let counter = ConnectionCounter(limit: 2, trustedProxies: ["10.0.0.0/8"])
        let (one, other) = (PeerAddress("192.0.2.1"), PeerAddress("192.0.2.2"))
        let first = try #require(counter.admit(one))
        let second = try #require(counter.admit(one))
        #expect(counter.admit(one) == nil)
        #expect(counter.admit(other) != nil)
        counter.leave(first)
        let third = try #require(counter.admit(one))
        #expect(counter.admit(one) == nil)
        counter.leave(second)
        counter.leave(third)
        #expect(counter.admit(one) != nil)
    }

    @Test func oneNetworkOfVersion6IsOneCaller() {
        let counter = ConnectionCounter(limit: 1, trustedProxies: [])
        #expect(counter.admit(PeerAddress("2001:db8::1")) != nil)
        #expect(counter.admit(PeerAddress("2001:db8::2")) == nil)
        #expect(counter.admit(PeerAddress("2001:db8:0:1::1")) != nil)
    }

    @Test func trustedProxiesCarryManyCallers() {
        let counter = ConnectionCounter(limit: 1, trustedProxies: ["10.0.0.0/8"])
        for _ in 0..<10 { #expect(counter.admit(PeerAddress("10.1.2.3")) != nil) }
    }

    @Test func aConnectionTooManyIsClosedAndLaterOnesAreServed() async throws {
        var configuration = Edge.configuration()
        configuration.maximumConnectionsPerAddress = 1
        let edge = Edge(configuration)
        let get = "GET /api/things/one HTTP/1.1\r\nHost: x\r\n\r\n"
        let last = "GET /api/things/last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        try await RawSocket.withServer(edge) { port in
            async let held = RawSocket.exchange(port, [.send(get), .await("one"), .pause(milliseconds: 1_500), .send(last)])
            // The first connection has its place once its request was counted.
            while !edge.metrics.exposition().contains("http_requests_total") { try await Task.sleep(for: .milliseconds(5)) }
            #expect(await RawSocket.exchange(port, [.send(get)]) == "")
            #expect(await held.contains("last"))
            var answer = ""
            // The place is free a moment after the other side has seen the end.
            for _ in 0..<200 where answer.isEmpty { answer = await RawSocket.exchange(port, [.send(last)]) }
            #expect(answer.contains("last"))
        }
    }
}

import Synchronization

/// How many connections one address has open, over all ports, so that nobody can take every place by opening connections and sending
/// slowly. Connections of trusted proxies are those of many callers and are not counted.
final class ConnectionCounter: Sendable {
    private let limit: Int
    private let exempt: [AddressRange]
    private let open = Mutex<[UInt128: Int]>([:])

    init(limit: Int, trustedProxies: [String]) {
        self.limit = limit
        exempt = trustedProxies.compactMap { AddressRange($0) }
    }

    /// - Returns: a place to give back, or nil when the address has all it may have
    func admit(_ peer: PeerAddress) -> Place? {
        if exempt.contains(where: { $0.contains(peer) }) { return Place(key: nil) }
        let key = peer.rateLimitKey
        let isAdmitted = open.withLock { open in
            let count = open[key] ?? 0
            guard count < limit else { return false }
            open[key] = count + 1
            return true
        }
        return isAdmitted ? Place(key: key) : nil
    }

    func leave(_ place: Place) {
        guard let key = place.key else { return }
        open.withLock { open in
            guard let count = open[key] else { return }
            open[key] = count == 1 ? nil : count - 1
        }
    }

    struct Place {
        fileprivate let key: UInt128?
    }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// An IP address: its text, and its 128 bits (version 4 addresses as mapped ones, `::ffff:0:0/96`).
struct PeerAddress: Sendable, Equatable {
    let text: String
    let bits: UInt128?

    /// What to count requests by: an IPv4 address, or the /64 network that one IPv6 subscriber has for himself.
    let rateLimitKey: UInt128

    init(_ text: String) {
        self.text = text
        bits = Self.bits(of: text)
        if let bits {
            rateLimitKey = Self.isVersion4(bits) ? bits : bits & ~UInt128(UInt64.max)
        } else {
            // A socket without an address (a Unix socket): all of them are one caller.
            rateLimitKey = 0
        }
    }

    static func isVersion4(_ bits: UInt128) -> Bool { bits >> 32 == 0xFFFF }

    static func bits(of text: String) -> UInt128? {
        var version4 = in_addr()
        if inet_pton(AF_INET, text, &version4) == 1 { return 0xFFFF << 32 | UInt128(UInt32(bigEndian: version4.s_addr)) }
        var version6 = in6_addr()
        // A scope (`%eth0`) says nothing about who calls.
        let address = text.split(separator: "%").first.map(String.init) ?? text
        guard inet_pton(AF_INET6, address, &version6) == 1 else { return nil }
        return withUnsafeBytes(of: version6) { bytes in
            bytes.reduce(0) { $0 << 8 | UInt128($1) }
        }
    }
}

/// A network in CIDR notation, or one address.
struct AddressRange: Sendable, Equatable {
    private let bits: UInt128
    private let mask: UInt128

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, let bits = PeerAddress.bits(of: String(first)) else { return nil }
        let isVersion4 = first.contains(".") && !first.contains(":")
        var length = 128
        if parts.count == 2 {
            guard let written = Int(parts[1]), (0...(isVersion4 ? 32 : 128)).contains(written) else { return nil }
            length = isVersion4 ? 96 + written : written
        }
        mask = length == 0 ? 0 : ~UInt128(0) << UInt128(128 - length)
        self.bits = bits & mask
    }

    func contains(_ address: PeerAddress) -> Bool {
        guard let other = address.bits else { return false }
        return other & mask == bits
    }
}

extension PeerAddress {
    /// The caller behind trusted proxies: the last address of `X-Forwarded-For` that is not a proxy of ours. What stands left of it
    /// was written by the caller and proves nothing.
    func client(forwardedFor: [String], trusted: [AddressRange]) -> PeerAddress {
        guard !forwardedFor.isEmpty, trusted.contains(where: { $0.contains(self) }) else { return self }
        var client = self
        let hops = forwardedFor.joined(separator: ",").split(separator: ",")
        for hop in hops.reversed() {
            let address = PeerAddress(hop.filter { $0 != " " && $0 != "\t" })
            guard address.bits != nil else { return client }
            client = address
            if !trusted.contains(where: { $0.contains(address) }) { return client }
        }
        return client
    }
}

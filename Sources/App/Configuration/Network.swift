#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Checks of the text form of addresses and networks.
enum Network {
    /// An IPv4 or IPv6 address.
    static func isAddress(_ text: String) -> Bool { bits(of: text) != nil }

    /// An address, or an address, a slash and the length of its prefix.
    static func isCIDR(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let bits = bits(of: String(parts[0])) else { return false }
        guard parts.count == 2 else { return true }
        guard let length = Int(parts[1]), parts[1].first?.isNumber == true else { return false }
        return (0...bits).contains(length)
    }

    private static func bits(of text: String) -> Int? { bytes(of: text).map { $0.count * 8 } }

    /// The address in network order, 4 or 16 bytes; nil when the text is none.
    static func bytes(of text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        var six = in6_addr()
        return inet_pton(AF_INET6, text, &six) == 1 ? withUnsafeBytes(of: six) { Array($0) } : nil
    }
}

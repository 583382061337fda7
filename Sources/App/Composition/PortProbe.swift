#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Looks whether a port is free before a database is started for nothing.
enum PortProbe {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// - Throws: `Failure` with one clear line when somebody listens there already, or when the address is not this machine's
    static func check(host: String, port: Int, setting: String) throws(Failure) {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let address = found else {
            throw Failure(description: "WEKEZA_BIND_ADDRESS: \(host) is no address of this machine")
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(address.pointee.ai_family, address.pointee.ai_socktype, address.pointee.ai_protocol)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) != 0 else {
            // Two sockets may be bound to one port as long as none listens, so only listening tells.
            guard listen(descriptor, 1) != 0 else { return }
            throw failure(host, port, setting)
        }
        throw failure(host, port, setting)
    }

    private static func failure(_ host: String, _ port: Int, _ setting: String) -> Failure {
        switch errno {
        case EADDRINUSE: Failure(description: "port \(port) on \(host) is in use; stop who listens there or set \(setting)")
        case EACCES: Failure(description: "port \(port) needs more rights than this program has; set \(setting) to one above 1023")
        case EADDRNOTAVAIL: Failure(description: "WEKEZA_BIND_ADDRESS: \(host) is no address of this machine")
        default: Failure(description: "cannot listen on \(host), port \(port): \(String(cString: strerror(errno)))")
        }
    }
}

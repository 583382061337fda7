import Kernel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Small secrets kept as files that only their owner may read.
public enum SecretFile {
    /// Why a secret cannot be used; the text is one clear line for whoever starts the program.
    public struct Failure: Error, CustomStringConvertible, Sendable {
        public let description: String
    }

    /// Reads the secret, or writes a new one (mode 0600, durable before it is used) when there is none.
    ///
    /// Two programs that start at once end up with the same secret: the file appears under its name complete or not at all.
    /// - Parameter maximumBytes: a larger file is refused
    /// - Throws: `Failure` when the file cannot be read or written, or when others may read it
    public static func loadOrCreate(_ path: String, maximumBytes: Int = 16_384, make: () -> [UInt8]) throws(Failure) -> [UInt8] {
        if let bytes = try load(path, maximumBytes: maximumBytes) { return bytes }
        try makeParentDirectory(of: path)
        let temporary = "\(path).\(getpid()).\(UInt64.random(in: 0...UInt64.max))"
        try write(make(), to: temporary)
        defer { unlink(temporary) }
        // Unlike rename, link never replaces a file that another program has just put there.
        if link(temporary, path) != 0 && errno != EEXIST { throw failure("cannot create", path) }
        guard let bytes = try load(path, maximumBytes: maximumBytes) else { throw failure("cannot read", path) }
        return bytes
    }

    /// The content, or nil when there is no such file.
    public static func load(_ path: String, maximumBytes: Int = 16_384) throws(Failure) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("cannot read", path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw failure("cannot read", path) }
        guard status.st_mode & 0o077 == 0 else {
            throw Failure(description: "\(path) may be read by others; allow it to its owner only (chmod 600)")
        }
        guard status.st_size <= off_t(maximumBytes) else { throw Failure(description: "\(path) is too large for a secret") }
        var bytes = [UInt8](repeating: 0, count: maximumBytes)
        var length = 0
        while length < maximumBytes {
            let count = bytes.withUnsafeMutableBytes { Self.read(descriptor, $0.baseAddress.map { $0 + length }, maximumBytes - length) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure("cannot read", path) }
            if count == 0 { break }
            length += count
        }
        return Array(bytes[0..<length])
    }

    /// Replaces the file as a whole.
    public static func replace(_ path: String, with bytes: [UInt8]) throws(Failure) {
        try makeParentDirectory(of: path)
        let temporary = "\(path).\(getpid()).\(UInt64.random(in: 0...UInt64.max))"
        try write(bytes, to: temporary)
        guard rename(temporary, path) == 0 else {
            let problem = failure("cannot replace", path)
            unlink(temporary)
            throw problem
        }
    }

    private static func read(_ descriptor: Int32, _ address: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.read(descriptor, address, count)
        #else
            Darwin.read(descriptor, address, count)
        #endif
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("cannot create", path) }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                #if canImport(Glibc)
                    Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
                #else
                    Darwin.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
                #endif
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure("cannot write", path) }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw failure("cannot write", path) }
    }

    private static func makeParentDirectory(of path: String) throws(Failure) {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
        let parent = String(path[..<slash])
        if mkdir(parent, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT else { throw failure("cannot create", parent) }
        try makeParentDirectory(of: parent)
        guard mkdir(parent, 0o700) == 0 || errno == EEXIST else { throw failure("cannot create", parent) }
    }

    private static func failure(_ what: String, _ path: String) -> Failure {
        Failure(description: "\(what) \(path): \(String(cString: strerror(errno)))")
    }
}

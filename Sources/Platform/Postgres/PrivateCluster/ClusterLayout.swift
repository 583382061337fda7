import Crypto
import Foundation

/// Where the files of a private cluster are: a folder `postgres` in the program's data directory, and a short folder for the socket.
struct ClusterLayout {
    /// Absolute path of the folder `postgres`, without symbolic links.
    let root: String
    let socketDirectory: String

    /// PostgreSQL's own data directory.
    var data: String { root + "/data" }
    /// Where initdb works; what is there is unfinished.
    var unfinishedData: String { root + "/data.new" }
    var log: String { root + "/server.log" }
    /// Held while somebody starts or stops the server.
    var startLock: String { root + "/start.lock" }
    /// Held in shared form by every program that uses the server.
    var usersLock: String { root + "/users.lock" }
    var settings: String { data + "/wekeza.conf" }

    static let port = 5432
    private static let logLimitBytes = 16 * 1024 * 1024

    /// Makes the folders that are missing.
    /// - Throws: `PrivateCluster.Failure`
    init(dataDirectory: String) throws {
        guard !dataDirectory.isEmpty else { throw PrivateCluster.Failure("WEKEZA_DATA_DIR is empty") }
        let folder = URL(fileURLWithPath: dataDirectory).appendingPathComponent("postgres").path
        let manager = FileManager.default
        do {
            if !manager.fileExists(atPath: dataDirectory) {
                try manager.createDirectory(atPath: dataDirectory, withIntermediateDirectories: true)
                // Whatever the umask: the cluster's user has to pass through.
                chmod(dataDirectory, 0o755)
            }
            try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw PrivateCluster.Failure("WEKEZA_DATA_DIR: cannot make the folder \(folder): \(Self.reason(error))")
        }
        guard let resolved = realpath(folder, nil) else { throw PrivateCluster.Failure.system("WEKEZA_DATA_DIR: cannot read \(folder)") }
        defer { free(resolved) }
        root = String(cString: resolved)

        // A socket's path has 107 bytes at most, so it lives in a short folder with a name that every program derives in the same way
        // from the identity of the data directory. The identity is the file system's, because one path may be two folders in two
        // containers that share /tmp.
        var status = stat()
        guard stat(root, &status) == 0 else { throw PrivateCluster.Failure.system("WEKEZA_DATA_DIR: cannot read \(root)") }
        let identity = SHA256.hash(data: Array("\(status.st_dev):\(status.st_ino)".utf8))
        let name = identity.prefix(8).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        socketDirectory = "/tmp/wekeza-" + name
        precondition((socketDirectory + "/.s.PGSQL.\(Self.port)").utf8.count <= 107, "the socket's path is short")
    }

    private static func reason(_ error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        return underlying.map { String(cString: strerror(Int32($0.code))) } ?? error.localizedDescription
    }

    /// The major version of the server that made the data directory; nil when there is none yet.
    func dataVersion() throws -> Int? {
        guard FileManager.default.fileExists(atPath: data) else { return nil }
        guard let text = try? String(contentsOfFile: data + "/PG_VERSION", encoding: .utf8),
            let version = Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
        else { throw PrivateCluster.Failure("WEKEZA_DATA_DIR: \(data) is no data directory of PostgreSQL") }
        return version
    }

    // MARK: The server's process

    /// What postmaster.pid says about a server.
    struct Postmaster: Equatable {
        let processID: pid_t
        let port: Int
        let socketDirectory: String
    }

    /// The server that runs on the data directory, if one does. A file that a killed server left behind is no server.
    func runningPostmaster() -> Postmaster? {
        guard let recorded = recordedPostmaster(), isServer(recorded.processID) else { return nil }
        return recorded
    }

    /// Removes a file that a killed server left behind when its number belongs to another process by now, which PostgreSQL would take
    /// for a running server. A number that belongs to nobody is PostgreSQL's own affair.
    func removeMisleadingProcessFile() {
        guard let recorded = recordedPostmaster(), kill(recorded.processID, 0) == 0, !isServer(recorded.processID) else { return }
        unlink(data + "/postmaster.pid")
    }

    private func recordedPostmaster() -> Postmaster? {
        guard let text = try? String(contentsOfFile: data + "/postmaster.pid", encoding: .utf8) else { return nil }
        // Process, data directory, start, port, socket folder, addresses, shared memory, state.
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 5, let processID = pid_t(lines[0]), processID > 1, let port = Int(lines[3]) else { return nil }
        return Postmaster(processID: processID, port: port, socketDirectory: String(lines[4]))
    }

    /// Whether a process is the server: alive, no zombie, and working in the data directory, as every server does.
    func isServer(_ processID: pid_t) -> Bool {
        var own = stat()
        var working = stat()
        guard stat(data, &own) == 0, stat("/proc/\(processID)/cwd", &working) == 0 else { return false }
        return own.st_dev == working.st_dev && own.st_ino == working.st_ino
    }

    // MARK: The log

    /// Sets a long log aside, so that two files of bounded size stay.
    /// - Returns: where the next start's messages begin
    func prepareLog(for user: ClusterUser) throws -> UInt64 {
        let manager = FileManager.default
        let size = ((try? manager.attributesOfItem(atPath: log))?[.size] as? NSNumber)?.uint64Value ?? 0
        if size > Self.logLimitBytes { rename(log, log + ".1") }
        if !manager.fileExists(atPath: log) {
            guard manager.createFile(atPath: log, contents: nil, attributes: [.posixPermissions: 0o600]) else {
                throw PrivateCluster.Failure("WEKEZA_DATA_DIR: cannot write \(log)")
            }
        }
        try user.own(log)
        return size > Self.logLimitBytes ? 0 : size
    }

    /// The last complaint of a server that did not start.
    func complaint(since offset: UInt64) -> String? {
        guard let file = FileHandle(forReadingAtPath: log) else { return nil }
        defer { try? file.close() }
        try? file.seek(toOffset: offset)
        let text = String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self)
        for line in text.split(separator: "\n").reversed() {
            guard let level = line.range(of: "FATAL:") ?? line.range(of: "PANIC:") else { continue }
            return line[level.upperBound...].trimmingCharacters(in: .whitespaces)
        }
        return nil
    }
}

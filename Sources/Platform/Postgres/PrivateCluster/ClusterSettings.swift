import Foundation

extension PrivateCluster {
    /// How a private cluster is set up. The defaults are a bank's; `unitTests` trades safety for speed.
    public struct Settings: Sendable {
        /// Megabytes of shared memory; nil: a quarter of the machine's memory, at most 4 GB.
        public var sharedBuffersMegabytes: Int?
        public var maximumConnections = 100
        /// False switches fsync and everything like it off: a crash of the machine may destroy the data. For unit tests only.
        public var isDurable = true
        /// How long a start may take. Recovery after a crash takes as long as the journal since the last checkpoint is long.
        public var startTimeoutSeconds = 900
        /// Who runs PostgreSQL when the program runs as root; nil: the user `postgres`, or whoever owns the data already.
        public var clusterUser: String? = ProcessInfo.processInfo.environment["WEKEZA_CLUSTER_USER"].flatMap { $0.isEmpty ? nil : $0 }
        /// Further lines of postgresql.conf; they win.
        public var extra: [String: String] = [:]

        public init() {}

        /// Small, fast and forgetful.
        public static var unitTests: Settings {
            var settings = Settings()
            settings.sharedBuffersMegabytes = 64
            settings.maximumConnections = 200
            settings.isDurable = false
            settings.extra = ["autovacuum": "off", "max_wal_size": "1GB", "log_checkpoints": "off", "deadlock_timeout": "50ms"]
            return settings
        }

        /// The text of wekeza.conf, which postgresql.conf includes.
        func configurationText(socketDirectory: String) -> String {
            let onOff = isDurable ? "on" : "off"
            let buffers = sharedBuffersMegabytes ?? Self.quarterOfMemoryMegabytes()
            var values = [
                "listen_addresses": "''",
                "port": String(ClusterLayout.port),
                "unix_socket_directories": "'\(socketDirectory)'",
                "unix_socket_permissions": "0700",
                "max_connections": String(maximumConnections),
                "shared_buffers": "\(buffers)MB",
                "effective_cache_size": "\(buffers * 2)MB",
                "max_wal_size": "8GB",
                "checkpoint_timeout": "15min",
                "fsync": onOff,
                "full_page_writes": onOff,
                "synchronous_commit": onOff,
                "wal_compression": "off",
                "jit": "off",
                "random_page_cost": "1.1",
                "timezone": "'UTC'",
                "log_timezone": "'UTC'",
                // Customers' data does not belong into logs, and details of errors and failed statements show it.
                "log_error_verbosity": "terse",
                "log_min_error_statement": "fatal",
            ]
            values.merge(extra) { _, new in new }
            let lines = values.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
            return "# Written anew at every start.\n" + lines.joined(separator: "\n") + "\n"
        }

        /// A quarter of what the machine or its container has, between 64 MB and 4 GB.
        static func quarterOfMemoryMegabytes() -> Int {
            var bytes = Int64(ProcessInfo.processInfo.physicalMemory)
            for path in ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"] {
                guard let text = try? String(contentsOfFile: path, encoding: .utf8),
                    let limit = Int64(text.trimmingCharacters(in: .whitespacesAndNewlines)), limit > 0
                else { continue }
                bytes = min(bytes, limit)
            }
            return Int(min(4_096, max(64, bytes / 4 / 1_048_576)))
        }
    }

    /// Why there is no private cluster: one line for the person who starts the program.
    public struct Failure: Error, Equatable, CustomStringConvertible {
        public let description: String

        init(_ description: String) {
            self.description = description.replacingOccurrences(of: "\n", with: " ")
        }

        /// With the reason of the last call to the system.
        static func system(_ what: String) -> Failure { Failure("\(what): \(String(cString: strerror(errno)))") }
    }
}

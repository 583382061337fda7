import Foundation
import Postgres

/// The server that the tests of one process share: WEKEZA_TEST_DATABASE_URL (a superuser's), or a cluster of its own.
///
/// The process's own cluster is thrown away when the process ends, in whatever way: a watchman outside waits for the end of a pipe
/// that only this process holds open.
actor TestCluster {
    static let shared = TestCluster()

    private var superuser: Task<PostgresConfiguration, any Error>?

    /// Connects as superuser; the database is one that tests do not write to.
    func superuserConfiguration() async throws -> PostgresConfiguration {
        if let superuser { return try await superuser.value }
        let task = Task { try await Self.start() }
        superuser = task
        return try await task.value
    }

    private static func start() async throws -> PostgresConfiguration {
        if let url = ProcessInfo.processInfo.environment["WEKEZA_TEST_DATABASE_URL"], !url.isEmpty {
            return PostgresConfiguration(url: url)
        }
        let folder = NSTemporaryDirectory() + "/wekeza-tests-\(ProcessInfo.processInfo.processIdentifier)"
        // A process with this number that died without a watchman may have left its folder.
        try? FileManager.default.removeItem(atPath: folder)
        try ClusterWatchman.post(at: folder)
        let cluster = try await PrivateCluster.start(dataDirectory: folder, settings: .unitTests)
        return cluster.ownerConfiguration
    }
}

/// A shell in the background that stops a cluster at once and removes its folder as soon as this process is gone.
public enum ClusterWatchman {
    /// - Parameter dataDirectory: what `PrivateCluster.start` was given
    public static func post(at dataDirectory: String) throws {
        let script = #"""
            trap '' INT TERM HUP QUIT
            cat > /dev/null
            server=$(head -n 1 "$1/postgres/data/postmaster.pid" 2>/dev/null)
            socket=$(sed -n 5p "$1/postgres/data/postmaster.pid" 2>/dev/null)
            if [ -n "$server" ] && [ "/proc/$server/cwd" -ef "$1/postgres/data" ]; then
                kill -QUIT "$server"
                for attempt in 1 2 3 4 5 6 7 8 9 10; do [ -d "/proc/$server/cwd/" ] && sleep 0.3; done
            fi
            rm -rf "$1"
            case $socket in /tmp/wekeza-*) rm -rf "$socket" ;; esac
            """#
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        // The writing end stays open until this process ends; nothing ever closes it.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        try Subprocess.startUnattended("/bin/bash", ["-c", script, "watchman", dataDirectory], input: ends[0])
        close(ends[0])
    }
}

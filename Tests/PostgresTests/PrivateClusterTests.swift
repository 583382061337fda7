import Foundation
import Postgres
import TestKit
import Testing

/// The program's own server, from its first start to the ways it can be found after an accident.
@Suite(.serialized) struct PrivateClusterTests {
    /// A data directory with a path far too long for a socket, gone after the test.
    private func withDataDirectory(_ body: (String) async throws -> Void) async throws {
        let deep = String(repeating: "a-long-name/", count: 12)
        let top = FileManager.default.temporaryDirectory.appendingPathComponent("wekeza-cluster-\(UInt64.random(in: 0...UInt64.max))").path
        let folder = "\(top)/\(deep)data"
        try ClusterWatchman.post(at: folder)
        try await body(folder)
        // After a failure the server may still run; then all of this is left to the watchman.
        try FileManager.default.removeItem(atPath: top)
    }

    private var quick: PrivateCluster.Settings {
        var settings = PrivateCluster.Settings.unitTests
        settings.sharedBuffersMegabytes = 16
        settings.startTimeoutSeconds = 120
        return settings
    }

    private func ask(_ cluster: PrivateCluster, _ sql: SQL) async throws -> String {
        let connection = DedicatedConnection(configuration: cluster.ownerConfiguration)
        defer { connection.close() }
        return try await connection.run { connection in
            guard let row = try connection.query(sql).first else { return "" }
            return try row.text(0)
        }
    }

    private func isAlive(_ process: pid_t) -> Bool { FileManager.default.fileExists(atPath: "/proc/\(process)/cwd/.") }

    @Test func startsOnceAndStopsWithItsLastUser() async throws {
        try await withDataDirectory { folder in
            let first = try await PrivateCluster.start(dataDirectory: folder, settings: quick)
            #expect(first.startedHere)
            #expect(try await ask(first, "SELECT current_user || ' ' || current_database()") == "wekeza_owner wekeza")
            #expect(try await ask(first, "SHOW data_checksums") == "on")
            #expect(try await ask(first, "SHOW listen_addresses") == "")
            #expect(try await ask(first, "SHOW server_encoding") == "UTF8")
            #expect(try await ask(first, "SHOW lc_collate") == "C")
            // A session of its own: Ctrl-C at the terminal does not reach it.
            #expect(getsid(first.postmasterPID) == first.postmasterPID)

            let second = try await PrivateCluster.start(dataDirectory: folder, settings: quick)
            #expect(!second.startedHere)
            #expect(second.postmasterPID == first.postmasterPID)
            await first.stop()
            #expect(try await ask(second, "SELECT 'still here'") == "still here")
            await second.stop()
            #expect(!isAlive(second.postmasterPID))
            await second.stop()
        }
    }

    @Test func findsWhatWasCommittedAfterBeingKilled() async throws {
        try await withDataDirectory { folder in
            // As in production, only smaller.
            var settings = PrivateCluster.Settings()
            settings.sharedBuffersMegabytes = 16
            let cluster = try await PrivateCluster.start(dataDirectory: folder, settings: settings)
            for (name, value) in [("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on"), ("max_wal_size", "8GB")] {
                #expect(try await ask(cluster, "SELECT current_setting(\(name))") == value)
            }
            _ = try await ask(cluster, "CREATE TABLE kept AS SELECT 'kept' AS word")
            let killed = cluster.postmasterPID
            kill(killed, SIGKILL)
            #expect(try await cluster.restartIfGone())
            #expect(cluster.postmasterPID != killed)
            #expect(try await ask(cluster, "SELECT word FROM kept") == "kept")
            #expect(try await !cluster.restartIfGone())

            // Another program comes after both were killed.
            kill(cluster.postmasterPID, SIGKILL)
            let next = try await PrivateCluster.start(dataDirectory: folder, settings: settings)
            #expect(next.startedHere)
            #expect(try await ask(next, "SELECT word FROM kept") == "kept")
            await cluster.stop()
            #expect(try await ask(next, "SELECT word FROM kept") == "kept")
            await next.stop()
            #expect(!isAlive(next.postmasterPID))
        }
    }

    @Test func isNotFooledByAnotherProcessWithTheNumberOfAKilledServer() async throws {
        try await withDataDirectory { folder in
            let cluster = try await PrivateCluster.start(dataDirectory: folder, settings: quick)
            await cluster.stop()
            let impostor = Process()
            impostor.executableURL = URL(fileURLWithPath: "/bin/sleep")
            impostor.arguments = ["60"]
            try impostor.run()
            defer { impostor.terminate() }
            let lines = ["\(impostor.processIdentifier)", "\(folder)/postgres/data", "1700000000", "5432", "/tmp", "", "1 1", "ready", ""]
            try lines.joined(separator: "\n").write(
                toFile: "\(folder)/postgres/data/postmaster.pid", atomically: false, encoding: .utf8)
            let next = try await PrivateCluster.start(dataDirectory: folder, settings: quick)
            #expect(next.startedHere)
            #expect(impostor.isRunning)
            await next.stop()
        }
    }

    @Test func beginsAgainAfterAnInterruptedFirstStart() async throws {
        try await withDataDirectory { folder in
            let unfinished = "\(folder)/postgres/data.new"
            try FileManager.default.createDirectory(atPath: unfinished, withIntermediateDirectories: true)
            try "15".write(toFile: unfinished + "/PG_VERSION", atomically: false, encoding: .utf8)
            let cluster = try await PrivateCluster.start(dataDirectory: folder, settings: quick)
            #expect(!FileManager.default.fileExists(atPath: unfinished))
            await cluster.stop()
        }
    }

    @Test func saysWhatIsWrongWithTheDataDirectory() async throws {
        try await withDataDirectory { folder in
            let data = "\(folder)/postgres/data"
            try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
            await #expect { _ = try await PrivateCluster.start(dataDirectory: folder, settings: quick) } throws: { error in
                "\(error)".contains("WEKEZA_DATA_DIR") && "\(error)".contains("no data directory")
            }
            try "99\n".write(toFile: data + "/PG_VERSION", atomically: false, encoding: .utf8)
            await #expect { _ = try await PrivateCluster.start(dataDirectory: folder, settings: quick) } throws: { error in
                "\(error)".contains("PostgreSQL 99")
            }
            await #expect { _ = try await PrivateCluster.start(dataDirectory: "/dev/null/x", settings: quick) } throws: { error in
                "\(error)".hasPrefix("WEKEZA_DATA_DIR: ")
            }
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root hands the server to somebody else"))
    func namesTheFolderThatTheClustersUserCannotPass() async throws {
        try await withDataDirectory { folder in
            let closed = URL(fileURLWithPath: folder).deletingLastPathComponent().path
            try FileManager.default.createDirectory(atPath: closed, withIntermediateDirectories: true)
            chmod(closed, 0o700)
            await #expect { _ = try await PrivateCluster.start(dataDirectory: folder, settings: quick) } throws: { error in
                let text = "\(error)"
                return text.hasPrefix("WEKEZA_DATA_DIR: ") && text.contains(closed) && !text.contains("\n")
            }
            var settings = quick
            settings.clusterUser = "nobody-of-that-name"
            await #expect { _ = try await PrivateCluster.start(dataDirectory: folder, settings: settings) } throws: { error in
                "\(error)".hasPrefix("WEKEZA_CLUSTER_USER: ")
            }
        }
    }
}

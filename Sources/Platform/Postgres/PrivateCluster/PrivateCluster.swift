import Foundation
import Kernel
import Synchronization

/// A PostgreSQL server of the program's own: made on the first start, reached over a unix socket only, stopped with its last user.
///
/// The server lives in `DATA_DIRECTORY/postgres`. Programs on the same data directory share it: whoever comes first starts it, whoever
/// leaves last stops it, and one that was killed counts as gone. The server has a session of its own, so that Ctrl-C at the terminal
/// reaches the program alone, which can finish its work before it stops the database. After a crash of either, the next start recovers.
///
/// The superuser is `wekeza_owner`, the database `wekeza`. Anybody who can open the socket is trusted, and only the user that runs the
/// server (and root) can.
public final class PrivateCluster: Sendable {
    /// Connects as `wekeza_owner` to the database `wekeza`.
    public let ownerConfiguration: PostgresConfiguration
    /// False when a server was running already.
    public let startedHere: Bool
    private let process: Mutex<pid_t>
    private let server: ClusterServer
    private let usersLock: FileLock
    private let isStopped = Mutex(false)

    /// The process number of the server's first process.
    public var postmasterPID: pid_t { process.withLock { $0 } }

    /// Where the server's socket is, for PostgreSQL's own tools.
    public var socketDirectory: String { server.layout.socketDirectory }

    public static let owner = "wekeza_owner"
    public static let database = "wekeza"

    /// Starts the server, or finds the one that runs.
    /// - Parameter dataDirectory: the program's data directory (WEKEZA_DATA_DIR); made when it is missing
    /// - Throws: `PrivateCluster.Failure`, one clear line
    public static func start(dataDirectory: String, settings: Settings = Settings()) async throws -> PrivateCluster {
        try await Subprocess.offload { try startBlocking(dataDirectory: dataDirectory, settings: settings) }
    }

    /// As `start`, on the calling thread.
    static func startBlocking(dataDirectory: String, settings: Settings) throws -> PrivateCluster {
        let server = try ClusterServer(dataDirectory: dataDirectory, settings: settings)
        return try server.whileLocked {
            let (postmaster, isNew) = try server.ensureRunning()
            let usersLock = try server.openLock(server.layout.usersLock)
            usersLock.lockShared()
            return PrivateCluster(server: server, postmaster: postmaster, startedHere: isNew, usersLock: usersLock)
        }
    }

    private init(server: ClusterServer, postmaster: ClusterLayout.Postmaster, startedHere: Bool, usersLock: FileLock) {
        self.server = server
        self.startedHere = startedHere
        self.usersLock = usersLock
        process = Mutex(postmaster.processID)
        ownerConfiguration = server.configuration(of: postmaster, database: Self.database)
    }

    /// Starts the server again when it is gone, as after `kill -9`. Connections have to be opened anew; pools do so by themselves.
    /// - Returns: whether it was gone
    /// - Throws: `PrivateCluster.Failure`
    @discardableResult
    public func restartIfGone() async throws -> Bool {
        let server = server
        let (postmaster, isNew) = try await Subprocess.offload {
            try server.whileLocked { try server.ensureRunning() }
        }
        process.withLock { $0 = postmaster.processID }
        return isNew
    }

    /// Leaves the server, and stops it when nobody else uses it: running statements are cancelled, everything committed is on disk.
    public func stop() async {
        let isFirst = isStopped.withLock { stopped in
            defer { stopped = true }
            return !stopped
        }
        guard isFirst else { return }
        let (server, usersLock) = (server, usersLock)
        _ = try? await Subprocess.offload {
            try server.whileLocked {
                if usersLock.tryExclusively() { server.shutDown() }
                usersLock.unlock()
            }
        }
    }
}

/// Makes, starts and stops the server of one data directory. Every change happens under the start lock.
struct ClusterServer: Sendable {
    let layout: ClusterLayout
    let user: ClusterUser
    let settings: PrivateCluster.Settings

    /// Nobody keeps the start lock long after a crash: another program that starts here recovers for us.
    private static let pauseMicroseconds: UInt32 = 50_000
    private static let orphanPatienceSeconds = 30

    init(dataDirectory: String, settings: PrivateCluster.Settings) throws {
        self.settings = settings
        layout = try ClusterLayout(dataDirectory: dataDirectory)
        user = try ClusterUser.resolve(wanted: settings.clusterUser, existingData: layout.data)
        try user.own(layout.root)
        chmod(layout.root, 0o700)
        try user.checkReach(layout.root)
        try user.ownTree(layout.data)
    }

    /// Opens a lock file that the cluster's user could open as well.
    func openLock(_ path: String) throws -> FileLock {
        let lock = try FileLock(path: path)
        try user.own(path)
        return lock
    }

    func whileLocked<Value>(_ body: () throws -> Value) throws -> Value {
        let lock = try openLock(layout.startLock)
        lock.lockExclusively()
        defer { lock.unlock() }
        return try body()
    }

    func configuration(of postmaster: ClusterLayout.Postmaster, database: String) -> PostgresConfiguration {
        PostgresConfiguration(
            host: postmaster.socketDirectory, port: postmaster.port, user: PrivateCluster.owner, database: database)
    }

    // MARK: Start

    /// Finds the server or starts it, waits until it answers and makes the database when it is missing.
    func ensureRunning() throws -> (ClusterLayout.Postmaster, isNew: Bool) {
        let deadline = SystemClock().now().adding(seconds: Int64(settings.startTimeoutSeconds))
        var isNew = false
        while SystemClock().now() < deadline {
            guard let postmaster = layout.runningPostmaster() else {
                // Also reached when a server that was shutting down is gone by now.
                try launch()
                isNew = true
                continue
            }
            // A server in recovery or on its way down refuses connections and may be either ready or gone soon.
            let connection = Connection(configuration: configuration(of: postmaster, database: "postgres"))
            defer { connection.close() }
            do {
                try connection.reconnect()
            } catch {
                usleep(Self.pauseMicroseconds)
                continue
            }
            try createDatabase(connection)
            return (postmaster, isNew)
        }
        throw PrivateCluster.Failure("PostgreSQL did not answer within \(settings.startTimeoutSeconds) s; see \(layout.log)")
    }

    private func launch() throws {
        let binaries = try PostgresBinaries.find(majorVersion: try layout.dataVersion())
        if try layout.dataVersion() == nil { try initialise(binaries) }
        try writeSettings()
        try prepareSocketDirectory()
        let patience = SystemClock().now().adding(seconds: Int64(Self.orphanPatienceSeconds))
        while true {
            layout.removeMisleadingProcessFile()
            let logStart = try layout.prepareLog(for: user)
            // pg_ctl gives the server a session of its own and waits until it accepts connections.
            let outcome = try user.run(
                binaries.path("pg_ctl"),
                [
                    "start", "--silent", "--wait", "--timeout=\(settings.startTimeoutSeconds)", "--pgdata=\(layout.data)",
                    "--log=\(layout.log)",
                ])
            if outcome.status == 0 { return }
            let complaint = layout.complaint(since: logStart) ?? outcome.output
            // Children of a server that was killed need a moment to notice, and hold its shared memory until then.
            let isHeldByOrphans = complaint.contains("still in use") || complaint.contains("already exists")
            guard isHeldByOrphans, SystemClock().now() < patience else {
                throw PrivateCluster.Failure("PostgreSQL did not start: \(complaint) (log: \(layout.log))")
            }
            usleep(Self.pauseMicroseconds * 4)
        }
    }

    /// Makes a new cluster beside its place and moves it there when it is complete, so that a start that was killed leaves nothing half.
    private func initialise(_ binaries: PostgresBinaries) throws {
        let manager = FileManager.default
        let fresh = layout.unfinishedData
        do {
            if manager.fileExists(atPath: fresh) { try manager.removeItem(atPath: fresh) }
            try manager.createDirectory(atPath: fresh, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        } catch {
            throw PrivateCluster.Failure("WEKEZA_DATA_DIR: cannot make \(fresh): \(error.localizedDescription)")
        }
        try user.own(fresh)
        var arguments = [
            "--pgdata=\(fresh)", "--username=\(PrivateCluster.owner)", "--encoding=UTF8", "--locale=C", "--data-checksums",
            "--auth-local=trust", "--auth-host=reject",
        ]
        if !settings.isDurable { arguments.append("--no-sync") }
        let outcome = try user.run(binaries.path("initdb"), arguments)
        guard outcome.status == 0 else {
            throw PrivateCluster.Failure("initdb failed: \(outcome.output.split(separator: "\n").last ?? "without a word")")
        }
        try write("local all all trust\n", to: fresh + "/pg_hba.conf")
        let original = (try? String(contentsOfFile: fresh + "/postgresql.conf", encoding: .utf8)) ?? ""
        try write(original + "\ninclude 'wekeza.conf'\n", to: fresh + "/postgresql.conf")
        guard rename(fresh, layout.data) == 0 else {
            throw PrivateCluster.Failure.system("WEKEZA_DATA_DIR: cannot move \(fresh) to its place")
        }
    }

    private func writeSettings() throws {
        try write(settings.configurationText(socketDirectory: layout.socketDirectory), to: layout.settings)
    }

    /// Replaces a file of the cluster as a whole.
    private func write(_ text: String, to path: String) throws {
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw PrivateCluster.Failure.system("WEKEZA_DATA_DIR: cannot write \(path)") }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try file.write(contentsOf: Data(text.utf8))
            if settings.isDurable { try file.synchronize() }
            try file.close()
        } catch {
            throw PrivateCluster.Failure("WEKEZA_DATA_DIR: cannot write \(path): \(error.localizedDescription)")
        }
        try user.own(temporary)
        guard rename(temporary, path) == 0 else { throw PrivateCluster.Failure.system("WEKEZA_DATA_DIR: cannot write \(path)") }
    }

    /// The socket's folder is open to the cluster's user alone. Somebody else's folder of that name is never used.
    private func prepareSocketDirectory() throws {
        let path = layout.socketDirectory
        if mkdir(path, 0o700) == 0 {
            try user.own(path)
            return
        }
        var status = stat()
        guard errno == EEXIST, lstat(path, &status) == 0 else { throw PrivateCluster.Failure.system("cannot make \(path)") }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == user.userID || status.st_uid == 0, status.st_mode & 0o077 == 0 else {
            throw PrivateCluster.Failure("\(path) is there already and is not a private folder of the user \(user.name); remove it")
        }
        try user.own(path)
    }

    private func createDatabase(_ connection: Connection) throws {
        do {
            let name = PrivateCluster.database
            guard try connection.query("SELECT 1 FROM pg_database WHERE datname = \(name)").isEmpty else { return }
            try connection.executeScript("CREATE DATABASE \(name)")
        } catch {
            throw PrivateCluster.Failure("cannot make the database \(PrivateCluster.database): \(error)")
        }
    }

    // MARK: Stop

    /// A fast shutdown: sessions end, a checkpoint is written. Returns when the server is gone.
    func shutDown() {
        guard let postmaster = layout.runningPostmaster() else { return }
        kill(postmaster.processID, SIGINT)
        while layout.isServer(postmaster.processID) { usleep(Self.pauseMicroseconds / 5) }
        rmdir(layout.socketDirectory)
    }
}

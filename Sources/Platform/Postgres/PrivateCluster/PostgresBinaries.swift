import Foundation

/// Where the programs of a PostgreSQL server are.
struct PostgresBinaries: Equatable {
    /// The folder of `initdb`, `pg_ctl` and `postgres`.
    let directory: String
    let majorVersion: Int

    static let oldestMajorVersion = 15

    func path(_ program: String) -> String { directory + "/" + program }

    /// The newest server that is installed, or the one that a data directory needs.
    /// - Throws: `PrivateCluster.Failure`
    static func find(majorVersion wanted: Int?) throws -> PostgresBinaries {
        let installed = candidates().compactMap(Self.init(directory:)).filter { $0.majorVersion >= oldestMajorVersion }
        if let wanted {
            if let match = installed.first(where: { $0.majorVersion == wanted }) { return match }
            throw PrivateCluster.Failure(
                "WEKEZA_DATA_DIR: the data directory was made by PostgreSQL \(wanted), which is not installed"
                    + " (Debian: apt-get install postgresql-\(wanted))")
        }
        if let newest = installed.max(by: { $0.majorVersion < $1.majorVersion }) { return newest }
        throw PrivateCluster.Failure(
            "no PostgreSQL server \(oldestMajorVersion) or newer is installed (Debian: apt-get install postgresql);"
                + " install one, or set WEKEZA_DATABASE_URL to a database elsewhere")
    }

    private static func candidates() -> [String] {
        let root = "/usr/lib/postgresql"
        let packaged = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        var folders = packaged.map { "\(root)/\($0)/bin" } + ["/usr/local/pgsql/bin"]
        let search = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        if let configurator = search.map({ $0 + "/pg_config" }).first(where: { access($0, X_OK) == 0 }),
            let outcome = try? Subprocess.run(configurator, ["--bindir"]), outcome.status == 0
        {
            folders.append(outcome.output)
        }
        folders += search
        var seen: Set<String> = []
        return folders.filter { seen.insert($0).inserted && isComplete($0) }
    }

    private static func isComplete(_ folder: String) -> Bool {
        ["initdb", "pg_ctl", "postgres"].allSatisfy { access(folder + "/" + $0, X_OK) == 0 }
    }

    private init?(directory: String) {
        // postgres (PostgreSQL) 15.18 (Debian …)
        guard let outcome = try? Subprocess.run(directory + "/postgres", ["--version"]), outcome.status == 0,
            let version = outcome.output.split(separator: " ").dropFirst(2).first,
            let major = Int(version.prefix { $0.isNumber })
        else { return nil }
        self.directory = directory
        majorVersion = major
    }
}

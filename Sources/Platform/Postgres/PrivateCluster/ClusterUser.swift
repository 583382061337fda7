import Foundation

/// The user of the operating system that PostgreSQL runs as. PostgreSQL refuses to run as root, so root hands it to somebody else.
struct ClusterUser: Equatable {
    let name: String
    let userID: uid_t
    let groupID: gid_t

    /// Whether this program has to change the user before it runs PostgreSQL.
    var isSomebodyElse: Bool { userID != geteuid() }

    /// - Parameters:
    ///   - wanted: a user's name, used by root only
    ///   - existingData: the data directory of an earlier run, whose owner goes on owning it
    /// - Throws: `PrivateCluster.Failure`
    static func resolve(wanted: String?, existingData: String) throws -> ClusterUser {
        var status = stat()
        let hasData = stat(existingData, &status) == 0
        guard geteuid() == 0 else {
            let own = ClusterUser(name: Self.name(of: geteuid()), userID: geteuid(), groupID: getegid())
            if hasData, status.st_uid != own.userID {
                throw PrivateCluster.Failure(
                    "WEKEZA_DATA_DIR: \(existingData) belongs to the user \(Self.name(of: status.st_uid)); start as that user or as root")
            }
            return own
        }
        if hasData, status.st_uid != 0, wanted == nil {
            return ClusterUser(name: Self.name(of: status.st_uid), userID: status.st_uid, groupID: status.st_gid)
        }
        let name = wanted ?? "postgres"
        guard let entry = getpwnam(name) else {
            throw PrivateCluster.Failure(
                "WEKEZA_CLUSTER_USER: there is no user \(name) on this machine, and PostgreSQL does not run as root; name another user")
        }
        guard entry.pointee.pw_uid != 0 else {
            throw PrivateCluster.Failure("WEKEZA_CLUSTER_USER: PostgreSQL does not run as root; name another user")
        }
        return ClusterUser(name: name, userID: entry.pointee.pw_uid, groupID: entry.pointee.pw_gid)
    }

    private static func name(of userID: uid_t) -> String {
        getpwuid(userID).flatMap { $0.pointee.pw_name }.map { String(cString: $0) } ?? String(userID)
    }

    /// Runs a command as this user.
    func run(_ executable: String, _ arguments: [String]) throws -> Subprocess.Outcome {
        guard isSomebodyElse else { return try Subprocess.run(executable, arguments) }
        for setpriv in ["/usr/bin/setpriv", "/bin/setpriv"] where access(setpriv, X_OK) == 0 {
            let identity = ["--reuid=\(userID)", "--regid=\(groupID)", "--clear-groups", "--"]
            return try Subprocess.run(setpriv, identity + [executable] + arguments)
        }
        for runuser in ["/usr/sbin/runuser", "/sbin/runuser"] where access(runuser, X_OK) == 0 {
            return try Subprocess.run(runuser, ["-u", name, "--", executable] + arguments)
        }
        throw PrivateCluster.Failure("neither setpriv nor runuser (package util-linux) is there to run PostgreSQL as the user \(name)")
    }

    /// Gives a file or folder to this user.
    func own(_ path: String) throws {
        guard isSomebodyElse else { return }
        guard chown(path, userID, groupID) == 0 else { throw PrivateCluster.Failure.system("cannot give \(path) to \(name)") }
    }

    /// Gives a whole folder to this user when somebody else has it, as after a copy made by root.
    func ownTree(_ path: String) throws {
        var status = stat()
        guard isSomebodyElse, stat(path, &status) == 0, status.st_uid != userID else { return }
        let outcome = try Subprocess.run("/bin/chown", ["-R", "\(userID):\(groupID)", path])
        guard outcome.status == 0 else { throw PrivateCluster.Failure("cannot give \(path) to \(name): \(outcome.output)") }
    }

    /// Checks that this user can reach a folder from the root on.
    /// - Throws: `PrivateCluster.Failure` that names the folder in the way
    func checkReach(_ path: String) throws {
        guard isSomebodyElse else { return }
        var folders = ["/"]
        for component in path.split(separator: "/") {
            folders.append((folders.last == "/" ? "/" : (folders.last ?? "") + "/") + component)
        }
        let script = #"for folder do [ -x "$folder" ] || { printf %s "$folder"; exit 3; }; done"#
        let outcome = try run("/bin/sh", ["-c", script, "sh"] + folders)
        guard outcome.status != 3 else {
            throw PrivateCluster.Failure(
                "WEKEZA_DATA_DIR: PostgreSQL runs as the user \(name), who may not pass through \(outcome.output);"
                    + " choose a data directory that everybody can reach, such as /var/lib/wekeza")
        }
        guard outcome.status == 0 else { throw PrivateCluster.Failure("cannot run a command as the user \(name): \(outcome.output)") }
    }
}

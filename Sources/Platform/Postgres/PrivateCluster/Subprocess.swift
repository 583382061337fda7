import Foundation

/// A command of the system run to its end, with what it said.
///
/// Not Foundation's `Process`: that one waits until every child's child has closed a socket it hands down, and a server that `pg_ctl`
/// starts never does.
enum Subprocess {
    struct Outcome {
        /// The exit status; 128 and the signal's number after a signal.
        let status: Int32
        /// Standard output and standard error together, without surrounding blanks.
        let output: String
    }

    /// Runs a command and waits for it; blocks the calling thread. The command sees a clean environment with English messages, no
    /// input, no open file of ours, the usual signals and a working directory that everybody may read.
    /// - Throws: `PrivateCluster.Failure` when the command cannot be started
    static func run(_ executable: String, _ arguments: [String]) throws -> Outcome {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw PrivateCluster.Failure.system("cannot make a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let (reading, writing) = (ends[0], ends[1])
        defer { close(reading) }
        let (processID, problem) = spawn(executable, arguments, output: writing)
        close(writing)
        guard problem == 0 else {
            throw PrivateCluster.Failure("cannot run \(executable): \(String(cString: strerror(problem)))")
        }
        let bytes = FileHandle(fileDescriptor: reading, closeOnDealloc: false).readDataToEndOfFile()
        var status: Int32 = 0
        while waitpid(processID, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return Outcome(status: signal == 0 ? status >> 8 & 0xFF : 128 + signal, output: text)
    }

    private static func spawn(_ executable: String, _ arguments: [String], output: Int32) -> (processID: pid_t, problem: Int32) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
            if let descriptor = Int32(name), descriptor > 2 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        }

        // A program that ignores or blocks signals must not hand that down.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGCHLD, SIGUSR1, SIGUSR2, SIGALRM] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let inRoot = ["/bin/sh", "-c", #"cd / && exec "$@""#, "sh", executable]
        let words = copied(inRoot + arguments)
        let environment = copied(["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"])
        defer { for pointer in words + environment { free(pointer) } }
        var processID: pid_t = 0
        let problem = posix_spawn(&processID, inRoot[0], &actions, &attributes, words, environment)
        return (processID, problem)
    }

    /// The words as C has them, with the nil that ends them; the caller frees each.
    private static func copied(_ words: [String]) -> [UnsafeMutablePointer<CChar>?] {
        var copies: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        copies.append(nil)
        return copies
    }

    /// Runs blocking work on a thread of its own, so that no thread of the concurrency pool waits for a process.
    static func offload<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result { try body() }) }
            thread.name = "private cluster"
            thread.start()
        }
    }
}

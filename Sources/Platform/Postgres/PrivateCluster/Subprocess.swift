import Foundation

/// A command of the system run to its end, with what it said.
///
/// Not Foundation's `Process`: that one waits until every child's child has closed a socket it hands down, and a server that `pg_ctl`
/// starts never does. The output goes through a file for the same reason: a pipe ends only when nobody at all has it open any more,
/// and other threads start programs too.
package enum Subprocess {
    package struct Outcome {
        /// The exit status; 128 and the signal's number after a signal.
        package let status: Int32
        /// Standard output and standard error together, without surrounding blanks.
        package let output: String
    }

    /// Runs a command and waits for it; blocks the calling thread. The command sees a clean environment with English messages, no
    /// input, no open file of ours, the usual signals and a working directory that everybody may read.
    /// - Throws: `PrivateCluster.Failure` when the command cannot be started
    package static func run(_ executable: String, _ arguments: [String]) throws -> Outcome {
        var template = Array((FileManager.default.temporaryDirectory.path + "/wekeza-output-XXXXXX").utf8CString)
        let output = mkstemp(&template)
        guard output >= 0 else { throw PrivateCluster.Failure.system("cannot write a temporary file") }
        defer { close(output) }
        unlink(template)
        let (processID, problem) = spawn(executable, arguments, output: output)
        guard problem == 0 else {
            throw PrivateCluster.Failure("cannot run \(executable): \(String(cString: strerror(problem)))")
        }
        var status: Int32 = 0
        while waitpid(processID, &status, 0) < 0, errno == EINTR {}
        lseek(output, 0, SEEK_SET)
        let bytes = FileHandle(fileDescriptor: output, closeOnDealloc: false).readDataToEndOfFile()
        let signal = status & 0x7F
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return Outcome(status: signal == 0 ? status >> 8 & 0xFF : 128 + signal, output: text)
    }

    /// Starts a command that nobody waits for; what it says is lost.
    /// - Parameter input: a descriptor that becomes its standard input
    package static func startUnattended(_ executable: String, _ arguments: [String], input: Int32) throws {
        let nothing = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(nothing) }
        let (_, problem) = spawn(executable, arguments, input: input, output: nothing)
        guard problem == 0 else {
            throw PrivateCluster.Failure("cannot run \(executable): \(String(cString: strerror(problem)))")
        }
    }

    /// Goes to the root folder and closes what other threads of ours had open when the child was made, before it becomes the command.
    private static let doorkeeper = """
        cd / || exit 127
        for file in /proc/$$/fd/*; do
            number=${file##*/}
            [ "$number" -gt 2 ] 2>/dev/null && eval "exec $number>&-"
        done
        exec "$@"
        """

    private static func spawn(
        _ executable: String, _ arguments: [String], input: Int32? = nil, output: Int32
    ) -> (processID: pid_t, problem: Int32) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)

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

        // Not every sh can close a file with a number of two digits.
        let words = copied(["/bin/bash", "-c", doorkeeper, "bash", executable] + arguments)
        let environment = copied(["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"])
        defer { for pointer in words + environment { free(pointer) } }
        var processID: pid_t = 0
        let problem = posix_spawn(&processID, "/bin/bash", &actions, &attributes, words, environment)
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

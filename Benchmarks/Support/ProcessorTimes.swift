import Foundation

/// Processor time used so far by the program's threads and by PostgreSQL's processes, from the kernel's own accounts.
struct ProcessorTimes {
    /// Microseconds by the thread's purpose.
    private(set) var program: [String: Double] = [:]
    /// By process, because some come and go.
    private(set) var database: [String: Double] = [:]

    init(program: Int32, socketDirectory: String) {
        for thread in Self.entries("/proc/\(program)/task") {
            let folder = "/proc/\(program)/task/\(thread)"
            self.program[Self.purpose(Self.text(folder + "/comm")), default: 0] += Self.runMicroseconds(folder)
        }
        // The first line of the socket's lock file is the postmaster; everything it started is its child.
        let lock = Self.entries(socketDirectory).first { $0.hasSuffix(".lock") } ?? ".s.PGSQL.5432.lock"
        let postmaster = Self.text(socketDirectory + "/" + lock).split(separator: "\n").first.map(String.init) ?? ""
        for process in Self.entries("/proc") where Int(process) != nil {
            let status = Self.text("/proc/\(process)/stat")
            guard let end = status.lastIndex(of: ")") else { continue }
            let parent = status[end...].split(separator: " ").dropFirst(2).first.map(String.init)
            if parent == postmaster { database[process] = Self.runMicroseconds("/proc/\(process)") }
        }
    }

    private static func purpose(_ name: String) -> String {
        if name.hasPrefix("NIO") { return "network" }
        if name.hasPrefix("wekeza-posting") { return "posting" }
        if name.hasPrefix("wekeza") { return "reading" }
        return "other"
    }

    /// Nanoseconds on a processor are the first figure of schedstat.
    private static func runMicroseconds(_ folder: String) -> Double {
        let nanoseconds = text(folder + "/schedstat").split(separator: " ").first.flatMap { Double($0) } ?? 0
        return nanoseconds / 1_000
    }

    private static func entries(_ folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    private static func text(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }
}

/// Processor time a request, by who spent it: a figure that other work on the machine disturbs far less than it does the clock.
struct ProcessorShare {
    let program: [String: Double]
    let database: Double
    let generator: Double

    var total: Double { program.values.reduce(0, +) + database + generator }

    init(from before: ProcessorTimes, to after: ProcessorTimes, _ outcome: HTTPLoad.Outcome) {
        let requests = Double(max(1, outcome.completed))
        program = after.program.reduce(into: [:]) { $0[$1.key] = ($1.value - (before.program[$1.key] ?? 0)) / requests }
        database = after.database.reduce(0) { $0 + $1.value - (before.database[$1.key] ?? 0) } / requests
        generator = outcome.generatorMicroseconds / requests
    }

    /// `network 80, posting 40, reading 20, other 5, PostgreSQL 190, load generator 9 µs: 344 µs`
    var text: String {
        let parts = ["network", "posting", "reading", "other"].map { "\($0) \(Int((program[$0] ?? 0).rounded()))" }
        return parts.joined(separator: ", ") + ", PostgreSQL \(Int(database.rounded())), load generator \(rounded(generator)): "
            + "\(Int(total.rounded())) µs together"
    }
}

import Foundation

/// Processor time of processes, from the kernel's own count. Unlike rates it says the same on a busy machine as on a quiet one, give or
/// take what others' work does to the caches.
struct ProcessorTime {
    private let microseconds: [Int32: Double]

    /// A process and its children now: of a postmaster, all of its sessions and helpers.
    init(of root: Int32, withChildren: Bool) {
        var microseconds = [root: Self.microseconds(of: root)]
        if withChildren {
            for process in Self.processes() where Self.parent(of: process) == root {
                microseconds[process] = Self.microseconds(of: process)
            }
        }
        self.microseconds = microseconds
    }

    /// What was used since an earlier look by whoever is there at both; who came meanwhile counts from its start.
    func microseconds(since earlier: ProcessorTime) -> Double {
        microseconds.reduce(0) { $0 + $1.value - (earlier.microseconds[$1.key] ?? 0) }
    }

    private static func processes() -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }
    }

    private static func parent(of process: Int32) -> Int32? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8), let end = text.lastIndex(of: ")") else {
            return nil
        }
        // After the name: state, parent.
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 1 ? Int32(fields[1]) : nil
    }

    private static func microseconds(of process: Int32) -> Double {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
        return tasks.reduce(0) { sum, task in
            let text = (try? String(contentsOfFile: "/proc/\(process)/task/\(task)/schedstat", encoding: .utf8)) ?? ""
            return sum + (text.split(separator: " ").first.flatMap { Double($0) } ?? 0) / 1_000
        }
    }
}

import Application
import Kernel
import Postgres
import Synchronization

/// Writes down what signed-in people were refused (contract, section 16): rights they lack, things that are not theirs, rules of the bank.
///
/// A refusal has no transaction of its own to be recorded in, and must cost the next request nothing. So refusals gather in memory and
/// are appended together by a job that runs many times a second and once more at the end.
public final class RefusalTrail: Sendable {
    /// More than a process refuses between two turns; beyond it only their number is kept, so that nobody can fill the memory.
    private static let capacity = 10_000
    private static let batch = 500

    private struct Waiting {
        var records: [AuditRecord] = []
        var dropped: Int64 = 0
    }

    private let pool: ConnectionPool
    private let sink: any AuditSink
    private let clock: any WallClock
    private let waiting = Mutex(Waiting())

    public init(pool: ConnectionPool, sink: any AuditSink, clock: any WallClock) {
        self.pool = pool
        self.sink = sink
        self.clock = clock
    }

    /// Never waits.
    func note(_ record: AuditRecord) {
        waiting.withLock { waiting in
            if waiting.records.count < Self.capacity { waiting.records.append(record) } else { waiting.dropped += 1 }
        }
    }

    /// Appends what waits, at most a batch.
    /// - Returns: true when more is waiting
    public func write() async throws -> Bool {
        let (taken, dropped) = waiting.withLock { waiting in
            let taken = Array(waiting.records.prefix(Self.batch))
            waiting.records.removeFirst(taken.count)
            defer { waiting.dropped = 0 }
            return (taken, waiting.dropped)
        }
        guard !taken.isEmpty || dropped > 0 else { return false }
        var records = taken
        if dropped > 0 {
            records.append(
                AuditRecord(
                    action: "request.refuse", outcome: .refused, actor: nil, subjectType: "operation", subjectID: "",
                    context: .system(at: clock.now(), idempotencyKey: "refusals"), detail: [("uncounted", String(dropped))]))
        }
        do {
            let (sink, records) = (sink, records)
            try await pool.transaction { try sink.append(records, in: $0) }
        } catch {
            waiting.withLock { waiting in
                waiting.records.insert(contentsOf: taken.prefix(max(0, Self.capacity - waiting.records.count)), at: 0)
                waiting.dropped += dropped
            }
            throw error
        }
        return waiting.withLock { !$0.records.isEmpty }
    }
}

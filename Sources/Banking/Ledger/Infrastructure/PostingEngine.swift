import Application
import Audit
import Foundation
import Kernel
import Logging
import Postgres

/// The engine through which every movement of money goes.
///
/// Callers hand in units; writers, each on its own thread and connection, take what waits, decide it in memory, and
/// commit many units in one durable transaction. A caller hears back only after PostgreSQL acknowledged the commit.
public final class PostingEngine: Sendable {
    public struct Configuration: Sendable {
        public var postgres: PostgresConfiguration
        /// Writers of all processes together should be about as many as the database has cores.
        public var writers: Int
        public var queueCapacity: Int
        /// Units a writer takes while another one is at work.
        public var sharedBatch: Int
        /// Units a writer takes when it is alone.
        public var loneBatch: Int
        /// How many accounts the engine keeps in memory between batches, about 300 bytes each.
        public var rememberedAccounts: Int

        public init(
            postgres: PostgresConfiguration, writers: Int = 2, queueCapacity: Int = 10_000, sharedBatch: Int = 64, loneBatch: Int = 1_024,
            rememberedAccounts: Int = 120_000
        ) {
            self.postgres = postgres
            self.writers = writers
            self.queueCapacity = queueCapacity
            self.sharedBatch = sharedBatch
            self.loneBatch = loneBatch
            self.rememberedAccounts = rememberedAccounts
        }
    }

    private let queue: PostingQueue
    private let writers: [DedicatedConnection]
    private let lookups: DedicatedConnection
    private let clock: any WallClock
    private let running = DispatchGroup()

    public init(
        configuration: Configuration, clock: any WallClock, auditTrail: AuditTrail, logger: Logger,
        observer: any PostingObserver = NoPostingObserver()
    ) {
        precondition(configuration.writers > 0 && configuration.sharedBatch > 0, "the engine needs a writer and a batch")
        let queue = PostingQueue(
            capacity: configuration.queueCapacity, sharedBatch: configuration.sharedBatch, loneBatch: configuration.loneBatch)
        self.queue = queue
        self.clock = clock
        var postgres = configuration.postgres.with(applicationName: "wekeza-posting")
        // The plan of a batch statement never depends on its values; planning it anew each time would cost more than running it.
        // Scans and joins other than by index are off, so that a plan made while a table was empty still holds when it is full.
        postgres.settings.merge([
            "plan_cache_mode": "force_generic_plan", "jit": "off", "enable_seqscan": "off", "enable_hashjoin": "off",
            "enable_mergejoin": "off",
        ]) { _, new in new }
        lookups = DedicatedConnection(configuration: postgres)
        let accounts = AccountCache(capacity: configuration.rememberedAccounts)
        let keys = RecentKeys(capacity: 32_768)
        let running = running
        writers = (0..<configuration.writers).map { _ in
            let connection = DedicatedConnection(configuration: postgres)
            let writer = BatchWriter(
                clock: clock, auditTrail: auditTrail, logger: logger, observer: observer, accounts: accounts, keys: keys)
            running.enter()
            connection.submit { connection in
                var memory = WriterMemory()
                while let batch = queue.take() {
                    writer.process(batch, on: connection, memory: &memory)
                    queue.release(batch)
                }
                running.leave()
            }
            return connection
        }
    }

    /// Units that wait for a writer.
    public var backlog: Int { queue.count }

    /// Posts a unit and waits for its commit.
    /// - Throws: the first `Refusal` in the contract's order; 503 `temporarily_unavailable` when nothing has happened, or when the
    ///   connection was lost at the commit and could not be asked again: then the same key tells
    public func post(_ unit: PostingUnit) async throws -> PostingReceipt {
        let holds = unit.commands.compactMap(\.hold)
        let accounts = unit.commands.flatMap(\.accounts) + (try await accountsOfHolds(unit.commands.compactMap(\.endedHold)))
        let named = Array(Set(accounts))
        let result = await withUnsafeContinuation { continuation in
            let pending = PendingUnit(unit: unit, accounts: named, holds: holds, continuation: continuation)
            if !queue.enqueue(pending) {
                pending.finish(.failure(.unavailable()))
            }
        }
        return try result.get()
    }

    /// A hold never changes its account, so this may be read before the locks are taken.
    private func accountsOfHolds(_ holds: [Identifier<Hold>]) async throws -> [Identifier<Account>] {
        guard !holds.isEmpty else { return [] }
        do {
            do {
                return try await readAccountsOfHolds(holds)
            } catch let error as PostgresError where error.isConnectionLost {
                // The session may have been idle since before a restart of the server; the next one is new.
                return try await readAccountsOfHolds(holds)
            }
        } catch let error as PostgresError where error.isTransient {
            throw Refusal.unavailable()
        }
    }

    private func readAccountsOfHolds(_ holds: [Identifier<Hold>]) async throws -> [Identifier<Account>] {
        try await lookups.run { connection in
            try connection.query("SELECT account_id FROM ledger.hold WHERE id = ANY(\(holds)::uuid[])").map { try $0.identifier(0) }
        }
    }

    /// Takes no more units, finishes those that wait, and closes the connections.
    public func shutdown() async {
        queue.close()
        await withCheckedContinuation { continuation in
            running.notify(queue: .global()) { continuation.resume() }
        }
        for writer in writers { writer.close() }
        lookups.close()
    }
}

/// Hears what the engine did: for metrics.
public protocol PostingObserver: Sendable {
    func posted(_ journals: [PostedJournal])
    func refused(code: String)
    func committed(units: Int)
}

public struct NoPostingObserver: PostingObserver {
    public init() {}
    public func posted(_: [PostedJournal]) {}
    public func refused(code: String) {}
    public func committed(units: Int) {}
}

extension LedgerCommand {
    /// Every account the step names by itself.
    var accounts: [Identifier<Account>] {
        switch self {
        case .journal(let draft): draft.accounts
        case .placeHold(let draft): [draft.account]
        case .releaseHold, .expireHold: []
        case .captureHold(_, _, _, let draft): draft.accounts
        case .sweepAndClose(let account, let destination, _): [account] + (destination.map { [$0] } ?? [])
        case .open(let new): [new.id]
        }
    }

    /// The hold that the step is about, whether there is one yet or not.
    var hold: Identifier<Hold>? {
        if case .placeHold(let draft) = self { draft.id } else { endedHold }
    }

    /// The hold that the step ends or takes from.
    var endedHold: Identifier<Hold>? {
        switch self {
        case .releaseHold(let id), .expireHold(let id), .captureHold(let id, _, _, _): id
        case .journal, .placeHold, .sweepAndClose, .open: nil
        }
    }
}

extension JournalDraft {
    var accounts: [Identifier<Account>] { legs.compactMap(\.account) + (outgoingLimit.map { [$0.holder] } ?? []) }
}

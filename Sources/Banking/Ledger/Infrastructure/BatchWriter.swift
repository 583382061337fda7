import Application
import Audit
import Foundation
import Kernel
import Logging
import Postgres

/// Commits one batch after the other: {read what is not remembered} → decide → {prove and write, commit} in one round trip or two.
struct BatchWriter: Sendable {
    private let clock: any WallClock
    private let auditTrail: AuditTrail
    private let logger: Logger
    private let observer: any PostingObserver
    private let accounts: AccountCache
    private let keys: RecentKeys

    /// How many batches do without memory after a conflict over accounts.
    private static let cautiousBatches = 32

    init(
        clock: any WallClock, auditTrail: AuditTrail, logger: Logger, observer: any PostingObserver, accounts: AccountCache,
        keys: RecentKeys
    ) {
        self.clock = clock
        self.auditTrail = auditTrail
        self.logger = logger
        self.observer = observer
        self.accounts = accounts
        self.keys = keys
    }

    /// Decides, commits and answers every unit of a batch, whatever happens.
    func process(_ batch: [PendingUnit], on connection: Connection, memory: inout WriterMemory) {
        let now = clock.now()
        var current: [PendingUnit] = []
        current.reserveCapacity(batch.count)
        for pending in batch {
            // Nobody waits for these any more; deciding them would only keep others waiting.
            if pending.unit.context.deadline < now {
                pending.finish(.failure(.unavailable("The request took too long; nothing has happened")))
            } else {
                current.append(pending)
            }
        }
        guard !current.isEmpty else { return }
        commit(current, from: .memory, isRetry: false, on: connection, memory: &memory)
    }

    /// One attempt at a batch; after a conflict once more under row locks, then in halves, so that only the unit to blame fails.
    private func commit(
        _ batch: [PendingUnit], from source: BatchInput.Source, isRetry: Bool, on connection: Connection, memory: inout WriterMemory
    ) {
        let names = BatchNames(batch)
        do {
            try connection.connectForBatch()
            let answers = try attempt(batch, names, from: source, on: connection, memory: &memory)
            assert(answers.count == batch.count, "every unit gets an answer")
            for (pending, answer) in zip(batch, answers) { pending.finish(answer) }
            return
        } catch {
            memory.known = nil
            accounts.forget(names.accounts)
            recover(from: error, batch, source: source, isRetry: isRetry, on: connection, memory: &memory)
        }
    }

    private func recover(
        from error: any Error, _ batch: [PendingUnit], source: BatchInput.Source, isRetry: Bool, on connection: Connection,
        memory: inout WriterMemory
    ) {
        connection.rollback()
        guard let error = error as? PostgresError else {
            if !(error is Refusal) { logger.error("batch failed", metadata: ["error": "\(error)"]) }
            return fail(batch, error as? Refusal ?? .unavailable())
        }
        if error.kind == .outcomeUnknown {
            // Perhaps it happened. Only the key can tell, so nothing is tried again here.
            logger.error("what became of a batch is unknown", metadata: ["error": "\(error)"])
            return fail(batch, .unavailable())
        }
        if error.isConnectionLost {
            // Nothing of it was committed, and nothing of it can be any more: a loss at the commit is settled inside the attempt. The
            // session may have died long ago, unnoticed, so a new one is worth a try.
            logger.warning("posting connection lost", metadata: ["error": "\(error)"])
            if isRetry { return fail(batch, .unavailable()) }
            return commit(batch, from: .tables, isRetry: true, on: connection, memory: &memory)
        }
        if source != .lockedTables, AccountRows.isConflict(error) {
            if source == .memory { memory.caution = Self.cautiousBatches }
            return commit(batch, from: .lockedTables, isRetry: isRetry, on: connection, memory: &memory)
        }
        // A conflict, or something in a unit that the database does not take: a constraint, a text it cannot store.
        guard error.kind == .statement, error.isRetryable || !error.isTransient else {
            logger.error("batch failed", metadata: ["error": "\(error)"])
            return fail(batch, .unavailable())
        }
        if !isRetry, error.isRetryable || error.isUniqueViolation {
            commit(batch, from: .lockedTables, isRetry: true, on: connection, memory: &memory)
        } else if batch.count > 1 {
            let middle = batch.count / 2
            commit(Array(batch[..<middle]), from: .lockedTables, isRetry: false, on: connection, memory: &memory)
            commit(Array(batch[middle...]), from: .lockedTables, isRetry: false, on: connection, memory: &memory)
        } else {
            logger.error("unit cannot be posted", metadata: ["error": "\(error)"])
            fail(batch, .unavailable())
        }
    }

    private func fail(_ batch: [PendingUnit], _ refusal: Refusal) {
        for pending in batch { pending.finish(.failure(refusal)) }
    }

    // MARK: One attempt

    private func attempt(
        _ batch: [PendingUnit], _ names: BatchNames, from source: BatchInput.Source, on connection: Connection,
        memory: inout WriterMemory
    ) throws -> [Result<PostingReceipt, Refusal>] {
        if source == .memory, let known = remembered(names, &memory) {
            let input = try BatchInput(names, known: known, chart: memory.chart, accounts: accounts, on: connection)
            let (decisions, book) = decide(batch, on: input)
            // Memory may be wrong about what has to be refused. What is posted proves itself in the write.
            if !decisions.hasRefusals, decisions.replays.isEmpty, !decisions.isEmpty {
                try write(decisions, book, input, batch, names, on: connection, memory: &memory)
                return answers(decisions, Replays.none)
            }
        }
        let input = try BatchInput(
            names, lanes: memory.lanes, chart: memory.chart, locking: source == .lockedTables, on: connection)
        memory.chart = input.chart
        let (decisions, book) = decide(batch, on: input)
        // Before anything is written: what comes after the commit must not be able to fail.
        let replays = try Replays(of: decisions, on: connection)
        if decisions.isEmpty {
            connection.rollback()
        } else {
            try write(decisions, book, input, batch, names, on: connection, memory: &memory)
        }
        return answers(decisions, replays)
    }

    /// What may be decided on without asking; nil when the tables have to be read.
    private func remembered(_ names: BatchNames, _ memory: inout WriterMemory) -> WriterMemory.Known? {
        guard memory.caution == 0 else {
            memory.caution -= 1
            return nil
        }
        guard names.needNoReading, names.glCodes.isSubset(of: memory.chart), !keys.containsAny(of: names.keys) else { return nil }
        return memory.known
    }

    private func decide(_ batch: [PendingUnit], on input: BatchInput) -> (BatchDecisions, PostingBook) {
        let now = clock.now()
        var identifiers = ChainIdentifiers(
            lane: input.lane.number, now: now,
            floor: max(
                input.lane.lastIdentifier, input.dayFloor, input.lastHoldChange, input.accounts.lazy.map(\.lastJournal).max() ?? 0
            ))
        var book = PostingBook(
            accounts: input.accounts, holds: input.holds, reversed: input.reversed, chart: input.chart, businessDate: input.businessDate,
            now: now, lane: input.lane.number, position: input.lane.position, mint: { identifiers.next() })
        var decisions = BatchDecisions()
        for (index, pending) in batch.enumerated() {
            decisions.decide(pending.unit, index: index, input: input, book: &book)
        }
        decisions.seal(after: input.lane.hash)
        return (decisions, book)
    }

    private func write(
        _ decisions: BatchDecisions, _ book: PostingBook, _ input: BatchInput, _ batch: [PendingUnit], _ names: BatchNames,
        on connection: Connection, memory: inout WriterMemory
    ) throws {
        let write = BatchWrite(
            decisions: decisions, book: book, input: input, batch: batch, auditTrail: auditTrail, tidying: memory.isTimeToTidy(),
            now: clock.now())
        var written: [AccountState] = []
        do {
            let rows = try connection.pipeline(write.statements)
            written = try AccountRows.written(write.accounts, rows[write.accountsIndex])
        } catch let error as PostgresError where error.isConnectionLost {
            // The commit may have happened. The batch is one transaction, so one of its rows answers for all of them.
            logger.warning("connection lost at commit, asking what became of the batch", metadata: ["error": "\(error)"])
            guard let witness = decisions.witness, try wasCommitted(witness, lane: input.lane, on: connection) else {
                throw PostgresError(kind: .connectionLost, message: "the batch was not committed")
            }
            accounts.forget(names.accounts)
        } catch let error as PostgresError {
            if error.statementIndex == write.headsIndex { memory.moveToOtherLanes() }
            throw error
        }
        memory.known = WriterMemory.Known(
            lane: write.lane, auditLane: write.auditLane, businessDate: input.businessDate, dayFloor: input.dayFloor)
        accounts.remember(written)
        keys.remember(names.keys)
        observer.posted(decisions.journals)
        observer.committed(units: decisions.committedCount)
    }

    /// Asks on a new session whether a row of the batch is there; tries for a while, because a server that died comes back.
    private func wasCommitted(_ witness: BatchDecisions.Witness, lane: ChainLane, on connection: Connection) throws -> Bool {
        var pauseMilliseconds: UInt32 = 50
        let giveUpAt = clock.now().adding(seconds: 20)
        while true {
            do {
                try connection.reconnect()
                let sql: SQL =
                    switch witness {
                    case .journal(let id): "SELECT 1 FROM ledger.journal WHERE id = \(id)"
                    case .holdChange(let id): "SELECT 1 FROM ledger.hold_change WHERE id = \(id)"
                    case .closedAccount(let id):
                        "SELECT 1 FROM ledger.account WHERE id = \(id) AND status = \(AccountStatus.closed.rawValue)"
                    case .openedAccount(let id): "SELECT 1 FROM ledger.account WHERE id = \(id)"
                    }
                // The old session may still be at its commit: then it holds the lane until it is through, and we wait. Or what was sent
                // has not even reached it: then the fence keeps it from ever moving the lane on from where it was.
                let answers = try connection.pipeline([
                    "BEGIN", ChainLane.wait(chain: BatchInput.chain, lane: lane.number), sql, lane.fence(chain: BatchInput.chain), "COMMIT",
                ])
                return !answers[2].isEmpty
            } catch let error as PostgresError {
                guard error.isTransient, clock.now() < giveUpAt else {
                    throw PostgresError(kind: .outcomeUnknown, sqlState: error.sqlState, message: error.message)
                }
                usleep(pauseMilliseconds * 1_000)
                pauseMilliseconds = min(pauseMilliseconds * 2, 1_000)
            }
        }
    }

    private func answers(_ decisions: BatchDecisions, _ replays: Replays) -> [Result<PostingReceipt, Refusal>] {
        decisions.outcomes.map { outcome in
            switch outcome {
            case .refused(let refusal):
                observer.refused(code: refusal.code)
                return .failure(refusal)
            case .posted(let range, let holds):
                return .success(PostingReceipt(isReplay: false, journals: Array(decisions.journals[range]), holds: holds))
            case .joined(let range, let holds):
                return .success(PostingReceipt(isReplay: true, journals: Array(decisions.journals[range]), holds: holds))
            case .replayed(let receipt): return .success(replays.receipt(receipt))
            }
        }
    }
}

/// What was posted earlier under keys that came again, loaded from the books, so that it says what the first answer said.
private struct Replays {
    private let journals: [Identifier<Journal>: PostedJournal]
    private let holds: [UInt128: HoldState]

    static let none = Replays()

    private init() {
        journals = [:]
        holds = [:]
    }

    init(of decisions: BatchDecisions, on connection: Connection) throws {
        let ids = decisions.replays.flatMap(\.journals).map { Identifier<Journal>(bits: $0) }
        journals = try JournalRows.load(ids) { try connection.query($0) }
        holds = try HoldRows.loadChanges(decisions.replays.flatMap(\.holdChanges)) { try connection.query($0) }
    }

    func receipt(_ stored: StoredReceipt) -> PostingReceipt {
        PostingReceipt(
            isReplay: true, journals: stored.journals.compactMap { journals[Identifier(bits: $0)] },
            holds: stored.holdChanges.compactMap { holds[$0] })
    }
}

extension Connection {
    /// A session for the next batch; a server that is starting again is waited for a moment.
    fileprivate func connectForBatch() throws {
        guard isBroken else { return }
        var attempts = 0
        while true {
            do {
                try reconnect()
                return
            } catch  where attempts < 20 {
                attempts += 1
                usleep(100_000)
            }
        }
    }
}

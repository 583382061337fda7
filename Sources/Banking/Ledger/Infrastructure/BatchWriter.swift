import Application
import Audit
import Foundation
import Kernel
import Logging
import Postgres

/// Commits one batch after the other: two round trips each, {begin, read} → decide → {write, commit}.
final class BatchWriter: Sendable {
    private let clock: any WallClock
    private let auditTrail: AuditTrail
    private let logger: Logger
    private let observer: any PostingObserver

    init(clock: any WallClock, auditTrail: AuditTrail, logger: Logger, observer: any PostingObserver) {
        self.clock = clock
        self.auditTrail = auditTrail
        self.logger = logger
        self.observer = observer
    }

    /// Decides, commits and answers every unit of a batch, whatever happens.
    func process(_ batch: [PendingUnit], on connection: Connection) {
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
        commit(current, on: connection, locking: false, isRetry: false)
    }

    /// One attempt at a batch; after a conflict once more under row locks, then in halves, so that only the unit to blame fails.
    private func commit(_ batch: [PendingUnit], on connection: Connection, locking: Bool, isRetry: Bool) {
        do {
            try connection.connectForBatch()
            let answers = try attempt(batch, locking: locking, on: connection)
            assert(answers.count == batch.count, "every unit gets an answer")
            for (pending, answer) in zip(batch, answers) { pending.finish(answer) }
        } catch let error as PostgresError where error.isConnectionLost {
            // Nothing was sent that could commit: a loss at the commit is settled inside the attempt.
            logger.error("posting connection lost", metadata: ["error": "\(error)"])
            fail(batch, .unavailable())
        } catch let error as PostgresError where !locking && AccountRows.isConflict(error) {
            connection.rollback()
            commit(batch, on: connection, locking: true, isRetry: isRetry)
        } catch let refusal as Refusal {
            connection.rollback()
            fail(batch, refusal)
        } catch let error as PostgresError where error.kind == .statement && (error.isRetryable || !error.isTransient) {
            // A conflict, or something in a unit that the database does not take: a constraint, a text it cannot store.
            connection.rollback()
            if !isRetry, error.isRetryable || error.isUniqueViolation {
                commit(batch, on: connection, locking: true, isRetry: true)
            } else if batch.count > 1 {
                let middle = batch.count / 2
                commit(Array(batch[..<middle]), on: connection, locking: true, isRetry: false)
                commit(Array(batch[middle...]), on: connection, locking: true, isRetry: false)
            } else {
                logger.error("unit cannot be posted", metadata: ["error": "\(error)"])
                fail(batch, .unavailable())
            }
        } catch {
            connection.rollback()
            logger.error("batch failed", metadata: ["error": "\(error)"])
            fail(batch, .unavailable())
        }
    }

    private func fail(_ batch: [PendingUnit], _ refusal: Refusal) {
        for pending in batch { pending.finish(.failure(refusal)) }
    }

    // MARK: One attempt

    private func attempt(
        _ batch: [PendingUnit], locking: Bool, on connection: Connection
    ) throws -> [Result<PostingReceipt, Refusal>] {
        let input = try BatchInput(batch, locking: locking, on: connection)
        let now = clock.now()
        var identifiers = ChainIdentifiers(
            lane: input.lane.number, now: now,
            floor: max(input.lane.lastIdentifier, input.dayFloor, input.accounts.map(\.lastJournal).max() ?? 0))
        var book = PostingBook(
            accounts: input.accounts, holds: input.holds, reversed: input.reversed, businessDate: input.businessDate, now: now,
            lane: input.lane.number, position: input.lane.position, mint: { identifiers.next() })
        var decisions = BatchDecisions()
        for (index, pending) in batch.enumerated() {
            decisions.decide(pending.unit, index: index, input: input, book: &book)
        }
        // Before anything is written: what comes after the commit must not be able to fail.
        let replays = try Replays(of: decisions, on: connection)
        guard !decisions.isEmpty else {
            connection.rollback()
            return answers(decisions, replays)
        }
        decisions.seal(after: input.lane.hash)
        let head = ChainLane(
            number: input.lane.number, position: book.position, lastIdentifier: decisions.lastIdentifier ?? input.lane.lastIdentifier,
            hash: decisions.journals.last?.hash ?? input.lane.hash)
        let write = BatchWrite(
            decisions: decisions, book: book, knownHolds: Set(input.holds.map(\.id)), batch: batch, head: head,
            audit: auditTrail.statements(appending: decisions.auditRecords(of: batch), to: input.auditLane), now: now)
        try send(write, decisions: decisions, lane: input.lane.number, on: connection)
        observer.posted(decisions.journals)
        observer.committed(units: decisions.committedCount)
        return answers(decisions, replays)
    }

    private func send(_ write: BatchWrite, decisions: BatchDecisions, lane: Int16, on connection: Connection) throws {
        do {
            _ = try connection.pipeline(write.statements)
        } catch let error as PostgresError where error.kind == .connectionLost {
            // The commit may have happened. The batch is one transaction, so one of its rows answers for all of them.
            logger.warning("connection lost at commit, asking what became of the batch", metadata: ["error": "\(error)"])
            guard let witness = decisions.witness, try wasCommitted(witness, lane: lane, on: connection) else {
                throw PostgresError(kind: .connectionLost, message: "the batch was not committed")
            }
        }
    }

    /// Asks on a new session whether a row of the batch is there; tries for a while, because a server that died comes back.
    private func wasCommitted(_ witness: BatchDecisions.Witness, lane: Int16, on connection: Connection) throws -> Bool {
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
                    }
                // The old session may still be at its commit. It holds the lane until it is through, so whoever has the lane knows.
                let answers = try connection.pipeline(["BEGIN", ChainLane.wait(chain: BatchInput.chain, lane: lane), sql, "ROLLBACK"])
                return !answers[2].isEmpty
            } catch let error as PostgresError where error.isTransient && clock.now() < giveUpAt {
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

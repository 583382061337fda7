import Application
import Kernel
import Ledger

/// A row with the account it is posted to.
struct PostableRow: Sendable {
    let row: TransactionRow
    let account: Identifier<Account>
    let key: IdempotencyKey
}

/// What became of a row.
enum RowOutcome: Sendable, Equatable {
    case posted
    case postedBefore
    case refused(Refusal)

    /// Whether the row's amount is in the books.
    var isInBooks: Bool { self == .posted || self == .postedBefore }
}

/// Hands many rows to the posting engine at once, so that it can commit them together.
///
/// An account has one row under way at a time: its next one is handed in when the engine has answered, so that an account's history
/// stands in the order of the rows whatever has to be tried again. Rows of different accounts run side by side.
struct TransactionPoster: Sendable {
    /// Rows under way or waiting behind their account's row; well below what the engine's queue holds.
    static let window = 2_048
    /// How long a database that does not answer is waited for: a restart takes seconds.
    static let patienceSeconds: Int64 = 60

    let engine: PostingEngine
    let keys: ImportKeys
    let clock: any WallClock

    /// Posts rows in their order.
    /// - Returns: an outcome for each row
    /// - Throws: `ImportFailure.interrupted` when the task is cancelled: rows under way are finished first;
    ///   `ImportFailure.databaseAway`
    func post(_ rows: [PostableRow], observer: @escaping ImportObserver) async throws -> [RowOutcome] {
        var run = Run(count: rows.count)
        if !rows.isEmpty { observer(ImportProgress(phase: .transactions, done: 0, total: rows.count)) }
        let failure = await withTaskGroup(of: (Int, RowOutcome?).self, returning: ImportFailure?.self) { group in
            var isAway = false
            while true {
                while !Task.isCancelled, !isAway, let index = run.admit(rows, window: Self.window) {
                    group.addTask { (index, await post(rows[index])) }
                }
                guard let (index, outcome) = await group.next() else { break }
                let following = run.finish(index, outcome, of: rows[index].account)
                if outcome == nil { isAway = true }
                if let following, !Task.isCancelled, !isAway { group.addTask { (following, await post(rows[following])) } }
                if run.done.isMultiple(of: 256) || run.done == rows.count {
                    observer(ImportProgress(phase: .transactions, done: run.done, total: rows.count, refused: run.refused))
                }
            }
            if run.done == rows.count { return nil }
            return Task.isCancelled ? .interrupted(done: run.done, of: rows.count) : .databaseAway(done: run.done, of: rows.count)
        }
        if let failure { throw failure }
        return run.outcomes.compactMap { $0 }
    }

    /// Posts one row; tries again while the bank is busy or away, which the key makes safe.
    /// - Returns: nil when the database stayed away, or when nobody waits any more
    private func post(_ row: PostableRow) async -> RowOutcome? {
        let giveUpAt = clock.now().adding(seconds: Self.patienceSeconds)
        var pauseMilliseconds: Int64 = 50
        while true {
            do {
                let receipt = try await engine.post(unit(row))
                return receipt.isReplay ? .postedBefore : .posted
            } catch let refusal as Refusal where refusal.kind != .unavailable {
                return .refused(refusal)
            } catch {
                guard clock.now() < giveUpAt, (try? await Task.sleep(for: .milliseconds(pauseMilliseconds))) != nil else { return nil }
                pauseMilliseconds = min(pauseMilliseconds * 2, 2_000)
            }
        }
    }

    private func unit(_ row: PostableRow) -> PostingUnit {
        let external = String(row.row.externalID)
        let context = keys.context(key: external, at: clock.now(), bodyDigest: ImportKeys.digest(row.row))
        return PostingUnit(
            commands: [.journal(CzechBankBooking(row.row).draft(row.row, account: row.account, source: row.key.digest))],
            context: context, idempotency: row.key,
            audit: AuditRecord(
                action: "dataimport.post", outcome: .success, actor: nil, subjectType: "account", subjectID: row.account.description,
                context: context, detail: [("dataset", keys.dataset), ("transactionID", external)]))
    }

    /// Which rows are where.
    private struct Run {
        private(set) var outcomes: [RowOutcome?]
        private(set) var done = 0
        private(set) var refused = 0
        private var next = 0
        private var open = 0
        /// Rows that wait behind their account's row, by account; an account without a row under way is not in it.
        private var waiting: [Identifier<Account>: [Int]] = [:]

        init(count: Int) {
            outcomes = Array(repeating: nil, count: count)
        }

        /// The next row that may be handed in; nil when the window is full or no row is left.
        mutating func admit(_ rows: [PostableRow], window: Int) -> Int? {
            while next < rows.count, open < window {
                let index = next
                next += 1
                open += 1
                if waiting[rows[index].account] == nil {
                    waiting[rows[index].account] = []
                    return index
                }
                waiting[rows[index].account]?.append(index)
            }
            return nil
        }

        /// Notes an answer.
        /// - Returns: the account's next row
        mutating func finish(_ index: Int, _ outcome: RowOutcome?, of account: Identifier<Account>) -> Int? {
            assert(outcomes[index] == nil, "a row is answered once")
            open -= 1
            guard let outcome else { return nil }
            outcomes[index] = outcome
            done += 1
            if !outcome.isInBooks { refused += 1 }
            guard var queue = waiting[account], !queue.isEmpty else {
                waiting[account] = nil
                return nil
            }
            let following = queue.removeFirst()
            waiting[account] = queue
            return following
        }
    }
}

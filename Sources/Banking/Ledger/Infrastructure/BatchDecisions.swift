import Application
import Kernel
import Postgres

/// What became of each unit of a batch, and what has to be written for it.
struct BatchDecisions {
    enum Outcome {
        case refused(Refusal)
        /// Posted now: its journals in the batch's list, and its holds.
        case posted(Range<Int>, [HoldState])
        /// The twin of a unit of the same batch.
        case joined(Range<Int>, [HoldState])
        /// Posted earlier.
        case replayed(StoredReceipt)
    }

    /// One row that is there exactly when the batch is.
    enum Witness {
        case journal(Identifier<Journal>)
        case holdChange(UInt128)
        case closedAccount(Identifier<Account>)
        case openedAccount(Identifier<Account>)
    }

    private(set) var outcomes: [Outcome] = []
    private(set) var journals: [PostedJournal] = []
    private(set) var holdChanges: [PostingBook.HoldChange] = []
    private(set) var newKeys: [(key: IdempotencyKey, receipt: StoredReceipt)] = []
    private(set) var newClientTransactions: [(transaction: UInt128, journal: UInt128, caller: UInt128, body: UInt128)] = []
    private(set) var reversals: [(journal: UInt128, reversal: UInt128)] = []
    private(set) var closed: [Identifier<Account>] = []
    private(set) var replays: [StoredReceipt] = []
    /// Accounts that begin with this batch.
    private(set) var opened: [NewLedgerAccount] = []
    private(set) var witness: Witness?
    private(set) var committedCount = 0
    /// Whether some unit was refused.
    private(set) var hasRefusals = false
    /// Units to be audited, by their place in the batch.
    private var audited: [Int] = []
    /// Keys posted in this very batch, by the unit that did it.
    private var keysInBatch: [UInt128: (bodyDigest: UInt128, unit: Int)] = [:]
    private var clientsInBatch: [UInt128: (bodyDigest: UInt128, caller: UInt128, unit: Int)] = [:]

    var isEmpty: Bool { committedCount == 0 }
    /// The greatest identifier that the batch used up; nil when it used none.
    var lastIdentifier: UInt128? {
        [journals.last?.id.bits, holdChanges.last?.id].compactMap { $0 }.max()
    }

    mutating func decide(_ unit: PostingUnit, index: Int, input: BatchInput, book: inout PostingBook) {
        if let earlier = earlierOutcome(unit, input) {
            outcomes.append(earlier)
            switch earlier {
            case .replayed(let receipt): replays.append(receipt)
            case .refused: hasRefusals = true
            case .posted, .joined: break
            }
            return
        }
        do {
            let initiator = unit.context.principal?.userID
            let effects = try book.apply(unit.commands, channel: unit.context.channel, initiatedBy: initiator)
            record(effects, of: unit, index: index, caller: initiator?.bits ?? 0)
        } catch {
            outcomes.append(.refused(error))
            hasRefusals = true
        }
    }

    /// The answer of a key or of a caller's transaction identifier that was used before.
    private func earlierOutcome(_ unit: PostingUnit, _ input: BatchInput) -> Outcome? {
        if let key = unit.idempotency {
            if let stored = input.outcomes[key.digest] {
                guard stored.bodyDigest == key.bodyDigest, let effect = stored.effectID else {
                    return .refused(IdempotencyKey.reused())
                }
                return .replayed(StoredReceipt(effect: effect, bytes: stored.body))
            }
            if let twin = keysInBatch[key.digest] {
                return twin.bodyDigest == key.bodyDigest ? joined(twin.unit) : .refused(IdempotencyKey.reused())
            }
        }
        let caller = unit.context.principal?.userID.bits ?? 0
        for case let id? in unit.commands.map(\.clientTransactionID) {
            let inUse = Refusal(
                .conflict, "id_in_use", "This transactionId was used for something else",
                fields: [
                    .init("transactionId", "id_in_use", "Use a new identifier for a new transaction")
                ])
            if let stored = input.clientTransactions[id] {
                let isSame = stored.caller == caller && stored.bodyDigest == unit.idempotency?.bodyDigest
                return isSame ? .replayed(StoredReceipt(effect: stored.journal, bytes: nil)) : .refused(inUse)
            }
            // The bank's own identifiers are a journal's, with the transaction's number in the last 8 bits.
            if input.mintedJournals.contains(id & ~0xFF) { return .refused(inUse) }
            if let twin = clientsInBatch[id] {
                let isSame = twin.caller == caller && twin.bodyDigest == unit.idempotency?.bodyDigest
                return isSame ? joined(twin.unit) : .refused(inUse)
            }
        }
        return nil
    }

    private func joined(_ unit: Int) -> Outcome? {
        guard case .posted(let range, let holds) = outcomes[unit] else { return nil }
        return .joined(range, holds)
    }

    private mutating func record(_ effects: PostingBook.Effects, of unit: PostingUnit, index: Int, caller: UInt128) {
        let range = journals.count..<(journals.count + effects.journals.count)
        journals += effects.journals
        holdChanges += effects.holdChanges
        opened += effects.opened
        closed += effects.closed
        outcomes.append(.posted(range, effects.holdChanges.map(\.state)))
        audited.append(index)
        committedCount += 1
        if witness == nil {
            if let journal = effects.journals.first {
                witness = .journal(journal.id)
            } else if let change = effects.holdChanges.first {
                witness = .holdChange(change.id)
            } else if let account = effects.closed.first {
                witness = .closedAccount(account)
            } else if let account = effects.opened.first {
                witness = .openedAccount(account.id)
            }
        }
        if let key = unit.idempotency {
            let receipt = StoredReceipt(
                journals: effects.journals.map(\.id.bits), holdChanges: effects.holdChanges.map(\.id),
                closedAccount: effects.closed.first?.bits)
            newKeys.append((key, receipt))
            keysInBatch[key.digest] = (key.bodyDigest, index)
        }
        for journal in effects.journals {
            if let id = journal.clientTransactionID {
                let body = unit.idempotency?.bodyDigest ?? 0
                newClientTransactions.append((id.bits, journal.id.bits, caller, body))
                clientsInBatch[id.bits] = (body, caller, index)
            }
            if let reversed = journal.reversalOf { reversals.append((reversed.bits, journal.id.bits)) }
        }
    }

    /// Chains the journals: each hash covers the journal and the hash before it.
    mutating func seal(after previous: [UInt8]) {
        var hash = previous
        for index in journals.indices {
            hash = JournalEncoding.hash(of: journals[index], after: hash)
            journals[index].hash = hash
        }
    }

    /// The records of the units; the last one also seals the batch's keys and steps of holds.
    func auditRecords(of batch: [PendingUnit], at now: Timestamp) -> [AuditRecord] {
        var records = audited.map { batch[$0].unit.audit }
        if let last = records.last, let seal = BatchSeal.text(keys: newKeys, holdChanges: holdChanges, at: now) {
            records[records.count - 1] = last.beginning(with: BatchSeal.name, seal)
        }
        return records
    }
    func companions(of batch: [PendingUnit]) -> [SQL] { audited.flatMap { batch[$0].unit.companions } }
    func events(of batch: [PendingUnit]) -> [DomainEvent] { audited.flatMap { batch[$0].unit.events } }

    /// What moved on each general-ledger account, control accounts over sub-ledgers included.
    var movements: [GLMovement] {
        var totals: [GLMovement.Key: (debit: Int64, credit: Int64)] = [:]
        for journal in journals {
            for line in journal.lines {
                let key = GLMovement.Key(code: line.glCode, currency: line.currency, date: journal.businessDate)
                var total = totals[key] ?? (0, 0)
                if line.amount < 0 { total.debit -= line.amount } else { total.credit += line.amount }
                totals[key] = total
            }
        }
        return totals.map { GLMovement(key: $0.key, debit: $0.value.debit, credit: $0.value.credit) }
    }
}

/// The sums of one batch on one general-ledger account. A batch is small enough for 64 bits.
struct GLMovement {
    struct Key: Hashable {
        let code: GLCode
        let currency: Currency
        let date: BusinessDate
    }

    let key: Key
    let debit: Int64
    let credit: Int64
}

import Application
import Kernel
import Postgres

/// The statements that store a decided batch: arrays in, one statement a table, COMMIT at the end of the same round trip.
struct BatchWrite {
    let statements: [SQL]

    /// - Parameter knownHolds: holds that were there before the batch
    init(
        decisions: BatchDecisions, book: PostingBook, knownHolds: Set<Identifier<Hold>>, batch: [PendingUnit], head: ChainLane,
        audit: [SQL], now: Timestamp
    ) {
        var statements: [SQL] = []
        if !decisions.opened.isEmpty { statements.append(LedgerAccounts.insert(decisions.opened)) }
        let changed = book.changedAccounts.sorted().compactMap { book.accounts[$0] }
        if !changed.isEmpty { statements.append(AccountRows.update(changed)) }
        if !decisions.journals.isEmpty {
            statements.append(JournalRows.insert(decisions.journals))
            statements.append(JournalRows.insertLines(of: decisions.journals))
            statements.append(Self.insert(decisions.movements))
        }
        if decisions.lastIdentifier != nil { statements.append(head.save(chain: BatchInput.chain)) }
        let holds = book.changedHolds.sorted().compactMap { book.holds[$0] }
        let newHolds = holds.filter { !knownHolds.contains($0.id) }
        let oldHolds = holds.filter { knownHolds.contains($0.id) }
        if !newHolds.isEmpty { statements.append(HoldRows.insert(newHolds, now: now)) }
        if !oldHolds.isEmpty { statements.append(HoldRows.update(oldHolds, now: now)) }
        if !decisions.holdChanges.isEmpty { statements.append(HoldRows.insertChanges(decisions.holdChanges)) }
        if !decisions.newKeys.isEmpty {
            statements.append(
                IdempotencyStore.insertEffects(
                    keys: decisions.newKeys.map(\.key.digest), bodies: decisions.newKeys.map(\.key.bodyDigest),
                    effects: decisions.newKeys.map(\.receipt.effect), receipts: decisions.newKeys.map(\.receipt.bytes), at: now))
        }
        if !decisions.newClientTransactions.isEmpty {
            let rows = decisions.newClientTransactions
            statements.append(
                """
                INSERT INTO ledger.client_transaction (transaction_id, journal_id, caller, body_digest)
                SELECT t, j, c, b FROM unnest(\(rows.map(\.transaction))::uuid[], \(rows.map(\.journal))::uuid[],
                    \(rows.map(\.caller))::uuid[], \(rows.map(\.body))::uuid[]) AS u (t, j, c, b)
                """)
        }
        if !decisions.reversals.isEmpty {
            statements.append(
                """
                INSERT INTO ledger.reversal (journal_id, reversal_id)
                SELECT j, r FROM unnest(\(decisions.reversals.map(\.journal))::uuid[], \(decisions.reversals.map(\.reversal))::uuid[])
                    AS u (j, r)
                """)
        }
        statements += decisions.companions(of: batch)
        var events = decisions.events(of: batch)
        if let event = Self.journalsPosted(decisions.journals, now: now) { events.append(event) }
        if !events.isEmpty { statements.append(Outbox.insert(events)) }
        statements += audit
        statements.append("COMMIT")
        self.statements = statements
    }

    private static func insert(_ movements: [GLMovement]) -> SQL {
        """
        INSERT INTO ledger.gl_movement (gl_code, currency, business_date, debit, credit)
        SELECT g, c, b, d, k FROM unnest(\(movements.map(\.key.code.number))::integer[], \(movements.map(\.key.currency))::text[],
            \(movements.map(\.key.date))::date[], \(movements.map(\.debit))::bigint[], \(movements.map(\.credit))::bigint[])
            AS u (g, c, b, d, k)
        """
    }

    /// One event for the batch that names its journals. Who reacts reads them through the ledger's own contract.
    private static func journalsPosted(_ journals: [PostedJournal], now: Timestamp) -> DomainEvent? {
        guard let first = journals.first else { return nil }
        let names = journals.map { "\"\($0.id)\"" }.joined(separator: ",")
        return DomainEvent(
            name: "ledger.journalsPosted", subject: first.id.bits, occurredAt: now, payload: Array("{\"journalIds\":[\(names)]}".utf8))
    }
}

import Application
import Audit
import Kernel
import Postgres

/// The statements that store a decided batch: arrays in, one statement a table, COMMIT at the end of the same round trip.
///
/// Two of them prove first that what the batch was decided on is still true, and take the whole transaction down when it is not: the
/// heads of the lanes, then the accounts together with the open day. Who opens a day holds all lanes, so behind the first statement the
/// day stands still.
struct BatchWrite {
    let statements: [SQL]
    /// Where the statement stands that moves the heads of the lanes.
    let headsIndex: Int
    /// The changed accounts as they were decided, and where the statement stands that writes them.
    let accounts: [AccountState]
    let accountsIndex: Int
    let lane: ChainLane
    let auditLane: ChainLane

    init(
        decisions: BatchDecisions, book: PostingBook, input: BatchInput, batch: [PendingUnit], auditTrail: AuditTrail, tidying: Bool,
        now: Timestamp
    ) {
        var statements: [SQL] = input.hasBegun ? [] : ["BEGIN"]
        lane = ChainLane(
            number: input.lane.number, position: book.position, lastIdentifier: decisions.lastIdentifier ?? input.lane.lastIdentifier,
            hash: decisions.journals.last?.hash ?? input.lane.hash)
        let audit = auditTrail.appending(decisions.auditRecords(of: batch, at: now), to: input.auditLane)
        auditLane = audit?.head ?? input.auditLane
        headsIndex = statements.count
        statements.append(
            ChainLane.advance([(BatchInput.chain, input.lane, lane), (AuditTrail.chain, input.auditLane, auditLane)]))
        if !decisions.opened.isEmpty {
            statements.append(LedgerAccounts.insert(decisions.opened))
            statements.append(AccountChangeRows.insert(of: decisions.opened.map(\.id), at: now))
        }
        let changed = book.changedAccounts.sorted().compactMap { book.accounts[$0] }
        accounts = changed
        accountsIndex = statements.count
        statements.append(AccountRows.update(changed, standing: book.changesStanding, tidying: tidying, openDay: input.businessDate))
        if !decisions.closed.isEmpty { statements.append(AccountChangeRows.insert(of: decisions.closed, at: now)) }
        if !decisions.journals.isEmpty {
            statements.append(JournalRows.insert(decisions.journals))
            statements.append(JournalRows.insertEntries(of: decisions.journals))
            statements.append(Self.insert(decisions.movements))
        }
        let knownHolds = Set(input.holds.map(\.id))
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
        if let audit { statements.append(audit.insert) }
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

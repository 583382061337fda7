import Application
import Kernel
import Postgres

/// What is posted together: steps that succeed or fail as one, under one key, with one audit record.
public struct PostingUnit: Sendable {
    public let commands: [LedgerCommand]
    public let context: RequestContext
    /// Nil for work that cannot be asked for twice.
    public let idempotency: IdempotencyKey?
    /// What the audit trail will say; nothing is written for a refused unit.
    public let audit: AuditRecord
    /// Further events to write in the same commit; the engine adds `ledger.journalsPosted` itself.
    public let events: [DomainEvent]
    /// What the caller's room writes in the same commit, exactly when the unit is posted. A statement that must not be overtaken guards
    /// itself by an error: the unit is then refused with 503 and nothing of it has happened.
    public let companions: [SQL]

    public init(
        commands: [LedgerCommand], context: RequestContext, idempotency: IdempotencyKey?, audit: AuditRecord, events: [DomainEvent] = [],
        companions: [SQL] = []
    ) {
        precondition(!commands.isEmpty, "a unit has at least one step")
        self.commands = commands
        self.context = context
        self.idempotency = idempotency
        self.audit = audit
        self.events = events
        self.companions = companions
    }
}

/// What became of a unit, as it stands in the books after the commit.
public struct PostingReceipt: Sendable {
    /// True when the key had been used before and nothing was done now.
    public let isReplay: Bool
    public let journals: [PostedJournal]
    public let holds: [HoldState]

    public init(isReplay: Bool, journals: [PostedJournal], holds: [HoldState]) {
        self.isReplay = isReplay
        self.journals = journals
        self.holds = holds
    }
}

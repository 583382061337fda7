import Kernel
import Postgres

/// What a command did: the answer, what to keep for the audit trail, and what to tell other rooms.
public struct CommandResult: Sendable {
    public var status: Int16
    public var body: [UInt8]
    public var location: String?
    /// What a replay answers when the body carries a secret that must not be stored.
    public var secretFreeBody: [UInt8]?
    public var audit: [AuditRecord]
    public var events: [DomainEvent]

    public init(
        status: Int16 = 200, body: [UInt8] = [], location: String? = nil, secretFreeBody: [UInt8]? = nil, audit: [AuditRecord],
        events: [DomainEvent] = []
    ) {
        self.status = status
        self.body = body
        self.location = location
        self.secretFreeBody = secretFreeBody
        self.audit = audit
        self.events = events
    }
}

public struct CommandReply: Sendable {
    public let status: Int16
    public let body: [UInt8]
    public let location: String?
    public let isReplay: Bool
}

/// The behaviours of every command that does not go through the posting engine, in their fixed order:
/// idempotency → transaction → handler → audit → outbox → commit. Tracing, authentication, authorisation and the validation of
/// fields have happened at the edge before a command gets here.
public struct CommandPipeline: Sendable {
    private let pool: ConnectionPool
    private let clock: any WallClock
    private let audit: any AuditSink

    public init(pool: ConnectionPool, clock: any WallClock, audit: any AuditSink) {
        self.pool = pool
        self.clock = clock
        self.audit = audit
    }

    /// Runs a command once per key.
    /// - Parameter isIdempotent: false for PUT, PATCH and DELETE, which are repeatable by nature
    /// - Throws: the command's own `Refusal`; 422 `idempotency_key_reused`
    public func run(
        _ context: RequestContext, isIdempotent: Bool = true, _ body: @escaping @Sendable (Transaction) throws -> CommandResult
    ) async throws -> CommandReply {
        let key = isIdempotent ? IdempotencyKey(context) : nil
        do {
            return try await attempt(key, deadline: context.deadline, body)
        } catch let error where Self.mayComeFromTwin(error) {
            // A twin that committed after our look at the keys has left its key, or an effect that our work tripped over, such as a
            // name that is taken now: then its answer is ours.
            guard let key, let reply = try await storedReply(key, deadline: context.deadline) else { throw error }
            return reply
        }
    }

    private static func mayComeFromTwin(_ error: any Error) -> Bool {
        if error is Refusal { return true }
        return (error as? PostgresError)?.isUniqueViolation == true
    }

    private func storedReply(_ key: IdempotencyKey, deadline: Timestamp) async throws -> CommandReply? {
        try await pool.read(deadline: deadline) { try Self.reply(to: key, in: $0) }
    }

    /// What was answered under a key; nil when it is new.
    /// - Throws: 422 `idempotency_key_reused`
    private static func reply(to key: IdempotencyKey, in transaction: Transaction) throws -> CommandReply? {
        guard let stored = try IdempotencyStore.outcomes(transaction.query(IdempotencyStore.find([key.digest])))[key.digest] else {
            return nil
        }
        guard stored.bodyDigest == key.bodyDigest else { throw IdempotencyKey.reused() }
        return CommandReply(status: stored.status, body: stored.body ?? [], location: stored.location, isReplay: true)
    }

    private func attempt(
        _ key: IdempotencyKey?, deadline: Timestamp, _ body: @escaping @Sendable (Transaction) throws -> CommandResult
    ) async throws -> CommandReply {
        let (clock, audit) = (clock, audit)
        return try await pool.transaction(deadline: deadline) { transaction in
            if let key, let reply = try Self.reply(to: key, in: transaction) { return reply }
            let result = try body(transaction)
            assert((200..<300).contains(result.status), "only finished work is stored; a refusal is thrown")
            if let key {
                let outcome = StoredOutcome(
                    keyDigest: key.digest, bodyDigest: key.bodyDigest, status: result.status, effectID: nil,
                    body: result.secretFreeBody ?? result.body, location: result.location)
                _ = try transaction.execute(IdempotencyStore.insert(outcome, at: clock.now()))
            }
            try Outbox.append(result.events, in: transaction)
            // Last, because it holds a lane of the chain until the commit.
            try audit.append(result.audit, in: transaction)
            return CommandReply(status: result.status, body: result.body, location: result.location, isReplay: false)
        }
    }
}

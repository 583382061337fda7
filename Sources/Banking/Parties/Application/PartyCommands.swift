import Application
import Kernel
import Postgres

/// What a change of a customer's standing does elsewhere, in the same commit. The composition root connects the accounts.
public protocol CustomerStandingObserver: Sendable {
    func standingChanged(of customer: Identifier<Customer>, to standing: CustomerStanding, in transaction: Transaction) throws
}

/// Registers, blocks and releases customers.
public struct PartyCommands: Sendable {
    private let pool: ConnectionPool
    private let pipeline: CommandPipeline
    private let clock: any WallClock
    private let identifiers: any IdentifierSource
    private let numbers: NumberBlocks
    private let observers: [any CustomerStandingObserver]
    private let directory = PartyDirectory()

    public init(
        pool: ConnectionPool, pipeline: CommandPipeline, clock: any WallClock, identifiers: any IdentifierSource,
        observers: [any CustomerStandingObserver]
    ) {
        self.pool = pool
        self.pipeline = pipeline
        self.clock = clock
        self.identifiers = identifiers
        self.observers = observers
        numbers = NumberBlocks(pool: pool, clock: clock, table: "parties.number_block", greatestNumber: CIFNumber.greatestSerial)
    }

    /// Registers one customer; the context's idempotency key makes a repetition answer the same customer.
    public func register(_ customer: NewCustomer, context: RequestContext) async throws -> CustomerRecord {
        guard let registered = try await register([customer], context: context).first else {
            preconditionFailure("one customer in, one customer out")
        }
        return registered
    }

    /// Registers many customers in one commit, all or none.
    /// - Returns: the customers in the order given; on a repetition those of the first time
    /// - Throws: 409 `id_in_use`; 422 `idempotency_key_reused`
    public func register(_ customers: [NewCustomer], context: RequestContext) async throws -> [CustomerRecord] {
        guard !customers.isEmpty else { return [] }
        let now = clock.now()
        var records: [CustomerRecord] = []
        records.reserveCapacity(customers.count)
        for new in customers {
            records.append(
                CustomerRecord(
                    id: new.id ?? identifiers.next(), cifNumber: CIFNumber.text(serial: try await numbers.next()), kind: new.kind,
                    status: .active, fullName: new.fullName, firstName: new.firstName, middleName: new.middleName, lastName: new.lastName,
                    email: new.email, phone: new.phone, segment: new.segment, kycStatus: new.kycStatus, kycTier: new.kycTier,
                    createdAt: now, version: 1))
        }
        let stored = records
        let reply: CommandReply
        do {
            reply = try await pipeline.run(context) { transaction in
                _ = try transaction.execute(CustomerStore.insert(stored))
                try PartyHistory.append(
                    stored.map(\.id), action: "registered", fields: [], by: context.principal, at: now, in: transaction)
                return CommandResult(
                    status: 201, body: Array(stored.map(\.id.description).joined(separator: ",").utf8),
                    audit: stored.map { Self.audit("parties.register", $0.id, context, [("cifNumber", $0.cifNumber)]) },
                    events: stored.map {
                        DomainEvent(name: "parties.customerRegistered", subject: $0.id.bits, occurredAt: now, payload: [])
                    })
            }
        } catch let error as PostgresError where error.isUniqueViolation(constraint: "customer_pkey") {
            throw Refusal(.conflict, "id_in_use", "A customer has this identifier already")
        }
        guard reply.isReplay else { return stored }
        let ids = String(decoding: reply.body, as: UTF8.self).split(separator: ",").compactMap { Identifier<Customer>($0) }
        let directory = directory
        let found = try await pool.read { try directory.customers(ids, in: $0) }
        return ids.compactMap { found[$0] }
    }

    /// A blocked customer's accounts refuse debits from this commit on.
    /// - Throws: 404 `customer_not_found`; 409 `invalid_state`
    public func block(_ id: Identifier<Customer>, reason: String, context: RequestContext) async throws -> CustomerRecord {
        try await change(id, action: "parties.block", detail: [("reason", reason)], context: context) { customer in
            guard customer.status == .active else { throw Refusal.invalidState(customer.status.rawValue, "The customer is not active") }
            return "status = 'blocked', block_source = 'officer'"
        }
    }

    /// - Throws: 404 `customer_not_found`; 409 `invalid_state`
    public func unblock(_ id: Identifier<Customer>, reason: String, context: RequestContext) async throws -> CustomerRecord {
        try await change(id, action: "parties.unblock", detail: [("reason", reason)], context: context) { customer in
            guard customer.status == .blocked else { throw Refusal.invalidState(customer.status.rawValue, "The customer is not blocked") }
            return "status = 'active', block_source = NULL"
        }
    }

    /// Records how far the customer is verified, and what that allows.
    /// - Throws: 404 `customer_not_found`
    public func setKYC(
        _ id: Identifier<Customer>, status: KYCStatus, tier: Int16, remarks: String, context: RequestContext
    ) async throws -> CustomerRecord {
        guard (0...3).contains(tier) else { throw Refusal.validation([.init("kycTier", "out_of_range", "Tiers are 0 to 3")]) }
        let detail = [("status", status.rawValue), ("tier", String(tier)), ("remarks", remarks)]
        return try await change(id, action: "parties.setKYC", detail: detail, context: context) { _ in
            "kyc_status = \(status.rawValue), kyc_tier = \(tier)"
        }
    }

    private func change(
        _ id: Identifier<Customer>, action: String, detail: [(String, String)], context: RequestContext,
        _ assignment: @escaping @Sendable (CustomerRecord) throws -> SQL
    ) async throws -> CustomerRecord {
        let (observers, now) = (observers, clock.now())
        _ = try await pipeline.run(context, isIdempotent: false) { transaction in
            guard
                let before = try transaction.query(CustomerStore.select("id = \(id)") + " FOR UPDATE").first
                    .map({ try CustomerStore.record($0) })
            else { throw Refusal.notFound("customer_not_found", "There is no such customer") }
            let assignments = try assignment(before)
            let rows = try transaction.query(
                """
                UPDATE parties.customer SET \(assignments), version = version + 1 WHERE id = \(id)
                RETURNING \(raw: CustomerStore.columns)
                """)
            guard let after = try rows.first.map({ try CustomerStore.record($0) }) else { throw Refusal.unavailable() }
            try PartyHistory.append(
                [id], action: action, fields: [], remarks: detail.first?.1, by: context.principal, at: now, in: transaction)
            for observer in observers {
                try observer.standingChanged(of: id, to: CustomerStanding(after), in: transaction)
            }
            return CommandResult(
                audit: [Self.audit(action, id, context, detail)],
                events: [DomainEvent(name: "parties.standingChanged", subject: id.bits, occurredAt: now, payload: [])])
        }
        let directory = directory
        guard let customer = try await pool.read({ try directory.customer(id, in: $0) }) else {
            throw Refusal.notFound("customer_not_found", "There is no such customer")
        }
        return customer
    }

    private static func audit(
        _ action: String, _ id: Identifier<Customer>, _ context: RequestContext, _ detail: [(String, String)]
    ) -> AuditRecord {
        AuditRecord(
            action: action, outcome: .success, actor: context.principal?.userID, subjectType: "customer", subjectID: id.description,
            context: context, detail: detail)
    }
}

import Application
import Kernel
import Postgres

/// What a search asks for; at least one criterion is set.
public struct PartySearch: Sendable {
    public var name: String?
    public var idNumber: String?
    public var phone: String?
    public var email: String?
    public var kraPin: String?
    public var cifNumber: String?

    public init(name: String?, idNumber: String?, phone: String?, email: String?, kraPin: String?, cifNumber: String?) {
        self.name = name
        self.idNumber = idNumber
        self.phone = phone
        self.email = email
        self.kraPin = kraPin
        self.cifNumber = cifNumber
    }
}

/// Something about a customer that somebody should act on.
public struct PartyNotice: Sendable, Equatable {
    public let code: String
    public let message: String
}

/// A part of the view of a customer that another room delivers: ready JSON objects.
public struct OverviewSection: Sendable {
    public let name: String
    public let items: [[UInt8]]

    public init(name: String, items: [[UInt8]]) {
        self.name = name
        self.items = items
    }
}

/// Delivers parts of the view of a customer. The composition root connects the rooms that have some.
public protocol OverviewContributor: Sendable {
    func sections(of customer: Identifier<Customer>, context: RequestContext) async throws -> [OverviewSection]
}

/// Everything about one customer.
public struct PartyOverview: Sendable {
    public let party: PartyRecord
    public let documents: [PartyDocumentRecord]
    public let relationships: [RelationshipRecord]
    public let notices: [PartyNotice]
    public let sections: [OverviewSection]
}

/// Reads of the customer file. Whoever sees numbers unmasked leaves a record in the audit trail.
public struct PartyQueries: Sendable {
    private let pool: ConnectionPool
    private let readers: ConnectionPool
    private let audit: any AuditSink
    private let clock: any WallClock
    private let store: PartyStore
    private let contributors: [any OverviewContributor]

    public init(
        pool: ConnectionPool, readers: ConnectionPool, audit: any AuditSink, clock: any WallClock, vault: PartyVault,
        contributors: [any OverviewContributor] = []
    ) {
        self.pool = pool
        self.readers = readers
        self.audit = audit
        self.clock = clock
        store = PartyStore(vault: vault)
        self.contributors = contributors
    }

    /// Roles that see document numbers, KRA PIN and phone as they are.
    public static let seesNumbers = RoleSet.branch.union(RoleSet(.complianceOfficer))

    public static func isUnmasked(_ principal: Principal?) -> Bool { principal?.roles.intersects(seesNumbers) ?? false }

    /// - Throws: 404 `customer_not_found`
    public func party(_ reference: String, context: RequestContext) async throws -> PartyRecord {
        try await looking(context) { transaction in
            let party = try store.require(reference, in: transaction)
            return (party, [viewed("parties.view", party.customer.id, context)])
        }
    }

    /// The state of a party that an answer is about.
    public func party(_ state: PartyVersion) async throws -> PartyRecord {
        let store = store
        let found = try await pool.read {
            try PartyHistory.record(of: state.id, at: nil, version: state.version, store: store, in: $0)
        }
        guard let found else { throw Refusal.customerNotFound }
        return found
    }

    /// - Parameter after: where the page before ended; newest first
    public func search(
        _ search: PartySearch, after: Identifier<Customer>?, limit: Int, context: RequestContext
    ) async throws -> [PartyRecord] {
        let (store, condition) = (store, condition(search, after: after))
        return try await looking(context) { transaction in
            let found = try transaction.query(PartyStore.select(condition) + " ORDER BY c.id DESC LIMIT \(Int64(limit))").map {
                try store.record($0)
            }
            // What was searched for is personal; how many were found is enough to know.
            let note = AuditRecord(
                action: "parties.search", outcome: .success, actor: context.principal?.userID, subjectType: "customer", subjectID: "",
                context: context, detail: [("found", String(found.count))])
            return (found, [note])
        }
    }

    private func condition(_ search: PartySearch, after: Identifier<Customer>?) -> SQL {
        var sql: SQL = "c.merged_into IS NULL"
        if let after { sql = sql + " AND c.id < \(after)" }
        if let name = search.name {
            let pattern =
                "%" + name.lowercased().replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_") + "%"
            // Parts are found literally, near spellings by their trigrams, other spellings of the same name by the sounds of all its words.
            sql =
                sql
                    + """
                     AND (lower(c.full_name) LIKE \(pattern) OR lower(c.full_name) % \(name.lowercased())
                        OR \(name.lowercased()) <% lower(c.full_name)
                        OR (parties.name_sounds(\(name)) <> '{}' AND parties.name_sounds(c.full_name) @> parties.name_sounds(\(name))))
                    """
        }
        if let phone = search.phone { sql = sql + " AND c.phone = \(phone)" }
        if let email = search.email { sql = sql + " AND lower(c.email) = \(email.lowercased())" }
        if let cifNumber = search.cifNumber { sql = sql + " AND c.cif_number = \(cifNumber)" }
        func numbered(_ kind: String, _ digest: [UInt8]) -> SQL {
            " AND c.id IN (SELECT customer_id FROM parties.identity_number WHERE kind = \(kind) AND digest = \(digest))"
        }
        if let number = search.idNumber { sql = sql + numbered("number", store.vault.numberDigest(number)) }
        if let pin = search.kraPin { sql = sql + numbered("kraPin", store.vault.kraPinDigest(pin.uppercased())) }
        return sql
    }

    /// Parties that wait for verification, those that wait longest first.
    public func pendingKYC(
        after: (since: Timestamp, id: Identifier<Customer>)?, limit: Int, context: RequestContext
    ) async throws -> [PartyRecord] {
        let (since, id) = (after?.since ?? Timestamp(microseconds: 0), after?.id ?? Identifier(bits: 0))
        return try await list(
            """
            c.kyc_status IN ('pending', 'inProgress', 'expired', 'requiresUpdate') AND c.status <> 'closed'
            AND (coalesce(c.kyc_since, c.created_at), c.id) > (\(since), \(id)) ORDER BY coalesce(c.kyc_since, c.created_at), c.id
            """, limit, context)
    }

    /// Parties that need a closer look, newest first.
    public func highRisk(after: Identifier<Customer>?, limit: Int, context: RequestContext) async throws -> [PartyRecord] {
        let bound = after ?? Identifier(bits: .max)
        return try await list(
            """
            (c.risk_rating IN ('high', 'veryHigh', 'prohibited') OR c.is_pep OR c.is_sanctioned OR c.possible_duplicates <> '{}')
            AND c.status <> 'closed' AND c.id < \(bound) ORDER BY c.id DESC
            """, limit, context)
    }

    private func list(_ condition: SQL, _ limit: Int, _ context: RequestContext) async throws -> [PartyRecord] {
        let store = store
        let sql = PartyStore.select(condition) + " LIMIT \(Int64(limit))"
        return try await looking(context) { transaction in
            let found = try transaction.query(sql).map { try store.record($0) }
            return (found, found.isEmpty ? [] : [viewed("parties.list", nil, context)])
        }
    }

    /// The record as it stood and the changes up to then, newest first.
    /// - Throws: 404 `customer_not_found`, also for a moment before there was a record
    func history(
        _ reference: String, asOf: Timestamp?, context: RequestContext
    ) async throws -> (party: PartyRecord, changes: [PartyHistory.Change]) {
        try await looking(context) { transaction in
            let id = try PartyDirectory().require(reference, in: transaction).id
            guard let record = try PartyHistory.record(of: id, at: asOf, store: store, in: transaction) else {
                throw Refusal.customerNotFound
            }
            let changes = try PartyHistory.changes(of: id, until: asOf, in: transaction)
            return ((record, changes), [viewed("parties.viewHistory", id, context)])
        }
    }

    public func overview(_ reference: String, context: RequestContext) async throws -> PartyOverview {
        let base = try await looking(context) { transaction in
            let party = try store.require(reference, in: transaction)
            let id = party.customer.id
            let documents = try DocumentStore.list(of: id, in: transaction)
            let relationships = try RelationshipStore.list(of: id, in: transaction)
            return ((party, documents, relationships), [viewed("parties.viewOverview", id, context)])
        }
        var sections: [OverviewSection] = []
        for contributor in contributors { sections += try await contributor.sections(of: base.0.customer.id, context: context) }
        return PartyOverview(
            party: base.0, documents: base.1, relationships: base.2, notices: notices(about: base.0, documents: base.1), sections: sections)
    }

    /// A customer's own record with its documents.
    /// - Throws: 404 `customer_not_found`
    func own(
        _ customer: Identifier<Customer>, context: RequestContext
    ) async throws -> (party: PartyRecord, documents: [PartyDocumentRecord]) {
        let store = store
        return try await readers.read(deadline: context.deadline) { transaction in
            let party = try store.require(customer.description, in: transaction)
            return (party, try DocumentStore.list(of: party.customer.id, in: transaction))
        }
    }

    /// Documents that customers have sent and that nobody has verified yet, those that wait longest first.
    func uploads(
        after: Identifier<PartyDocument>?, limit: Int, context: RequestContext
    ) async throws -> [UploadStore.Waiting] {
        try await looking(context) { transaction in
            let found = try UploadStore.waiting(after: after, limit: limit, in: transaction)
            return (found, found.isEmpty ? [] : [viewed("parties.list", nil, context)])
        }
    }

    /// What a customer's file lacks.
    public func notices(about party: PartyRecord, documents: [PartyDocumentRecord]) -> [PartyNotice] {
        let today = BusinessDate(of: clock.now())
        var notices: [PartyNotice] = []
        func note(_ code: String, _ message: String) { notices.append(PartyNotice(code: code, message: message)) }
        switch party.customer.kycStatus {
        case .expired: note("kycExpired", "The verification has expired")
        case .pending, .inProgress, .requiresUpdate: note("kycIncomplete", "The verification is not complete")
        case .rejected: note("kycRejected", "The verification was refused")
        case .verified:
            if let expiry = party.kycExpiryDate, expiry.days(since: today) <= 30 {
                note("kycExpiring", "The verification expires on \(expiry)")
            }
        }
        if let expiry = party.profile.identification?.expiryDate, expiry < today {
            note("identificationExpired", "The identity document expired on \(expiry)")
        }
        for document in documents where document.expiryDate.map({ $0 < today }) ?? false {
            note("documentExpired", "\(document.documentType) expired")
        }
        for missing in KYCPolicy.missingDocuments(party, present: Set(documents.map(\.documentType))) {
            note("documentMissing", "\(missing) is missing")
        }
        for missing in KYCPolicy.missing(for: party.customer.kycTier, party) { note("dataMissing", "\(missing) is missing") }
        if party.customer.status == .blocked { note("blocked", "The customer is blocked") }
        if !party.possibleDuplicates.isEmpty { note("possibleDuplicate", "Another record has a similar name and the same day of birth") }
        return notices
    }

    /// Reads, and keeps in the same commit that somebody who sees numbers has looked.
    private func looking<Value: Sendable>(
        _ context: RequestContext, _ read: @escaping @Sendable (Transaction) throws -> (Value, [AuditRecord])
    ) async throws -> Value {
        guard Self.isUnmasked(context.principal) else {
            return try await readers.read(deadline: context.deadline) { try read($0).0 }
        }
        let audit = audit
        return try await pool.transaction(deadline: context.deadline) { transaction in
            let (value, records) = try read(transaction)
            try audit.append(records, in: transaction)
            return value
        }
    }

    private func viewed(_ action: String, _ id: Identifier<Customer>?, _ context: RequestContext) -> AuditRecord {
        AuditRecord(
            action: action, outcome: .success, actor: context.principal?.userID, subjectType: "customer", subjectID: id?.description ?? "",
            context: context)
    }
}

import Application
import Kernel
import Postgres

/// A party to be registered, checked field by field already.
public struct PartyDraft: Sendable {
    public var kind: CustomerKind
    public var fullName: String
    public var firstName: String?
    public var middleName: String?
    public var lastName: String?
    public var email: String?
    public var phone: String?
    public var birthDate: BusinessDate?
    public var nationality: String?
    public var address: PostalAddress?
    public var language: Language
    public var profile: PartyProfile
    public var kycStatus = KYCStatus.pending
    public var kycTier: Int16 = 0

    public init(
        kind: CustomerKind, fullName: String, firstName: String? = nil, middleName: String? = nil, lastName: String? = nil, email: String?,
        phone: String?, birthDate: BusinessDate? = nil, nationality: String? = nil, address: PostalAddress? = nil,
        language: Language = .en, profile: PartyProfile
    ) {
        self.kind = kind
        self.fullName = fullName
        self.firstName = firstName
        self.middleName = middleName
        self.lastName = lastName
        self.email = email
        self.phone = phone
        self.birthDate = birthDate
        self.nationality = nationality
        self.address = address
        self.language = language
        self.profile = profile
    }
}

/// A draft with the identifier and number minted for it, ready to be written inside somebody's transaction.
public struct PreparedParty: Sendable {
    public let id: Identifier<Customer>
    public let cifNumber: String
    let draft: PartyDraft
}

/// Which state of a party an answer shows.
public struct PartyVersion: Sendable, Equatable {
    public let id: Identifier<Customer>
    public let version: Int64
    public let isReplay: Bool
}

/// Registers and changes parties: duplicates are refused, every new or changed name is screened, every state is kept.
public struct PartyRegistry: Sendable {
    let pool: ConnectionPool
    let pipeline: CommandPipeline
    let clock: any WallClock
    let identifiers: any IdentifierSource
    let store: PartyStore
    let screener: any PartyScreener
    let observers: [any CustomerStandingObserver]
    private let numbers: NumberBlocks

    public init(
        pool: ConnectionPool, pipeline: CommandPipeline, clock: any WallClock, identifiers: any IdentifierSource, vault: PartyVault,
        screener: any PartyScreener, observers: [any CustomerStandingObserver]
    ) {
        self.pool = pool
        self.pipeline = pipeline
        self.clock = clock
        self.identifiers = identifiers
        store = PartyStore(vault: vault)
        self.screener = screener
        self.observers = observers
        numbers = NumberBlocks(pool: pool, clock: clock, table: "parties.number_block", greatestNumber: CIFNumber.greatestSerial)
    }

    // MARK: Registering

    /// Registers a party under the caller's key.
    /// - Throws: 409 `duplicate_customer`
    public func register(_ draft: PartyDraft, context: RequestContext) async throws -> PartyVersion {
        let prepared = try await prepare(draft)
        return try await Self.refusingDuplicates {
            let reply = try await pipeline.run(context) { transaction in
                let party = try insert(prepared, context: context, in: transaction)
                return CommandResult(
                    status: 201, body: Self.encode(party.customer), audit: [audit("parties.register", party, context)],
                    events: [event("parties.customerRegistered", party)])
            }
            return try Self.decode(reply)
        }
    }

    public func prepare(_ draft: PartyDraft) async throws -> PreparedParty {
        PreparedParty(id: identifiers.next(), cifNumber: CIFNumber.text(serial: try await numbers.next()), draft: draft)
    }

    /// Writes a party in the caller's transaction; the caller keeps the audit record and tells `refusingDuplicates` what it does.
    @discardableResult
    public func insert(_ prepared: PreparedParty, context: RequestContext, in transaction: Transaction) throws -> PartyRecord {
        let (draft, now) = (prepared.draft, clock.now())
        var party = PartyRecord(
            customer: CustomerRecord(
                id: prepared.id, cifNumber: prepared.cifNumber, kind: draft.kind, status: .active, fullName: draft.fullName,
                firstName: draft.firstName, middleName: draft.middleName, lastName: draft.lastName, email: draft.email, phone: draft.phone,
                segment: RiskPolicy.segment(kind: draft.kind, profile: draft.profile), kycStatus: draft.kycStatus, kycTier: draft.kycTier,
                createdAt: now, version: 1),
            birthDate: draft.birthDate, nationality: draft.nationality, address: draft.address, language: draft.language, riskRating: .low,
            isPEP: false, isSanctioned: false, kycExpiryDate: nil, kycSince: now, blockSource: nil, mergedInto: nil, possibleDuplicates: [],
            profile: draft.profile)
        if draft.kycStatus == .verified { party.kycExpiryDate = KYCPolicy.expiry(from: BusinessDate(of: now), rating: .low) }
        party.possibleDuplicates = try store.similar(to: party, in: transaction)
        let outcome = try screener.screen(PartyForScreening(party), context: context, in: transaction)
        party.riskRating = RiskPolicy.rating(of: party, screening: outcome)
        if outcome == .block {
            party.customer.status = .blocked
            party.blockSource = .screening
        }
        try store.insert(party, in: transaction)
        try PartyHistory.append([party.customer.id], action: "registered", fields: [], by: context.principal, at: now, in: transaction)
        return party
    }

    /// Whether somebody with a similar name and the same day of birth is a customer already.
    public func hasSimilar(_ prepared: PreparedParty, in transaction: Transaction) throws -> Bool {
        try store.similar(
            id: prepared.id, kind: prepared.draft.kind, fullName: prepared.draft.fullName, birthDate: prepared.draft.birthDate,
            in: transaction
        ).isEmpty == false
    }

    /// Turns the database's refusal of a second party with the same document into the contract's.
    public static func refusingDuplicates<Value>(_ work: () async throws -> Value) async throws -> Value {
        do {
            return try await work()
        } catch {
            throw refusal(for: error) ?? error
        }
    }

    /// 409 `duplicate_customer` for what the database says of a second party with the same document; nil for anything else.
    public static func refusal(for error: any Error) -> Refusal? {
        guard let error = error as? PostgresError, error.isUniqueViolation(constraint: "identity_number_taken") else { return nil }
        return Refusal(.conflict, "duplicate_customer", "A customer with this identity document or registration exists already")
    }

    /// Whether somebody is registered with this document; for those who must not learn it from an error.
    public func isRegistered(_ document: Identification, in transaction: Transaction) throws -> CustomerRecord? {
        let digest = store.vault.documentDigest(document)
        let rows = try transaction.query(
            "SELECT customer_id FROM parties.identity_number WHERE kind = 'document' AND digest = \(digest)")
        guard let id: Identifier<Customer> = try rows.first?.identifier(0) else { return nil }
        return try PartyDirectory().customer(id, in: transaction)
    }

    // MARK: Changing

    /// What a change was about, for history and audit.
    struct ChangeNote: Sendable {
        var action: String
        var fields: [String] = []
        var remarks: String?
        var detail: [(String, String)] = []
    }

    /// Changes one party under its lock and writes everything that belongs to a change: the row, its history, the accounts' standing, audit.
    /// - Parameter version: the version that the caller saw; nil when the change does not depend on it
    /// - Throws: 404 `customer_not_found`; 409 `version_conflict`; what `mutate` throws
    func change(
        _ reference: String, version: Int64? = nil, isIdempotent: Bool = false, context: RequestContext,
        _ mutate: @escaping @Sendable (inout PartyRecord, Transaction) throws -> ChangeNote
    ) async throws -> PartyVersion {
        try await Self.refusingDuplicates {
            let reply = try await pipeline.run(context, isIdempotent: isIdempotent) { transaction in
                var party = try store.require(reference, locking: true, in: transaction)
                if let version, party.customer.version != version {
                    throw Refusal(.conflict, "version_conflict", "The record was changed in the meantime; please read it again")
                }
                let before = party
                let note = try mutate(&party, transaction)
                try save(&party, before: before, note, context: context, in: transaction)
                return CommandResult(
                    body: Self.encode(party.customer), audit: [audit("parties." + note.action, party, context, note)],
                    events: [event("parties.customerChanged", party)])
            }
            return try Self.decode(reply)
        }
    }

    /// Changes a party's data.
    /// - Parameter apply: puts the change into the record and names the fields that it changed
    /// - Throws: 404 `customer_not_found`; 409 `version_conflict`, `duplicate_customer`, `invalid_state` for a closed party
    public func update(
        _ reference: String, version: Int64, context: RequestContext, _ apply: @escaping @Sendable (inout PartyRecord) throws -> [String]
    ) async throws -> PartyVersion {
        try await change(reference, version: version, context: context) { party, _ in
            guard party.customer.status != .closed else {
                throw Refusal.invalidState(party.customer.status.rawValue, "A closed record is not changed any more")
            }
            return ChangeNote(action: "update", fields: try apply(&party))
        }
    }

    /// Gives a party that was registered by name only its full record; one that has a record keeps it.
    public func complete(_ id: Identifier<Customer>, with draft: PartyDraft, context: RequestContext) async throws {
        let existing = try await pool.read { [store] in try store.find(id, in: $0) }
        guard let existing, existing.profile == PartyProfile() else { return }
        _ = try await change(id.description, context: context) { party, _ in
            party.birthDate = draft.birthDate
            party.nationality = draft.nationality
            party.address = party.address ?? draft.address
            party.profile = draft.profile
            if party.customer.kycStatus == .verified {
                party.kycExpiryDate = KYCPolicy.expiry(from: BusinessDate(of: clock.now()), rating: party.riskRating)
            }
            return ChangeNote(action: "complete", fields: party.profile.changedFields(to: PartyProfile()))
        }
    }

    func save(
        _ party: inout PartyRecord, before: PartyRecord, _ note: ChangeNote, context: RequestContext, in transaction: Transaction
    ) throws {
        assert(party.customer.id == before.customer.id, "a change stays with its party")
        let now = clock.now()
        if party.customer.kycStatus != before.customer.kycStatus || party.customer.kycTier != before.customer.kycTier {
            party.kycSince = now
        }
        if PartyForScreening(party) != PartyForScreening(before) {
            party.possibleDuplicates = try store.similar(to: party, in: transaction)
            let outcome = try screener.screen(PartyForScreening(party), context: context, in: transaction)
            party.riskRating = max(before.riskRating, RiskPolicy.rating(of: party, screening: outcome))
            if outcome == .block, party.customer.status == .active {
                party.customer.status = .blocked
                party.blockSource = .screening
            }
        }
        party.customer.version += 1
        try store.update(party, in: transaction)
        try PartyHistory.append(
            [party.customer.id], action: note.action, fields: note.fields, remarks: note.remarks, by: context.principal, at: now,
            in: transaction)
        let standing = CustomerStanding(party.customer)
        guard standing != CustomerStanding(before.customer) else { return }
        for observer in observers { try observer.standingChanged(of: party.customer.id, to: standing, in: transaction) }
    }

    // MARK: Small things

    /// The stored answer names the state of the record; the record itself is personal and stays sealed in its history.
    private static func encode(_ customer: CustomerRecord) -> [UInt8] { Array("\(customer.id)/\(customer.version)".utf8) }

    private static func decode(_ reply: CommandReply) throws -> PartyVersion {
        let parts = String(decoding: reply.body, as: UTF8.self).split(separator: "/")
        guard parts.count == 2, let id = Identifier<Customer>(parts[0]), let version = Int64(parts[1]) else {
            throw Refusal.unavailable("The answer under this key cannot be read")
        }
        return PartyVersion(id: id, version: version, isReplay: reply.isReplay)
    }

    func audit(_ action: String, _ party: PartyRecord, _ context: RequestContext, _ note: ChangeNote? = nil) -> AuditRecord {
        var detail = [("cifNumber", party.customer.cifNumber), ("version", String(party.customer.version))]
        if let note {
            if !note.fields.isEmpty { detail.append(("fields", note.fields.joined(separator: ","))) }
            if let remarks = note.remarks { detail.append(("remarks", remarks)) }
            detail += note.detail
        }
        return AuditRecord(
            action: action, outcome: .success, actor: context.principal?.userID, subjectType: "customer",
            subjectID: party.customer.id.description, context: context, detail: detail)
    }

    private func event(_ name: String, _ party: PartyRecord) -> DomainEvent {
        DomainEvent(name: name, subject: party.customer.id.bits, occurredAt: clock.now(), payload: [])
    }
}

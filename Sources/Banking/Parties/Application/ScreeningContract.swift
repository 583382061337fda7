import Kernel
import Postgres

/// A party as the lists are asked about it.
public struct PartyForScreening: Sendable, Equatable {
    public let id: Identifier<Customer>
    public let kind: CustomerKind
    public let name: String
    /// Directors and owners of an organisation: they are asked about under the same party.
    public let associates: [String]
    public let birthDate: BusinessDate?
    /// ISO 3166 alpha-2.
    public let nationality: String?
    public let documentNumbers: [String]

    public init(
        id: Identifier<Customer>, kind: CustomerKind, name: String, associates: [String] = [], birthDate: BusinessDate? = nil,
        nationality: String? = nil, documentNumbers: [String] = []
    ) {
        self.id = id
        self.kind = kind
        self.name = name
        self.associates = associates
        self.birthDate = birthDate
        self.nationality = nationality
        self.documentNumbers = documentNumbers
    }

    init(_ party: PartyRecord) {
        self.init(
            id: party.customer.id, kind: party.customer.kind, name: party.customer.fullName, associates: party.profile.associates,
            birthDate: party.birthDate, nationality: party.nationality, documentNumbers: party.profile.documentNumbers)
    }
}

/// Compares a party with the lists, in the commit that makes or changes it. The room Screening implements it.
public protocol PartyScreener: Sendable {
    func screen(_ party: PartyForScreening, context: RequestContext, in transaction: Transaction) throws -> PartyScreeningOutcome
}

/// No lists, everybody is clear: for imports of other banks' books and for tests.
public struct NoScreening: PartyScreener {
    public init() {}

    public func screen(_ party: PartyForScreening, context: RequestContext, in transaction: Transaction) -> PartyScreeningOutcome { .clear }
}

/// What a review of screening hits, or a screening of the whole base, does to the customer file. Called in the reviewer's transaction.
public struct PartyScreeningEffects: Sendable {
    public enum Verdict: Sendable, Equatable {
        /// A new match waits for review; a blocking one stops the party until then.
        case matched(PartyScreeningOutcome)
        /// Nothing speaks against the party any more.
        case cleared
        /// It is the listed person.
        case confirmed
    }

    private let store: PartyStore
    private let clock: any WallClock
    private let observers: [any CustomerStandingObserver]

    public init(vault: PartyVault, clock: any WallClock, observers: [any CustomerStandingObserver]) {
        store = PartyStore(vault: vault)
        self.clock = clock
        self.observers = observers
    }

    public func apply(
        _ verdict: Verdict, to id: Identifier<Customer>, isPEP: Bool = false, context: RequestContext, in transaction: Transaction
    ) throws {
        guard var party = try store.find(id, locking: true, in: transaction) else { return }
        let before = party
        if isPEP { party.isPEP = true }
        switch verdict {
        case .matched(let outcome):
            if outcome == .block, party.customer.status == .active {
                party.customer.status = .blocked
                party.blockSource = .screening
            }
            party.riskRating = max(party.riskRating, RiskPolicy.rating(of: party, screening: outcome))
        case .cleared:
            party.isSanctioned = false
            if party.blockSource == .screening {
                party.customer.status = .active
                party.blockSource = nil
            }
            party.riskRating = RiskPolicy.rating(of: party, screening: .clear)
        case .confirmed:
            party.isSanctioned = true
            party.riskRating = .prohibited
            if party.customer.status == .active {
                party.customer.status = .blocked
                party.blockSource = .screening
            }
        }
        guard party != before else { return }
        party.customer.version += 1
        try store.update(party, in: transaction)
        try PartyHistory.append(
            [id], action: "screening", fields: ["status", "riskRating"], by: context.principal, at: clock.now(), in: transaction)
        if party.customer.status != before.customer.status {
            for observer in observers {
                try observer.standingChanged(of: id, to: CustomerStanding(party.customer), in: transaction)
            }
        }
    }
}

/// Parties one after the other, for screening the whole base.
public struct PartiesForScreening: Sendable {
    private let store: PartyStore

    public init(vault: PartyVault) {
        store = PartyStore(vault: vault)
    }

    /// The next parties in the order of their identifiers; empty at the end. Closed ones are left out.
    public func next(after id: Identifier<Customer>?, limit: Int64, in transaction: Transaction) throws -> [PartyForScreening] {
        let start = id ?? Identifier(bits: 0)
        return try transaction.query(PartyStore.select("c.id > \(start) AND c.status <> 'closed'") + " ORDER BY c.id LIMIT \(limit)")
            .map { PartyForScreening(try store.record($0)) }
    }

    /// One party by identifier or CIF number.
    /// - Throws: 404 `customer_not_found`
    public func party(_ reference: String, in transaction: Transaction) throws -> PartyForScreening {
        PartyForScreening(try store.require(reference, in: transaction))
    }
}

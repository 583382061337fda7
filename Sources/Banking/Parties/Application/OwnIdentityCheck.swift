import Application
import Kernel
import Postgres

/// What a level of verification allows, as the tariff in force says it; nil is no limit.
public struct TierAllowance: Sendable, Equatable {
    public let perTransaction: Money?
    public let daily: Money?
    public let balance: Money?

    public init(perTransaction: Money?, daily: Money?, balance: Money?) {
        self.perTransaction = perTransaction
        self.daily = daily
        self.balance = balance
    }
}

/// Kinds of documents that customers send themselves.
public enum OwnDocumentType: String, Sendable, CaseIterable {
    case nationalId, passport, alienId, drivingLicence, photo, kraPinCertificate, proofOfAddress, sourceOfFunds
    case registrationCertificate, cr12, boardResolution
}

/// How far a customer is verified, what that allows, and what the file still lacks.
struct IdentityStanding: Sendable {
    let party: PartyRecord
    let documents: [PartyDocumentRecord]
    let allowance: TierAllowance
    let missingDocuments: [String]
    /// For the present level, or for the first one.
    let missingData: [String]
    /// The next level and what it takes; nil at the level that an officer alone gives.
    let next: (tier: Int16, missing: [String])?
    let today: BusinessDate
}

/// The identity check as its customer sees it. Documents that come from a customer are checked, sealed and audited as those that come
/// over the counter, and wait for somebody who verifies them.
public struct OwnIdentityCheck: Sendable {
    /// Enough for every kind of document twice; more is somebody filling the bank's disks.
    static let waitingLimit: Int64 = 20
    /// The highest level that data and documents alone lead to; the one above takes enhanced due diligence.
    private static let ordinaryTier: Int16 = 2

    private let registry: PartyRegistry
    private let queries: PartyQueries
    private let file: PartyFile
    private let clock: any WallClock
    private let allowance: @Sendable (Int16) async throws -> TierAllowance

    /// - Parameter allowance: what a tier may do; the rooms of tariffs know
    public init(
        registry: PartyRegistry, queries: PartyQueries, file: PartyFile, clock: any WallClock,
        allowance: @escaping @Sendable (Int16) async throws -> TierAllowance
    ) {
        self.registry = registry
        self.queries = queries
        self.file = file
        self.clock = clock
        self.allowance = allowance
    }

    func standing(of customer: Identifier<Customer>, context: RequestContext) async throws -> IdentityStanding {
        let (party, documents) = try await queries.own(customer, context: context)
        let (today, tier) = (BusinessDate(of: clock.now()), party.customer.kycTier)
        // What has run out is there no more.
        let valid = documents.filter { $0.expiryDate.map { $0 >= today } ?? true }
        let next = tier < Self.ordinaryTier ? tier + 1 : nil
        return IdentityStanding(
            party: party, documents: documents, allowance: try await allowance(party.customer.isVerified ? tier : 0),
            missingDocuments: KYCPolicy.missingDocuments(party, present: Set(valid.map(\.documentType))),
            missingData: KYCPolicy.missing(for: max(1, tier), party), next: next.map { ($0, KYCPolicy.missing(for: $0, party)) },
            today: today)
    }

    /// - Throws: 422 `unsupported_file`, `in_past` for a document that has run out, `limit_exceeded` while many wait
    func add(
        _ upload: DocumentUpload, of customer: Identifier<Customer>, context: RequestContext
    ) async throws -> (document: PartyDocumentRecord, isReplay: Bool) {
        if let expiry = upload.expiryDate, expiry < BusinessDate(of: clock.now()) {
            throw Refusal.validation([.init("expiryDate", "in_past", "The document has run out")])
        }
        let registry = registry
        return try await file.add(upload, to: customer.description, context: context) { document, transaction in
            // The lock on the record makes two uploads at once count each other.
            let consequence = try registry.takeUpCheck(of: customer, context: context, in: transaction)
            guard try UploadStore.waitingCount(of: customer, in: transaction) < Self.waitingLimit else {
                throw Refusal.rule("limit_exceeded", "Many documents wait to be looked at already", field: "file")
            }
            try UploadStore.insert(document.id, in: transaction)
            return [consequence].compactMap(\.self)
        }
    }
}

extension PartyRegistry {
    /// A verification that was not begun, ran out or lacked something is under way once its customer has sent something to look at.
    /// - Returns: the record for the audit trail; nil when the verification stays where it stands
    func takeUpCheck(
        of customer: Identifier<Customer>, context: RequestContext, in transaction: Transaction
    ) throws -> AuditRecord? {
        var party = try store.require(customer.description, locking: true, in: transaction)
        switch party.customer.kycStatus {
        case .pending, .expired, .requiresUpdate: break
        case .inProgress, .verified, .rejected: return nil
        }
        let before = party
        party.customer.kycStatus = .inProgress
        let note = ChangeNote(
            action: "takeUpKYC", fields: ["kycStatus"], detail: [("from", before.customer.kycStatus.rawValue), ("to", "inProgress")])
        try save(&party, before: before, note, context: context, in: transaction)
        return audit("parties." + note.action, party, context, note)
    }
}

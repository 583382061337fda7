import Kernel

/// What each level of verification takes and allows, as the bank's policy: no law of Kenya has such a table.
///
/// | tier | takes | allows |
/// |---|---|---|
/// | 0 | nothing yet | receives, sends nothing |
/// | 1 | an identity document | limits of a wallet: see the tariff's tier limits |
/// | 2 | KRA PIN, address, source of funds | every product for persons |
/// | 3 | enhanced due diligence; organisations with directors and owners | everything |
public enum KYCPolicy {
    public static let greatestTier: Int16 = 3
    /// From this share an owner must be known before an organisation can be verified, in millionths of a percent.
    public static let ownershipMillionths: Int64 = 10_000_000

    /// What is still missing for a tier, in the contract's names of fields.
    public static func missing(for tier: Int16, _ party: PartyRecord) -> [String] {
        var missing: [String] = []
        func need(_ name: String, _ isThere: Bool) { if !isThere { missing.append(name) } }
        let profile = party.profile
        switch party.customer.kind {
        case .individual:
            if tier >= 1 {
                need("primaryIdentification", profile.identification != nil)
                need("dateOfBirth", party.birthDate != nil)
                need("primaryPhone", party.customer.phone != nil)
            }
            if tier >= 2 {
                need("kraPin", profile.kraPin != nil)
                need("primaryAddress", party.address != nil)
                need("sourceOfFunds", profile.sourceOfFunds != nil)
            }
        case .corporate:
            if tier >= 1 { need("registrationNumber", profile.registrationNumber != nil) }
            if tier >= 2 {
                need("kraPin", profile.kraPin != nil)
                need("registeredAddress", party.address != nil)
                need("directors", !profile.directors.isEmpty)
            }
        }
        return missing
    }

    /// Kinds of documents that a complete file has, and that are not there.
    public static func missingDocuments(_ party: PartyRecord, present: Set<String>) -> [String] {
        let wanted: [Set<String>]
        switch party.customer.kind {
        case .individual:
            wanted = [["nationalId", "passport", "alienId", "drivingLicence", "idFront"], ["photo", "selfie"]]
        case .corporate: wanted = [["registrationCertificate", "cr12"], ["boardResolution"]]
        }
        let names = party.customer.kind == .individual ? ["identityDocument", "photo"] : ["registrationCertificate", "boardResolution"]
        return zip(wanted, names).filter { $0.0.isDisjoint(with: present) }.map(\.1)
    }

    /// Steps of appendix B; to stay is always possible.
    public static func allows(_ from: KYCStatus, _ to: KYCStatus) -> Bool {
        if from == to { return true }
        switch (from, to) {
        case (.pending, .inProgress), (.inProgress, .verified), (.inProgress, .rejected), (.verified, .expired),
            (.verified, .requiresUpdate), (.expired, .inProgress), (.requiresUpdate, .inProgress):
            return true
        default: return false
        }
    }

    /// Owners of a tenth or more are listed: every director who holds so much, and of a company that has owners at least one.
    public static func areOwnersListed(_ profile: PartyProfile) -> Bool {
        guard profile.companyType?.hasOwners ?? true else { return true }
        let listed = Set(profile.beneficialOwners.map(\.identificationNumber))
        let holders = profile.directors.filter { ($0.shareholdingMillionths ?? 0) >= ownershipMillionths }
        return !profile.beneficialOwners.isEmpty && holders.allSatisfy { listed.contains($0.identificationNumber) }
    }

    /// When a verification has to be done again.
    public static func expiry(from date: BusinessDate, rating: RiskRating) -> BusinessDate {
        let years: Int
        switch rating {
        case .low: years = 3
        case .medium: years = 2
        case .high, .veryHigh, .prohibited: years = 1
        }
        return BusinessDate(year: date.year + years, month: date.month, day: date.day) ?? date.adding(days: Int32(365 * years))
    }
}

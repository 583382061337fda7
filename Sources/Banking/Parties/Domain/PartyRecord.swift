import Kernel

public enum RiskRating: String, Sendable, CaseIterable, Comparable {
    case low, medium, high, veryHigh, prohibited

    public static func < (left: RiskRating, right: RiskRating) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .low: 0
        case .medium: 1
        case .high: 2
        case .veryHigh: 3
        case .prohibited: 4
        }
    }
}

/// Who blocked a customer: what screening blocked, the review of its hits releases; what an officer blocked, only an officer releases.
public enum BlockSource: String, Sendable {
    case officer, screening
}

/// A party with everything the bank knows about it.
public struct PartyRecord: Sendable, Equatable {
    public var customer: CustomerRecord
    public var birthDate: BusinessDate?
    /// ISO 3166 alpha-2; of organisations where they are registered.
    public var nationality: String?
    public var address: PostalAddress?
    public var language: Language
    public var riskRating: RiskRating
    public var isPEP: Bool
    public var isSanctioned: Bool
    public var kycExpiryDate: BusinessDate?
    /// Since when the verification stands where it stands.
    public var kycSince: Timestamp
    public var blockSource: BlockSource?
    public var mergedInto: Identifier<Customer>?
    /// Parties with a similar name and the same day of birth.
    public var possibleDuplicates: [Identifier<Customer>]
    public var profile: PartyProfile

    /// What makes people look at a party.
    public var riskFlags: [String] {
        var flags: [String] = []
        if isSanctioned { flags.append("sanctioned") }
        if isPEP { flags.append("pep") }
        if blockSource == .screening { flags.append("screeningHit") }
        if riskRating >= .high { flags.append("highRating") }
        if let nationality, RiskPolicy.watchedCountries.contains(nationality) { flags.append("highRiskCountry") }
        if !possibleDuplicates.isEmpty { flags.append("possibleDuplicate") }
        return flags
    }

    public var isKYCExpired: Bool { customer.kycStatus == .expired }
}

/// What other rooms decide by: eligibility for a product, limits, language. No identifiers, no contacts.
public struct CustomerFacts: Sendable, Equatable {
    public let id: Identifier<Customer>
    public let kind: CustomerKind
    public let status: CustomerStatus
    public let kycTier: Int16
    public let isVerified: Bool
    public let segment: CustomerSegment
    /// Nil for organisations, and for persons whose record does not say.
    public let birthDate: BusinessDate?
    public let nationality: String?
    /// Country of the address, ISO 3166 alpha-2; nil when no address is known.
    public let residenceCountry: String?
    public let riskRating: RiskRating
    public let isPEP: Bool
    public let language: Language

    public init(
        id: Identifier<Customer>, kind: CustomerKind, status: CustomerStatus, kycTier: Int16, isVerified: Bool, segment: CustomerSegment,
        birthDate: BusinessDate?, nationality: String?, residenceCountry: String?, riskRating: RiskRating, isPEP: Bool, language: Language
    ) {
        self.id = id
        self.kind = kind
        self.status = status
        self.kycTier = kycTier
        self.isVerified = isVerified
        self.segment = segment
        self.birthDate = birthDate
        self.nationality = nationality
        self.residenceCountry = residenceCountry
        self.riskRating = riskRating
        self.isPEP = isPEP
        self.language = language
    }

    /// Full years on a day; nil when the day of birth is not known.
    public func age(on date: BusinessDate) -> Int? { birthDate.map { Age.years(from: $0, to: date) } }
}

public enum Age {
    /// Birthdays passed: somebody born on 29 February comes of age on 1 March in other years.
    public static func years(from birth: BusinessDate, to date: BusinessDate) -> Int {
        let hasHadBirthday = (date.month, date.day) >= (birth.month, birth.day)
        return date.year - birth.year - (hasHadBirthday ? 0 : 1)
    }
}

/// How risky the bank takes a party to be, from what is known about it.
public enum RiskPolicy {
    /// Countries under the FATF's call for action (October 2025), and the bank's own additions.
    public static let watchedCountries: Set<String> = ["KP", "IR", "MM"]

    public static func rating(of party: PartyRecord, screening: PartyScreeningOutcome) -> RiskRating {
        if party.isSanctioned { return .prohibited }
        if screening == .block { return .veryHigh }
        if screening == .review || party.isPEP { return .high }
        let countries = [party.nationality, party.address?.country].compactMap(\.self)
        if countries.contains(where: { watchedCountries.contains($0) }) { return .high }
        if party.profile.companyType == .ngo || party.profile.companyType == .other { return .medium }
        return .low
    }

    /// Who an organisation or person is to the bank's business.
    public static func segment(kind: CustomerKind, profile: PartyProfile) -> CustomerSegment {
        guard kind == .corporate else { return .retail }
        if profile.companyType == .soleProprietor || profile.companyType == .partnership { return .sme }
        let isSmallTurnover = profile.annualTurnover.flatMap(\.money).map { $0.currency == .kes && $0.minorUnits < 10_000_000_000 } ?? false
        return isSmallTurnover && (profile.numberOfEmployees ?? 0) < 250 ? .sme : .corporate
    }
}

/// What screening says about a party as a whole.
public enum PartyScreeningOutcome: Sendable, Equatable {
    case clear, review, block
}

import Kernel

public enum Gender: String, Sendable, CaseIterable, Codable {
    case male, female, other
}

public enum CompanyType: String, Sendable, CaseIterable, Codable {
    case soleProprietor, partnership, limitedCompany, ngo, sacco, government, other

    /// Whether somebody owns it: then whoever owns a tenth or more must be known.
    public var hasOwners: Bool {
        switch self {
        case .soleProprietor, .partnership, .limitedCompany, .other: true
        case .ngo, .sacco, .government: false
        }
    }
}

public enum IdentityDocumentType: String, Sendable, CaseIterable, Codable {
    case nationalId, passport, alienId, drivingLicence
}

/// The document that proves who somebody is.
public struct Identification: Sendable, Equatable, Codable {
    public var documentType: IdentityDocumentType
    /// Capitals and digits.
    public var documentNumber: String
    /// ISO 3166 alpha-2.
    public var issuingCountry: String
    public var issueDate: BusinessDate?
    public var expiryDate: BusinessDate?

    public init(
        documentType: IdentityDocumentType, documentNumber: String, issuingCountry: String, issueDate: BusinessDate? = nil,
        expiryDate: BusinessDate? = nil
    ) {
        self.documentType = documentType
        self.documentNumber = documentNumber
        self.issuingCountry = issuingCountry
        self.issueDate = issueDate
        self.expiryDate = expiryDate
    }
}

/// An amount somebody stated about himself.
public struct StatedAmount: Sendable, Equatable, Codable {
    public let minorUnits: Int64
    public let currencyCode: String

    public init(_ money: Money) {
        minorUnits = money.minorUnits
        currencyCode = money.currency.code
    }

    public var money: Money? { Currency(code: currencyCode).map { Money(minorUnits: minorUnits, currency: $0) } }
}

public struct Director: Sendable, Equatable, Codable {
    public var firstName: String
    public var lastName: String
    public var identificationNumber: String
    public var nationality: String
    public var role: String
    /// Percent with up to six decimals, in millionths of a percent.
    public var shareholdingMillionths: Int64?

    public init(
        firstName: String, lastName: String, identificationNumber: String, nationality: String, role: String, shareholding: Rate? = nil
    ) {
        self.firstName = firstName
        self.lastName = lastName
        self.identificationNumber = identificationNumber
        self.nationality = nationality
        self.role = role
        shareholdingMillionths = shareholding?.millionthsOfPercent
    }
}

public struct BeneficialOwner: Sendable, Equatable, Codable {
    public var name: String
    public var identificationNumber: String
    public var ownershipMillionths: Int64

    public init(name: String, identificationNumber: String, ownership: Rate) {
        self.name = name
        self.identificationNumber = identificationNumber
        ownershipMillionths = ownership.millionthsOfPercent
    }
}

/// Everything personal that is kept sealed: it leaves the database encrypted and is opened by this room only.
public struct PartyProfile: Sendable, Equatable, Codable {
    // Persons
    public var gender: Gender?
    public var maritalStatus: String?
    public var secondaryPhone: String?
    public var occupation: String?
    public var employerName: String?
    public var monthlyIncome: StatedAmount?
    public var sourceOfFunds: String?
    public var identification: Identification?
    public var optInMarketing: Bool?
    public var optInSms: Bool?
    public var optInEmail: Bool?
    // Organisations
    public var registrationNumber: String?
    public var incorporationDate: BusinessDate?
    public var companyType: CompanyType?
    public var industry: String?
    public var website: String?
    public var directors: [Director] = []
    public var beneficialOwners: [BeneficialOwner] = []
    public var annualTurnover: StatedAmount?
    public var numberOfEmployees: Int?
    // Both
    public var kraPin: String?

    public init() {}

    /// Names of people behind an organisation, each once.
    public var associates: [String] {
        var seen: Set<String> = []
        return (directors.map { $0.firstName + " " + $0.lastName } + beneficialOwners.map(\.name)).filter { seen.insert($0).inserted }
    }

    /// Numbers under which lists of wanted people may carry this party.
    public var documentNumbers: [String] {
        ([identification?.documentNumber, registrationNumber].compactMap(\.self)).filter { $0.count >= 4 }
    }
}

extension PartyProfile {
    /// The names of the fields in which two profiles differ, as the contract names them.
    public func changedFields(to other: PartyProfile) -> [String] {
        var names: [String] = []
        func note(_ name: String, _ isSame: Bool) { if !isSame { names.append(name) } }
        note("gender", gender == other.gender)
        note("maritalStatus", maritalStatus == other.maritalStatus)
        note("secondaryPhone", secondaryPhone == other.secondaryPhone)
        note("occupation", occupation == other.occupation)
        note("employerName", employerName == other.employerName)
        note("monthlyIncome", monthlyIncome == other.monthlyIncome)
        note("sourceOfFunds", sourceOfFunds == other.sourceOfFunds)
        note("primaryIdentification", identification == other.identification)
        note("optInMarketing", optInMarketing == other.optInMarketing)
        note("optInSms", optInSms == other.optInSms)
        note("optInEmail", optInEmail == other.optInEmail)
        note("registrationNumber", registrationNumber == other.registrationNumber)
        note("incorporationDate", incorporationDate == other.incorporationDate)
        note("companyType", companyType == other.companyType)
        note("industry", industry == other.industry)
        note("website", website == other.website)
        note("directors", directors == other.directors)
        note("beneficialOwners", beneficialOwners == other.beneficialOwners)
        note("annualTurnover", annualTurnover == other.annualTurnover)
        note("numberOfEmployees", numberOfEmployees == other.numberOfEmployees)
        note("kraPin", kraPin == other.kraPin)
        return names
    }
}

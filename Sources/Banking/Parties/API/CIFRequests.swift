import HTTPEdge
import Kernel

/// An address as callers write it.
struct AddressRequest: RequestBody {
    static let schemaName = "PartyAddress"
    let address: PostalAddress

    init(from fields: inout Fields) {
        address = PostalAddress(
            addressLine1: fields.text("addressLine1", 1...255), addressLine2: fields.optionalText("addressLine2"),
            city: fields.text("city", 1...100), county: fields.optionalText("county", 0...100),
            country: fields.formatted("country", .country), postalCode: fields.optionalText("postalCode", 0...20))
    }
}

struct IdentificationRequest: RequestBody {
    let identification: Identification

    init(from fields: inout Fields) {
        let type = fields.choice("documentType", IdentityDocumentType.self)
        let number = fields.formatted("documentNumber", type == .nationalId ? .nationalId : .identityDocument)
        identification = Identification(
            documentType: type, documentNumber: number, issuingCountry: fields.formatted("issuingCountry", .country),
            issueDate: fields.optionalDate("issueDate"), expiryDate: fields.optionalDate("expiryDate"))
    }
}

extension TextFormat {
    /// Capitals and digits of a passport, alien card or driving licence; blanks, hyphens and slashes are left out.
    static let identityDocument = TextFormat(
        "a document number of 4 to 20 letters and digits", pattern: "^[A-Za-z0-9/ -]{4,25}$", maximumLength: 25
    ) { text in
        guard
            text.utf8.allSatisfy({ byte in
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || "/ -".utf8.contains(byte)
            })
        else { return nil }
        let normal = IdentityNumber.normal(text)
        return (4...20).contains(normal.utf8.count) ? normal : nil
    }

    /// What a kind of document is called: `proofOfAddress`.
    static let documentType = TextFormat("a kind of document", pattern: "^[A-Za-z][A-Za-z0-9]{1,49}$", maximumLength: 50) { text in
        let isWord = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
        guard isWord, (2...50).contains(text.utf8.count), let first = text.utf8.first, first > UInt8(ascii: "9") else { return nil }
        return text
    }
}

struct DirectorRequest: RequestBody {
    let director: Director

    init(from fields: inout Fields) {
        director = Director(
            firstName: fields.text("firstName", 1...50), lastName: fields.text("lastName", 1...50),
            identificationNumber: fields.formatted("identificationNumber", .identityDocument),
            nationality: fields.formatted("nationality", .country), role: fields.text("role", 1...100),
            shareholding: fields.optionalRate("shareholdingPercentage", 0...100))
    }
}

struct BeneficialOwnerRequest: RequestBody {
    let owner: BeneficialOwner

    init(from fields: inout Fields) {
        owner = BeneficialOwner(
            name: fields.text("name", 1...200), identificationNumber: fields.formatted("identificationNumber", .identityDocument),
            ownership: fields.rate("ownershipPercentage", 0...100))
    }
}

/// Rules that need today's date. They are judged after the fields, where the clock is.
protocol DatedRequest {
    func faults(today: BusinessDate) -> [Refusal.Field]
}

extension DatedRequest {
    func check(today: BusinessDate) throws(Refusal) {
        let faults = faults(today: today)
        guard faults.isEmpty else { throw Refusal.validation(faults) }
    }

    func birthFaults(_ birth: BusinessDate?, today: BusinessDate) -> [Refusal.Field] {
        guard let birth, !(18...120).contains(Age.years(from: birth, to: today)) else { return [] }
        return [.init("dateOfBirth", "out_of_range", "Customers are 18 to 120 years old")]
    }

    func identificationFaults(_ document: Identification?, today: BusinessDate) -> [Refusal.Field] {
        var faults: [Refusal.Field] = []
        if let issued = document?.issueDate, issued > today {
            faults.append(.init("primaryIdentification.issueDate", "in_future", "A document was issued in the past"))
        }
        if let expiry = document?.expiryDate, expiry <= today {
            faults.append(.init("primaryIdentification.expiryDate", "in_past", "This document has expired"))
        }
        return faults
    }
}

struct IndividualRequest: RequestBody, DatedRequest {
    let draft: PartyDraft

    init(from fields: inout Fields) throws {
        Self.forbidPrivileged(&fields)
        let first = fields.text("firstName", 1...50)
        let middle = fields.optionalText("middleName", 0...50).flatMap { $0.isEmpty ? nil : $0 }
        let last = fields.text("lastName", 1...50)
        let birthDate = fields.date("dateOfBirth")
        var profile = PartyProfile()
        profile.gender = fields.optionalChoice("gender", Gender.self)
        profile.maritalStatus = fields.optionalText("maritalStatus", 0...50)
        let nationality = fields.formatted("nationality", .country)
        let email = fields.formatted("primaryEmail", .email)
        let phone = fields.formatted("primaryPhone", .phone)
        profile.secondaryPhone = fields.optionalFormatted("secondaryPhone", .phone)
        profile.kraPin = fields.optionalFormatted("kraPin", .kraPin)
        profile.occupation = fields.optionalText("occupation")
        profile.employerName = fields.optionalText("employerName")
        let currency = fields.optionalCurrency() ?? .kes
        profile.monthlyIncome = fields.optionalAmount("monthlyIncome", in: currency, allowsZero: true).map { StatedAmount($0) }
        profile.sourceOfFunds = fields.optionalText("sourceOfFunds")
        let language = fields.optionalChoice("preferredLanguage", Language.self) ?? .en
        let address = try fields.object("primaryAddress", AddressRequest.self).address
        profile.identification = try fields.object("primaryIdentification", IdentificationRequest.self).identification
        profile.optInMarketing = fields.optionalBoolean("optInMarketing")
        profile.optInSms = fields.optionalBoolean("optInSms")
        profile.optInEmail = fields.optionalBoolean("optInEmail")
        draft = PartyDraft(
            kind: .individual, fullName: PartyName.full(first, middle, last), firstName: first, middleName: middle, lastName: last,
            email: email, phone: phone, birthDate: birthDate, nationality: nationality, address: address, language: language,
            profile: profile)
    }

    /// What only the bank decides.
    static func forbidPrivileged(_ fields: inout Fields) {
        for name in ["status", "kycStatus", "kycTier", "riskRating", "isPep", "isSanctioned", "segment"] { fields.forbid(name) }
    }

    func faults(today: BusinessDate) -> [Refusal.Field] {
        birthFaults(draft.birthDate, today: today) + identificationFaults(draft.profile.identification, today: today)
    }
}

struct CorporateRequest: RequestBody, DatedRequest {
    let draft: PartyDraft

    init(from fields: inout Fields) throws {
        IndividualRequest.forbidPrivileged(&fields)
        var profile = PartyProfile()
        let name = fields.text("companyName", 1...200)
        profile.registrationNumber = fields.text("registrationNumber", 1...50)
        profile.incorporationDate = fields.date("incorporationDate")
        profile.companyType = fields.choice("companyType", CompanyType.self)
        profile.industry = fields.optionalText("industry")
        profile.kraPin = fields.formatted("kraPin", .kraPin)
        let email = fields.formatted("primaryEmail", .email)
        let phone = fields.formatted("primaryPhone", .phone)
        profile.website = fields.optionalText("website")
        let address = try fields.object("registeredAddress", AddressRequest.self).address
        profile.directors = try fields.array("directors", DirectorRequest.self, 1...100).map(\.director)
        profile.beneficialOwners = try fields.array("beneficialOwners", BeneficialOwnerRequest.self, 0...100).map(\.owner)
        let currency = fields.optionalCurrency() ?? .kes
        profile.annualTurnover = fields.optionalAmount("annualTurnover", in: currency, allowsZero: true).map { StatedAmount($0) }
        profile.numberOfEmployees = fields.optionalInteger("numberOfEmployees", 0...10_000_000)
        if profile.beneficialOwners.reduce(0, { $0 + $1.ownershipMillionths }) > 100_000_000 {
            fields.fail("beneficialOwners", "out_of_range", "Nobody owns more than the whole")
        }
        draft = PartyDraft(
            kind: .corporate, fullName: name, email: email, phone: phone, nationality: address.country.isEmpty ? nil : address.country,
            address: address, profile: profile)
    }

    func faults(today: BusinessDate) -> [Refusal.Field] {
        guard let date = draft.profile.incorporationDate, date >= today else { return [] }
        return [.init("incorporationDate", "in_future", "An organisation was founded in the past")]
    }
}

/// A change of data: what is sent replaces what is there, the rest stays.
struct PartyUpdateRequest: RequestBody, DatedRequest {
    let version: Int
    let riskRating: RiskRating?
    let isPEP: Bool?
    private let names: (first: String?, middle: String?, last: String?, company: String?)
    private let birthDate: BusinessDate?
    private let nationality: String?
    private let email: String?
    private let phone: String?
    private let address: PostalAddress?
    private let language: Language?
    private let profile: PartyProfile
    private let hasDirectors: Bool
    private let hasOwners: Bool

    init(from fields: inout Fields) throws {
        version = fields.version()
        for name in ["status", "kycStatus", "kycTier", "isSanctioned", "segment"] { fields.forbid(name) }
        riskRating = fields.optionalChoice("riskRating", RiskRating.self)
        isPEP = fields.optionalBoolean("isPep")
        names = (
            fields.optionalText("firstName", 1...50), fields.optionalText("middleName", 0...50), fields.optionalText("lastName", 1...50),
            fields.optionalText("companyName", 1...200)
        )
        birthDate = fields.optionalDate("dateOfBirth")
        nationality = fields.optionalFormatted("nationality", .country)
        email = fields.optionalFormatted("primaryEmail", .email)
        phone = fields.optionalFormatted("primaryPhone", .phone)
        language = fields.optionalChoice("preferredLanguage", Language.self)
        let primary = try fields.optionalObject("primaryAddress", AddressRequest.self)?.address
        address = try fields.optionalObject("registeredAddress", AddressRequest.self)?.address ?? primary
        var profile = PartyProfile()
        profile.gender = fields.optionalChoice("gender", Gender.self)
        profile.maritalStatus = fields.optionalText("maritalStatus", 0...50)
        profile.secondaryPhone = fields.optionalFormatted("secondaryPhone", .phone)
        profile.kraPin = fields.optionalFormatted("kraPin", .kraPin)
        profile.occupation = fields.optionalText("occupation")
        profile.employerName = fields.optionalText("employerName")
        let currency = fields.optionalCurrency() ?? .kes
        profile.monthlyIncome = fields.optionalAmount("monthlyIncome", in: currency, allowsZero: true).map { StatedAmount($0) }
        profile.sourceOfFunds = fields.optionalText("sourceOfFunds")
        profile.identification = try fields.optionalObject("primaryIdentification", IdentificationRequest.self)?.identification
        profile.optInMarketing = fields.optionalBoolean("optInMarketing")
        profile.optInSms = fields.optionalBoolean("optInSms")
        profile.optInEmail = fields.optionalBoolean("optInEmail")
        profile.registrationNumber = fields.optionalText("registrationNumber", 1...50)
        profile.incorporationDate = fields.optionalDate("incorporationDate")
        profile.companyType = fields.optionalChoice("companyType", CompanyType.self)
        profile.industry = fields.optionalText("industry")
        profile.website = fields.optionalText("website")
        hasDirectors = fields.isPresent("directors")
        profile.directors = try fields.array("directors", DirectorRequest.self, 0...100).map(\.director)
        hasOwners = fields.isPresent("beneficialOwners")
        profile.beneficialOwners = try fields.array("beneficialOwners", BeneficialOwnerRequest.self, 0...100).map(\.owner)
        profile.annualTurnover = fields.optionalAmount("annualTurnover", in: currency, allowsZero: true).map { StatedAmount($0) }
        profile.numberOfEmployees = fields.optionalInteger("numberOfEmployees", 0...10_000_000)
        self.profile = profile
    }

    func faults(today: BusinessDate) -> [Refusal.Field] {
        birthFaults(birthDate, today: today) + identificationFaults(profile.identification, today: today)
    }

    /// Puts what was sent into the record.
    /// - Returns: names of the fields that changed
    func apply(to party: inout PartyRecord) throws(Refusal) -> [String] {
        let before = party
        if party.customer.kind == .individual {
            if names.company != nil || hasDirectors || hasOwners {
                throw Refusal.validation([.init("companyName", "not_allowed", "This customer is a person")])
            }
            party.customer.firstName = names.first ?? party.customer.firstName
            if let middle = names.middle { party.customer.middleName = middle.isEmpty ? nil : middle }
            party.customer.lastName = names.last ?? party.customer.lastName
            party.customer.fullName = PartyName.full(
                party.customer.firstName ?? "", party.customer.middleName, party.customer.lastName ?? "")
            party.birthDate = birthDate ?? party.birthDate
            party.nationality = nationality ?? party.nationality
        } else {
            if names.first != nil || names.last != nil || birthDate != nil {
                throw Refusal.validation([.init("firstName", "not_allowed", "This customer is an organisation")])
            }
            party.customer.fullName = names.company ?? party.customer.fullName
            if hasDirectors { party.profile.directors = profile.directors }
            if hasOwners { party.profile.beneficialOwners = profile.beneficialOwners }
        }
        party.customer.email = email ?? party.customer.email
        party.customer.phone = phone ?? party.customer.phone
        party.address = address ?? party.address
        party.language = language ?? party.language
        party.riskRating = riskRating ?? party.riskRating
        party.isPEP = isPEP ?? party.isPEP
        mergeProfile(into: &party.profile)
        party.customer.segment = RiskPolicy.segment(kind: party.customer.kind, profile: party.profile)
        return Self.changes(before, party)
    }

    private func mergeProfile(into present: inout PartyProfile) {
        func take<Value>(_ path: WritableKeyPath<PartyProfile, Value?>) {
            if let value = profile[keyPath: path] { present[keyPath: path] = value }
        }
        take(\.gender)
        take(\.maritalStatus)
        take(\.secondaryPhone)
        take(\.kraPin)
        take(\.occupation)
        take(\.employerName)
        take(\.monthlyIncome)
        take(\.sourceOfFunds)
        take(\.identification)
        take(\.optInMarketing)
        take(\.optInSms)
        take(\.optInEmail)
        take(\.registrationNumber)
        take(\.incorporationDate)
        take(\.companyType)
        take(\.industry)
        take(\.website)
        take(\.annualTurnover)
        take(\.numberOfEmployees)
    }

    private static func changes(_ before: PartyRecord, _ after: PartyRecord) -> [String] {
        var fields: [String] = []
        if before.customer.fullName != after.customer.fullName { fields.append("fullName") }
        if before.birthDate != after.birthDate { fields.append("dateOfBirth") }
        if before.nationality != after.nationality { fields.append("nationality") }
        if before.customer.email != after.customer.email { fields.append("primaryEmail") }
        if before.customer.phone != after.customer.phone { fields.append("primaryPhone") }
        if before.address != after.address { fields.append("primaryAddress") }
        if before.language != after.language { fields.append("preferredLanguage") }
        if before.riskRating != after.riskRating { fields.append("riskRating") }
        if before.isPEP != after.isPEP { fields.append("isPep") }
        return fields + before.profile.changedFields(to: after.profile)
    }
}

struct KYCStatusRequest: RequestBody {
    let decision: KYCDecision

    init(from fields: inout Fields) {
        decision = KYCDecision(
            newStatus: fields.choice("newStatus", KYCStatus.self), tier: fields.optionalInteger("kycTier", 0...3).map { Int16($0) },
            remarks: fields.optionalText("remarks", 0...500, allowsLineBreaks: true), expiryDate: fields.optionalDate("expiryDate"),
            verifiedDocuments: fields.texts("verifiedDocuments", 1...100, count: 0...50))
    }
}

/// Why somebody blocks, releases or merges.
struct PartyReasonRequest: RequestBody {
    let reason: String

    init(from fields: inout Fields) { reason = fields.text("reason", 3...500, allowsLineBreaks: true) }
}

struct MergeRequest: RequestBody {
    let duplicateCIFNumber: String
    let reason: String

    init(from fields: inout Fields) {
        duplicateCIFNumber = fields.formatted("duplicateCifNumber", .cifNumber)
        reason = fields.text("reason", 3...500, allowsLineBreaks: true)
    }
}

struct RelationshipRequest: RequestBody {
    let relatedCIFNumber: String
    let type: RelationshipType
    let ownership: Rate?

    init(from fields: inout Fields) {
        relatedCIFNumber = fields.formatted("relatedCifNumber", .cifNumber)
        type = fields.choice("relationshipType", RelationshipType.self)
        ownership = fields.optionalRate("ownershipPercentage", 0...100)
    }
}

struct PortalAccessRequest: RequestBody {
    enum PortalRole: String, CaseIterable {
        case customer, corporateMaker, corporateChecker, smeOwner

        var role: Role {
            switch self {
            case .customer: .customer
            case .corporateMaker: .corporateMaker
            case .corporateChecker: .corporateChecker
            case .smeOwner: .smeOwner
            }
        }
    }

    let username: String
    let email: String
    let role: Role

    init(from fields: inout Fields) {
        username = fields.formatted("username", .username)
        email = fields.formatted("email", .email)
        role = fields.choice("role", PortalRole.self).role
    }
}

struct DocumentForm: FormBody {
    let file: UploadedFile
    let documentType: String
    let documentNumber: String?
    let expiryDate: BusinessDate?

    init(from fields: inout Fields) {
        file = fields.file("file")
        documentType = fields.formatted("documentType", .documentType)
        documentNumber = fields.optionalFormatted("documentNumber", .identityDocument)
        expiryDate = fields.optionalDate("expiryDate")
    }
}

struct PartySearchQuery: QueryParameters, Paged {
    let page: PageRequest
    let search: PartySearch

    init(from fields: inout Fields) {
        page = fields.page()
        fields.requireOne(of: "name", "idNumber", "phone", "email", "kraPin", "cifNumber")
        search = PartySearch(
            name: fields.optionalText("name", 2...200), idNumber: fields.optionalText("idNumber", 1...50),
            phone: fields.optionalFormatted("phone", .phone), email: fields.optionalText("email", 1...254),
            kraPin: fields.optionalText("kraPin", 1...20), cifNumber: fields.optionalText("cifNumber", 1...20))
    }
}

struct HistoryQuery: QueryParameters {
    let asOf: Timestamp?

    init(from fields: inout Fields) {
        switch fields.optionalMoment() {
        case .date(let date): asOf = date.adding(days: 1).startOfDay.adding(microseconds: -1)
        case .instant(let instant): asOf = instant
        case nil: asOf = nil
        }
    }
}

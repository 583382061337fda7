import HTTPEdge
import Kernel

/// Hides numbers from roles that need not see them.
struct NumberMask: Sendable {
    let isOff: Bool

    init(_ principal: Principal?) { isOff = PartyQueries.isUnmasked(principal) }

    func callAsFunction(_ text: String?) -> String? {
        guard let text, !isOff else { return text }
        return text.utf8.count <= 4 ? "****" : "****" + text.suffix(4)
    }
}

struct AddressView: Representation {
    static let schemaName = "PartyAddressView"
    let address: PostalAddress
    static let example = AddressView(
        address: PostalAddress(
            addressLine1: "Moi Avenue 12", addressLine2: "3rd floor", city: "Nairobi", county: "Nairobi", country: "KE", postalCode: "00100"
        ))

    func write(to object: inout ObjectWriter) {
        object.text("addressLine1", address.addressLine1)
        object.optionalText("addressLine2", address.addressLine2)
        object.text("city", address.city)
        object.optionalText("county", address.county)
        object.text("country", address.country)
        object.optionalText("postalCode", address.postalCode)
    }
}

struct IdentificationView: Representation {
    let identification: Identification
    let mask: NumberMask
    static let example = IdentificationView(
        identification: Identification(
            documentType: .nationalId, documentNumber: "12345678", issuingCountry: "KE", issueDate: BusinessDate(epochDay: 16_000),
            expiryDate: BusinessDate(epochDay: 22_000)), mask: NumberMask(nil))

    func write(to object: inout ObjectWriter) {
        object.choice("documentType", identification.documentType)
        object.text("documentNumber", mask(identification.documentNumber) ?? "")
        object.text("issuingCountry", identification.issuingCountry)
        object.optionalDate("issueDate", identification.issueDate)
        object.optionalDate("expiryDate", identification.expiryDate)
    }
}

struct DirectorView: Representation {
    let director: Director
    let mask: NumberMask
    static let example = DirectorView(
        director: Director(
            firstName: "Jane", lastName: "Wanjiru", identificationNumber: "12345678", nationality: "KE", role: "Chair",
            shareholding: Rate(millionthsOfPercent: 40_000_000)), mask: NumberMask(nil))

    func write(to object: inout ObjectWriter) {
        object.text("firstName", director.firstName)
        object.text("lastName", director.lastName)
        object.text("identificationNumber", mask(director.identificationNumber) ?? "")
        object.text("nationality", director.nationality)
        object.text("role", director.role)
        object.optionalRate("shareholdingPercentage", director.shareholdingMillionths.map { Rate(millionthsOfPercent: $0) })
    }
}

struct BeneficialOwnerView: Representation {
    let owner: BeneficialOwner
    let mask: NumberMask
    static let example = BeneficialOwnerView(
        owner: BeneficialOwner(name: "Jane Wanjiru", identificationNumber: "12345678", ownership: Rate(millionthsOfPercent: 40_000_000)),
        mask: NumberMask(nil))

    func write(to object: inout ObjectWriter) {
        object.text("name", owner.name)
        object.text("identificationNumber", mask(owner.identificationNumber) ?? "")
        object.rate("ownershipPercentage", Rate(millionthsOfPercent: owner.ownershipMillionths))
    }
}

/// Party of the contract, section 9.
struct PartyView: Representation {
    static let schemaName = "Party"
    let party: PartyRecord
    let mask: NumberMask
    var daysPending: Int?
    var showsRiskFlags = false

    init(_ party: PartyRecord, for principal: Principal?) {
        self.party = party
        mask = NumberMask(principal)
    }

    static let example: PartyView = {
        var view = PartyView(.example, for: nil)
        view.daysPending = 3
        view.showsRiskFlags = true
        return view
    }()

    func write(to object: inout ObjectWriter) {
        let customer = party.customer
        object.identifier("customerId", customer.id)
        object.text("cifNumber", customer.cifNumber)
        object.choice("partyType", customer.kind)
        object.text("fullName", customer.fullName)
        object.choice("status", customer.status)
        object.choice("kycStatus", customer.kycStatus)
        object.integer("kycTier", customer.kycTier)
        object.optionalDate("kycExpiryDate", party.kycExpiryDate)
        object.choice("riskRating", party.riskRating)
        object.boolean("isPep", party.isPEP)
        object.boolean("isSanctioned", party.isSanctioned)
        object.choice("segment", customer.segment)
        object.optionalText("primaryEmail", customer.email)
        object.optionalText("primaryPhone", mask(customer.phone))
        object.text("preferredLanguage", party.language.rawValue)
        object.optionalText("kraPin", mask(party.profile.kraPin))
        writePerson(to: &object)
        writeOrganisation(to: &object)
        object.optionalIdentifier("mergedInto", party.mergedInto)
        object.texts("possibleDuplicates", party.possibleDuplicates.map(\.description))
        object.optionalInteger("daysPending", daysPending)
        if showsRiskFlags { object.texts("riskFlags", party.riskFlags) }
        object.timestamp("createdAt", customer.createdAt)
        object.integer("version", customer.version)
    }

    private func writePerson(to object: inout ObjectWriter) {
        let (customer, profile) = (party.customer, party.profile)
        let isPerson = customer.kind == .individual
        object.optionalText("firstName", customer.firstName)
        object.optionalText("middleName", customer.middleName)
        object.optionalText("lastName", customer.lastName)
        object.optionalDate("dateOfBirth", party.birthDate)
        object.optionalChoice("gender", profile.gender)
        object.optionalText("maritalStatus", profile.maritalStatus)
        object.optionalText("nationality", party.nationality)
        object.optionalText("secondaryPhone", mask(profile.secondaryPhone))
        object.optionalText("occupation", profile.occupation)
        object.optionalText("employerName", profile.employerName)
        object.optionalMoney("monthlyIncome", profile.monthlyIncome.flatMap(\.money))
        object.optionalText("sourceOfFunds", profile.sourceOfFunds)
        object.optionalObject("primaryAddress", isPerson ? party.address.map { AddressView(address: $0) } : nil)
        object.optionalObject(
            "primaryIdentification", profile.identification.map { IdentificationView(identification: $0, mask: mask) })
        object.optionalBoolean("optInMarketing", profile.optInMarketing)
        object.optionalBoolean("optInSms", profile.optInSms)
        object.optionalBoolean("optInEmail", profile.optInEmail)
        object.optionalCurrency("currency", (profile.monthlyIncome ?? profile.annualTurnover).flatMap(\.money)?.currency)
    }

    private func writeOrganisation(to object: inout ObjectWriter) {
        let (customer, profile) = (party.customer, party.profile)
        let isOrganisation = customer.kind == .corporate
        object.optionalText("companyName", isOrganisation ? customer.fullName : nil)
        object.optionalText("registrationNumber", mask(profile.registrationNumber))
        object.optionalDate("incorporationDate", profile.incorporationDate)
        object.optionalChoice("companyType", profile.companyType)
        object.optionalText("industry", profile.industry)
        object.optionalText("website", profile.website)
        object.optionalObject("registeredAddress", isOrganisation ? party.address.map { AddressView(address: $0) } : nil)
        object.optionalArray("directors", isOrganisation ? profile.directors.map { DirectorView(director: $0, mask: mask) } : nil)
        object.optionalArray(
            "beneficialOwners", isOrganisation ? profile.beneficialOwners.map { BeneficialOwnerView(owner: $0, mask: mask) } : nil)
        object.optionalMoney("annualTurnover", profile.annualTurnover.flatMap(\.money))
        object.optionalInteger("numberOfEmployees", profile.numberOfEmployees)
    }
}

extension PartyRecord {
    static let example = PartyRecord(
        customer: CustomerRecord(
            id: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0001), cifNumber: "CIF000000101", kind: .individual, status: .active,
            fullName: "Jane Wanjiru", firstName: "Jane", middleName: "Njeri", lastName: "Wanjiru", email: "jane@example.com",
            phone: "+254711000009", segment: .retail, kycStatus: .verified, kycTier: 2,
            createdAt: Timestamp(microseconds: 1_767_592_800_000_000), version: 3),
        birthDate: BusinessDate(epochDay: 7_000), nationality: "KE", address: AddressView.example.address, language: .en, riskRating: .low,
        isPEP: false, isSanctioned: false, kycExpiryDate: BusinessDate(epochDay: 22_000),
        kycSince: Timestamp(microseconds: 1_767_592_800_000_000), blockSource: nil, mergedInto: Identifier(bits: 1), possibleDuplicates: [],
        profile: PartyProfile())
}

struct DocumentView: Representation {
    static let schemaName = "PartyDocument"
    let document: PartyDocumentRecord
    static let example = DocumentView(
        document: PartyDocumentRecord(
            id: Identifier(bits: 1), customerID: Identifier(bits: 2), documentType: "passport", fileName: "passport.pdf",
            contentType: "application/pdf", sizeBytes: 1_024, sha256: [UInt8](repeating: 0xAB, count: 32), numberLast4: "1234",
            expiryDate: BusinessDate(epochDay: 22_000), uploadedAt: Timestamp(microseconds: 1_767_592_800_000_000),
            uploadedBy: Identifier(bits: 3), verifiedAt: Timestamp(microseconds: 1_767_592_800_000_000)))

    func write(to object: inout ObjectWriter) {
        object.identifier("documentId", document.id)
        object.text("documentType", document.documentType)
        object.text("fileName", document.fileName)
        object.text("contentType", document.contentType)
        object.integer("sizeBytes", document.sizeBytes)
        object.text("sha256", document.sha256.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
        object.optionalText("documentNumber", document.numberLast4.map { "****" + $0 })
        object.optionalDate("expiryDate", document.expiryDate)
        object.timestamp("uploadedAt", document.uploadedAt)
        object.optionalIdentifier("uploadedBy", document.uploadedBy)
        object.boolean("isVerified", document.verifiedAt != nil)
        object.optionalTimestamp("verifiedAt", document.verifiedAt)
    }
}

struct RelationshipView: Representation {
    let relationship: RelationshipRecord
    static let example = RelationshipView(
        relationship: RelationshipRecord(
            id: Identifier(bits: 1), type: .director, ownership: Rate(millionthsOfPercent: 25_000_000),
            createdAt: Timestamp(microseconds: 1_767_592_800_000_000), otherID: Identifier(bits: 2), otherCIFNumber: "CIF000000102",
            otherName: "Atieno Tailoring Ltd", isInverse: false))

    func write(to object: inout ObjectWriter) {
        object.identifier("relationshipId", relationship.id)
        object.text("relatedCifNumber", relationship.otherCIFNumber)
        object.identifier("relatedCustomerId", relationship.otherID)
        object.text("relatedName", relationship.otherName)
        object.choice("relationshipType", relationship.type)
        object.optionalRate("ownershipPercentage", relationship.ownership)
        object.boolean("isInverse", relationship.isInverse)
        object.timestamp("createdAt", relationship.createdAt)
    }
}

struct NoticeView: Representation {
    static let schemaName = "PartyNotice"
    let notice: PartyNotice
    static let example = NoticeView(notice: PartyNotice(code: "kycExpiring", message: "The verification expires on 2026-12-01"))

    func write(to object: inout ObjectWriter) {
        object.text("code", notice.code)
        object.text("message", notice.message)
    }
}

/// Everything about a customer in one answer.
struct PartyOverviewView: Representation {
    static let schemaName = "PartyOverview"
    let overview: PartyOverview
    let view: PartyView
    static let example = PartyOverviewView(
        overview: PartyOverview(party: .example, documents: [], relationships: [], notices: [], sections: []),
        view: PartyView(.example, for: nil))

    /// Present in every answer, empty when no room has any.
    static let sections = ["accounts", "balances", "loans", "cards", "deposits", "recentTransactions"]

    func write(to object: inout ObjectWriter) {
        view.write(to: &object)
        for name in Self.sections {
            let items = overview.sections.filter { $0.name == name }.flatMap(\.items)
            object.rawArray(name, items)
        }
        object.array("relationships", overview.relationships.map { RelationshipView(relationship: $0) })
        object.array("documents", overview.documents.map { DocumentView(document: $0) })
        object.array("notices", overview.notices.map { NoticeView(notice: $0) })
        object.texts("riskFlags", overview.party.riskFlags)
    }
}

struct ChangeView: Representation {
    static let schemaName = "PartyChange"
    let change: PartyHistory.Change
    static let example = ChangeView(
        change: PartyHistory.Change(
            version: 2, changedAt: Timestamp(microseconds: 1_767_592_800_000_000), userID: Identifier(bits: 1), username: "teller1",
            action: "update", fields: ["primaryPhone"], remarks: "new number"))

    func write(to object: inout ObjectWriter) {
        object.integer("version", change.version)
        object.timestamp("changedAt", change.changedAt)
        object.optionalIdentifier("changedById", change.userID)
        object.optionalText("changedBy", change.username)
        object.text("action", change.action)
        object.texts("fields", change.fields)
        object.optionalText("remarks", change.remarks)
    }
}

struct HistoryView: Representation {
    static let schemaName = "PartyHistory"
    let asOf: Timestamp
    let party: PartyView
    let changes: [ChangeView]
    static let example = HistoryView(
        asOf: Timestamp(microseconds: 1_767_592_800_000_000), party: .example, changes: [.example])

    func write(to object: inout ObjectWriter) {
        object.timestamp("asOf", asOf)
        object.object("record", party)
        object.array("changes", changes)
    }
}

struct PortalUserView: Representation {
    let userID: Identifier<User>
    static let example = PortalUserView(userID: Identifier(bits: 1))

    func write(to object: inout ObjectWriter) { object.identifier("userId", userID) }
}

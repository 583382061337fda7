import Kernel
import Parties

/// Full records of the demonstration's customers: everything in them is invented.
enum DemonstrationRecords {
    static func record(of key: String, _ customer: NewCustomer) -> PartyDraft {
        var draft = PartyDraft(
            kind: customer.kind, fullName: customer.fullName, email: customer.email, phone: customer.phone, nationality: "KE",
            profile: PartyProfile())
        switch key {
        case "customer1":
            person(&draft, born: (1991, 3, 14), id: "23456781", pin: "A002345678B", occupation: "Architect", street: "Ngong Road 44")
        case "customer2":
            person(&draft, born: (1986, 11, 2), id: "21987654", pin: "A004567891C", occupation: "Teacher", street: "Oginga Odinga Street 9")
        case "sme":
            organisation(
                &draft, .partnership, registration: "BN/2019/448812", pin: "P051234567D", industry: "Clothing",
                owner: ("Naomi", "Atieno", "24681357"))
        default:
            organisation(
                &draft, .limitedCompany, registration: "CPR/2012/77410", pin: "P051987654E", industry: "Tea exports",
                owner: ("James", "Kariuki", "20135792"))
        }
        return draft
    }

    private static func person(
        _ draft: inout PartyDraft, born: (Int, Int, Int), id: String, pin: String, occupation: String, street: String
    ) {
        draft.birthDate = BusinessDate(year: born.0, month: born.1, day: born.2)
        draft.address = PostalAddress(
            addressLine1: street, addressLine2: nil, city: "Nairobi", county: "Nairobi", country: "KE", postalCode: "00100")
        draft.profile.identification = Identification(documentType: .nationalId, documentNumber: id, issuingCountry: "KE")
        draft.profile.kraPin = pin
        draft.profile.occupation = occupation
        draft.profile.sourceOfFunds = "Salary"
    }

    private static func organisation(
        _ draft: inout PartyDraft, _ type: CompanyType, registration: String, pin: String, industry: String,
        owner: (first: String, last: String, id: String)
    ) {
        draft.address = PostalAddress(
            addressLine1: "Kenyatta Avenue 21", addressLine2: nil, city: "Nakuru", county: "Nakuru", country: "KE", postalCode: "20100")
        draft.profile.companyType = type
        draft.profile.registrationNumber = registration
        draft.profile.incorporationDate = BusinessDate(year: 2019, month: 5, day: 6)
        draft.profile.kraPin = pin
        draft.profile.industry = industry
        let share = Rate(millionthsOfPercent: 70_000_000)
        draft.profile.directors = [
            Director(
                firstName: owner.first, lastName: owner.last, identificationNumber: owner.id, nationality: "KE", role: "Managing director",
                shareholding: share)
        ]
        draft.profile.beneficialOwners = [
            BeneficialOwner(name: "\(owner.first) \(owner.last)", identificationNumber: owner.id, ownership: share)
        ]
    }
}

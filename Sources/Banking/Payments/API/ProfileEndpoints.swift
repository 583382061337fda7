import HTTPEdge
import Kernel
import Parties

/// The signed-in customer's own contact data (contract, section 5).
struct ProfileEndpoints: Sendable {
    private static let path = "/api/customer-portal/profile"
    private static let tag = "Customer portal"
    private static let render: OwnProfile.Render = { ProfileView(details: $0).json() }

    let profile: OwnProfile

    var all: [Endpoint] { [get, change] }

    private var get: Endpoint {
        Endpoint(
            .get, Self.path, summary: "Own contact data", tag: Self.tag, access: .roles(.owner), reply: ProfileView.self
        ) { call in
            Reply(ProfileView(details: try await profile.view(context: call.context)))
        }
    }

    private var change: Endpoint {
        Endpoint(
            .put, Self.path, summary: "Change own contact data; what is left out stays", tag: Self.tag, access: .roles(.owner),
            body: ProfileRequest.self, reply: ProfileView.self, errors: ["version_conflict", "email_taken", "step_up_required"],
            options: EndpointOptions(
                details: "A new e-mail address or phone number needs a second factor, and the old one is told.")
        ) { call in
            Reply(
                try await profile.change(
                    call.body.change, version: call.body.version, context: call.context, render: Self.render))
        }
    }
}

struct ProfileRequest: RequestBody {
    let change: ContactChange
    let version: Int64

    init(from fields: inout Fields) throws {
        let email = fields.optionalFormatted("email", .email)
        let phone = fields.optionalFormatted("phoneNumber", .phone)
        let address = try fields.optionalObject("address", AddressRequest.self)?.address
        let language = fields.optionalChoice("preferredLanguage", Language.self)
        change = ContactChange(email: email, phone: phone, address: address, preferredLanguage: language)
        version = Int64(fields.version())
    }
}

struct AddressRequest: RequestBody {
    static let schemaName = "AddressRequest"
    let address: PostalAddress

    init(from fields: inout Fields) {
        address = PostalAddress(
            addressLine1: fields.text("addressLine1", 1...100), addressLine2: fields.optionalText("addressLine2", 0...100),
            city: fields.text("city", 1...60), county: fields.optionalText("county", 0...60),
            country: fields.formatted("country", .country), postalCode: fields.optionalText("postalCode", 0...20))
    }
}

struct ProfileView: Representation {
    static let schemaName = "Profile"
    static let example = ProfileView(
        details: ContactDetails(
            customer: CustomerRecord(
                id: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0002), cifNumber: "CIF000000001", kind: .individual,
                status: .active, fullName: "Amina Wanjiru", firstName: "Amina", middleName: nil, lastName: "Wanjiru",
                email: "amina@example.com", phone: "+254711000001", segment: .retail, kycStatus: .verified, kycTier: 2,
                createdAt: Timestamp(microseconds: 1_767_600_000_000_000), version: 1), address: AddressView.example.address,
            preferredLanguage: .en))

    let details: ContactDetails

    func write(to object: inout ObjectWriter) {
        let customer = details.customer
        object.identifier("customerId", customer.id)
        object.text("cifNumber", customer.cifNumber)
        object.choice("partyType", customer.kind)
        object.text("fullName", customer.fullName)
        object.optionalText("email", customer.email)
        object.optionalText("phoneNumber", customer.phone)
        object.optionalObject("address", details.address.map { AddressView(address: $0) })
        object.choice("preferredLanguage", details.preferredLanguage)
        object.choice("kycStatus", customer.kycStatus)
        object.integer("kycTier", customer.kycTier)
        object.integer("version", customer.version)
    }
}

struct AddressView: Representation {
    static let schemaName = "Address"
    static let example = AddressView(
        address: PostalAddress(
            addressLine1: "Kenyatta Avenue 12", addressLine2: "P.O. Box 100", city: "Nairobi", county: "Nairobi", country: "KE",
            postalCode: "00100"))

    let address: PostalAddress

    func write(to object: inout ObjectWriter) {
        object.text("addressLine1", address.addressLine1)
        object.optionalText("addressLine2", address.addressLine2)
        object.text("city", address.city)
        object.optionalText("county", address.county)
        object.text("country", address.country)
        object.optionalText("postalCode", address.postalCode)
    }
}

import Kernel

/// Languages in which the bank writes to its customers.
public enum Language: String, Sendable, CaseIterable {
    case en, sw
}

public struct PostalAddress: Sendable, Equatable {
    public let addressLine1: String
    public let addressLine2: String?
    public let city: String
    public let county: String?
    /// ISO 3166 alpha-2.
    public let country: String
    public let postalCode: String?

    public init(addressLine1: String, addressLine2: String?, city: String, county: String?, country: String, postalCode: String?) {
        self.addressLine1 = addressLine1
        self.addressLine2 = addressLine2
        self.city = city
        self.county = county
        self.country = country
        self.postalCode = postalCode
    }
}

/// How a customer is reached.
public struct ContactDetails: Sendable, Equatable {
    public let customer: CustomerRecord
    public let address: PostalAddress?
    public let preferredLanguage: Language

    public init(customer: CustomerRecord, address: PostalAddress?, preferredLanguage: Language) {
        self.customer = customer
        self.address = address
        self.preferredLanguage = preferredLanguage
    }
}

/// What a customer wants changed; nil stays as it is.
public struct ContactChange: Sendable, Equatable {
    public let email: String?
    public let phone: String?
    public let address: PostalAddress?
    public let preferredLanguage: Language?

    public init(email: String?, phone: String?, address: PostalAddress?, preferredLanguage: Language?) {
        self.email = email
        self.phone = phone
        self.address = address
        self.preferredLanguage = preferredLanguage
    }

    /// Names of what is to change.
    public var fields: [String] {
        [
            ("primaryEmail", email != nil), ("primaryPhone", phone != nil), ("primaryAddress", address != nil),
            ("preferredLanguage", preferredLanguage != nil),
        ].filter(\.1).map(\.0)
    }

    /// Whether the bank will reach the customer somewhere else than before.
    public func movesAddress(from present: ContactDetails) -> Bool {
        (email.map { $0 != present.customer.email } ?? false) || (phone.map { $0 != present.customer.phone } ?? false)
    }
}

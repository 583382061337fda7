import Kernel

public enum CustomerKind: String, Sendable, CaseIterable {
    case individual, corporate
}

public enum CustomerStatus: String, Sendable, CaseIterable {
    case active, blocked, deceased, closed
}

/// How far the bank has verified who somebody is (contract, appendix B).
public enum KYCStatus: String, Sendable, CaseIterable {
    case pending, inProgress, verified, rejected, expired, requiresUpdate
}

public enum CustomerSegment: String, Sendable, CaseIterable {
    case retail, affluent, sme, corporate
}

/// A customer of the bank as other rooms see him: a person or an organisation.
public struct CustomerRecord: Sendable, Equatable {
    public var id: Identifier<Customer>
    /// `CIF` and 9 digits.
    public var cifNumber: String
    public var kind: CustomerKind
    public var status: CustomerStatus
    public var fullName: String
    /// Nil for organisations.
    public var firstName: String?
    public var middleName: String?
    public var lastName: String?
    public var email: String?
    public var phone: String?
    public var segment: CustomerSegment
    public var kycStatus: KYCStatus
    /// 0 to 3; 0 may not send money, 1 has limits.
    public var kycTier: Int16
    public var createdAt: Timestamp
    public var version: Int64

    public init(
        id: Identifier<Customer>, cifNumber: String, kind: CustomerKind, status: CustomerStatus, fullName: String, firstName: String?,
        middleName: String?, lastName: String?, email: String?, phone: String?, segment: CustomerSegment, kycStatus: KYCStatus,
        kycTier: Int16, createdAt: Timestamp, version: Int64
    ) {
        self.id = id
        self.cifNumber = cifNumber
        self.kind = kind
        self.status = status
        self.fullName = fullName
        self.firstName = firstName
        self.middleName = middleName
        self.lastName = lastName
        self.email = email
        self.phone = phone
        self.segment = segment
        self.kycStatus = kycStatus
        self.kycTier = kycTier
        self.createdAt = createdAt
        self.version = version
    }

    public var isBlocked: Bool { status == .blocked }
    public var isVerified: Bool { kycStatus == .verified && kycTier > 0 }
    /// For people who only need to recognise whom they mean: `Jane W***`.
    public var maskedName: String { PartyName.masked(fullName) }
}

/// `CIF` and 9 digits.
public enum CIFNumber {
    public static let greatestSerial: Int64 = 999_999_999

    public static func text(serial: Int64) -> String {
        precondition((1...greatestSerial).contains(serial), "a CIF number has nine digits")
        let digits = String(serial)
        return "CIF" + String(repeating: "0", count: 9 - digits.utf8.count) + digits
    }

    public static func isWellFormed(_ text: String) -> Bool {
        text.utf8.count == 12 && text.hasPrefix("CIF")
            && text.utf8.dropFirst(3).allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}

public enum PartyName {
    private static let mask = "***"

    /// The first word in full and the initial of every other; of a single word only the initial: `Jane W***`, `A***`.
    public static func masked(_ name: String) -> String {
        let words = name.split(whereSeparator: \.isWhitespace)
        guard let first = words.first else { return mask }
        guard words.count > 1 else { return String(first.prefix(1)) + mask }
        return ([String(first)] + words.dropFirst().map { $0.prefix(1) + mask }).joined(separator: " ")
    }

    /// First, middle and last name as one.
    public static func full(_ first: String, _ middle: String?, _ last: String) -> String {
        [first, middle ?? "", last].filter { !$0.isEmpty }.joined(separator: " ")
    }
}

/// Somebody to be registered. Values are checked by whoever takes them in; the database refuses what cannot be.
public struct NewCustomer: Sendable {
    public var id: Identifier<Customer>?
    public var kind: CustomerKind
    public var fullName: String
    public var firstName: String?
    public var middleName: String?
    public var lastName: String?
    public var email: String?
    public var phone: String?
    public var segment: CustomerSegment
    public var kycStatus: KYCStatus
    public var kycTier: Int16

    public static func person(
        id: Identifier<Customer>? = nil, firstName: String, middleName: String? = nil, lastName: String, email: String? = nil,
        phone: String? = nil, kycStatus: KYCStatus = .pending, kycTier: Int16 = 0
    ) -> NewCustomer {
        NewCustomer(
            id: id, kind: .individual, fullName: PartyName.full(firstName, middleName, lastName), firstName: firstName,
            middleName: middleName, lastName: lastName, email: email, phone: phone, segment: .retail, kycStatus: kycStatus,
            kycTier: kycTier)
    }

    public static func organisation(
        id: Identifier<Customer>? = nil, name: String, email: String? = nil, phone: String? = nil, segment: CustomerSegment = .corporate,
        kycStatus: KYCStatus = .pending, kycTier: Int16 = 0
    ) -> NewCustomer {
        NewCustomer(
            id: id, kind: .corporate, fullName: name, email: email, phone: phone, segment: segment, kycStatus: kycStatus, kycTier: kycTier)
    }
}

/// What a customer's standing means for the accounts, for the room that keeps them.
public struct CustomerStanding: Sendable, Equatable {
    public let isBlocked: Bool
    public let kycTier: Int16
    public let isVerified: Bool

    public init(_ customer: CustomerRecord) {
        isBlocked = customer.isBlocked
        kycTier = customer.kycTier
        isVerified = customer.isVerified
    }
}

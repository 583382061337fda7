import Kernel

/// Somebody who wants to become a customer, as he says who he is. Kept sealed until he is one.
public struct Applicant: Sendable, Equatable, Codable {
    public var firstName: String
    public var lastName: String
    public var idNumber: String
    public var phone: String
    public var email: String
    public var birthDate: BusinessDate
    public var setup: AccountSetup?

    public var fullName: String { firstName + " " + lastName }

    public init(firstName: String, lastName: String, idNumber: String, phone: String, email: String, birthDate: BusinessDate) {
        self.firstName = firstName
        self.lastName = lastName
        self.idNumber = idNumber
        self.phone = phone
        self.email = email
        self.birthDate = birthDate
    }
}

/// What the applicant chose in the last step. The password is here as its hash only.
public struct AccountSetup: Sendable, Equatable, Codable {
    public var productCode: String
    public var currencyCode: String
    public var username: String
    public var passwordHash: String
    public var kraPin: String?
    public var sourceOfFunds: String?

    public init(productCode: String, currencyCode: String, username: String, passwordHash: String, kraPin: String?, sourceOfFunds: String?)
    {
        self.productCode = productCode
        self.currencyCode = currencyCode
        self.username = username
        self.passwordHash = passwordHash
        self.kraPin = kraPin
        self.sourceOfFunds = sourceOfFunds
    }
}

/// Steps of the way to an account, in their order.
public enum OnboardingStep: String, Sendable, CaseIterable {
    case basicInfo, verifyPhone, documents, accountSetup, review

    public var number: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

public enum OnboardingStatus: String, Sendable, CaseIterable {
    case inProgress, underReview, completed, rejected, expired
}

public enum OnboardingDocument: String, Sendable, CaseIterable {
    case idFront, idBack, selfie, proofOfAddress
}

/// Limits of the public way in.
enum OnboardingPolicy {
    static let lifetimeSeconds: Int64 = 7 * 86_400
    static let codeSeconds: Int64 = 600
    static let codeTries: Int16 = 5
    static let codeResends: Int16 = 3
    static let startsPerPhoneAndHour: Int64 = 10
    static let messagesPerSenderAndHour: Int64 = 10
}

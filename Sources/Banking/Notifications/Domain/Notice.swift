import Kernel

/// Languages in which the bank writes.
public enum NoticeLanguage: String, Sendable, CaseIterable {
    case en, sw
}

/// Something that people should hear of: shown in the application, and sent where they want it.
public struct Notice: Sendable, Equatable {
    /// What it is about, which decides whether a person may switch it off.
    public enum Kind: String, Sendable, CaseIterable {
        case debit, credit, login, marketing
        /// Orders and deadlines: always shown, sent as the person's channels say.
        case payment
        /// Cannot be switched off, on no channel.
        case security
    }

    public enum Audience: Sendable, Equatable {
        /// Everybody who acts for a customer.
        case customer(Identifier<Customer>)
        case user(Identifier<User>)
    }

    /// Which text this is, dotted by room: `payments.standingOrderMissed`.
    public let template: String
    public let kind: Kind
    public let audience: Audience
    /// Names what happened: the same template from the same source reaches a person once, however often it is asked for.
    public let source: String
    /// What stands in the text's places. Never a secret.
    public let values: [String: String]
    /// Where the application leads to.
    public let link: String?

    public init(template: String, kind: Kind, to audience: Audience, source: String, values: [String: String], link: String? = nil) {
        self.template = template
        self.kind = kind
        self.audience = audience
        self.source = source
        self.values = values
        self.link = link
    }
}

/// Somebody who is told.
public struct Recipient: Sendable, Equatable {
    public let userID: Identifier<User>
    public let customerID: Identifier<Customer>?
    public let username: String
    public let fullName: String
    public let email: String?
    public let phone: String?
    public let language: NoticeLanguage

    public init(
        userID: Identifier<User>, customerID: Identifier<Customer>?, username: String, fullName: String, email: String?, phone: String?,
        language: NoticeLanguage
    ) {
        self.userID = userID
        self.customerID = customerID
        self.username = username
        self.fullName = fullName
        self.email = email
        self.phone = phone
        self.language = language
    }
}

/// What a person wants to hear, and where.
public struct NoticePreferences: Sendable, Equatable {
    public var email: Bool
    public var sms: Bool
    public var push: Bool
    public var debit: Bool
    public var credit: Bool
    public var login: Bool
    public var marketing: Bool

    /// What holds for a person who has not said anything: mail about what happens, a telephone that stays quiet.
    public static let standard = NoticePreferences(
        email: true, sms: false, push: false, debit: true, credit: true, login: true, marketing: false)

    public init(email: Bool, sms: Bool, push: Bool, debit: Bool, credit: Bool, login: Bool, marketing: Bool) {
        self.email = email
        self.sms = sms
        self.push = push
        self.debit = debit
        self.credit = credit
        self.login = login
        self.marketing = marketing
    }

    /// Whether a person wants to hear of something at all.
    func wants(_ kind: Notice.Kind) -> Bool {
        switch kind {
        case .debit: debit
        case .credit: credit
        case .login: login
        case .marketing: marketing
        case .payment, .security: true
        }
    }

    func wants(_ kind: Notice.Kind, by channel: OutgoingMessage.Channel) -> Bool {
        guard wants(kind) else { return false }
        if kind == .security { return channel != .push }
        switch channel {
        case .email: return email
        case .sms: return sms
        case .push: return push
        }
    }
}

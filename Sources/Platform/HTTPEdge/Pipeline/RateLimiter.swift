/// How often an endpoint may be called. The figures are configuration (`RateLimits`).
public enum RateLimitClass: UInt8, Sendable, CaseIterable {
    /// Per user, or per address without a token.
    case standard
    /// Sign-in attempts, per address.
    case signIn
    /// Look-ups of other people's accounts, per user.
    case recipientLookup
    /// Steps of forms that anybody may fill in, per address.
    case publicForm
    /// Never limited: health, metrics.
    case none
}

/// Requests a minute by class (contract, 1.8).
public struct RateLimits: Sendable, Equatable {
    public var perUser: Int
    public var perAddress: Int
    public var signInsPerAddress: Int
    public var recipientLookupsPerUser: Int
    public var publicFormsPerAddress: Int
    /// False lifts all limits (`WEKEZA_RATE_LIMITS=off`).
    public var isEnabled: Bool

    public init(
        perUser: Int = 1_200, perAddress: Int = 300, signInsPerAddress: Int = 20, recipientLookupsPerUser: Int = 20,
        publicFormsPerAddress: Int = 60, isEnabled: Bool = true
    ) {
        self.perUser = perUser
        self.perAddress = perAddress
        self.signInsPerAddress = signInsPerAddress
        self.recipientLookupsPerUser = recipientLookupsPerUser
        self.publicFormsPerAddress = publicFormsPerAddress
        self.isEnabled = isEnabled
    }
}

/// What is counted: one class of one caller.
public struct RateLimitKey: Hashable, Sendable {
    public let kind: RateLimitClass
    /// The user's identifier, or a digest of the address.
    public let caller: UInt128
    public let isUser: Bool

    public init(kind: RateLimitClass, caller: UInt128, isUser: Bool) {
        self.kind = kind
        self.caller = caller
        self.isUser = isUser
    }
}

/// Where a caller stands after a request was counted.
public struct RateLimitDecision: Sendable, Equatable {
    public let isAllowed: Bool
    public let limit: Int
    public let remaining: Int
    /// Seconds until the window ends.
    public let resetSeconds: Int

    public init(isAllowed: Bool, limit: Int, remaining: Int, resetSeconds: Int) {
        self.isAllowed = isAllowed
        self.limit = limit
        self.remaining = remaining
        self.resetSeconds = resetSeconds
    }
}

/// Counts requests in windows of a minute.
public protocol RateLimiter: Sendable {
    /// Counts one request and tells whether it is within the limit.
    func count(_ key: RateLimitKey, limit: Int) async -> RateLimitDecision
    /// False while counts are kept in this process only although they should be shared.
    var isShared: Bool { get }
}

import Kernel

/// Chooses what a request is counted as.
struct LimitPolicy: Sendable {
    let limiter: any RateLimiter
    /// As they are at this moment.
    let current: @Sendable () -> RateLimits

    /// - Returns: nil when the request is not limited at all
    func count(_ kind: RateLimitClass, user: Identifier<User>?, address: PeerAddress) async -> RateLimitDecision? {
        let limits = current()
        guard limits.isEnabled, kind != .none else { return nil }
        let limit: Int
        switch kind {
        case .none: return nil
        case .standard: limit = user == nil ? limits.perAddress : limits.perUser
        case .signIn: limit = limits.signInsPerAddress
        case .publicForm: limit = limits.publicFormsPerAddress
        case .recipientLookup: limit = limits.recipientLookupsPerUser
        }
        let byUser = kind == .signIn || kind == .publicForm ? nil : user
        let key = RateLimitKey(kind: kind, caller: byUser?.bits ?? address.rateLimitKey, isUser: byUser != nil)
        return await limiter.count(key, limit: limit)
    }
}

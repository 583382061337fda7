/// The signed-in person behind a request, as the session table knows them at this moment.
public struct Principal: Sendable, Equatable {
    public let userID: Identifier<User>
    public let sessionID: Identifier<Session>
    public let username: String
    public let roles: RoleSet
    /// Person or organisation the user acts for; nil for staff.
    public let customerID: Identifier<Customer>?
    public let branchCode: String?
    public let mustChangePassword: Bool

    public init(
        userID: Identifier<User>, sessionID: Identifier<Session>, username: String, roles: RoleSet,
        customerID: Identifier<Customer>?, branchCode: String?, mustChangePassword: Bool
    ) {
        self.userID = userID
        self.sessionID = sessionID
        self.username = username
        self.roles = roles
        self.customerID = customerID
        self.branchCode = branchCode
        self.mustChangePassword = mustChangePassword
    }
}

/// Kinds of things that more than one room names. They have no values: they only keep identifiers apart.
public enum User {}
public enum Session {}
public enum Customer {}
public enum Account {}
public enum Journal {}
/// One transaction as a customer sees it; both sides of an operation share it.
public enum TransactionRecord {}

/// Where a request came in, stored with what it did.
public enum Channel: String, Sendable, CaseIterable {
    case personal, corporate, sme, staff, api, system, batch, `import`
}

/// What is known about a request besides its content: who, from where, by when, and under which trace.
public struct RequestContext: Sendable {
    /// 32 hexadecimal digits of the W3C trace.
    public var traceID: String {
        get { box.values.traceID }
        set { own().values.traceID = newValue }
    }
    public var principal: Principal? {
        get { box.values.principal }
        set { own().values.principal = newValue }
    }
    public var channel: Channel {
        get { box.values.channel }
        set { own().values.channel = newValue }
    }
    /// True when the caller sent `X-Wekeza-Channel`, that is, when a browser channel is talking.
    public var isBrowserChannel: Bool {
        get { box.values.isBrowserChannel }
        set { own().values.isBrowserChannel = newValue }
    }
    public var ipAddress: String {
        get { box.values.ipAddress }
        set { own().values.ipAddress = newValue }
    }
    public var userAgent: String {
        get { box.values.userAgent }
        set { own().values.userAgent = newValue }
    }
    public var receivedAt: Timestamp {
        get { box.values.receivedAt }
        set { own().values.receivedAt = newValue }
    }
    /// After this instant nobody waits for the answer any more.
    public var deadline: Timestamp {
        get { box.values.deadline }
        set { own().values.deadline = newValue }
    }
    /// As sent, or minted by the edge when absent.
    public var idempotencyKey: String {
        get { box.values.idempotencyKey }
        set { own().values.idempotencyKey = newValue }
    }
    public var method: String {
        get { box.values.method }
        set { own().values.method = newValue }
    }
    /// Path in canonical form: part of the idempotency scope.
    public var path: String {
        get { box.values.path }
        set { own().values.path = newValue }
    }
    public var stepUpToken: String? {
        get { box.values.stepUpToken }
        set { own().values.stepUpToken = newValue }
    }
    /// SHA-256 of the body in canonical form; empty when there is none. Part of idempotency.
    public var bodyDigest: [UInt8] {
        get { box.values.bodyDigest }
        set { own().values.bodyDigest = newValue }
    }

    public init(
        traceID: String, principal: Principal? = nil, channel: Channel, isBrowserChannel: Bool = false, ipAddress: String,
        userAgent: String, receivedAt: Timestamp, deadline: Timestamp, idempotencyKey: String, method: String = "", path: String = "",
        stepUpToken: String? = nil, bodyDigest: [UInt8] = []
    ) {
        box = Box(
            Values(
                traceID: traceID, principal: principal, channel: channel, isBrowserChannel: isBrowserChannel, ipAddress: ipAddress,
                userAgent: userAgent, receivedAt: receivedAt, deadline: deadline, idempotencyKey: idempotencyKey, method: method,
                path: path, stepUpToken: stepUpToken, bodyDigest: bodyDigest))
    }

    /// The signed-in person; endpoints that need one are only reached with one.
    /// - Throws: 401 `authentication_required`
    public func requirePrincipal() throws(Refusal) -> Principal {
        guard let principal else { throw Refusal(.unauthenticated, "authentication_required", "Please sign in") }
        return principal
    }

    /// The customer the signed-in person acts for.
    /// - Throws: 403 `forbidden` for staff
    public func requireCustomer() throws(Refusal) -> Identifier<Customer> {
        guard let customer = try requirePrincipal().customerID else { throw .forbidden("Only customers can do this") }
        return customer
    }

    /// The context of work the bank starts by itself: jobs, seeding, imports.
    public static func system(_ channel: Channel = .system, at instant: Timestamp, idempotencyKey: String) -> RequestContext {
        RequestContext(
            traceID: String(repeating: "0", count: 32), channel: channel, ipAddress: "", userAgent: "wekeza", receivedAt: instant,
            deadline: instant.adding(seconds: 60), idempotencyKey: idempotencyKey)
    }

    // MARK: Storage

    private struct Values: Sendable {
        var traceID: String
        var principal: Principal?
        var channel: Channel
        var isBrowserChannel: Bool
        var ipAddress: String
        var userAgent: String
        var receivedAt: Timestamp
        var deadline: Timestamp
        var idempotencyKey: String
        var method: String
        var path: String
        var stepUpToken: String?
        var bodyDigest: [UInt8]
    }

    /// One object behind every copy: the context goes through many hands, and a copy costs one reference instead of a dozen texts.
    /// Written only by who holds it alone (`own`), so no two threads ever meet at a change.
    private final class Box: @unchecked Sendable {
        var values: Values

        init(_ values: Values) {
            self.values = values
        }
    }

    private var box: Box

    private mutating func own() -> Box {
        if !isKnownUniquelyReferenced(&box) { box = Box(box.values) }
        return box
    }
}

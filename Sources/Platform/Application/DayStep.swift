import Kernel

/// One bad contract of a step: recorded, while the rest goes on.
public struct DayException: Sendable, Equatable {
    public let entityType: String
    public let entityID: String
    public let code: String
    public let message: String

    public init(entityType: String, entityID: String, code: String, message: String) {
        self.entityType = entityType
        self.entityID = entityID
        self.code = code
        self.message = message
    }

    public init(entityType: String, entityID: String, refusal: Refusal) {
        self.init(entityType: entityType, entityID: entityID, code: refusal.code, message: refusal.detail)
    }
}

/// What a part of a step did.
public struct DayOutcome: Sendable, Equatable {
    public var processed: Int64
    public var exceptions: [DayException]

    public init(processed: Int64 = 0, exceptions: [DayException] = []) {
        self.processed = processed
        self.exceptions = exceptions
    }
}

/// What a step would post: for dry runs.
public struct DayPreview: Sendable, Equatable {
    public let what: String
    public let count: Int64
    public let amount: Money?

    public init(what: String, count: Int64, amount: Money?) {
        self.what = what
        self.count = count
        self.amount = amount
    }
}

/// A step of the close of business. The rooms implement it; the room that closes the day runs them in their order.
///
/// Every part may be interrupted anywhere and run again, twice at the same time even, and the books end the same: what is done is marked
/// in the commit that does it.
public protocol DayStep: Sendable {
    /// The contract's name, section 15.
    var name: String { get }
    /// What may be worked on side by side, as texts that the step itself understands.
    func parts(on date: BusinessDate) async throws -> [String]
    func run(_ part: String, on date: BusinessDate) async throws -> DayOutcome
    /// Once, after all parts.
    func finish(on date: BusinessDate) async throws
    func preview(on date: BusinessDate) async throws -> [DayPreview]
}

extension DayStep {
    public func parts(on _: BusinessDate) async throws -> [String] { [""] }
    public func finish(on _: BusinessDate) async throws {}
    public func preview(on _: BusinessDate) async throws -> [DayPreview] { [] }
}

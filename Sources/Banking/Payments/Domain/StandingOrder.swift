import Kernel

public enum StandingOrderStatus: String, Sendable, CaseIterable {
    case active, paused, ended
}

/// A customer's word that money moves again and again.
public struct StandingOrder: Sendable, Equatable {
    /// What the customer says.
    public struct Terms: Sendable, Equatable {
        public let fromAccountID: Identifier<Account>
        public let fromAccountNumber: String
        public let toAccountNumber: String
        public let beneficiaryName: String?
        public let amount: Money
        public let narration: String?
        public let schedule: StandingOrderSchedule
        /// Counts the due days that were carried out or missed.
        public let maxRuns: Int?
    }

    /// Attempts on later business days after the due day itself failed.
    public static let retries: Int16 = 3

    public let id: Identifier<StandingOrder>
    public let customerID: Identifier<Customer>
    public var terms: Terms
    public var status: StandingOrderStatus
    /// The due day that comes next or is being tried; nil when the order has ended.
    public var dueDate: BusinessDate?
    /// When that is tried: the due day, or a business day after it.
    public var nextRunDate: BusinessDate?
    /// Attempts of the due day that have failed.
    public var failedAttempts: Int16
    public var runCount: Int32
    public var missedCount: Int32
    public var lastRunDate: BusinessDate?
    public var lastFailureCode: String?
    public let createdAt: Timestamp
    public var version: Int64

    /// The order after its due day was carried out or missed.
    mutating func advance(past due: BusinessDate) {
        failedAttempts = 0
        let isExhausted = terms.maxRuns.map { Int(runCount) + Int(missedCount) >= $0 } ?? false
        guard !isExhausted, let next = terms.schedule.next(after: due) else { return end() }
        dueDate = next
        nextRunDate = next
    }

    mutating func end() {
        status = .ended
        dueDate = nil
        nextRunDate = nil
        failedAttempts = 0
    }
}

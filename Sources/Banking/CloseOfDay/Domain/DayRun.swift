import Kernel

public enum ClosingRun {}

/// A run of the close of business (contract, section 15).
public struct DayRun: Sendable, Equatable {
    public enum Status: String, Sendable, CaseIterable {
        case running, completed, failed
    }

    public struct Step: Sendable, Equatable {
        public let name: String
        public let status: Status
        public let processed: Int64
        public let failed: Int64
        public let startedAt: Timestamp
        public let finishedAt: Timestamp?
    }

    public struct Exception: Sendable, Equatable {
        public let businessDate: BusinessDate
        public let step: String
        public let entityType: String
        public let entityID: String
        public let code: String
        public let message: String
    }

    public let id: Identifier<ClosingRun>
    public let status: Status
    public let fromDate: BusinessDate
    public let throughDate: BusinessDate
    public let currentDate: BusinessDate
    /// Counts over all days of the run; the state of the day that it is at.
    public let steps: [Step]
    public let exceptions: [Exception]
    public let error: String?
    public let startedAt: Timestamp
    public let finishedAt: Timestamp?
}

/// How the days of a run follow each other.
public enum DayPolicy {
    /// Days that one run closes at most: ten years, the longest term of a deposit.
    public static let greatestSpan: Int32 = 3_700
    /// Days that are caught up without anybody asking. A clock that has gone astray must not close years.
    public static let greatestCatchUp: Int32 = 31

    /// Checks what somebody asks to close.
    /// - Parameter mayRunAhead: in demo mode the business date may be ahead of the calendar
    /// - Throws: 422 `out_of_range`, `date_in_future`
    public static func check(
        through: BusinessDate, open: BusinessDate, calendar: BusinessDate, mayRunAhead: Bool
    ) throws(Refusal) {
        guard through >= open else {
            throw .validation([.init("throughDate", "out_of_range", "That date has been closed")])
        }
        guard through.days(since: open) <= greatestSpan else {
            throw .validation([.init("throughDate", "out_of_range", "A run closes at most \(greatestSpan) days")])
        }
        guard mayRunAhead || through < calendar else {
            throw .rule("date_in_future", "The business date cannot be ahead of the calendar", field: "throughDate")
        }
    }
}

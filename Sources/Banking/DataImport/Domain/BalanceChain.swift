import Kernel

/// Checks the balances that the other bank recorded against the movements, account by account.
///
/// The source rounded its balances to 0.10 and does not list the rows of one day in the order in which they were booked. So the rows
/// of a day are put in the order in which each recorded balance follows from the one before it within the tolerance, and a row that
/// follows in no order is an exception. After an exception the check goes on from what the other bank recorded, so that one bad
/// figure is one exception.
public struct BalanceChain: Sendable {
    /// What rounding may make of a step: 0.10 in minor units.
    public static let tolerance: Int64 = 10

    public struct Step: Sendable, Equatable {
        public let row: Int
        public let externalID: Int64
        public let account: Int64
        public let date: BusinessDate
        /// Signed.
        public let amount: Int64
        public let recorded: Int64

        public init(row: Int, externalID: Int64, account: Int64, date: BusinessDate, amount: Int64, recorded: Int64) {
            self.row = row
            self.externalID = externalID
            self.account = account
            self.date = date
            self.amount = amount
            self.recorded = recorded
        }
    }

    /// A recorded balance that does not follow from the one before it.
    public struct Exception: Sendable, Equatable {
        public let step: Step
        /// The recorded balance before, plus the amount.
        public let computed: Int64

        public var difference: Int64 { step.recorded - computed }

        public init(step: Step, computed: Int64) {
            self.step = step
            self.computed = computed
        }
    }

    public private(set) var rowsChecked = 0
    /// Days on which an account's rows do not stand in the order in which they were booked.
    public private(set) var daysReordered = 0
    public private(set) var exceptions: [Exception] = []
    /// The largest distance between a recorded balance and the exact sum of amounts, while the chain is whole: what roundings add up to.
    public private(set) var largestDrift: Int128 = 0

    public init() {}

    /// Checks one account.
    /// - Parameters:
    ///   - steps: by date, rows of one day in the file's order
    ///   - start: the balance before the first row
    ///   - startTolerance: how exactly `start` is known; more than `tolerance` when it is a sum over many rounded rows
    public mutating func check(_ steps: [Step], from start: Int64 = 0, startTolerance: Int64 = BalanceChain.tolerance) {
        var recorded = start
        var exact = Int128(start)
        var isWhole = true
        var tolerance = startTolerance
        var first = 0
        while first < steps.count {
            var end = first + 1
            while end < steps.count, steps[end].date == steps[first].date { end += 1 }
            let day = Array(steps[first..<end])
            var search = DayOrder(day: day, start: recorded, startTolerance: tolerance)
            let order = search.best()
            if order != Array(day.indices) { daysReordered += 1 }
            for index in order {
                let step = day[index]
                let computed = recorded + step.amount
                if abs(computed - step.recorded) > tolerance {
                    exceptions.append(Exception(step: step, computed: computed))
                    isWhole = false
                }
                recorded = step.recorded
                exact += Int128(step.amount)
                tolerance = Self.tolerance
                if isWhole { largestDrift = max(largestDrift, abs(exact - Int128(recorded))) }
                rowsChecked += 1
            }
            first = end
        }
    }
}

/// Finds the order of a day's rows with the fewest breaks; of those, the one nearest to the file's.
private struct DayOrder {
    /// Days of more rows than this take the first row that follows, without going back.
    private static let searchedRows = 40
    /// Days of more rows than this are taken in the file's order: no account has them, and only a forged file would.
    private static let orderedRows = 2_000
    /// A day with many equal amounts has many equal orders: looking at this many places is enough.
    private static let placesLookedAt = 20_000

    private let day: [BalanceChain.Step]
    private let start: Int64
    private let startTolerance: Int64
    private var path: [Int] = []
    private var isUsed: [Bool]
    private var bestPath: [Int] = []
    private var bestBreaks = Int.max
    private var budget = DayOrder.placesLookedAt

    init(day: [BalanceChain.Step], start: Int64, startTolerance: Int64) {
        self.day = day
        self.start = start
        self.startTolerance = startTolerance
        isUsed = Array(repeating: false, count: day.count)
    }

    mutating func best() -> [Int] {
        if day.count > Self.orderedRows || breaks(of: Array(day.indices)) == 0 { return Array(day.indices) }
        guard day.count <= Self.searchedRows else { return firstThatFollows() }
        search(recorded: start, breaks: 0)
        assert(bestPath.count == day.count, "every row of the day has its place")
        return bestPath
    }

    private func follows(_ index: Int, _ recorded: Int64, isFirst: Bool) -> Bool {
        abs(recorded + day[index].amount - day[index].recorded) <= (isFirst ? startTolerance : BalanceChain.tolerance)
    }

    private func breaks(of order: [Int]) -> Int {
        var recorded = start
        var breaks = 0
        for (position, index) in order.enumerated() {
            if !follows(index, recorded, isFirst: position == 0) { breaks += 1 }
            recorded = day[index].recorded
        }
        return breaks
    }

    /// Depth first, rows that follow before rows that break; never deeper than the best order found so far is good.
    private mutating func search(recorded: Int64, breaks: Int) {
        guard breaks < bestBreaks else { return }
        if path.count == day.count {
            bestBreaks = breaks
            bestPath = path
            return
        }
        budget -= 1
        let isFirst = path.isEmpty
        for isBreak in [false, true] {
            for index in day.indices where !isUsed[index] && follows(index, recorded, isFirst: isFirst) != isBreak {
                // The first descent always ends, so that there is an order even when the budget is gone.
                if bestBreaks != .max && (budget <= 0 || bestBreaks == 0) { return }
                isUsed[index] = true
                path.append(index)
                search(recorded: day[index].recorded, breaks: breaks + (isBreak ? 1 : 0))
                path.removeLast()
                isUsed[index] = false
            }
        }
    }

    /// For days too long to search: always the first row that follows, else the first one left.
    private func firstThatFollows() -> [Int] {
        var left = Array(day.indices)
        var order: [Int] = []
        var recorded = start
        while !left.isEmpty {
            let at = left.firstIndex { follows($0, recorded, isFirst: order.isEmpty) } ?? 0
            let index = left.remove(at: at)
            order.append(index)
            recorded = day[index].recorded
        }
        return order
    }
}

import Kernel

/// A calendar month that is over.
struct StatementMonth: Sendable, Equatable {
    let from: BusinessDate
    let to: BusinessDate

    /// The last month that was over when a day began.
    init(before date: BusinessDate) {
        to = date.adding(days: Int32(-date.day))
        from = to.adding(days: Int32(1 - to.day))
    }
}

import Kernel
import Postgres

/// Changes of limits in the transaction of whoever decides on them. The newest change of a day counts from that day on.
public enum LimitChanges {
    /// - Precondition: an amount of shillings
    public static func set(
        _ parameter: LimitParameter, to amount: Money, from date: BusinessDate, in transaction: Transaction
    ) throws {
        precondition(amount.currency == .kes && !amount.isNegative, "limits are amounts of shillings")
        _ = try transaction.execute(
            """
            INSERT INTO products.limit_change (key, valid_from, ordinal, amount)
            SELECT \(parameter.rawValue), \(date), coalesce(max(ordinal), 0) + 1, \(amount.minorUnits)
            FROM products.limit_change WHERE key = \(parameter.rawValue) AND valid_from = \(date)
            """)
    }
}

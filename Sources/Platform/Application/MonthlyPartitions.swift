import Kernel
import Postgres

/// Tables partitioned by the time in their UUIDv7 key: the bounds of a month are the identifiers of its first millisecond.
///
/// A row whose month has no partition yet goes to the default partition, so a missed maintenance run loses nothing.
public enum MonthlyPartitions {
    /// SQL that creates the partitions of a month for a table `schema.name` with a default partition beside them.
    public static func create(table: String, year: Int, month: Int) -> String {
        let (nextYear, nextMonth) = month == 12 ? (year + 1, 1) : (year, month + 1)
        let suffix = "\(year)_\(month < 10 ? "0" : "")\(month)"
        return """
            CREATE TABLE IF NOT EXISTS \(table)_\(suffix) PARTITION OF \(table)
            FOR VALUES FROM ('\(bound(year: year, month: month))') TO ('\(bound(year: nextYear, month: nextMonth))');
            """
    }

    /// SQL for `months` months from the one that contains `date`.
    public static func create(table: String, from date: BusinessDate, months: Int) -> String {
        var statements: [String] = []
        var (year, month) = (date.year, date.month)
        for _ in 0..<months {
            statements.append(create(table: table, year: year, month: month))
            (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1)
        }
        return statements.joined(separator: "\n")
    }

    private static func bound(year: Int, month: Int) -> Identifier<Never> {
        guard let first = BusinessDate(year: year, month: month, day: 1) else { preconditionFailure("months are from 1 to 12") }
        // Months in UTC: the identifier's clock knows no other.
        let milliseconds = UInt128(UInt64(first.epochDay)) * 86_400_000
        return Identifier(bits: milliseconds << 80)
    }
}

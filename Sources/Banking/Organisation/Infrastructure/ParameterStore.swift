import Kernel
import Postgres

enum ParameterStore {
    struct Entry {
        let key: String
        let version: Int32
        /// Nil for what the bank began with, which the definition knows.
        let value: String?
        let effectiveDate: BusinessDate
    }

    /// Every entry, oldest first: what the bank began with, as version 1, and what administrators have set since.
    static func entries(of key: String? = nil, in transaction: Transaction) throws -> [Entry] {
        let keys = key.map { [$0] } ?? ParameterDefinition.all.map(\.key)
        return try transaction.query(
            """
            SELECT key, version, value, effective_date FROM organisation.parameter_value
            WHERE \(key)::text IS NULL OR key = \(key)::text
            UNION ALL
            SELECT key, 1, NULL, effective_date FROM unnest(\(keys)::text[]) AS k (key) CROSS JOIN organisation.parameter_origin
            ORDER BY key, version
            """
        ).map { Entry(key: try $0.text(0), version: try $0.int32(1), value: try $0.textOrNil(2), effectiveDate: try $0.date(3)) }
    }

    /// One version of a key exists once: of two changes that meet, one is refused by the primary key.
    static func insert(
        _ entry: Entry, reason: String, by user: Identifier<User>?, at instant: Timestamp, in transaction: Transaction
    ) throws {
        _ = try transaction.execute(
            """
            INSERT INTO organisation.parameter_value (key, version, value, effective_date, reason, changed_by, changed_at)
            VALUES (\(entry.key), \(entry.version), \(entry.value), \(entry.effectiveDate), \(reason), \(user), \(instant))
            """)
    }

    /// What is in force on a day: of the entries whose day has come, the one with the latest day, and of those the newest. What the
    /// bank began with gives way to every other, whatever the day.
    static func parameter(_ definition: ParameterDefinition, _ entries: [Entry], on date: BusinessDate) -> Parameter {
        let origin = entries.first { $0.value == nil }
        let set = entries.filter { $0.value != nil }
        let inForce = set.filter { $0.effectiveDate <= date }.max { ($0.effectiveDate, $0.version) < ($1.effectiveDate, $1.version) }
        let upcoming = set.filter { $0.effectiveDate > date }.min { ($0.effectiveDate, -$0.version) < ($1.effectiveDate, -$1.version) }
        return Parameter(
            definition: definition, value: inForce?.value ?? definition.defaultValue,
            effectiveDate: (inForce ?? origin)?.effectiveDate ?? date, version: entries.map(\.version).max() ?? 1,
            upcoming: upcoming.map { Parameter.Upcoming(value: $0.value ?? definition.defaultValue, effectiveDate: $0.effectiveDate) })
    }
}

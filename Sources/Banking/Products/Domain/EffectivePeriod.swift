import Kernel

/// The days on which a row of effective-dated data is in force: `validFrom` belongs to them, `validTo` no longer does.
public struct EffectivePeriod: Hashable, Sendable {
    public let validFrom: BusinessDate
    /// Nil while nothing ends the row.
    public let validTo: BusinessDate?

    public init(from validFrom: BusinessDate, to validTo: BusinessDate? = nil) {
        self.validFrom = validFrom
        self.validTo = validTo
    }

    public func contains(_ date: BusinessDate) -> Bool {
        date >= validFrom && validTo.map { date < $0 } ?? true
    }
}

/// The rows of one kind of effective-dated data, by key. What is asked for is always a date, so that a snapshot taken before a
/// change of the business date still answers right after it.
struct EffectiveRows<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private var rows: [Key: [(period: EffectivePeriod, value: Value)]] = [:]

    init(_ rows: [(key: Key, period: EffectivePeriod, value: Value)] = []) {
        for row in rows { self.rows[row.key, default: []].append((row.period, row.value)) }
        // Newest first: today's row is found at once.
        for key in self.rows.keys { self.rows[key]?.sort { $0.period.validFrom > $1.period.validFrom } }
    }

    func value(_ key: Key, on date: BusinessDate) -> Value? {
        guard let history = rows[key] else { return nil }
        for row in history where row.period.contains(date) { return row.value }
        return nil
    }

    /// Every row of a key, newest first.
    func history(_ key: Key) -> [(period: EffectivePeriod, value: Value)] { rows[key] ?? [] }

    var keys: some Collection<Key> { rows.keys }
}

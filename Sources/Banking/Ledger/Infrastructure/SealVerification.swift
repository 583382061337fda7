import Audit
import Kernel
import Postgres

/// Compares used keys and steps of holds with what the audit chain says about them.
struct SealVerification {
    private(set) var failures: [VerificationCheck: String] = [:]
    private let sealed: SealedRows

    init(_ sealed: SealedRows) {
        self.sealed = sealed
    }

    mutating func compare(in transaction: Transaction) throws {
        try compareKeys(in: transaction)
        try compareHoldSteps(in: transaction)
    }

    // MARK: Keys

    private static let columns = "key_digest, body_digest, status, effect_id, body, location, created_at"

    private static func digest(_ row: Row) throws -> UInt128 {
        BatchSeal.digest(
            key: try row.uuid(0), body: try row.uuid(1), status: try row.int16(2), effect: try row.uuid(3), receipt: try row.bytesOrNil(4),
            location: try row.textOrNil(5), at: try row.timestamp(6))
    }

    private mutating func compareKeys(in transaction: Transaction) throws {
        guard let first = sealed.firstKeys else { return }
        var sum: UInt128 = 0
        _ = try transaction.query(
            """
            DECLARE used_keys NO SCROLL CURSOR FOR SELECT \(raw: Self.columns) FROM platform.idempotency
            WHERE effect_id IS NOT NULL AND created_at >= \(first)
            """)
        while true {
            let rows = try transaction.query("FETCH 10000 FROM used_keys")
            if rows.isEmpty { break }
            for row in rows { sum &+= try Self.digest(row) }
        }
        _ = try transaction.query("CLOSE used_keys")
        if sum != sealed.keySum { failures[.externalReferencesUnique] = try Self.firstWrongKeys(since: first, in: transaction) }
    }

    /// Slow, and only asked for when there is something to be found: the first moment whose keys are not those that were sealed.
    private static func firstWrongKeys(since first: Timestamp, in transaction: Transaction) throws -> String {
        var expected: [Timestamp: (sum: UInt128, record: UInt128)] = [:]
        for (record, detail) in try AuditVerifier().details(beginningWith: SealedRows.beginning, in: transaction) {
            guard let keys = SealedRows.seal(in: detail)?.keys else { continue }
            expected[keys.at, default: (0, record)].sum &+= keys.sum
        }
        var found: [Timestamp: (sum: UInt128, effect: UInt128)] = [:]
        for row in try transaction.query(
            "SELECT \(raw: columns) FROM platform.idempotency WHERE effect_id IS NOT NULL AND created_at >= \(first) ORDER BY created_at")
        {
            let effect = try row.uuid(3)
            found[try row.timestamp(6), default: (0, effect)].sum &+= try digest(row)
        }
        let wrong = Set(expected.keys).union(found.keys).filter { expected[$0]?.sum ?? 0 != found[$0]?.sum ?? 0 }.min()
        guard let wrong else { return "the keys that moved money are not those that were sealed" }
        let name = expected[wrong].map { "audit record \(Identifier<Never>(bits: $0.record))" } ?? "no audit record"
        let effect = found[wrong].map { ", among them that of journal \(Identifier<Journal>(bits: $0.effect))" } ?? ""
        return "the keys stored at \(wrong)\(effect), are not those that \(name) vouches for"
    }

    // MARK: Holds

    private mutating func compareHoldSteps(in transaction: Transaction) throws {
        var missing = sealed.holdSteps
        let rows = try transaction.query(
            """
            SELECT h.id, h.account_id, c.amount, c.captured_amount, h.currency, h.reason, c.status, h.placed_at, h.expires_at,
                h.original_amount, c.id, CASE WHEN c.status <> 1 OR h.status = 1 THEN h.ended_at END
            FROM ledger.hold_change c JOIN ledger.hold h ON h.id = c.hold_id ORDER BY c.id
            """)
        for row in rows {
            let step = try row.uuid(10)
            let digest = try readable { try BatchSeal.digest(of: step, HoldRows.state(row), endedAt: try row.timestampOrNil(11)) }
            let isOlder = missing[step] == nil && step < sealed.firstHoldStep
            if let digest, isOlder || missing[step] == digest {
                missing[step] = nil
                continue
            }
            failures[.holdsMatchAvailable] = "hold \(try row.identifier(0, as: Hold.self)): a step of it is not what was audited"
            return
        }
        if let step = missing.keys.min() {
            failures[.holdsMatchAvailable] = "step \(Identifier<Hold>(bits: step)) of a hold was audited and is missing"
        }
    }
}

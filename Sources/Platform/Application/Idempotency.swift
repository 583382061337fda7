import Crypto
import Kernel
import Postgres

/// A caller's key in its scope (user, method, path) and the digest of what was asked under it (contract, 1.5).
public struct IdempotencyKey: Hashable, Sendable {
    /// First 128 bits of SHA-256 over scope and key: what the unique index is on.
    public let digest: UInt128
    /// First 128 bits of the canonical digest of the body: the same JSON value gives the same digest.
    public let bodyDigest: UInt128

    public init(digest: UInt128, bodyDigest: UInt128) {
        self.digest = digest
        self.bodyDigest = bodyDigest
    }

    public init(_ context: RequestContext) {
        self.init(
            actor: context.principal?.userID.bits ?? 0, method: context.method, path: context.path, key: context.idempotencyKey,
            bodyDigest: context.bodyDigest)
    }

    public init(actor: UInt128, method: String, path: String, key: String, bodyDigest: [UInt8]) {
        var hash = SHA256()
        withUnsafeBytes(of: actor.bigEndian) { hash.update(bufferPointer: $0) }
        // Lengths keep ("ab", "c") apart from ("a", "bc").
        for part in [method, path, key] {
            withUnsafeBytes(of: UInt32(part.utf8.count).bigEndian) { hash.update(bufferPointer: $0) }
            var part = part
            part.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        }
        digest = Self.leading128(hash.finalize())
        self.bodyDigest = Self.leading128(bodyDigest)
    }

    static func leading128(_ bytes: some Sequence<UInt8>) -> UInt128 {
        var value: UInt128 = 0
        var count = 0
        for byte in bytes where count < 16 {
            value = value << 8 | UInt128(byte)
            count += 1
        }
        return count == 16 ? value : value << UInt128(8 * (16 - count))
    }

    /// 422 for the same key with another body.
    public static func reused() -> Refusal {
        Refusal(
            .invalid, "idempotency_key_reused", "This Idempotency-Key was used for another request",
            fields: [.init("Idempotency-Key", "idempotency_key_reused", "Use a new key for a new request")])
    }
}

/// What is stored under a key, in the commit of its effect.
public struct StoredOutcome: Sendable, Equatable {
    public let keyDigest: UInt128
    public let bodyDigest: UInt128
    public let status: Int16
    /// The journal (or hold) the key made. Answers of the posting engine are rendered again from it.
    public let effectID: UInt128?
    /// The answer itself, for everything that is not rendered again; of the posting engine, the list of its effects if it has several.
    public let body: [UInt8]?
    public let location: String?

    public init(keyDigest: UInt128, bodyDigest: UInt128, status: Int16, effectID: UInt128?, body: [UInt8]?, location: String?) {
        self.keyDigest = keyDigest
        self.bodyDigest = bodyDigest
        self.status = status
        self.effectID = effectID
        self.body = body
        self.location = location
    }

    init(row: Row) throws {
        keyDigest = try row.uuid(0)
        bodyDigest = try row.uuid(1)
        status = try row.int16(2)
        effectID = try row.uuidOrNil(3)
        body = try row.bytesOrNil(4)
        location = try row.textOrNil(5)
    }
}

/// The table of used keys. Rows of keys that moved money stay for good; the others for at least seven days.
public enum IdempotencyStore {
    public static func find(_ digests: [UInt128]) -> SQL {
        """
        SELECT key_digest, body_digest, status, effect_id, body, location FROM platform.idempotency
        WHERE key_digest = ANY(\(digests)::uuid[])
        """
    }

    public static func outcomes(_ rows: Rows) throws -> [UInt128: StoredOutcome] {
        var found: [UInt128: StoredOutcome] = [:]
        for row in rows {
            let outcome = try StoredOutcome(row: row)
            found[outcome.keyDigest] = outcome
        }
        return found
    }

    /// Stores keys whose answers are rendered from an effect.
    /// - Parameter receipts: what the effect's room needs to find all of it again; nil when the identifier is enough
    public static func insertEffects(
        keys: [UInt128], bodies: [UInt128], effects: [UInt128], receipts: [[UInt8]?], at instant: Timestamp
    ) -> SQL {
        """
        INSERT INTO platform.idempotency (key_digest, body_digest, status, effect_id, body, created_at)
        SELECT k, b, 201, e, r, \(instant)::timestamptz
        FROM unnest(\(keys)::uuid[], \(bodies)::uuid[], \(effects)::uuid[], \(receipts)::bytea[]) AS u (k, b, e, r)
        """
    }

    public static func insert(_ outcome: StoredOutcome, at instant: Timestamp) -> SQL {
        """
        INSERT INTO platform.idempotency (key_digest, body_digest, status, effect_id, body, location, created_at)
        VALUES (\(outcome.keyDigest), \(outcome.bodyDigest), \(outcome.status), \(outcome.effectID), \(outcome.body),
                \(outcome.location), \(instant))
        """
    }

    /// Forgets answers older than seven days whose key moved no money.
    public static func forgetOld(before instant: Timestamp) -> SQL {
        "DELETE FROM platform.idempotency WHERE effect_id IS NULL AND created_at < \(instant)"
    }
}

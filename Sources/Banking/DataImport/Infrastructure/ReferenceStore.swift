import Kernel
import Postgres

/// Which of our things stands for which of the other bank's.
struct ReferenceStore: Sendable {
    enum Kind: String, Sendable {
        case client, account
    }

    struct Reference: Sendable, Equatable {
        let internalID: UInt128
        let rowDigest: UInt128
    }

    struct Claim: Sendable {
        let externalID: Int64
        /// The identifier it gets when it has none yet.
        let freshID: UInt128
        let rowDigest: UInt128
    }

    private static let chunk = 2_000

    let pool: ConnectionPool
    let dataset: String

    /// The references that exist, by the other bank's number.
    func find(_ kind: Kind, _ externalIDs: some Sequence<Int64>) async throws -> [Int64: Reference] {
        var found: [Int64: Reference] = [:]
        for ids in Array(Set(externalIDs)).sorted().chunks(of: Self.chunk) {
            let dataset = dataset
            let part = try await pool.read { transaction in
                try transaction.query(
                    """
                    SELECT external_id, internal_id, row_digest FROM dataimport.reference
                    WHERE dataset = \(dataset) AND kind = \(kind.rawValue) AND external_id = ANY(\(ids)::bigint[])
                    """
                ).map { (try $0.int64(0), Reference(internalID: try $0.uuid(1), rowDigest: try $0.uuid(2))) }
            }
            for (id, reference) in part { found[id] = reference }
        }
        return found
    }

    /// Gives every claim an identifier: the one it has, or its fresh one. Two imports that claim at once get the same.
    func claim(_ kind: Kind, _ claims: [Claim], at now: Timestamp) async throws -> [Int64: Reference] {
        for part in claims.chunks(of: Self.chunk) {
            let dataset = dataset
            _ = try await pool.transaction { transaction in
                try transaction.execute(
                    """
                    INSERT INTO dataimport.reference (dataset, kind, external_id, internal_id, row_digest, created_at)
                    SELECT \(dataset), \(kind.rawValue), e, i, d, \(now)
                    FROM unnest(\(part.map(\.externalID))::bigint[], \(part.map(\.freshID))::uuid[], \(part.map(\.rowDigest))::uuid[])
                        AS u (e, i, d)
                    ON CONFLICT (dataset, kind, external_id) DO NOTHING
                    """)
            }
        }
        return try await find(kind, claims.map(\.externalID))
    }

    /// Notes that a thing was made from another row than the one it was claimed for.
    func note(_ kind: Kind, _ digests: [(internalID: UInt128, rowDigest: UInt128)]) async throws {
        for part in digests.chunks(of: Self.chunk) {
            let (ids, rows) = (part.map(\.internalID), part.map(\.rowDigest))
            _ = try await pool.transaction { transaction in
                try transaction.execute(
                    """
                    UPDATE dataimport.reference r SET row_digest = u.d FROM unnest(\(ids)::uuid[], \(rows)::uuid[]) AS u (i, d)
                    WHERE r.internal_id = u.i
                    """)
            }
        }
    }
}

extension Array {
    /// The elements in their order, in arrays of at most `size`.
    func chunks(of size: Int) -> [[Element]] {
        precondition(size > 0, "a chunk has elements")
        return stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min(count, $0 + size)]) }
    }
}

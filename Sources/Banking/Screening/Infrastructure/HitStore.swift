import Crypto
import Kernel
import Postgres

public enum Screening {}
public enum ScreeningHit {}
public enum RescreenJob {}

/// What became of a hit.
public enum HitStatus: String, Sendable, CaseIterable {
    case open, falsePositive, truePositive, escalated
}

public enum SubjectKind: String, Sendable, CaseIterable {
    case customer, application, name, transaction
}

/// A match that somebody looks at.
public struct HitRecord: Sendable, Equatable {
    public let id: Identifier<ScreeningHit>
    public let screeningID: Identifier<Screening>
    public let subjectKind: SubjectKind
    public let subjectID: UInt128
    public let query: String
    public let list: WatchlistCode
    public let entryID: String
    public let listedName: String
    public let matchedName: String
    public let isAlias: Bool
    /// In ten-thousandths.
    public let score: Int32
    public let nameScore: Int32
    public let reasons: [String]
    public let programme: String?
    public let decision: ScreeningDecision
    public let status: HitStatus
    public let createdAt: Timestamp
    public let reviewedBy: String?
    public let reviewedAt: Timestamp?
    public let notes: String?
}

enum HitStore {
    private static let columns = """
        id, screening_id, subject_kind, subject_id, query, list_code, entry_id, listed_name, matched_name, is_alias, score, name_score,
        reasons, programme, decision, status, created_at, reviewed_by_name, reviewed_at, notes
        """

    static func record(_ row: Row) throws -> HitRecord {
        HitRecord(
            id: try row.identifier(0), screeningID: try row.identifier(1), subjectKind: SubjectKind(rawValue: try row.text(2)) ?? .name,
            subjectID: try row.uuid(3), query: try row.text(4), list: WatchlistCode(rawValue: try row.text(5)) ?? .local,
            entryID: try row.text(6), listedName: try row.text(7), matchedName: try row.text(8), isAlias: try row.bool(9),
            score: try row.int32(10), nameScore: try row.int32(11), reasons: try row.textArray(12), programme: try row.textOrNil(13),
            decision: ScreeningDecision(rawValue: try row.text(14)) ?? .review, status: HitStatus(rawValue: try row.text(15)) ?? .open,
            createdAt: try row.timestamp(16), reviewedBy: try row.textOrNil(17), reviewedAt: try row.timestampOrNil(18),
            notes: try row.textOrNil(19))
    }

    /// The same person gives the same fingerprint, as an applicant and as a customer.
    static func fingerprint(_ query: ScreeningQuery) -> [UInt8] {
        let parts =
            [NormalName(query.name).text, query.dateOfBirth?.description ?? "", query.nationality ?? ""]
            + query.documentNumbers.map { DocumentNumber.normal($0) }.sorted()
        return Array(SHA256.hash(data: Array(parts.joined(separator: "\u{1F}").utf8)).prefix(16))
    }

    /// Which of these entries a reviewer has already called another person, for the same fingerprint and the unchanged entry.
    static func knownFalse(
        _ fingerprint: [UInt8], _ keys: [(list: String, entry: String, digest: [UInt8])], in transaction: Transaction
    ) throws -> Set<String> {
        guard !keys.isEmpty else { return [] }
        let rows = try transaction.query(
            """
            SELECT DISTINCT h.list_code, h.entry_id FROM screening.hit h
            JOIN unnest(\(keys.map(\.list))::text[], \(keys.map(\.entry))::text[], \(keys.map(\.digest))::bytea[]) AS k (l, e, d)
                ON h.list_code = k.l AND h.entry_id = k.e AND h.entry_digest = k.d
            WHERE h.fingerprint = \(fingerprint) AND h.status = 'falsePositive'
            """)
        return Set(try rows.map { "\(try $0.text(0))/\(try $0.text(1))" })
    }

    /// Keeps a hit; one of the same subject and entry that is there already takes the new score, and is opened again when the entry changed.
    /// - Returns: the hit's identifier and what stands
    static func upsert(
        _ match: ScreeningMatch, id: Identifier<ScreeningHit>, screening: Identifier<Screening>, subject: ScreeningSubject,
        fingerprint: [UInt8], digest: [UInt8], query: String, decision: ScreeningDecision, at instant: Timestamp,
        in transaction: Transaction
    ) throws -> (id: Identifier<ScreeningHit>, status: HitStatus) {
        let rows = try transaction.query(
            """
            INSERT INTO screening.hit (id, screening_id, subject_kind, subject_id, fingerprint, query, list_code, entry_id, entry_digest,
                listed_name, matched_name, is_alias, score, name_score, reasons, programme, decision, status, created_at)
            VALUES (\(id), \(screening), \(subject.kind.rawValue), \(subject.id), \(fingerprint), \(query), \(match.list.rawValue),
                \(match.entry.id), \(digest), \(match.entry.names.first?.text ?? ""), \(match.matchedName.text),
                \(match.matchedName.isAlias), \(tenThousandths(match.score)), \(tenThousandths(match.nameScore)),
                \(match.reasons.map(\.rawValue)), \(match.entry.programme), \(decision.rawValue), 'open', \(instant))
            ON CONFLICT ON CONSTRAINT hit_once DO UPDATE SET screening_id = excluded.screening_id, score = excluded.score,
                name_score = excluded.name_score, reasons = excluded.reasons, matched_name = excluded.matched_name,
                is_alias = excluded.is_alias, listed_name = excluded.listed_name, decision = excluded.decision,
                programme = excluded.programme, entry_digest = excluded.entry_digest,
                status = CASE WHEN screening.hit.status = 'falsePositive' AND screening.hit.entry_digest <> excluded.entry_digest
                    THEN 'open' ELSE screening.hit.status END
            RETURNING id, status
            """)
        guard let row = rows.first else { throw Refusal.unavailable() }
        return (try row.identifier(0), HitStatus(rawValue: try row.text(1)) ?? .open)
    }

    static func tenThousandths(_ score: Double) -> Int32 { Int32((score * 10_000).rounded()) }

    static func list(
        status: HitStatus?, after: Identifier<ScreeningHit>?, limit: Int, in transaction: Transaction
    ) throws -> [HitRecord] {
        let bound = after ?? Identifier(bits: .max)
        return try transaction.query(
            """
            SELECT \(raw: columns) FROM screening.hit
            WHERE id < \(bound) AND (\(status?.rawValue)::text IS NULL OR status = \(status?.rawValue))
            ORDER BY id DESC LIMIT \(Int64(limit))
            """
        ).map(record)
    }

    static func find(_ id: Identifier<ScreeningHit>, in transaction: Transaction) throws -> HitRecord? {
        try transaction.query("SELECT \(raw: columns) FROM screening.hit WHERE id = \(id)").first.map(record)
    }

    static func lock(_ id: Identifier<ScreeningHit>, in transaction: Transaction) throws -> HitRecord? {
        try transaction.query("SELECT \(raw: columns) FROM screening.hit WHERE id = \(id) FOR NO KEY UPDATE").first.map(record)
    }

    static func review(
        _ id: Identifier<ScreeningHit>, status: HitStatus, notes: String, by principal: Principal?, at instant: Timestamp,
        in transaction: Transaction
    ) throws -> HitRecord {
        let rows = try transaction.query(
            """
            UPDATE screening.hit SET status = \(status.rawValue), notes = \(notes), reviewed_by = \(principal?.userID),
                reviewed_by_name = \(principal?.username), reviewed_at = \(instant)
            WHERE id = \(id) RETURNING \(raw: columns)
            """)
        guard let hit = try rows.first.map(record) else { throw Refusal.unavailable() }
        return hit
    }

    /// The gravest thing that still stands against a subject.
    static func standing(of subject: UInt128, in transaction: Transaction) throws -> (decision: ScreeningDecision, isConfirmed: Bool) {
        let rows = try transaction.query(
            """
            SELECT coalesce(bool_or(status = 'truePositive' AND list_code <> 'pep'), false),
                coalesce(bool_or(decision = 'block' AND status IN ('open', 'escalated')), false), count(*)
            FROM screening.hit WHERE subject_id = \(subject) AND status <> 'falsePositive'
            """)
        guard let row = rows.first else { return (.clear, false) }
        let (isConfirmed, isBlocked, count) = (try row.bool(0), try row.bool(1), try row.int64(2))
        return (isConfirmed || isBlocked ? .block : count > 0 ? .review : .clear, isConfirmed)
    }
}

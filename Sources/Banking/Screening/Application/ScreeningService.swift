import Application
import Foundation
import Kernel
import Parties
import Postgres

/// Whom a screening is about.
public struct ScreeningSubject: Sendable, Equatable {
    public let kind: SubjectKind
    public let id: UInt128

    public init(kind: SubjectKind, id: UInt128) {
        self.kind = kind
        self.id = id
    }
}

/// What a screening found.
public struct ScreeningResult: Sendable {
    public struct Match: Sendable {
        public let hitID: Identifier<ScreeningHit>
        public let match: ScreeningMatch
        public let status: HitStatus
    }

    public let id: Identifier<Screening>
    public let screenedAt: Timestamp
    public let query: String
    public let lists: [ListVersion]
    public let decision: ScreeningDecision
    public let thresholds: ScreeningThresholds
    /// Best first; matches that were reviewed as other people are left out.
    public let matches: [Match]
}

/// Compares people and organisations with the lists in force.
public struct ScreeningService: PartyScreener {
    private let clock: any WallClock
    private let identifiers: any IdentifierSource
    private let thresholds: @Sendable () -> ScreeningThresholds
    private let cache = IndexCache()

    /// - Parameter thresholds: parameters of the bank, read at every screening
    public init(
        clock: any WallClock, identifiers: any IdentifierSource,
        thresholds: @escaping @Sendable () -> ScreeningThresholds = { .standard }
    ) {
        self.clock = clock
        self.identifiers = identifiers
        self.thresholds = thresholds
    }

    /// Screens in the caller's transaction: the screening and its hits exist exactly when what caused them does.
    /// - Parameter keepsClear: false leaves no record of a screening that found nothing, for whole bases
    public func screen(
        _ queries: [ScreeningQuery], subject: ScreeningSubject, lists: Set<WatchlistCode>? = nil, keepsClear: Bool = true,
        context: RequestContext, in transaction: Transaction
    ) throws -> ScreeningResult {
        let current = try cache.current(in: transaction)
        let (limits, now) = (thresholds(), clock.now())
        let screening = identifiers.next(Screening.self)
        var matches: [ScreeningResult.Match] = []
        var decision = ScreeningDecision.clear
        for query in queries {
            let found = current.index.matches(query, thresholds: limits, lists: lists)
            guard !found.isEmpty else { continue }
            let fingerprint = HitStore.fingerprint(query)
            func digest(_ match: ScreeningMatch) -> [UInt8] { current.digests["\(match.list.rawValue)/\(match.entry.id)"] ?? [] }
            let quiet = try HitStore.knownFalse(
                fingerprint, found.map { ($0.list.rawValue, $0.entry.id, digest($0)) }, in: transaction)
            // More than a hundred matches of one name tell nothing that the first hundred do not.
            for match in found.prefix(100) where !quiet.contains("\(match.list.rawValue)/\(match.entry.id)") {
                let verdict = Corroboration.decision(match, limits)
                let hit = try HitStore.upsert(
                    match, id: identifiers.next(), screening: screening, subject: subject, fingerprint: fingerprint,
                    digest: digest(match), query: query.name, decision: verdict, at: now, in: transaction)
                guard hit.status != .falsePositive else { continue }
                matches.append(ScreeningResult.Match(hitID: hit.id, match: match, status: hit.status))
                decision = max(decision, hit.status == .truePositive && match.list != .pep ? .block : verdict)
            }
        }
        matches.sort { $0.match.score > $1.match.score }
        let shown = current.lists.filter { lists?.contains($0.code) ?? true }
        if keepsClear || decision != .clear {
            _ = try transaction.execute(
                """
                INSERT INTO screening.screening (id, screened_at, screened_by, subject_kind, subject_id, query, decision, review_threshold,
                    block_threshold, list_versions)
                VALUES (\(screening), \(now), \(context.principal?.userID), \(subject.kind.rawValue), \(subject.id),
                    \(queries.first?.name ?? ""), \(decision.rawValue), \(HitStore.tenThousandths(limits.review)),
                    \(HitStore.tenThousandths(limits.block)),
                    \(shown.map { "\($0.code.rawValue)=\($0.version)" }.joined(separator: " ")))
                """)
        }
        return ScreeningResult(
            id: screening, screenedAt: now, query: queries.first?.name ?? "", lists: shown, decision: decision, thresholds: limits,
            matches: matches)
    }

    // MARK: Parties

    public func screen(_ party: PartyForScreening, context: RequestContext, in transaction: Transaction) throws -> PartyScreeningOutcome {
        try outcome(of: party, keepsClear: true, context: context, in: transaction)
    }

    func outcome(
        of party: PartyForScreening, keepsClear: Bool, context: RequestContext, in transaction: Transaction
    ) throws -> PartyScreeningOutcome {
        let result = try screen(
            Self.queries(for: party), subject: ScreeningSubject(kind: .customer, id: party.id.bits), keepsClear: keepsClear,
            context: context, in: transaction)
        switch result.decision {
        case .clear: return .clear
        case .review: return .review
        case .block: return .block
        }
    }

    /// The party itself, and the people behind it.
    static func queries(for party: PartyForScreening) -> [ScreeningQuery] {
        let own = ScreeningQuery(
            name: party.name, isPerson: party.kind == .individual, dateOfBirth: party.birthDate,
            nationality: party.nationality.flatMap { countryName($0) }, documentNumbers: party.documentNumbers)
        return [own] + party.associates.map { ScreeningQuery(name: $0, isPerson: true) }
    }

    /// Lists write the names of countries, records their codes.
    static func countryName(_ code: String) -> String? {
        Locale(identifier: "en_US").localizedString(forRegionCode: code)
    }
}

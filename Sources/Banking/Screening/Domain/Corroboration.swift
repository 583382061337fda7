import Kernel

/// Scores from which a match is looked at by people, and from which it stops what is going on (contract, 26).
public struct ScreeningThresholds: Sendable, Equatable {
    public let review: Double
    public let block: Double

    public static let standard = ScreeningThresholds(review: 0.85, block: 0.95)

    public init(review: Double, block: Double) {
        precondition(review > 0 && review <= block && block <= 1, "0 < review <= block <= 1")
        self.review = review
        self.block = block
    }

    /// Reads the bank's parameters; nil unless 0 < review <= block <= 1.
    public init?(review: String, block: String) {
        guard let review = Double(review), let block = Double(block), review > 0, review <= block, block <= 1 else { return nil }
        self.init(review: review, block: block)
    }
}

public enum ScreeningDecision: String, Sendable, CaseIterable, Comparable {
    case clear, review, block

    public static func < (left: ScreeningDecision, right: ScreeningDecision) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .clear: 0
        case .review: 1
        case .block: 2
        }
    }
}

/// Why a score is what it is.
public enum ScreeningReason: String, Sendable, CaseIterable {
    case name, alias, weakAlias, dateOfBirth, yearOfBirth, dateOfBirthDiffers, kindDiffers, nationality, documentNumber
}

/// Who is compared with the lists.
public struct ScreeningQuery: Sendable, Equatable {
    public var name: String
    /// Nil when it is not known whether this is a person.
    public var isPerson: Bool?
    public var dateOfBirth: BusinessDate?
    /// Names of the country, such as Kenya; lists write names, not codes.
    public var nationality: String?
    public var documentNumbers: [String]

    public init(
        name: String, isPerson: Bool? = nil, dateOfBirth: BusinessDate? = nil, nationality: String? = nil, documentNumbers: [String] = []
    ) {
        self.name = name
        self.isPerson = isPerson
        self.dateOfBirth = dateOfBirth
        self.nationality = nationality
        self.documentNumbers = documentNumbers
    }
}

/// What the lists say about a query.
public struct ScreeningMatch: Sendable {
    public let list: WatchlistCode
    public let entry: WatchlistEntry
    public let matchedName: ListedName
    public let nameScore: Double
    public let score: Double
    public let reasons: [ScreeningReason]
}

/// What else is known about both sides moves the score of the name: a day of birth or a document confirms, another day of birth or another
/// kind of thing speaks against. The review sees everything; nothing is dropped for speaking against.
public enum Corroboration {
    static let weakAliasFactor = 0.95
    static let birthDateShare = 0.2
    static let birthYearShare = 0.1
    static let birthDiffersFactor = 0.88
    static let kindDiffersFactor = 0.9

    /// The least score of a name with which a match can still reach the threshold.
    public static func nameThreshold(for threshold: Double) -> Double {
        max(0.01, (threshold - birthDateShare) / (1 - birthDateShare))
    }

    public static func match(
        _ query: ScreeningQuery, list: WatchlistCode, entry: WatchlistEntry, name: ListedName, nameScore: Double
    ) -> ScreeningMatch {
        var score = nameScore
        var reasons: [ScreeningReason] = []
        // Below this the names have nothing to do with each other.
        if nameScore >= 0.7 { reasons.append(name.isWeak ? .weakAlias : name.isAlias ? .alias : .name) }
        if name.isWeak { score *= weakAliasFactor }
        if let isPerson = query.isPerson, isPerson != (entry.kind == .individual) {
            score *= kindDiffersFactor
            reasons.append(.kindDiffers)
        }
        if let born = query.dateOfBirth, !entry.births.isEmpty {
            if entry.births.contains(where: { $0.date == born }) {
                score += (1 - score) * birthDateShare
                reasons.append(.dateOfBirth)
            } else if entry.births.contains(where: { $0.date == nil && ($0.firstYear...$0.lastYear).contains(born.year) }) {
                score += (1 - score) * birthYearShare
                reasons.append(.yearOfBirth)
            } else if entry.births.allSatisfy({ born.year < $0.firstYear - 1 || born.year > $0.lastYear + 1 }) {
                // A year to either side is a slip of the pen.
                score *= birthDiffersFactor
                reasons.append(.dateOfBirthDiffers)
            }
        }
        if let country = query.nationality.map({ NormalName($0).text }), !country.isEmpty,
            entry.nationalities.contains(where: { NormalName($0).text.contains(country) })
        {
            reasons.append(.nationality)
        }
        let documents = Set(query.documentNumbers.map { DocumentNumber.normal($0) })
        if entry.documentNumbers.contains(where: { documents.contains($0) }) {
            score = 1
            reasons.append(.documentNumber)
        }
        return ScreeningMatch(
            list: list, entry: entry, matchedName: name, nameScore: nameScore, score: min(1, score), reasons: reasons)
    }

    /// A politically exposed person is looked at, never stopped.
    public static func decision(_ match: ScreeningMatch, _ thresholds: ScreeningThresholds) -> ScreeningDecision {
        if match.score >= thresholds.block { return match.list == .pep ? .review : .block }
        return match.score >= thresholds.review ? .review : .clear
    }
}

extension ScreeningIndex {
    /// Everything on the lists that reaches the review threshold, best first.
    public func matches(
        _ query: ScreeningQuery, thresholds: ScreeningThresholds, lists: Set<WatchlistCode>? = nil
    ) -> [ScreeningMatch] {
        let normal = NormalName(query.name)
        var matches: [String: ScreeningMatch] = [:]
        func keep(_ match: ScreeningMatch) {
            guard match.score >= thresholds.review else { return }
            let key = "\(match.list.rawValue)/\(match.entry.id)"
            if let known = matches[key], known.score >= match.score { return }
            matches[key] = match
        }
        if !normal.words.isEmpty {
            for found in search(normal, threshold: Corroboration.nameThreshold(for: thresholds.review), lists: lists) {
                keep(
                    Corroboration.match(
                        query, list: found.source.list, entry: found.source.entry, name: found.name, nameScore: found.score))
            }
        }
        for source in entries(withDocuments: query.documentNumbers) where lists?.contains(source.list) ?? true {
            guard let name = source.entry.names.first else { continue }
            let score = BestPairs.score(query: normal.words, candidate: NormalName(name.text).words)
            keep(Corroboration.match(query, list: source.list, entry: source.entry, name: name, nameScore: score))
        }
        return matches.values.sorted {
            $0.score != $1.score ? $0.score > $1.score : ($0.list.rawValue, $0.entry.id) < ($1.list.rawValue, $1.entry.id)
        }
    }
}

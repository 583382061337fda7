/// Ways to compare two names (contract, section 30).
public enum ComparisonAlgorithm: String, Sendable, CaseIterable {
    case bestPairs, jaro, jaroWinkler, levenshtein, soundex
}

/// Two names side by side, for whoever wants to know why something matched.
public struct NameComparison: Sendable {
    public let score: Double
    public let algorithm: ComparisonAlgorithm
    public let query: String
    public let candidate: String

    public init(query: String, candidate: String, algorithm: ComparisonAlgorithm = .bestPairs, normalises: Bool = true) {
        let left = normalises ? NormalName(query) : NormalName(asWritten: query)
        let right = normalises ? NormalName(candidate) : NormalName(asWritten: candidate)
        self.algorithm = algorithm
        self.query = normalises ? left.text : query
        self.candidate = normalises ? right.text : candidate
        switch algorithm {
        case .bestPairs: score = BestPairs.score(query: left.words, candidate: right.words)
        case .jaro: score = TextSimilarity.jaro(Array(self.query.utf8), Array(self.candidate.utf8))
        case .jaroWinkler: score = TextSimilarity.jaroWinkler(Array(self.query.utf8), Array(self.candidate.utf8))
        case .levenshtein: score = TextSimilarity.levenshtein(self.query, self.candidate)
        case .soundex:
            let code = TextSimilarity.soundexCode(self.query)
            score = !code.isEmpty && code == TextSimilarity.soundexCode(self.candidate) ? 1 : 0
        }
    }
}

/// The score that screening decides by: words of the query are paired with words of a listed name, best pairs first.
///
/// Contract, section 30. Only words whose initials share a sound class are paired. The mean of the pairs' scores is weighted by the
/// lengths of both words, over all words of the query and the paired words of the name; the share of the name that found no partner
/// lowers it by up to 15 %.
public enum BestPairs {
    static let lengthRatioCutoff = 0.9
    static let lengthPenalty = 0.3
    static let unpairedPenalty = 0.15

    /// Sound classes of initials; everything that is no Latin letter is a class of its own.
    private static let classes: [UInt8] = {
        var table = (0...255).map { UInt8($0) }
        for (number, letters) in ["aeiouy", "bfpv", "cgjkqsxz", "dt", "l", "mn", "r", "hw"].enumerated() {
            // Control characters never begin a word, so their numbers are free.
            for letter in letters.utf8 {
                table[Int(letter)] = UInt8(number)
                table[Int(letter & 0xDF)] = UInt8(number)
            }
        }
        return table
    }()

    public static func soundClass(_ word: [UInt8]) -> UInt8 { word.first.map { classes[Int($0)] } ?? 0 }

    /// Two words that may be paired.
    public static func wordScore(_ left: [UInt8], _ right: [UInt8]) -> Double {
        let score = TextSimilarity.jaroWinkler(left, right)
        let ratio = Double(min(left.count, right.count)) / Double(max(left.count, right.count))
        return ratio < lengthRatioCutoff ? score * (1 - lengthPenalty * (1 - ratio)) : score
    }

    /// - Parameters:
    ///   - query: words of the name asked about
    ///   - candidate: words of the listed name
    public static func score(query: [[UInt8]], candidate: [[UInt8]]) -> Double {
        score(queryLengths: query.map(\.count), candidateLengths: candidate.map(\.count)) { left, right in
            guard soundClass(query[left]) == soundClass(candidate[right]) else { return nil }
            return wordScore(query[left], candidate[right])
        }
    }

    /// The same over scores that are known already.
    /// - Parameter wordScore: by position in query and candidate; nil when the two may not be paired
    static func score(queryLengths: [Int], candidateLengths: [Int], wordScore: (Int, Int) -> Double?) -> Double {
        guard !queryLengths.isEmpty, !candidateLengths.isEmpty else { return 0 }
        var pairs: [(score: Double, left: Int, right: Int)] = []
        pairs.reserveCapacity(queryLengths.count * candidateLengths.count)
        for left in queryLengths.indices {
            for right in candidateLengths.indices {
                if let score = wordScore(left, right) { pairs.append((score, left, right)) }
            }
        }
        pairs.sort { $0.score != $1.score ? $0.score > $1.score : ($0.left, $0.right) < ($1.left, $1.right) }
        var usedLeft: UInt64 = 0
        var usedRight: UInt64 = 0
        var total = 0.0
        var pairedLength = 0
        for pair in pairs {
            let (left, right) = (UInt64(1) << UInt64(pair.left & 63), UInt64(1) << UInt64(pair.right & 63))
            guard usedLeft & left == 0, usedRight & right == 0 else { continue }
            usedLeft |= left
            usedRight |= right
            total += pair.score * Double(queryLengths[pair.left] + candidateLengths[pair.right])
            pairedLength += candidateLengths[pair.right]
        }
        let mean = total / Double(queryLengths.reduce(0, +) + pairedLength)
        let unpaired = 1 - Double(pairedLength) / Double(candidateLengths.reduce(0, +))
        return mean * (1 - unpairedPenalty * unpaired)
    }
}

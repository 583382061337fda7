import Synchronization

/// All names of all lists, ready to be searched: exact scores for every name that can reach a threshold, without comparing with every name.
///
/// No match is lost. A name's score is a mean of its pairs' scores, weighted, with zero for words of the query that found no partner, and
/// then lowered. A mean of at least T needs one pair of at least T. So only names with a word that scores T or more against some word of
/// the query are candidates, and those are found through an inverted index of distinct words. Candidates are scored exactly.
public final class ScreeningIndex: Sendable {
    public struct Source: Sendable {
        public let list: WatchlistCode
        public let entry: WatchlistEntry

        public init(list: WatchlistCode, entry: WatchlistEntry) {
            self.list = list
            self.entry = entry
        }
    }

    struct Name: Sendable {
        let source: Int32
        /// Position in the entry's names.
        let listed: Int32
        let words: [Int32]
        let lengths: [Int]
    }

    /// A name of an entry that scored enough.
    public struct Found: Sendable {
        public let source: Source
        public let name: ListedName
        public let score: Double
    }

    public let sources: [Source]
    let names: [Name]
    private let vocabulary: [[UInt8]]
    /// Distinct words by sound class, and where each word stands in its class.
    private let classes: [[Int32]]
    private let positions: [Int32]
    private let classOf: [UInt8]
    private let postings: [[Int32]]
    private let byDocument: [String: [Int32]]
    /// Scores of a query's word against every word of its class; people's names repeat, so this saves most of the work.
    private let rows: Mutex<[[UInt8]: [Double]]>
    private static let maximumRows = 1_024

    public init(_ sources: [Source]) {
        self.sources = sources
        var numbers: [[UInt8]: Int32] = [:]
        var vocabulary: [[UInt8]] = []
        var names: [Name] = []
        var byDocument: [String: [Int32]] = [:]
        for (number, source) in sources.enumerated() {
            for document in source.entry.documentNumbers { byDocument[document, default: []].append(Int32(number)) }
            for (position, listed) in source.entry.names.enumerated() {
                for variant in NormalName(listed.text).variants where !variant.words.isEmpty {
                    let words = variant.words.map { word in
                        if let known = numbers[word] { return known }
                        let next = Int32(vocabulary.count)
                        numbers[word] = next
                        vocabulary.append(word)
                        return next
                    }
                    names.append(
                        Name(source: Int32(number), listed: Int32(position), words: words, lengths: variant.words.map(\.count)))
                }
            }
        }
        var classes = [[Int32]](repeating: [], count: 256)
        var positions = [Int32](repeating: 0, count: vocabulary.count)
        var postings = [[Int32]](repeating: [], count: vocabulary.count)
        for (number, word) in vocabulary.enumerated() {
            let soundClass = Int(BestPairs.soundClass(word))
            positions[number] = Int32(classes[soundClass].count)
            classes[soundClass].append(Int32(number))
        }
        for (number, name) in names.enumerated() {
            for word in Set(name.words) { postings[Int(word)].append(Int32(number)) }
        }
        self.names = names
        self.classes = classes
        self.positions = positions
        self.postings = postings
        self.byDocument = byDocument
        classOf = vocabulary.map { BestPairs.soundClass($0) }
        self.vocabulary = vocabulary
        rows = Mutex([:])
    }

    /// Number of names that are compared, forms with joined words included.
    public var nameCount: Int { names.count }

    /// Every listed name that scores at least `threshold`, in its best form.
    public func search(_ query: NormalName, threshold: Double, lists: Set<WatchlistCode>? = nil) -> [Found] {
        precondition(threshold > 0, "a threshold of nothing matches everybody")
        var best: [UInt64: (name: Int32, score: Double)] = [:]
        for variant in query.variants where !variant.words.isEmpty {
            let rows = variant.words.map { row(of: $0) }
            let queryClasses = variant.words.map { BestPairs.soundClass($0) }
            let lengths = variant.words.map(\.count)
            var seen: Set<Int32> = []
            for (row, soundClass) in zip(rows, queryClasses) {
                let words = classes[Int(soundClass)]
                // A hair below the threshold, so that no rounding of the mean can lose a name.
                for position in row.indices where row[position] >= threshold - 1e-9 {
                    for number in postings[Int(words[position])] where seen.insert(number).inserted {
                        let name = names[Int(number)]
                        if let lists, !lists.contains(sources[Int(name.source)].list) { continue }
                        let score = score(name, lengths, queryClasses, rows)
                        guard score >= threshold else { continue }
                        let key = UInt64(UInt32(bitPattern: name.source)) << 32 | UInt64(UInt32(bitPattern: name.listed))
                        if let known = best[key], known.score >= score { continue }
                        best[key] = (number, score)
                    }
                }
            }
        }
        return best.values.map { match in
            let name = names[Int(match.name)]
            let source = sources[Int(name.source)]
            return Found(source: source, name: source.entry.names[Int(name.listed)], score: match.score)
        }
    }

    /// Entries that carry one of these document numbers.
    public func entries(withDocuments numbers: some Sequence<String>) -> [Source] {
        var found: Set<Int32> = []
        for number in numbers { found.formUnion(byDocument[DocumentNumber.normal(number)] ?? []) }
        return found.sorted().map { sources[Int($0)] }
    }

    /// The score of every listed name by comparing with each of them: what `search` must agree with.
    func searchEveryName(_ query: NormalName, threshold: Double) -> [String: Double] {
        var best: [String: Double] = [:]
        for variant in query.variants {
            for name in names {
                let score = BestPairs.score(query: variant.words, candidate: name.words.map { vocabulary[Int($0)] })
                let source = sources[Int(name.source)]
                let key = "\(source.list)/\(source.entry.id)/\(name.listed)"
                if score >= threshold, score > best[key] ?? 0 { best[key] = score }
            }
        }
        return best
    }

    private func score(_ name: Name, _ lengths: [Int], _ queryClasses: [UInt8], _ rows: [[Double]]) -> Double {
        BestPairs.score(queryLengths: lengths, candidateLengths: name.lengths) { left, right in
            let word = Int(name.words[right])
            guard classOf[word] == queryClasses[left] else { return nil }
            return rows[left][Int(positions[word])]
        }
    }

    private func row(of word: [UInt8]) -> [Double] {
        if let known = rows.withLock({ $0[word] }) { return known }
        let row = classes[Int(BestPairs.soundClass(word))].map { BestPairs.wordScore(word, vocabulary[Int($0)]) }
        rows.withLock { rows in
            if rows.count >= Self.maximumRows { rows.removeAll(keepingCapacity: true) }
            rows[word] = row
        }
        return row
    }
}

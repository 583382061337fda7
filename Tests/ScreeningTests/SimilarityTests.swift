import Kernel
import TestKit
import Testing

@testable import Screening

@Suite struct SimilarityTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
    private func pairs(_ query: String, _ candidate: String) -> Double {
        NameComparison(query: query, candidate: candidate).score
    }

    @Test func publishedJaroScores() {
        #expect(abs(TextSimilarity.jaroWinkler(bytes("martha"), bytes("marhta")) - 0.961) < 0.001)
        #expect(abs(TextSimilarity.jaroWinkler(bytes("dwayne"), bytes("duane")) - 0.840) < 0.001)
        #expect(abs(TextSimilarity.jaro(bytes("dixon"), bytes("dicksonx")) - 0.767) < 0.001)
        #expect(abs(TextSimilarity.jaroWinkler(bytes("frog"), bytes("fog")) - 0.92499) < 0.0001)
        #expect(TextSimilarity.jaro([], []) == 1)
        #expect(TextSimilarity.jaro(bytes("a"), []) == 0)
    }

    /// The published scores; the source of the last one asks for the listed name with the other.
    @Test(arguments: [
        ("nicolas maduro", "nicolas moros maduro", 0.958), ("nicolas moros maduro", "nicolas maduro", 0.839),
        ("nicolas maduro", "maduro moros, nicolas", 0.953), ("john smith", "john smythe", 0.893), ("mohamed", "muhammed", 0.849),
        ("sean", "shawn", 0.757), ("nick maduro", "nicolas maduro", 0.859), ("nicolas", "nicolás", 1.0),
        ("ian mckinley", "tian xiang 7", 0.0),
        ("jan lahore", "jane doe", 0.439),
    ])
    func publishedBestPairs(query: String, candidate: String, expected: Double) {
        #expect(abs(pairs(query, candidate) - expected) < 0.01)
    }

    @Test(arguments: [
        ("Acme Trading Ltd.", "ACME TRADING, LIMITED"), ("Ngũgĩ wa Thiong'o", "THIONGO, Ngugi Wa"),
        ("Øresund Æther AB", "oresund aether ab"),
        ("Société Générale S.A.", "societe generale"), ("Müller & Söhne GmbH", "Sohne Muller"),
    ])
    func whatDoesNotMatter(left: String, right: String) {
        #expect(pairs(left, right) == 1)
    }

    @Test func legalFormsAloneAreAName() {
        #expect(NormalName("Limited Company").text == "limited company")
        #expect(NormalName("---").words.isEmpty)
    }

    @Test func otherAlgorithms() {
        func score(_ left: String, _ right: String, _ algorithm: ComparisonAlgorithm) -> Double {
            NameComparison(query: left, candidate: right, algorithm: algorithm).score
        }
        #expect(abs(score("kitten", "sitting", .levenshtein) - (1 - 3.0 / 7.0)) < 1e-9)
        #expect(score("Robert", "Rupert", .soundex) == 1)
        #expect(score("Robert", "Rubin", .soundex) == 0)
        #expect(TextSimilarity.soundexCode("Ashcraft") == "A261")
        #expect(TextSimilarity.soundexCode("Tymczak") == "T522")
        #expect(TextSimilarity.soundexCode("Pfister") == "P236")
        #expect(TextSimilarity.soundexCode("123") == "")
        #expect(NameComparison(query: "ABC", candidate: "abc", algorithm: .jaro, normalises: false).score == 0)
    }

    /// Scores lie between 0 and 1, a name is like itself, and nothing traps on odd letters.
    @Test func scoresAreScores() async {
        await checkProperty(runs: 500) { choices in
            let left = choices.text(count: 0...24), right = choices.text(count: 0...24)
            for algorithm in ComparisonAlgorithm.allCases {
                let score = NameComparison(query: left, candidate: right, algorithm: algorithm).score
                try ensure((0...1.0000001).contains(score), "\(algorithm) gives \(score)")
            }
            let own = NameComparison(query: left, candidate: left)
            try ensure(own.query.isEmpty || own.score > 0.999999, "a name is like itself")
        }
    }
}

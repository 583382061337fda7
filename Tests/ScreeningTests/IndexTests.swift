import Kernel
import TestKit
import Testing

@testable import Screening

@Suite struct IndexTests {
    private static let given = [
        "Mohamed", "Muhammad", "John", "Jon", "Abd al Rahman", "Ali", "Fatuma", "Wanjiru", "Otieno", "Jose", "Maria",
    ]
    private static let family = ["Hassan", "Hussein", "Smith", "Smythe", "Garcia", "Kamau", "Al Qaida", "Omar", "bin Laden", "Gonzalez"]

    private static func name(_ choices: Choices) -> String {
        var text = choices.element(of: given) + " " + choices.element(of: family)
        if choices.boolean() { text += " " + choices.element(of: given) }
        // A slip of the pen.
        if choices.boolean(), text.count > 3 {
            var letters = Array(text)
            let position = choices.integer(0...letters.count - 1)
            letters[position] = choices.element(of: Array("aeioumnhs"))
            text = String(letters)
        }
        return text
    }

    /// The inverted index finds exactly what comparing with every name finds, at every threshold.
    @Test func losesNothing() async {
        await checkProperty(runs: 40) { choices in
            let sources = (0..<60).map { number in
                ScreeningIndex.Source(
                    list: .un,
                    entry: WatchlistEntry(
                        id: String(number), kind: .individual,
                        names: [ListedName(Self.name(choices)), ListedName(Self.name(choices), isAlias: true)]))
            }
            let index = ScreeningIndex(sources)
            for _ in 0..<10 {
                let query = NormalName(Self.name(choices))
                let threshold = Double(choices.integer(30...99)) / 100
                var found: [String: Double] = [:]
                for match in index.search(query, threshold: threshold) {
                    let position = match.source.entry.names.firstIndex(of: match.name) ?? -1
                    found["\(match.source.list)/\(match.source.entry.id)/\(position)"] = match.score
                }
                var expected = index.searchEveryName(query, threshold: threshold)
                // Two equal names of one entry are told apart by position only in the exhaustive search.
                for source in sources where source.entry.names[0] == source.entry.names[1] {
                    expected["\(source.list)/\(source.entry.id)/1"] = nil
                }
                choices.note("query \(query.text) at \(threshold)")
                try ensureEqual(found.keys.sorted(), expected.keys.sorted(), "the same names")
                for (key, score) in found { try ensure(score == expected[key], "the same score for \(key)") }
            }
        }
    }

    private func entry(births: [ListedBirth] = [], documents: [String] = [], kind: ListedKind = .individual) -> WatchlistEntry {
        WatchlistEntry(
            id: "1", kind: kind, names: [ListedName("Eric Badege")], births: births, nationalities: ["Democratic Republic of the Congo"],
            documentNumbers: documents, programme: "DRC")
    }

    private func best(_ query: ScreeningQuery, _ entry: WatchlistEntry) -> ScreeningMatch? {
        ScreeningIndex([.init(list: .un, entry: entry)]).matches(query, thresholds: .standard).first
    }

    @Test func corroboration() throws {
        let born = day("1971-05-02")
        let name = try #require(best(ScreeningQuery(name: "Badege, Eric"), entry()))
        #expect(name.score == 1 && name.reasons == [.name])
        #expect(Corroboration.decision(name, .standard) == .block)
        // The same name and another day of birth is looked at, not stopped.
        let other = try #require(
            best(ScreeningQuery(name: "Eric Badege", dateOfBirth: day("1999-01-01")), entry(births: [ListedBirth(date: born)])))
        #expect(abs(other.score - 0.88) < 1e-9 && other.reasons.contains(.dateOfBirthDiffers))
        #expect(Corroboration.decision(other, .standard) == .review)
        // A day of birth lifts a name that alone would stay below.
        let similar = ScreeningQuery(name: "Erik Badeje", dateOfBirth: born)
        let lifted = try #require(best(similar, entry(births: [ListedBirth(date: born)])))
        #expect(lifted.score > lifted.nameScore && lifted.reasons.contains(.dateOfBirth))
        // A document is proof whatever the name.
        let document = try #require(
            best(ScreeningQuery(name: "Somebody Else", documentNumbers: ["ob 0814-241"]), entry(documents: ["OB0814241"])))
        #expect(document.score == 1 && document.reasons == [.documentNumber])
        let company = try #require(best(ScreeningQuery(name: "Eric Badege", isPerson: false), entry()))
        #expect(company.reasons.contains(.kindDiffers) && company.score < 0.95)
    }

    private func day(_ text: String) -> BusinessDate { BusinessDate(iso: text) ?? BusinessDate(epochDay: 0) }
}

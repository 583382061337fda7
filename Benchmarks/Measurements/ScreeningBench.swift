import Foundation
import Kernel
import Screening

/// Compares 10,000 customers with the lists of the UN and of OFAC, in memory, on one processor, as registration and rescreening do.
struct ScreeningBench {
    let index: ScreeningIndex
    let names: [String]

    /// - Parameter directory: holds `UN_consolidated.xml` and `sdn.csv`
    init(directory: String, parties: Int) throws {
        var sources: [ScreeningIndex.Source] = []
        var listed: [String] = []
        for (code, file) in [(WatchlistCode.un, "UN_consolidated.xml"), (.ofac, "sdn.csv")] {
            guard let data = FileManager.default.contents(atPath: "\(directory)/\(file)") else {
                throw CocoaError(.fileReadNoSuchFile)
            }
            let list = try Watchlists.read(Array(data), code: code)
            sources += list.entries.map { ScreeningIndex.Source(list: code, entry: $0) }
            listed += list.entries.filter { $0.kind == .individual }.compactMap { $0.names.first?.text }
        }
        index = ScreeningIndex(sources)
        let given = [
            "John", "Mary", "Mohamed", "Fatuma", "Wanjiru", "Otieno", "Achieng", "Kiprono", "Chebet", "Ali", "Amina", "Hassan", "Grace",
            "Peter",
            "Halima", "Joseph", "Esther", "Abdi", "Mercy", "Daniel",
        ]
        let family = [
            "Kamau", "Odhiambo", "Njoroge", "Mwangi", "Hussein", "Omar", "Kiptoo", "Wambui", "Mutua", "Barasa", "Said", "Yusuf", "Maina",
            "Cheruiyot",
            "Abdullahi", "Onyango", "Karanja", "Ibrahim", "Wekesa", "Muthoni",
        ]
        var state: UInt64 = 7
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        names = (0..<parties).map { number in
            // One in a hundred is on a list, written the other way round.
            if number % 100 == 0 { return listed[next(listed.count)].split(separator: " ").reversed().joined(separator: " ") }
            let middle = next(2) == 0 ? " " + given[next(given.count)] : ""
            return given[next(given.count)] + middle + " " + family[next(family.count)]
        }
    }

    func lines() -> [String] {
        let started = ContinuousClock.now
        var decisions: [ScreeningDecision: Int] = [:]
        for name in names {
            let best = index.matches(ScreeningQuery(name: name, isPerson: true), thresholds: .standard).first
            decisions[best.map { Corroboration.decision($0, .standard) } ?? .clear, default: 0] += 1
        }
        let elapsed = ContinuousClock.now - started
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        // The distribution looks deeper than screening has to.
        var histogram = [Int](repeating: 0, count: 11)
        for name in names {
            let score = index.search(NormalName(name), threshold: 0.5).map(\.score).max() ?? 0
            histogram[min(10, Int(score * 10 + 1e-9))] += 1
        }
        var lines = [
            "names on the lists            \(index.nameCount) (joined forms included), \(index.sources.count) entries",
            "parties screened              \(names.count) in \(String(format: "%.2f", seconds)) s: \(Int(Double(names.count) / seconds)) parties/s",
            "decisions                     clear \(decisions[.clear] ?? 0), review \(decisions[.review] ?? 0), block \(decisions[.block] ?? 0)",
            "best score of a party         below 0.5: \(histogram[0...4].reduce(0, +))",
        ]
        for bin in 5...9 { lines.append("                              0.\(bin)–\(bin == 9 ? "1.0" : "0.\(bin + 1)"): \(histogram[bin])") }
        lines.append("                              1.0: \(histogram[10])")
        return lines
    }
}

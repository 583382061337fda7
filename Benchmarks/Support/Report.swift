import Foundation

/// Collects figures and prints them as one Markdown table.
struct Report {
    private var rows: [(name: String, figure: String, against: String)] = []

    mutating func add(_ name: String, _ figure: String, against: String = "") {
        rows.append((name, figure, against))
        FileHandle.standardError.write(Data("  \(name): \(figure) \(against)\n".utf8))
    }

    func write() {
        var text = "| measurement | figure | against |\n|---|---|---|\n"
        for row in rows { text += "| \(row.name) | \(row.figure) | \(row.against) |\n" }
        FileHandle.standardOutput.write(Data(text.utf8))
    }
}

func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    return sorted.count % 2 == 1 ? sorted[sorted.count / 2] : (sorted[sorted.count / 2 - 1] + sorted[sorted.count / 2]) / 2
}

func rounded(_ value: Double, _ decimals: Int = 1) -> String { String(format: "%.\(decimals)f", value) }
func thousands(_ value: Double) -> String {
    var digits = String(Int(value.rounded()))
    var groups: [String] = []
    while digits.count > 3 {
        groups.insert(String(digits.suffix(3)), at: 0)
        digits.removeLast(3)
    }
    return ([digits] + groups).joined(separator: ",")
}

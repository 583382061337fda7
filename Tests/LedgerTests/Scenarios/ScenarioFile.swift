import Foundation
import Kernel
import Ledger

/// One story of the books, read from a text table of `Tests/Scenarios` (its README says how they are written).
struct Scenario: Sendable, CustomStringConvertible {
    enum Step: Sendable {
        case account(AccountRow)
        /// Commands that are linked, the keys and the outcome of all of them.
        case post([CommandRow], expected: Expectation)
        case balance(BalanceRow)
        case hold(HoldRow)
        case clock(seconds: Int64)
        case day(Int32)
        case change(account: String, to: String)
    }

    let file: String
    let line: Int
    let title: String
    /// False when the story needs what only the engine on a database has: keys, replays.
    var isInMemoryToo = true
    var steps: [(line: Int, step: Step)] = []

    var description: String { "\(file):\(line) \(title)" }
}

struct AccountRow: Sendable {
    let name: String
    let owner: String
    let balance: String
    let options: Options
}

struct CommandRow: Sendable {
    let command: String
    let from: String
    let to: String
    let amount: String
    let options: Options
}

struct BalanceRow: Sendable {
    let account: String
    let balance: String
    let held: String
    let available: String
    let options: Options
}

struct HoldRow: Sendable {
    let name: String
    let status: String
    let amount: String
    let captured: String
}

/// `posted`, `replayed`, or `422 insufficient_funds amount`.
struct Expectation: Sendable, Equatable, CustomStringConvertible {
    let words: [String]

    var description: String { words.joined(separator: " ") }
}

/// `key=value` and single words, separated by blanks.
struct Options: Sendable {
    private var values: [String: String] = [:]

    init(_ text: String) {
        for word in text.split(separator: " ") where word != "-" {
            let parts = word.split(separator: "=", maxSplits: 1)
            values[String(parts[0])] = parts.count == 2 ? String(parts[1]) : ""
        }
    }

    subscript(_ name: String) -> String? { values[name] }
    func has(_ name: String) -> Bool { values[name] != nil }
    var names: Set<String> { Set(values.keys) }
}

struct ScenarioError: Error, CustomStringConvertible {
    let description: String

    init(_ place: String, _ message: String) {
        description = "\(place): \(message)"
    }
}

/// Reads scenario files.
struct ScenarioParser {
    private var scenarios: [Scenario] = []
    private var table = ""
    private var columns: [String] = []
    private var linked: [CommandRow] = []
    private let file: String

    /// Every scenario of every file in the folder.
    static func all() throws -> [Scenario] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Scenarios")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".txt") }.sorted()
        return try files.flatMap { name in
            try parse(String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8), file: name)
        }
    }

    static func parse(_ text: String, file: String) throws -> [Scenario] {
        var parser = ScenarioParser(file: file)
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            try parser.read(String(line), number: index + 1)
        }
        guard parser.linked.isEmpty else { throw ScenarioError(file, "ends in the middle of linked commands") }
        return parser.scenarios
    }

    private init(file: String) {
        self.file = file
    }

    private mutating func read(_ line: String, number: Int) throws {
        let place = "\(file):\(number)"
        let text = line.prefix { $0 != "#" }
        let cells = text.split(separator: /\s{2,}/).map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        guard let first = cells.first else { return }
        switch first {
        case "scenario":
            guard cells.count == 2 else { throw ScenarioError(place, "a scenario has a title") }
            scenarios.append(Scenario(file: file, line: number, title: cells[1]))
            table = ""
        case "database only": scenarios[scenarios.count - 1].isInMemoryToo = false
        case "accounts", "post", "balances", "holds": (table, columns) = (first, cells)
        case "clock", "day":
            guard cells.count == 2, let value = Int64(cells[1].replacing("+", with: "")) else {
                throw ScenarioError(place, "\(first) moves by a number")
            }
            try add(first == "clock" ? .clock(seconds: value) : .day(Int32(value)), number)
        case "change":
            guard cells.count == 3 else { throw ScenarioError(place, "change account state") }
            try add(.change(account: cells[1], to: cells[2]), number)
        default:
            let isShort = columns.last == "more" && cells.count == columns.count - 1
            guard cells.count == columns.count || isShort else {
                throw ScenarioError(place, "\(cells.count) cells under \(columns.count) columns of \(table)")
            }
            try readRow(isShort ? cells + ["-"] : cells, number, place)
        }
    }

    private mutating func readRow(_ cells: [String], _ number: Int, _ place: String) throws {
        func cell(_ name: String) -> String { columns.firstIndex(of: name).map { cells[$0] } ?? "-" }
        switch table {
        case "accounts":
            let row = AccountRow(name: cells[0], owner: cell("owner"), balance: cell("balance"), options: Options(cell("more")))
            try add(.account(row), number)
        case "post":
            linked.append(
                CommandRow(
                    command: cells[0], from: cell("from"), to: cell("to"), amount: cell("amount"), options: Options(cell("more"))))
            let outcome = cell("outcome")
            if outcome == "and" { return }
            try add(.post(linked, expected: Expectation(words: outcome.split(separator: " ").map(String.init))), number)
            linked = []
        case "balances":
            let row = BalanceRow(
                account: cells[0], balance: cell("balance"), held: cell("held"), available: cell("available"),
                options: Options(cell("more")))
            try add(.balance(row), number)
        case "holds":
            try add(
                .hold(HoldRow(name: cells[0], status: cell("status"), amount: cell("amount"), captured: cell("captured"))), number)
        default: throw ScenarioError(place, "a row without a table above it")
        }
    }

    private mutating func add(_ step: Scenario.Step, _ line: Int) throws {
        guard !scenarios.isEmpty else { throw ScenarioError("\(file):\(line)", "stands before the first scenario") }
        scenarios[scenarios.count - 1].steps.append((line, step))
    }
}

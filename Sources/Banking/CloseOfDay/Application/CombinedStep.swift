import Application
import Kernel

/// Work of several rooms that the contract counts as one step. Every piece keeps its own parts; a part carries the number of its piece.
public struct CombinedStep: DayStep {
    public let name: String
    private let pieces: [any DayStep]

    public init(_ name: String, _ pieces: [any DayStep]) {
        self.name = name
        self.pieces = pieces
    }

    public func parts(on date: BusinessDate) async throws -> [String] {
        var parts: [String] = []
        for (index, piece) in pieces.enumerated() { parts += try await piece.parts(on: date).map { "\(index) \($0)" } }
        return parts
    }

    public func run(_ part: String, on date: BusinessDate) async throws -> DayOutcome {
        let fields = part.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard let index = Int(fields[0]), pieces.indices.contains(index), fields.count == 2 else { return DayOutcome() }
        return try await pieces[index].run(String(fields[1]), on: date)
    }

    public func finish(on date: BusinessDate) async throws {
        for piece in pieces { try await piece.finish(on: date) }
    }

    public func preview(on date: BusinessDate) async throws -> [DayPreview] {
        var lines: [DayPreview] = []
        for piece in pieces { lines += try await piece.preview(on: date) }
        return lines
    }
}

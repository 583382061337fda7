import Foundation
import Testing

/// Runs a property on many inputs. When one fails, looks for the simplest input that fails and reports that one.
///
/// A run fails when the body throws or an expectation in it does not hold. The same seed always makes the same inputs;
/// WEKEZA_PROPERTY_SEED and WEKEZA_PROPERTY_RUNS make other and more of them, for an hour of searching.
/// - Parameters:
///   - runs: how many inputs
///   - shrinkAttempts: how many simpler inputs are tried after a failure
///   - body: makes its input from the choices and checks it; has to be the same for the same choices
public func checkProperty(
    runs: Int = 100, seed: UInt64 = 1, shrinkAttempts: Int = 1_000, sourceLocation: SourceLocation = #_sourceLocation,
    isolation: isolated (any Actor)? = #isolation, _ body: (Choices) async throws -> Void
) async {
    let environment = ProcessInfo.processInfo.environment
    let seed = environment["WEKEZA_PROPERTY_SEED"].flatMap { UInt64($0) } ?? seed
    let runs = environment["WEKEZA_PROPERTY_RUNS"].flatMap { Int($0) } ?? runs
    guard let failing = await firstFailure(runs: runs, seed: seed, body) else { return }

    var shrinker = Shrinker(failing: failing.drawn, attempts: shrinkAttempts)
    await shrinker.shrink { choices in
        let attempt = Choices(replaying: choices)
        return await fails(attempt, body) ? attempt.drawn : nil
    }
    // Once more in the open, so that the expectations report themselves.
    let simplest = Choices(replaying: shrinker.best)
    var thrown = ""
    do {
        try await body(simplest)
    } catch {
        thrown = "\nthrew: \(error)"
    }
    let notes = simplest.notes.isEmpty ? "" : "\n" + simplest.notes.joined(separator: "\n")
    Issue.record(
        "the property fails (seed \(seed), run \(failing.run)); simplest choices found: \(simplest.drawn)\(thrown)\(notes)",
        sourceLocation: sourceLocation)
}

/// Runs a property on given choices, as a failure reported them.
public func replayProperty(_ choices: [UInt64], _ body: (Choices) async throws -> Void) async throws {
    try await body(Choices(replaying: choices))
}

private func firstFailure(
    runs: Int, seed: UInt64, isolation: isolated (any Actor)? = #isolation, _ body: (Choices) async throws -> Void
) async -> (drawn: [UInt64], run: Int)? {
    var seeds = SplitMix64(state: seed)
    for run in 0..<runs {
        let choices = Choices(seed: seeds.next())
        if await fails(choices, body) { return (choices.drawn, run) }
    }
    return nil
}

/// Whether a run fails. Its issues are kept from the report: only the simplest failure is worth reading.
func fails(
    _ choices: Choices, isolation: isolated (any Actor)? = #isolation, _ body: (Choices) async throws -> Void
) async -> Bool {
    let tally = Tally()
    await withKnownIssue(isIntermittent: true) {
        do {
            try await body(choices)
        } catch {
            tally.isFailed = true
        }
    } matching: { _ in
        tally.isFailed = true
        return true
    }
    return tally.isFailed
}

/// Written by whoever runs the body, read after it has ended.
private final class Tally: @unchecked Sendable {
    var isFailed = false
}

/// What a property throws when something does not hold.
public struct PropertyFailure: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}

/// Ends a run of a property as failed. Quieter than `#expect`, which writes a line for each simpler input that is tried.
public func ensure(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    if !condition { throw PropertyFailure(message()) }
}

/// Ends a run of a property as failed when two values differ.
public func ensureEqual<Value: Equatable>(_ left: Value, _ right: Value, _ message: @autoclosure () -> String = "") throws {
    if left != right { throw PropertyFailure("\(left) is not \(right) \(message())") }
}

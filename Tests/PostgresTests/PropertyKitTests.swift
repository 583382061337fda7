import TestKit
import Testing

@Suite struct PropertyKitTests {
    @Test func holdsForWhatIsTrue() async {
        await checkProperty(runs: 200) { choices in
            let numbers = choices.array(count: 0...20) { $0.integer(-50...50) }
            #expect(numbers.count <= 20)
            try ensure(numbers.allSatisfy { (-50...50).contains($0) }, "every number is in its range")
        }
    }

    @Test func findsTheSimplestFailure() async {
        await withKnownIssue {
            await checkProperty(runs: 500) { choices in
                let numbers = choices.array(count: 0...20) { $0.integer(0...1_000) }
                choices.note("numbers \(numbers)")
                try ensure(!numbers.contains { $0 >= 137 }, "no number is 137 or more")
            }
        } matching: { issue in
            // One element, and the smallest one that fails.
            issue.comments.contains { $0.rawValue.contains("numbers [137]\u{20}") || $0.rawValue.hasSuffix("numbers [137]") }
        }
    }

    @Test func drawsTheSameForTheSameSeed() async throws {
        var first: [Int64] = []
        var second: [Int64] = []
        await checkProperty(runs: 50, seed: 7) { first.append($0.integer(Int64.min...Int64.max)) }
        await checkProperty(runs: 50, seed: 7) { second.append($0.integer(Int64.min...Int64.max)) }
        #expect(first == second)
        #expect(Set(first).count > 10)
    }
}

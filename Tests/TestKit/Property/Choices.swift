/// Where a property's inputs come from. Every value is made of small whole-number choices, and the choices are written down: drawing the
/// same ones again makes the same input, and drawing fewer or smaller ones makes a simpler input. So every generator shrinks by itself.
public final class Choices {
    private var random: SplitMix64?
    private let replayed: [UInt64]
    /// What was drawn so far.
    private(set) var drawn: [UInt64] = []
    /// What the property said about its input; shown when it fails.
    private(set) var notes: [String] = []

    /// Fresh choices.
    init(seed: UInt64) {
        random = SplitMix64(state: seed)
        replayed = []
    }

    /// Choices of an earlier run; past their end everything is the simplest.
    init(replaying choices: [UInt64]) {
        random = nil
        replayed = choices
    }

    // MARK: Values

    /// A number from 0 to `bound`; simpler is smaller.
    public func draw(upTo bound: UInt64) -> UInt64 { draw(upTo: bound) { $0.next(upTo: bound) } }

    /// A number of a range; simpler is closer to zero. Now and then one of the ends or their neighbours.
    public func integer(_ range: ClosedRange<Int64>) -> Int64 {
        let (lower, upper) = (range.lowerBound, range.upperBound)
        if lower >= 0 { return lower + Int64(truncatingIfNeeded: magnitude(upTo: UInt64(upper - lower))) }
        if upper <= 0 {
            // The distance may be more than Int64 holds.
            return upper &- Int64(truncatingIfNeeded: magnitude(upTo: UInt64(bitPattern: upper &- lower)))
        }
        guard draw(upTo: 1) == 1 else { return Int64(magnitude(upTo: UInt64(upper))) }
        return Int64(truncatingIfNeeded: 0 &- magnitude(upTo: lower.magnitude))
    }

    public func integer(_ range: ClosedRange<Int>) -> Int { Int(integer(Int64(range.lowerBound)...Int64(range.upperBound))) }

    public func boolean() -> Bool { draw(upTo: 1) == 1 }

    /// True in so many of a hundred cases; false is simpler.
    public func chance(percent: UInt64) -> Bool {
        precondition(percent <= 100, "a percentage")
        return draw(upTo: 1) { $0.next(upTo: 99) < percent ? 1 : 0 } == 1
    }

    /// One of the values; earlier ones are simpler.
    public func element<Value>(of values: [Value]) -> Value {
        precondition(!values.isEmpty, "there is something to choose from")
        return values[Int(draw(upTo: UInt64(values.count - 1)))]
    }

    /// One of the values, each as likely as its weight; earlier ones are simpler.
    public func weighted<Value>(_ values: [(weight: UInt64, value: Value)]) -> Value {
        let total = values.reduce(0) { $0 + $1.weight }
        precondition(total > 0, "some weight is positive")
        let index = draw(upTo: UInt64(values.count - 1)) { random in
            var at = random.next(upTo: total - 1)
            for (index, candidate) in values.enumerated() {
                if at < candidate.weight { return UInt64(index) }
                at -= candidate.weight
            }
            return 0
        }
        return values[Int(index)].value
    }

    /// An array; simpler is shorter, and any element may go.
    public func array<Value>(count: ClosedRange<Int>, _ element: (Choices) throws -> Value) rethrows -> [Value] {
        let wanted = random == nil ? 0 : count.lowerBound + Int(untracked(upTo: UInt64(count.upperBound - count.lowerBound)))
        var values: [Value] = []
        while values.count < count.upperBound {
            if values.count >= count.lowerBound {
                let isMore: UInt64 = values.count < wanted ? 1 : 0
                guard draw(upTo: 1, fresh: { _ in isMore }) == 1 else { break }
            }
            values.append(try element(self))
        }
        return values
    }

    public func bytes(count: ClosedRange<Int>) -> [UInt8] { array(count: count) { UInt8($0.draw(upTo: 255)) } }

    /// Text of an alphabet, whose first character is the simplest. The usual alphabet has what tends to break things.
    public func text(count: ClosedRange<Int>, alphabet: [Character] = Choices.awkwardCharacters) -> String {
        String(array(count: count) { $0.element(of: alphabet) })
    }

    /// Letters, quotes, escapes, wide characters and separators. No null byte: PostgreSQL's text has none.
    public static let awkwardCharacters: [Character] = Array("aB0 '\"\\$;-%_{},()\n\t") + ["é", "ß", "中", "😀", "\u{202E}", "\u{200B}"]

    /// Describes the input for the report of a failure.
    public func note(_ text: @autoclosure () -> String) { notes.append(text()) }

    // MARK: Inside

    private func magnitude(upTo bound: UInt64) -> UInt64 {
        draw(upTo: bound) { random in
            switch random.next(upTo: 15) {
            case 0: bound
            case 1: bound > 0 ? bound - 1 : 0
            case 2: min(1, bound)
            case 3: 0
            // Small numbers meet each other more often than big ones.
            case 4...7: random.next(upTo: min(bound, 20))
            default: random.next(upTo: bound)
            }
        }
    }

    private func draw(upTo bound: UInt64, fresh: (inout SplitMix64) -> UInt64) -> UInt64 {
        let value: UInt64
        if var source = random {
            value = fresh(&source)
            random = source
        } else {
            value = drawn.count < replayed.count ? min(replayed[drawn.count], bound) : 0
        }
        precondition(value <= bound, "a choice is within its bound")
        drawn.append(value)
        return value
    }

    private func untracked(upTo bound: UInt64) -> UInt64 { random?.next(upTo: bound) ?? 0 }
}

/// Sebastiano Vigna's SplitMix64: small, fast and the same everywhere.
struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Uniform from 0 to `bound`, by Lemire's multiplication; the bias is below 2⁻⁶⁴ × bound and does not matter here.
    mutating func next(upTo bound: UInt64) -> UInt64 {
        bound == .max ? next() : next().multipliedFullWidth(by: bound + 1).high
    }
}

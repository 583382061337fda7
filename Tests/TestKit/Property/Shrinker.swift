/// Makes a failing sequence of choices as short and as small as it can.
struct Shrinker {
    /// The simplest failing choices so far.
    private(set) var best: [UInt64]
    private var attemptsLeft: Int
    private var known: Set<[UInt64]> = []

    init(failing choices: [UInt64], attempts: Int) {
        best = choices
        attemptsLeft = attempts
    }

    /// - Parameter fails: runs the property on choices; returns what it really drew when it fails, nil when it holds
    mutating func shrink(isolation: isolated (any Actor)? = #isolation, _ fails: ([UInt64]) async -> [UInt64]?) async {
        var hasProgress = true
        while hasProgress, attemptsLeft > 0 {
            hasProgress = false
            if await deleteChunks(fails) { hasProgress = true }
            if await zeroChunks(fails) { hasProgress = true }
            if await lowerValues(fails) { hasProgress = true }
        }
    }

    private mutating func accept(
        _ candidate: [UInt64], isolation: isolated (any Actor)? = #isolation, _ fails: ([UInt64]) async -> [UInt64]?
    ) async -> Bool {
        guard attemptsLeft > 0, Self.isSimpler(candidate, than: best), known.insert(candidate).inserted else { return false }
        attemptsLeft -= 1
        guard let drawn = await fails(candidate), Self.isSimpler(drawn, than: best) else { return false }
        best = drawn
        return true
    }

    /// Shorter first, then smaller from the front.
    static func isSimpler(_ left: [UInt64], than right: [UInt64]) -> Bool {
        left.count == right.count ? left.lexicographicallyPrecedes(right) : left.count < right.count
    }

    private mutating func deleteChunks(
        isolation: isolated (any Actor)? = #isolation, _ fails: ([UInt64]) async -> [UInt64]?
    ) async -> Bool {
        var hasProgress = false
        var size = max(1, best.count / 2)
        while size >= 1 {
            var end = best.count
            while end >= size {
                var candidate = best
                candidate.removeSubrange(end - size..<end)
                if await accept(candidate, fails) {
                    hasProgress = true
                    end = min(end, best.count)
                } else {
                    end -= max(1, size / 2)
                }
            }
            size /= 2
        }
        return hasProgress
    }

    private mutating func zeroChunks(
        isolation: isolated (any Actor)? = #isolation, _ fails: ([UInt64]) async -> [UInt64]?
    ) async -> Bool {
        var hasProgress = false
        for size in [8, 4, 2, 1] {
            var start = 0
            while start < best.count {
                let end = min(start + size, best.count)
                if best[start..<end].contains(where: { $0 != 0 }) {
                    var candidate = best
                    for position in start..<end { candidate[position] = 0 }
                    if await accept(candidate, fails) { hasProgress = true }
                }
                start += size
            }
        }
        return hasProgress
    }

    /// Each value by bisection between what holds and what fails.
    private mutating func lowerValues(
        isolation: isolated (any Actor)? = #isolation, _ fails: ([UInt64]) async -> [UInt64]?
    ) async -> Bool {
        var hasProgress = false
        var position = 0
        while position < best.count {
            var low: UInt64 = 0
            while position < best.count, low < best[position] {
                let middle = low + (best[position] - low) / 2
                var candidate = best
                candidate[position] = middle
                if await accept(candidate, fails) {
                    hasProgress = true
                } else {
                    low = middle + 1
                }
            }
            position += 1
        }
        return hasProgress
    }
}

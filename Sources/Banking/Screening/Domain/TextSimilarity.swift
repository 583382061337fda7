/// How alike two words are, 0 to 1. Words are UTF-8 bytes, because the published scores count bytes.
public enum TextSimilarity {
    /// Jaro's measure: matches within half the longer word, minus half the matches that stand in another order.
    public static func jaro(_ left: [UInt8], _ right: [UInt8]) -> Double {
        if left.isEmpty && right.isEmpty { return 1 }
        if left.isEmpty || right.isEmpty { return 0 }
        // A word of 64 bytes is already no word; the marks of longer ones would not fit.
        let left = left.count > 64 ? Array(left.prefix(64)) : left
        let right = right.count > 64 ? Array(right.prefix(64)) : right
        let reach = max(0, max(left.count, right.count) / 2 - 1)
        var leftMarks: UInt64 = 0
        var rightMarks: UInt64 = 0
        var matches = 0
        for index in left.indices {
            let byte = left[index]
            var candidate = max(0, index - reach)
            let last = min(right.count - 1, index + reach)
            while candidate <= last {
                if right[candidate] == byte, rightMarks & (1 << UInt64(candidate)) == 0 {
                    leftMarks |= 1 << UInt64(index)
                    rightMarks |= 1 << UInt64(candidate)
                    matches += 1
                    break
                }
                candidate += 1
            }
        }
        guard matches > 0 else { return 0 }
        var transposed = 0
        while leftMarks != 0 {
            if left[leftMarks.trailingZeroBitCount] != right[rightMarks.trailingZeroBitCount] { transposed += 1 }
            leftMarks &= leftMarks - 1
            rightMarks &= rightMarks - 1
        }
        let count = Double(matches)
        return (count / Double(left.count) + count / Double(right.count) + (count - Double(transposed / 2)) / count) / 3
    }

    /// Jaro's measure, raised for a common beginning of up to four bytes once it is over 0.7 (Winkler).
    public static func jaroWinkler(_ left: [UInt8], _ right: [UInt8]) -> Double {
        let score = jaro(left, right)
        guard score > 0.7 else { return score }
        var prefix = 0
        while prefix < 4, prefix < left.count, prefix < right.count, left[prefix] == right[prefix] { prefix += 1 }
        return score + 0.1 * Double(prefix) * (1 - score)
    }

    /// One minus the edits (insert, delete, replace) over the length of the longer text, in Unicode scalars.
    public static func levenshtein(_ left: String, _ right: String) -> Double {
        let left = Array(left.unicodeScalars)
        let right = Array(right.unicodeScalars)
        let longer = max(left.count, right.count)
        guard longer > 0 else { return 1 }
        var row = Array(0...right.count)
        for (index, scalar) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in 0..<right.count {
                let substitution = diagonal + (scalar == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(substitution, row[column] + 1, diagonal + 1)
            }
        }
        return 1 - Double(row[right.count]) / Double(longer)
    }

    /// American Soundex of a text's letters: one letter and three digits; empty without a letter.
    public static func soundexCode(_ text: String) -> String {
        let letters = text.lowercased().utf8.filter { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
        guard let first = letters.first else { return "" }
        var code = [first & 0xDF]
        var last = soundexDigit(first)
        for letter in letters.dropFirst() {
            let digit = soundexDigit(letter)
            if let digit, digit != last {
                code.append(digit)
                if code.count == 4 { break }
            }
            // H and W do not part equal sounds, vowels do.
            if letter != UInt8(ascii: "h") && letter != UInt8(ascii: "w") { last = digit }
        }
        while code.count < 4 { code.append(UInt8(ascii: "0")) }
        return String(decoding: code, as: UTF8.self)
    }

    private static func soundexDigit(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "p"), UInt8(ascii: "v"): UInt8(ascii: "1")
        case UInt8(ascii: "c"), UInt8(ascii: "g"), UInt8(ascii: "j"), UInt8(ascii: "k"), UInt8(ascii: "q"), UInt8(ascii: "s"),
            UInt8(ascii: "x"), UInt8(ascii: "z"):
            UInt8(ascii: "2")
        case UInt8(ascii: "d"), UInt8(ascii: "t"): UInt8(ascii: "3")
        case UInt8(ascii: "l"): UInt8(ascii: "4")
        case UInt8(ascii: "m"), UInt8(ascii: "n"): UInt8(ascii: "5")
        case UInt8(ascii: "r"): UInt8(ascii: "6")
        default: nil
        }
    }
}

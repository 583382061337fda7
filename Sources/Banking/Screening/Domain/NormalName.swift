import Foundation

/// A name as screening compares it: lower case Latin letters and digits, words set apart by one blank; accents, punctuation and legal
/// forms of companies are gone.
public struct NormalName: Sendable, Hashable {
    public static let maximumWords = 24

    public let words: [[UInt8]]

    public var text: String { words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ") }

    public init(_ name: String) {
        words = Self.withoutLegalForms(Self.words(of: name)).prefix(Self.maximumWords).map { Array($0.utf8) }
    }

    /// Words that are normal already.
    public init(words: [[UInt8]]) {
        self.words = words
    }

    /// Splits at blanks only, for comparisons that shall not normalise.
    public init(asWritten name: String) {
        words = name.split(separator: " ").prefix(Self.maximumWords).map { Array($0.utf8) }
    }

    /// This name, and forms of it in which short words are joined with the next one: lists and customers write "Abd al Rahman",
    /// "Abdal Rahman" and "Abdalrahman" alike.
    public var variants: [NormalName] {
        guard words.count > 1, words.dropLast().contains(where: { $0.count <= 3 }) else { return [self] }
        var joined: [[UInt8]] = []
        var carry: [UInt8] = []
        for (index, word) in words.enumerated() {
            if word.count <= 3, index < words.count - 1 {
                carry += word
            } else {
                joined.append(carry + word)
                carry = []
            }
        }
        return [self, NormalName(words: joined)]
    }

    // MARK: Rules

    private static func words(of name: String) -> [String] {
        var latin = name
        if name.unicodeScalars.contains(where: { $0.value > 0x24F && $0.properties.isAlphabetic }) {
            latin = name.applyingTransform(.toLatin, reverse: false) ?? name
        }
        var text = ""
        for scalar in latin.decomposedStringWithCompatibilityMapping.unicodeScalars {
            switch scalar {
            case "'", "’", "‘", "ʼ", "ʻ", "`", "´", "ʿ", "ʾ", ".", "\u{2BC}": continue
            case "ø", "Ø": text += "o"
            case "ł", "Ł": text += "l"
            case "đ", "Đ", "ð", "Ð": text += "d"
            case "ß", "ẞ": text += "ss"
            case "æ", "Æ": text += "ae"
            case "œ", "Œ": text += "oe"
            case "þ", "Þ": text += "th"
            case "ı": text += "i"
            case "ħ", "Ħ": text += "h"
            default:
                switch scalar.properties.generalCategory {
                case .nonspacingMark, .spacingMark, .enclosingMark: continue
                case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .otherLetter, .modifierLetter, .decimalNumber:
                    text += scalar.properties.lowercaseMapping
                default: text += " "
                }
            }
        }
        return text.split(separator: " ").map(String.init)
    }

    /// Removes legal forms, unless nothing else would remain.
    private static func withoutLegalForms(_ words: [String]) -> [String] {
        var kept: [String] = []
        var index = 0
        while index < words.count {
            if let phrase = legalPhrases.first(where: { words[index...].starts(with: $0) }) {
                index += phrase.count
            } else if legalForms.contains(words[index]) {
                index += 1
            } else {
                kept.append(words[index])
                index += 1
            }
        }
        return kept.isEmpty ? words : kept
    }

    private static let legalPhrases: [[String]] = [
        ["limited", "liability", "company"], ["joint", "stock", "company"], ["public", "limited", "company"], ["sa", "de", "cv"],
        ["s", "a", "de", "c", "v"], ["de", "cv"], ["sp", "z", "oo"], ["sdn", "bhd"],
    ]

    private static let legalForms: Set<String> = [
        "ltd", "limited", "llc", "llp", "lp", "inc", "incorporated", "corp", "corporation", "co", "company", "plc", "sa", "sarl", "srl",
        "spa", "sas", "sal", "gmbh", "ag", "kg", "bv", "nv", "oy", "oyj", "aps", "jsc", "ojsc", "cjsc", "pjsc", "ooo", "oao", "zao",
        "pao", "fze", "fzc", "fzco", "fzllc", "pte", "pty", "bhd", "kk", "ltda", "eirl", "eurl", "doo", "eood", "ood", "tbk", "wll",
        "psc", "dmcc",
    ]
}

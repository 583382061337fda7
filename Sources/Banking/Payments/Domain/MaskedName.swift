/// A name shown to somebody who already knows whom he means to pay, and of no use to anybody else: `Jane Wanjiru` is `Jane W***`.
enum MaskedName {
    private static let mask = "***"

    /// The first word in full and the initial of every other; of a single word only the initial.
    static func masked(_ name: String) -> String {
        let words = name.split(whereSeparator: \.isWhitespace)
        guard let first = words.first else { return mask }
        guard words.count > 1 else { return String(first.prefix(1)) + mask }
        return ([String(first)] + words.dropFirst().map { $0.prefix(1) + mask }).joined(separator: " ")
    }

    /// The last four digits of an account number, as the other side of a transfer sees it.
    static func maskedAccountNumber(_ number: String) -> String {
        String(repeating: "*", count: max(0, number.count - 4)) + number.suffix(4)
    }
}

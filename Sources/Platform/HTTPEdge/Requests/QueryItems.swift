/// The parameters of a query string in the order they were sent, percent-decoded; `+` stands for a blank.
public struct QueryItems: Sendable {
    public struct Item: Sendable {
        public let name: String
        /// Nil when the value is not percent-encoded UTF-8.
        public let value: String?
    }

    public let items: [Item]

    public static let none = QueryItems(items: [])

    init(items: [Item]) {
        self.items = items
    }

    /// Takes apart everything after the question mark. Names that cannot be decoded are no parameter of ours and are left out.
    public init(parsing query: some StringProtocol) {
        var items: [Item] = []
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let name: String?
            let value: String?
            if let equals = pair.firstIndex(of: UInt8(ascii: "=")) {
                name = PercentCoding.decode(pair[..<equals], plusIsBlank: true)
                value = PercentCoding.decode(pair[pair.index(after: equals)...], plusIsBlank: true)
            } else {
                name = PercentCoding.decode(pair, plusIsBlank: true)
                value = ""
            }
            if let name { items.append(Item(name: name, value: value)) }
        }
        self.items = items
    }

    func first(_ name: String) -> Item? {
        for item in items where item.name == name { return item }
        return nil
    }

    func count(of name: String) -> Int {
        items.reduce(0) { $0 + ($1.name == name ? 1 : 0) }
    }

    /// The first value of a parameter; nil when absent or not decodable.
    public subscript(name: String) -> String? { first(name)?.value }
}

enum PercentCoding {
    /// Decodes `%XX`; nil when an escape is broken or the bytes are not UTF-8.
    static func decode(_ bytes: some Sequence<UInt8>, plusIsBlank: Bool) -> String? {
        var decoded: [UInt8] = []
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            if byte == UInt8(ascii: "%") {
                guard let high = iterator.next().flatMap(nibble), let low = iterator.next().flatMap(nibble) else { return nil }
                decoded.append(high << 4 | low)
            } else {
                decoded.append(plusIsBlank && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

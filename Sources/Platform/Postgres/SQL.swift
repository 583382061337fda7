import Kernel

/// A statement with its values. Interpolation makes binds, never text: `"SELECT x FROM t WHERE id = \(id)"` sends `$1`.
///
/// Only `\(raw:)` puts text into the statement; it is for names that the program itself made.
public struct SQL: ExpressibleByStringInterpolation, Sendable {
    public private(set) var text: String
    public private(set) var binds: [PostgresValue]

    public init(_ text: String, _ binds: [PostgresValue] = []) {
        self.text = text
        self.binds = binds
    }

    public init(stringLiteral value: String) {
        text = value
        binds = []
    }

    public init(stringInterpolation: StringInterpolation) {
        text = stringInterpolation.text
        binds = stringInterpolation.binds
    }

    public static func + (left: SQL, right: SQL) -> SQL {
        var joined = left
        joined.append(right)
        return joined
    }

    /// Appends another statement's text, its binds renumbered after the ones already here.
    public mutating func append(_ other: SQL) {
        guard !binds.isEmpty, !other.binds.isEmpty else {
            text += other.text
            binds += other.binds
            return
        }
        text += Self.renumbered(other.text, by: binds.count)
        binds += other.binds
    }

    /// `$n` outside of quotes moves by an offset.
    private static func renumbered(_ text: String, by offset: Int) -> String {
        var result = ""
        var quote: Character?
        var number: String?
        func flushed(_ digits: String) -> String { Int(digits).map { "$\($0 + offset)" } ?? "$" + digits }
        for character in text {
            if let digits = number {
                if character.isASCII, character.isNumber {
                    number = digits + String(character)
                    continue
                }
                result += flushed(digits)
                number = nil
            }
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "'" || character == "\"" {
                quote = character
            } else if character == "$" {
                number = ""
                continue
            }
            result.append(character)
        }
        if let digits = number { result += flushed(digits) }
        return result
    }

    public struct StringInterpolation: StringInterpolationProtocol {
        var text = ""
        var binds: [PostgresValue] = []

        public init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 3)
            binds.reserveCapacity(interpolationCount)
        }

        public mutating func appendLiteral(_ literal: String) { text += literal }

        mutating func append(_ value: PostgresValue) {
            binds.append(value)
            text += "$\(binds.count)"
        }

        public mutating func appendInterpolation(_ value: some PostgresEncodable) { append(value.postgresValue) }

        /// Nil is sent as NULL.
        public mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value?) { append(value.postgresValue) }

        /// Text of the program's own making: a table name, a sort order. Never anything a caller sent.
        public mutating func appendInterpolation(raw: String) { text += raw }

        /// Another piece of SQL with its binds.
        public mutating func appendInterpolation(_ sql: SQL) {
            var joined = SQL(text, binds)
            joined.append(sql)
            text = joined.text
            binds = joined.binds
        }
    }
}

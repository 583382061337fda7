/// One line of a semicolon-separated file.
public enum CSVLine: Sendable, Equatable {
    case fields(row: Int, [String])
    /// A line that cannot be taken apart; the lines after it are not affected.
    case malformed(row: Int, reason: String)
}

/// Reads a semicolon-separated file (RFC 4180 with `;`): fields may stand in double quotes, a doubled quote inside is a quote.
///
/// A record is a line: a quote that does not end spoils its own line only, so that one bad row never swallows the rows after it.
/// Lines end with LF or CRLF, the last one may end with the file; a byte order mark is passed over and so are blank lines.
public struct CSVReader: Sequence, IteratorProtocol, Sendable {
    /// Far longer than any honest line; what is longer is not kept in memory as fields.
    static let maximumLineBytes = 65_536

    private let bytes: [UInt8]
    private var position: Int
    private var row = 0

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// The next line that is not blank. Rows are counted as an editor shows them: the first line is 1.
    public mutating func next() -> CSVLine? {
        while position < bytes.count {
            let start = position
            var end = start
            while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
            position = end + 1
            row += 1
            if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
            if end > start { return line(bytes[start..<end]) }
        }
        return nil
    }

    private func line(_ line: ArraySlice<UInt8>) -> CSVLine {
        guard line.count <= Self.maximumLineBytes else { return .malformed(row: row, reason: "the line is too long") }
        var fields: [String] = []
        var at = line.startIndex
        while true {
            let field: [UInt8]
            if at < line.endIndex, line[at] == UInt8(ascii: "\"") {
                guard let quoted = Self.quoted(line, from: &at) else {
                    return .malformed(row: row, reason: "a quote in field \(fields.count + 1) does not end")
                }
                guard at == line.endIndex || line[at] == UInt8(ascii: ";") else {
                    return .malformed(row: row, reason: "text follows the closing quote of field \(fields.count + 1)")
                }
                field = quoted
            } else {
                let start = at
                while at < line.endIndex, line[at] != UInt8(ascii: ";") {
                    guard line[at] != UInt8(ascii: "\"") else {
                        return .malformed(row: row, reason: "a quote stands inside field \(fields.count + 1)")
                    }
                    at += 1
                }
                field = Array(line[start..<at])
            }
            guard let text = String(validating: field, as: UTF8.self) else {
                return .malformed(row: row, reason: "field \(fields.count + 1) is not UTF-8")
            }
            fields.append(text)
            if at == line.endIndex { return .fields(row: row, fields) }
            at += 1
        }
    }

    /// Reads from an opening quote to its closing one and leaves `at` behind it; nil when the line ends before.
    private static func quoted(_ line: ArraySlice<UInt8>, from at: inout Int) -> [UInt8]? {
        var text: [UInt8] = []
        at += 1
        while at < line.endIndex {
            if line[at] != UInt8(ascii: "\"") {
                text.append(line[at])
                at += 1
            } else if at + 1 < line.endIndex, line[at + 1] == UInt8(ascii: "\"") {
                text.append(UInt8(ascii: "\""))
                at += 2
            } else {
                at += 1
                return text
            }
        }
        return nil
    }
}

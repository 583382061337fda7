/// A `.env` file: `NAME=value` lines, `#` comments, an optional `export `, and quotes around values that need them.
///
/// Read here and not by the configuration library, because that one passes over lines it does not understand, and a mistyped
/// line that silently does nothing is worse than a refusal.
enum EnvironmentFile {
    /// - Returns: the variables in the file; the last one wins
    /// - Throws: `SettingsFailure` naming each line that is not a comment and not an assignment
    static func parse(_ text: String, name: String) throws(SettingsFailure) -> [String: String] {
        var variables: [String: String] = [:]
        var problems: [String] = []
        for (index, row) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            var line = trim(row)
            if line.isEmpty || line.hasPrefix("#") { continue }
            if line.hasPrefix("export ") { line = trim(line.dropFirst("export ".count)) }
            guard let separator = line.firstIndex(of: "="), isName(trim(line[..<separator])) else {
                problems.append("\(name) line \(index + 1) is not NAME=value")
                continue
            }
            guard let value = unquote(trim(line[line.index(after: separator)...])) else {
                problems.append("\(name) line \(index + 1) has a quote that does not end")
                continue
            }
            variables[String(trim(line[..<separator]))] = value
        }
        if !problems.isEmpty { throw SettingsFailure(lines: problems) }
        return variables
    }

    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        }
    }

    /// Double quotes know `\n`, `\"` and `\\`, so that a PEM key fits on one line; single quotes are literal; without quotes, a `#`
    /// after a blank begins a comment.
    private static func unquote(_ value: Substring) -> String? {
        guard let quote = value.first, quote == "\"" || quote == "'" else {
            var previous: Character = " "
            var end = value.endIndex
            for index in value.indices {
                if value[index] == "#" && (previous == " " || previous == "\t") {
                    end = index
                    break
                }
                previous = value[index]
            }
            return String(trim(value[..<end]))
        }
        var result = ""
        var index = value.index(after: value.startIndex)
        while index < value.endIndex {
            let character = value[index]
            let next = value.index(after: index)
            if character == quote {
                let rest = trim(value[next...])
                return rest.isEmpty || rest.hasPrefix("#") ? result : nil
            }
            if character == "\\", quote == "\"", next < value.endIndex {
                result.append(value[next] == "n" ? "\n" : value[next])
                index = value.index(after: next)
            } else {
                result.append(character)
                index = next
            }
        }
        return nil
    }

    private static func trim(_ text: Substring) -> Substring {
        var trimmed = text
        while let first = trimmed.first, first.isWhitespace { trimmed.removeFirst() }
        while let last = trimmed.last, last.isWhitespace { trimmed.removeLast() }
        return trimmed
    }
}

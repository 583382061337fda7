/// Percent-encoding for the little that pages put into links and queries.
enum Escaping {
    static func query(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
        }
        return escaped
    }

    /// A JSON object of texts and booleans.
    static func json(_ members: [(name: String, value: JSONMember?)]) -> [UInt8] {
        var text = "{"
        for (name, value) in members {
            guard let value else { continue }
            if text.utf8.count > 1 { text += "," }
            text += quoted(name) + ":"
            switch value {
            case .text(let value): text += quoted(value)
            case .boolean(let value): text += value ? "true" : "false"
            case .number(let value): text += String(value)
            }
        }
        return Array((text + "}").utf8)
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{0}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

enum JSONMember {
    case text(String)
    case boolean(Bool)
    case number(Int)

    /// Nothing for an empty field of a form.
    static func optionalText(_ text: String?) -> JSONMember? {
        guard let text, !text.isEmpty else { return nil }
        return .text(text)
    }
}

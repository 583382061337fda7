import HTTPEdge
import Kernel
import Testing

@Suite struct JSONTests {
    @Test func numbersKeepTheirText() throws {
        #expect(
            try JSONValue(parsing: "[1.50, -0, 2e+3, 12345678901234567890.123]")
                == .array([
                    .number("1.50"), .number("-0"), .number("2e+3"), .number("12345678901234567890.123"),
                ]))
    }

    @Test(arguments: [
        ("", JSONError.Reason.empty), ("  ", .empty), ("{", .unexpectedEnd), ("[1,]", .unexpectedByte), ("{\"a\":1,}", .unexpectedByte),
        ("{\"a\" 1}", .unexpectedByte), ("{a:1}", .unexpectedByte), ("01", .invalidNumber), ("1.", .invalidNumber), (".5", .unexpectedByte),
        ("+1", .unexpectedByte), ("1e", .invalidNumber), ("-", .invalidNumber), ("NaN", .unexpectedByte), ("Infinity", .unexpectedByte),
        ("tru", .unexpectedEnd), ("nul", .unexpectedEnd), ("trux", .unexpectedByte), ("1 2", .trailingBytes), ("{} x", .trailingBytes),
        ("\"\\x\"", .invalidEscape), ("\"\\u12g4\"", .invalidEscape), ("\"\\ud800\"", .loneSurrogate), ("\"\\udc00\"", .loneSurrogate),
        ("\"\\ud800\\u0041\"", .loneSurrogate), ("\"\\ud800x\"", .loneSurrogate), ("\"\u{1}\"", .controlCharacter), ("\"a", .unexpectedEnd),
        ("{\"a\":1,\"a\":2}", .duplicateName), ("{\"a\":1,\"\\u0061\":2}", .duplicateName), ("\u{FEFF}{}", .unexpectedByte),
        ("'a'", .unexpectedByte), ("[1 2]", .unexpectedByte), ("/*c*/1", .unexpectedByte), ("\"\\", .unexpectedEnd),
    ])
    func refuses(text: String, reason: JSONError.Reason) {
        #expect { try JSONValue(parsing: text) } throws: { ($0 as? JSONError)?.reason == reason }
    }

    @Test func depthIsLimited() throws {
        let fine = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        _ = try JSONValue(parsing: fine)
        let deep = String(repeating: "[", count: 33) + String(repeating: "]", count: 33)
        #expect { try JSONValue(parsing: deep) } throws: { ($0 as? JSONError)?.reason == .tooDeep }
        let abyss = String(repeating: "{\"a\":", count: 100_000)
        #expect { try JSONValue(parsing: abyss) } throws: { ($0 as? JSONError)?.reason == .tooDeep }
    }

    @Test(arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] as [[UInt8]])
    func brokenUTF8IsRefused(bytes: [UInt8]) {
        #expect { try JSONValue(parsing: [0x22] + bytes + [0x22]) } throws: { ($0 as? JSONError)?.reason == .invalidUTF8 }
    }

    @Test func escapesAreRead() throws {
        #expect(try JSONValue(parsing: #""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000é""#) == .text("\"\\/\u{8}\u{C}\n\r\té😀\u{0}é"))
    }

    @Test func manyNamesAreStillCheckedForDuplicates() throws {
        let members = (0..<100).map { "\"n\($0)\":\($0)" }
        _ = try JSONValue(parsing: "{" + members.joined(separator: ",") + "}")
        #expect { try JSONValue(parsing: "{" + (members + ["\"n50\":1"]).joined(separator: ",") + "}") } throws: {
            ($0 as? JSONError)?.reason == .duplicateName
        }
    }

    @Test func digestDependsOnTheValueOnly() throws {
        func digest(_ text: String) throws -> [UInt8] { try JSONValue(parsing: text).digest() }
        #expect(try digest("{\"a\":1.50,\"b\":[true,null]}") == digest(" { \"b\" : [ true , null ], \"\\u0061\" : 15e-1 } "))
        #expect(try digest("{\"a\":100}") == digest("{\"a\":1E2}"))
        #expect(try digest("{\"a\":0}") == digest("{\"a\":-0.00e7}"))
        #expect(try digest("{\"a\":\"1\"}") != digest("{\"a\":1}"))
        #expect(try digest("{\"a\":\"1.50\"}") != digest("{\"a\":\"1.5\"}"))
        #expect(try digest("{\"a\":[1,2]}") != digest("{\"a\":[2,1]}"))
        #expect(try digest("{\"a\":null}") != digest("{}"))
        #expect(try digest("[[1],2]") != digest("[1,[2]]"))
        #expect(try digest("{}").count == 32)
    }

    /// Whatever is read can be written and read again, and mutated bytes never do worse than throw.
    @Test(arguments: 0..<20)
    func randomValuesSurviveARoundTripAndMutationsNeverCrash(seed: Int) throws {
        var random = SeededGenerator(state: UInt64(seed))
        for _ in 0..<100 {
            let value = Self.value(depth: 0, &random)
            var bytes = Array(Self.text(value).utf8)
            let read = try JSONValue(parsing: bytes)
            #expect(read == value)
            #expect(read.digest() == value.digest())
            for _ in 0..<20 where !bytes.isEmpty {
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: Int.random(in: 0..<bytes.count, using: &random))
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: Int.random(in: 0...bytes.count, using: &random))
                }
                _ = try? JSONValue(parsing: bytes).digest()
            }
        }
    }

    static func value(depth: Int, _ random: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth < 4 ? 7 : 5), using: &random) {
        case 0: return .null
        case 1: return .boolean(Bool.random(using: &random))
        case 2: return .number("\(Int64.random(in: .min ... .max, using: &random))")
        case 3: return .number("-0.\(UInt32.random(in: 0...9_999, using: &random))e-\(UInt8.random(in: 0...99, using: &random))")
        case 4:
            let scalars = (0..<Int.random(in: 0..<12, using: &random)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0..<0x11_0000, using: &random))
            }
            return .text(String(String.UnicodeScalarView(scalars)))
        case 5: return .array((0..<Int.random(in: 0..<5, using: &random)).map { _ in value(depth: depth + 1, &random) })
        default:
            let count = Int.random(in: 0..<20, using: &random)
            return .object(JSONObject(members: (0..<count).map { .init(name: "n\($0)", value: value(depth: depth + 1, &random)) }))
        }
    }

    static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: return "null"
        case .boolean(let flag): return flag ? "true" : "false"
        case .number(let number): return number
        case .text(let text):
            let json = TextView(text: text).json()
            return String(decoding: json.dropFirst("{\"text\":".utf8.count).dropLast(), as: UTF8.self)
        case .array(let items): return "[" + items.map { Self.text($0) }.joined(separator: " , ") + "]"
        case .object(let object):
            return "{" + object.members.map { "\"\($0.name)\" : \(Self.text($0.value))" }.joined(separator: ",\n") + "}"
        }
    }
}

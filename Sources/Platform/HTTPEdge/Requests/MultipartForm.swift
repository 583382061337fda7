import Crypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A body of type multipart/form-data (RFC 7578), taken apart.
///
/// The parser is strict and bounded: it takes what browsers and common libraries send, and refuses preambles, epilogues, nesting,
/// folded or doubled headers and transfer encodings, so that no two programs can read one body in two ways.
public struct MultipartForm: Sendable {
    public struct Part: Sendable {
        public let name: String
        /// As sent, before anything was made harmless; nil for a plain field.
        public let fileName: String?
        public let contentType: String?
        public let bytes: ArraySlice<UInt8>
    }

    public struct Failure: Error, Equatable, Sendable {
        public let reason: String
    }

    public static let maximumParts = 64
    static let maximumHeaderBytes = 4_096
    static let maximumHeaderLines = 8

    public let parts: [Part]

    /// The boundary of `multipart/form-data; boundary=…`; nil when the header says anything else.
    public static func boundary(of contentType: String) -> String? {
        guard let header = HeaderParameters(contentType), header.value.lowercased() == "multipart/form-data",
            let boundary = header.parameters.first(where: { $0.name == "boundary" })?.value
        else { return nil }
        let allowed = boundary.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
            default: "'()+_,-./:=? ".utf8.contains(byte)
            }
        }
        guard (1...70).contains(boundary.utf8.count), allowed, boundary.utf8.last != UInt8(ascii: " ") else { return nil }
        return boundary
    }

    public init(parsing body: [UInt8], boundary: String) throws(Failure) {
        precondition(!boundary.isEmpty, "a boundary has at least one character")
        let delimiter = Array("\r\n--\(boundary)".utf8)
        guard body.starts(with: delimiter.dropFirst(2)) else { throw Failure(reason: "The body does not begin with its boundary") }
        var position = delimiter.count - 2
        var parts: [Part] = []
        while true {
            guard position + 2 <= body.count else { throw Failure(reason: "The last boundary is missing") }
            let (first, second) = (body[position], body[position + 1])
            position += 2
            if first == UInt8(ascii: "-"), second == UInt8(ascii: "-") { break }
            guard first == UInt8(ascii: "\r"), second == UInt8(ascii: "\n") else {
                throw Failure(reason: "A boundary is not followed by a line break")
            }
            guard parts.count < Self.maximumParts else { throw Failure(reason: "There are more than \(Self.maximumParts) parts") }
            let header = try Self.header(body, &position)
            guard let end = Self.find(delimiter, in: body, from: position) else { throw Failure(reason: "A part does not end") }
            parts.append(Part(name: header.name, fileName: header.fileName, contentType: header.contentType, bytes: body[position..<end]))
            position = end + delimiter.count
        }
        let rest = body[position...]
        guard rest.isEmpty || rest.elementsEqual([UInt8(ascii: "\r"), UInt8(ascii: "\n")]) else {
            throw Failure(reason: "Something follows the last boundary")
        }
        self.parts = parts
    }

    /// The same form gives the same digest whatever boundary it travelled with.
    func digest() -> [UInt8] {
        var hash = SHA256()
        for part in parts {
            for text in [part.name, part.fileName ?? ""] {
                withUnsafeBytes(of: UInt32(truncatingIfNeeded: text.utf8.count).bigEndian) { hash.update(bufferPointer: $0) }
                hash.update(data: Array(text.utf8))
            }
            withUnsafeBytes(of: UInt64(part.bytes.count).bigEndian) { hash.update(bufferPointer: $0) }
            part.bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        }
        return Array(hash.finalize())
    }

    // MARK: Headers of a part

    private static func header(
        _ body: [UInt8], _ position: inout Int
    ) throws(Failure) -> (name: String, fileName: String?, contentType: String?) {
        let start = position
        var disposition: HeaderParameters?
        var contentType: String?
        var lines = 0
        while true {
            let limit = min(body.count, start + maximumHeaderBytes)
            guard let end = body[position..<max(position, limit)].firstIndex(of: UInt8(ascii: "\r")), end + 1 < body.count,
                body[end + 1] == UInt8(ascii: "\n")
            else { throw Failure(reason: "The headers of a part do not end or are too long") }
            let bytes = body[position..<end]
            position = end + 2
            if bytes.isEmpty { break }
            lines += 1
            guard lines <= maximumHeaderLines, let line = String(validating: bytes, as: UTF8.self),
                !line.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }), line.utf8.first != 0x20, line.utf8.first != 0x09,
                let colon = line.utf8.firstIndex(of: UInt8(ascii: ":"))
            else { throw Failure(reason: "A part has a header that is not one") }
            let name = line[..<colon].lowercased()
            let value = String(line[line.utf8.index(after: colon)...]).trimmingBlanks()
            switch name {
            case "content-disposition":
                guard disposition == nil, let parsed = HeaderParameters(value), parsed.value.lowercased() == "form-data" else {
                    throw Failure(reason: "A part's Content-Disposition is not form-data")
                }
                disposition = parsed
            case "content-type":
                guard contentType == nil else { throw Failure(reason: "A part has two content types") }
                contentType = value
                if value.lowercased().hasPrefix("multipart/") { throw Failure(reason: "Parts cannot be nested") }
            case "content-transfer-encoding":
                guard ["binary", "7bit", "8bit"].contains(value.lowercased()) else {
                    throw Failure(reason: "Parts cannot be encoded for transfer")
                }
            default: break
            }
        }
        guard let disposition, let name = disposition.parameters.first(where: { $0.name == "name" })?.value,
            (1...100).contains(name.utf8.count)
        else { throw Failure(reason: "A part has no name") }
        return (name, disposition.parameters.first { $0.name == "filename" }?.value, contentType)
    }

    /// Where the delimiter next begins. It begins with CR, which the C library finds fast.
    private static func find(_ needle: [UInt8], in body: [UInt8], from start: Int) -> Int? {
        body.withUnsafeBytes { haystack -> Int? in
            guard let base = haystack.baseAddress else { return nil }
            var position = start
            while position + needle.count <= haystack.count {
                guard let found = memchr(base + position, Int32(UInt8(ascii: "\r")), haystack.count - position) else { return nil }
                position = base.distance(to: UnsafeRawPointer(found))
                guard position + needle.count <= haystack.count else { return nil }
                if needle.withUnsafeBytes({ $0.baseAddress.map { memcmp(base + position, $0, needle.count) } }) == 0 { return position }
                position += 1
            }
            return nil
        }
    }
}

/// A header value with its parameters: `form-data; name="file"; filename="a.pdf"`.
struct HeaderParameters {
    let value: String
    /// Names in lower case, each at most once.
    let parameters: [(name: String, value: String)]

    init?(_ text: String) {
        var rest = text[...]
        func skipBlanks() { rest = rest.drop { $0 == " " || $0 == "\t" } }
        let head = rest.prefix { $0 != ";" }
        value = String(head).trimmingBlanks()
        rest = rest[head.endIndex...]
        var found: [(name: String, value: String)] = []
        while rest.first == ";" {
            rest = rest.dropFirst()
            skipBlanks()
            if rest.isEmpty { break }
            let name = rest.prefix { $0 != "=" && $0 != ";" && $0 != "\"" }
            rest = rest[name.endIndex...]
            guard rest.first == "=" else { return nil }
            rest = rest.dropFirst()
            var content = ""
            if rest.first == "\"" {
                rest = rest.dropFirst()
                var isClosed = false
                while let character = rest.first {
                    rest = rest.dropFirst()
                    if character == "\"" {
                        isClosed = true
                        break
                    }
                    // Only a quote and a backslash can be escaped; elsewhere a backslash belongs to an old Windows path.
                    if character == "\\", let next = rest.first, next == "\"" || next == "\\" {
                        content.append(next)
                        rest = rest.dropFirst()
                    } else {
                        content.append(character)
                    }
                }
                guard isClosed else { return nil }
            } else {
                let token = rest.prefix { $0 != ";" }
                rest = rest[token.endIndex...]
                content = String(token).trimmingBlanks()
            }
            let key = String(name).trimmingBlanks().lowercased()
            guard !key.isEmpty, !found.contains(where: { $0.name == key }) else { return nil }
            found.append((key, content))
            skipBlanks()
        }
        guard rest.isEmpty else { return nil }
        parameters = found
    }
}

extension String {
    fileprivate func trimmingBlanks() -> String {
        var text = self[...]
        while let first = text.first, first == " " || first == "\t" { text = text.dropFirst() }
        while let last = text.last, last == " " || last == "\t" { text = text.dropLast() }
        return String(text)
    }
}

import Crypto
import Kernel

/// The page that a list request asks for: `limit` 1 to 200, default 50, and where to go on.
public struct PageRequest: Sendable {
    public let limit: Int
    /// Where the previous page ended; nil for the first page. Its signature has been checked when a handler sees it.
    public let cursor: Cursor?
    /// The cursor as it was sent, for the check of its signature.
    let token: String?

    /// How many rows to read: one more than shown, which tells whether there is a next page.
    public var fetchCount: Int { limit + 1 }

    public init(limit: Int = 50, cursor: Cursor? = nil) {
        self.limit = limit
        self.cursor = cursor
        token = nil
    }

    init(limit: Int, cursor: Cursor?, token: String?) {
        self.limit = limit
        self.cursor = cursor
        self.token = token
    }
}

/// Query parameters that ask for a page of a list.
public protocol Paged {
    var page: PageRequest { get }
}

/// A place in a list: the values of the sort key of the last row shown, in order.
///
/// ```swift
/// Cursor().adding(row.postedAt).adding(row.id)          // when a page is made
/// var place = cursor.reader                              // when the next one is read
/// let postedAt = try place.timestamp(), id = try place.identifier(as: TransactionRecord.self)
/// ```
public struct Cursor: Sendable, Equatable {
    var bytes: [UInt8] = []

    public init() {}

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    public func adding(_ value: Int64) -> Cursor {
        var longer = self
        withUnsafeBytes(of: value.bigEndian) { longer.bytes.append(contentsOf: $0) }
        return longer
    }

    public func adding(_ value: UInt128) -> Cursor {
        adding(Int64(truncatingIfNeeded: value >> 64)).adding(Int64(truncatingIfNeeded: value))
    }

    public func adding<Entity>(_ value: Identifier<Entity>) -> Cursor { adding(value.bits) }
    public func adding(_ value: Timestamp) -> Cursor { adding(value.microseconds) }
    public func adding(_ value: BusinessDate) -> Cursor { adding(Int64(value.epochDay)) }

    public func adding(_ value: String) -> Cursor {
        var longer = adding(Int64(value.utf8.count))
        longer.bytes.append(contentsOf: value.utf8)
        return longer
    }

    public var reader: Reader { Reader(bytes: bytes[...]) }

    /// Reads a cursor's values in the order they were added.
    public struct Reader {
        var bytes: ArraySlice<UInt8>

        /// - Throws: 422 `invalid_cursor` when the cursor has no such value (it was made by another version of the program)
        public mutating func integer() throws(Refusal) -> Int64 {
            guard bytes.count >= 8 else { throw Refusal.invalidCursor }
            var value: UInt64 = 0
            for byte in bytes.prefix(8) { value = value << 8 | UInt64(byte) }
            bytes = bytes.dropFirst(8)
            return Int64(bitPattern: value)
        }

        public mutating func uuid() throws(Refusal) -> UInt128 {
            let high = UInt64(bitPattern: try integer())
            let low = UInt64(bitPattern: try integer())
            return UInt128(high) << 64 | UInt128(low)
        }

        public mutating func identifier<Entity>(as _: Entity.Type = Entity.self) throws(Refusal) -> Identifier<Entity> {
            Identifier(bits: try uuid())
        }

        public mutating func timestamp() throws(Refusal) -> Timestamp { Timestamp(microseconds: try integer()) }

        public mutating func date() throws(Refusal) -> BusinessDate {
            guard let day = Int32(exactly: try integer()) else { throw Refusal.invalidCursor }
            return BusinessDate(epochDay: day)
        }

        public mutating func text() throws(Refusal) -> String {
            let count = try integer()
            guard count >= 0, count <= bytes.count, let text = String(validating: bytes.prefix(Int(count)), as: UTF8.self) else {
                throw Refusal.invalidCursor
            }
            bytes = bytes.dropFirst(Int(count))
            return text
        }
    }
}

extension Refusal {
    /// 422 `invalid_cursor`: forged, of another list, or of other filters.
    public static let invalidCursor = Refusal.rule("invalid_cursor", "This cursor does not belong to this list", field: "cursor")
}

extension Fields {
    /// Reads `limit` and `cursor`. The cursor's signature is checked after the initializer, when all filters are known.
    public mutating func page(defaultLimit: Int = 50) -> PageRequest {
        let limit = optionalInteger("limit", 1...200) ?? defaultLimit
        var token = value("cursor", schema: Schema(type: "string"), isRequired: false) { (_, sent: Sent) -> String? in
            guard case .text(let text) = sent else { return nil }
            return text
        }
        if token?.isEmpty == true { token = nil }
        let page = PageRequest(limit: limit, cursor: token.flatMap { CursorSeal.place(in: $0) }, token: token)
        pageToVerify = page
        return page
    }
}

/// Signs cursors for one caller, path and set of filters. Anything else makes another signature.
struct CursorSeal: Sendable {
    private static let signatureLength = 16

    private let key: SymmetricKey
    private let scope: [UInt8]

    /// - Parameter filters: the query parameters that the endpoint reads, without `limit` and `cursor`
    init(key: SymmetricKey, caller: Identifier<User>?, path: String, filters: [(name: String, value: String)]) {
        self.key = key
        var scope: [UInt8] = []
        func add(_ text: String) {
            withUnsafeBytes(of: UInt32(truncatingIfNeeded: text.utf8.count).bigEndian) { scope.append(contentsOf: $0) }
            scope.append(contentsOf: text.utf8)
        }
        withUnsafeBytes(of: (caller?.bits ?? 0).bigEndian) { scope.append(contentsOf: $0) }
        add(path)
        for filter in filters.sorted(by: { $0.name < $1.name }) {
            add(filter.name)
            add(filter.value)
        }
        self.scope = scope
    }

    func seal(_ cursor: Cursor) -> String {
        Base64URL.encode(signature(cursor.bytes) + cursor.bytes)
    }

    func accepts(_ token: String) -> Bool {
        guard let bytes = Base64URL.decode(token), bytes.count >= Self.signatureLength else { return false }
        let expected = signature(Array(bytes.dropFirst(Self.signatureLength)))
        // Equal time for every wrong signature, so that none can be found byte by byte.
        var difference: UInt8 = 0
        for (left, right) in zip(bytes, expected) { difference |= left ^ right }
        return difference == 0
    }

    static func place(in token: String) -> Cursor? {
        guard let bytes = Base64URL.decode(token), bytes.count >= signatureLength else { return nil }
        return Cursor(bytes: Array(bytes.dropFirst(signatureLength)))
    }

    private func signature(_ place: [UInt8]) -> [UInt8] {
        var authentication = HMAC<SHA256>(key: key)
        authentication.update(data: scope)
        authentication.update(data: place)
        return Array(authentication.finalize().prefix(Self.signatureLength))
    }
}

/// Base64 with the URL alphabet and without padding (RFC 4648, section 5). Decoding is strict: one text for each byte string.
enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[Int(bits >> UInt32(count) & 0x3F)])
            }
        }
        if count > 0 { text.append(alphabet[Int(bits << UInt32(6 - count) & 0x3F)]) }
        return String(decoding: text, as: UTF8.self)
    }

    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 3 / 4)
        var bits: UInt32 = 0
        var count = 0
        for byte in text.utf8 {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0") + 52
            case UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "_"): value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        guard count < 6, bits & (1 << UInt32(count) - 1) == 0 else { return nil }
        return bytes
    }
}

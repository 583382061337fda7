import Kernel

/// A value in PostgreSQL's binary form, with the type it travels as.
public struct PostgresValue: Sendable {
    public let typeOID: UInt32
    /// Nil is NULL.
    public let bytes: [UInt8]?

    public init(typeOID: UInt32, bytes: [UInt8]?) {
        self.typeOID = typeOID
        self.bytes = bytes
    }
}

enum TypeOID {
    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let tid: UInt32 = 27
    static let tidArray: UInt32 = 1010
    static let date: UInt32 = 1082
    static let timestamptz: UInt32 = 1184
    static let uuid: UInt32 = 2950
    static let boolArray: UInt32 = 1000
    static let byteaArray: UInt32 = 1001
    static let int2Array: UInt32 = 1005
    static let int4Array: UInt32 = 1007
    static let textArray: UInt32 = 1009
    static let int8Array: UInt32 = 1016
    static let dateArray: UInt32 = 1182
    static let timestamptzArray: UInt32 = 1185
    static let uuidArray: UInt32 = 2951
}

/// A Swift type that can be bound to a statement.
public protocol PostgresEncodable: Sendable {
    static var typeOID: UInt32 { get }
    static var arrayTypeOID: UInt32 { get }
    /// Appends the binary form without its length; false appends nothing and means NULL.
    func encode(into bytes: inout [UInt8]) -> Bool
}

extension PostgresEncodable {
    public var postgresValue: PostgresValue {
        var bytes: [UInt8] = []
        let isPresent = encode(into: &bytes)
        return PostgresValue(typeOID: Self.typeOID, bytes: isPresent ? bytes : nil)
    }
}

@inline(__always)
func appendBigEndian(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
}

extension Int16: PostgresEncodable {
    public static var typeOID: UInt32 { TypeOID.int2 }
    public static var arrayTypeOID: UInt32 { TypeOID.int2Array }
    public func encode(into bytes: inout [UInt8]) -> Bool {
        appendBigEndian(self, to: &bytes)
        return true
    }
}

extension Int32: PostgresEncodable {
    public static var typeOID: UInt32 { TypeOID.int4 }
    public static var arrayTypeOID: UInt32 { TypeOID.int4Array }
    public func encode(into bytes: inout [UInt8]) -> Bool {
        appendBigEndian(self, to: &bytes)
        return true
    }
}

extension Int64: PostgresEncodable {
    public static var typeOID: UInt32 { TypeOID.int8 }
    public static var arrayTypeOID: UInt32 { TypeOID.int8Array }
    public func encode(into bytes: inout [UInt8]) -> Bool {
        appendBigEndian(self, to: &bytes)
        return true
    }
}

extension Int: PostgresEncodable {
    public static var typeOID: UInt32 { TypeOID.int8 }
    public static var arrayTypeOID: UInt32 { TypeOID.int8Array }
    public func encode(into bytes: inout [UInt8]) -> Bool { Int64(self).encode(into: &bytes) }
}

extension Bool: PostgresEncodable {
    public static var typeOID: UInt32 { TypeOID.bool }
    public static var arrayTypeOID: UInt32 { TypeOID.boolArray }
    public func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(self ? 1 : 0)
        return true
    }
}

extension String: PostgresEncodable {
    public static var typeOID: UInt32 { TypeOID.text }
    public static var arrayTypeOID: UInt32 { TypeOID.textArray }
    public func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(contentsOf: utf8)
        return true
    }
}

extension UInt128: PostgresEncodable {
    public static var typeOID: UInt32 { TypeOID.uuid }
    public static var arrayTypeOID: UInt32 { TypeOID.uuidArray }
    public func encode(into bytes: inout [UInt8]) -> Bool {
        appendBigEndian(self, to: &bytes)
        return true
    }
}

extension Identifier: PostgresEncodable {
    public static var typeOID: UInt32 { TypeOID.uuid }
    public static var arrayTypeOID: UInt32 { TypeOID.uuidArray }
    public func encode(into bytes: inout [UInt8]) -> Bool { bits.encode(into: &bytes) }
}

extension Timestamp: PostgresEncodable {
    /// Microseconds between 1970-01-01 and 2000-01-01, PostgreSQL's epoch.
    static let postgresEpochMicroseconds: Int64 = 946_684_800_000_000
    public static var typeOID: UInt32 { TypeOID.timestamptz }
    public static var arrayTypeOID: UInt32 { TypeOID.timestamptzArray }
    public func encode(into bytes: inout [UInt8]) -> Bool {
        appendBigEndian(microseconds - Self.postgresEpochMicroseconds, to: &bytes)
        return true
    }
}

extension BusinessDate: PostgresEncodable {
    /// Days between 1970-01-01 and 2000-01-01.
    static let postgresEpochDay: Int32 = 10_957
    public static var typeOID: UInt32 { TypeOID.date }
    public static var arrayTypeOID: UInt32 { TypeOID.dateArray }
    public func encode(into bytes: inout [UInt8]) -> Bool {
        appendBigEndian(epochDay - Self.postgresEpochDay, to: &bytes)
        return true
    }
}

extension Currency: PostgresEncodable {
    public static var typeOID: UInt32 { TypeOID.text }
    public static var arrayTypeOID: UInt32 { TypeOID.textArray }
    public func encode(into bytes: inout [UInt8]) -> Bool { code.encode(into: &bytes) }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    public static var typeOID: UInt32 { Wrapped.typeOID }
    public static var arrayTypeOID: UInt32 { Wrapped.arrayTypeOID }
    public func encode(into bytes: inout [UInt8]) -> Bool {
        guard let self else { return false }
        return self.encode(into: &bytes)
    }
}

/// `[UInt8]` is bytea; every other array is an array of its element's type.
extension Array: PostgresEncodable where Element: PostgresArrayElementOrByte {
    public static var typeOID: UInt32 { Element.oidOfArray }
    public static var arrayTypeOID: UInt32 { Element.oidOfArrayOfArrays }
    public func encode(into bytes: inout [UInt8]) -> Bool { Element.encodeArray(self, into: &bytes) }
}

/// What an array may hold. Bytes are apart because an array of bytes is one value.
public protocol PostgresArrayElementOrByte: Sendable {
    static var oidOfArray: UInt32 { get }
    static var oidOfArrayOfArrays: UInt32 { get }
    static func encodeArray(_ array: [Self], into bytes: inout [UInt8]) -> Bool
}

extension UInt8: PostgresArrayElementOrByte {
    public static var oidOfArray: UInt32 { TypeOID.bytea }
    public static var oidOfArrayOfArrays: UInt32 { TypeOID.byteaArray }
    public static func encodeArray(_ array: [UInt8], into bytes: inout [UInt8]) -> Bool {
        bytes.append(contentsOf: array)
        return true
    }
}

extension PostgresArrayElementOrByte where Self: PostgresEncodable {
    public static var oidOfArray: UInt32 { arrayTypeOID }
    public static var oidOfArrayOfArrays: UInt32 { arrayTypeOID }

    /// PostgreSQL's array format: dimensions, has-null flag, element type, then length and lower bound, then the elements.
    public static func encodeArray(_ array: [Self], into bytes: inout [UInt8]) -> Bool {
        bytes.reserveCapacity(bytes.count + 20 + array.count * 20)
        appendBigEndian(Int32(array.isEmpty ? 0 : 1), to: &bytes)
        let flagAt = bytes.count
        appendBigEndian(Int32(0), to: &bytes)
        appendBigEndian(typeOID, to: &bytes)
        guard !array.isEmpty else { return true }
        appendBigEndian(Int32(array.count), to: &bytes)
        appendBigEndian(Int32(1), to: &bytes)
        for element in array {
            let lengthAt = bytes.count
            appendBigEndian(Int32(0), to: &bytes)
            let length: Int32
            if element.encode(into: &bytes) {
                length = Int32(bytes.count - lengthAt - 4)
            } else {
                length = -1
                bytes[flagAt + 3] = 1
            }
            withUnsafeBytes(of: length.bigEndian) { source in
                for offset in 0..<4 { bytes[lengthAt + offset] = source[offset] }
            }
        }
        return true
    }
}

extension Int16: PostgresArrayElementOrByte {}
extension Int32: PostgresArrayElementOrByte {}
extension Int64: PostgresArrayElementOrByte {}
extension Int: PostgresArrayElementOrByte {}
extension Bool: PostgresArrayElementOrByte {}
extension String: PostgresArrayElementOrByte {}
extension UInt128: PostgresArrayElementOrByte {}
extension Identifier: PostgresArrayElementOrByte {}
extension Timestamp: PostgresArrayElementOrByte {}
extension BusinessDate: PostgresArrayElementOrByte {}
extension Currency: PostgresArrayElementOrByte {}
extension Optional: PostgresArrayElementOrByte where Wrapped: PostgresEncodable {}
extension Array: PostgresArrayElementOrByte where Element == UInt8 {}

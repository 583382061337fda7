import CPostgres
import Kernel

/// The rows of one answer. They keep the answer's memory as long as any of them lives.
public struct Rows: RandomAccessCollection, Sendable {
    private let result: ResultBox?
    public let count: Int
    /// How many rows the statement touched.
    public let affected: Int

    init(result: ResultBox) {
        self.result = result
        count = Int(PQntuples(result.pointer))
        affected = PQcmdTuples(result.pointer).flatMap { Int(String(cString: $0)) } ?? 0
    }

    /// What the server says it did: `INSERT 0 1`, `COMMIT`.
    var commandTag: String { result.flatMap { PQcmdStatus($0.pointer) }.map { String(cString: $0) } ?? "" }

    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    public subscript(position: Int) -> Row {
        guard let result, position >= 0, position < count else { preconditionFailure("row \(position) of \(count)") }
        return Row(result: result, index: Int32(position))
    }
}

/// libpq's result, freed with its last user. Results are immutable once read, so they may cross threads.
final class ResultBox: @unchecked Sendable {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit { PQclear(pointer) }
}

/// One row; columns by position, in binary form. A NULL where a value is asked for, or another type, is a `PostgresError`.
public struct Row: Sendable {
    let result: ResultBox
    let index: Int32

    public func isNull(_ column: Int) -> Bool { PQgetisnull(result.pointer, index, Int32(column)) != 0 }

    func raw(_ column: Int) throws -> UnsafeRawBufferPointer {
        guard !isNull(column) else { throw PostgresError.misuse("column \(column) is NULL") }
        let length = Int(PQgetlength(result.pointer, index, Int32(column)))
        return UnsafeRawBufferPointer(start: PQgetvalue(result.pointer, index, Int32(column)), count: length)
    }

    private func integer<T: FixedWidthInteger>(_ column: Int, _: T.Type = T.self) throws -> T {
        let bytes = try raw(column)
        guard bytes.count == MemoryLayout<T>.size else {
            throw PostgresError.misuse("column \(column) has \(bytes.count) bytes, \(T.self) has \(MemoryLayout<T>.size)")
        }
        return T(bigEndian: bytes.loadUnaligned(as: T.self))
    }

    private func orNil<T>(_ column: Int, _ read: (Int) throws -> T) throws -> T? { isNull(column) ? nil : try read(column) }

    public func int16(_ column: Int) throws -> Int16 { try integer(column) }
    public func int32(_ column: Int) throws -> Int32 { try integer(column) }
    public func int64(_ column: Int) throws -> Int64 { try integer(column) }
    public func int16OrNil(_ column: Int) throws -> Int16? { try orNil(column, int16) }
    public func int32OrNil(_ column: Int) throws -> Int32? { try orNil(column, int32) }
    public func int64OrNil(_ column: Int) throws -> Int64? { try orNil(column, int64) }

    public func bool(_ column: Int) throws -> Bool { try integer(column, UInt8.self) != 0 }
    public func boolOrNil(_ column: Int) throws -> Bool? { try orNil(column, bool) }

    public func text(_ column: Int) throws -> String { String(decoding: try raw(column), as: UTF8.self) }
    public func textOrNil(_ column: Int) throws -> String? { try orNil(column, text) }

    public func bytes(_ column: Int) throws -> [UInt8] { Array(try raw(column)) }
    public func bytesOrNil(_ column: Int) throws -> [UInt8]? { try orNil(column, bytes) }

    public func uuid(_ column: Int) throws -> UInt128 { try integer(column) }
    public func uuidOrNil(_ column: Int) throws -> UInt128? { try orNil(column, uuid) }
    public func identifier<Entity>(_ column: Int, as _: Entity.Type = Entity.self) throws -> Identifier<Entity> {
        Identifier(bits: try uuid(column))
    }
    public func identifierOrNil<Entity>(_ column: Int, as _: Entity.Type = Entity.self) throws -> Identifier<Entity>? {
        try uuidOrNil(column).map { Identifier(bits: $0) }
    }

    public func timestamp(_ column: Int) throws -> Timestamp {
        Timestamp(microseconds: try int64(column) + Timestamp.postgresEpochMicroseconds)
    }
    public func timestampOrNil(_ column: Int) throws -> Timestamp? { try orNil(column, timestamp) }

    public func date(_ column: Int) throws -> BusinessDate {
        BusinessDate(epochDay: try int32(column) + BusinessDate.postgresEpochDay)
    }
    public func dateOrNil(_ column: Int) throws -> BusinessDate? { try orNil(column, date) }

    public func currency(_ column: Int) throws -> Currency {
        let code = try text(column)
        guard let currency = Currency(code: code) else { throw PostgresError.misuse("\(code) is not a currency") }
        return currency
    }

    /// A whole number from `numeric`, bigint, integer or smallint: what sums of bigint come back as.
    public func int128(_ column: Int) throws -> Int128 {
        switch PQftype(result.pointer, Int32(column)) {
        case TypeOID.int8: return Int128(try int64(column))
        case TypeOID.int4: return Int128(try int32(column))
        case TypeOID.int2: return Int128(try int16(column))
        default: return try numeric(raw(column))
        }
    }
    public func int128OrNil(_ column: Int) throws -> Int128? { try orNil(column, int128) }

    /// numeric: digit count, weight, sign, scale, then digits of base 10,000.
    private func numeric(_ bytes: UnsafeRawBufferPointer) throws -> Int128 {
        func word(_ at: Int) -> Int16 { Int16(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: Int16.self)) }
        guard bytes.count >= 8 else { throw PostgresError.misuse("not a numeric") }
        let (digits, weight, sign) = (Int(word(0)), Int(word(2)), UInt16(bitPattern: word(4)))
        guard bytes.count == 8 + 2 * digits, sign == 0 || sign == 0x4000 else { throw PostgresError.misuse("numeric is no number") }
        guard digits <= weight + 1 || digits == 0, weight < 9 else { throw PostgresError.misuse("numeric is not whole, or too large") }
        var value: Int128 = 0
        for position in 0..<max(0, digits == 0 ? 0 : weight + 1) {
            value = value * 10_000 + (position < digits ? Int128(word(8 + 2 * position)) : 0)
        }
        return sign == 0x4000 ? -value : value
    }

    func array<T>(_ column: Int, _ read: (UnsafeRawBufferPointer) throws -> T) throws -> [T] {
        let bytes = try raw(column)
        func word(_ at: Int) -> Int32 { Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: Int32.self)) }
        guard bytes.count >= 12 else { throw PostgresError.misuse("column \(column) is no array") }
        if word(0) == 0 { return [] }
        guard word(0) == 1, bytes.count >= 20, word(16) == 1 else {
            throw PostgresError.misuse("only arrays of one dimension that count from 1 are read")
        }
        var values: [T] = []
        let count = Int(word(12))
        values.reserveCapacity(count)
        var at = 20
        for _ in 0..<count {
            let length = Int(word(at))
            guard length >= 0 else { throw PostgresError.misuse("column \(column) has a NULL element") }
            values.append(try read(UnsafeRawBufferPointer(rebasing: bytes[(at + 4)..<(at + 4 + length)])))
            at += 4 + length
        }
        return values
    }

    private func integers<T: FixedWidthInteger>(_ column: Int, _: T.Type = T.self) throws -> [T] {
        try array(column) { bytes in
            guard bytes.count == MemoryLayout<T>.size else {
                throw PostgresError.misuse("an element of column \(column) has \(bytes.count) bytes, \(T.self) has \(MemoryLayout<T>.size)")
            }
            return T(bigEndian: bytes.loadUnaligned(as: T.self))
        }
    }

    public func textArray(_ column: Int) throws -> [String] { try array(column) { String(decoding: $0, as: UTF8.self) } }
    public func int16Array(_ column: Int) throws -> [Int16] { try integers(column) }
    public func int32Array(_ column: Int) throws -> [Int32] { try integers(column) }
    public func int64Array(_ column: Int) throws -> [Int64] { try integers(column) }
    public func uuidArray(_ column: Int) throws -> [UInt128] { try integers(column) }
    public func bytesArray(_ column: Int) throws -> [[UInt8]] { try array(column) { Array($0) } }
}

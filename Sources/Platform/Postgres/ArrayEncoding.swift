import Kernel

/// PostgreSQL's binary arrays of the types that batches are made of, written straight into one buffer of the right size. The general way
/// (`encodeArray`) asks every element for its bytes, which costs several times as much.
enum ArrayEncoding {
    private static let headerSize = 20

    /// Dimensions, whether there are NULLs, element type, length, lower bound.
    private static func writeHeader(
        _ buffer: UnsafeMutableRawBufferPointer, elementType: UInt32, count: Int, hasNull: Bool
    ) {
        store(Int32(1), at: 0, in: buffer)
        store(Int32(hasNull ? 1 : 0), at: 4, in: buffer)
        store(elementType, at: 8, in: buffer)
        store(Int32(count), at: 12, in: buffer)
        store(Int32(1), at: 16, in: buffer)
    }

    @inline(__always)
    private static func store(_ value: some FixedWidthInteger, at offset: Int, in buffer: UnsafeMutableRawBufferPointer) {
        buffer.storeBytes(of: value.bigEndian, toByteOffset: offset, as: type(of: value))
    }

    private static func empty(_ elementType: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        appendBigEndian(Int32(0), to: &bytes)
        appendBigEndian(Int32(0), to: &bytes)
        appendBigEndian(elementType, to: &bytes)
        return bytes
    }

    @inline(__always)
    static func integers<Value: FixedWidthInteger>(_ values: [Value], elementType: UInt32) -> [UInt8] {
        guard !values.isEmpty else { return empty(elementType) }
        let size = MemoryLayout<Value>.size
        let total = headerSize + values.count * (4 + size)
        return [UInt8](unsafeUninitializedCapacity: total) { buffer, used in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            writeHeader(raw, elementType: elementType, count: values.count, hasNull: false)
            var at = headerSize
            for value in values {
                store(Int32(size), at: at, in: raw)
                store(value, at: at + 4, in: raw)
                at += 4 + size
            }
            used = total
        }
    }

    @inline(__always)
    static func optionalIntegers<Value: FixedWidthInteger>(_ values: [Value?], elementType: UInt32) -> [UInt8] {
        guard !values.isEmpty else { return empty(elementType) }
        let size = MemoryLayout<Value>.size
        return [UInt8](unsafeUninitializedCapacity: headerSize + values.count * (4 + size)) { buffer, used in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            var at = headerSize
            var hasNull = false
            for value in values {
                if let value {
                    store(Int32(size), at: at, in: raw)
                    store(value, at: at + 4, in: raw)
                    at += 4 + size
                } else {
                    store(Int32(-1), at: at, in: raw)
                    hasNull = true
                    at += 4
                }
            }
            writeHeader(raw, elementType: elementType, count: values.count, hasNull: hasNull)
            used = at
        }
    }

    static func texts(_ values: [String]) -> [UInt8] { optionalTexts(values) }

    static func optionalTexts(_ values: [String?]) -> [UInt8] {
        guard !values.isEmpty else { return empty(TypeOID.text) }
        let total = values.reduce(headerSize) { $0 + 4 + ($1?.utf8.count ?? 0) }
        return [UInt8](unsafeUninitializedCapacity: total) { buffer, used in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            var at = headerSize
            var hasNull = false
            for value in values {
                guard var value else {
                    store(Int32(-1), at: at, in: raw)
                    hasNull = true
                    at += 4
                    continue
                }
                let length = value.withUTF8 { text in
                    UnsafeMutableRawBufferPointer(rebasing: raw[(at + 4)...]).copyMemory(from: UnsafeRawBufferPointer(text))
                    return text.count
                }
                store(Int32(length), at: at, in: raw)
                at += 4 + length
            }
            writeHeader(raw, elementType: TypeOID.text, count: values.count, hasNull: hasNull)
            used = at
        }
    }

    static func optionalBytes(_ values: [[UInt8]?]) -> [UInt8] {
        guard !values.isEmpty else { return empty(TypeOID.bytea) }
        let total = values.reduce(headerSize) { $0 + 4 + ($1?.count ?? 0) }
        return [UInt8](unsafeUninitializedCapacity: total) { buffer, used in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            var at = headerSize
            var hasNull = false
            for value in values {
                guard let value else {
                    store(Int32(-1), at: at, in: raw)
                    hasNull = true
                    at += 4
                    continue
                }
                store(Int32(value.count), at: at, in: raw)
                UnsafeMutableRawBufferPointer(rebasing: raw[(at + 4)...]).copyBytes(from: value)
                at += 4 + value.count
            }
            writeHeader(raw, elementType: TypeOID.bytea, count: values.count, hasNull: hasNull)
            used = at
        }
    }
}

extension SQL.StringInterpolation {
    private mutating func append(_ arrayType: UInt32, _ bytes: [UInt8]) {
        append(PostgresValue(typeOID: arrayType, bytes: bytes))
    }

    public mutating func appendInterpolation(_ values: [UInt128]) {
        append(TypeOID.uuidArray, ArrayEncoding.integers(values, elementType: TypeOID.uuid))
    }

    public mutating func appendInterpolation(_ values: [UInt128?]) {
        append(TypeOID.uuidArray, ArrayEncoding.optionalIntegers(values, elementType: TypeOID.uuid))
    }

    public mutating func appendInterpolation(_ values: [Int64]) {
        append(TypeOID.int8Array, ArrayEncoding.integers(values, elementType: TypeOID.int8))
    }

    public mutating func appendInterpolation(_ values: [Int32]) {
        append(TypeOID.int4Array, ArrayEncoding.integers(values, elementType: TypeOID.int4))
    }

    public mutating func appendInterpolation(_ values: [Int16]) {
        append(TypeOID.int2Array, ArrayEncoding.integers(values, elementType: TypeOID.int2))
    }

    public mutating func appendInterpolation(_ values: [String]) {
        append(TypeOID.textArray, ArrayEncoding.texts(values))
    }

    public mutating func appendInterpolation(_ values: [String?]) {
        append(TypeOID.textArray, ArrayEncoding.optionalTexts(values))
    }

    public mutating func appendInterpolation(_ values: [[UInt8]]) {
        append(TypeOID.byteaArray, ArrayEncoding.optionalBytes(values))
    }

    public mutating func appendInterpolation(_ values: [[UInt8]?]) {
        append(TypeOID.byteaArray, ArrayEncoding.optionalBytes(values))
    }

    public mutating func appendInterpolation<Entity>(_ values: [Identifier<Entity>]) { appendInterpolation(values.map(\.bits)) }

    public mutating func appendInterpolation(_ values: [BusinessDate]) {
        let days = values.map { $0.epochDay - BusinessDate.postgresEpochDay }
        append(TypeOID.dateArray, ArrayEncoding.integers(days, elementType: TypeOID.date))
    }

    public mutating func appendInterpolation(_ values: [BusinessDate?]) {
        let days = values.map { $0.map { $0.epochDay - BusinessDate.postgresEpochDay } }
        append(TypeOID.dateArray, ArrayEncoding.optionalIntegers(days, elementType: TypeOID.date))
    }
}

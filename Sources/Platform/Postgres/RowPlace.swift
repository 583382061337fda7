/// Where a version of a row lies in its table (`ctid`): the shortest way back to a row that was read or written a moment ago. Once the row
/// has changed, nothing is found there.
public struct RowPlace: Sendable, Hashable {
    let block: UInt32
    let offset: UInt16

    init(block: UInt32, offset: UInt16) {
        self.block = block
        self.offset = offset
    }

    /// Back from `packed`.
    public init(packed: UInt64) {
        self.init(block: UInt32(truncatingIfNeeded: packed >> 16), offset: UInt16(truncatingIfNeeded: packed))
    }

    /// The place as one number, for those who keep it without knowing what it is.
    public var packed: UInt64 { UInt64(block) << 16 | UInt64(offset) }
}

extension RowPlace: PostgresEncodable, PostgresArrayElementOrByte {
    public static var typeOID: UInt32 { TypeOID.tid }
    public static var arrayTypeOID: UInt32 { TypeOID.tidArray }
    public func encode(into bytes: inout [UInt8]) -> Bool {
        appendBigEndian(block, to: &bytes)
        appendBigEndian(offset, to: &bytes)
        return true
    }
}

extension Row {
    public func place(_ column: Int) throws -> RowPlace { try Self.place(try raw(column)) }
    public func placeArray(_ column: Int) throws -> [RowPlace] { try array(column, Self.place) }

    private static func place(_ bytes: UnsafeRawBufferPointer) throws -> RowPlace {
        guard bytes.count == 6 else { throw PostgresError.misuse("not a row's place") }
        return RowPlace(
            block: UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)),
            offset: UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self)))
    }
}

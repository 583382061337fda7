/// A 128-bit identifier of one kind of thing. `Identifier<Account>` and `Identifier<Journal>` never mix.
///
/// Identifiers order as their bytes do, which is PostgreSQL's order of `uuid`, and UUIDv7 puts the time first (RFC 9562).
public struct Identifier<Entity>: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let bits: UInt128

    public init(bits: UInt128) {
        self.bits = bits
    }

    /// Reads the canonical form, upper or lower case: 8-4-4-4-12 hexadecimal digits.
    public init?(_ text: some StringProtocol) {
        var bits: UInt128 = 0
        var position = 0
        for byte in text.utf8 {
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
            } else {
                let nibble: UInt8
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"): nibble = byte - UInt8(ascii: "0")
                case UInt8(ascii: "a")...UInt8(ascii: "f"): nibble = byte - UInt8(ascii: "a") + 10
                case UInt8(ascii: "A")...UInt8(ascii: "F"): nibble = byte - UInt8(ascii: "A") + 10
                default: return nil
                }
                bits = bits << 4 | UInt128(nibble)
            }
            position += 1
        }
        guard position == 36 else { return nil }
        self.bits = bits
    }

    /// Identifiers are random in most of their bits, and those that callers may choose are never keys of a table in memory. Two
    /// multiplications spread them as well as SipHash does, which was a tenth of the posting engine's time.
    public func _rawHashValue(seed: Int) -> Int {
        let low = UInt64(truncatingIfNeeded: bits) ^ UInt64(bitPattern: Int64(seed)) ^ 0x9E37_79B9_7F4A_7C15
        let high = UInt64(truncatingIfNeeded: bits >> 64) ^ 0xE703_7ED1_A0B4_28DB
        let folded = low.multipliedFullWidth(by: high)
        let mixed = (folded.high ^ folded.low).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        return Int(truncatingIfNeeded: mixed.high ^ mixed.low)
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(bits) }

    public static func < (left: Identifier, right: Identifier) -> Bool { left.bits < right.bits }

    /// Canonical lower-case form.
    public var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var shift = 124
            var position = 0
            while position < 36 {
                if position == 8 || position == 13 || position == 18 || position == 23 {
                    buffer[position] = UInt8(ascii: "-")
                } else {
                    let nibble = UInt8(truncatingIfNeeded: bits >> UInt128(shift)) & 0xF
                    buffer[position] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
                    shift -= 4
                }
                position += 1
            }
            return 36
        }
    }

    /// The same bits as the identifier of another kind, for the places where one thing has two roles.
    public func retyped<Other>(as _: Other.Type = Other.self) -> Identifier<Other> { Identifier<Other>(bits: bits) }

    /// The instant in a UUIDv7, in milliseconds.
    public var mintedAt: Timestamp { Timestamp(microseconds: Int64(bits >> 80) * 1_000) }
}

/// Mints identifiers. Injected, so that a test sees the same ones twice.
public protocol IdentifierSource: Sendable {
    func nextBits() -> UInt128
}

extension IdentifierSource {
    public func next<Entity>(_: Entity.Type = Entity.self) -> Identifier<Entity> { Identifier(bits: nextBits()) }
}

/// UUIDv7 from a clock and the system's random generator.
public struct TimeOrderedIdentifiers: IdentifierSource {
    private let clock: any WallClock

    public init(clock: any WallClock) {
        self.clock = clock
    }

    public func nextBits() -> UInt128 {
        Self.version7(at: clock.now(), random: SystemEntropy.bits128())
    }

    /// Lays out RFC 9562 version 7: 48 bits of milliseconds, version, 12 random bits, variant, 62 random bits.
    public static func version7(at instant: Timestamp, random: UInt128) -> UInt128 {
        let milliseconds = UInt128(UInt64(bitPattern: instant.microseconds / 1_000)) & 0xFFFF_FFFF_FFFF
        let randomHigh = (random >> 64) & 0xFFF
        let randomLow = random & 0x3FFF_FFFF_FFFF_FFFF
        return milliseconds << 80 | 0x7 << 76 | randomHigh << 64 | 0x2 << 62 | randomLow
    }
}

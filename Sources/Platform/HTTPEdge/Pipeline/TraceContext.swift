import Synchronization

/// The trace a request belongs to (W3C Trace Context): 32 hexadecimal digits, continued from `traceparent` when that is valid.
enum TraceContext {
    private static let seed: (UInt64, UInt64) = (.random(in: .min ... .max), .random(in: .min ... .max))
    private static let count = Atomic<UInt64>(0)
    private static let hexadecimal = Array("0123456789abcdef".utf8)

    static func traceID(continuing traceparent: String?) -> String {
        if let traceparent, let continued = parse(traceparent) { return continued }
        return newTraceID()
    }

    /// Unique rather than secret, so a mixed counter serves, and no request pays for a system call.
    static func newTraceID() -> String {
        let number = count.wrappingAdd(1, ordering: .relaxed).newValue
        let high = mixed(seed.0 &+ number)
        let low = mixed(seed.1 &+ high ^ number)
        return String(unsafeUninitializedCapacity: 32) { buffer in
            for position in 0..<16 {
                buffer[position] = hexadecimal[Int(truncatingIfNeeded: high >> UInt64(60 - 4 * position)) & 0xF]
                buffer[16 + position] = hexadecimal[Int(truncatingIfNeeded: low >> UInt64(60 - 4 * position)) & 0xF]
            }
            return 32
        }
    }

    /// The finalizer of SplitMix64.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = value &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// `version-traceid-parentid-flags`, lower-case hexadecimal; all zeros and version ff are invalid. Later versions may append.
    static func parse(_ traceparent: String) -> String? {
        let bytes = Array(traceparent.utf8)
        guard bytes.count >= 55, bytes[2] == 0x2D, bytes[35] == 0x2D, bytes[52] == 0x2D else { return nil }
        guard isHexadecimal(bytes[0..<2]), isHexadecimal(bytes[3..<35]), isHexadecimal(bytes[36..<52]), isHexadecimal(bytes[53..<55]) else {
            return nil
        }
        let isVersionZero = bytes[0] == 0x30 && bytes[1] == 0x30
        guard !(bytes[0] == 0x66 && bytes[1] == 0x66), bytes.count == 55 || (!isVersionZero && bytes[55] == 0x2D) else { return nil }
        guard bytes[3..<35].contains(where: { $0 != 0x30 }), bytes[36..<52].contains(where: { $0 != 0x30 }) else { return nil }
        return String(decoding: bytes[3..<35], as: UTF8.self)
    }

    private static func isHexadecimal(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

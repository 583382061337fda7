import Kernel

/// Where secrets come from. Injected, so that a test can know them.
public protocol RandomSource: Sendable {
    func bytes(_ count: Int) -> [UInt8]
}

/// The operating system's generator (`getrandom`), which is fit for keys.
public struct SystemRandom: RandomSource {
    public init() {}

    public func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            var word: UInt64 = generator.next()
            for _ in 0..<min(8, count - bytes.count) {
                bytes.append(UInt8(truncatingIfNeeded: word))
                word >>= 8
            }
        }
        return bytes
    }
}

extension RandomSource {
    /// An opaque secret of 256 bits: 43 characters of base64url.
    public func token() -> String { Base64URL.encode(bytes(32)) }

    /// A code of decimal digits, each code equally likely.
    /// - Parameter digits: 1 to 9
    public func code(digits: Int) -> String {
        precondition((1...9).contains(digits), "a code has 1 to 9 digits")
        var bound: UInt32 = 1
        for _ in 0..<digits { bound *= 10 }
        // Values past the last whole multiple of the bound would make small codes likelier, so they are drawn again.
        let limit = UInt32.max - UInt32.max % bound
        while true {
            let value = bytes(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            guard value < limit else { continue }
            let text = String(value % bound)
            return String(repeating: "0", count: digits - text.utf8.count) + text
        }
    }
}

import Crypto
import Kernel

/// Time-based one-time codes (RFC 6238 over RFC 4226, HMAC-SHA-1).
public struct TimeBasedCode: Sendable {
    public let secret: [UInt8]
    public let digits: Int
    public let stepSeconds: Int64

    /// - Parameters:
    ///   - digits: 6 to 8
    ///   - stepSeconds: how long one code lives, 30 everywhere in practice
    public init(secret: [UInt8], digits: Int = 6, stepSeconds: Int64 = 30) {
        precondition((6...8).contains(digits) && stepSeconds > 0, "RFC 4226 allows 6 to 8 digits")
        self.secret = secret
        self.digits = digits
        self.stepSeconds = stepSeconds
    }

    /// The code of one time step.
    public func code(step: Int64) -> String {
        precondition(step >= 0, "codes begin in 1970")
        let counter = (0..<8).map { UInt8(truncatingIfNeeded: step >> (56 - 8 * Int64($0))) }
        let mac = Array(HMAC<Insecure.SHA1>.authenticationCode(for: counter, using: SymmetricKey(data: secret)))
        let offset = Int(mac[19] & 0x0F)
        let binary =
            UInt32(mac[offset] & 0x7F) << 24 | UInt32(mac[offset + 1]) << 16 | UInt32(mac[offset + 2]) << 8 | UInt32(mac[offset + 3])
        var bound: UInt32 = 1
        for _ in 0..<digits { bound *= 10 }
        let text = String(binary % bound)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }

    public func step(at instant: Timestamp) -> Int64 { instant.microseconds / 1_000_000 / stepSeconds }

    /// The time step whose code was given, allowing one step of drift to either side; nil for a wrong code.
    ///
    /// A code works once: the caller keeps the returned step and passes it as `after` the next time.
    public func matchingStep(_ candidate: String, at instant: Timestamp, after lastUsedStep: Int64? = nil) -> Int64? {
        let current = step(at: instant)
        var match: Int64?
        // All three are always computed, so that the time does not tell which one matched.
        for candidateStep in max(0, current - 1)...current + 1 where ConstantTime.equal(code(step: candidateStep), candidate) {
            match = candidateStep
        }
        if let match, let lastUsedStep, match <= lastUsedStep { return nil }
        return match
    }
}

import CArgon2
import Kernel

/// Password hashes: argon2id (RFC 9106) over the password keyed with a pepper, written as a PHC string.
///
/// The pepper is a secret outside the database, so that a stolen table alone cannot be guessed through. Hashing runs on threads of its
/// own behind a bounded queue.
public final class PasswordHasher: Sendable {
    /// Cost of one hash. The defaults are OWASP's first recommendation: 19 MiB, two passes, one lane.
    public struct Cost: Sendable, Equatable {
        public let memoryKibibytes: UInt32
        public let passes: UInt32
        public let lanes: UInt32

        public init(memoryKibibytes: UInt32 = 19 * 1_024, passes: UInt32 = 2, lanes: UInt32 = 1) {
            self.memoryKibibytes = memoryKibibytes
            self.passes = passes
            self.lanes = lanes
        }
    }

    public let cost: Cost
    private let pepper: [UInt8]
    private let random: any RandomSource
    private let threads: WorkerThreads
    /// Verified against when nobody has the name, so that an unknown name costs what a known one does.
    private let dummyHash: PasswordHash

    /// - Parameters:
    ///   - pepper: at least 32 bytes, the same in every process of the bank
    ///   - maximumQueueLength: sign-ins that may wait; one more is refused with 503
    public init(
        pepper: [UInt8], cost: Cost = Cost(), random: any RandomSource = SystemRandom(), threadCount: Int = 2,
        maximumQueueLength: Int = 256
    ) {
        precondition(pepper.count >= 32, "a pepper has at least 256 bits")
        self.pepper = Digests.derivedKey(from: pepper, purpose: "wekeza password pepper")
        self.cost = cost
        self.random = random
        threads = WorkerThreads(name: "password-hasher", count: threadCount, maximumQueueLength: maximumQueueLength)
        dummyHash = PasswordHash(cost: cost, salt: random.bytes(16), digest: random.bytes(32))
    }

    /// Hash of a new password with a fresh salt, in PHC form: `$argon2id$v=19$m=19456,t=2,p=1$salt$digest`.
    /// - Throws: 503 `temporarily_unavailable` when too many hashes are waiting
    public func hash(_ password: String) async throws -> String {
        let cost = cost
        let salt = random.bytes(16)
        let message = peppered(password)
        return try await threads.run {
            PasswordHash(cost: cost, salt: salt, digest: try Self.digest(message, salt: salt, cost: cost)).text
        }
    }

    /// Whether the password belongs to the stored hash. Without a stored hash (nobody has that name) the answer is false after the
    /// same work.
    /// - Throws: 503 `temporarily_unavailable` when too many hashes are waiting
    public func verify(_ password: String, against stored: String?) async throws -> Bool {
        let known = stored.flatMap { PasswordHash($0) }
        let expected = known ?? dummyHash
        let message = peppered(password)
        let matches = try await threads.run {
            ConstantTime.equal(try Self.digest(message, salt: expected.salt, cost: expected.cost), expected.digest)
        }
        return matches && known != nil
    }

    /// True when the hash was made with another cost than today's and should be replaced at the next right password.
    public func needsRehash(_ stored: String) -> Bool { PasswordHash(stored)?.cost != cost }

    private func peppered(_ password: String) -> [UInt8] { Digests.hmacSHA256(key: pepper, password.utf8) }

    private static func digest(_ message: [UInt8], salt: [UInt8], cost: Cost) throws -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let code = argon2id_hash_raw(
            cost.passes, cost.memoryKibibytes, cost.lanes, message, message.count, salt, salt.count, &digest, digest.count)
        // Only a lack of memory can make it fail: every parameter was checked when it was read.
        guard code == ARGON2_OK.rawValue else { throw Refusal.unavailable() }
        return digest
    }
}

/// A stored hash taken apart. Costs beyond reason are not a hash: a forged row must not make the program allocate gigabytes.
struct PasswordHash: Equatable {
    let cost: PasswordHasher.Cost
    let salt: [UInt8]
    let digest: [UInt8]

    init(cost: PasswordHasher.Cost, salt: [UInt8], digest: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.digest = digest
    }

    init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].isEmpty, parts[1] == "argon2id", parts[2] == "v=19" else { return nil }
        let parameters = parts[3].split(separator: ",", omittingEmptySubsequences: false)
        guard parameters.count == 3, let memory = Self.value(parameters[0], "m="), let passes = Self.value(parameters[1], "t="),
            let lanes = Self.value(parameters[2], "p="), let salt = Self.base64(parts[4]), let digest = Self.base64(parts[5]),
            (1...8).contains(lanes), (1...20).contains(passes), (8 * lanes...262_144).contains(memory),
            (8...64).contains(salt.count), digest.count == 32
        else { return nil }
        cost = PasswordHasher.Cost(memoryKibibytes: memory, passes: passes, lanes: lanes)
        self.salt = salt
        self.digest = digest
    }

    var text: String {
        "$argon2id$v=19$m=\(cost.memoryKibibytes),t=\(cost.passes),p=\(cost.lanes)$\(Self.base64(salt))$\(Self.base64(digest))"
    }

    private static func value(_ text: Substring, _ name: String) -> UInt32? {
        guard text.hasPrefix(name) else { return nil }
        let digits = text.dropFirst(name.count)
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return UInt32(digits)
    }

    // The PHC format uses the ordinary base64 alphabet without padding.
    private static func base64(_ bytes: [UInt8]) -> String {
        String(Base64URL.encode(bytes).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
    }

    private static func base64(_ text: Substring) -> [UInt8]? {
        guard !text.utf8.contains(where: { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }) else { return nil }
        return Base64URL.decode(
            text.utf8.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 })
    }
}

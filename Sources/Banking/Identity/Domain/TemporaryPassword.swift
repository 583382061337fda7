/// A password that the bank chooses for a user, who replaces it at the first sign-in: 15 characters without look-alikes, 75 bits.
enum TemporaryPassword {
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz")

    /// `xxxxx-xxxxx-xxxxx`
    /// - Parameter random: fifteen random bytes
    static func make(from random: [UInt8]) -> String {
        assert(random.count == 15, "one byte a character")
        let characters = random.map { alphabet[Int($0 & 0x1F)] }
        return stride(from: 0, to: 15, by: 5).map { String(characters[$0..<$0 + 5]) }.joined(separator: "-")
    }
}

/// Codes for the day the telephone is lost: ten characters of an alphabet without look-alikes, 50 bits, each good once.
enum RecoveryCode {
    static let count = 10
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz")

    /// `xxxxx-xxxxx`
    /// - Parameter random: ten random bytes
    static func make(from random: [UInt8]) -> String {
        assert(random.count == 10, "one byte a character")
        // 256 is a multiple of 32, so every character is equally likely.
        let characters = random.map { alphabet[Int($0 & 0x1F)] }
        return String(characters[0..<5]) + "-" + String(characters[5..<10])
    }

    /// The one spelling of a code: case, blanks and hyphens do not count, and look-alikes are read as what is meant.
    static func normal(_ typed: String) -> String {
        var text = ""
        for character in typed.lowercased() {
            switch character {
            case "-", " ": continue
            case "o": text.append("0")
            case "i", "l": text.append("1")
            default: text.append(character)
            }
        }
        return text
    }
}

/// What a user proves a sign-in with besides the password.
enum SecondFactorMethod: String, CaseIterable {
    case totp, recoveryCode

    /// What a code looks like when nobody said what it is: six digits are a time-based code.
    static func guess(_ code: String) -> SecondFactorMethod {
        let digits = code.utf8.filter { $0 != UInt8(ascii: " ") }
        return digits.count == 6 && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? .totp : .recoveryCode
    }
}

/// How an authenticator app is told a secret (the key URI format that they all read).
enum AuthenticatorLink {
    static let issuer = "Wekeza"

    /// - Parameter username: letters, digits, dot, line and underscore only, so nothing has to be escaped
    static func uri(secret: String, username: String) -> String {
        "otpauth://totp/\(issuer):\(username)?secret=\(secret)&issuer=\(issuer)&algorithm=SHA1&digits=6&period=30"
    }
}

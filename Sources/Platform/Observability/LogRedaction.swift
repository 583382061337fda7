import Synchronization

/// Keeps secrets out of logs: by the name of a metadata key, and by the look of a value.
public enum LogRedaction {
    public static let mask = "[redacted]"

    /// A key with one of these among its words names a secret: `refreshToken`, `new_password`, `card-pan`.
    private static let secretWords: Set<String> = [
        "password", "passwords", "passwd", "pwd", "passphrase", "pin", "pins", "pan", "token", "tokens", "secret", "secrets",
        "authorization",
        "cookie", "cookies", "cvv", "cvc", "cvv2", "otp", "totp", "credential", "credentials", "pepper",
    ]
    /// `code` alone may be a login code; `branchCode` and `statusCode` are none, `securityCode` is.
    private static let secretCodes: Set<String> = [
        "code", "codes", "securitycode", "verificationcode", "recoverycode", "recoverycodes", "smscode", "authcode", "accesscode",
        "confirmationcode", "apikey", "privatekey", "signingkey", "cardnumber",
    ]

    /// Keys seen before: programs use few, and log lines are many.
    private static let known = Mutex<[String: Bool]>([:])
    private static let maximumKnownKeys = 2_048

    /// Whether a metadata key names something that must not be written.
    public static func isSecret(_ key: String) -> Bool {
        if let answer = known.withLock({ $0[key] }) { return answer }
        let answer = decide(key)
        known.withLock { known in
            if known.count < maximumKnownKeys { known[key] = answer }
        }
        return answer
    }

    private static func decide(_ key: String) -> Bool {
        let joined = key.lowercased().filter { $0.isLetter || $0.isNumber }
        if secretCodes.contains(joined) { return true }
        return words(of: key).contains { secretWords.contains($0) }
    }

    /// The parts of `refreshToken`, `refresh_token` and `refresh-token`, in lower case.
    private static func words(of key: String) -> [String] {
        var words: [String] = []
        var word = ""
        var previousIsLower = false
        for character in key {
            if !character.isLetter, !character.isNumber {
                words.append(word)
                word = ""
                previousIsLower = false
                continue
            }
            if character.isUppercase, previousIsLower {
                words.append(word)
                word = ""
            }
            word += character.lowercased()
            previousIsLower = character.isLowercase || character.isNumber
        }
        words.append(word)
        return words
    }

    /// The text without what looks like a bearer token, a JSON web token or a card number, wherever it came from.
    public static func cleaned(_ text: String) -> String {
        guard isSuspicious(text) else { return text }
        let bytes = Array(text.utf8)
        var cleaned: [UInt8] = []
        var isChanged = false
        var position = 0
        while position < bytes.count {
            let end = endOfWord(bytes, from: position)
            if end == position {
                cleaned.append(bytes[position])
                position += 1
                continue
            }
            let word = bytes[position..<end]
            if isToken(word) || isCardNumber(word) || followsBearer(cleaned) {
                cleaned.append(contentsOf: mask.utf8)
                isChanged = true
            } else {
                cleaned.append(contentsOf: word)
            }
            position = end
        }
        return isChanged ? String(decoding: cleaned, as: UTF8.self) : text
    }

    /// A quick look that clears nearly every text: no `eyJ`, no `earer`, and no 14 digits in a row (dashes between them allowed).
    private static func isSuspicious(_ text: String) -> Bool {
        var digits = 0
        var last4: UInt32 = 0
        for byte in text.utf8 {
            if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                digits += 1
                if digits >= 14 { return true }
            } else if byte != UInt8(ascii: "-") {
                digits = 0
            }
            last4 = last4 << 8 | UInt32(byte)
            // "eyJ" in the low three bytes, "arer" whatever stands before it.
            if last4 & 0xFF_FFFF == 0x65_794A || last4 | 0x2020_2020 == 0x6172_6572 { return true }
        }
        return false
    }

    private static func endOfWord(_ bytes: [UInt8], from start: Int) -> Int {
        var end = start
        while end < bytes.count {
            switch bytes[end] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                end += 1
            default: return end
            }
        }
        return end
    }

    /// Header of a JSON web token in base64: `{"` is always `eyJ`.
    private static func isToken(_ word: ArraySlice<UInt8>) -> Bool {
        word.count > 20 && word.starts(with: "eyJ".utf8) && word.contains(UInt8(ascii: "."))
    }

    private static func followsBearer(_ written: [UInt8]) -> Bool {
        let tail = String(decoding: written.suffix(7), as: UTF8.self).lowercased()
        return tail == "bearer "
    }

    /// 14 to 19 digits with a right Luhn digit. Account numbers of the bank have 13.
    private static func isCardNumber(_ word: ArraySlice<UInt8>) -> Bool {
        guard word.count >= 14 else { return false }
        let digits = word.filter { $0 != UInt8(ascii: "-") }
        guard (14...19).contains(digits.count), digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return false
        }
        var sum = 0
        for (position, byte) in digits.reversed().enumerated() {
            let digit = Int(byte - UInt8(ascii: "0"))
            if position.isMultiple(of: 2) {
                sum += digit
            } else {
                sum += digit > 4 ? 2 * digit - 9 : 2 * digit
            }
        }
        return sum.isMultiple(of: 10)
    }
}

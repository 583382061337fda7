import Kernel

/// What is wrong with an identifier that has no valid form.
struct IdentifierFault: Error, Equatable {
    /// Snake case, stable.
    let reason: String

    static let form = IdentifierFault(reason: "invalid_format")
    static let length = IdentifierFault(reason: "wrong_length")
    static let country = IdentifierFault(reason: "unknown_country")
    static let checkDigits = IdentifierFault(reason: "wrong_check_digits")
    static let zeros = IdentifierFault(reason: "all_zeros")
}

/// The rules of identifiers that carry check digits. Each answers the spelling in which machines keep it.
enum IdentifierCheck {
    /// Luhn (ISO/IEC 7812-1), with the check digit last. Zeros alone pass the sum and are no number of anybody.
    static func luhn(_ text: String) throws(IdentifierFault) -> String {
        let digits = compact(text, separators: [0x20, 0x2D])
        guard !digits.isEmpty, digits.allSatisfy(isDigit) else { throw .form }
        guard (2...32).contains(digits.count) else { throw .length }
        guard !digits.allSatisfy({ $0 == UInt8(ascii: "0") }) else { throw .zeros }
        guard AccountNumber.checkDigit(digits.dropLast()) == digits[digits.count - 1] - UInt8(ascii: "0") else { throw .checkDigits }
        return String(decoding: digits, as: UTF8.self)
    }

    /// IBAN (ISO 13616): country and length by the registry, check digits by ISO 7064 MOD 97-10. 00, 01 and 99 cannot result from that
    /// calculation, so they are none even where the remainder is right.
    static func iban(_ text: String) throws(IdentifierFault) -> String {
        let characters = compact(text, separators: [0x20])
        guard characters.count >= 4, characters.allSatisfy({ isDigit($0) || isCapital($0) }), isCapital(characters[0]),
            isCapital(characters[1]), isDigit(characters[2]), isDigit(characters[3])
        else { throw .form }
        let iban = String(decoding: characters, as: UTF8.self)
        guard let length = ibanLengths[String(iban.prefix(2))] else { throw hasLegalDigits(characters) ? .country : .checkDigits }
        guard characters.count == length else { throw .length }
        guard hasLegalDigits(characters), remainder(characters) == 1 else { throw .checkDigits }
        return iban
    }

    /// Creditor reference (ISO 11649): RF, two check digits, up to 21 letters and digits.
    static func creditorReference(_ text: String) throws(IdentifierFault) -> String {
        let characters = compact(text, separators: [0x20])
        guard characters.count >= 4, characters.starts(with: "RF".utf8), characters.allSatisfy({ isDigit($0) || isCapital($0) }),
            isDigit(characters[2]), isDigit(characters[3])
        else { throw .form }
        guard (5...25).contains(characters.count) else { throw .length }
        guard hasLegalDigits(characters), remainder(characters) == 1 else { throw .checkDigits }
        return String(decoding: characters, as: UTF8.self)
    }

    /// A number of this bank.
    static func accountNumber(_ text: String) throws(IdentifierFault) -> String {
        let digits = compact(text, separators: [0x20])
        guard !digits.isEmpty, digits.allSatisfy(isDigit) else { throw .form }
        guard digits.count == 13 else { throw .length }
        guard let number = AccountNumber(String(decoding: digits, as: UTF8.self)) else { throw .checkDigits }
        return number.text
    }

    // MARK: Parts

    private static func hasLegalDigits(_ characters: [UInt8]) -> Bool {
        let digits = Int(characters[2] - 0x30) * 10 + Int(characters[3] - 0x30)
        return (2...98).contains(digits)
    }

    /// The first four characters go to the end, letters count 10 to 35; the number that this makes, modulo 97.
    private static func remainder(_ characters: [UInt8]) -> Int {
        (characters.dropFirst(4) + characters.prefix(4)).reduce(0) { rest, character in
            isDigit(character)
                ? (rest * 10 + Int(character - UInt8(ascii: "0"))) % 97 : (rest * 100 + Int(character - UInt8(ascii: "A")) + 10) % 97
        }
    }

    /// Without the blanks of the printed form, in capitals.
    private static func compact(_ text: String, separators: [UInt8]) -> [UInt8] {
        text.utf8.filter { !separators.contains($0) }.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) ? $0 - 0x20 : $0 }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isCapital(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }

    /// SWIFT's registry of IBAN formats. Kenya has none.
    private static let ibanLengths: [String: Int] = {
        let registry = """
            AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 \
            ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 \
            LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 \
            PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 \
            YE30
            """
        return Dictionary(
            registry.split(separator: " ").map { (String($0.prefix(2)), Int($0.dropFirst(2)) ?? 0) },
            uniquingKeysWith: { first, _ in first })
    }()
}

/// Exact reading of decimal text into scaled integers, without a binary or decimal floating-point number in between.
public enum DecimalText {
    public enum Failure: Error, Equatable, Sendable {
        /// Not `digits[.digits]` (or, for a JSON number, not a JSON number).
        case malformed
        /// More digits after the point than the scale has.
        case tooManyDecimals
        /// More digits before the point than allowed.
        case tooLarge
    }

    /// Digits before the point that an amount may have (contract, 1.2).
    public static let maximumIntegerDigits = 13

    /// Reads `digits[.digits]`: no sign, blank, grouping or exponent. Written digits count: `1.500` has three decimals.
    public static func amount(_ text: some StringProtocol, exponent: Int) throws(Failure) -> Int64 {
        var integerDigits = 0
        var decimals: Int?
        var value: Int64 = 0
        var seenSignificant = false
        var isTooLarge = false
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if let count = decimals {
                    decimals = count + 1
                    // Digits past the scale are only counted: the refusal names them, whatever they are.
                    if count >= exponent { continue }
                } else {
                    integerDigits += 1
                    if byte != UInt8(ascii: "0") || seenSignificant {
                        seenSignificant = true
                    } else if integerDigits > 1 {
                        integerDigits -= 1
                    }
                    if integerDigits > maximumIntegerDigits { continue }
                }
                let (shifted, overflows) = value.multipliedReportingOverflow(by: 10)
                let (sum, overflowsToo) = shifted.addingReportingOverflow(Int64(byte &- UInt8(ascii: "0")))
                isTooLarge = isTooLarge || overflows || overflowsToo
                value = sum
            case UInt8(ascii: "."):
                guard decimals == nil, integerDigits > 0 else { throw .malformed }
                decimals = 0
            default:
                throw .malformed
            }
        }
        guard integerDigits > 0, decimals != 0 else { throw .malformed }
        guard decimals ?? 0 <= exponent else { throw .tooManyDecimals }
        guard integerDigits <= maximumIntegerDigits, !isTooLarge else { throw .tooLarge }
        for _ in (decimals ?? 0)..<exponent {
            let (shifted, overflows) = value.multipliedReportingOverflow(by: 10)
            // 13 digits and 6 decimals, as rates have them, are more than 64 bits hold.
            guard !overflows else { throw .tooLarge }
            value = shifted
        }
        return value
    }

    /// Reads a JSON number by its value: `1.500` and `15e2` are exact, `1.005` has too many decimals for an exponent of 2.
    /// - Returns: the value in units of 10^-exponent; negative for a negative number.
    public static func jsonNumber(_ text: some StringProtocol, exponent: Int) throws(Failure) -> Int64 {
        var significand: Int128 = 0
        var scale = 0
        var isNegative = false
        var seenPoint = false
        var power = 0
        var bytes = Substring(text).utf8[...]
        if bytes.first == UInt8(ascii: "-") {
            isNegative = true
            bytes = bytes.dropFirst()
        }
        var digits = 0
        while let byte = bytes.first, byte != UInt8(ascii: "e"), byte != UInt8(ascii: "E") {
            bytes = bytes.dropFirst()
            if byte == UInt8(ascii: ".") {
                guard !seenPoint else { throw .malformed }
                seenPoint = true
                continue
            }
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { throw .malformed }
            digits += 1
            if significand > 1_000_000_000_000_000_000_000_000_000 {
                // Far beyond any amount: only whether the rest is zero could matter, and no honest caller writes 28 digits.
                throw seenPoint ? .tooManyDecimals : .tooLarge
            }
            significand = significand * 10 + Int128(byte - UInt8(ascii: "0"))
            if seenPoint { scale += 1 }
        }
        guard digits > 0 else { throw .malformed }
        if !bytes.isEmpty {
            var exponentText = String(Substring(bytes.dropFirst()))
            if exponentText.hasPrefix("+") { exponentText.removeFirst() }
            guard let parsed = Int(exponentText) else { throw exponentText.isEmpty ? .malformed : .tooLarge }
            power = parsed
        }
        if significand == 0 { return 0 }
        while significand % 10 == 0, scale > -40 {
            significand /= 10
            scale -= 1
        }
        let decimals = scale.subtractingReportingOverflow(power)
        guard !decimals.overflow else { throw .tooLarge }
        guard decimals.partialValue <= exponent else { throw .tooManyDecimals }
        let shift = exponent - decimals.partialValue
        guard shift <= 30 else { throw .tooLarge }
        var limit: Int128 = 1
        for _ in 0..<(maximumIntegerDigits + exponent) { limit *= 10 }
        for _ in 0..<shift {
            significand *= 10
            guard significand < limit else { throw .tooLarge }
        }
        guard significand < limit else { throw .tooLarge }
        guard let value = Int64(exactly: isNegative ? -significand : significand) else { throw .tooLarge }
        return value
    }
}

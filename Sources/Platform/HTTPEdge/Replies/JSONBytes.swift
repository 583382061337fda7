import Kernel

/// Appends JSON tokens to bytes.
enum JSONBytes {
    static let trueWord = Array("true".utf8)
    static let falseWord = Array("false".utf8)
    static let nullWord = Array("null".utf8)
    private static let hexadecimal = Array("0123456789abcdef".utf8)

    /// A quoted text. Quotes, backslashes and control characters are escaped; everything else is kept as UTF-8.
    static func appendText(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            var start = 0
            for index in 0..<utf8.count {
                let byte = utf8[index]
                if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte != 0x7F { continue }
                bytes.append(contentsOf: utf8[start..<index])
                appendEscape(byte, to: &bytes)
                start = index + 1
            }
            bytes.append(contentsOf: utf8[start..<utf8.count])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func appendEscape(_ byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        default:
            bytes.append(contentsOf: [UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0")])
            bytes.append(hexadecimal[Int(byte >> 4)])
            bytes.append(hexadecimal[Int(byte & 0xF)])
        }
    }

    static func appendInteger(_ value: Int64, to bytes: inout [UInt8]) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        appendDigits(value.magnitude, minimumCount: 1, to: &bytes)
    }

    /// A quoted decimal with exactly the currency's decimals.
    static func appendMoney(_ money: Money, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        if money.minorUnits < 0 { bytes.append(UInt8(ascii: "-")) }
        let perUnit = UInt64(money.currency.minorUnitsPerUnit)
        let (units, fraction) = money.minorUnits.magnitude.quotientAndRemainder(dividingBy: perUnit)
        appendDigits(units, minimumCount: 1, to: &bytes)
        if money.currency.exponent > 0 {
            bytes.append(UInt8(ascii: "."))
            appendDigits(fraction, minimumCount: money.currency.exponent, to: &bytes)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A quoted UUID in canonical form.
    static func appendIdentifier(_ bits: UInt128, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        var shift = 124
        for position in 0..<36 {
            if position == 8 || position == 13 || position == 18 || position == 23 {
                bytes.append(UInt8(ascii: "-"))
            } else {
                bytes.append(hexadecimal[Int(truncatingIfNeeded: bits >> UInt128(shift)) & 0xF])
                shift -= 4
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    static func appendDigits(_ value: UInt64, minimumCount: Int, to bytes: inout [UInt8]) {
        var digits: UInt64 = value
        let start = bytes.count
        var count = 0
        while digits > 0 || count < minimumCount {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digits % 10))
            digits /= 10
            count += 1
        }
        bytes[start...].reverse()
    }
}

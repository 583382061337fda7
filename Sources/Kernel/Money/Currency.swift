/// An ISO 4217 currency: its alphabetic code and the number of decimals of its minor unit.
///
/// Only currencies of the table exist; an unknown code is not a currency (`Currency(code:)` is nil).
public struct Currency: Hashable, Sendable, CustomStringConvertible {
    /// The three capital letters, packed big-endian into the low 24 bits: cheap to compare, hash and store.
    private let packed: UInt32
    /// Decimals of the minor unit: 2 for KES, 0 for UGX and JPY, 3 for KWD.
    public let exponent: Int

    private init(packed: UInt32, exponent: Int) {
        self.packed = packed
        self.exponent = exponent
    }

    /// The currency with this code, or nil when the code is not in the table. Codes are capital letters; `kes` is unknown.
    public init?(code: some StringProtocol) {
        guard let packed = Self.pack(code), let exponent = Self.exponents[packed] else { return nil }
        self.init(packed: packed, exponent: exponent)
    }

    public var code: String {
        String(decoding: [UInt8(packed >> 16 & 0xFF), UInt8(packed >> 8 & 0xFF), UInt8(packed & 0xFF)], as: UTF8.self)
    }

    public var description: String { code }

    /// How many minor units make one unit: 100 for KES, 1 for JPY.
    public var minorUnitsPerUnit: Int64 { Self.powersOfTen[exponent] }

    private static let powersOfTen: [Int64] = [1, 10, 100, 1_000, 10_000]

    private static func pack(_ code: some StringProtocol) -> UInt32? {
        var packed: UInt32 = 0
        var count = 0
        for byte in code.utf8 {
            guard (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte), count < 3 else { return nil }
            packed = packed << 8 | UInt32(byte)
            count += 1
        }
        return count == 3 ? packed : nil
    }

    /// ISO 4217 minor units. Two decimals unless listed apart.
    private static let exponents: [UInt32: Int] = {
        let twoDecimals =
            "AED AUD BWP CAD CHF CNY CZK DKK EGP ETB EUR GBP GHS HKD HUF IDR ILS INR KES LKR MAD MUR MWK MXN MYR MZN NGN "
            + "NOK NZD PHP PKR PLN QAR RON RUB SAR SCR SDG SEK SGD SSP SZL THB TRY TZS UAH USD ZAR ZMW AOA BDT BRL CDF ERN LSL NAD"
        let noDecimals = "BIF DJF JPY KMF KRW RWF UGX VND XAF XOF"
        let threeDecimals = "BHD IQD JOD KWD LYD OMR TND"
        var table: [UInt32: Int] = [:]
        for (codes, exponent) in [(twoDecimals, 2), (noDecimals, 0), (threeDecimals, 3)] {
            for code in codes.split(separator: " ") {
                guard let packed = pack(code) else { preconditionFailure("currency table holds an impossible code") }
                table[packed] = exponent
            }
        }
        return table
    }()

    /// Every currency of the table, by code.
    public static var all: [Currency] {
        exponents.map { Currency(packed: $0.key, exponent: $0.value) }.sorted { $0.packed < $1.packed }
    }

    private static func known(_ code: String) -> Currency {
        guard let currency = Currency(code: code) else { preconditionFailure("\(code) is missing from the currency table") }
        return currency
    }

    public static let kes = known("KES")
    public static let usd = known("USD")
    public static let eur = known("EUR")
    public static let gbp = known("GBP")
    public static let ugx = known("UGX")
    public static let tzs = known("TZS")
    public static let rwf = known("RWF")
    public static let czk = known("CZK")
    public static let jpy = known("JPY")
    public static let kwd = known("KWD")
}

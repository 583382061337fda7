import Kernel

/// A place where the bank can be met.
public struct Branch: Sendable, Equatable {
    public enum Status: String, Sendable, CaseIterable {
        case active, closed
    }

    public let code: String
    public let name: String
    public let address: String
    public let city: String
    public let phone: String?
    public let email: String?
    public let location: Location?
    public let openingHours: [String]
    public let status: Status
    public let version: Int32
}

/// A point on the earth (WGS 84) in millionths of a degree: a hand's breadth, exactly.
public struct Location: Sendable, Equatable {
    public let latitude: Int32
    public let longitude: Int32

    public init?(latitude: Int32, longitude: Int32) {
        guard abs(latitude) <= 90_000_000, abs(longitude) <= 180_000_000 else { return nil }
        self.latitude = latitude
        self.longitude = longitude
    }

    /// `-1.285,36.821`
    public init?(text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
        guard parts.count == 2, let latitude = Self.degrees(String(parts[0])), let longitude = Self.degrees(String(parts[1])) else {
            return nil
        }
        self.init(latitude: latitude, longitude: longitude)
    }

    /// A decimal number of degrees with at most six decimals, in millionths; nil for anything else.
    public static func degrees(_ text: String) -> Int32? {
        let isNegative = text.hasPrefix("-")
        let parts = (isNegative ? text.dropFirst() : text[...]).split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, (1...3).contains(whole.utf8.count), parts.count == 1 || (1...6).contains(parts[1].utf8.count),
            parts.allSatisfy({ $0.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } })
        else { return nil }
        let decimals = parts.count == 2 ? String(parts[1]) : ""
        guard let value = Int32(String(whole) + decimals + String(repeating: "0", count: 6 - decimals.utf8.count)) else { return nil }
        return isNegative ? -value : value
    }

    public static func text(_ millionths: Int32) -> String {
        let digits = String(abs(Int64(millionths)))
        let padded = String(repeating: "0", count: max(0, 7 - digits.count)) + digits
        return (millionths < 0 ? "-" : "") + padded.dropLast(6) + "." + padded.suffix(6)
    }

    /// Grows with the distance; good enough to tell which of two branches in one country is nearer.
    func remoteness(from other: Location) -> Int64 {
        let north = Int64(latitude) - Int64(other.latitude)
        let east = Int64(longitude) - Int64(other.longitude)
        // Kenya lies on the equator, where a degree is as long in either direction.
        return north * north + east * east
    }
}

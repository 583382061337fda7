import Kernel

/// Lists that names are compared with (contract, 26).
public enum WatchlistCode: String, Sendable, CaseIterable, Codable {
    case un, ofac, local, pep
}

/// What a listed thing is.
public enum ListedKind: String, Sendable, CaseIterable, Codable {
    case individual, entity, vessel, aircraft
}

/// A day of birth as lists know it: a day, a year, or a span of years.
public struct ListedBirth: Sendable, Equatable, Codable {
    public let date: BusinessDate?
    public let firstYear: Int
    public let lastYear: Int

    public init(date: BusinessDate) {
        self.date = date
        firstYear = date.year
        lastYear = date.year
    }

    /// - Parameter tolerance: years to both sides that "about" stands for
    public init(years: ClosedRange<Int>, tolerance: Int = 0) {
        date = nil
        firstYear = years.lowerBound - tolerance
        lastYear = years.upperBound + tolerance
    }
}

/// A name somebody is listed under.
public struct ListedName: Sendable, Equatable, Codable {
    public let text: String
    /// False for the first name of the entry.
    public let isAlias: Bool
    /// The list itself calls the alias of low quality.
    public let isWeak: Bool

    public init(_ text: String, isAlias: Bool = false, isWeak: Bool = false) {
        self.text = text
        self.isAlias = isAlias
        self.isWeak = isWeak
    }
}

/// One person, organisation or ship of a list.
public struct WatchlistEntry: Sendable, Equatable, Codable {
    /// The list's own identifier, stable from version to version.
    public let id: String
    public let kind: ListedKind
    public let names: [ListedName]
    public let births: [ListedBirth]
    public let nationalities: [String]
    /// Numbers of passports and identity cards, letters and digits only.
    public let documentNumbers: [String]
    public let programme: String?

    public init(
        id: String, kind: ListedKind, names: [ListedName], births: [ListedBirth] = [], nationalities: [String] = [],
        documentNumbers: [String] = [], programme: String? = nil
    ) {
        self.id = id
        self.kind = kind
        self.names = names
        self.births = births
        self.nationalities = nationalities
        self.documentNumbers = documentNumbers
        self.programme = programme
    }
}

/// A list as a file brought it.
public struct WatchlistFile: Sendable {
    public let code: WatchlistCode
    /// What the publisher calls this state of the list; nil when the file does not say.
    public let version: String?
    public let publishedAt: Timestamp?
    public let entries: [WatchlistEntry]
    /// Rows that could not be used, in words.
    public let problems: [String]
}

public enum DocumentNumber {
    /// Letters and digits in upper case: blanks, hyphens and slashes differ from list to list.
    public static func normal(_ text: String) -> String {
        String(text.uppercased().unicodeScalars.filter { $0.properties.isAlphabetic || $0.properties.numericType != nil })
    }
}

import Kernel

/// Amounts as people in Kenya read them: `1,500.00`, with the code in front where the currency is not said elsewhere.
public enum MoneyText {
    /// `-1,500.00`: groups of three before the point.
    public static func grouped(_ money: Money) -> String {
        let text = money.decimalString
        let isNegative = text.hasPrefix("-")
        let parts = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
        var whole = ""
        for (index, digit) in parts[0].enumerated() {
            if index > 0, (parts[0].count - index).isMultiple(of: 3) { whole.append(",") }
            whole.append(digit)
        }
        return (isNegative ? "-" : "") + whole + (parts.count > 1 ? "." + parts[1] : "")
    }

    /// `KES 1,500.00`.
    public static func withCode(_ money: Money) -> String { "\(money.currency.code) \(grouped(money))" }
}

/// Days and moments as people in Kenya read them.
public enum DateText {
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
    ]

    /// `2 March 2026`.
    public static func long(_ date: BusinessDate) -> String { "\(date.day) \(months[date.month - 1]) \(date.year)" }

    /// `02/03/2026`.
    public static func short(_ date: BusinessDate) -> String { "\(twoDigits(date.day))/\(twoDigits(date.month))/\(date.year)" }

    /// `2 March 2026, 14:05 EAT`.
    public static func moment(_ instant: Timestamp) -> String {
        let date = BusinessDate(of: instant)
        let minutes = instant.seconds(since: date.startOfDay) / 60
        return "\(long(date)), \(twoDigits(Int(minutes / 60))):\(twoDigits(Int(minutes % 60))) EAT"
    }

    private static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}

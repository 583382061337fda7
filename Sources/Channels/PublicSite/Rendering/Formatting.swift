/// Figures as a Kenyan reader expects them. They come as decimal text from the API and never pass through floating point.
enum Formatting {
    /// `KES 1,234.50`; whole amounts may drop their cents.
    static func money(_ amount: String, _ currency: String, dropsZeroCents: Bool = false) -> String {
        "\(currency) \(grouped(amount, dropsZeroCents: dropsZeroCents))"
    }

    static func grouped(_ amount: String, dropsZeroCents: Bool = false) -> String {
        let isNegative = amount.hasPrefix("-")
        let parts = amount.drop { $0 == "-" }.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let digits = Array(parts.first ?? "0")
        var whole = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { whole.append(",") }
            whole.append(digit)
        }
        let cents = parts.count > 1 ? String(parts[1]) : ""
        let showsCents = !cents.isEmpty && !(dropsZeroCents && cents.allSatisfy { $0 == "0" })
        return (isNegative ? "−" : "") + whole + (showsCents ? "." + cents : "")
    }

    /// `11.5 %` from `11.500000`.
    static func percent(_ rate: String) -> String {
        guard rate.contains(".") else { return "\(rate) %" }
        var text = Substring(rate)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return "\(text) %"
    }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
    ]

    /// `23 November 2026` from `2026-11-23`; anything else is shown as it came.
    static func date(_ date: String) -> String {
        let parts = date.prefix(10).split(separator: "-")
        guard parts.count == 3, let month = Int(parts[1]), let day = Int(parts[2]), months.indices.contains(month - 1) else { return date }
        return "\(day) \(months[month - 1]) \(parts[0])"
    }

    /// `+254 712 345 678` from `+254712345678`.
    static func phone(_ phone: String) -> String {
        let digits = Array(phone)
        guard phone.hasPrefix("+254"), digits.count == 13 else { return phone }
        return "+254 \(String(digits[4..<7])) \(String(digits[7..<10])) \(String(digits[10...]))"
    }

    /// Which of two decimal texts without sign is larger, compared digit by digit.
    static func isLess(_ left: String, than right: String) -> Bool {
        let (leftWhole, leftPart) = split(left)
        let (rightWhole, rightPart) = split(right)
        if leftWhole.count != rightWhole.count { return leftWhole.count < rightWhole.count }
        if leftWhole != rightWhole { return leftWhole < rightWhole }
        let width = max(leftPart.count, rightPart.count)
        return padded(leftPart, to: width) < padded(rightPart, to: width)
    }

    private static func split(_ decimal: String) -> (whole: String, part: String) {
        let parts = decimal.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let whole = (parts.first ?? "").drop { $0 == "0" }
        return (String(whole), parts.count > 1 ? String(parts[1]) : "")
    }

    private static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: "0", count: width - text.count)
    }
}

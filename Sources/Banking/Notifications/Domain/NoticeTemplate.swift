import Kernel

/// Where a text is shown: in the application, or on one of the ways out.
public enum NoticeMedium: String, Sendable, CaseIterable {
    case inApp, email, sms
}

/// A text with places for values: `{{amount}} left your account`.
public struct NoticeTemplate: Sendable, Equatable {
    public let code: String
    public let medium: NoticeMedium
    public let language: NoticeLanguage
    /// Headline in the application, subject of a mail; an SMS has none.
    public let title: String
    public let body: String

    public init(code: String, medium: NoticeMedium, language: NoticeLanguage, title: String, body: String) {
        self.code = code
        self.medium = medium
        self.language = language
        self.title = title
        self.body = body
    }

    /// Names of the places in a text, in their order.
    public static func places(in text: String) -> [String] {
        var places: [String] = []
        var rest = Substring(text)
        while let open = rest.range(of: "{{") {
            rest = rest[open.upperBound...]
            guard let close = rest.range(of: "}}") else { break }
            places.append(String(rest[..<close.lowerBound]))
            rest = rest[close.upperBound...]
        }
        return places
    }

    /// The text with values in its places, in one pass: what a value holds is never taken for a place.
    public static func filled(_ text: String, with values: [String: String]) -> String {
        var result = ""
        var rest = Substring(text)
        while let open = rest.range(of: "{{") {
            result += rest[..<open.lowerBound]
            rest = rest[open.upperBound...]
            guard let close = rest.range(of: "}}") else {
                result += "{{"
                break
            }
            result += values[String(rest[..<close.lowerBound])] ?? ""
            rest = rest[close.upperBound...]
        }
        return result + rest
    }
}

extension Substring {
    fileprivate func range(of pair: String) -> Range<Index>? {
        firstRange(of: pair)
    }
}

/// The bank's own texts. Rows of the table of templates stand in for them.
public enum StandardTemplates {
    /// Values that every text may use, besides those of its event.
    public static let common = ["name"]

    public static let all: [NoticeTemplate] =
        texts(
            "ledger.debit", en: ("Money out: {{amount}}", "{{amount}} left your account {{account}} on {{date}}. Balance: {{balance}}."),
            sw: ("Pesa zimetoka: {{amount}}", "{{amount}} zimetoka kwenye akaunti yako {{account}} tarehe {{date}}. Salio: {{balance}}."))
        + texts(
            "ledger.credit",
            en: ("Money in: {{amount}}", "{{amount}} came into your account {{account}} on {{date}}. Balance: {{balance}}."),
            sw: ("Pesa zimeingia: {{amount}}", "{{amount}} zimeingia kwenye akaunti yako {{account}} tarehe {{date}}. Salio: {{balance}}."))
        + texts(
            "payments.standingOrderMissed",
            en: (
                "Standing order not paid",
                "Your standing order of {{amount}} to {{account}} due on {{date}} could not be paid and was skipped: {{reason}}."
            ),
            sw: (
                "Agizo la kudumu halikulipwa",
                "Agizo lako la kudumu la {{amount}} kwa {{account}} la tarehe {{date}} halikulipwa na limerukwa: {{reason}}."
            ))
        + texts(
            "accounts.dormant",
            en: (
                "Your account is dormant",
                "Your account {{account}} has not been used for a year and is dormant now: money still comes in, but nothing can be paid "
                    + "from it. Please visit a branch with your identity card to use it again. Money that nobody claims for further years "
                    + "goes to the Unclaimed Financial Assets Authority."
            ),
            sw: (
                "Akaunti yako imelala",
                "Akaunti yako {{account}} haijatumika kwa mwaka mmoja na sasa imelala: pesa bado zinaingia, lakini haziwezi kulipwa kutoka "
                    + "humo. Tafadhali tembelea tawi ukiwa na kitambulisho chako ili uitumie tena. Pesa zisizodaiwa kwa miaka zaidi hupelekwa "
                    + "kwa Mamlaka ya Mali za Kifedha Zisizodaiwa."
            ))

    private static func texts(_ code: String, en: (String, String), sw: (String, String)) -> [NoticeTemplate] {
        [(NoticeLanguage.en, en, "Dear {{name}},", "Wekeza Bank"), (.sw, sw, "Mpendwa {{name}},", "Benki ya Wekeza")].flatMap {
            language, text, greeting, sender in
            [
                NoticeTemplate(code: code, medium: .inApp, language: language, title: text.0, body: text.1),
                NoticeTemplate(
                    code: code, medium: .email, language: language, title: text.0,
                    body: greeting + "\n\n" + text.1 + "\n\n" + sender),
                NoticeTemplate(code: code, medium: .sms, language: language, title: "", body: text.1),
            ]
        }
    }
}

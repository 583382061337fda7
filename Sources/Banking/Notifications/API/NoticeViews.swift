import HTTPEdge
import Kernel

struct NoticeFilter: QueryParameters, Paged {
    let page: PageRequest
    let isUnread: Bool?

    init(from fields: inout Fields) {
        page = fields.page()
        isUnread = fields.optionalBoolean("unread")
    }
}

struct NoticeView: Representation {
    static let schemaName = "Notification"
    static let example = NoticeView(
        notice: InboxNotice(
            id: Identifier(bits: 0x0190_5c5e_0000_7000_8000_0000_0000_0001), kind: .credit, title: "Money in: KES 1,500.00",
            body: "KES 1,500.00 came into your account ****0017 on 2 March 2026. Balance: KES 12,000.00.", link: "/accounts",
            createdAt: Timestamp(microseconds: 1_772_442_000_000_000), readAt: Timestamp(microseconds: 1_772_442_060_000_000)))

    let notice: InboxNotice

    func write(to object: inout ObjectWriter) {
        object.identifier("notificationId", notice.id)
        object.choice("kind", notice.kind)
        object.text("title", notice.title)
        object.text("body", notice.body)
        object.timestamp("createdAt", notice.createdAt)
        object.optionalTimestamp("readAt", notice.readAt)
        object.optionalText("link", notice.link)
    }
}

struct UnreadCountView: Representation {
    static let schemaName = "UnreadCount"
    static let example = UnreadCountView(count: 3)

    let count: Int64

    func write(to object: inout ObjectWriter) {
        object.integer("count", count)
    }
}

struct PreferencesView: Representation {
    static let schemaName = "NotificationPreferences"
    static let example = PreferencesView(preferences: .standard)

    let preferences: NoticePreferences

    func write(to object: inout ObjectWriter) {
        object.boolean("email", preferences.email)
        object.boolean("sms", preferences.sms)
        object.boolean("push", preferences.push)
        object.object("events", PreferredEventsView(preferences: preferences))
    }
}

struct PreferredEventsView: Representation {
    static let schemaName = "NotificationEvents"
    static let example = PreferredEventsView(preferences: .standard)

    let preferences: NoticePreferences

    func write(to object: inout ObjectWriter) {
        object.boolean("debit", preferences.debit)
        object.boolean("credit", preferences.credit)
        object.boolean("login", preferences.login)
        object.boolean("marketing", preferences.marketing)
    }
}

/// What is left out stays as it is.
struct PreferencesRequest: RequestBody {
    let email: Bool?
    let sms: Bool?
    let push: Bool?
    let events: PreferredEventsRequest?

    init(from fields: inout Fields) throws {
        email = fields.optionalBoolean("email")
        sms = fields.optionalBoolean("sms")
        push = fields.optionalBoolean("push")
        events = try fields.optionalObject("events", PreferredEventsRequest.self)
    }

    func applied(to present: NoticePreferences) -> NoticePreferences {
        NoticePreferences(
            email: email ?? present.email, sms: sms ?? present.sms, push: push ?? present.push, debit: events?.debit ?? present.debit,
            credit: events?.credit ?? present.credit, login: events?.login ?? present.login,
            marketing: events?.marketing ?? present.marketing)
    }
}

struct PreferredEventsRequest: RequestBody {
    let debit: Bool?
    let credit: Bool?
    let login: Bool?
    let marketing: Bool?

    init(from fields: inout Fields) {
        debit = fields.optionalBoolean("debit")
        credit = fields.optionalBoolean("credit")
        login = fields.optionalBoolean("login")
        marketing = fields.optionalBoolean("marketing")
        // Nobody is left in the dark about the own account.
        fields.forbid("security")
    }
}

struct TemplateRequest: RequestBody {
    let medium: NoticeMedium
    let language: NoticeLanguage
    let title: String
    let body: String
    let version: Int64

    init(from fields: inout Fields) {
        medium = fields.choice("medium", NoticeMedium.self)
        language = fields.choice("language", NoticeLanguage.self)
        title = fields.optionalText("title", 0...150) ?? ""
        body = fields.text("body", 1...2_000, allowsLineBreaks: true)
        version = Int64(fields.version())
    }
}

struct TemplateView: Representation {
    static let schemaName = "NotificationTemplate"
    static let example = TemplateView(template: StandardTemplates.all[0], version: 1)

    let template: NoticeTemplate
    /// Zero while it is the bank's own text.
    let version: Int64

    func write(to object: inout ObjectWriter) {
        object.text("code", template.code)
        object.choice("medium", template.medium)
        object.choice("language", template.language)
        object.text("title", template.title)
        object.text("body", template.body)
        object.texts("places", NoticeTemplate.places(in: template.title + template.body))
        object.integer("version", version)
    }
}

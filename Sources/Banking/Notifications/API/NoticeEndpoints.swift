import Application
import HTTPEdge
import Kernel
import Postgres

/// A person's own notices and what the person wants to hear (contract, section 14); the bank's texts, for administrators.
public struct NoticeEndpoints: Sendable {
    private static let tag = "Notifications"
    private static let path = "/api/notifications"

    private let pool: ConnectionPool
    private let readers: ConnectionPool
    private let pipeline: CommandPipeline
    private let clock: any WallClock

    public init(pool: ConnectionPool, readers: ConnectionPool, pipeline: CommandPipeline, clock: any WallClock) {
        self.pool = pool
        self.readers = readers
        self.pipeline = pipeline
        self.clock = clock
    }

    public var all: [Endpoint] { [list, unreadCount, read, readAll, preferences, setPreferences, templates, setTemplate] }

    // MARK: Own notices

    private var list: Endpoint {
        Endpoint(
            .get, Self.path, summary: "Own notices, newest first", tag: Self.tag, access: .signedIn, query: NoticeFilter.self,
            reply: Page<NoticeView>.self
        ) { call in
            let user = try call.context.requirePrincipal().userID
            let filter = call.query
            var place = filter.page.cursor?.reader
            let before = try place?.identifier(as: InboxNotice.self)
            let found = try await readers.read(deadline: call.context.deadline) {
                try NoticeStore.list(of: user, isUnread: filter.isUnread, before: before, limit: filter.page.fetchCount, in: $0)
            }
            return Reply(call.page(found.map { NoticeView(notice: $0) }) { Cursor().adding($0.notice.id) })
        }
    }

    private var unreadCount: Endpoint {
        Endpoint(
            .get, "\(Self.path)/unread-count", summary: "How many own notices are unread", tag: Self.tag, access: .signedIn,
            reply: UnreadCountView.self
        ) { call in
            let user = try call.context.requirePrincipal().userID
            let count = try await readers.read(deadline: call.context.deadline) { try NoticeStore.unreadCount(of: user, in: $0) }
            return Reply(UnreadCountView(count: count))
        }
    }

    private var read: Endpoint {
        Endpoint(
            .post, "\(Self.path)/{notificationId}/read", summary: "Mark an own notice as read", tag: Self.tag, access: .signedIn,
            errors: ["not_found"], options: EndpointOptions(isIdempotent: false, allowsEmptyBody: true)
        ) { call in
            let user = try call.context.requirePrincipal().userID
            let id = try call.pathIdentifier("notificationId", as: InboxNotice.self)
            let now = clock.now()
            let isFound = try await pool.transaction(deadline: call.context.deadline) {
                try NoticeStore.markRead(id, of: user, at: now, in: $0)
            }
            guard isFound else { throw Refusal.notFound() }
            return .noContent
        }
    }

    private var readAll: Endpoint {
        Endpoint(
            .post, "\(Self.path)/read-all", summary: "Mark all own notices as read", tag: Self.tag, access: .signedIn,
            options: EndpointOptions(isIdempotent: false, allowsEmptyBody: true)
        ) { call in
            let user = try call.context.requirePrincipal().userID
            let now = clock.now()
            try await pool.transaction(deadline: call.context.deadline) { try NoticeStore.markAllRead(of: user, at: now, in: $0) }
            return .noContent
        }
    }

    // MARK: Preferences

    private var preferences: Endpoint {
        Endpoint(
            .get, "\(Self.path)/preferences", summary: "What the person wants to hear, and where", tag: Self.tag, access: .signedIn,
            reply: PreferencesView.self
        ) { call in
            let user = try call.context.requirePrincipal().userID
            let found = try await readers.read(deadline: call.context.deadline) { try NoticeStore.preferences(of: [user], in: $0) }
            return Reply(PreferencesView(preferences: found[user] ?? .standard))
        }
    }

    private var setPreferences: Endpoint {
        Endpoint(
            .put, "\(Self.path)/preferences", summary: "Say what to hear, and where; what is left out stays", tag: Self.tag,
            access: .signedIn, body: PreferencesRequest.self, reply: PreferencesView.self,
            options: EndpointOptions(details: "Messages about security cannot be switched off.")
        ) { call in
            let user = try call.context.requirePrincipal().userID
            let (wanted, now) = (call.body, clock.now())
            let stored = try await pool.transaction(deadline: call.context.deadline) { transaction in
                let changed = wanted.applied(to: try NoticeStore.preferences(of: [user], in: transaction)[user] ?? .standard)
                try NoticeStore.setPreferences(changed, of: user, at: now, in: transaction)
                return changed
            }
            return Reply(PreferencesView(preferences: stored))
        }
    }

    // MARK: Texts

    private var templates: Endpoint {
        Endpoint(
            .get, "\(Self.path)/templates", summary: "The bank's texts", tag: Self.tag, access: .roles(RoleSet(.administrator)),
            reply: Page<TemplateView>.self
        ) { call in
            let stored = try await readers.read(deadline: call.context.deadline) { try NoticeStore.templates(in: $0) }
            let views = StandardTemplates.all.map { standard in
                let changed = stored.first {
                    ($0.template.code, $0.template.medium, $0.template.language) == (standard.code, standard.medium, standard.language)
                }
                return TemplateView(template: changed?.template ?? standard, version: changed?.version ?? 0)
            }
            return Reply(Page(items: views, nextCursor: nil))
        }
    }

    private var setTemplate: Endpoint {
        Endpoint(
            .put, "\(Self.path)/templates/{code}", summary: "Change one of the bank's texts", tag: Self.tag,
            access: .roles(RoleSet(.administrator)), body: TemplateRequest.self, reply: TemplateView.self,
            errors: ["not_found", "version_conflict"],
            options: EndpointOptions(details: "A text may use the places of the bank's own text, such as {{amount}}, and no others.")
        ) { call in
            let (code, wanted, context, now) = (call.path("code"), call.body, call.context, clock.now())
            let actor = try context.requirePrincipal().userID
            guard
                let standard = StandardTemplates.all.first(where: {
                    $0.code == code && $0.medium == wanted.medium && $0.language == wanted.language
                })
            else { throw Refusal.notFound() }
            let known = Set(NoticeTemplate.places(in: standard.title + standard.body) + StandardTemplates.common)
            for (field, text) in [("title", wanted.title), ("body", wanted.body)] {
                for place in NoticeTemplate.places(in: text) where !known.contains(place) {
                    throw Refusal.validation([.init(field, "unknown_value", "There is nothing to put into {{\(place)}}")])
                }
            }
            let template = NoticeTemplate(
                code: code, medium: wanted.medium, language: wanted.language, title: wanted.title, body: wanted.body)
            let reply = try await pipeline.run(context, isIdempotent: false) { transaction in
                guard try NoticeStore.setTemplate(template, from: wanted.version, at: now, by: actor, in: transaction) else {
                    throw Refusal(.conflict, "version_conflict", "The text was changed in the meantime; please read it again")
                }
                let record = AuditRecord(
                    action: "notifications.changeTemplate", outcome: .success, actor: actor, subjectType: "template",
                    subjectID: "\(code)/\(template.medium.rawValue)/\(template.language.rawValue)", context: context)
                return CommandResult(body: TemplateView(template: template, version: wanted.version + 1).json(), audit: [record])
            }
            return Reply(
                stored: EncodedReply(status: Int(reply.status), contentType: MediaType.json, body: reply.body), isReplay: reply.isReplay)
        }
    }
}

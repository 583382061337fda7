import Kernel
import Postgres

/// A notice as its reader sees it.
struct InboxNotice: Sendable, Equatable {
    let id: Identifier<InboxNotice>
    let kind: Notice.Kind
    let title: String
    let body: String
    let link: String?
    let createdAt: Timestamp
    let readAt: Timestamp?
}

/// The SQL of notices in the application, of preferences and of changed templates.
enum NoticeStore {
    struct NewNotice: Sendable {
        let id: UInt128
        let user: Identifier<User>
        let kind: Notice.Kind
        let template: String
        let source: String
        let title: String
        let body: String
        let link: String?
    }

    /// - Returns: identifiers of those that were new; the others had reached their reader before
    static func insert(_ notices: [NewNotice], at now: Timestamp, in transaction: Transaction) throws -> Set<UInt128> {
        guard !notices.isEmpty else { return [] }
        let rows = try transaction.query(
            """
            INSERT INTO notifications.notice (id, user_id, kind, template, source, title, body, link, created_at)
            SELECT i, u, k, t, s, h, b, l, \(now)
            FROM unnest(\(notices.map(\.id))::uuid[], \(notices.map(\.user))::uuid[], \(notices.map(\.kind.rawValue))::text[],
                \(notices.map(\.template))::text[], \(notices.map(\.source))::text[], \(notices.map(\.title))::text[],
                \(notices.map(\.body))::text[], \(notices.map(\.link))::text[]) AS n (i, u, k, t, s, h, b, l)
            ON CONFLICT ON CONSTRAINT notice_once DO NOTHING RETURNING id
            """)
        return Set(try rows.map { try $0.uuid(0) })
    }

    static func list(
        of user: Identifier<User>, isUnread: Bool?, before: Identifier<InboxNotice>?, limit: Int, in transaction: Transaction
    ) throws -> [InboxNotice] {
        var sql: SQL = """
            SELECT id, kind, title, body, link, created_at, read_at FROM notifications.notice WHERE user_id = \(user)
            """
        if let isUnread { sql.append(isUnread ? " AND read_at IS NULL" : " AND read_at IS NOT NULL") }
        if let before { sql.append(" AND id < \(before)") }
        sql.append(" ORDER BY id DESC LIMIT \(Int64(limit))")
        return try transaction.query(sql).map { row in
            InboxNotice(
                id: try row.identifier(0), kind: Notice.Kind(rawValue: try row.text(1)) ?? .payment, title: try row.text(2),
                body: try row.text(3), link: try row.textOrNil(4), createdAt: try row.timestamp(5), readAt: try row.timestampOrNil(6))
        }
    }

    static func unreadCount(of user: Identifier<User>, in transaction: Transaction) throws -> Int64 {
        try transaction.query("SELECT count(*) FROM notifications.notice WHERE user_id = \(user) AND read_at IS NULL").first?.int64(0) ?? 0
    }

    /// How many notices of some kinds a person was shown lately; counts no further than `greatest`.
    static func count(
        of user: Identifier<User>, kinds: [Notice.Kind], since: Timestamp, atMost greatest: Int64, in transaction: Transaction
    ) throws -> Int64 {
        let first = TimeOrderedIdentifiers.version7(at: since, random: 0)
        let row = try transaction.query(
            """
            SELECT count(*) FROM (
                SELECT FROM notifications.notice
                WHERE user_id = \(user) AND id >= \(first) AND kind = ANY(\(kinds.map(\.rawValue))::text[])
                ORDER BY id DESC LIMIT \(greatest)) AS counted
            """
        ).first
        return try row?.int64(0) ?? 0
    }

    /// - Returns: false when the person has no such notice
    static func markRead(
        _ id: Identifier<InboxNotice>, of user: Identifier<User>, at now: Timestamp, in transaction: Transaction
    ) throws -> Bool {
        try transaction.execute(
            "UPDATE notifications.notice SET read_at = coalesce(read_at, \(now)) WHERE id = \(id) AND user_id = \(user)") == 1
    }

    static func markAllRead(of user: Identifier<User>, at now: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute(
            "UPDATE notifications.notice SET read_at = \(now) WHERE user_id = \(user) AND read_at IS NULL")
    }

    // MARK: Preferences

    static func preferences(
        of users: [Identifier<User>], in transaction: Transaction
    ) throws -> [Identifier<User>: NoticePreferences] {
        let rows = try transaction.query(
            """
            SELECT user_id, email, sms, push, debit, credit, login, marketing FROM notifications.preference
            WHERE user_id = ANY(\(users)::uuid[])
            """)
        return Dictionary(
            try rows.map { row in
                (
                    try row.identifier(0, as: User.self),
                    NoticePreferences(
                        email: try row.bool(1), sms: try row.bool(2), push: try row.bool(3), debit: try row.bool(4),
                        credit: try row.bool(5), login: try row.bool(6), marketing: try row.bool(7))
                )
            }, uniquingKeysWith: { first, _ in first })
    }

    static func setPreferences(
        _ wanted: NoticePreferences, of user: Identifier<User>, at now: Timestamp, in transaction: Transaction
    ) throws {
        _ = try transaction.execute(
            """
            INSERT INTO notifications.preference (user_id, email, sms, push, debit, credit, login, marketing, updated_at)
            VALUES (\(user), \(wanted.email), \(wanted.sms), \(wanted.push), \(wanted.debit), \(wanted.credit), \(wanted.login),
                \(wanted.marketing), \(now))
            ON CONFLICT (user_id) DO UPDATE SET email = excluded.email, sms = excluded.sms, push = excluded.push, debit = excluded.debit,
                credit = excluded.credit, login = excluded.login, marketing = excluded.marketing, updated_at = excluded.updated_at
            """)
    }

    // MARK: Templates

    struct StoredTemplate: Sendable {
        let template: NoticeTemplate
        let version: Int64
    }

    static func templates(in transaction: Transaction) throws -> [StoredTemplate] {
        try transaction.query("SELECT code, medium, language, title, body, version FROM notifications.template ORDER BY 1, 2, 3")
            .compactMap { row in
                guard let medium = NoticeMedium(rawValue: try row.text(1)), let language = NoticeLanguage(rawValue: try row.text(2)) else {
                    return nil
                }
                return StoredTemplate(
                    template: NoticeTemplate(
                        code: try row.text(0), medium: medium, language: language, title: try row.text(3), body: try row.text(4)),
                    version: try row.int64(5))
            }
    }

    /// Replaces a text.
    /// - Returns: false when it is not on the version that was read
    static func setTemplate(
        _ template: NoticeTemplate, from version: Int64, at now: Timestamp, by user: Identifier<User>, in transaction: Transaction
    ) throws -> Bool {
        try transaction.execute(
            """
            INSERT INTO notifications.template AS t (code, medium, language, title, body, version, updated_at, updated_by)
            SELECT \(template.code), \(template.medium.rawValue), \(template.language.rawValue), \(template.title), \(template.body),
                1, \(now), \(user)
            WHERE \(version) = 0 OR EXISTS (SELECT FROM notifications.template WHERE code = \(template.code)
                AND medium = \(template.medium.rawValue) AND language = \(template.language.rawValue))
            ON CONFLICT (code, medium, language) DO UPDATE SET title = excluded.title, body = excluded.body, version = t.version + 1,
                updated_at = excluded.updated_at, updated_by = excluded.updated_by
            WHERE t.version = \(version)
            """) == 1
    }
}

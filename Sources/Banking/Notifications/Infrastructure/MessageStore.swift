import Kernel
import Postgres

/// The SQL of the message outbox.
enum MessageStore {
    static func insert(_ message: OutgoingMessage, id: Identifier<Message>, at now: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute(
            """
            INSERT INTO notifications.message
                (id, channel, recipient, username, template, subject, plain_parts, secret_parts, created_at, next_attempt_at)
            VALUES (\(id), \(message.channel.rawValue), \(message.recipient), \(message.username), \(message.template),
                \(message.subject), \(message.body.plainParts), \(message.body.secretParts ?? []), \(now), \(now))
            """)
    }

    /// Takes messages that are due, oldest first, so that no other worker tries them before `until`. The attempt is counted here:
    /// a worker that dies while delivering has used one up, and a message that kills workers ends up dead like any other.
    static func lease(limit: Int, at now: Timestamp, until: Timestamp, in transaction: Transaction) throws -> [LeasedMessage] {
        let rows = try transaction.query(
            """
            UPDATE notifications.message SET attempts = attempts + 1, next_attempt_at = \(until)
            WHERE id IN (
                SELECT id FROM notifications.message
                WHERE status IN ('queued', 'failed') AND next_attempt_at <= \(now)
                ORDER BY next_attempt_at LIMIT \(limit) FOR UPDATE SKIP LOCKED)
            RETURNING id, channel, recipient, username, template, subject, plain_parts, secret_parts, attempts
            """)
        return try rows.map { row in
            LeasedMessage(
                id: try row.identifier(0, as: Message.self),
                message: OutgoingMessage(
                    channel: try channel(row, 1), recipient: try row.text(2), username: try row.textOrNil(3),
                    template: try row.text(4), subject: try row.textOrNil(5), body: try body(row, plain: 6, secret: 7)),
                attempt: try row.int32(8))
        }.sorted { $0.id < $1.id }
    }

    static func markSent(_ id: Identifier<Message>, at now: Timestamp, erasingSecrets: Bool, in transaction: Transaction) throws {
        _ = try transaction.execute(
            """
            UPDATE notifications.message SET status = 'sent', sent_at = \(now), last_error = NULL,
                secret_parts = CASE WHEN \(erasingSecrets) THEN NULL ELSE secret_parts END
            WHERE id = \(id) AND status IN ('queued', 'failed')
            """)
    }

    static func markFailed(
        _ id: Identifier<Message>, status: MessageStatus, reason: String, nextAttemptAt: Timestamp, in transaction: Transaction
    ) throws {
        _ = try transaction.execute(
            """
            UPDATE notifications.message SET status = \(status.rawValue), last_error = \(reason), next_attempt_at = \(nextAttemptAt)
            WHERE id = \(id) AND status IN ('queued', 'failed')
            """)
    }

    /// Newest first. `recipient` is a telephone number, an e-mail address or a login name, in any case.
    static func list(
        recipient: String?, channel: OutgoingMessage.Channel?, since: Timestamp?, before: Identifier<Message>?, limit: Int,
        in transaction: Transaction
    ) throws -> [OutboxEntry] {
        var sql: SQL = """
            SELECT id, channel, recipient, template, plain_parts, secret_parts, status, attempts, created_at, sent_at, last_error
            FROM notifications.message WHERE true
            """
        if let sought = recipient?.lowercased() {
            sql.append(" AND (lower(recipient) = \(sought) OR lower(username) = \(sought))")
        }
        if let channel { sql.append(" AND channel = \(channel.rawValue)") }
        if let since { sql.append(" AND created_at >= \(since)") }
        if let before { sql.append(" AND id < \(before)") }
        sql.append(" ORDER BY id DESC LIMIT \(limit)")
        return try transaction.query(sql).map(entry)
    }

    /// How many messages of a kind a person was sent lately; counts no further than `greatest`.
    static func count(
        username: String, templatePrefix: String, since: Timestamp, atMost greatest: Int64, in transaction: Transaction
    ) throws -> Int64 {
        let row = try transaction.query(
            """
            SELECT count(*) FROM (
                SELECT FROM notifications.message
                WHERE lower(username) = \(username.lowercased()) AND username IS NOT NULL AND created_at >= \(since)
                    AND starts_with(template, \(templatePrefix))
                ORDER BY id DESC LIMIT \(greatest)) AS counted
            """
        ).first
        return try row?.int64(0) ?? 0
    }

    private static func entry(_ row: Row) throws -> OutboxEntry {
        OutboxEntry(
            id: try row.identifier(0), channel: try channel(row, 1), recipient: try row.text(2), template: try row.text(3),
            body: try body(row, plain: 4, secret: 5), status: try status(row, 6), attempts: try row.int32(7),
            createdAt: try row.timestamp(8), sentAt: try row.timestampOrNil(9), lastError: try row.textOrNil(10))
    }

    private static func body(_ row: Row, plain: Int, secret: Int) throws -> MessageBody {
        MessageBody(plainParts: try row.textArray(plain), secretParts: row.isNull(secret) ? nil : try row.textArray(secret))
    }

    private static func channel(_ row: Row, _ column: Int) throws -> OutgoingMessage.Channel {
        guard let channel = OutgoingMessage.Channel(rawValue: try row.text(column)) else { throw UnreadableMessage() }
        return channel
    }

    private static func status(_ row: Row, _ column: Int) throws -> MessageStatus {
        guard let status = MessageStatus(rawValue: try row.text(column)) else { throw UnreadableMessage() }
        return status
    }

    /// Locks a message and tells where it stands; nil when there is none.
    static func status(of id: Identifier<Message>, in transaction: Transaction) throws -> MessageStatus? {
        let rows = try transaction.query("SELECT status FROM notifications.message WHERE id = \(id) FOR UPDATE")
        return try rows.first.map { try status($0, 0) }
    }

    static func requeue(_ id: Identifier<Message>, at now: Timestamp, in transaction: Transaction) throws {
        _ = try transaction.execute(
            """
            UPDATE notifications.message SET status = 'queued', attempts = 0, next_attempt_at = \(now)
            WHERE id = \(id) AND status IN ('queued', 'failed', 'dead')
            """)
    }
}

/// One row of the outbox as an administrator sees it.
struct OutboxEntry: Sendable {
    let id: Identifier<Message>
    let channel: OutgoingMessage.Channel
    let recipient: String
    let template: String
    let body: MessageBody
    let status: MessageStatus
    let attempts: Int32
    let createdAt: Timestamp
    let sentAt: Timestamp?
    let lastError: String?
}

/// A stored message with a channel or status that this program does not know: a newer one has written it.
struct UnreadableMessage: Error {}

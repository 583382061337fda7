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
                ORDER BY next_attempt_at LIMIT \(Int32(limit)) FOR UPDATE SKIP LOCKED)
            RETURNING id, channel, recipient, username, template, subject, plain_parts, secret_parts, attempts
            """)
        return try rows.map { row in
            LeasedMessage(
                id: try row.identifier(0, as: Message.self),
                message: OutgoingMessage(
                    channel: OutgoingMessage.Channel(rawValue: try row.text(1)) ?? .email, recipient: try row.text(2),
                    username: try row.textOrNil(3), template: try row.text(4), subject: try row.textOrNil(5),
                    body: MessageBody(plainParts: try row.textArray(6), secretParts: try row.textArrayOrNil(7))),
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
        let sought = recipient?.lowercased()
        let rows = try transaction.query(
            """
            SELECT id, channel, recipient, template, plain_parts, secret_parts, status, attempts, created_at, sent_at, last_error
            FROM notifications.message
            WHERE (\(sought)::text IS NULL OR lower(recipient) = \(sought) OR lower(username) = \(sought))
              AND (\(channel?.rawValue)::text IS NULL OR channel = \(channel?.rawValue))
              AND (\(since)::timestamptz IS NULL OR created_at >= \(since))
              AND (\(before)::uuid IS NULL OR id < \(before))
            ORDER BY id DESC LIMIT \(Int32(limit))
            """)
        return try rows.map { row in
            OutboxEntry(
                id: try row.identifier(0, as: Message.self), channel: try row.text(1), recipient: try row.text(2),
                template: try row.text(3),
                body: MessageBody(plainParts: try row.textArray(4), secretParts: try row.textArrayOrNil(5)),
                status: try row.text(6), attempts: try row.int32(7), createdAt: try row.timestamp(8),
                sentAt: try row.timestampOrNil(9), lastError: try row.textOrNil(10))
        }
    }

    /// Locks a message and tells where it stands; nil when there is none.
    static func status(of id: Identifier<Message>, in transaction: Transaction) throws -> MessageStatus? {
        let rows = try transaction.query("SELECT status FROM notifications.message WHERE id = \(id) FOR UPDATE")
        guard let row = rows.first else { return nil }
        return MessageStatus(rawValue: try row.text(0))
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
    let channel: String
    let recipient: String
    let template: String
    let body: MessageBody
    let status: String
    let attempts: Int32
    let createdAt: Timestamp
    let sentAt: Timestamp?
    let lastError: String?
}

import Postgres

/// The tables of this room.
public enum NotificationsMigrations {
    public static let all: [Migration] = [
        Migration(
            name: "notifications/001_message",
            sql: """
                CREATE SCHEMA notifications;

                CREATE TABLE notifications.message (
                    id              uuid PRIMARY KEY,
                    channel         text NOT NULL CHECK (channel IN ('sms', 'email', 'push')),
                    recipient       text NOT NULL CHECK (recipient <> ''),
                    username        text,
                    template        text NOT NULL,
                    subject         text,
                    plain_parts     text[] NOT NULL,
                    -- Codes, passwords and links, apart from the text; erased after delivery except in a demonstration.
                    secret_parts    text[],
                    status          text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sent', 'failed', 'dead')),
                    attempts        integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
                    created_at      timestamptz NOT NULL,
                    next_attempt_at timestamptz NOT NULL,
                    sent_at         timestamptz,
                    last_error      text,
                    CHECK (secret_parts IS NULL OR cardinality(plain_parts) = cardinality(secret_parts) + 1),
                    CHECK ((status = 'sent') = (sent_at IS NOT NULL))
                );

                CREATE INDEX message_due ON notifications.message (next_attempt_at) WHERE status IN ('queued', 'failed');
                CREATE INDEX message_recipient ON notifications.message (lower(recipient), id DESC);
                CREATE INDEX message_username ON notifications.message (lower(username), id DESC) WHERE username IS NOT NULL;

                GRANT USAGE ON SCHEMA notifications TO wekeza_app;
                GRANT SELECT, INSERT, UPDATE ON notifications.message TO wekeza_app;
                """)
    ]
}

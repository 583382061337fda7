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
                """),
        Migration(
            name: "notifications/002_notices",
            sql: """
                -- What people read in the application. A source reaches a person once.
                CREATE TABLE notifications.notice (
                    id uuid PRIMARY KEY,
                    user_id uuid NOT NULL,
                    kind text NOT NULL,
                    template text NOT NULL,
                    source text NOT NULL,
                    title text NOT NULL,
                    body text NOT NULL,
                    link text,
                    created_at timestamptz NOT NULL,
                    read_at timestamptz,
                    CONSTRAINT notice_once UNIQUE (user_id, template, source)
                );
                CREATE INDEX notice_by_user ON notifications.notice (user_id, id DESC);
                CREATE INDEX notice_unread ON notifications.notice (user_id) WHERE read_at IS NULL;

                CREATE TABLE notifications.preference (
                    user_id uuid PRIMARY KEY,
                    email boolean NOT NULL,
                    sms boolean NOT NULL,
                    push boolean NOT NULL,
                    debit boolean NOT NULL,
                    credit boolean NOT NULL,
                    login boolean NOT NULL,
                    marketing boolean NOT NULL,
                    updated_at timestamptz NOT NULL
                );

                -- Texts that the bank has changed; the others are the program's own.
                CREATE TABLE notifications.template (
                    code text NOT NULL,
                    medium text NOT NULL CHECK (medium IN ('inApp', 'email', 'sms')),
                    language text NOT NULL CHECK (language IN ('en', 'sw')),
                    title text NOT NULL,
                    body text NOT NULL CHECK (body <> ''),
                    version bigint NOT NULL CHECK (version > 0),
                    updated_at timestamptz NOT NULL,
                    updated_by uuid NOT NULL,
                    PRIMARY KEY (code, medium, language)
                );

                GRANT SELECT, INSERT, UPDATE ON notifications.notice, notifications.preference, notifications.template TO wekeza_app;
                """),
    ]
}

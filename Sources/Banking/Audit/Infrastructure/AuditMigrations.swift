import Postgres

public enum AuditMigrations {
    public static let all: [Migration] = [
        Migration(
            name: "audit/001_record",
            sql: """
                CREATE SCHEMA audit;
                CREATE TABLE audit.record (
                    id uuid NOT NULL PRIMARY KEY,
                    action text NOT NULL,
                    outcome smallint NOT NULL CHECK (outcome BETWEEN 1 AND 3),
                    actor uuid,
                    subject_type text NOT NULL,
                    subject_id text NOT NULL,
                    channel text NOT NULL,
                    ip_address text NOT NULL,
                    user_agent text NOT NULL,
                    trace_id text NOT NULL,
                    detail text NOT NULL,
                    lane smallint NOT NULL,
                    position bigint NOT NULL,
                    hash bytea NOT NULL CHECK (octet_length(hash) = 32)
                ) PARTITION BY RANGE (id);
                CREATE TABLE audit.record_default PARTITION OF audit.record DEFAULT;
                GRANT USAGE ON SCHEMA audit TO wekeza_app;
                -- Append-only: the application may add and read, and nothing else.
                GRANT SELECT, INSERT ON audit.record TO wekeza_app;
                """)
    ]

    /// Tables whose monthly partitions the maintenance job keeps ready.
    public static let partitionedTables = ["audit.record"]
}

import Postgres

/// What became of things that other banks knew under other names.
public enum DataImportMigrations {
    public static let all: [Migration] = [
        Migration(
            name: "dataimport/001_reference",
            sql: """
                CREATE SCHEMA dataimport;

                -- Claimed before the thing is made, so that an import that dies between the two finds the same identifier again.
                CREATE TABLE dataimport.reference (
                    dataset text NOT NULL CHECK (dataset <> ''),
                    kind text NOT NULL CHECK (kind IN ('client', 'account')),
                    external_id bigint NOT NULL,
                    internal_id uuid NOT NULL UNIQUE,
                    -- Half a SHA-256 of the row it came from.
                    row_digest uuid NOT NULL,
                    created_at timestamptz NOT NULL,
                    PRIMARY KEY (dataset, kind, external_id)
                );

                GRANT USAGE ON SCHEMA dataimport TO wekeza_app;
                GRANT SELECT, INSERT, UPDATE ON dataimport.reference TO wekeza_app;
                """)
    ]
}

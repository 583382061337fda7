import Postgres

/// Lists, screenings and hits.
public enum ScreeningMigrations {
    public static let all: [Migration] = [
        Migration(
            name: "screening/001_lists_and_hits",
            sql: """
                CREATE SCHEMA screening;

                CREATE TABLE screening.list_version (
                    id uuid PRIMARY KEY,
                    list_code text NOT NULL CHECK (list_code IN ('un', 'ofac', 'local', 'pep')),
                    version text NOT NULL,
                    published_at timestamptz,
                    imported_at timestamptz NOT NULL,
                    imported_by uuid,
                    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
                    entries integer NOT NULL,
                    added integer NOT NULL,
                    changed integer NOT NULL,
                    removed integer NOT NULL,
                    is_current boolean NOT NULL
                );
                CREATE UNIQUE INDEX list_version_current ON screening.list_version (list_code) WHERE is_current;

                -- The entries of the current versions; what a hit rests on is copied into the hit.
                CREATE TABLE screening.entry (
                    list_code text NOT NULL,
                    entry_id text NOT NULL,
                    digest bytea NOT NULL,
                    body text NOT NULL,
                    PRIMARY KEY (list_code, entry_id)
                );

                CREATE TABLE screening.screening (
                    id uuid PRIMARY KEY,
                    screened_at timestamptz NOT NULL,
                    screened_by uuid,
                    subject_kind text NOT NULL CHECK (subject_kind IN ('customer', 'application', 'name', 'transaction')),
                    subject_id uuid NOT NULL,
                    query text NOT NULL,
                    decision text NOT NULL CHECK (decision IN ('clear', 'review', 'block')),
                    review_threshold integer NOT NULL,
                    block_threshold integer NOT NULL,
                    list_versions text NOT NULL
                );
                CREATE INDEX screening_by_subject ON screening.screening (subject_id, id);

                CREATE TABLE screening.hit (
                    id uuid PRIMARY KEY,
                    screening_id uuid NOT NULL,
                    subject_kind text NOT NULL,
                    subject_id uuid NOT NULL,
                    fingerprint bytea NOT NULL,
                    query text NOT NULL,
                    list_code text NOT NULL,
                    entry_id text NOT NULL,
                    entry_digest bytea NOT NULL,
                    listed_name text NOT NULL,
                    matched_name text NOT NULL,
                    is_alias boolean NOT NULL,
                    score integer NOT NULL CHECK (score BETWEEN 0 AND 10000),
                    name_score integer NOT NULL CHECK (name_score BETWEEN 0 AND 10000),
                    reasons text[] NOT NULL,
                    programme text,
                    decision text NOT NULL CHECK (decision IN ('review', 'block')),
                    status text NOT NULL CHECK (status IN ('open', 'falsePositive', 'truePositive', 'escalated')),
                    created_at timestamptz NOT NULL,
                    reviewed_by uuid,
                    reviewed_by_name text,
                    reviewed_at timestamptz,
                    notes text,
                    CONSTRAINT hit_once UNIQUE (subject_id, list_code, entry_id, fingerprint)
                );
                CREATE INDEX hit_queue ON screening.hit (status, id);
                -- A false positive stays quiet for the same person and the same entry, under whatever record.
                CREATE INDEX hit_known ON screening.hit (fingerprint, list_code, entry_id) WHERE status = 'falsePositive';

                CREATE TABLE screening.rescreen_job (
                    id uuid PRIMARY KEY,
                    requested_at timestamptz NOT NULL,
                    requested_by uuid,
                    status text NOT NULL CHECK (status IN ('queued', 'running', 'completed')),
                    last_customer uuid,
                    screened bigint NOT NULL DEFAULT 0,
                    matched bigint NOT NULL DEFAULT 0,
                    finished_at timestamptz
                );
                CREATE INDEX rescreen_job_open ON screening.rescreen_job (id) WHERE status <> 'completed';

                GRANT USAGE ON SCHEMA screening TO wekeza_app;
                GRANT SELECT, INSERT ON screening.list_version TO wekeza_app;
                GRANT UPDATE (is_current) ON screening.list_version TO wekeza_app;
                GRANT SELECT, INSERT, DELETE ON screening.entry TO wekeza_app;
                GRANT SELECT, INSERT ON screening.screening TO wekeza_app;
                GRANT SELECT, INSERT, UPDATE ON screening.hit TO wekeza_app;
                GRANT SELECT, INSERT, UPDATE ON screening.rescreen_job TO wekeza_app;
                """)
    ]
}

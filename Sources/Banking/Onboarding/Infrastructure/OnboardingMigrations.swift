import Postgres

/// Applications, their files, and messages to the bank.
public enum OnboardingMigrations {
    public static let all: [Migration] = [
        Migration(
            name: "onboarding/001_applications_and_messages",
            sql: """
                CREATE SCHEMA onboarding;

                CREATE TABLE onboarding.application (
                    id uuid PRIMARY KEY,
                    token_digest bytea NOT NULL CONSTRAINT application_token UNIQUE,
                    status text NOT NULL CHECK (status IN ('inProgress', 'underReview', 'completed', 'rejected')),
                    step text NOT NULL CHECK (step IN ('verifyPhone', 'documents', 'accountSetup', 'review')),
                    -- The applicant is sealed, and erased once he is a customer or refused.
                    key_id text,
                    sealed bytea,
                    phone_digest bytea NOT NULL,
                    ip_address text NOT NULL,
                    is_known boolean NOT NULL,
                    code_digest bytea,
                    code_expires_at timestamptz,
                    code_tries smallint NOT NULL DEFAULT 0,
                    code_resends smallint NOT NULL DEFAULT 0,
                    created_at timestamptz NOT NULL,
                    expires_at timestamptz NOT NULL,
                    finished_at timestamptz,
                    review_reasons text[] NOT NULL DEFAULT '{}',
                    customer_id uuid,
                    account_id uuid,
                    decided_by uuid,
                    decided_by_name text,
                    remarks text,
                    CHECK ((sealed IS NULL) = (key_id IS NULL))
                );
                CREATE INDEX application_queue ON onboarding.application (status, id);
                CREATE INDEX application_by_phone ON onboarding.application (phone_digest, created_at);

                CREATE TABLE onboarding.file (
                    id uuid PRIMARY KEY,
                    application_id uuid NOT NULL REFERENCES onboarding.application (id),
                    kind text NOT NULL,
                    file_name text NOT NULL,
                    content_type text NOT NULL,
                    size_bytes integer NOT NULL,
                    sha256 bytea NOT NULL,
                    key_id text NOT NULL,
                    content bytea NOT NULL
                );
                ALTER TABLE onboarding.file ALTER COLUMN content SET STORAGE EXTERNAL;
                CREATE INDEX file_by_application ON onboarding.file (application_id);

                CREATE TABLE onboarding.contact_message (
                    id uuid PRIMARY KEY,
                    ticket_number text NOT NULL CONSTRAINT contact_ticket UNIQUE,
                    name text NOT NULL,
                    email text NOT NULL,
                    phone text,
                    subject text,
                    message text NOT NULL,
                    topic text NOT NULL CHECK (topic IN ('general', 'complaint', 'product', 'career')),
                    status text NOT NULL CHECK (status IN ('open', 'answered', 'closed')),
                    note text,
                    handled_by text,
                    created_at timestamptz NOT NULL,
                    updated_at timestamptz NOT NULL
                );
                CREATE INDEX contact_queue ON onboarding.contact_message (status, id);
                CREATE INDEX contact_by_sender ON onboarding.contact_message (lower(email), created_at);

                GRANT USAGE ON SCHEMA onboarding TO wekeza_app;
                GRANT SELECT, INSERT, UPDATE ON onboarding.application TO wekeza_app;
                GRANT SELECT, INSERT, DELETE ON onboarding.file TO wekeza_app;
                GRANT UPDATE (key_id, content) ON onboarding.file TO wekeza_app;
                GRANT SELECT, INSERT, UPDATE ON onboarding.contact_message TO wekeza_app;
                """)
    ]
}

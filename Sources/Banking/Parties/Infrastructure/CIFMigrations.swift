import Postgres

/// The customer file beside `parties.customer`: sealed profiles, digests of numbers, documents, relationships and history.
enum CIFMigrations {
    /// Mohamed and Muhammed share few letters in a row and sound alike: names are found by the sounds of their words, too.
    static let nameSounds = Migration(
        name: "parties/004_name_sounds",
        sql: """
            CREATE EXTENSION IF NOT EXISTS fuzzystrmatch;

            -- Soundex codes of a name's words, accents taken off. The search path is fixed, because an index must not depend on it.
            CREATE FUNCTION parties.name_sounds(name text) RETURNS text[]
            LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, public
            RETURN (
                SELECT coalesce(array_agg(DISTINCT soundex(word)) FILTER (WHERE soundex(word) <> ''), '{}')
                FROM regexp_split_to_table(
                    regexp_replace(normalize(lower(name), NFD), U&'[\\0300-\\036F]', '', 'g'), '[^[:alnum:]]+') AS word);
            CREATE INDEX customer_by_sounds ON parties.customer USING gin (parties.name_sounds(full_name));
            """)

    static let customerFile = Migration(
        name: "parties/003_customer_file",
        sql: """
            CREATE EXTENSION IF NOT EXISTS pg_trgm;

            ALTER TABLE parties.customer
                ADD COLUMN birth_date date,
                ADD COLUMN nationality text CHECK (nationality ~ '^[A-Z]{2}$'),
                ADD COLUMN risk_rating text NOT NULL DEFAULT 'low'
                    CHECK (risk_rating IN ('low', 'medium', 'high', 'veryHigh', 'prohibited')),
                ADD COLUMN is_pep boolean NOT NULL DEFAULT false,
                ADD COLUMN is_sanctioned boolean NOT NULL DEFAULT false,
                ADD COLUMN kyc_expiry_date date,
                ADD COLUMN kyc_since timestamptz,
                ADD COLUMN block_source text CHECK (block_source IN ('officer', 'screening')),
                ADD COLUMN merged_into uuid REFERENCES parties.customer (id),
                ADD COLUMN possible_duplicates uuid[] NOT NULL DEFAULT '{}',
                ADD COLUMN profile_key text,
                ADD COLUMN profile bytea,
                ADD CONSTRAINT customer_profile_key CHECK ((profile IS NULL) = (profile_key IS NULL)),
                ADD CONSTRAINT customer_merged CHECK (merged_into IS NULL OR status = 'closed');
            UPDATE parties.customer SET kyc_since = created_at,
                block_source = CASE WHEN status = 'blocked' THEN 'officer' END;
            CREATE INDEX customer_by_similar_name ON parties.customer USING gin (lower(full_name) gin_trgm_ops);
            CREATE INDEX customer_by_birth_date ON parties.customer (birth_date) WHERE birth_date IS NOT NULL;
            CREATE INDEX customer_by_phone ON parties.customer (phone) WHERE phone IS NOT NULL;
            CREATE INDEX customer_by_email ON parties.customer (lower(email)) WHERE email IS NOT NULL;
            CREATE INDEX customer_kyc_due ON parties.customer (kyc_status, kyc_since, id);
            CREATE INDEX customer_kyc_expiry ON parties.customer (kyc_expiry_date) WHERE kyc_status = 'verified';
            CREATE INDEX customer_high_risk ON parties.customer (id)
                WHERE risk_rating IN ('high', 'veryHigh', 'prohibited') OR is_pep OR is_sanctioned;

            -- Numbers as keyed digests: two parties never share a document or a registration, and searches need no number in the clear.
            CREATE TABLE parties.identity_number (
                customer_id uuid NOT NULL REFERENCES parties.customer (id),
                kind text NOT NULL CHECK (kind IN ('document', 'registration', 'kraPin', 'number')),
                digest bytea NOT NULL CHECK (octet_length(digest) = 32),
                PRIMARY KEY (customer_id, kind, digest)
            );
            CREATE UNIQUE INDEX identity_number_taken ON parties.identity_number (kind, digest) WHERE kind IN ('document', 'registration');
            CREATE INDEX identity_number_search ON parties.identity_number (digest);

            -- The record as it stood after each change; appended only. The key of its sealed part may be exchanged, nothing else.
            CREATE TABLE parties.customer_history (
                customer_id uuid NOT NULL REFERENCES parties.customer (id),
                version bigint NOT NULL,
                changed_at timestamptz NOT NULL,
                changed_by uuid,
                changed_by_name text,
                action text NOT NULL,
                fields text[] NOT NULL,
                remarks text,
                record jsonb NOT NULL,
                profile_key text,
                profile bytea,
                PRIMARY KEY (customer_id, version)
            );
            INSERT INTO parties.customer_history (customer_id, version, changed_at, action, fields, record)
            SELECT id, version, created_at, 'taken over', '{}', to_jsonb(c) - 'profile' - 'profile_key' FROM parties.customer c;

            CREATE TABLE parties.document (
                id uuid PRIMARY KEY,
                customer_id uuid NOT NULL REFERENCES parties.customer (id),
                document_type text NOT NULL,
                file_name text NOT NULL,
                content_type text NOT NULL,
                size_bytes integer NOT NULL CHECK (size_bytes > 0),
                sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
                number_last4 text,
                expiry_date date,
                uploaded_at timestamptz NOT NULL,
                uploaded_by uuid,
                verified_at timestamptz,
                verified_by uuid,
                key_id text NOT NULL,
                wrapped_key bytea NOT NULL,
                content bytea NOT NULL
            );
            ALTER TABLE parties.document ALTER COLUMN content SET STORAGE EXTERNAL;
            CREATE INDEX document_by_customer ON parties.document (customer_id, id);

            CREATE TABLE parties.relationship (
                id uuid PRIMARY KEY,
                customer_id uuid NOT NULL REFERENCES parties.customer (id),
                related_id uuid NOT NULL REFERENCES parties.customer (id),
                relationship_type text NOT NULL CHECK (relationship_type IN ('spouse', 'parent', 'director', 'shareholder',
                    'beneficialOwner', 'signatory', 'employer', 'guarantor', 'other')),
                ownership_millionths bigint CHECK (ownership_millionths BETWEEN 0 AND 100000000),
                created_at timestamptz NOT NULL,
                created_by uuid,
                CHECK (customer_id <> related_id),
                CONSTRAINT relationship_once UNIQUE (customer_id, related_id, relationship_type)
            );
            CREATE INDEX relationship_by_related ON parties.relationship (related_id);

            GRANT SELECT, INSERT, DELETE ON parties.identity_number TO wekeza_app;
            GRANT UPDATE (customer_id) ON parties.identity_number TO wekeza_app;
            GRANT SELECT, INSERT ON parties.customer_history TO wekeza_app;
            GRANT UPDATE (profile_key, profile) ON parties.customer_history TO wekeza_app;
            GRANT SELECT, INSERT ON parties.document TO wekeza_app;
            GRANT UPDATE (customer_id, key_id, wrapped_key, verified_at, verified_by) ON parties.document TO wekeza_app;
            GRANT SELECT, INSERT, UPDATE, DELETE ON parties.relationship TO wekeza_app;
            """)
}

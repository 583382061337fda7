import Postgres

/// Customers: persons and organisations. Documents, addresses, relationships and the record's history come with the full CIF as tables
/// beside this one.
public enum PartiesMigrations {
    public static let all: [Migration] = [
        Migration(
            name: "parties/001_customer",
            sql: """
                CREATE SCHEMA parties;

                CREATE TABLE parties.customer (
                    id uuid PRIMARY KEY,
                    cif_number text NOT NULL CONSTRAINT customer_cif_number UNIQUE CHECK (cif_number ~ '^CIF[0-9]{9}$'),
                    kind text NOT NULL CHECK (kind IN ('individual', 'corporate')),
                    status text NOT NULL CHECK (status IN ('active', 'blocked', 'deceased', 'closed')),
                    full_name text NOT NULL CHECK (full_name <> ''),
                    first_name text,
                    middle_name text,
                    last_name text,
                    email text,
                    phone text,
                    segment text NOT NULL CHECK (segment IN ('retail', 'affluent', 'sme', 'corporate')),
                    kyc_status text NOT NULL
                        CHECK (kyc_status IN ('pending', 'inProgress', 'verified', 'rejected', 'expired', 'requiresUpdate')),
                    kyc_tier smallint NOT NULL CHECK (kyc_tier BETWEEN 0 AND 3),
                    created_at timestamptz NOT NULL,
                    version bigint NOT NULL DEFAULT 1 CHECK (version > 0),
                    CHECK ((kind = 'individual') = (first_name IS NOT NULL AND last_name IS NOT NULL))
                );
                CREATE INDEX customer_by_name ON parties.customer (lower(full_name) text_pattern_ops, id);

                -- Serials of CIF numbers, claimed by processes a block at a time. Rows are never changed or removed, so no number returns.
                CREATE TABLE parties.number_block (
                    space text NOT NULL,
                    first_number bigint NOT NULL CHECK (first_number > 0),
                    last_number bigint NOT NULL CHECK (last_number >= first_number),
                    claimed_at timestamptz NOT NULL,
                    PRIMARY KEY (space, first_number)
                );

                GRANT USAGE ON SCHEMA parties TO wekeza_app;
                GRANT SELECT, INSERT, UPDATE ON parties.customer TO wekeza_app;
                GRANT SELECT, INSERT ON parties.number_block TO wekeza_app;
                """),
        Migration(
            name: "parties/002_contact_details",
            sql: """
                ALTER TABLE parties.customer
                    ADD COLUMN preferred_language text NOT NULL DEFAULT 'en' CHECK (preferred_language IN ('en', 'sw')),
                    ADD COLUMN address_line1 text,
                    ADD COLUMN address_line2 text,
                    ADD COLUMN city text,
                    ADD COLUMN county text,
                    ADD COLUMN country text CHECK (country ~ '^[A-Z]{2}$'),
                    ADD COLUMN postal_code text,
                    ADD CONSTRAINT customer_address CHECK (
                        (address_line1 IS NULL) = (city IS NULL) AND (address_line1 IS NULL) = (country IS NULL));
                """),
        CIFMigrations.customerFile,
        CIFMigrations.nameSounds,
        UploadStore.migration,
    ]
}

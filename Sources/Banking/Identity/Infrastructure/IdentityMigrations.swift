import Postgres

/// The tables of this room.
public enum IdentityMigrations {
    public static let all: [Migration] = [
        Migration(
            name: "identity/001_users_and_sessions",
            sql: """
                CREATE SCHEMA identity;

                CREATE TABLE identity.user_account (
                    user_id             uuid PRIMARY KEY,
                    username            text NOT NULL CHECK (username ~ '^[A-Za-z0-9._-]{1,64}$'),
                    -- Names differ by more than case. The "C" collation keeps lower() the same on every server.
                    username_key        text COLLATE "C" NOT NULL CONSTRAINT user_account_username_unique UNIQUE
                                        CHECK (username_key = lower(username COLLATE "C")),
                    full_name           text NOT NULL CHECK (char_length(full_name) BETWEEN 1 AND 255),
                    email               text NOT NULL CHECK (char_length(email) BETWEEN 3 AND 254 AND email LIKE '%@%'),
                    phone               text CHECK (phone ~ '^\\+[1-9][0-9]{7,14}$'),
                    password_hash       text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
                    password_changed_at timestamptz NOT NULL,
                    must_change_password boolean NOT NULL,
                    roles               text[] NOT NULL CHECK (cardinality(roles) > 0),
                    customer_id         uuid,
                    branch_code         text CHECK (branch_code ~ '^[0-9]{3}$'),
                    mfa_enabled         boolean NOT NULL DEFAULT false,
                    disabled_at         timestamptz,
                    last_login_at       timestamptz,
                    version             integer NOT NULL DEFAULT 1 CHECK (version > 0),
                    created_at          timestamptz NOT NULL,
                    updated_at          timestamptz NOT NULL,
                    -- Whoever may act for a customer belongs to one, and can be reached to confirm what is done in the customer's name.
                    CONSTRAINT user_account_owner CHECK (
                        NOT roles && ARRAY['Customer', 'SmeOwner', 'CorporateMaker', 'CorporateChecker']
                        OR (customer_id IS NOT NULL AND phone IS NOT NULL))
                );
                CREATE UNIQUE INDEX user_account_email_unique ON identity.user_account (lower(email COLLATE "C"));
                CREATE INDEX user_account_customer ON identity.user_account (customer_id) WHERE customer_id IS NOT NULL;

                -- A session is also the family of its refresh tokens: one sign-in, one family.
                CREATE TABLE identity.session (
                    session_id          uuid PRIMARY KEY,
                    user_id             uuid NOT NULL REFERENCES identity.user_account,
                    channel             text NOT NULL,
                    ip_address          text NOT NULL,
                    user_agent          text NOT NULL,
                    created_at          timestamptz NOT NULL,
                    last_seen_at        timestamptz NOT NULL,
                    absolute_expires_at timestamptz NOT NULL CHECK (absolute_expires_at > created_at),
                    ended_at            timestamptz,
                    end_reason          text CHECK (end_reason IN ('logout', 'refreshReuse', 'passwordChange', 'revoked', 'disabled')),
                    CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
                    CHECK (last_seen_at >= created_at)
                -- last_seen_at is written often and is in no index: room on the page makes those updates cheap.
                ) WITH (fillfactor = 70);
                CREATE INDEX session_live ON identity.session (user_id, session_id) WHERE ended_at IS NULL;
                CREATE INDEX session_expiry ON identity.session (absolute_expires_at);

                CREATE TABLE identity.refresh_token (
                    token_hash      bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
                    session_id      uuid NOT NULL REFERENCES identity.session ON DELETE CASCADE,
                    issued_at       timestamptz NOT NULL,
                    expires_at      timestamptz NOT NULL CHECK (expires_at > issued_at),
                    spent_at        timestamptz,
                    successor_hash  bytea CHECK (octet_length(successor_hash) = 32),
                    revoked_at      timestamptz,
                    CHECK ((spent_at IS NULL) = (successor_hash IS NULL)),
                    CHECK (spent_at IS NULL OR revoked_at IS NULL)
                );
                CREATE INDEX refresh_token_session ON identity.refresh_token (session_id);

                -- One row a name that was tried in vain, whether somebody has that name or not. What was typed is not kept: people
                -- type passwords into the wrong field.
                CREATE TABLE identity.login_failure (
                    name_digest     bytea PRIMARY KEY CHECK (octet_length(name_digest) = 32),
                    failures        integer NOT NULL CHECK (failures > 0),
                    last_failed_at  timestamptz NOT NULL,
                    locked_until    timestamptz
                );
                CREATE INDEX login_failure_age ON identity.login_failure (last_failed_at);

                GRANT USAGE ON SCHEMA identity TO wekeza_app;
                GRANT SELECT, INSERT, UPDATE ON identity.user_account TO wekeza_app;
                GRANT SELECT, INSERT, UPDATE, DELETE ON identity.session, identity.refresh_token, identity.login_failure TO wekeza_app;
                """),
        Migration(
            name: "identity/002_step_up",
            sql: """
                CREATE TABLE identity.step_up_challenge (
                    challenge_id     uuid PRIMARY KEY,
                    session_id       uuid NOT NULL REFERENCES identity.session ON DELETE CASCADE,
                    user_id          uuid NOT NULL REFERENCES identity.user_account,
                    action_type      text NOT NULL,
                    source_account   uuid,
                    amount           bigint CHECK (amount > 0),
                    currency         char(3),
                    payee            text NOT NULL,
                    -- SHA-256 over everything the confirmation is bound to.
                    binding_digest   bytea NOT NULL CHECK (octet_length(binding_digest) = 32),
                    method           text NOT NULL CHECK (method IN ('totp', 'smsCode')),
                    code_digest      bytea CHECK (octet_length(code_digest) = 32),
                    wrong_codes      smallint NOT NULL DEFAULT 0 CHECK (wrong_codes BETWEEN 0 AND 5),
                    resends          smallint NOT NULL DEFAULT 0 CHECK (resends BETWEEN 0 AND 3),
                    created_at       timestamptz NOT NULL,
                    expires_at       timestamptz NOT NULL CHECK (expires_at > created_at),
                    -- Set once the right code was given: the token that confirms the one action.
                    token_digest     bytea CONSTRAINT step_up_token_unique UNIQUE CHECK (octet_length(token_digest) = 32),
                    token_expires_at timestamptz,
                    -- The operation (digest of its idempotency key) that alone may use the token, and how many of its attempts are running.
                    reserved_for     uuid,
                    reservations     integer NOT NULL DEFAULT 0 CHECK (reservations >= 0),
                    spent_at         timestamptz,
                    CHECK ((amount IS NULL) = (currency IS NULL)),
                    CHECK ((token_digest IS NULL) = (token_expires_at IS NULL)),
                    CHECK (reservations = 0 OR reserved_for IS NOT NULL),
                    CHECK (spent_at IS NULL OR reserved_for IS NOT NULL),
                    CHECK (method = 'totp' OR code_digest IS NOT NULL)
                );
                CREATE INDEX step_up_challenge_user ON identity.step_up_challenge (user_id, created_at);
                CREATE INDEX step_up_challenge_session ON identity.step_up_challenge (session_id);
                GRANT SELECT, INSERT, UPDATE, DELETE ON identity.step_up_challenge TO wekeza_app;
                """),
        Migration(
            name: "identity/003_second_factor",
            sql: """
                -- One row a user: the authenticator app's secret, sealed. Waiting for its first code while confirmed_at is empty.
                CREATE TABLE identity.second_factor (
                    user_id        uuid PRIMARY KEY REFERENCES identity.user_account,
                    key_id         text NOT NULL,
                    sealed_secret  bytea NOT NULL,
                    created_at     timestamptz NOT NULL,
                    expires_at     timestamptz,
                    confirmed_at   timestamptz,
                    wrong_codes    smallint NOT NULL DEFAULT 0 CHECK (wrong_codes BETWEEN 0 AND 5),
                    -- Number of the newest 30-second step whose code was used: no code works twice, in whatever process.
                    last_used_step bigint,
                    CHECK ((confirmed_at IS NULL) <> (expires_at IS NULL))
                );

                CREATE TABLE identity.recovery_code (
                    user_id     uuid NOT NULL REFERENCES identity.user_account,
                    code_digest bytea NOT NULL CHECK (octet_length(code_digest) = 32),
                    created_at  timestamptz NOT NULL,
                    used_at     timestamptz,
                    PRIMARY KEY (user_id, code_digest)
                );

                -- A right password that waits for its second factor.
                CREATE TABLE identity.sign_in_challenge (
                    challenge_id uuid PRIMARY KEY,
                    user_id      uuid NOT NULL REFERENCES identity.user_account,
                    channel      text NOT NULL,
                    created_at   timestamptz NOT NULL,
                    expires_at   timestamptz NOT NULL CHECK (expires_at > created_at),
                    wrong_codes  smallint NOT NULL DEFAULT 0 CHECK (wrong_codes BETWEEN 0 AND 5),
                    answered_at  timestamptz
                );
                CREATE INDEX sign_in_challenge_user ON identity.sign_in_challenge (user_id);
                CREATE INDEX sign_in_challenge_expiry ON identity.sign_in_challenge (expires_at);

                GRANT SELECT, INSERT, UPDATE, DELETE ON identity.second_factor, identity.recovery_code, identity.sign_in_challenge
                    TO wekeza_app;
                """),
        Migration(
            name: "identity/004_reset_and_devices",
            sql: """
                CREATE TABLE identity.password_reset (
                    token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
                    user_id    uuid NOT NULL REFERENCES identity.user_account,
                    created_at timestamptz NOT NULL,
                    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
                    used_at    timestamptz
                );
                CREATE INDEX password_reset_user ON identity.password_reset (user_id, created_at);
                CREATE INDEX password_reset_expiry ON identity.password_reset (expires_at);

                -- From what a user has signed in before, as a digest: enough to know it again, too little to follow anybody.
                CREATE TABLE identity.known_device (
                    user_id       uuid NOT NULL REFERENCES identity.user_account,
                    device_digest bytea NOT NULL CHECK (octet_length(device_digest) = 32),
                    first_seen_at timestamptz NOT NULL,
                    last_seen_at  timestamptz NOT NULL,
                    PRIMARY KEY (user_id, device_digest)
                );
                CREATE INDEX known_device_age ON identity.known_device (last_seen_at);

                ALTER TABLE identity.session DROP CONSTRAINT session_end_reason_check;
                ALTER TABLE identity.session ADD CONSTRAINT session_end_reason_check CHECK (end_reason IN
                    ('logout', 'refreshReuse', 'passwordChange', 'passwordReset', 'revoked', 'disabled', 'administrator'));

                GRANT SELECT, INSERT, UPDATE, DELETE ON identity.password_reset, identity.known_device TO wekeza_app;
                """),
        SessionChangeMigration.migration,
        AdministrationMigration.migration,
    ]
}

import Postgres

public enum PlatformMigrations {
    public static let all: [Migration] = [
        Migration(
            name: "platform/001_chain_idempotency_outbox",
            sql: """
                CREATE TABLE platform.chain_lane (
                    chain text NOT NULL,
                    lane smallint NOT NULL,
                    position bigint NOT NULL CHECK (position >= 0),
                    last_id uuid NOT NULL,
                    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
                    PRIMARY KEY (chain, lane)
                ) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
                INSERT INTO platform.chain_lane (chain, lane, position, last_id, hash)
                SELECT chain, lane, 0, '00000000-0000-0000-0000-000000000000', decode(repeat('00', 32), 'hex')
                FROM unnest(ARRAY['journal', 'audit']) AS chain, generate_series(0, 15) AS lane;

                -- No partitions here: a key that moved money must stay unique for good, and only one index can promise that.
                CREATE TABLE platform.idempotency (
                    key_digest uuid NOT NULL CONSTRAINT idempotency_pkey PRIMARY KEY,
                    body_digest uuid NOT NULL,
                    status smallint NOT NULL CHECK (status BETWEEN 200 AND 299),
                    effect_id uuid,
                    body bytea,
                    location text,
                    created_at timestamptz NOT NULL
                );
                CREATE INDEX idempotency_forgettable ON platform.idempotency (created_at) WHERE effect_id IS NULL;

                CREATE TABLE platform.outbox (
                    id uuid PRIMARY KEY,
                    name text NOT NULL,
                    subject uuid NOT NULL,
                    occurred_at timestamptz NOT NULL,
                    payload bytea NOT NULL
                ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

                GRANT USAGE ON SCHEMA platform TO wekeza_app;
                GRANT SELECT, UPDATE ON platform.chain_lane TO wekeza_app;
                GRANT SELECT, INSERT, DELETE ON platform.idempotency TO wekeza_app;
                GRANT SELECT, INSERT, UPDATE, DELETE ON platform.outbox TO wekeza_app;
                """),
        Migration(
            name: "platform/002_outbox_in_one_piece",
            sql: """
                -- The event of a batch names its journals in some 2 to 5 kB that are read once and removed: compressing them would cost a
                -- batch more than writing them.
                ALTER TABLE platform.outbox SET (toast_tuple_target = 8160);
                """),
    ]
}

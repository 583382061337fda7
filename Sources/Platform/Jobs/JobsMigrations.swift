import Postgres

public enum JobsMigrations {
    public static let all: [Migration] = [
        Migration(
            name: "jobs/001_queue_and_schedules",
            sql: """
                -- Work to be done by whichever worker is free. A worker holds a lease; who lets it run out has died, and another goes on.
                CREATE TABLE platform.job (
                    id uuid PRIMARY KEY,
                    name text NOT NULL,
                    -- At most one unfinished job of a key.
                    key text NOT NULL,
                    group_key text,
                    payload text NOT NULL,
                    status text NOT NULL CHECK (status IN ('ready', 'running', 'done', 'dead')),
                    run_at timestamptz NOT NULL,
                    attempts integer NOT NULL DEFAULT 0,
                    maximum_attempts integer NOT NULL CHECK (maximum_attempts > 0),
                    lease_until timestamptz,
                    worker text,
                    error text,
                    created_at timestamptz NOT NULL,
                    finished_at timestamptz,
                    CHECK ((status = 'running') = (lease_until IS NOT NULL))
                ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
                CREATE UNIQUE INDEX job_unfinished ON platform.job (key) WHERE status IN ('ready', 'running');
                CREATE INDEX job_due ON platform.job (run_at, id) WHERE status IN ('ready', 'running');
                CREATE INDEX job_group ON platform.job (group_key) WHERE group_key IS NOT NULL;
                CREATE INDEX job_finished ON platform.job (finished_at) WHERE finished_at IS NOT NULL;

                CREATE TABLE platform.job_schedule (
                    name text PRIMARY KEY,
                    schedule text NOT NULL,
                    is_paused boolean NOT NULL DEFAULT false,
                    next_run_at timestamptz,
                    last_started_at timestamptz,
                    last_finished_at timestamptz,
                    last_outcome text CHECK (last_outcome IN ('succeeded', 'failed')),
                    last_error text
                );
                GRANT SELECT, INSERT, UPDATE, DELETE ON platform.job, platform.job_schedule TO wekeza_app;
                """)
    ]
}

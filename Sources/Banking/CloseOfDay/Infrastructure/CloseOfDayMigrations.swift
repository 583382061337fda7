import Postgres

public enum CloseOfDayMigrations {
    public static let all: [Migration] = [
        Migration(
            name: "closeofday/001_runs",
            sql: """
                CREATE SCHEMA closeofday;

                CREATE TABLE closeofday.run (
                    id uuid PRIMARY KEY,
                    status text NOT NULL CHECK (status IN ('running', 'completed', 'failed')),
                    from_date date NOT NULL,
                    through_date date NOT NULL CHECK (through_date >= from_date),
                    current_date_closed date NOT NULL,
                    error text,
                    started_at timestamptz NOT NULL,
                    finished_at timestamptz,
                    requested_by uuid,
                    CHECK ((status = 'running') = (finished_at IS NULL))
                );
                -- The bank closes one day at a time.
                CREATE UNIQUE INDEX run_running ON closeofday.run ((true)) WHERE status = 'running';

                CREATE TABLE closeofday.step (
                    business_date date NOT NULL,
                    name text NOT NULL,
                    run_id uuid NOT NULL REFERENCES closeofday.run,
                    ordinal smallint NOT NULL,
                    status text NOT NULL CHECK (status IN ('running', 'completed', 'failed')),
                    processed bigint NOT NULL DEFAULT 0,
                    failed bigint NOT NULL DEFAULT 0,
                    started_at timestamptz NOT NULL,
                    finished_at timestamptz,
                    PRIMARY KEY (business_date, name)
                );
                CREATE INDEX step_by_run ON closeofday.step (run_id);

                CREATE TABLE closeofday.exception (
                    run_id uuid NOT NULL REFERENCES closeofday.run,
                    business_date date NOT NULL,
                    step text NOT NULL,
                    entity_type text NOT NULL,
                    entity_id text NOT NULL,
                    code text NOT NULL,
                    message text NOT NULL,
                    PRIMARY KEY (run_id, business_date, step, entity_type, entity_id)
                );

                -- The general ledger as it stood when a day was closed.
                CREATE TABLE closeofday.daily_balance (
                    business_date date NOT NULL,
                    gl_code integer NOT NULL,
                    currency char(3) NOT NULL,
                    debit numeric(38, 0) NOT NULL,
                    credit numeric(38, 0) NOT NULL,
                    PRIMARY KEY (business_date, gl_code, currency)
                );

                GRANT USAGE ON SCHEMA closeofday TO wekeza_app;
                GRANT SELECT, INSERT, UPDATE ON closeofday.run, closeofday.step, closeofday.exception, closeofday.daily_balance TO wekeza_app;
                """)
    ]
}

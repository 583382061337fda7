import Postgres

/// The tables of this room. Transfers have none: what happened is in the journal, once.
public enum PaymentsMigrations {
    public static let all: [Migration] = [
        Migration(
            name: "payments/001_beneficiary",
            sql: """
                CREATE SCHEMA payments;

                CREATE TABLE payments.beneficiary (
                    id               uuid PRIMARY KEY,
                    customer_id      uuid NOT NULL,
                    nickname         text NOT NULL CHECK (nickname <> ''),
                    beneficiary_name text NOT NULL CHECK (beneficiary_name <> ''),
                    kind             text NOT NULL CHECK (kind IN ('internal', 'bank', 'mobileMoney', 'biller')),
                    account_number   text,
                    bank_code        text,
                    bank_branch_code text,
                    bic              text,
                    phone_number     text,
                    biller_code      text,
                    bill_account     text,
                    payee_key        text NOT NULL,
                    created_at       timestamptz NOT NULL,
                    version          bigint NOT NULL DEFAULT 1 CHECK (version > 0),
                    CONSTRAINT beneficiary_payee UNIQUE (customer_id, payee_key),
                    CHECK (CASE kind
                        WHEN 'internal' THEN account_number IS NOT NULL
                        WHEN 'bank' THEN account_number IS NOT NULL AND (bank_code IS NOT NULL OR bic IS NOT NULL)
                        WHEN 'mobileMoney' THEN phone_number IS NOT NULL
                        ELSE biller_code IS NOT NULL AND bill_account IS NOT NULL END)
                );

                CREATE INDEX beneficiary_customer ON payments.beneficiary (customer_id, id DESC);

                GRANT USAGE ON SCHEMA payments TO wekeza_app;
                GRANT SELECT, INSERT, UPDATE, DELETE ON payments.beneficiary TO wekeza_app;
                """),
        Migration(
            name: "payments/002_standing_order",
            sql: """
                CREATE TABLE payments.standing_order (
                    id uuid PRIMARY KEY,
                    customer_id uuid NOT NULL,
                    created_by uuid NOT NULL,
                    from_account_id uuid NOT NULL,
                    from_account_number text NOT NULL,
                    to_account_number text NOT NULL,
                    beneficiary_name text,
                    amount bigint NOT NULL CHECK (amount > 0),
                    currency char(3) NOT NULL,
                    narration text,
                    frequency text NOT NULL CHECK (frequency IN ('weekly', 'monthly', 'quarterly', 'yearly')),
                    day_of_month smallint CHECK (day_of_month BETWEEN 1 AND 31),
                    start_date date NOT NULL,
                    end_date date CHECK (end_date >= start_date),
                    max_runs integer CHECK (max_runs > 0),
                    status text NOT NULL CHECK (status IN ('active', 'paused', 'ended')),
                    -- The day that comes next or is being tried, and when it is tried.
                    due_date date,
                    next_run_date date CHECK (next_run_date >= due_date),
                    failed_attempts smallint NOT NULL CHECK (failed_attempts >= 0),
                    run_count integer NOT NULL CHECK (run_count >= 0),
                    missed_count integer NOT NULL CHECK (missed_count >= 0),
                    last_run_date date,
                    last_failure_code text,
                    -- A runner holds the order until then; who dies holding it is overtaken.
                    claimed_until timestamptz,
                    created_at timestamptz NOT NULL,
                    version bigint NOT NULL CHECK (version > 0),
                    CHECK ((status = 'ended') = (due_date IS NULL)),
                    CHECK ((due_date IS NULL) = (next_run_date IS NULL))
                );
                CREATE INDEX standing_order_customer ON payments.standing_order (customer_id, id DESC);
                CREATE INDEX standing_order_due ON payments.standing_order (next_run_date, id) WHERE status = 'active';

                GRANT SELECT, INSERT, UPDATE ON payments.standing_order TO wekeza_app;
                """),
    ]
}

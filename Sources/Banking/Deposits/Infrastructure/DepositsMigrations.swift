import Postgres

/// Deposit contracts and the interest of accounts. What a deposit holds is on its own account in the ledger; what is here is the contract.
public enum DepositsMigrations {
    public static let all: [Migration] = [Migration(name: "deposits/001_contracts_and_accruals", sql: tables)]

    private static let tables = """
        CREATE SCHEMA deposits;

        CREATE TABLE deposits.deposit (
            id uuid PRIMARY KEY,
            number text NOT NULL UNIQUE,
            type text NOT NULL CHECK (type IN ('fixedDeposit', 'recurringDeposit', 'termDeposit', 'callDeposit')),
            account_id uuid NOT NULL UNIQUE,
            account_number text NOT NULL,
            customer_id uuid NOT NULL,
            product_code text NOT NULL,
            product_version integer NOT NULL,
            currency char(3) NOT NULL,
            status text NOT NULL CHECK (status IN ('active', 'matured', 'renewed', 'closed', 'prematurelyClosed', 'discontinued')),
            booked_principal bigint NOT NULL CHECK (booked_principal > 0),
            principal bigint NOT NULL CHECK (principal >= 0),
            rate_millionths bigint NOT NULL CHECK (rate_millionths BETWEEN 0 AND 100000000),
            day_count text NOT NULL,
            start_date date NOT NULL,
            maturity_date date CHECK (maturity_date > start_date),
            term_days integer,
            tenure_months integer,
            monthly_installment bigint CHECK (monthly_installment > 0),
            day_of_month integer CHECK (day_of_month BETWEEN 1 AND 31),
            is_auto_debit boolean NOT NULL,
            allows_partial_withdrawal boolean NOT NULL,
            notice_days integer,
            source_account_id uuid NOT NULL,
            payout_account_id uuid NOT NULL,
            instruction text NOT NULL CHECK (instruction IN ('payOut', 'renewPrincipal', 'renewAll')),
            penalty_rate_millionths bigint NOT NULL CHECK (penalty_rate_millionths >= 0),
            no_interest_before_days integer NOT NULL,
            minimum_amount bigint NOT NULL,
            settled_micro bigint NOT NULL DEFAULT 0 CHECK (settled_micro >= 0),
            interest_from date NOT NULL,
            installments_paid_on date[] NOT NULL DEFAULT '{}',
            opening_journal uuid,
            renewal_of uuid REFERENCES deposits.deposit,
            closed_on date,
            closing_principal bigint,
            closing_interest bigint,
            closing_penalty bigint,
            closing_tax bigint,
            closing_journal uuid,
            opened_by uuid,
            created_at timestamptz NOT NULL,
            version bigint NOT NULL DEFAULT 1,
            CHECK ((status IN ('active', 'matured')) = (closed_on IS NULL)),
            CHECK ((type = 'recurringDeposit') = (monthly_installment IS NOT NULL AND tenure_months IS NOT NULL)),
            CHECK (type = 'callDeposit' OR maturity_date IS NOT NULL)
        ) WITH (fillfactor = 80);
        CREATE INDEX deposit_by_customer ON deposits.deposit (customer_id, id DESC);
        CREATE INDEX deposit_maturing ON deposits.deposit (maturity_date, id) WHERE status IN ('active', 'matured');
        CREATE INDEX deposit_open ON deposits.deposit (type, id) WHERE status IN ('active', 'matured');

        CREATE TABLE deposits.notice (
            id uuid PRIMARY KEY,
            deposit_id uuid NOT NULL REFERENCES deposits.deposit,
            amount bigint NOT NULL CHECK (amount > 0),
            given_on date NOT NULL,
            payable_date date NOT NULL,
            status text NOT NULL CHECK (status IN ('pending', 'paid', 'cancelled')),
            given_by uuid
        );
        CREATE INDEX notice_payable ON deposits.notice (payable_date, id) WHERE status = 'pending';
        CREATE INDEX notice_by_deposit ON deposits.notice (deposit_id, id);

        -- The terms that interest-bearing accounts were opened under, numbered so that an account's row stays narrow.
        CREATE TABLE deposits.interest_terms (
            terms_key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            product_code text NOT NULL,
            product_version integer NOT NULL,
            currency char(3) NOT NULL,
            UNIQUE (product_code, product_version, currency)
        );

        -- One row for each account that bears interest. An accrual day updates every one of them, so no index holds what it changes and a
        -- page keeps room for the next version of its rows.
        CREATE TABLE deposits.interest_account (
            account_id uuid PRIMARY KEY,
            customer_id uuid NOT NULL,
            -- Earned and not yet posted: millionths of a minor unit, and what is left of the next one in 1/(100 × basis).
            accrued_micro bigint NOT NULL DEFAULT 0,
            -- What the newest day was reckoned on.
            accrued_balance bigint NOT NULL DEFAULT 0,
            accrued_rate bigint NOT NULL DEFAULT 0,
            -- The account's revision in the ledger then: another one means that the balance may have moved before the day ended.
            accrued_revision bigint NOT NULL DEFAULT 0,
            -- Net interest posted on `capitalised_on` by the bank itself: it earns from the next day.
            capitalised_net bigint NOT NULL DEFAULT 0,
            terms_key integer NOT NULL REFERENCES deposits.interest_terms,
            accrued_remainder integer NOT NULL DEFAULT 0,
            accrued_through date,
            capitalised_on date
        ) WITH (fillfactor = 45, autovacuum_vacuum_scale_factor = 0.05);

        -- Set once accounts that were there before this room have been enrolled.
        CREATE TABLE deposits.enrolment (completed_at timestamptz NOT NULL);

        -- What was paid as interest and kept back as tax: for certificates. Append-only.
        CREATE TABLE deposits.interest_payment (
            id uuid PRIMARY KEY,
            account_id uuid NOT NULL,
            customer_id uuid NOT NULL,
            deposit_id uuid,
            product_code text NOT NULL,
            currency char(3) NOT NULL,
            business_date date NOT NULL,
            gross bigint NOT NULL CHECK (gross > 0),
            tax bigint NOT NULL CHECK (tax >= 0 AND tax <= gross)
        );
        CREATE INDEX interest_payment_by_customer ON deposits.interest_payment (customer_id, business_date);

        -- What stands on interest payable for each product: rows are only added, by every payment and every day's accrual.
        CREATE TABLE deposits.liability_movement (
            product_code text NOT NULL,
            currency char(3) NOT NULL,
            amount bigint NOT NULL
        ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

        CREATE TABLE deposits.tax_exemption (
            customer_id uuid NOT NULL,
            valid_from date NOT NULL,
            valid_to date CHECK (valid_to >= valid_from),
            certificate text NOT NULL,
            recorded_by uuid,
            PRIMARY KEY (customer_id, valid_from)
        );

        CREATE TABLE deposits.accrual_run (
            id uuid PRIMARY KEY,
            processing_date date NOT NULL,
            product_code text,
            is_dry_run boolean NOT NULL,
            accounts bigint NOT NULL,
            totals text NOT NULL,
            started_at timestamptz NOT NULL,
            finished_at timestamptz NOT NULL,
            requested_by uuid
        );

        GRANT USAGE ON SCHEMA deposits TO wekeza_app;
        GRANT SELECT, INSERT, UPDATE ON deposits.deposit, deposits.notice, deposits.interest_account, deposits.tax_exemption TO wekeza_app;
        GRANT SELECT, INSERT ON deposits.interest_terms, deposits.enrolment, deposits.interest_payment, deposits.accrual_run TO wekeza_app;
        GRANT SELECT, INSERT, DELETE ON deposits.liability_movement TO wekeza_app;
        """
}

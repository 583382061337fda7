import Postgres

/// What an account is to its holders. What it holds, and its state, are the ledger's; `status` here is a copy for searching, changed in
/// the same commit as the ledger's, except for a closing, which the posting engine commits and an event brings here.
public enum AccountsMigrations {
    public static let all: [Migration] = [
        Migration(name: "accounts/001_account", sql: tables), Migration(name: "accounts/002_dormancy", sql: dormancy),
    ]

    private static let dormancy = """
        -- When an account is looked at next, whether its holder still uses it: once in a period, not every day.
        ALTER TABLE accounts.account
            ADD COLUMN activity_check_date date,
            ADD COLUMN dormant_since date,
            ADD COLUMN is_unclaimed boolean NOT NULL DEFAULT false;
        UPDATE accounts.account SET activity_check_date = opened_date + 365;
        ALTER TABLE accounts.account ALTER COLUMN activity_check_date SET DEFAULT (CURRENT_DATE + 365);
        CREATE INDEX account_activity_check ON accounts.account (activity_check_date, id) WHERE status IN ('active', 'dormant');
        """

    private static let tables = """
        CREATE SCHEMA accounts;

        CREATE TABLE accounts.account (
            id uuid PRIMARY KEY,
            account_number text NOT NULL CONSTRAINT account_number_key UNIQUE CHECK (account_number ~ '^[0-9]{13}$'),
            name text NOT NULL CHECK (name <> ''),
            product_code text NOT NULL,
            product_version integer NOT NULL,
            account_type text NOT NULL
                CHECK (account_type IN ('current', 'savings', 'fixedDeposit', 'recurringDeposit', 'termDeposit', 'callDeposit')),
            currency char(3) NOT NULL,
            branch_code text NOT NULL CHECK (branch_code ~ '^[0-9]{3}$'),
            customer_id uuid NOT NULL,
            limit_holder uuid NOT NULL REFERENCES accounts.account,
            status text NOT NULL CHECK (status IN ('pendingApproval', 'active', 'frozen', 'dormant', 'closed', 'rejected')),
            operating_rule text NOT NULL CHECK (operating_rule IN ('anyOne', 'anyTwo', 'all')),
            alias text,
            purpose text,
            source_of_funds text,
            board_resolution_document_id uuid,
            opened_date date NOT NULL,
            closed_date date,
            workflow_id uuid,
            opened_by uuid,
            created_at timestamptz NOT NULL,
            version bigint NOT NULL DEFAULT 1 CHECK (version > 0),
            CHECK (status <> 'closed' OR closed_date IS NOT NULL)
        );
        CREATE INDEX account_by_customer ON accounts.account (customer_id, id DESC);
        CREATE INDEX account_by_branch ON accounts.account (branch_code, id DESC);
        CREATE INDEX account_not_active ON accounts.account (status, id DESC) WHERE status <> 'active';

        -- Which account keeps a customer's outgoing sum of the day: the first one, for good.
        CREATE TABLE accounts.limit_holder (
            customer_id uuid PRIMARY KEY,
            account_id uuid NOT NULL REFERENCES accounts.account DEFERRABLE INITIALLY DEFERRED
        );

        CREATE TABLE accounts.holder (
            account_id uuid NOT NULL REFERENCES accounts.account,
            customer_id uuid NOT NULL,
            relationship text NOT NULL CHECK (relationship <> ''),
            ownership_basis_points integer NOT NULL CHECK (ownership_basis_points BETWEEN 0 AND 10000),
            is_primary boolean NOT NULL,
            can_view boolean NOT NULL,
            can_transact boolean NOT NULL,
            PRIMARY KEY (account_id, customer_id)
        );
        CREATE UNIQUE INDEX holder_primary ON accounts.holder (account_id) WHERE is_primary;
        CREATE INDEX holder_by_customer ON accounts.holder (customer_id, account_id DESC);

        CREATE TABLE accounts.signatory (
            account_id uuid NOT NULL REFERENCES accounts.account,
            customer_id uuid NOT NULL,
            role text NOT NULL CHECK (role <> ''),
            can_initiate boolean NOT NULL,
            can_approve boolean NOT NULL,
            PRIMARY KEY (account_id, customer_id)
        );

        -- Every change of state with who and why. Append-only.
        CREATE TABLE accounts.state_change (
            id uuid PRIMARY KEY,
            account_id uuid NOT NULL REFERENCES accounts.account,
            change text NOT NULL
                CHECK (change IN ('approve', 'reject', 'freeze', 'unfreeze', 'markDormant', 'reactivate', 'close')),
            scope text,
            reason text NOT NULL,
            changed_by uuid,
            changed_at timestamptz NOT NULL
        );
        CREATE INDEX state_change_by_account ON accounts.state_change (account_id, id DESC);
        CREATE UNIQUE INDEX state_change_close ON accounts.state_change (account_id) WHERE change = 'close';

        -- Serials of account numbers by branch and class, claimed by processes a block at a time. Never changed or removed.
        CREATE TABLE accounts.number_block (
            space text NOT NULL,
            first_number bigint NOT NULL CHECK (first_number > 0),
            last_number bigint NOT NULL CHECK (last_number >= first_number),
            claimed_at timestamptz NOT NULL,
            PRIMARY KEY (space, first_number)
        );

        GRANT USAGE ON SCHEMA accounts TO wekeza_app;
        GRANT SELECT, INSERT, UPDATE ON accounts.account, accounts.holder, accounts.signatory TO wekeza_app;
        GRANT SELECT, INSERT ON accounts.limit_holder, accounts.state_change, accounts.number_block TO wekeza_app;
        """
}

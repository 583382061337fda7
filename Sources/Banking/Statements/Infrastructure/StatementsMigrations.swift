import Postgres

/// The tables of this room. A statement that was made is never changed: nobody has the right to.
public enum StatementsMigrations {
    public static let all: [Migration] = [
        Migration(
            name: "statements/001_statement",
            sql: """
                CREATE SCHEMA statements;

                CREATE TABLE statements.statement (
                    account_id uuid NOT NULL,
                    from_date date NOT NULL,
                    to_date date NOT NULL CHECK (to_date >= from_date),
                    currency char(3) NOT NULL,
                    opening_balance bigint NOT NULL,
                    closing_balance bigint NOT NULL,
                    total_credits bigint NOT NULL CHECK (total_credits >= 0),
                    total_debits bigint NOT NULL CHECK (total_debits >= 0),
                    entry_count bigint NOT NULL CHECK (entry_count >= 0),
                    created_at timestamptz NOT NULL,
                    CONSTRAINT statement_pkey PRIMARY KEY (account_id, to_date, from_date),
                    CHECK (opening_balance::numeric + total_credits - total_debits = closing_balance)
                );

                GRANT USAGE ON SCHEMA statements TO wekeza_app;
                GRANT SELECT, INSERT ON statements.statement TO wekeza_app;
                """),
        Migration(
            name: "statements/002_month",
            sql: """
                -- What the account was called when its statement was made: a customer who marries later changes nothing about it.
                ALTER TABLE statements.statement ADD COLUMN account_name text NOT NULL DEFAULT '',
                    ADD COLUMN branch_code text NOT NULL DEFAULT '';

                -- Months of which every statement is there.
                CREATE TABLE statements.month (from_date date PRIMARY KEY, completed_at timestamptz NOT NULL);

                GRANT SELECT, INSERT ON statements.month TO wekeza_app;
                """),
    ]
}

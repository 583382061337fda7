import Kernel
import Postgres

public enum LedgerMigrations {
    /// Tables whose monthly partitions the maintenance job keeps ready.
    public static let partitionedTables = ["ledger.journal", "ledger.entry"]

    public static let all: [Migration] = [
        Migration(name: "ledger/001_books", sql: books),
        Migration(name: "ledger/002_chart_of_accounts", sql: ChartOfAccounts.insertSQL),
        Migration(name: "ledger/003_hold_history", sql: holdHistory),
        Migration(name: "ledger/004_balances_for_other_rooms", sql: publishedBalances),
        Migration(name: "ledger/005_account_history", sql: accountHistory),
    ]

    /// The ledger's contract in SQL (docs/decisions/0010): what other rooms may name in statements over whole sets of accounts, so that
    /// interest on a million balances is one statement. However the journal is stored, these keep their meaning.
    private static let publishedBalances = """
        -- `revision` grows with every change of an account; `last_journal` is the newest journal on it.
        CREATE VIEW ledger.account_balance AS
            SELECT id AS account_id, currency, balance, revision, last_journal FROM ledger.account;

        -- What an account's balance was before a place in the journal; null before its first entry.
        CREATE FUNCTION ledger.balance_before(account uuid, boundary uuid) RETURNS bigint LANGUAGE sql STABLE AS $function$
            SELECT l.balance_after FROM (
                SELECT journal_id FROM ledger.entry WHERE account_id = account AND journal_id < boundary
                ORDER BY journal_id DESC LIMIT 1) AS e
            JOIN ledger.journal j ON j.id = e.journal_id
            CROSS JOIN LATERAL unnest(j.line_accounts, j.line_balances) WITH ORDINALITY AS l (account_id, balance_after, number)
            WHERE l.account_id = account ORDER BY l.number DESC LIMIT 1
        $function$;

        -- The place in the journal at which a business date ended; null while it is open.
        CREATE FUNCTION ledger.end_of_day(day date) RETURNS uuid LANGUAGE sql STABLE AS $function$
            SELECT first_journal FROM ledger.business_day WHERE business_date > day ORDER BY business_date LIMIT 1
        $function$;

        GRANT SELECT ON ledger.account_balance TO wekeza_app;
        """

    private static let holdHistory = """
        -- What a hold was after each step. Identifiers come from the journal's lanes, so "at the close of a day" means the same for holds
        -- as for entries, and an answer for a closed day stays what it was whatever becomes of the hold later.
        CREATE TABLE ledger.hold_change (
            id uuid PRIMARY KEY,
            hold_id uuid NOT NULL REFERENCES ledger.hold,
            account_id uuid NOT NULL,
            amount bigint NOT NULL CHECK (amount >= 0),
            captured_amount bigint NOT NULL CHECK (captured_amount >= 0),
            status smallint NOT NULL CHECK (status BETWEEN 1 AND 4)
        );
        CREATE INDEX hold_change_by_account ON ledger.hold_change (account_id, hold_id, id);
        GRANT SELECT, INSERT ON ledger.hold_change TO wekeza_app;
        """

    private static let accountHistory = """
        -- What an account's standing was after each change of it, with the business day on which it changed.
        CREATE TABLE ledger.account_change (
            account_id uuid NOT NULL REFERENCES ledger.account,
            version bigint NOT NULL,
            business_date date NOT NULL,
            changed_at timestamptz NOT NULL,
            status smallint NOT NULL CHECK (status BETWEEN 0 AND 5),
            overdraft_limit bigint NOT NULL CHECK (overdraft_limit >= 0),
            PRIMARY KEY (account_id, version)
        );
        GRANT SELECT, INSERT ON ledger.account_change TO wekeza_app;
        """

    private static let books = """
        CREATE SCHEMA ledger;

        CREATE TABLE ledger.gl_account (
            gl_code integer PRIMARY KEY CHECK (gl_code BETWEEN 1000 AND 999999999),
            gl_name text NOT NULL,
            account_type text NOT NULL CHECK (account_type IN ('asset', 'liability', 'equity', 'income', 'expense', 'memorandum')),
            category text NOT NULL,
            level smallint NOT NULL CHECK (level > 0),
            is_leaf boolean NOT NULL,
            parent_gl_code integer REFERENCES ledger.gl_account,
            allow_manual_posting boolean NOT NULL,
            status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive'))
        );

        -- The sub-ledger. One row is locked and updated for every posting, so no index may hold a column that postings change
        -- and a page keeps room for the next version of its rows: every update then stays on its page (HOT).
        CREATE TABLE ledger.account (
            id uuid PRIMARY KEY,
            gl_code integer NOT NULL REFERENCES ledger.gl_account,
            currency char(3) NOT NULL,
            owner uuid,
            limit_holder uuid NOT NULL,
            status smallint NOT NULL CHECK (status BETWEEN 0 AND 5),
            freeze_scope smallint NOT NULL DEFAULT 0 CHECK (freeze_scope BETWEEN 0 AND 2),
            is_customer_blocked boolean NOT NULL DEFAULT false,
            requires_kyc boolean NOT NULL DEFAULT false,
            balance bigint NOT NULL DEFAULT 0,
            hold_amount bigint NOT NULL DEFAULT 0 CHECK (hold_amount >= 0),
            overdraft_limit bigint NOT NULL DEFAULT 0 CHECK (overdraft_limit >= 0),
            minimum_balance bigint NOT NULL DEFAULT 0 CHECK (minimum_balance >= 0),
            transaction_limit bigint CHECK (transaction_limit > 0),
            maximum_balance bigint CHECK (maximum_balance >= 0),
            outgoing_date date,
            outgoing_amount bigint NOT NULL DEFAULT 0 CHECK (outgoing_amount >= 0),
            last_journal uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
            is_overdrawn_by_bank boolean NOT NULL DEFAULT false,
            version bigint NOT NULL DEFAULT 1,
            -- Grows with every change whatever its kind: a batch writes an account only if it is still the one it decided on.
            revision bigint NOT NULL DEFAULT 1,
            CHECK ((status = 2) = (freeze_scope <> 0)),
            CHECK (status <> 5 OR balance = 0),
            CHECK (status <> 4 OR (balance = 0 AND hold_amount = 0)),
            -- The floor: nobody but the bank itself can take an account below it, and then the row says so.
            CONSTRAINT account_floor CHECK (is_overdrawn_by_bank OR balance - hold_amount + overdraft_limit >= minimum_balance)
        ) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02);
        CREATE INDEX account_by_owner ON ledger.account (owner) WHERE owner IS NOT NULL;
        CREATE INDEX account_by_gl ON ledger.account (gl_code);

        -- The truth. A journal and its lines are one row, the lines as parallel arrays: what has a row and index entries of its own for
        -- each line costs more than all the rest of a transfer. No row foreign keys: they cost a third of the throughput. An account of
        -- a line was read and is updated in the same transaction, and the trigger below proves once a statement that every journal balances.
        CREATE TABLE ledger.journal (
            id uuid NOT NULL PRIMARY KEY,
            kind smallint NOT NULL,
            type smallint NOT NULL,
            reference_prefix char(3) NOT NULL,
            business_date date NOT NULL,
            value_date date NOT NULL,
            source_type text NOT NULL,
            source_id uuid,
            channel text NOT NULL,
            initiated_by uuid,
            narration text,
            beneficiary_name text,
            client_transaction_id uuid,
            reversal_of uuid,
            lane smallint NOT NULL,
            position bigint NOT NULL,
            hash bytea NOT NULL CHECK (octet_length(hash) = 32),
            -- One code for all lines, or one for each with commas between them.
            currencies text NOT NULL,
            line_types smallint[] NOT NULL,
            line_ordinals smallint[] NOT NULL,
            -- Zero stands for no account: a line of the general ledger alone, whose balance is zero as well.
            line_accounts uuid[] NOT NULL,
            line_gl_codes integer[] NOT NULL,
            line_amounts bigint[] NOT NULL,
            line_balances bigint[] NOT NULL,
            CONSTRAINT journal_lines CHECK (
                cardinality(line_amounts) >= 2 AND cardinality(line_types) = cardinality(line_amounts)
                AND cardinality(line_ordinals) = cardinality(line_amounts) AND cardinality(line_accounts) = cardinality(line_amounts)
                AND cardinality(line_gl_codes) = cardinality(line_amounts) AND cardinality(line_balances) = cardinality(line_amounts)
                AND 0 <> ALL (line_amounts))
        ) PARTITION BY RANGE (id);
        CREATE TABLE ledger.journal_default PARTITION OF ledger.journal DEFAULT;
        CREATE INDEX journal_by_source ON ledger.journal (source_id) WHERE source_id IS NOT NULL;

        CREATE FUNCTION ledger.prove_journals() RETURNS trigger LANGUAGE plpgsql AS $function$
        BEGIN
            IF EXISTS (
                SELECT FROM added AS a WHERE length(a.currencies) = 3 AND (SELECT sum(m) FROM unnest(a.line_amounts) AS m) <> 0
            ) OR EXISTS (
                SELECT FROM added AS a CROSS JOIN LATERAL unnest(a.line_amounts) WITH ORDINALITY AS l (amount, number)
                WHERE length(a.currencies) <> 3
                GROUP BY a.id, split_part(a.currencies, ',', l.number::integer) HAVING sum(l.amount) <> 0
            ) THEN
                RAISE EXCEPTION 'a journal does not balance' USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_balanced';
            END IF;
            RETURN NULL;
        END
        $function$;
        CREATE TRIGGER prove_journals AFTER INSERT ON ledger.journal
            REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger.prove_journals();

        -- Which journals an account is in, once each. Identifiers of journals grow along an account, so this one index serves pages,
        -- balances of any moment and running balances.
        CREATE TABLE ledger.entry (
            account_id uuid NOT NULL,
            journal_id uuid NOT NULL
        ) PARTITION BY RANGE (journal_id);
        CREATE TABLE ledger.entry_default PARTITION OF ledger.entry DEFAULT;
        CREATE INDEX entry_by_account ON ledger.entry (account_id, journal_id);

        -- A row a line, for people and reports. Nothing is stored here.
        CREATE VIEW ledger.posting AS
        SELECT j.id AS journal_id, l.number::smallint AS line_number, l.ordinal, l.type,
            nullif(l.account, '00000000-0000-0000-0000-000000000000') AS account_id, l.gl_code,
            (CASE WHEN length(j.currencies) = 3 THEN j.currencies ELSE split_part(j.currencies, ',', l.number::integer) END)::char(3)
                AS currency,
            l.amount, CASE WHEN l.account <> '00000000-0000-0000-0000-000000000000' THEN l.balance END AS balance_after
        FROM ledger.journal j
        CROSS JOIN LATERAL unnest(j.line_ordinals, j.line_types, j.line_accounts, j.line_gl_codes, j.line_amounts, j.line_balances)
            WITH ORDINALITY AS l (ordinal, type, account, gl_code, amount, balance, number);

        -- What a batch moved on each general-ledger account, control accounts included: rows are only added, so that batches never
        -- wait for each other's totals, and folded into gl_balance now and then.
        CREATE TABLE ledger.gl_movement (
            gl_code integer NOT NULL,
            currency char(3) NOT NULL,
            business_date date NOT NULL,
            debit bigint NOT NULL CHECK (debit >= 0),
            credit bigint NOT NULL CHECK (credit >= 0)
        ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
        CREATE TABLE ledger.gl_balance (
            gl_code integer NOT NULL REFERENCES ledger.gl_account,
            currency char(3) NOT NULL,
            business_date date NOT NULL,
            debit numeric(38, 0) NOT NULL,
            credit numeric(38, 0) NOT NULL,
            PRIMARY KEY (gl_code, currency, business_date)
        );

        CREATE TABLE ledger.hold (
            id uuid PRIMARY KEY,
            account_id uuid NOT NULL REFERENCES ledger.account,
            amount bigint NOT NULL CHECK (amount >= 0),
            captured_amount bigint NOT NULL CHECK (captured_amount >= 0),
            original_amount bigint NOT NULL CHECK (original_amount > 0),
            currency char(3) NOT NULL,
            reason text NOT NULL,
            status smallint NOT NULL CHECK (status BETWEEN 1 AND 4),
            placed_at timestamptz NOT NULL,
            expires_at timestamptz,
            ended_at timestamptz,
            CHECK ((status = 1) = (ended_at IS NULL)),
            CHECK ((status = 1) = (amount > 0)),
            CHECK (captured_amount + amount <= original_amount)
        );
        CREATE INDEX hold_by_account ON ledger.hold (account_id, id);
        CREATE INDEX hold_expiring ON ledger.hold (expires_at) WHERE status = 1 AND expires_at IS NOT NULL;

        CREATE TABLE ledger.client_transaction (
            transaction_id uuid CONSTRAINT client_transaction_pkey PRIMARY KEY,
            journal_id uuid NOT NULL,
            caller uuid NOT NULL,
            body_digest uuid NOT NULL
        );
        CREATE TABLE ledger.reversal (
            journal_id uuid CONSTRAINT reversal_pkey PRIMARY KEY,
            reversal_id uuid NOT NULL UNIQUE
        );

        -- A day begins with the first identifier a journal of it can have, so "the close of a day" is a place in the journal.
        CREATE TABLE ledger.business_day (
            business_date date PRIMARY KEY,
            first_journal uuid NOT NULL UNIQUE,
            opened_at timestamptz NOT NULL
        );

        GRANT USAGE ON SCHEMA ledger TO wekeza_app;
        GRANT SELECT, INSERT, UPDATE ON ledger.gl_account, ledger.account, ledger.hold TO wekeza_app;
        -- The journal is append-only: the application may add and read, and nothing else.
        GRANT SELECT, INSERT ON ledger.journal, ledger.entry, ledger.client_transaction, ledger.reversal TO wekeza_app;
        GRANT SELECT ON ledger.posting TO wekeza_app;
        GRANT SELECT, INSERT ON ledger.business_day TO wekeza_app;
        GRANT SELECT, INSERT, DELETE ON ledger.gl_movement TO wekeza_app;
        GRANT SELECT, INSERT, UPDATE ON ledger.gl_balance TO wekeza_app;
        """
}

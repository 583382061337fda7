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
                """)
    ]
}

import Postgres

/// Products, prices, taxes, limits and rates. Rows are never changed, only ended: a new value is a new row.
///
/// Periods are half open. A key has no two rows with one beginning or one end, and a row ends after it begins; that its rows do not
/// overlap is kept by `ProductCommands`, which ends the row in force before it adds the next.
public enum ProductsMigrations {
    public static let all: [Migration] = [
        Migration(name: "products/001_catalogue_and_tariffs", sql: tables),
        Migration(name: "products/002_taxes_and_limits", sql: statutory),
        Migration(name: "products/003_terms_and_reference_rates", sql: terms),
        // Who locks a row must have the right to change some column of it; this one never changes.
        Migration(name: "products/004_lock_product", sql: "GRANT UPDATE (category) ON products.product TO wekeza_app;"),
        Migration(name: "products/010_limit_changes", sql: limitChanges),
    ]

    /// A limit may be changed several times on one day: the newest change counts, and none is forgotten.
    private static let limitChanges = """
        CREATE TABLE products.limit_change (
            key text NOT NULL,
            valid_from date NOT NULL,
            ordinal integer NOT NULL CHECK (ordinal > 0),
            amount bigint NOT NULL CHECK (amount >= 0),
            PRIMARY KEY (key, valid_from, ordinal)
        );
        GRANT SELECT, INSERT ON products.limit_change TO wekeza_app;
        """

    private static let terms = """
        -- A version's terms are one document, read whole by contracts that were made under it. A draft is in force on no day.
        ALTER TABLE products.product_version
            ALTER COLUMN valid_from DROP NOT NULL,
            ADD COLUMN terms jsonb NOT NULL DEFAULT '{}',
            ADD COLUMN authored_by uuid,
            ADD COLUMN activated_by uuid,
            ADD CHECK (valid_from IS NOT NULL OR status IN ('draft', 'withdrawn'));
        GRANT UPDATE (valid_from, status, activated_by) ON products.product_version TO wekeza_app;

        CREATE TABLE products.reference_rate (
            rate_code text NOT NULL CHECK (rate_code ~ '^[A-Z0-9]{2,20}$'),
            rate_millionths bigint NOT NULL CHECK (rate_millionths BETWEEN 0 AND 100000000),
            valid_from date NOT NULL,
            entered_by uuid,
            PRIMARY KEY (rate_code, valid_from)
        );
        GRANT SELECT, INSERT ON products.reference_rate TO wekeza_app;
        """

    private static let tables = """
        CREATE SCHEMA products;

        CREATE TABLE products.product (
            product_code text PRIMARY KEY CHECK (product_code ~ '^[A-Z0-9]{2,20}$'),
            category text NOT NULL CHECK (category IN ('deposits', 'loans', 'cards', 'tradeFinance', 'treasury')),
            type text NOT NULL
        );
        CREATE TABLE products.product_version (
            product_code text NOT NULL REFERENCES products.product,
            version integer NOT NULL CHECK (version > 0),
            name text NOT NULL CHECK (name <> ''),
            description text NOT NULL,
            currencies text[] NOT NULL CHECK (cardinality(currencies) > 0),
            status text NOT NULL CHECK (status IN ('draft', 'active', 'inactive', 'withdrawn')),
            gl_number integer CHECK (gl_number BETWEEN 1000 AND 999999999),
            minimum_balance bigint NOT NULL DEFAULT 0 CHECK (minimum_balance >= 0),
            minimum_kyc_tier smallint NOT NULL DEFAULT 1 CHECK (minimum_kyc_tier BETWEEN 0 AND 3),
            is_for_individuals boolean NOT NULL DEFAULT true,
            is_for_organisations boolean NOT NULL DEFAULT true,
            valid_from date NOT NULL,
            valid_to date,
            PRIMARY KEY (product_code, version),
            UNIQUE (product_code, valid_from),
            CHECK (valid_to > valid_from)
        );

        CREATE TABLE products.tariff (
            id uuid PRIMARY KEY,
            fee_code text NOT NULL CHECK (fee_code <> ''),
            name text NOT NULL CHECK (name <> ''),
            applies_to text NOT NULL,
            currency char(3) NOT NULL,
            calculation text NOT NULL CHECK (calculation IN ('flat', 'percentage', 'tiered')),
            amount bigint CHECK (amount >= 0),
            percentage_millionths bigint CHECK (percentage_millionths BETWEEN 0 AND 100000000),
            minimum_amount bigint CHECK (minimum_amount >= 0),
            maximum_amount bigint CHECK (maximum_amount >= minimum_amount),
            is_excisable boolean NOT NULL,
            valid_from date NOT NULL,
            valid_to date,
            UNIQUE (applies_to, currency, valid_from),
            UNIQUE NULLS NOT DISTINCT (applies_to, currency, valid_to),
            CHECK (valid_to > valid_from),
            CHECK ((calculation = 'flat') = (amount IS NOT NULL)),
            CHECK ((calculation = 'percentage') = (percentage_millionths IS NOT NULL))
        );
        -- Only the upper end of a tier is stored, so tiers can neither overlap nor leave a gap.
        CREATE TABLE products.tariff_tier (
            tariff_id uuid NOT NULL REFERENCES products.tariff,
            up_to bigint CHECK (up_to > 0),
            fee bigint NOT NULL CHECK (fee >= 0),
            UNIQUE NULLS NOT DISTINCT (tariff_id, up_to)
        );

        CREATE TABLE products.tax_rate (
            tax_code text NOT NULL,
            rate_millionths bigint NOT NULL CHECK (rate_millionths BETWEEN 0 AND 100000000),
            source text NOT NULL,
            valid_from date NOT NULL,
            valid_to date,
            PRIMARY KEY (tax_code, valid_from),
            UNIQUE NULLS NOT DISTINCT (tax_code, valid_to),
            CHECK (valid_to > valid_from)
        );

        CREATE TABLE products.limit_parameter (
            key text NOT NULL,
            amount bigint NOT NULL CHECK (amount >= 0),
            currency char(3) NOT NULL CHECK (currency = 'KES'),
            valid_from date NOT NULL,
            valid_to date,
            PRIMARY KEY (key, valid_from),
            UNIQUE NULLS NOT DISTINCT (key, valid_to),
            CHECK (valid_to > valid_from)
        );

        -- Shillings for one unit of the currency, in units of 10^-8.
        CREATE TABLE products.mid_rate (
            currency char(3) NOT NULL CHECK (currency <> 'KES'),
            rate_hundred_millionths bigint NOT NULL CHECK (rate_hundred_millionths > 0),
            valid_from date NOT NULL,
            valid_to date,
            PRIMARY KEY (currency, valid_from),
            UNIQUE NULLS NOT DISTINCT (currency, valid_to),
            CHECK (valid_to > valid_from)
        );

        -- Holidays gazetted for one year; those that the law fixes are computed.
        CREATE TABLE products.holiday (
            holiday_date date PRIMARY KEY,
            name text NOT NULL CHECK (name <> '')
        );

        GRANT USAGE ON SCHEMA products TO wekeza_app;
        GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA products TO wekeza_app;
        GRANT UPDATE (valid_to) ON products.product_version, products.tariff, products.tax_rate, products.limit_parameter,
            products.mid_rate TO wekeza_app;
        GRANT DELETE ON products.holiday TO wekeza_app;
        """

    /// What the law and the contract set, in every bank. Of the excise of 2013 only the year is certain, so the row covers all of it.
    private static let statutory = """
        INSERT INTO products.tax_rate (tax_code, rate_millionths, source, valid_from, valid_to) VALUES
            ('excise', 10000000, 'Finance Act 2013', '2013-01-01', '2018-09-28'),
            ('excise', 20000000, 'Finance Act 2018', '2018-09-28', '2023-07-01'),
            ('excise', 15000000, 'Finance Act 2023', '2023-07-01', '2024-08-01'),
            ('excise', 20000000, 'Court of Appeal, Finance Act 2023 void', '2024-08-01', '2024-08-20'),
            ('excise', 15000000, 'Supreme Court, stay of the judgment', '2024-08-20', NULL),
            ('withholdingOnInterest', 15000000, 'Income Tax Act, third schedule', '2000-01-01', NULL);
        INSERT INTO products.limit_parameter (key, amount, currency, valid_from) VALUES
            ('limits.customerPerTransfer', 50000000, 'KES', '2000-01-01'),
            ('limits.customerDaily', 100000000, 'KES', '2000-01-01'),
            ('stepUp.transferThreshold', 5000000, 'KES', '2000-01-01'),
            ('limits.kycTier1PerTransaction', 25000000, 'KES', '2000-01-01'),
            ('limits.kycTier1Balance', 50000000, 'KES', '2000-01-01');
        """
}

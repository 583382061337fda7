import Interest
import Kernel
import Postgres

/// The set-based arithmetic of `Accrual`: the same whole-number rule, over all accounts of a range in one statement.
enum InterestAccountStore {
    /// A range of accounts, both ends included.
    struct AccountRange: Sendable, Equatable {
        let first: UInt128
        let last: UInt128

        var condition: SQL { "BETWEEN \(first) AND \(last)" }

        var text: String { "\(Identifier<Account>(bits: first)) \(Identifier<Account>(bits: last))" }

        init(first: UInt128, last: UInt128) {
            self.first = first
            self.last = last
        }

        init?(_ text: String) {
            let ends = text.split(separator: " ").compactMap { Identifier<Account>($0)?.bits }
            guard ends.count == 2 else { return nil }
            self.init(first: ends[0], last: ends[1])
        }

        static let all = AccountRange(first: 0, last: .max)
    }

    /// Terms with their rates on one day.
    struct DayTerms: Sendable {
        let key: Int32
        let basis: Int64
        let rates: TieredRate

        var divisor: Int64 { 100 * basis }

        /// The rate for a balance as SQL. Numbers of our own, never a caller's text.
        func rateSQL(_ balance: String) -> String {
            let bands = rates.tiers.reversed().map { "WHEN \(balance) >= \($0.from) THEN \($0.rate.millionthsOfPercent)" }
            return bands.isEmpty ? "0::bigint" : "(CASE WHEN \(balance) <= 0 THEN 0 \(bands.joined(separator: " ")) ELSE 0 END)::bigint"
        }
    }

    /// A plan for these very bounds: a generic one would guess at the size of a range.
    static let planForValues: SQL = "SET LOCAL plan_cache_mode = force_custom_plan"

    /// Which accounts of a range a statement gives the day to.
    enum Share: Sendable {
        case all
        /// Those that have not moved since the day before was reckoned: nearly all, and `correct` need not look at them.
        case unmoved
        /// What the others have left. Each finds its balance by the index, so that the large join is made once a day.
        case rest
    }

    /// One more day for the accounts of a range that do not have it yet.
    static func accrue(_ terms: DayTerms, _ range: AccountRange, on date: BusinessDate, _ share: Share = .all) -> SQL {
        let moved: SQL =
            share == .unmoved ? " AND (a.accrued_through IS DISTINCT FROM \(date.adding(days: -1)) OR a.accrued_revision = b.revision)" : ""
        let balances: SQL =
            share == .rest
            ? """
            deposits.interest_account AS i
                CROSS JOIN LATERAL (SELECT balance, revision FROM ledger.account_balance WHERE account_id = i.account_id OFFSET 0) AS l
                WHERE i.account_id \(range.condition) AND (i.accrued_through IS NULL OR i.accrued_through < \(date))
            """ : "ledger.account_balance WHERE account_id \(range.condition)"
        let divisor = terms.divisor
        // q × D + r = balance: q × rate is whole, r × rate / D is less than 64 bits.
        let earned = "(b.balance / \(divisor)) * b.rate + ((b.balance % \(divisor)) * b.rate) / \(divisor)"
        let rest = "(a.accrued_remainder + ((b.balance % \(divisor)) * b.rate) % \(divisor))"
        return """
            UPDATE deposits.interest_account AS a SET
                accrued_micro = a.accrued_micro + \(raw: earned) + \(raw: rest) / \(raw: String(divisor)),
                accrued_remainder = (\(raw: rest) % \(raw: String(divisor)))::integer,
                accrued_through = \(date), accrued_balance = b.balance, accrued_rate = b.rate, accrued_revision = b.revision
            FROM (
                SELECT account_id, balance, revision, \(raw: terms.rateSQL("balance")) AS rate
                FROM \(balances)
            ) AS b
            WHERE a.account_id = b.account_id AND a.account_id \(range.condition) AND a.terms_key = \(terms.key)
                AND (a.accrued_through IS NULL OR a.accrued_through < \(date)) AND b.balance <= \(Accrual.greatestBalance)\(moved)
            """
    }

    /// Reckons the day before again for accounts that moved after it was reckoned and before it ended. What the bank itself posted as
    /// interest on that day earns from the next one.
    /// - Parameter terms: with the rates of `date`
    static func correct(_ terms: DayTerms, _ range: AccountRange, dayBefore date: BusinessDate) -> SQL {
        let divisor = String(terms.divisor)
        func whole(_ balance: String, _ rate: String) -> String {
            "((\(balance) / \(divisor)) * \(rate) + ((\(balance) % \(divisor)) * \(rate)) / \(divisor))"
        }
        func rest(_ balance: String, _ rate: String) -> String { "(((\(balance) % \(divisor)) * \(rate)) % \(divisor))" }
        let old = ("a.accrued_balance", "a.accrued_rate")
        let new = ("c.counted", "c.rate")
        let remainder = "(a.accrued_remainder + \(rest(new.0, new.1)) - \(rest(old.0, old.1)))"
        // Division that rounds down, for a remainder between −D and 2 D.
        let carry = "(CASE WHEN \(remainder) < 0 THEN -1 WHEN \(remainder) >= \(divisor) THEN 1 ELSE 0 END)"
        return """
            UPDATE deposits.interest_account AS a SET
                accrued_micro = a.accrued_micro + \(raw: whole(new.0, new.1)) - \(raw: whole(old.0, old.1)) + \(raw: carry),
                accrued_remainder = (\(raw: remainder) - \(raw: carry) * \(raw: divisor))::integer,
                accrued_balance = c.counted, accrued_rate = c.rate
            FROM (
                SELECT d.account_id, d.counted, \(raw: terms.rateSQL("d.counted")) AS rate
                FROM (
                    SELECT i.account_id, CASE WHEN b.last_journal < ledger.end_of_day(\(date)) THEN b.balance
                            ELSE coalesce(ledger.balance_before(b.account_id, ledger.end_of_day(\(date))), 0) END
                        - CASE WHEN i.capitalised_on = \(date) THEN i.capitalised_net ELSE 0 END AS counted
                    FROM deposits.interest_account i
                    CROSS JOIN LATERAL (
                        SELECT * FROM ledger.account_balance WHERE account_id = i.account_id OFFSET 0
                    ) AS b
                    WHERE i.account_id \(range.condition) AND i.terms_key = \(terms.key)
                        AND i.accrued_through = \(date) AND i.accrued_revision <> b.revision OFFSET 0
                ) AS d
            ) AS c
            WHERE a.account_id = c.account_id AND a.accrued_through = \(date)
                AND (a.accrued_balance <> c.counted OR a.accrued_rate <> c.rate) AND c.counted <= \(Accrual.greatestBalance)
            """
    }

    /// Accounts whose balance is beyond what the machine reckons by itself.
    static func tooLarge(_ range: AccountRange, on date: BusinessDate, in transaction: Transaction) throws -> [Identifier<Account>] {
        try transaction.query(
            """
            SELECT a.account_id FROM deposits.interest_account a
            CROSS JOIN LATERAL (SELECT balance FROM ledger.account_balance WHERE account_id = a.account_id OFFSET 0) AS b
            WHERE a.account_id \(range.condition) AND (a.accrued_through IS NULL OR a.accrued_through < \(date))
                AND b.balance > \(Accrual.greatestBalance) LIMIT 100
            """
        ).map { try $0.identifier(0) }
    }

    /// Ranges of about equal size, by a sample of the accounts.
    static func ranges(size: Int64, in transaction: Transaction) throws -> [AccountRange] {
        let estimate =
            try transaction.query(
                """
                SELECT greatest(c.reltuples, 0)::bigint FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'deposits' AND c.relname = 'interest_account'
                """
            ).first?.int64(0) ?? 0
        guard estimate > size * 3 / 2 else { return [.all] }
        let sample = try transaction.query("SELECT account_id FROM deposits.interest_account TABLESAMPLE SYSTEM (0.5)")
            .map { try $0.uuid(0) }.sorted()
        let count = Int((estimate + size - 1) / size)
        guard sample.count >= count else { return [.all] }
        var ranges: [AccountRange] = []
        var first: UInt128 = 0
        for index in 1..<count {
            let bound = sample[index * sample.count / count]
            guard bound > first else { continue }
            ranges.append(AccountRange(first: first, last: bound - 1))
            first = bound
        }
        ranges.append(AccountRange(first: first, last: .max))
        return ranges
    }

    // MARK: Enrolment

    struct NewAccount: Sendable {
        let account: Identifier<Account>
        let customer: Identifier<Customer>
        let productCode: String
        let productVersion: Int32
        let currency: Currency
    }

    static func enrol(_ accounts: [NewAccount], in transaction: Transaction) throws {
        guard !accounts.isEmpty else { return }
        _ = try transaction.execute(
            """
            INSERT INTO deposits.interest_terms (product_code, product_version, currency)
            SELECT DISTINCT p, v, c::char(3) FROM unnest(\(accounts.map(\.productCode))::text[], \(accounts.map(\.productVersion))::integer[],
                \(accounts.map(\.currency))::text[]) AS u (p, v, c)
            WHERE NOT EXISTS (
                SELECT FROM deposits.interest_terms t WHERE t.product_code = p AND t.product_version = v AND t.currency = c::char(3))
            ON CONFLICT DO NOTHING
            """)
        _ = try transaction.execute(
            """
            INSERT INTO deposits.interest_account (account_id, customer_id, terms_key)
            SELECT a, o, t.terms_key FROM unnest(\(accounts.map(\.account))::uuid[], \(accounts.map(\.customer))::uuid[],
                \(accounts.map(\.productCode))::text[], \(accounts.map(\.productVersion))::integer[],
                \(accounts.map(\.currency))::text[]) AS u (a, o, p, v, c)
            JOIN deposits.interest_terms t ON t.product_code = p AND t.product_version = v AND t.currency = c::char(3)
            ON CONFLICT (account_id) DO NOTHING
            """)
    }

    struct Terms: Sendable {
        let key: Int32
        let productCode: String
        let productVersion: Int32
        let currency: Currency
    }

    static func terms(in transaction: Transaction) throws -> [Terms] {
        try transaction.query("SELECT terms_key, product_code, product_version, currency FROM deposits.interest_terms ORDER BY terms_key")
            .map { Terms(key: try $0.int32(0), productCode: try $0.text(1), productVersion: try $0.int32(2), currency: try $0.currency(3)) }
    }

    // MARK: Posting

    struct Due: Sendable {
        let account: Identifier<Account>
        let customer: Identifier<Customer>
        let termsKey: Int32
        let accrual: Accrual
    }

    /// Accounts whose interest comes to something and has not been posted on this day.
    static func due(
        _ keys: [Int32], _ range: AccountRange, on date: BusinessDate, limit: Int64, in transaction: Transaction
    ) throws -> [Due] {
        try transaction.query(
            """
            SELECT account_id, customer_id, terms_key, accrued_micro, accrued_remainder FROM deposits.interest_account
            WHERE account_id \(range.condition) AND terms_key = ANY(\(keys)::integer[]) AND accrued_micro >= 500000
                AND (capitalised_on IS NULL OR capitalised_on < \(date))
            ORDER BY account_id LIMIT \(limit)
            """
        ).map { row in
            Due(
                account: try row.identifier(0), customer: try row.identifier(1), termsKey: try row.int32(2),
                accrual: Accrual(micro: try row.int64(3), remainder: try row.int32(4)))
        }
    }

    /// Marks accruals as posted, in the commit that posts them. Fails when one of them has changed meanwhile.
    static func markPosted(_ due: [(due: Due, net: Int64)], on date: BusinessDate) -> SQL {
        """
        WITH posted AS (
            UPDATE deposits.interest_account AS a SET accrued_micro = 0, accrued_remainder = 0, capitalised_on = \(date),
                capitalised_net = CASE WHEN a.capitalised_on = \(date) THEN a.capitalised_net ELSE 0 END + u.n
            FROM unnest(\(due.map(\.due.account))::uuid[], \(due.map(\.due.accrual.micro))::bigint[], \(due.map(\.net))::bigint[])
                AS u (i, m, n)
            WHERE a.account_id = u.i AND a.accrued_micro = u.m RETURNING 1
        )
        SELECT 1 / (count(*) = \(Int64(due.count)))::integer FROM posted
        """
    }

    static func accrual(of account: Identifier<Account>, in transaction: Transaction) throws -> Due? {
        try transaction.query(
            """
            SELECT account_id, customer_id, terms_key, accrued_micro, accrued_remainder FROM deposits.interest_account
            WHERE account_id = \(account)
            """
        ).first.map { row in
            Due(
                account: try row.identifier(0), customer: try row.identifier(1), termsKey: try row.int32(2),
                accrual: Accrual(micro: try row.int64(3), remainder: try row.int32(4)))
        }
    }

    /// What is accrued under each terms: accounts, whole millionths, remainders.
    static func totals(in transaction: Transaction) throws -> [Int32: (accounts: Int64, micro: Int128, remainder: Int128)] {
        let rows = try transaction.query(
            """
            SELECT terms_key, count(*), coalesce(sum(accrued_micro), 0), coalesce(sum(accrued_remainder), 0)::numeric
            FROM deposits.interest_account GROUP BY terms_key
            """)
        return Dictionary(
            try rows.map { (try $0.int32(0), (try $0.int64(1), try $0.int128(2), try $0.int128(3))) },
            uniquingKeysWith: { first, _ in first })
    }
}

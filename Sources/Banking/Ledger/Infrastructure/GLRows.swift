import Kernel
import Postgres

/// The totals of the general ledger: what was folded by day, and what batches added since.
enum GLRows {
    /// Debit and credit by account, currency and day: `gl_code, currency, business_date, debit, credit`.
    static func dailyTotals(upTo date: BusinessDate?) -> SQL {
        """
        SELECT gl_code, currency, business_date, sum(debit), sum(credit) FROM (
            SELECT gl_code, currency, business_date, debit, credit FROM ledger.gl_balance
            UNION ALL
            SELECT gl_code, currency, business_date, debit, credit FROM ledger.gl_movement
        ) AS t WHERE (\(date)::date IS NULL OR business_date <= \(date)::date)
        GROUP BY gl_code, currency, business_date
        """
    }

    /// Debit and credit by account and currency at the close of a day: `gl_code, currency, debit, credit`.
    static func totals(from: BusinessDate? = nil, upTo date: BusinessDate?) -> SQL {
        """
        SELECT gl_code, currency, sum(debit), sum(credit) FROM (
            SELECT gl_code, currency, business_date, debit, credit FROM ledger.gl_balance
            UNION ALL
            SELECT gl_code, currency, business_date, debit, credit FROM ledger.gl_movement
        ) AS t WHERE (\(from)::date IS NULL OR business_date >= \(from)::date) AND (\(date)::date IS NULL OR business_date <= \(date)::date)
        GROUP BY gl_code, currency ORDER BY gl_code, currency
        """
    }

    /// Folds movements into the totals of their day, in one statement: a reader sees each amount exactly once, before or after.
    static func fold() -> SQL {
        """
        WITH moved AS (DELETE FROM ledger.gl_movement RETURNING gl_code, currency, business_date, debit, credit)
        INSERT INTO ledger.gl_balance AS b (gl_code, currency, business_date, debit, credit)
        SELECT gl_code, currency, business_date, sum(debit), sum(credit) FROM moved GROUP BY gl_code, currency, business_date
        ORDER BY gl_code, currency, business_date
        ON CONFLICT (gl_code, currency, business_date)
        DO UPDATE SET debit = b.debit + excluded.debit, credit = b.credit + excluded.credit
        """
    }
}

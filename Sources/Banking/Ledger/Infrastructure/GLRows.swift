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

    /// A business day as a place in the journal.
    struct Day {
        let first: UInt128
        /// The first identifier after the day; nil for the open one.
        let end: UInt128?
    }

    /// The days on which an account moved, in their order.
    static func days(
        of code: GLCode, from: BusinessDate?, to: BusinessDate?, in transaction: Transaction
    ) throws -> [Day] {
        try transaction.query(
            """
            SELECT first_journal, next_journal FROM (
                SELECT business_date, first_journal, lead(first_journal) OVER (ORDER BY business_date) AS next_journal
                FROM ledger.business_day
            ) AS d
            WHERE (\(from)::date IS NULL OR business_date >= \(from)::date) AND (\(to)::date IS NULL OR business_date <= \(to)::date)
                AND business_date IN (
                    SELECT business_date FROM ledger.gl_balance WHERE gl_code = \(code.number)
                    UNION ALL SELECT business_date FROM ledger.gl_movement WHERE gl_code = \(code.number))
            ORDER BY business_date
            """
        ).map { Day(first: try $0.uuid(0), end: try $0.uuidOrNil(1)) }
    }

    /// An account's lines of one day, newest first: the journal's columns and the line's number.
    static func lines(of code: GLCode, currency: Currency?, on day: Day, before cursor: EntryCursor?, limit: Int) -> SQL {
        var condition: SQL = "l.code = \(code.number) AND j.id >= \(day.first)"
        if let end = day.end { condition.append(" AND j.id < \(end)") }
        if let currency {
            condition.append(
                """
                 AND CASE WHEN length(j.currencies) = 3 THEN j.currencies ELSE split_part(j.currencies, ',', l.number::integer) END
                    = \(currency.code)
                """)
        }
        if let cursor {
            condition.append(
                " AND j.id <= \(cursor.journal) AND (j.id < \(cursor.journal) OR l.number < \(Int64(cursor.lineNumber)))")
        }
        return """
            SELECT \(raw: JournalRows.columnsOfJ), l.number
            FROM ledger.journal j CROSS JOIN LATERAL unnest(j.line_gl_codes) WITH ORDINALITY AS l (code, number)
            WHERE \(condition) ORDER BY j.id DESC, l.number DESC LIMIT \(Int64(limit))
            """
    }
}

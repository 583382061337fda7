import Kernel
import Postgres
import TestKit
import Testing

/// What must hold in the books after every step of every test, asked of PostgreSQL itself and not of the program's own verifier.
enum BookInvariants {
    /// Each query yields a line for every breach.
    private static let queries: [(name: String, sql: SQL)] = [
        (
            "postings sum to zero in every currency",
            "SELECT currency || ' ' || sum(amount) FROM ledger.posting GROUP BY currency HAVING sum(amount) <> 0"
        ),
        (
            "every journal has lines and balances",
            """
            SELECT j.id::text FROM ledger.journal j LEFT JOIN ledger.posting p ON p.journal_id = j.id
            GROUP BY j.id, p.currency HAVING count(p.*) = 0 OR sum(p.amount) <> 0
            """
        ),
        (
            "every posting has a journal",
            "SELECT p.journal_id::text FROM ledger.posting p LEFT JOIN ledger.journal j ON j.id = p.journal_id WHERE j.id IS NULL"
        ),
        (
            "a balance is the sum of its entries",
            """
            SELECT a.id || ': ' || a.balance || ' is not ' || coalesce(s.sum, 0)
            FROM ledger.account a
            LEFT JOIN (SELECT account_id, sum(amount) FROM ledger.posting GROUP BY account_id) s ON s.account_id = a.id
            WHERE a.balance <> coalesce(s.sum, 0)
            """
        ),
        (
            "balances after entries chain without gaps",
            """
            SELECT journal_id || ' line ' || line_number FROM (
                SELECT *, sum(amount) OVER (PARTITION BY account_id ORDER BY journal_id, line_number) AS running
                FROM ledger.posting WHERE account_id IS NOT NULL) p
            WHERE running <> balance_after
            """
        ),
        (
            "an account's last journal is its newest",
            """
            SELECT a.id || ': ' || a.last_journal FROM ledger.account a
            LEFT JOIN (
                SELECT DISTINCT ON (account_id) account_id, journal_id FROM ledger.posting WHERE account_id IS NOT NULL
                ORDER BY account_id, journal_id DESC) s ON s.account_id = a.id
            WHERE a.last_journal <> coalesce(s.journal_id, '00000000-0000-0000-0000-000000000000')
            """
        ),
        (
            "what is on hold is the sum of the active holds",
            """
            SELECT a.id || ': ' || a.hold_amount || ' is not ' || coalesce(s.sum, 0)
            FROM ledger.account a
            LEFT JOIN (SELECT account_id, sum(amount) FROM ledger.hold WHERE status = 1 GROUP BY account_id) s ON s.account_id = a.id
            WHERE a.hold_amount <> coalesce(s.sum, 0)
            """
        ),
        (
            "a hold is what its last step left, and its steps go one way",
            """
            SELECT h.id::text FROM ledger.hold h
            LEFT JOIN (SELECT DISTINCT ON (hold_id) * FROM ledger.hold_change ORDER BY hold_id, id DESC) c ON c.hold_id = h.id
            WHERE (h.amount, h.captured_amount, h.status, h.account_id)
                IS DISTINCT FROM (c.amount, c.captured_amount, c.status, c.account_id)
            UNION ALL
            SELECT hold_id || ' grows' FROM (
                SELECT hold_id, amount, lag(amount) OVER (PARTITION BY hold_id ORDER BY id) AS before FROM ledger.hold_change) s
            WHERE amount >= before
            """
        ),
        (
            "nothing is below its floor unless the row says so, and the row says so only then",
            """
            SELECT id::text FROM ledger.account
            WHERE is_overdrawn_by_bank <> (balance - hold_amount + overdraft_limit < minimum_balance)
            """
        ),
        (
            "control totals are the sums of the journal",
            """
            SELECT gl_code || ' ' || currency || ' ' || business_date FROM (
                SELECT p.gl_code, p.currency, j.business_date, coalesce(-sum(p.amount) FILTER (WHERE p.amount < 0), 0) AS debit,
                    coalesce(sum(p.amount) FILTER (WHERE p.amount > 0), 0) AS credit
                FROM ledger.posting p JOIN ledger.journal j ON j.id = p.journal_id GROUP BY 1, 2, 3) walked
            FULL JOIN (
                SELECT gl_code, currency, business_date, sum(debit) AS debit, sum(credit) AS credit FROM (
                    SELECT gl_code, currency, business_date, debit, credit FROM ledger.gl_balance
                    UNION ALL SELECT gl_code, currency, business_date, debit, credit FROM ledger.gl_movement) t
                GROUP BY 1, 2, 3) kept USING (gl_code, currency, business_date)
            WHERE walked.debit IS DISTINCT FROM kept.debit OR walked.credit IS DISTINCT FROM kept.credit
            """
        ),
        (
            "control totals are the sums of the sub-ledger",
            """
            SELECT a.gl_code || ' ' || a.currency FROM (SELECT gl_code, currency, sum(balance) AS s FROM ledger.account GROUP BY 1, 2) a
            LEFT JOIN (
                SELECT gl_code, currency, sum(credit) - sum(debit) AS s FROM (
                    SELECT gl_code, currency, debit, credit FROM ledger.gl_balance
                    UNION ALL SELECT gl_code, currency, debit, credit FROM ledger.gl_movement) t
                GROUP BY 1, 2) k USING (gl_code, currency)
            WHERE a.s <> coalesce(k.s, 0)
            """
        ),
        (
            "each key has an effect of its own",
            "SELECT effect_id::text FROM platform.idempotency WHERE effect_id IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
        ),
        (
            "every lane counts its rows without gaps up to its head",
            """
            SELECT l.chain || ' ' || l.lane FROM platform.chain_lane l
            LEFT JOIN (
                SELECT 'journal' AS chain, lane, count(*), max(position), count(DISTINCT position) AS places
                FROM ledger.journal GROUP BY lane
                UNION ALL
                SELECT 'audit', lane, count(*), max(position), count(DISTINCT position) FROM audit.record GROUP BY lane) r
                USING (chain, lane)
            WHERE l.position <> coalesce(r.max, 0) OR coalesce(r.count, 0) <> l.position OR coalesce(r.places, 0) <> l.position
            """
        ),
        (
            "a journal's business date is the day its identifier lies in",
            """
            SELECT j.id || ': ' || j.business_date FROM ledger.journal j
            WHERE j.business_date <> (SELECT d.business_date FROM ledger.business_day d WHERE d.first_journal <= j.id
                ORDER BY d.first_journal DESC LIMIT 1)
            """
        ),
        (
            "no two journals share a position, a client's identifier, or what they reverse",
            """
            SELECT 'client ' || client_transaction_id FROM ledger.journal WHERE client_transaction_id IS NOT NULL
                GROUP BY client_transaction_id HAVING count(*) > 1
            UNION ALL
            SELECT 'reversal ' || reversal_of FROM ledger.journal WHERE reversal_of IS NOT NULL GROUP BY reversal_of HAVING count(*) > 1
            """
        ),
    ]

    /// The breaches, none of which there should be.
    static func breaches(in database: TestDatabase) async throws -> [String] {
        try await database.superuserPool.snapshot { transaction in
            var breaches: [String] = []
            for query in queries {
                for row in try transaction.query(query.sql) { breaches.append("\(query.name): \(try row.text(0))") }
            }
            return breaches
        }
    }

    static func check(_ bank: Bank, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let breaches = try await breaches(in: bank.database)
        #expect(breaches == [], sourceLocation: sourceLocation)
    }

    static func ensure(_ bank: Bank) async throws {
        let breaches = try await breaches(in: bank.database)
        try TestKit.ensure(breaches.isEmpty, breaches.joined(separator: "\n"))
    }
}

import Kernel
import Postgres

/// A digest of pairs of account and journal that does not depend on their order, so that a table is compared without sorting it.
struct EntryDigest: Equatable {
    private(set) var count: Int64 = 0
    private var sums: (UInt64, UInt64) = (0, 0)

    mutating func add(account: UInt128, journal: UInt128) {
        count += 1
        sums.0 &+= Self.mixed(account, journal, seed: 0x9E37_79B9_7F4A_7C15)
        sums.1 &+= Self.mixed(journal, account, seed: 0xC2B2_AE3D_27D4_EB4F)
    }

    private static func mixed(_ first: UInt128, _ second: UInt128, seed: UInt64) -> UInt64 {
        var state = seed
        for value in [first, second] {
            for word in [UInt64(truncatingIfNeeded: value >> 64), UInt64(truncatingIfNeeded: value)] {
                state ^= word
                let product = state.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
                state = product.high ^ product.low ^ seed
                state = state &* 0x9FB2_1C65_1E98_DF25 ^ (state >> 29)
            }
        }
        return state
    }

    static func == (left: EntryDigest, right: EntryDigest) -> Bool { left.count == right.count && left.sums == right.sums }
}

/// Compares what leads to the journals — entries of accounts, transactions by callers' identifiers, reversals — and the steps of holds
/// with what the journals and holds say.
struct BookReferences {
    private(set) var failures: [VerificationCheck: String] = [:]
    private let entryDigest: EntryDigest
    private let clientTransactions: [UInt128: (journal: UInt128, caller: UInt128)]
    private let reversals: [UInt128: UInt128]

    init(walk: JournalWalk) {
        entryDigest = walk.entryDigest
        clientTransactions = walk.clientTransactions
        reversals = walk.reversals
    }

    mutating func compare(in transaction: Transaction) throws {
        try compareEntries(in: transaction)
        try compareClientTransactions(in: transaction)
        try compareReversals(in: transaction)
        try compareHoldChanges(in: transaction)
        try compareAccountChanges(in: transaction)
    }

    // MARK: Entries

    private mutating func compareEntries(in transaction: Transaction) throws {
        var found = EntryDigest()
        _ = try transaction.query("DECLARE entries NO SCROLL CURSOR FOR SELECT account_id, journal_id FROM ledger.entry")
        while true {
            let rows = try transaction.query("FETCH 20000 FROM entries")
            if rows.isEmpty { break }
            for row in rows { found.add(account: try row.uuid(0), journal: try row.uuid(1)) }
        }
        _ = try transaction.query("CLOSE entries")
        if found != entryDigest { fail(.balancesMatchEntries, try Self.firstWrongEntry(in: transaction)) }
    }

    /// Slow, and only asked for when there is something to be found.
    private static func firstWrongEntry(in transaction: Transaction) throws -> String {
        let queries: [(sql: SQL, what: String)] = [
            (
                """
                SELECT e.account_id, e.journal_id FROM ledger.entry e
                WHERE NOT EXISTS (
                    SELECT FROM ledger.journal j WHERE j.id = e.journal_id AND e.account_id = ANY (j.line_accounts)) LIMIT 1
                """, "is among its entries and does not touch it"
            ),
            (
                """
                SELECT l.account, j.id FROM ledger.journal j CROSS JOIN LATERAL unnest(j.line_accounts) AS l (account)
                WHERE l.account <> '00000000-0000-0000-0000-000000000000' AND NOT EXISTS (
                    SELECT FROM ledger.entry e WHERE e.account_id = l.account AND e.journal_id = j.id) LIMIT 1
                """, "touches it and is missing among its entries"
            ),
            (
                "SELECT account_id, journal_id FROM ledger.entry GROUP BY account_id, journal_id HAVING count(*) > 1 LIMIT 1",
                "is among its entries more than once"
            ),
        ]
        for query in queries {
            if let row = try transaction.query(query.sql).first {
                let (account, journal) = (try row.identifier(0, as: Account.self), try row.identifier(1, as: Journal.self))
                return "account \(account): journal \(journal) \(query.what)"
            }
        }
        return "the entries of accounts are not those of the journals"
    }

    // MARK: What leads to a journal

    private mutating func compareClientTransactions(in transaction: Transaction) throws {
        var known: Set<UInt128> = []
        for row in try transaction.query("SELECT transaction_id, journal_id, caller FROM ledger.client_transaction") {
            let id = try row.uuid(0)
            known.insert(id)
            let expected = clientTransactions[id]
            let (journal, caller) = (try row.uuid(1), try row.uuid(2))
            if expected?.journal != journal || expected?.caller != caller {
                fail(.externalReferencesUnique, "transaction \(name(id)) is not what its journal says")
            }
        }
        if let id = clientTransactions.keys.filter({ !known.contains($0) }).min() {
            fail(.externalReferencesUnique, "transaction \(name(id)) is missing among callers' identifiers")
        }
        // The digest of the request is kept under the key as well.
        let other = try transaction.query(
            """
            SELECT c.transaction_id FROM ledger.client_transaction c JOIN platform.idempotency i ON i.effect_id = c.journal_id
            WHERE i.body_digest <> c.body_digest LIMIT 1
            """
        ).first
        if let other { fail(.externalReferencesUnique, "transaction \(name(try other.uuid(0))): its request is another one's") }
    }

    private mutating func compareReversals(in transaction: Transaction) throws {
        var known: Set<UInt128> = []
        for row in try transaction.query("SELECT journal_id, reversal_id FROM ledger.reversal") {
            let (id, reversal) = (try row.uuid(0), try row.uuid(1))
            known.insert(id)
            if reversals[id] != reversal {
                fail(
                    .externalReferencesUnique, "journal \(name(id)) is said to be reversed by \(name(reversal)), which does not say so")
            }
        }
        if let id = reversals.keys.filter({ !known.contains($0) }).min() {
            fail(.externalReferencesUnique, "journal \(name(id)) was reversed, which is not recorded")
        }
    }

    // MARK: Holds

    /// The steps of a hold go one way, from the whole amount down, and the last one is what the hold is now.
    private mutating func compareHoldChanges(in transaction: Transaction) throws {
        let row = try transaction.query(
            """
            SELECT coalesce(s.hold_id, h.id) FROM (
                SELECT *, lag(amount) OVER steps AS amount_before, lag(captured_amount) OVER steps AS captured_before,
                    lead(id) OVER steps IS NULL AS is_last
                FROM ledger.hold_change WINDOW steps AS (PARTITION BY hold_id ORDER BY id)
            ) AS s
            FULL JOIN ledger.hold h ON h.id = s.hold_id
            WHERE h.id IS NULL OR s.hold_id IS NULL OR s.account_id <> h.account_id
                OR (s.is_last AND (s.amount, s.captured_amount, s.status) IS DISTINCT FROM (h.amount, h.captured_amount, h.status))
                OR (NOT s.is_last AND s.status <> 1) OR (s.status = 1) <> (s.amount > 0)
                OR (s.status = 1 AND s.amount + s.captured_amount <> h.original_amount)
                OR s.captured_amount > h.original_amount
                OR (s.amount_before IS NULL AND (s.amount <> h.original_amount OR s.captured_amount <> 0))
                OR (s.amount_before IS NOT NULL AND (s.amount >= s.amount_before OR s.captured_amount < s.captured_before))
            ORDER BY 1 LIMIT 1
            """
        ).first
        if let row {
            fail(.holdsMatchAvailable, "hold \(try row.identifier(0, as: Hold.self)): its steps do not lead to what it is")
        }
    }

    // MARK: Accounts

    /// The changes of an account begin with its opening, follow each other in time, and the last one is what the account is now.
    private mutating func compareAccountChanges(in transaction: Transaction) throws {
        let row = try transaction.query(
            """
            SELECT coalesce(a.id, c.account_id) FROM (
                SELECT *, lag(business_date) OVER steps AS date_before,
                    lag(version) OVER steps IS NULL AS is_first, lead(version) OVER steps IS NULL AS is_last
                FROM ledger.account_change WINDOW steps AS (PARTITION BY account_id ORDER BY version)
            ) AS c
            FULL JOIN ledger.account a ON a.id = c.account_id
            WHERE a.id IS NULL OR c.account_id IS NULL OR (c.is_first AND c.version <> 1) OR c.version > a.version
                OR (c.is_last AND (c.status, c.overdraft_limit) <> (a.status, a.overdraft_limit))
                OR c.business_date < c.date_before OR (c.is_first AND c.status NOT IN (0, 1)) OR (NOT c.is_last AND c.status IN (4, 5))
            ORDER BY 1 LIMIT 1
            """
        ).first
        if let row {
            fail(.noForbiddenNegative, "account \(try row.identifier(0, as: Account.self)): its changes do not lead to what it is")
        }
    }

    private mutating func fail(_ check: VerificationCheck, _ failure: String) {
        if failures[check] == nil { failures[check] = failure }
    }

    private func name(_ bits: UInt128) -> String { Identifier<Never>(bits: bits).description }
}

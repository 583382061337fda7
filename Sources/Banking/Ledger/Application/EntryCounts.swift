import Kernel
import Postgres

extension LedgerReader {
    /// How many journals were posted on a business date or later.
    public func journalCount(from date: BusinessDate, in transaction: Transaction) throws -> Int64 {
        guard let first = try BusinessDays.start(of: date, in: transaction) else { return 0 }
        return try transaction.query("SELECT count(*) FROM ledger.journal WHERE id >= \(first)").first?.int64(0) ?? 0
    }

    /// How many entries the accounts have together since an instant. Counts in the index of the accounts' histories and stops at
    /// `greatest`, so that an account with a very long history costs no more than any other.
    public func entryCount(
        of accounts: [Identifier<Account>], since instant: Timestamp, atMost greatest: Int64, in transaction: Transaction
    ) throws -> Int64 {
        guard !accounts.isEmpty, greatest > 0 else { return 0 }
        let first = TimeOrderedIdentifiers.version7(at: instant, random: 0)
        let row = try transaction.query(
            """
            SELECT count(*) FROM (
                SELECT FROM ledger.entry e JOIN ledger.journal j ON j.id = e.journal_id \(raw: EntryRows.lines)
                WHERE e.account_id = ANY(\(accounts)::uuid[]) AND e.journal_id >= \(first) AND p.account_id = e.account_id
                LIMIT \(greatest)
            ) AS counted
            """
        ).first
        return try row?.int64(0) ?? 0
    }
}

extension EntryFilter {
    /// What the bounds in thousandths mean for a posting `p`: in each currency as many minor units as they are worth there.
    var amountCondition: SQL {
        var condition: SQL = ""
        if let minimumThousandths {
            condition.append(" AND abs(p.amount) >= \(Self.minorUnits { ($0 + minimumThousandths - 1) / $0 })")
        }
        if let maximumThousandths { condition.append(" AND abs(p.amount) <= \(Self.minorUnits { maximumThousandths / $0 })") }
        return condition
    }

    /// An amount by the decimals of the posting's currency.
    /// - Parameter amount: from the thousandths that one minor unit has
    private static func minorUnits(_ amount: (Int64) -> Int64) -> SQL {
        """
        (CASE WHEN p.currency IN (\(raw: codes(exponent: 0))) THEN \(amount(1_000)) \
        WHEN p.currency IN (\(raw: codes(exponent: 3))) THEN \(amount(1)) ELSE \(amount(10)) END)
        """
    }

    private static func codes(exponent: Int) -> String {
        Currency.all.filter { $0.exponent == exponent }.map { "'\($0.code)'" }.joined(separator: ", ")
    }
}
